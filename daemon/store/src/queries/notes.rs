//! Pages of notes: an item's, or those that a search finds anywhere.

use orc_core::ItemId;
use orc_core::limits;
use orc_core::note::Note;
use orc_core::status::Role;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::{Where, search_words};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// A conjunction of conditions on notes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NoteFilter {
    /// Of that item.
    pub item: Option<ItemId>,
    /// Under that key.
    pub key: Option<String>,
    /// Of that phase.
    pub role: Option<Role>,
    /// Every word of this begins a word of its text. What is found comes newest first, anything else oldest first.
    pub search: Option<String>,
}

/// The place of a note in the order of its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoteCursor {
    moment: i64,
    rid: i64,
}

impl NoteCursor {
    /// Text that clients hand back.
    pub fn to_text(self) -> String {
        format!("{}.{}", self.moment, self.rid)
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (moment, rid) = text.split_once('.')?;
        Some(Self { moment: moment.parse().ok()?, rid: rid.parse().ok()? })
    }
}

/// One page of notes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotePage {
    /// Its notes.
    pub notes: Vec<Note>,
    /// How many match in all, up to [`limits::TOTAL_EXACT`].
    pub total: usize,
    /// Whether more than that match.
    pub total_more: bool,
    /// Where the next page begins, when there is one.
    pub next: Option<NoteCursor>,
}

impl Tx<'_> {
    /// A page of the notes that match, behind `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn note_page(
        &self,
        filter: &NoteFilter,
        after: Option<NoteCursor>,
        limit: usize,
    ) -> Result<NotePage> {
        let mut w = filter.conditions();
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM notes n {} LIMIT ?)", w.sql());
        let most = [Value::from(count(limits::TOTAL_EXACT) + 1)];
        let n: i64 =
            self.one(&sql, params_from_iter(w.values.iter().chain(&most)), |r| r.get(0))?.unwrap_or(0);
        let n = usize::try_from(n).unwrap_or(0);
        let (moment, beyond, dir) = match filter.search {
            Some(_) => ("n.updated_ts", "<", "DESC"),
            None => ("n.created_ts", ">", "ASC"),
        };
        if let Some(NoteCursor { moment: at, rid }) = after {
            w.and(format!("({moment}, n.rid) {beyond} (?, ?)"), [Value::from(at), Value::from(rid)]);
        }
        let sql = format!(
            "SELECT {}, {moment}, n.rid FROM notes n {} ORDER BY {moment} {dir}, n.rid {dir} LIMIT ?",
            row::NOTE,
            w.sql()
        );
        let values = w.values.into_iter().chain([Value::from(count(limit) + 1)]);
        let mut found = self.rows(&sql, params_from_iter(values), |r| {
            let place = NoteCursor { moment: r.get(row::NOTE_COLUMNS)?, rid: r.get(row::NOTE_COLUMNS + 1)? };
            Ok((row::note(r)?, place))
        })?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|(_, place)| *place);
        Ok(NotePage {
            notes: found.into_iter().map(|(note, _)| note).collect(),
            total: n.min(limits::TOTAL_EXACT),
            total_more: n > limits::TOTAL_EXACT,
            next,
        })
    }
}

impl NoteFilter {
    fn conditions(&self) -> Where {
        let mut w = Where::default();
        if let Some(item) = &self.item {
            w.and("n.item = (SELECT rid FROM items WHERE id = ?)", [Value::from(item.as_str().to_owned())]);
        }
        if let Some(key) = &self.key {
            w.and("n.key = ?", [Value::from(key.clone())]);
        }
        if let Some(role) = self.role {
            w.and("n.role = ?", [Value::from(i64::from(role.index()))]);
        }
        if let Some(text) = &self.search {
            let words = search_words(text).join(" AND ");
            w.and("n.rid IN (SELECT rowid FROM note_text WHERE note_text MATCH ?)", [Value::from(words)]);
        }
        w
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back_and_anything_else_is_none() {
        let cursor = NoteCursor { moment: -5, rid: 9 };
        assert_eq!(NoteCursor::parse(&cursor.to_text()), Some(cursor));
        for text in ["", "1", "1.x", "1.2.3"] {
            assert_eq!(NoteCursor::parse(text), None, "{text:?}");
        }
    }
}
