//! Where everything in a JSON text stands. Comments and a comma before a closing bracket are allowed; all else is JSON.

use std::ops::Range;

use serde_json::Value;

/// Containers within containers.
const DEEPEST: usize = 128;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub(crate) struct Fault {
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl Fault {
    /// A fault at a byte of a text.
    pub(crate) fn at(text: &str, byte: usize, message: impl Into<String>) -> Self {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = text[..byte].trim_start_matches('\u{feff}');
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, message: message.into() }
    }
}

/// A value, and the bytes it takes.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    Object(Vec<Entry>),
    Array(Vec<Entry>),
    String(String),
    /// A number, true, false or null.
    Plain,
}

/// What stands in a container.
#[derive(Debug)]
pub(crate) struct Entry {
    /// None in an array.
    pub(crate) key: Option<String>,
    /// Where it begins: at its key, if it has one.
    pub(crate) start: usize,
    pub(crate) value: Node,
    /// Where the comma behind it stands.
    pub(crate) comma: Option<usize>,
}

impl Node {
    /// What is in it.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Object(entries) | Kind::Array(entries) => entries,
            Kind::String(_) | Kind::Plain => &[],
        }
    }

    /// The member of that name; the last of several, as every reader of JSON takes it.
    pub(crate) fn member(&self, key: &str) -> Option<&Node> {
        self.position(key).map(|at| &self.entries()[at].value)
    }

    /// Where in its container the member of that name is.
    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        self.entries().iter().rposition(|entry| entry.key.as_deref() == Some(key))
    }

    /// The member of that name; where the second begins, if there are several.
    pub(crate) fn only_member(&self, key: &str) -> Result<Option<&Node>, usize> {
        let mut named = self.entries().iter().filter(|entry| entry.key.as_deref() == Some(key));
        match (named.next(), named.next()) {
            (_, Some(second)) => Err(second.start),
            (first, None) => Ok(first.map(|entry| &entry.value)),
        }
    }

    /// Its value.
    pub(crate) fn value(&self, text: &str) -> Value {
        match &self.kind {
            Kind::Object(entries) => {
                let member = |entry: &Entry| (entry.key.clone().unwrap_or_default(), entry.value.value(text));
                Value::Object(entries.iter().map(member).collect())
            }
            Kind::Array(entries) => entries.iter().map(|entry| entry.value.value(text)).collect(),
            Kind::String(string) => Value::String(string.clone()),
            Kind::Plain => serde_json::from_str(&text[self.span.clone()]).unwrap_or_default(),
        }
    }

    /// The first string in it, at any depth, that fits.
    pub(crate) fn string(&self, fits: &dyn Fn(&str) -> bool) -> Option<&Node> {
        match &self.kind {
            Kind::String(string) => fits(string).then_some(self),
            Kind::Plain => None,
            _ => self.entries().iter().find_map(|entry| entry.value.string(fits)),
        }
    }
}

/// The root of a text; none where there is nothing but white space and comments.
pub(crate) fn parse(text: &str) -> Result<Option<Node>, Fault> {
    let mut scan = Scan { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 } };
    scan.trivia()?;
    if scan.peek().is_none() {
        return Ok(None);
    }
    let root = scan.value(0)?;
    scan.trivia()?;
    match scan.peek() {
        None => Ok(Some(root)),
        Some(_) => Err(scan.fault("something follows the document's end")),
    }
}

/// The end of the white space and comments that begin at a byte.
pub(super) fn end_of_trivia(text: &str, from: usize) -> usize {
    let mut scan = Scan { text, at: from };
    // A comment without an end was refused when the text was read.
    let _ = scan.trivia();
    scan.at
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth > DEEPEST {
            return Err(self.fault(format!("more than {DEEPEST} levels")));
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => Kind::Object(self.entries(b'}', depth)?),
            Some(b'[') => Kind::Array(self.entries(b']', depth)?),
            Some(b'"') => Kind::String(self.string()?),
            Some(_) => self.plain()?,
            None => return Err(self.fault("a value is missing")),
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn entries(&mut self, close: u8, depth: usize) -> Result<Vec<Entry>, Fault> {
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            self.trivia()?;
            match self.peek() {
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(entries);
                }
                None => return Err(self.fault(format!("'{}' is missing", char::from(close)))),
                Some(_) => {}
            }
            if entries.last().is_some_and(|entry| entry.comma.is_none()) {
                return Err(self.fault("a comma is missing"));
            }
            let start = self.at;
            let key = if close == b'}' { Some(self.key()?) } else { None };
            let value = self.value(depth + 1)?;
            self.trivia()?;
            let comma = (self.peek() == Some(b',')).then_some(self.at);
            self.at += usize::from(comma.is_some());
            entries.push(Entry { key, start, value, comma });
        }
    }

    fn key(&mut self) -> Result<String, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("a name in double quotes is missing"));
        }
        let key = self.string()?;
        self.trivia()?;
        if self.peek() != Some(b':') {
            return Err(self.fault("':' is missing"));
        }
        self.at += 1;
        self.trivia()?;
        Ok(key)
    }

    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut escaped = false;
        for (offset, byte) in self.text.bytes().enumerate().skip(start + 1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    let string = serde_json::from_str(&self.text[start..=offset]);
                    self.at = offset + 1;
                    return string
                        .map_err(|error| Fault::at(self.text, start, format!("no string: {error}")));
                }
                b'\n' => break,
                _ => {}
            }
        }
        Err(self.fault("the string has no end"))
    }

    fn plain(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        let ends = |byte: u8| byte.is_ascii_whitespace() || b",:]}[{/\"".contains(&byte);
        while self.peek().is_some_and(|byte| !ends(byte)) {
            self.at += 1;
        }
        match serde_json::from_str::<Value>(self.text.get(start..self.at).unwrap_or_default()) {
            Ok(_) => Ok(Kind::Plain),
            Err(_) => Err(Fault::at(self.text, start, "this is no value")),
        }
    }

    /// White space and comments.
    fn trivia(&mut self) -> Result<(), Fault> {
        loop {
            let rest = &self.text[self.at..];
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| self.fault("the comment has no end"))?;
                self.at += end + 2;
            } else if self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            } else {
                return Ok(());
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::at(self.text, self.at, message)
    }
}
