//! A copy of a whole database beside itself, made before anything in it is changed for good.
//!
//! The copy is made page by page through SQLite, so it holds what was still in the write-ahead log and keeps every row number.
//! It is one file in the plain rollback mode, for the owner alone, on disk, and compared with its source before it gets its
//! name: whatever stands under a name ending in `.bak` is complete.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

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
    let file_failed = |source| BackupError::File { path: unfinished.display().to_string(), source };
    // What an interrupted try left is of no use to anybody.
    remove_if_there(&unfinished).map_err(file_failed)?;
    private_file(&unfinished).map_err(file_failed)?;
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::BackupBegun);
    let outcome = copy(connection, &unfinished)
        .map_err(|source| BackupError::Sqlite { path: unfinished.display().to_string(), source })
        .and_then(|differs| match differs {
            None => Ok(()),
            Some(what) => Err(BackupError::Differs { path: unfinished.display().to_string(), what }),
        })
        .and_then(|()| put_in_place(&unfinished, path, what, time).map_err(file_failed));
    if outcome.is_err() {
        // The first error is the one to be told.
        let _ = remove_if_there(&unfinished);
    }
    outcome
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

/// Makes the copy and compares it. Answers where it differs.
fn copy(from: &Connection, place: &Path) -> rusqlite::Result<Option<String>> {
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
    Ok(differing.or(fewer))
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

/// Brings the copy to disk and gives it its name; of two within one second the second is numbered.
fn put_in_place(unfinished: &Path, path: &Path, what: &str, time: &str) -> io::Result<PathBuf> {
    OpenOptions::new().write(true).open(unfinished)?.sync_all()?;
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

/// `tasks.db` and `x` make `tasks.db.x`, in the same folder.
fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
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
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
