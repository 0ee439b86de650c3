//! Items whose id or title begins as someone types it.

use orc_core::View;
use orc_core::id::ItemId;
use orc_core::status::Status;
use orc_core::words::words;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::{Filter, Scope, search_words};
use super::list::{Order, Sort, Start};
use crate::error::Result;
use crate::tx::Tx;
use crate::view::count;

/// Of the items with a word in their title, so many of the newest are looked at: a single letter may begin a word of each.
const LOOKED_AT: usize = 2_000;
/// Statuses of items that are still to be done.
const OPEN: [Status; 4] = [Status::Queue, Status::Work, Status::Review, Status::Blocked];

/// Ids, and how many there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Begun {
    /// The first of them.
    pub ids: Vec<ItemId>,
    /// How many there are in all, as far as they were counted.
    pub total: usize,
    /// Whether `total` is not the end of it.
    pub total_more: bool,
}

impl Tx<'_> {
    /// Up to `most` items for a text that someone types: those whose id begins so, then the newest of `scope` whose title has all
    /// its words, the last changed ones first. For no text: what is open, the last changed first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn begun(&self, text: &str, scope: &Scope, most: usize, now: i64) -> Result<Begun> {
        if text.is_empty() {
            let filter = Filter::of(scope.clone()).in_status(&OPEN);
            let order = Order { sort: Sort::Updated, ascending: false };
            let page = self.page(&filter, order, Start::Skip(0), most, now)?;
            let ids = page.items.into_iter().map(|listed| listed.id).collect();
            return Ok(Begun { ids, total: page.total, total_more: page.total_more });
        }
        let mut ids = self.find(&text.to_ascii_lowercase(), most + 1)?;
        for id in self.titled(text, scope, now)? {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let (total, total_more) = (ids.len(), ids.len() >= LOOKED_AT);
        ids.truncate(most);
        Ok(Begun { ids, total, total_more })
    }

    fn titled(&self, text: &str, scope: &Scope, now: i64) -> Result<Vec<ItemId>> {
        let words = search_words(text);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut w = Filter::of(scope.clone()).conditions(now);
        let found =
            "i.rid IN (SELECT rowid FROM item_text WHERE item_text MATCH ? ORDER BY rowid DESC LIMIT ?)";
        w.and(found, [Value::from(words.join(" AND ")), Value::from(count(LOOKED_AT))]);
        let sql =
            format!("SELECT i.id, i.title FROM items i {} ORDER BY i.updated_ts DESC, i.rid DESC", w.sql());
        let found = self.rows(&sql, params_from_iter(w.values), |row| {
            Ok((ItemId::new(row.get::<_, String>(0)?), row.get::<_, String>(1)?))
        })?;
        let titled = found.into_iter().filter(|(_, title)| may_have(title, text));
        Ok(titled.map(|(id, _)| id).collect())
    }
}

/// Whether a title, of which it is known that it or the description has all words of a text, has them by itself. How other letters
/// than ASCII's are folded only SQLite knows; they are taken for equal.
fn may_have(title: &str, text: &str) -> bool {
    let begins = |word: &str, asked: &str| {
        let beginning = word.get(..asked.len());
        !asked.is_ascii() || !word.is_ascii() || beginning.is_some_and(|it| it.eq_ignore_ascii_case(asked))
    };
    words(text).all(|asked| words(title).any(|word| begins(word, asked)))
}
