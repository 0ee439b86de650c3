//! Taking back a commit that failed when it was written already.
//!
//! A commit is a row of frames in the write-ahead log, the last of which is marked, and then a flush. Should the flush fail, the
//! frames stand in the log, marked and whole. SQLite itself and all its readers take them for not there: it says so, and writes its
//! next commit in their place. But the log outlives the process. Who opens it next, after a crash or an end on a disk that let
//! nothing be folded, reads every whole commit back, and there is what its caller was told has not happened.
//!
//! So before anybody is told, a commit that changes nothing is written in its place. Frames are summed from one to the next, so
//! those that stay behind it count for nothing. It does not matter whether its own flush fails too: it is the one that is read
//! back then, and it changes nothing. The connection needs not be opened anew: SQLite has shown the lost frames to nobody, and
//! writes again whatever it had not flushed.

use rusqlite::{Connection, ErrorCode, ffi};

use crate::error::Error;

/// What to tell of a commit that failed with `error`. Nothing of it is in the log any more, unless that cannot be had:
/// [`Error::InDoubt`].
pub(crate) fn revoked(connection: &Connection, error: Error) -> Error {
    match error {
        Error::Sqlite(error) if may_be_whole(&error) && !is_overwritten(connection) => Error::InDoubt(error),
        error => error,
    }
}

/// Whether all frames may have been written. They have not where a write itself failed, or found no room.
fn may_be_whole(error: &rusqlite::Error) -> bool {
    let is_of_the_system =
        matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory));
    is_of_the_system && extended(error) != Some(ffi::SQLITE_IOERR_WRITE)
}

/// Writes a commit that changes nothing; answers whether its frame is in the log.
fn is_overwritten(connection: &Connection) -> bool {
    roll_back(connection);
    let written = write_nothing(connection);
    roll_back(connection);
    match written {
        Ok(()) => true,
        Err(error) => extended(&error) == Some(ffi::SQLITE_IOERR_FSYNC),
    }
}

/// A number that stays what it was is written all the same.
fn write_nothing(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "user_version", version)?;
    connection.execute_batch("COMMIT")
}

/// Ends what a failed commit may have left open.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}
