//! The whole graph, or a part of it, row by row.

use orc_core::edge::Edge;
use orc_core::item::Item;
use orc_core::note::Note;
use rusqlite::params_from_iter;

use super::filter::{Filter, Where};
use super::list::{Order, Sort};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;

/// The edges among the items that fulfil a condition, whose values it takes twice. The target is looked at behind an edge that was
/// found: by both ends SQLite would look for an edge between every two items.
pub(super) fn edges_among(w: &Where) -> String {
    let within = format!("(SELECT i.rid FROM items i {})", w.sql());
    format!(
        "SELECT {} FROM edges e WHERE e.source IN {within} AND +e.target IN {within} ORDER BY e.created_ts, e.rid",
        row::EDGE
    )
}

impl Tx<'_> {
    /// Hands every item that matches to `take`, oldest first. `take` answers whether to go on.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn each_item(&self, filter: &Filter, now: i64, mut take: impl FnMut(Item) -> bool) -> Result<()> {
        // Which rows first, by their numbers: to sort the rows themselves would hold them all.
        let order = Order { sort: Sort::Created, ascending: true };
        let way = self.way(filter, order, None, now)?;
        let sql = format!("SELECT {} FROM items i WHERE i.rid = ?", row::ITEM);
        let mut statement = self.conn.prepare_cached(&sql)?;
        for rid in self.along(&way, order, None, 0, usize::MAX)? {
            if !take(statement.query_row([rid], row::item)?) {
                break;
            }
        }
        Ok(())
    }

    /// Hands every note of the items that match to `take`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn each_note(&self, filter: &Filter, now: i64, mut take: impl FnMut(Note) -> bool) -> Result<()> {
        let w = filter.conditions(now);
        let sql = format!(
            "SELECT {} FROM notes n WHERE n.item IN (SELECT i.rid FROM items i {}) ORDER BY n.created_ts, n.rid",
            row::NOTE,
            w.sql()
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(w.values))?;
        while let Some(found) = rows.next()? {
            if !take(row::note(found)?) {
                break;
            }
        }
        Ok(())
    }

    /// Hands every edge among the items that match to `take`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn each_edge(&self, filter: &Filter, now: i64, mut take: impl FnMut(Edge) -> bool) -> Result<()> {
        let w = filter.conditions(now);
        let twice = w.values.iter().chain(&w.values).cloned().collect::<Vec<_>>();
        let mut statement = self.conn.prepare_cached(&edges_among(&w))?;
        let mut rows = statement.query(params_from_iter(twice))?;
        while let Some(found) = rows.next()? {
            if !take(row::edge(found)?) {
                break;
            }
        }
        Ok(())
    }

    /// Whether the store holds no item.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.one("SELECT 1 FROM items LIMIT 1", [], |_| Ok(()))?.is_none())
    }

    /// How many items, notes and edges the store holds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn totals(&self) -> Result<(i64, i64, i64)> {
        let sql =
            "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM notes), (SELECT count(*) FROM edges)";
        let totals = self.one(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        Ok(totals.unwrap_or_default())
    }

    /// `PRAGMA integrity_check` says ok, and every foreign key leads somewhere.
    ///
    /// # Errors
    /// When the check itself cannot run.
    pub fn is_sound(&self) -> Result<bool> {
        let damage = crate::check::damage(self.conn, "integrity_check")?;
        let dangling: Option<i64> =
            self.one("SELECT count(*) FROM pragma_foreign_key_check", [], |r| r.get(0))?;
        Ok(damage.is_empty() && dangling == Some(0))
    }
}
