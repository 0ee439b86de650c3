//! `restore`: a backup in the place of the database, while no daemon has it open (`daemon.md` rule 1).

use std::path::{Path, PathBuf};

use crate::backup::{self, BackupError, Differing, named};
use crate::open::{OpenError, look, open_still};
use crate::replace::{ReplaceError, replace};

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// Where the database is that was there before.
    pub kept: Option<PathBuf>,
    /// The schema's version of the backup; an older one is brought up to date at the next start.
    pub version: usize,
}

/// Why nothing was restored; the database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It is no database of ours, or from a newer version.
    #[error("This is no backup to restore: {0}")]
    NotOurs(#[from] OpenError),
    /// An empty file.
    #[error("{path} is empty: there is nothing in it to restore")]
    Empty {
        /// The backup.
        path: String,
    },
    /// The same file twice.
    #[error("{path} is the database itself. Name a backup of it")]
    Itself {
        /// The database.
        path: String,
    },
    /// It cannot be read from end to end.
    #[error("{path} is damaged and was not restored: {what}. Name another backup")]
    Damaged {
        /// The backup.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// It cannot be copied into the database's folder.
    #[error(transparent)]
    Copy(#[from] BackupError),
    /// The old one cannot be put aside.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

/// Puts a checked copy of `backup` at `database`, whose lock the caller holds. What was there is kept as
/// `FILE.before-restore-TIME`. Ended at any moment, it has done all of that or nothing that counts.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore(backup: &Path, database: &Path, time: &str) -> Result<Restored, RestoreError> {
    let text = || backup.display().to_string();
    if backup.canonicalize().ok().is_some_and(|path| path == database) {
        return Err(RestoreError::Itself { path: text() });
    }
    let found = look(backup)?;
    if found.version == 0 {
        return Err(RestoreError::Empty { path: text() });
    }
    let damaged = |what: String| RestoreError::Damaged { path: text(), what };
    let source = open_still(backup).map_err(|error| damaged(error.to_string()))?;
    let damage = crate::check::damage(&source, "integrity_check").map_err(|e| damaged(e.to_string()))?;
    if !damage.is_empty() {
        return Err(damaged(damage.join("; ")));
    }
    let fresh = named(database, "unfinished-restore");
    backup::make(&source, &fresh, |differs| match differs {
        Differing::Not => None,
        Differing::Unsound(what) | Differing::There(what) => {
            Some(BackupError::Differs { path: fresh.display().to_string(), what })
        }
    })?;
    let kept = replace(database, &fresh, "before-restore", time).inspect_err(|_| {
        // The first error is the one to be told.
        let _ = backup::remove_if_there(&fresh);
    })?;
    Ok(Restored { kept, version: found.version })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::open::open;

    fn says(path: &Path) -> String {
        Connection::open(path).unwrap().query_row("SELECT value FROM meta", [], |row| row.get(0)).unwrap()
    }

    fn database(path: &Path, word: &str) -> Connection {
        let connection = open(path).unwrap().connection;
        connection.execute("INSERT INTO meta VALUES ('k', ?1)", [word]).unwrap();
        connection
    }

    #[test]
    fn a_backup_made_in_use_takes_the_place_of_what_is_there_and_that_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (path, copy) = (dir.path().join("tasks.db"), dir.path().join("copy.db"));
        let used = database(&path, "then");
        backup::to(&path, &copy).unwrap();
        used.execute("UPDATE meta SET value = 'now'", []).unwrap();
        // As after a crash: the change is in the log alone.
        std::mem::forget(used);
        let refused = backup::to(&path, &copy).unwrap_err();
        assert!(matches!(refused, BackupError::Taken { .. }), "{refused}");
        let restored = restore(&copy, &path, "T");
        // The forgotten connection still has it open.
        assert!(matches!(restored, Err(RestoreError::Replace(ReplaceError::InUse { .. }))), "{restored:?}");
        assert!(!dir.path().join("tasks.db.unfinished-restore").exists());
    }

    #[test]
    fn the_log_of_a_crash_is_kept_with_its_database() {
        let dir = tempfile::tempdir().unwrap();
        let (path, copy) = (dir.path().join("tasks.db"), dir.path().join("copy.db"));
        let used = database(&path, "then");
        backup::to(&path, &copy).unwrap();
        used.execute("UPDATE meta SET value = 'now'", []).unwrap();
        // What a killed daemon leaves: a file and its log.
        let crashed = dir.path().join("crashed.db");
        for ending in ["", "-wal"] {
            std::fs::copy(
                dir.path().join(format!("tasks.db{ending}")),
                dir.path().join(format!("crashed.db{ending}")),
            )
            .unwrap();
        }
        let kept = restore(&copy, &crashed, "T").unwrap().kept.unwrap();
        assert_eq!(kept, dir.path().join("crashed.db.before-restore-T"));
        assert_eq!((says(&crashed).as_str(), says(&kept).as_str()), ("then", "now"));
        assert_eq!(
            restore(&copy, &crashed, "T").unwrap().kept.unwrap(),
            dir.path().join("crashed.db.before-restore-T-2")
        );
    }

    #[test]
    fn an_unreadable_database_and_its_log_are_kept_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let (path, copy) = (dir.path().join("tasks.db"), dir.path().join("copy.db"));
        drop(database(&copy, "good"));
        std::fs::write(&path, vec![7; 9_000]).unwrap();
        std::fs::write(dir.path().join("tasks.db-wal"), "a log").unwrap();
        let kept = restore(&copy, &path, "T").unwrap().kept.unwrap();
        assert_eq!(says(&path), "good");
        assert_eq!(std::fs::read(kept).unwrap(), vec![7; 9_000]);
        assert_eq!(std::fs::read(dir.path().join("tasks.db.before-restore-T-wal")).unwrap(), b"a log");
    }

    #[test]
    fn what_is_no_good_backup_is_refused_and_nothing_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tasks.db");
        drop(database(&path, "mine"));
        let foreign = dir.path().join("foreign.db");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        let newer = dir.path().join("newer.db");
        database(&newer, "n").pragma_update(None, "user_version", 99).unwrap();
        let half = dir.path().join("half.db");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
        let empty = dir.path().join("empty.db");
        std::fs::write(&empty, "").unwrap();
        for wrong in [&foreign, &newer, &half, &empty, &path, &dir.path().join("none.db")] {
            restore(wrong, &path.canonicalize().unwrap(), "T").unwrap_err();
        }
        assert_eq!(says(&path), "mine");
        assert!(std::fs::read_dir(dir.path()).unwrap().all(|e| {
            let name = e.unwrap().file_name().to_string_lossy().into_owned();
            !name.contains("before") && !name.contains("unfinished")
        }));
    }
}
