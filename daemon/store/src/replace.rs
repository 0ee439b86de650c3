//! Putting a new file in the place of a database that nobody has open, and keeping what was there.
//!
//! A write-ahead log belongs to the file it was written for: beside another one it would be replayed into that and destroy it. So
//! the old log is folded into the old file first; where that file is too damaged for it, the log is kept beside the kept file. At
//! every moment the path leads to the whole old database or to the whole new one.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::backup::{named, sync_file, sync_folder};
use crate::check::is_damage;
use crate::open::open_still;

/// Files that SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Why nothing was replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Somebody has it open without holding the daemon's lock.
    #[error("{path} is open in another program. End that program, then try again")]
    InUse {
        /// The database.
        path: String,
    },
    /// The file system said no.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What was said.
        source: io::Error,
    },
}

/// Puts `fresh`, one closed file in the same folder, at `database`. Answers where the old one is now: `FILE.WHAT-TIME`; none
/// when there was nothing.
pub(crate) fn replace(
    database: &Path,
    fresh: &Path,
    what: &str,
    time: &str,
) -> Result<Option<PathBuf>, ReplaceError> {
    let failed = |source| ReplaceError::File { path: database.display().to_string(), source };
    if database.exists() {
        fold_log(database)?;
    }
    sync_file(fresh).map_err(failed)?;
    let kept = keep(database, what, time).map_err(failed)?;
    std::fs::rename(fresh, database).map_err(failed)?;
    sync_folder(database).map_err(failed)?;
    Ok(kept)
}

/// Makes one file of a database and its log, where the database can be read at all.
fn fold_log(database: &Path) -> Result<(), ReplaceError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fold = || -> rusqlite::Result<String> {
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;",
        )?;
        connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
    };
    // SQLite throws away the log of a file whose head it cannot read; so such a file is not opened for writing at all.
    let is_readable = open_still(database)
        .and_then(|still| still.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())));
    match is_readable.and_then(|()| fold()) {
        Ok(mode) if mode == "delete" => Ok(()),
        // It stays in WAL mode while somebody else has it open.
        Ok(_) => Err(ReplaceError::InUse { path: database.display().to_string() }),
        // Its log is kept as it is.
        Err(error) if is_damage(&error) => Ok(()),
        Err(error) => {
            let path = database.display().to_string();
            Err(match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ReplaceError::InUse { path },
                _ => ReplaceError::File { path, source: io::Error::other(error) },
            })
        }
    }
}

/// Gives the old files a second name each, then takes away what SQLite would read beside the new one.
fn keep(database: &Path, what: &str, time: &str) -> io::Result<Option<PathBuf>> {
    let beside = |path: &Path, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let numbers = std::iter::once(String::new()).chain((2..).map(|n| format!("-{n}")));
    let mut names = numbers.map(|number| named(database, &format!("{what}-{time}{number}")));
    let free = |name: &PathBuf| {
        let mut all = std::iter::once("").chain(BESIDE);
        all.all(|ending| std::fs::symlink_metadata(beside(name, ending)).is_err())
    };
    let Some(kept) = names.find(free) else { return Err(io::ErrorKind::AlreadyExists.into()) };
    let mut any = false;
    for ending in ["", "-wal", "-journal"] {
        let (old, second) = (beside(database, ending), beside(&kept, ending));
        if old.exists() {
            any = true;
            // Not a move: until the new file has the name, the old one is to be found under it.
            std::fs::hard_link(&old, &second)
                .or_else(|_| std::fs::copy(&old, &second).and_then(|_| sync_file(&second)))?;
        }
    }
    sync_folder(database)?;
    for ending in BESIDE {
        crate::backup::remove_if_there(&beside(database, ending))?;
    }
    Ok(any.then_some(kept))
}
