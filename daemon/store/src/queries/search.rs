//! Searches: items in whose title, description or notes every word of a text begins a word.
//!
//! The search text of items is numbered like the items, that of notes by the item and a number within it. So both come in the
//! order of the items' arrival, and words that stand in different places of one item are brought together as they come.

use std::ops::ControlFlow::{self, Break, Continue};

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Rows, params_from_iter};

use super::cursor::Cursor;
use super::filter::{Filter, Where, search_words};
use super::list::Order;
use super::spelling::{ITEM_WORDS, NOTE_WORDS};
use super::way::{FEW, Way};
use crate::error::Result;
use crate::tx::Tx;
use crate::write::NOTES_PER_ITEM;

/// One of the two search texts, newest first: its rows, its words, and how many of its rows one item can have.
const TEXTS: [(&str, &str, i64); 2] = [
    (
        "SELECT rowid FROM item_text WHERE item_text MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC",
        ITEM_WORDS,
        1,
    ),
    (
        "SELECT rowid FROM note_text WHERE note_text MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC",
        NOTE_WORDS,
        NOTES_PER_ITEM,
    ),
];

/// A search for words that many items have.
pub(super) struct Search {
    words: Vec<String>,
    /// What else the items must fulfil.
    rest: Where,
    /// The newest arrivals with all words, more than [`FEW`]: choosing the way has read them, so nobody reads them again.
    newest: Vec<i64>,
}

impl Tx<'_> {
    /// The way to what a search finds. Few items come in the wanted order; of many, the newest arrivals come first, for sorting
    /// them would cost as much as there are.
    pub(super) fn way_of_search(
        &self,
        filter: &Filter,
        order: Order,
        after: Option<Cursor>,
        now: i64,
    ) -> Result<Way> {
        let words = filter.search.as_deref().map(search_words).unwrap_or_default();
        let mut w = filter.checked(now);
        w.and_all(filter.scope.condition());
        let newest = self.with_words(&words, FEW + 1)?;
        let many = newest.len() > FEW;
        if many && order == Order::default() {
            return Ok(Way::Arrivals(Search { words, rest: w, newest }));
        }
        let found = if many { self.with_words(&words, usize::MAX)? } else { newest };
        let known = (w.is_empty() && after.is_none()).then_some(found.len());
        let rids = serde_json::Value::from(found).to_string();
        w.and("i.rid IN (SELECT value FROM json_each(?))", [Value::from(rids)]);
        if let Some(cursor) = after {
            cursor.behind(order, &mut w, ["i.created_ts", "i.rid"]);
        }
        Ok(Way::Gathered(w, known))
    }

    /// The row numbers of what a search finds, newest arrival first, from behind the row `after`.
    pub(super) fn arrivals(
        &self,
        search: &Search,
        after: Option<i64>,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<i64>> {
        let Search { words, rest, newest } = search;
        let below = after.unwrap_or(i64::MAX);
        let mut checking =
            self.conn.prepare_cached(&format!("SELECT 1 FROM items i {}", only(rest).sql()))?;
        let (mut found, mut skipped) = (Vec::new(), 0);
        let mut take = |rid: i64| {
            let values = std::iter::once(Value::from(rid)).chain(rest.values.iter().cloned());
            if rest.is_empty() || checking.exists(params_from_iter(values))? {
                if skipped < skip {
                    skipped += 1;
                } else {
                    found.push(rid);
                }
            }
            Ok(if found.len() < limit { Continue(()) } else { Break(()) })
        };
        let mut read_to = below;
        for rid in newest.iter().copied().filter(|rid| *rid < below) {
            if take(rid)?.is_break() {
                return Ok(found);
            }
            read_to = rid;
        }
        self.each_with_words(words, read_to, take)?;
        Ok(found)
    }

    /// The newest arrivals with all words, up to `most`.
    fn with_words(&self, words: &[String], most: usize) -> Result<Vec<i64>> {
        let mut found = Vec::new();
        self.each_with_words(words, i64::MAX, |rid| {
            found.push(rid);
            Ok(if found.len() < most { Continue(()) } else { Break(()) })
        })?;
        Ok(found)
    }

    /// Visits the items that have all words, newest arrival first, from behind the row `below` until it is told to stop.
    fn each_with_words(
        &self,
        words: &[String],
        below: i64,
        mut visit: impl FnMut(i64) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        if words.is_empty() {
            return Ok(());
        }
        let mut statements = Vec::new();
        for word in words {
            for (sql, spellings, per_item) in TEXTS {
                let word = self.spelled(word, spellings)?;
                statements.push((self.conn.prepare_cached(sql)?, word, per_item));
            }
        }
        let mut streams = statements
            .iter_mut()
            .map(|(statement, word, per_item)| Arrivals::open(statement, word, below, *per_item))
            .collect::<Result<Vec<_>>>()?;
        while let Some(rid) = next_common(&mut streams)? {
            if visit(rid)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The rest as conditions on one row.
fn only(rest: &Where) -> Where {
    let mut w = Where::default();
    w.and("i.rid = ?", []);
    w.and_all(rest.clone());
    w
}

/// The next item that every word has; each word has two streams.
fn next_common(streams: &mut [Arrivals<'_>]) -> Result<Option<i64>> {
    let mut at = i64::MAX;
    loop {
        let mut lowest = at;
        for word in streams.chunks_mut(2) {
            let mut newest = None;
            for stream in word {
                newest = newest.max(stream.at_or_below(lowest)?);
            }
            match newest {
                Some(rid) => lowest = rid,
                None => return Ok(None),
            }
        }
        // One word's next item is behind the others': they follow, until all stand at the same.
        if lowest == at {
            for stream in streams {
                stream.pass(at)?;
            }
            return Ok(Some(at));
        }
        at = lowest;
    }
}

/// The items of one word in one of the texts, newest first, each once.
struct Arrivals<'s> {
    rows: Rows<'s>,
    per_item: i64,
    at: Option<i64>,
}

impl<'s> Arrivals<'s> {
    fn open(statement: &'s mut CachedStatement<'_>, word: &str, below: i64, per_item: i64) -> Result<Self> {
        let rows = statement.query(rusqlite::params![word, below.saturating_mul(per_item)])?;
        let mut stream = Self { rows, per_item, at: None };
        stream.step()?;
        Ok(stream)
    }

    /// Where it stands once it has come down to `rid`.
    fn at_or_below(&mut self, rid: i64) -> Result<Option<i64>> {
        while self.at.is_some_and(|at| at > rid) {
            self.step()?;
        }
        Ok(self.at)
    }

    fn pass(&mut self, rid: i64) -> Result<()> {
        while self.at.is_some_and(|at| at >= rid) {
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<()> {
        self.at = match self.rows.next()? {
            Some(row) => Some(row.get::<_, i64>(0)? / self.per_item),
            None => None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use orc_core::words::words;

    use crate::tests::fresh;

    /// SQLite refuses a query of which one word is several to it.
    #[test]
    fn what_is_one_word_here_is_one_to_sqlite() {
        let tx = fresh();
        let of_words: Vec<String> = ('\u{1}'..=char::MAX)
            .map(|c| format!("a{c}b"))
            .filter(|text| words(text).eq([text.as_str()]))
            .map(|text| format!("\"{text}\"*"))
            .collect();
        assert!(of_words.len() > 130_000, "letters, digits and marks: {}", of_words.len());
        let mut searching = tx.conn.prepare("SELECT 1 FROM note_text WHERE note_text MATCH ?").unwrap();
        for some in of_words.chunks(50) {
            let found = searching.exists([some.join(" OR ")]);
            assert!(matches!(found, Ok(false)), "{found:?}: {some:?}");
        }
    }
}
