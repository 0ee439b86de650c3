//! Whether database and lock are still the files that were opened (`daemon.md` rule 3).
//!
//! A restored backup, a synchronising tool or `rm` can put another file at the path. Then this daemon writes into a
//! file nobody sees any more, while the next one would serve another: it stops and says so.

use std::{
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
};

/// One file, by device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

/// The files a daemon owns.
#[derive(Debug)]
pub(crate) struct Owned {
    files: Vec<(PathBuf, Identity)>,
}

impl Owned {
    /// The lock by its open file, the database by its path, once it is open.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn record(lock: (&Path, &File), database: &Path) -> io::Result<Self> {
        let lock = (lock.0.to_owned(), identity(&lock.1.metadata()?));
        let database = (database.to_owned(), identity(&std::fs::metadata(database)?));
        Ok(Self { files: vec![lock, database] })
    }

    /// What was replaced or removed, in words.
    pub(crate) fn lost(&self) -> Option<String> {
        self.files.iter().find_map(|(path, opened)| match std::fs::metadata(path) {
            Ok(meta) if identity(&meta) == *opened => None,
            Ok(_) => Some(format!("{} was replaced by another file.", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Some(format!("{} was moved away or deleted.", path.display()))
            }
            // A file system that is slow to answer has not lost the file.
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot look at a file that this daemon owns");
                None
            }
        })
    }
}

/// The program that this process runs, as its file was at the start.
#[derive(Debug)]
pub(crate) struct Program(Option<(PathBuf, Identity)>);

impl Program {
    /// This process' own. Where the system does not tell, it is never replaced.
    pub(crate) fn of_this_process() -> Self {
        Self(std::env::current_exe().and_then(|path| Self::at(&path)).ok())
    }

    fn at(path: &Path) -> io::Result<(PathBuf, Identity)> {
        Ok((path.to_owned(), identity(&std::fs::metadata(path)?)))
    }

    /// Whether another file stands at its place: an update. One that is gone without a successor is none.
    pub(crate) fn was_replaced(&self) -> bool {
        let Some((path, started)) = &self.0 else { return false };
        std::fs::metadata(path).is_ok_and(|now| identity(&now) != *started)
    }
}

#[cfg(unix)]
fn identity(meta: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity(meta.dev(), meta.ino())
}

/// Without stable inode numbers the creation time has to do.
#[cfg(windows)]
fn identity(meta: &Metadata) -> Identity {
    use std::os::windows::fs::MetadataExt;
    Identity(0, meta.creation_time())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_updated_program_is_noticed_and_a_removed_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (path, new) = (dir.path().join("program"), dir.path().join("new"));
        std::fs::write(&path, "1").unwrap();
        std::fs::write(&new, "2").unwrap();
        let program = Program(Program::at(&path).ok());
        assert!(!program.was_replaced());
        std::fs::rename(&new, &path).unwrap();
        assert!(program.was_replaced());
        std::fs::remove_file(&path).unwrap();
        assert!(!program.was_replaced());
        assert!(!Program::of_this_process().was_replaced());
    }

    #[test]
    fn replaced_and_removed_files_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, database) = (dir.path().join("l"), dir.path().join("d"));
        let file = File::create(&lock).unwrap();
        std::fs::write(&database, "a").unwrap();
        let owned = Owned::record((&lock, &file), &database).unwrap();
        std::fs::write(&database, "changed in place").unwrap();
        assert_eq!(owned.lost(), None);
        std::fs::write(dir.path().join("new"), "b").unwrap();
        std::fs::rename(dir.path().join("new"), &database).unwrap();
        assert!(owned.lost().unwrap().contains("replaced"));
        std::fs::remove_file(&database).unwrap();
        assert!(owned.lost().unwrap().contains("deleted"));
    }
}
