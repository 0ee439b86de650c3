//! Note rows and their search text.

use orc_core::note::Note;
use rusqlite::params;

use crate::error::Result;
use crate::tx::Tx;

pub(super) fn write(tx: &Tx<'_>, note: &Note) -> Result<()> {
    let item = tx.rid_of(&note.item)?;
    let sql = "INSERT INTO notes (id, item, key, role, body, blank, created_by, created_at, created_ts, updated_at, updated_ts)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
               ON CONFLICT (item, key) DO UPDATE SET role = excluded.role, body = excluded.body, blank = excluded.blank,
                   updated_at = excluded.updated_at, updated_ts = excluded.updated_ts
               RETURNING rid";
    let rid: Option<i64> = tx.one(
        sql,
        params![
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
        |row| row.get(0),
    )?;
    tx.execute("DELETE FROM note_text WHERE rowid = ?1", [rid])?;
    tx.execute("INSERT INTO note_text (rowid, body) VALUES (?1, ?2)", params![rid, note.body])
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
