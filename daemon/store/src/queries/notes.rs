//! Pages of notes: an item's, or those that a search finds anywhere.

use orc_core::ItemId;
use orc_core::limits;
use orc_core::note::Note;
use orc_core::status::Role;
use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::filter::{Where, search_words};
use super::spelling::NOTE_WORDS;
use super::way::FEW;
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
    /// Every word of this begins a word of its text. What is found comes newest first (of more than [`limits::TOTAL_EXACT`], by when
    /// it was first written; else by when it was changed), anything else oldest first.
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
        let NoteWay { from, mut w, order, behind, moment } = self.note_way(filter)?;
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {from} {} LIMIT ?)", w.sql());
        let most = [Value::from(count(limits::TOTAL_EXACT) + 1)];
        let n = self.number(&sql, params_from_iter(w.values.iter().chain(&most)))?;
        if let Some(NoteCursor { moment: at, rid }) = after {
            w.and(behind, [Value::from(at), Value::from(rid)]);
        }
        let sql =
            format!("SELECT {}, {moment}, n.rid FROM {from} {} ORDER BY {order} LIMIT ?", row::NOTE, w.sql());
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

/// How the notes of a list are found, and in which order.
struct NoteWay {
    from: &'static str,
    w: Where,
    order: &'static str,
    /// What is behind a cursor, whose moment and row number are its two values.
    behind: &'static str,
    moment: &'static str,
}

impl Tx<'_> {
    /// Few that a search finds come in the order of their changes; of many, the newest arrivals come first, for sorting them would
    /// cost as much as there are.
    fn note_way(&self, filter: &NoteFilter) -> Result<NoteWay> {
        let mut w = filter.conditions();
        let Some(text) = &filter.search else {
            return Ok(NoteWay {
                from: "notes n",
                w,
                order: "n.created_ts, n.rid",
                behind: "(n.created_ts, n.rid) > (?, ?)",
                moment: "n.created_ts",
            });
        };
        let words = search_words(text)
            .into_iter()
            .map(|word| Ok(format!("({})", self.spelled(&word, NOTE_WORDS)?)))
            .collect::<Result<Vec<_>>>()?;
        let words = Value::from(words.join(" AND "));
        let sql = "SELECT count(*) FROM (SELECT 1 FROM note_text WHERE note_text MATCH ? ORDER BY rowid DESC LIMIT ?)";
        if self.number(sql, params![words, count(FEW) + 1])? <= FEW {
            w.and("n.rid IN (SELECT rowid FROM note_text WHERE note_text MATCH ?)", [words]);
            return Ok(NoteWay {
                from: "notes n",
                w,
                order: "n.updated_ts DESC, n.rid DESC",
                behind: "(n.updated_ts, n.rid) < (?, ?)",
                moment: "n.updated_ts",
            });
        }
        w.and("note_text MATCH ?", [words]);
        Ok(NoteWay {
            from: "note_text t CROSS JOIN notes n ON n.rid = t.rowid",
            w,
            order: "t.rowid DESC",
            behind: "? IS NOT NULL AND t.rowid < ?",
            moment: "n.updated_ts",
        })
    }
}

impl NoteFilter {
    /// All but the search.
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
