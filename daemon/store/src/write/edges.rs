//! Edge rows, and the count of unmet blockers at their targets.

use orc_core::edge::Edge;
use orc_core::status::Status;
use rusqlite::params;

use crate::error::{Error, Result};
use crate::row;
use crate::tx::Tx;

pub(super) fn insert(tx: &Tx<'_>, edge: &Edge) -> Result<()> {
    let (source, target) = (tx.rid_of(&edge.from)?, tx.rid_of(&edge.to)?);
    let met = !edge.blocks() || status(tx, source)?.meets(edge.unblock_at);
    tx.execute(
        "INSERT INTO edges (id, source, target, kind, unblock_at, created_by, created_at, created_ts, met)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            edge.id.as_str(),
            source,
            target,
            edge.kind.index(),
            edge.unblock_at.index(),
            edge.created_by,
            edge.created_at.text(),
            edge.created_at.micros(),
            met,
        ],
    )?;
    if met { Ok(()) } else { add_unmet(tx, target, 1) }
}

pub(super) fn delete(tx: &Tx<'_>, edge: &Edge) -> Result<()> {
    let (source, target) = (tx.rid_of(&edge.from)?, tx.rid_of(&edge.to)?);
    let sql = "DELETE FROM edges WHERE source = ?1 AND target = ?2 RETURNING met";
    let met: Option<bool> = tx.one(sql, [source, target], |row| row.get(0))?;
    if met == Some(false) { add_unmet(tx, target, -1) } else { Ok(()) }
}

pub(super) fn add_unmet(tx: &Tx<'_>, target: i64, by: i64) -> Result<()> {
    tx.touch(target);
    tx.execute("UPDATE items SET unmet = unmet + ?2 WHERE rid = ?1", [target, by])
}

fn status(tx: &Tx<'_>, rid: i64) -> Result<Status> {
    let sql = "SELECT status FROM items WHERE rid = ?1";
    tx.one(sql, [rid], |row| row::word(row, 0, Status::from_index))?
        .ok_or_else(|| Error::Damaged(format!("no item row {rid}")))
}
