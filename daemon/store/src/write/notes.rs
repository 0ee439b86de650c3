//! Note rows and their search text.

use orc_core::note::Note;
use rusqlite::params;

use crate::error::{Error, Result};
use crate::tx::Tx;

/// Notes that an item can have in its life: their numbers are the low bits of their rows' numbers.
pub(crate) const PER_ITEM: i64 = 1 << 20;

pub(super) fn write(tx: &Tx<'_>, note: &Note) -> Result<()> {
    let item = tx.rid_of(&note.item)?;
    let sql = "UPDATE notes SET role = ?3, body = ?4, blank = ?5, updated_at = ?6, updated_ts = ?7
               WHERE item = ?1 AND key = ?2 RETURNING rid";
    let values = params![
        item,
        note.key,
        note.role.index(),
        note.body,
        note.body.trim().is_empty(),
        note.updated_at.text(),
        note.updated_at.micros(),
    ];
    let rid = match tx.one(sql, values, |row| row.get(0))? {
        Some(rid) => {
            tx.execute("DELETE FROM note_text WHERE rowid = ?1", [rid])?;
            rid
        }
        None => insert(tx, item, note)?,
    };
    tx.execute("INSERT INTO note_text (rowid, body) VALUES (?1, ?2)", params![rid, note.body])
}

fn insert(tx: &Tx<'_>, item: i64, note: &Note) -> Result<i64> {
    let first = item * PER_ITEM;
    let sql = "SELECT max(rid) FROM notes WHERE rid >= ?1 AND rid < ?1 + ?2";
    let last: Option<i64> = tx.one(sql, [first, PER_ITEM], |row| row.get(0))?.flatten();
    let rid = last.map_or(first, |rid| rid + 1);
    if rid >= first + PER_ITEM {
        return Err(Error::Damaged(format!("item {} has no room for another note", note.item)));
    }
    tx.execute(
        "INSERT INTO notes (rid, id, item, key, role, body, blank, created_by, created_at, created_ts, updated_at, updated_ts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            rid,
            note.id.as_str(),
            item,
            note.key,
            note.role.index(),
            note.body,
            note.body.trim().is_empty(),
            note.created_by,
            note.created_at.text(),
            note.created_at.micros(),
            note.updated_at.text(),
            note.updated_at.micros(),
        ],
    )?;
    Ok(rid)
}

pub(super) fn delete(tx: &Tx<'_>, note: &Note) -> Result<()> {
    let item = tx.rid_of(&note.item)?;
    let sql = "DELETE FROM notes WHERE item = ?1 AND key = ?2 RETURNING rid";
    let rid: Option<i64> = tx.one(sql, params![item, note.key], |row| row.get(0))?;
    match rid {
        Some(rid) => tx.execute("DELETE FROM note_text WHERE rowid = ?1", [rid]),
        None => Ok(()),
    }
}
