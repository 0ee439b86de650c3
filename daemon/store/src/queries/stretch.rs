//! Stretches of indexes, merged: how lists and sections find their rows.
//!
//! A list in an order that an index has is the beginning of one stretch of it for every project (and status, or tag) it covers.
//! Each stretch is read no further than the answer is long, so that the cost follows the answer and not the store. Everything
//! else that the items must fulfil is checked on the way.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::rc::Rc;

use rusqlite::types::Value;
use rusqlite::vtab::array::Array;
use rusqlite::{params, params_from_iter};

use super::filter::Where;
use super::list::{BESIDE, LISTED, Listed, listed};
use crate::error::Result;
use crate::tx::Tx;
use crate::view::count;

/// The lists of tags, with the items that stand in them.
pub(super) const TAGGED: &str = "tagged t CROSS JOIN items i ON i.rid = t.item";
/// The order of each of them.
pub(super) const LISTED_AT: &[&str] = &["t.at", "t.item"];

/// One stretch of an index.
#[derive(Clone)]
pub(super) struct Stretch {
    /// The table with its index, in SQL; items are `i` there.
    pub(super) from: &'static str,
    /// The columns of the order behind what [`Self::w`] holds fixed; the last is the row number of the item.
    pub(super) order: &'static [&'static str],
    /// What the index holds fixed, and everything else.
    pub(super) w: Where,
}

/// Stretches in one order.
#[derive(Clone)]
pub(super) struct Stretches {
    pub(super) parts: Vec<Stretch>,
    /// For every column of the order, whether it falls.
    pub(super) falling: &'static [bool],
    /// Whether an item may lie in several of them.
    pub(super) overlap: bool,
}

impl Stretches {
    /// The row numbers of the first `limit` items behind the first `skip`.
    pub(super) fn first(&self, tx: &Tx<'_>, skip: usize, limit: usize) -> Result<Vec<i64>> {
        let wanted = skip.saturating_add(limit);
        let mut keys: Vec<Vec<i64>> = Vec::new();
        for part in &self.parts {
            keys.extend(self.keys(tx, part, wanted)?);
        }
        if self.parts.len() > 1 {
            keys.sort_by(|a, b| self.compare(a, b));
            keys.dedup();
        }
        Ok(keys.into_iter().skip(skip).take(limit).filter_map(|key| key.last().copied()).collect())
    }

    /// How many items there are, counted up to `most`.
    pub(super) fn count(&self, tx: &Tx<'_>, most: usize) -> Result<usize> {
        if self.overlap {
            let mut seen = HashSet::new();
            for part in &self.parts {
                seen.extend(self.keys(tx, part, most)?.into_iter().filter_map(|key| key.last().copied()));
            }
            return Ok(seen.len().min(most));
        }
        let mut n = 0;
        for part in &self.parts {
            // Passing over rows is cheaper than counting them, and where there are too many it is all that is done.
            let sql = format!("SELECT 1 FROM {} {} LIMIT 1 OFFSET ?", part.from, part.w.sql());
            let values = part.w.values.iter().cloned().chain([Value::from(count(most - n - 1))]);
            if most != usize::MAX && tx.one(&sql, params_from_iter(values), |_| Ok(()))?.is_some() {
                return Ok(most);
            }
            let sql = format!("SELECT count(*) FROM {} {}", part.from, part.w.sql());
            n += tx.number(&sql, params_from_iter(part.w.values.iter()))?;
        }
        Ok(n)
    }

    fn keys(&self, tx: &Tx<'_>, part: &Stretch, most: usize) -> Result<Vec<Vec<i64>>> {
        let by: Vec<String> = std::iter::zip(part.order, self.falling)
            .map(|(column, falls)| format!("{column} {}", if *falls { "DESC" } else { "ASC" }))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} {} ORDER BY {} LIMIT ?",
            part.order.join(", "),
            part.from,
            part.w.sql(),
            by.join(", ")
        );
        let values = part.w.values.iter().cloned().chain([Value::from(count(most))]);
        tx.rows(&sql, params_from_iter(values), |row| (0..part.order.len()).map(|at| row.get(at)).collect())
    }

    fn compare(&self, a: &[i64], b: &[i64]) -> Ordering {
        let columns = std::iter::zip(a, b).zip(self.falling);
        let each = columns.map(|((a, b), falls)| if *falls { b.cmp(a) } else { a.cmp(b) });
        each.fold(Ordering::Equal, Ordering::then)
    }
}

impl Tx<'_> {
    /// The items of these rows, in their order: by one statement, as beginning one costs as much as a row.
    pub(super) fn listed_at(&self, rids: &[i64], now: i64) -> Result<Vec<Listed>> {
        let sql = format!("SELECT {LISTED} FROM rarray(?) r CROSS JOIN items i ON i.rid = r.value {BESIDE}");
        let rids: Array = Rc::new(rids.iter().copied().map(Value::from).collect());
        self.rows(&sql, params![rids, now], listed)
    }
}
