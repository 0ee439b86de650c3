//! An exported document on disk, of any size: its lists and their rows, read through a window that does not grow with it.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use serde_json::{Deserializer, value::RawValue};

/// What one read adds to the window.
const CHUNK: usize = 256 << 10;
/// Largest row, in bytes: a call with it must fit into a message (contract.md §12).
const LARGEST_ROW: usize = 8 << 20;

/// The lists of a document, in the order in which they can be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Items,
    Notes,
    Dependencies,
}

impl List {
    pub(super) const ALL: [Self; 3] = [Self::Items, Self::Notes, Self::Dependencies];

    /// Its key in the document.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Notes => "notes",
            Self::Dependencies => "dependencies",
        }
    }
}

/// A list, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) list: List,
    pub(super) place: Place,
    pub(super) rows: u64,
}

/// Between two rows of a list, or before its first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    byte: u64,
    first: bool,
}

/// Why a document cannot be read, in words for the person who named it.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub(crate) struct Unreadable {
    path: PathBuf,
    why: String,
}

/// A document, at some place in it.
#[derive(Debug)]
pub(super) struct Document {
    path: PathBuf,
    file: File,
    window: Vec<u8>,
    /// Where the window begins in the file.
    begins: u64,
    /// The next byte in the window.
    at: usize,
    /// Nothing has been read of the list, or of the document, it stands in.
    first: bool,
    ended: bool,
}

impl Document {
    /// Opens it. A pipe is refused: the document is read more than once.
    pub(super) fn open(path: &Path) -> Result<Self, Unreadable> {
        let failed = |why: String| Unreadable { path: path.to_owned(), why };
        if path == Path::new("-") {
            let why = "standard input cannot be read twice, which large documents need; save it to a file and name that";
            return Err(failed(why.to_owned()));
        }
        // Before it is opened: a pipe would be waited for.
        let meta = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
        if !meta.is_file() {
            return Err(failed(
                "it is no file that could be read twice; save it to one and name that".to_owned(),
            ));
        }
        let file = File::open(path).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            window: Vec::new(),
            begins: 0,
            at: 0,
            first: true,
            ended: false,
        })
    }

    /// Reads it through from its beginning: that it is whole, and where its lists are. Changes nothing but the place.
    pub(super) fn survey(&mut self) -> Result<Vec<Found>, Unreadable> {
        self.seek(Place { byte: 0, first: true })?;
        let mut found = Vec::new();
        self.expect(b'{', "an object, as export_graph answers it")?;
        let mut known = false;
        while self.another(b'}')? {
            if self.peek()? != Some(b'"') {
                return Err(self.unlike("a name in quotes"));
            }
            let key = self.value()?;
            // A name with half a character in it is none of ours.
            let key: String = serde_json::from_slice(&self.window[key]).unwrap_or_default();
            self.expect(b':', "a colon")?;
            let list = List::ALL.into_iter().find(|list| list.key() == key);
            known |= list.is_some();
            match list {
                Some(list) if self.peek()? != Some(b'n') => {
                    self.expect(b'[', &format!("an array of {key}"))?;
                    self.first = true;
                    let (place, mut rows) = (self.place(), 0);
                    while self.another(b']')? {
                        self.row()?;
                        rows += 1;
                    }
                    found.push(Found { list, place, rows });
                }
                _ => {
                    self.value()?;
                }
            }
        }
        match self.peek()? {
            // An empty graph is imported; any other object is not taken for one, as replacing by it would delete everything.
            None if !known => {
                let why =
                    "it has none of items, notes and dependencies, so it is no exported graph".to_owned();
                Err(Unreadable { path: self.path.clone(), why })
            }
            None => Ok(found),
            Some(_) => Err(self.unlike("the document's end")),
        }
    }

    /// The next row of a list that has one.
    pub(super) fn next_row(&mut self) -> Result<&str, Unreadable> {
        if !self.another(b']')? {
            return Err(self.at_byte("the list has become shorter since it was read first".to_owned()));
        }
        let row = self.row()?;
        // The JSON reader has let nothing else through.
        str::from_utf8(&self.window[row])
            .map_err(|error| Unreadable { path: self.path.clone(), why: error.to_string() })
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        Place { byte: self.begins + self.at as u64, first: self.first }
    }

    /// Goes to a place where it has stood.
    pub(super) fn seek(&mut self, Place { byte, first }: Place) -> Result<(), Unreadable> {
        self.file.seek(SeekFrom::Start(byte)).map_err(|error| self.failed(&error))?;
        self.window.clear();
        (self.begins, self.at, self.first, self.ended) = (byte, 0, first, false);
        Ok(())
    }

    fn row(&mut self) -> Result<Range<usize>, Unreadable> {
        if self.peek()? != Some(b'{') {
            return Err(self.unlike("an object"));
        }
        self.value()
    }

    /// Whether another entry follows before `close`; goes past the comma or `close`.
    fn another(&mut self, close: u8) -> Result<bool, Unreadable> {
        let first = std::mem::replace(&mut self.first, false);
        match self.peek()? {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => Err(self.unlike(&format!("a comma or {}", char::from(close)))),
        }
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), Unreadable> {
        if self.peek()? == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.unlike(what))
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<Option<u8>, Unreadable> {
        loop {
            let rest = &self.window[self.at..];
            if let Some(blank) = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
                self.at += blank;
                return Ok(self.window.get(self.at).copied());
            }
            self.at = self.window.len();
            if self.ended {
                return Ok(None);
            }
            self.read_more()?;
        }
    }

    /// One value of any kind, where it stands in the window.
    fn value(&mut self) -> Result<Range<usize>, Unreadable> {
        self.peek()?;
        loop {
            let rest = &self.window[self.at..];
            let mut values = Deserializer::from_slice(rest).into_iter::<&RawValue>();
            let read = values.next();
            let length = values.byte_offset();
            match read {
                // A number at the window's end may go on behind it.
                Some(Ok(_)) if length < rest.len() || self.ended => {
                    let begin = self.at;
                    self.at += length;
                    return Ok(begin..self.at);
                }
                Some(Err(error)) if !error.is_eof() => {
                    return Err(self.at_byte(format!("no JSON: {error} (counted from here)")));
                }
                _ if self.ended => return Err(self.at_byte("the document ends in the middle".to_owned())),
                _ if rest.len() > LARGEST_ROW => {
                    let most = LARGEST_ROW >> 20;
                    return Err(
                        self.at_byte(format!("a row of more than {most} MiB, which no call can carry"))
                    );
                }
                _ => self.read_more()?,
            }
        }
    }

    /// Drops what has been read, and reads on behind what has not.
    fn read_more(&mut self) -> Result<(), Unreadable> {
        self.window.drain(..self.at);
        self.begins += self.at as u64;
        self.at = 0;
        let chunk = CHUNK.max(self.window.len()) as u64; // a long row is not read over and over in small steps
        let read = (&mut self.file).take(chunk).read_to_end(&mut self.window);
        self.ended = read.map_err(|error| self.failed(&error))? == 0;
        Ok(())
    }

    fn unlike(&self, wanted: &str) -> Unreadable {
        match self.window.get(self.at) {
            Some(byte) => self.at_byte(format!("wanted {wanted}, found '{}'", char::from(*byte))),
            None => self.at_byte(format!("wanted {wanted}, found the document's end")),
        }
    }

    fn at_byte(&self, why: String) -> Unreadable {
        Unreadable { path: self.path.clone(), why: format!("byte {}: {why}", self.place().byte) }
    }

    fn failed(&self, error: &io::Error) -> Unreadable {
        Unreadable { path: self.path.clone(), why: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn document(text: &str) -> Document {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Document::open(file.path()).unwrap()
    }

    fn rows(document: &mut Document, found: Found) -> Vec<String> {
        document.seek(found.place).unwrap();
        (0..found.rows).map(|_| document.next_row().unwrap().to_owned()).collect()
    }

    #[test]
    fn lists_are_found_in_any_order_and_rows_are_handed_out_as_they_stand() {
        let mut document = document(
            " {\"exported_at\" : \"x ] }\", \"notes\":[ ], \"dependencies\": null,\n\"items\":[{\"a\":\"]}\\\"\"} ,\n {}]}\n",
        );
        let found = document.survey().unwrap();
        assert_eq!(
            found.iter().map(|f| (f.list, f.rows)).collect::<Vec<_>>(),
            [(List::Notes, 0), (List::Items, 2)]
        );
        assert_eq!(rows(&mut document, found[1]), ["{\"a\":\"]}\\\"\"}", "{}"]);
        assert_eq!(rows(&mut document, found[0]), [""; 0]);
    }

    #[test]
    fn rows_larger_than_the_window_are_whole() {
        let long = format!("{{\"a\":\"{}\"}}", "ä".repeat(CHUNK));
        let mut document = document(&format!("{{\"items\":[{long},{long},{{}}]}}"));
        let found = document.survey().unwrap();
        assert_eq!(rows(&mut document, found[0]), [&long, &long, "{}"]);
    }

    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        for (text, wanted) in [
            ("", "byte 0: wanted an object, as export_graph answers it, found the document's end"),
            ("[1]", "byte 0: wanted an object, as export_graph answers it, found '['"),
            ("{\"items\":{}}", "byte 9: wanted an array of items, found '{'"),
            ("{\"items\":[1]}", "byte 10: wanted an object, found '1'"),
            ("{\"items\":[{}", "byte 12: wanted a comma or ], found the document's end"),
            ("{\"items\":[{\"a\":", "byte 10: the document ends in the middle"),
            ("{\"items\":[{\"a\" 1}]}", "byte 10: no JSON: expected `:`"),
            ("{\"items\":[]} x", "byte 13: wanted the document's end, found 'x'"),
        ] {
            let refusal = document(text).survey().unwrap_err().to_string();
            assert!(refusal.contains(wanted), "{text}: {refusal}");
        }
    }

    #[test]
    fn what_cannot_be_read_twice_is_refused() {
        assert!(Document::open(Path::new("-")).unwrap_err().to_string().contains("save it to a file"));
        assert!(Document::open(&std::env::temp_dir()).unwrap_err().to_string().contains("no file"));
        assert!(Document::open(Path::new("/nowhere/x.json")).is_err());
    }

    /// A window that does not grow reads what a parser that holds it all reads.
    #[test]
    fn whatever_a_file_holds_its_rows_are_those_of_the_whole_document() {
        orc_fuzz::fuzz("files", |input| {
            let mut file = tempfile::NamedTempFile::new().map_err(|e| e.to_string())?;
            file.write_all(input).map_err(|e| e.to_string())?;
            let mut document = Document::open(file.path()).map_err(|e| e.to_string())?;
            let found = match document.survey() {
                Ok(found) => found,
                Err(refused) if refused.why.is_empty() => return Err("refused without words".to_owned()),
                Err(_) => return Ok(()),
            };
            if serde_json::from_slice::<serde::de::IgnoredAny>(input).is_err() {
                return Err("what is no JSON was read".to_owned());
            }
            // Half a character, as JSON can write it, is left to whoever reads the row.
            let Ok(whole) = serde_json::from_slice::<serde_json::Value>(input) else { return Ok(()) };
            for list in List::ALL {
                let rows: Vec<serde_json::Value> = found
                    .iter()
                    .filter(|found| found.list == list)
                    .flat_map(|found| rows(&mut document, *found))
                    .map(|row| serde_json::from_str(&row).unwrap_or_default())
                    .collect();
                let wanted = whole.get(list.key()).and_then(serde_json::Value::as_array);
                // A list that is there twice is read twice; the parser knows the last.
                let again = found.iter().filter(|found| found.list == list).count() > 1;
                let alike = match wanted {
                    Some(wanted) if again => rows.ends_with(wanted),
                    Some(wanted) => *wanted == rows,
                    None => {
                        rows.is_empty()
                            || input.split(|b| *b == b'"').filter(|w| *w == list.key().as_bytes()).count() > 1
                    }
                };
                if !alike {
                    return Err(format!("{wanted:?} was read as {rows:?}"));
                }
            }
            Ok(())
        });
    }
}
