//! A database of another program, open for reading: which one it is, and as it is at one moment.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

use super::kotlin::{self, Tables};
use super::original::{self, Moved};
use crate::backup::row_tables;
use crate::open::is_original;
use crate::schema::APPLICATION_ID;

/// What every SQLite database begins with.
const HEAD: &[u8; 16] = b"SQLite format 3\0";
/// How long another process may be in the middle of something.
const PATIENCE: Duration = Duration::from_secs(5);

/// Largest database, in bytes: what is read of it is kept in memory.
const LARGEST: u64 = 2 << 30;

/// Whose database it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `task-orchestrator-py` 0.6 to 1.5.
    Original,
    /// The Kotlin task-orchestrator, version 3.
    Kotlin,
}

/// Why a database cannot be read. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum MovingError {
    /// It is no database at all.
    #[error("{path} is no SQLite database, or is damaged at its head")]
    NotDatabase {
        /// The file.
        path: String,
    },
    /// It is larger than anybody's work.
    #[error(
        "{path} has more than {} GiB, which is more than is read at once. One of task-orchestrator-py can be taken over as it is: name it with TASK_ORCHESTRATOR_DB",
        LARGEST >> 30
    )]
    TooLarge {
        /// The file.
        path: String,
    },
    /// It is one of ours.
    #[error(
        "{path} is a database of this program already. Export it (task-orchestrator --db {path} export FILE) and import that file, or name it with TASK_ORCHESTRATOR_DB to use it as it is"
    )]
    Ours {
        /// The file.
        path: String,
    },
    /// It is some other program's.
    #[error(
        "{path} is a database of neither task-orchestrator-py nor the Kotlin task-orchestrator 3: {what}"
    )]
    Foreign {
        /// The file.
        path: String,
        /// What it looks like.
        what: String,
    },
    /// SQLite or the file system said no.
    #[error("{path} cannot be read: {source}. Nothing was changed")]
    Failed {
        /// The file.
        path: String,
        /// What was said.
        source: rusqlite::Error,
    },
    /// Its copy cannot be made.
    #[error("{path} cannot be copied for reading: {source}. Nothing was changed")]
    NotCopied {
        /// The file.
        path: String,
        /// What was said.
        source: std::io::Error,
    },
}

/// Such a database, held at one moment.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    connection: Connection,
    kind: Kind,
    /// Removed when the reading is over.
    _copy: Option<TempDir>,
}

impl Source {
    /// Whether a file begins as a database does.
    pub fn is_database(path: &Path) -> bool {
        let mut head = [0; 16];
        // Opening a pipe that nobody writes to would wait for ever.
        fs::metadata(path).is_ok_and(|data| data.is_file())
            && fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
            && head == *HEAD
    }

    /// Opens it for reading, and holds it as it is now.
    ///
    /// # Errors
    /// See [`MovingError`].
    pub fn open(path: &Path) -> Result<Self, MovingError> {
        let text = || path.display().to_string();
        if !Self::is_database(path) {
            return Err(MovingError::NotDatabase { path: text() });
        }
        if fs::metadata(path).is_ok_and(|data| data.len() > LARGEST) {
            return Err(MovingError::TooLarge { path: text() });
        }
        let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                MovingError::NotDatabase { path: text() }
            }
            _ => MovingError::Failed { path: text(), source },
        };
        let (connection, copy) = reach(path, failed)?;
        let kind = settle(&connection)
            .and_then(|()| identify(&connection))
            .map_err(failed)?
            .map_err(|what| what.told(path))?;
        Ok(Self { path: path.to_owned(), connection, kind, _copy: copy })
    }

    /// Whose it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The rows of the original's database.
    ///
    /// # Errors
    /// [`MovingError::Failed`].
    pub fn original(&self, now: &orc_core::time::Stamp) -> Result<Moved, MovingError> {
        original::read(&self.connection, now).map_err(|source| self.failed(source))
    }

    /// The tables of the Kotlin program's database.
    ///
    /// # Errors
    /// [`MovingError::Failed`].
    pub fn kotlin(&self) -> Result<Tables, MovingError> {
        kotlin::read(&self.connection).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> MovingError {
        MovingError::Failed { path: self.path.display().to_string(), source }
    }
}

/// Opens the file in the way that writes nothing beside it.
///
/// In WAL mode SQLite needs the shared memory file next to the database, and makes it when it is not there. Without a log
/// nobody has the database open and the file is all there is, so it is read as one that cannot change. With a log and
/// shared memory somebody uses it, and it is read beside them. With a log alone somebody's process ended in the middle: both
/// files are copied and read elsewhere.
fn reach(
    path: &Path,
    failed: impl Fn(rusqlite::Error) -> MovingError,
) -> Result<(Connection, Option<TempDir>), MovingError> {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let (log, memory) = (beside("-wal"), beside("-shm"));
    let logged = fs::metadata(&log).is_ok_and(|data| data.len() > 0);
    if logged && !memory.exists() {
        let not_copied = |source| MovingError::NotCopied { path: path.display().to_string(), source };
        let folder = TempDir::new().map_err(not_copied)?;
        let copy = folder.path().join("copy.db");
        fs::copy(path, &copy).map_err(not_copied)?;
        fs::copy(&log, folder.path().join("copy.db-wal")).map_err(not_copied)?;
        // Reading a log needs the shared memory, which may be made here.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&copy, flags).map_err(failed)?;
        return Ok((connection, Some(folder)));
    }
    let alone = !logged && !memory.exists() && is_in_wal_mode(path);
    let uri = format!("file:{}?{}", escaped(path), if alone { "immutable=1" } else { "mode=ro" });
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok((Connection::open_with_flags(uri, flags).map_err(failed)?, None))
}

/// The two bytes of a database's head that say how it is written and read.
fn is_in_wal_mode(path: &Path) -> bool {
    let mut head = [0; 20];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head[18] == 2
}

/// A path as it stands in a URI.
fn escaped(path: &Path) -> String {
    let path = path.to_string_lossy();
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// Nothing in the file may act, and what is read is of one moment.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; BEGIN;")
}

/// What a database is that is neither.
enum Neither {
    Ours,
    Foreign(String),
}

impl Neither {
    fn told(self, path: &Path) -> MovingError {
        let path = path.display().to_string();
        match self {
            Self::Ours => MovingError::Ours { path },
            Self::Foreign(what) => MovingError::Foreign { path, what },
        }
    }
}

fn identify(connection: &Connection) -> rusqlite::Result<Result<Kind, Neither>> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == APPLICATION_ID {
        return Ok(Err(Neither::Ours));
    }
    let tables = row_tables(connection)?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    Ok(if has("work_items") && kotlin::is_kotlin(connection)? {
        Ok(Kind::Kotlin)
    } else if has("work_items") && is_original(connection)? {
        Ok(Kind::Original)
    } else if has("tasks") && has("features") {
        let what = "it has the tables of the Kotlin program before version 3; let version 3 bring it up to date first";
        Err(Neither::Foreign(what.to_owned()))
    } else {
        Err(Neither::Foreign(format!("it has {} tables of another program", tables.len())))
    })
}
