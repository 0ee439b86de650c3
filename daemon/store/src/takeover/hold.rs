//! Having a database of the original for oneself.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::TakeoverError;

/// How long another process may be in the middle of something. One that keeps the file open is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// KiB of pages kept in memory: a conversion looks at its indexes all over.
const CACHE: i64 = 64 << 10;

/// Opens the database so that nobody else has it open, nor can open it before this connection is closed.
///
/// The original keeps its database in WAL mode. There every open connection, an idle one too, holds a shared lock on the file;
/// SQLite's exclusive locking mode takes the exclusive one with its first read and keeps it, so it fails as long as anybody
/// else is there. (A database that was left in rollback mode shows idle connections to nobody. Whoever has one meets the view
/// `work_items` with its next statement.)
pub(super) fn exclusively(path: &Path) -> Result<Connection, TakeoverError> {
    let failed = |source| TakeoverError::Failed { path: path.display().to_string(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(PATIENCE).map_err(failed)?;
    lock(&connection).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            TakeoverError::InUse { path: path.display().to_string() }
        }
        _ => failed(error),
    })?;
    prepare(&connection).map_err(failed)?;
    Ok(connection)
}

fn lock(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")?;
    // In WAL the file itself stays as it is until the conversion is committed.
    connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT;")
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        // Our rows are checked as a whole at the end; the original's may hang in the air.
        "PRAGMA foreign_keys = OFF;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;",
    )?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}
