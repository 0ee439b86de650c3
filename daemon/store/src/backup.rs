//! Copies of a whole database: beside itself, before anything in it is changed for good; and wherever a person wants one, while
//! the database is in use.
//!
//! The copy is made page by page through SQLite, so it holds what was still in the write-ahead log and keeps every row number.
//! It is one file in the plain rollback mode, for the owner alone, on disk, and compared with its source before it gets its
//! name: whatever stands under a name ending in `.bak` is complete.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orc_core::time::Stamp;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use crate::check::is_damage;
use crate::error::Error;
use crate::open::open_still;
use crate::tx::Tx;

/// Pages copied at once.
const STEP: i32 = 4_096;

/// Why there is no copy. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder or the disk does not take it.
    #[error(
        "{path} cannot be written: {source}. The backup needs as much room as the database, in the same folder"
    )]
    File {
        /// The copy.
        path: String,
        /// What was said.
        source: io::Error,
    },
    /// SQLite said no.
    #[error(
        "{path} cannot be made: {source}. The backup needs as much room as the database, in the same folder"
    )]
    Sqlite {
        /// The copy.
        path: String,
        /// What was said.
        source: rusqlite::Error,
    },
    /// It was read back and is not the same.
    #[error(
        "{path} is not what was copied: {what}. The database was left as it is; look at the disk, then start again"
    )]
    Differs {
        /// The copy.
        path: String,
        /// Where they differ.
        what: String,
    },
    /// Something stands there already, a link perhaps.
    #[error("{path} exists already, and a backup overwrites nothing. Name a file that does not exist")]
    Taken {
        /// The copy.
        path: String,
    },
    /// What is to be copied cannot be read.
    #[error("{path} cannot be read: {source}")]
    Source {
        /// The database.
        path: String,
        /// What was said.
        source: rusqlite::Error,
    },
    /// What is to be copied is damaged, and a copy of it would be too.
    #[error(
        "{path} is damaged ({what}), so it was not copied. Go back to an earlier backup with `restore`, or try `repair`"
    )]
    Damaged {
        /// The database.
        path: String,
        /// What SQLite's check says.
        what: String,
    },
}

/// Copies the database at `from`, which may be in use, to `to`, where nothing may stand. The copy is one moment of it, checked,
/// and on disk.
///
/// # Errors
/// See [`BackupError`]; nothing is left at `to` then.
pub fn to(from: &Path, to: &Path) -> Result<(), BackupError> {
    let text = |path: &Path| path.display().to_string();
    if std::fs::symlink_metadata(to).is_ok() {
        return Err(BackupError::Taken { path: text(to) });
    }
    let unreadable = |source| BackupError::Source { path: text(from), source };
    let connection = snapshot(from).map_err(unreadable)?;
    let unfinished = named(to, "unfinished-backup");
    make(&connection, &unfinished, |differs| match differs {
        Differing::Unsound(what) => Some(BackupError::Damaged { path: text(from), what }),
        other => differing(&unfinished, other),
    })
    .map_err(|error| match error {
        BackupError::Sqlite { source, .. } if is_damage(&source) => {
            BackupError::Damaged { path: text(from), what: source.to_string() }
        }
        other => other,
    })?;
    let placed = name_without_overwriting(&unfinished, to).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Taken { path: text(to) },
        _ => BackupError::File { path: text(to), source },
    });
    if placed.is_err() {
        // The first error is the one to be told.
        let _ = remove_if_there(&unfinished);
    }
    placed
}

/// The newest row of the history that a backup holds: where it is that of the database, nothing has changed since.
///
/// # Errors
/// When the backup cannot be read.
pub fn cursor_of(backup: &Path) -> Result<i64, Error> {
    Tx::new(&open_still(backup)?, 0).cursor()
}

/// A connection that sees one moment for as long as it lives: else each write meanwhile would begin the copy anew.
fn snapshot(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open_copy(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("BEGIN")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Copies the database of `connection` beside `path`, as `FILE.WHAT-TIME.bak`, and answers where it is.
///
/// # Errors
/// See [`BackupError`].
pub(crate) fn beside(
    connection: &Connection,
    path: &Path,
    what: &str,
    time: &str,
) -> Result<PathBuf, BackupError> {
    let unfinished = named(path, "unfinished-backup");
    make(connection, &unfinished, |differs| differing(&unfinished, differs))?;
    let placed = put_in_place(&unfinished, path, what, time);
    if placed.is_err() {
        // The first error is the one to be told.
        let _ = remove_if_there(&unfinished);
    }
    placed.map_err(|source| BackupError::File { path: unfinished.display().to_string(), source })
}

/// Makes a checked copy under its first name, on disk. `judge` says which difference is an error.
pub(crate) fn make(
    connection: &Connection,
    unfinished: &Path,
    judge: impl FnOnce(Differing) -> Option<BackupError>,
) -> Result<(), BackupError> {
    let file_failed = |source| BackupError::File { path: unfinished.display().to_string(), source };
    // What an interrupted try left is of no use to anybody.
    remove_if_there(unfinished).map_err(file_failed)?;
    private_file(unfinished).map_err(file_failed)?;
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::BackupBegun);
    let outcome = copy(connection, unfinished)
        .map_err(|source| BackupError::Sqlite { path: unfinished.display().to_string(), source })
        .and_then(|differs| judge(differs).map_or(Ok(()), Err))
        .and_then(|()| sync_file(unfinished).map_err(file_failed));
    if outcome.is_err() {
        // The first error is the one to be told.
        let _ = remove_if_there(unfinished);
    }
    outcome
}

/// How a copy and its source compare.
pub(crate) enum Differing {
    /// They are the same, and sound.
    Not,
    /// They are the same, and SQLite's check finds fault with both.
    Unsound(String),
    /// They are not the same.
    There(String),
}

/// A copy must be what was copied; it need not be better.
fn differing(unfinished: &Path, differs: Differing) -> Option<BackupError> {
    match differs {
        Differing::There(what) => Some(BackupError::Differs { path: unfinished.display().to_string(), what }),
        Differing::Not | Differing::Unsound(_) => None,
    }
}

/// The newest backup or checkpoint that stands beside a database.
pub fn newest_beside(path: &Path) -> Option<PathBuf> {
    let database = path.file_name()?.to_string_lossy().into_owned();
    let is_backup = |name: &str| {
        (name.strip_prefix(&database).is_some_and(|rest| rest.starts_with('.')) && name.ends_with(".bak"))
            || (name.starts_with("checkpoint-") && name.ends_with(".json"))
    };
    let files = std::fs::read_dir(path.parent()?).ok()?.flatten();
    let backups = files.filter(|file| file.file_name().to_str().is_some_and(is_backup));
    let aged = backups.filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file.path())));
    aged.max().map(|(_, path)| path)
}

/// Opens a copy, only to be read.
pub(crate) fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Makes the copy and compares it.
fn copy(from: &Connection, place: &Path) -> rusqlite::Result<Differing> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut to = Connection::open_with_flags(place, flags)?;
    // Nothing is lost with this file before it has its name, and it is brought to disk as a whole.
    to.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    Backup::new(from, &mut to)?.run_to_completion(STEP, Duration::ZERO, None)?;
    // The mark of the WAL mode came along; without it the copy is one file that can be read from anywhere.
    to.execute_batch("PRAGMA journal_mode = DELETE;")?;
    let (was, is) = (state(from)?, state(&to)?);
    let differing = was.iter().zip(&is).find(|(was, is)| was != is);
    let differing = differing.map(|((name, was), (_, is))| format!("{name}: {was} became {is}"));
    let fewer = (was.len() != is.len()).then(|| format!("{} tables became {}", was.len(), is.len()));
    let unsound = is.last().map(|(_, check)| check).filter(|check| *check != "ok").cloned();
    Ok(match (differing.or(fewer), unsound) {
        (Some(what), _) => Differing::There(what),
        (None, Some(what)) => Differing::Unsound(what),
        (None, None) => Differing::Not,
    })
}

/// How many rows each table has, and what SQLite's check of the whole says.
fn state(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut state = Vec::new();
    for table in row_tables(connection)? {
        state.push((table.clone(), count_rows(connection, &table)?.to_string()));
    }
    let mut check = connection.prepare("PRAGMA quick_check(20)")?;
    let lines = check.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    state.push(("quick_check".to_owned(), lines.join("; ")));
    Ok(state)
}

/// The tables that keep rows of their own.
pub(crate) fn row_tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// How many rows a table has.
pub(crate) fn count_rows(connection: &Connection, table: &str) -> rusqlite::Result<i64> {
    connection.query_row(&format!("SELECT count(*) FROM {}", quoted(table)), [], |row| row.get(0))
}

/// A name as it stands in SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Gives the copy its name; of two within one second the second is numbered.
fn put_in_place(unfinished: &Path, path: &Path, what: &str, time: &str) -> io::Result<PathBuf> {
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::BackupCopied);
    let numbers = std::iter::once(String::new()).chain((2..).map(|n| format!("-{n}")));
    let mut names = numbers.map(|number| named(path, &format!("{what}-{time}{number}.bak")));
    let place = names.find(|name| !name.exists()).unwrap_or_else(|| named(path, "bak"));
    std::fs::rename(unfinished, &place)?;
    sync_folder(&place)?;
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::BackupInPlace);
    Ok(place)
}

/// Gives a file its name, unless something has it.
fn name_without_overwriting(unfinished: &Path, place: &Path) -> io::Result<()> {
    match std::fs::hard_link(unfinished, place) {
        Ok(()) => std::fs::remove_file(unfinished)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // A file system without hard links.
        Err(_) if std::fs::symlink_metadata(place).is_err() => std::fs::rename(unfinished, place)?,
        Err(_) => return Err(io::ErrorKind::AlreadyExists.into()),
    }
    sync_folder(place)
}

/// A time as it stands in a file's name: `20261123T093100Z`.
pub fn file_time(now: &Stamp) -> String {
    let text = Stamp::from_micros(now.micros()).text().to_owned();
    let plain = text.chars().take("2026-11-23T09:31:00".len()).filter(char::is_ascii_alphanumeric);
    plain.chain(['Z']).collect()
}

pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.sync_all()
}

/// `tasks.db` and `x` make `tasks.db.x`, in the same folder.
pub(crate) fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// An empty file that only its owner reads.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// A new name is on disk once its folder is.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
