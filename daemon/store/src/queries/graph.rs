//! The neighbours of an item in the dependency graph, near and far.

use orc_core::edge::Edge;
use orc_core::id::ItemId;
use orc_core::status::{Priority, Status};
use rusqlite::{Row, params};

use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// An edge with what stands at its far end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Neighbour {
    /// The edge.
    pub edge: Edge,
    /// The far end.
    pub id: ItemId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
}

impl Tx<'_> {
    /// Up to `most` edges out of an item (`outbound`) or into it, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn neighbours(&self, item: &ItemId, outbound: bool, most: usize) -> Result<Vec<Neighbour>> {
        let (near, far) = if outbound { ("source", "target") } else { ("target", "source") };
        let sql = format!(
            "SELECT {}, f.id, f.title, f.status, f.priority FROM edges e JOIN items f ON f.rid = e.{far}
             WHERE e.{near} = (SELECT rid FROM items WHERE id = ?1) ORDER BY e.rid LIMIT ?2",
            row::EDGE
        );
        self.rows(&sql, params![item.as_str(), count(most)], neighbour)
    }

    /// How many edges there are out of an item (`outbound`) or into it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn neighbour_count(&self, item: &ItemId, outbound: bool) -> Result<usize> {
        let near = if outbound { "source" } else { "target" };
        let sql = format!("SELECT count(*) FROM edges WHERE {near} = (SELECT rid FROM items WHERE id = ?1)");
        let n: i64 = self.one(&sql, [item.as_str()], |row| row.get(0))?.unwrap_or(0);
        Ok(usize::try_from(n).unwrap_or(0))
    }

    /// The blocking edges among a set of items.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn edges_among(&self, items: &[ItemId]) -> Result<Vec<(ItemId, ItemId)>> {
        let within: std::collections::HashSet<&ItemId> = items.iter().collect();
        let mut edges = Vec::new();
        let sql = "SELECT t.id FROM edges e JOIN items t ON t.rid = e.target
                   WHERE e.source = (SELECT rid FROM items WHERE id = ?1) AND e.kind = 0";
        for from in items {
            let targets: Vec<ItemId> =
                self.rows(sql, [from.as_str()], |row| row.get::<_, String>(0).map(ItemId::new))?;
            edges.extend(targets.into_iter().filter(|to| within.contains(to)).map(|to| (from.clone(), to)));
        }
        Ok(edges)
    }
}

fn neighbour(row: &Row<'_>) -> rusqlite::Result<Neighbour> {
    Ok(Neighbour {
        edge: row::edge(row)?,
        id: ItemId::new(row.get::<_, String>(8)?),
        title: row.get(9)?,
        status: row::word(row, 10, Status::from_index)?,
        priority: row::word(row, 11, Priority::from_index)?,
    })
}
