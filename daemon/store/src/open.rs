//! Opening the database: connection settings, the checks before anything is written, migrations.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::Error;
use crate::schema::{APPLICATION_ID, MIGRATIONS};

/// What a file turned out to be, once it is open for writing.
#[derive(Debug)]
pub struct Opened {
    /// The connection of the writer.
    pub connection: Connection,
    /// Whether it was made just now.
    pub created: bool,
}

/// Why a database cannot be opened. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It was written by a newer version.
    #[error(
        "{path} was written by a newer task-orchestrator (schema {found}, this one knows {known}): update task-orchestrator, or name another database with TASK_ORCHESTRATOR_DB"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its schema.
        found: usize,
        /// The newest one known here.
        known: usize,
    },
    /// It is a database of the original program, which has to be taken over first.
    #[error("{path} is a database of task-orchestrator-py")]
    Original {
        /// The file.
        path: String,
    },
    /// It is a database of some other program, or no database at all.
    #[error(
        "{path} is not a task-orchestrator database: {what}. Name another file with TASK_ORCHESTRATOR_DB"
    )]
    Foreign {
        /// The file.
        path: String,
        /// What it looks like.
        what: String,
    },
    /// The file system cannot do WAL.
    #[error(
        "{path} cannot be kept in WAL mode (SQLite chose '{mode}'): network and bridge file systems lack the shared memory it needs. Put the database on a local disk with TASK_ORCHESTRATOR_DB"
    )]
    NoWal {
        /// The file.
        path: String,
        /// The mode SQLite fell back to.
        mode: String,
    },
    /// SQLite or the file system said no.
    #[error("{path} cannot be opened: {source}. Check that the folder and the file are yours and writable")]
    Failed {
        /// The file.
        path: String,
        /// What was said.
        source: rusqlite::Error,
    },
}

/// Opens the database at `path` for its one writer, making or migrating it.
///
/// # Errors
/// See [`OpenError`]; nothing was changed then, except by migrations that had already been committed one by one.
pub fn open(path: &Path) -> Result<Opened, OpenError> {
    let text = || path.display().to_string();
    let failed = |source| OpenError::Failed { path: text(), source };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    let version = identify(&connection, path)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        return Err(OpenError::NoWal { path: text(), mode });
    }
    settle(&connection).map_err(failed)?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        migrate(&mut connection, migration, index + 1).map_err(failed)?;
    }
    Ok(Opened { connection, created: version == 0 })
}

/// The schema's version, 0 for an empty file; refuses what is not ours before anything is written.
fn identify(connection: &Connection, path: &Path) -> Result<usize, OpenError> {
    let path = path.display().to_string();
    let foreign = |what: String| OpenError::Foreign { path: path.clone(), what };
    let tables = match count_tables(connection) {
        Ok(n) => n,
        Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(foreign("the file is no SQLite database, or is damaged at its head".to_owned()));
        }
        Err(source) => return Err(OpenError::Failed { path, source }),
    };
    let failed = |source| OpenError::Failed { path: path.clone(), source };
    if tables == 0 {
        return Ok(0);
    }
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION_ID {
        return Err(if is_original(connection).map_err(failed)? {
            OpenError::Original { path: path.clone() }
        } else {
            foreign(format!("it holds {tables} tables of another program"))
        });
    }
    let found = usize::try_from(version).unwrap_or(0);
    if found > MIGRATIONS.len() {
        return Err(OpenError::Newer { path: path.clone(), found, known: MIGRATIONS.len() });
    }
    Ok(found)
}

fn count_tables(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
}

/// A table `work_items` with the columns that every version of the original has.
fn is_original(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM pragma_table_info('work_items') WHERE name IN ('id', 'title', 'status')";
    let is_table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'work_items'";
    let columns: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let table: i64 = connection.query_row(is_table, [], |row| row.get(0))?;
    Ok(columns == 3 && table == 1)
}

/// The settings of every connection that may write: durable before answered (`daemon.md` rule 18).
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;",
    )?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}

fn migrate(connection: &mut Connection, sql: &str, version: usize) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute_batch(sql)?;
    tx.pragma_update(None, "user_version", i64::try_from(version).unwrap_or(i64::MAX))?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.commit()
}

/// Opens a connection that can only read.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}
