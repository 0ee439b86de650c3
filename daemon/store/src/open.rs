//! Opening the database: connection settings, the checks before anything is written, migrations after a backup
//! (`daemon.md` rule 20).

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::backup::{self, BackupError};
use crate::error::Error;
use crate::left_log::LeftLog;
use crate::queries::WORDS;
use crate::schema::{APPLICATION_ID, MIGRATIONS};

/// What a file turned out to be, once it is open for writing.
#[derive(Debug)]
pub struct Opened {
    /// The connection of the writer.
    pub connection: Connection,
    /// Whether it was made just now.
    pub created: bool,
    /// What a run that did not end well left in its log; it is read back by now.
    pub left: Option<LeftLog>,
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
    /// It is a database of the original program, which has to be taken over first: see [`crate::takeover()`].
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
    /// It is from an older version and was not brought up to date, for there is no backup.
    #[error(
        "{path} was written by an older task-orchestrator and is not brought up to date without a backup: {source}"
    )]
    NoBackup {
        /// The file.
        path: String,
        /// Why there is none.
        source: BackupError,
    },
    /// Bytes of it have changed.
    #[error("{path} is damaged ({source}) and was left as it is. Copy its folder before anything else. {}", backup_beside(.path))]
    Damaged {
        /// The file.
        path: String,
        /// What was said.
        source: Error,
    },
    /// SQLite or the file system said no.
    #[error("{path} cannot be opened ({source}). Check that the folder and the file are yours and writable")]
    Failed {
        /// The file.
        path: String,
        /// What was said.
        source: Error,
    },
}

/// What whoever has a damaged database wants to know next.
fn backup_beside(path: &str) -> String {
    match backup::newest_beside(Path::new(path)) {
        Some(backup) => format!("Its newest backup is {}", backup.display()),
        None => format!("There is no backup beside it (no {path}.*.bak, no checkpoint-*.json)"),
    }
}

impl OpenError {
    /// What an error means while a database is being opened.
    pub fn of(path: &Path, error: impl Into<Error>) -> Self {
        let (path, source) = (path.display().to_string(), error.into());
        if source.is_damage() { Self::Damaged { path, source } } else { Self::Failed { path, source } }
    }
}

/// Opens the database at `path` for its one writer, making or migrating it. One of an older version is backed up before, as
/// `FILE.vN-TIME.bak`.
///
/// # Errors
/// See [`OpenError`]; nothing was changed then, except by migrations that had already been committed one by one.
pub fn open(path: &Path) -> Result<Opened, OpenError> {
    open_telling(path, &|_| ())
}

/// What takes its time while a database is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It is copied before it is brought up to date.
    Copying,
    /// It is brought up to date.
    Migrating {
        /// The schema's version that is being made.
        version: usize,
        /// The one to be reached.
        known: usize,
    },
}

/// The same, telling what takes its time.
///
/// # Errors
/// As [`open`].
pub fn open_telling(path: &Path, tell: &dyn Fn(Step)) -> Result<Opened, OpenError> {
    open_with(path, MIGRATIONS, tell)
}

/// A database as it lies on the disk, before anybody opened it for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its schema's version; 0 for an empty file.
    pub version: usize,
    /// The newest version that is known here.
    pub known: usize,
}

/// Looks what a file is, and changes nothing. Whoever asks keeps others from writing meanwhile.
///
/// # Errors
/// See [`OpenError`]: the file is none that [`open`] would open.
pub fn look(path: &Path) -> Result<Found, OpenError> {
    let failed = |source: rusqlite::Error| OpenError::of(path, source);
    let connection = open_still(path).map_err(failed)?;
    let known = MIGRATIONS.len();
    identify(&connection, path, known).map(|version| Found { version, known })
}

/// Opens a database that nobody writes to, only to look at it. Where its write-ahead log is empty, no file is made beside it.
pub(crate) fn open_still(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        std::fs::metadata(name).is_ok_and(|file| file.len() > 0)
    };
    let connection = if beside("-wal") || beside("-journal") {
        Connection::open_with_flags(path, flags)?
    } else {
        Connection::open_with_flags(still(path), flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
}

/// The address of a file that nobody changes.
fn still(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    let path: String = bytes
        .map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("file:{path}?immutable=1")
}

/// [`open`] for any list of migrations.
fn open_with(path: &Path, migrations: &[&str], tell: &dyn Fn(Step)) -> Result<Opened, OpenError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let left = LeftLog::beside(path);
    let connection = Connection::open_with_flags(path, flags).map_err(|e| OpenError::of(path, e))?;
    set_up(connection, path, migrations, left, tell)
}

/// Checks a connection, and makes or migrates its database.
fn set_up(
    mut connection: Connection,
    path: &Path,
    migrations: &[&str],
    left: Option<LeftLog>,
    tell: &dyn Fn(Step),
) -> Result<Opened, OpenError> {
    let text = || path.display().to_string();
    let failed = |source: rusqlite::Error| OpenError::of(path, source);
    #[cfg(any(test, feature = "testing"))]
    crate::meter::attach(&mut connection, path);
    connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    let version = identify(&connection, path, migrations.len())?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        return Err(OpenError::NoWal { path: text(), mode });
    }
    settle(&connection).map_err(failed)?;
    refuse_read_only(&connection).map_err(failed)?;
    if (1..migrations.len()).contains(&version) {
        tell(Step::Copying);
        let time: String = connection
            .query_row("SELECT strftime('%Y%m%dT%H%M%SZ', 'now')", [], |row| row.get(0))
            .map_err(failed)?;
        backup::beside(&connection, path, &format!("v{version}"), &time)
            .map_err(|source| OpenError::NoBackup { path: text(), source })?;
    }
    for (index, migration) in migrations.iter().enumerate().skip(version) {
        if version > 0 {
            tell(Step::Migrating { version: index + 1, known: migrations.len() });
        }
        migrate(&mut connection, migration, index + 1).map_err(failed)?;
    }
    if forget_statistics(&connection).map_err(failed)? {
        // This connection has read them already.
        drop(connection);
        return Ok(Opened { left, ..open_with(path, migrations, tell)? });
    }
    Ok(Opened { connection, created: version == 0, left })
}

/// Drops what `ANALYZE` has counted; answers whether there was anything. SQLite would choose its ways by it from then on, whatever
/// the tables grow to: one that was nearly empty when it was counted is read from end to end. Without it the ways are those that
/// are tested.
fn forget_statistics(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')";
    let counted: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    connection.execute_batch("DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4;")?;
    Ok(counted > 0)
}

/// What may only be read opens without a complaint: SQLite makes do with reading a file that is write-protected, and notices
/// that its folder takes no log when the first write begins.
fn refuse_read_only(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(code, Some("the file may only be read".to_owned())));
    }
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
}

/// The schema's version, 0 for an empty file; refuses what is not ours before anything is written.
fn identify(connection: &Connection, path: &Path, known: usize) -> Result<usize, OpenError> {
    let foreign = |what: String| OpenError::Foreign { path: path.display().to_string(), what };
    let failed = |source: rusqlite::Error| OpenError::of(path, source);
    let tables = match count_tables(connection) {
        Ok(n) => n,
        // Where there are backups of it, it was a database.
        Err(e)
            if e.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase)
                && backup::newest_beside(path).is_none() =>
        {
            return Err(foreign("the file is no SQLite database, or is damaged at its head".to_owned()));
        }
        Err(source) => return Err(failed(source)),
    };
    if tables == 0 {
        return Ok(0);
    }
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION_ID {
        return Err(if is_original(connection).map_err(failed)? {
            OpenError::Original { path: path.display().to_string() }
        } else {
            foreign(format!("it holds {tables} tables of another program"))
        });
    }
    let found = usize::try_from(version).unwrap_or(0);
    if found > known {
        return Err(OpenError::Newer { path: path.display().to_string(), found, known });
    }
    Ok(found)
}

fn count_tables(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
}

/// A table `work_items` with the columns that every version of the original has.
pub(crate) fn is_original(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM pragma_table_info('work_items') WHERE name IN ('id', 'title', 'status')";
    let is_table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'work_items'";
    let columns: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let table: i64 = connection.query_row(is_table, [], |row| row.get(0))?;
    Ok(columns == 3 && table == 1)
}

/// The settings of every connection that may write: durable before answered (`daemon.md` rule 18).
///
/// `temp_store` also says where savepoints keep what they may have to undo. In memory that is a list which SQLite walks
/// whenever a savepoint ends: ten thousand rows, each in a savepoint, would take a hundred megabytes and time that grows
/// with the square. In a file it is neither, and what is small (64 KiB) never gets there.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = FILE;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;",
    )?;
    connection.execute_batch(WORDS)?;
    keep_statements(connection)
}

/// What has been prepared once is prepared for good: a call's own work is often less than preparing its statements.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(256);
    // `rarray`: many rows by their numbers in one statement.
    rusqlite::vtab::array::load_module(connection)?;
    // Without this, SQLite's STAT4 prepares a statement anew for every other value that it compares with a range.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn migrate(connection: &mut Connection, sql: &str, version: usize) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute_batch(sql)?;
    mark_as_ours(&tx, version)?;
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::Migrating);
    tx.commit()?;
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::Migrated);
    Ok(())
}

/// Says in the file's head whose it is, and which migrations it has.
pub(crate) fn mark_as_ours(connection: &Connection, version: usize) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", i64::try_from(version).unwrap_or(i64::MAX))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)
}

/// Pages that a reader keeps, in KiB: what a search among a million items goes through. With fewer, each page would have gone again
/// when the next search comes to it.
const READER_CACHE: i64 = 4_096;

/// Opens a connection that can only read.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[cfg_attr(not(any(test, feature = "testing")), expect(unused_mut, reason = "only the meter changes it"))]
    let mut connection = Connection::open_with_flags(path, flags)?;
    #[cfg(any(test, feature = "testing"))]
    crate::meter::attach(&mut connection, path);
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;")?;
    connection.pragma_update(None, "cache_size", -READER_CACHE)?;
    connection.execute_batch(WORDS)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    keep_statements(&connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
