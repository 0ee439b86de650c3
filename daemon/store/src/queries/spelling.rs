//! Words longer or shorter than what the search text keeps beginnings of.
//!
//! A beginning of two to eight characters is found by itself. For another one SQLite would put all rows together of all words that
//! begin so, before it answers the first. There are few such words, whatever the store's size, so they are looked up one by one and
//! asked for as they are: then the first rows come first. A single letter is asked for with each letter that follows it somewhere.

use std::ops::RangeInclusive;

use rusqlite::OptionalExtension;

use crate::error::Result;
use crate::tx::Tx;

/// The beginnings that are kept (`prefix` in `schema.rs`), in characters.
const KEPT: RangeInclusive<usize> = 2..=8;
/// More words than this are left to SQLite: somebody has put serial numbers into titles.
const MOST: usize = 40;

/// What makes the words of the search texts readable. For every connection, before it is kept from writing.
pub(crate) const TABLES: &str =
    "CREATE VIRTUAL TABLE temp.item_words USING fts5vocab('main', 'item_text', 'instance');
     CREATE VIRTUAL TABLE temp.note_words USING fts5vocab('main', 'note_text', 'instance');";

/// The first word not before one and before another.
pub(super) const ITEM_WORDS: &str = "SELECT term FROM item_words WHERE term >= ?1 AND term < ?2 LIMIT 1";
/// The same for the text of notes.
pub(super) const NOTE_WORDS: &str = "SELECT term FROM note_words WHERE term >= ?1 AND term < ?2 LIMIT 1";

impl Tx<'_> {
    /// A search for a beginning (`"word"*`) as one for the words that begin so, where that is the shorter way.
    pub(super) fn spelled(&self, beginning: &str, words: &str) -> Result<String> {
        let asked = beginning.trim_start_matches('"').trim_end_matches("\"*").to_ascii_lowercase();
        // Other letters are kept in a form that only SQLite knows.
        if !asked.is_ascii() || KEPT.contains(&asked.len()) {
            return Ok(beginning.to_owned());
        }
        let mut statement = self.conn.prepare_cached(words)?;
        let (mut from, end) = (asked.clone(), format!("{asked}\u{10FFFF}"));
        let mut found = Vec::new();
        while let Some(word) = statement.query_row([&from, &end], |row| row.get::<_, String>(0)).optional()? {
            if found.len() == MOST {
                return Ok(beginning.to_owned());
            }
            // No word has the last characters here, so these are the first that can come behind.
            match word.char_indices().nth(*KEPT.start()) {
                Some((end, _)) if asked.len() < *KEPT.start() => {
                    from = format!("{}\u{10FFFF}", &word[..end]);
                    found.push(format!("\"{}\"*", &word[..end]));
                }
                _ => {
                    from = format!("{word}\u{1}");
                    found.push(format!("\"{word}\""));
                }
            }
        }
        if found.is_empty() {
            found.push(format!("\"{asked}\""));
        }
        Ok(found.join(" OR "))
    }
}
