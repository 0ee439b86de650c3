//! What could not come along as it was. The whole original row is kept beside the reason, in the database itself.

use rusqlite::Connection;

use super::old_row::{Old, OldRow};

/// Made by a take-over, and only there.
const TABLE: &str = "
CREATE TABLE take_over_leftovers (
    rid    INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    id     TEXT,
    row    TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX take_over_leftovers_by_source ON take_over_leftovers(source, id);";

/// Writes the table, and counts.
pub(super) struct Leftovers<'c> {
    connection: &'c Connection,
    kept: usize,
}

impl<'c> Leftovers<'c> {
    pub(super) fn begin(connection: &'c Connection) -> rusqlite::Result<Self> {
        connection.execute_batch(TABLE)?;
        Ok(Self { connection, kept: 0 })
    }

    /// Keeps a row that is not what it was, or is not here at all.
    pub(super) fn keep(&mut self, source: &str, row: &OldRow, reason: &str) -> rusqlite::Result<()> {
        self.kept += 1;
        self.insert(source, row, reason)
    }

    /// Keeps a row that came along, when something of it had to change.
    pub(super) fn keep_changed(
        &mut self,
        source: &str,
        row: &OldRow,
        changed: &[String],
    ) -> rusqlite::Result<()> {
        if changed.is_empty() { Ok(()) } else { self.keep(source, row, &changed.join("; ")) }
    }

    /// Keeps a row of a kind that has no table here, for whoever looks for it later. It is nothing to worry about, and not
    /// counted.
    pub(super) fn record(&mut self, source: &str, row: &OldRow, reason: &str) -> rusqlite::Result<()> {
        self.insert(source, row, reason)
    }

    /// How many rows are not what they were.
    pub(super) fn count(&self) -> usize {
        self.kept
    }

    fn insert(&self, source: &str, row: &OldRow, reason: &str) -> rusqlite::Result<()> {
        let id = match row.value("id") {
            Old::Null => None,
            value => value.key(),
        };
        let sql = "INSERT INTO take_over_leftovers (source, id, row, reason) VALUES (?1, ?2, ?3, ?4)";
        let mut insert = self.connection.prepare_cached(sql)?;
        insert.execute((source, id, row.json().to_string(), reason))?;
        Ok(())
    }
}
