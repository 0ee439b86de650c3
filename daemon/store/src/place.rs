//! Whether the database's path still leads to the file that was opened. Looked at after each commit, before anybody is
//! answered: what went into a file that was deleted or replaced is lost to the next daemon (`daemon.md` rule 3).

use std::path::PathBuf;

use rusqlite::Connection;

/// The file of a connection, where it was when it was opened.
pub(crate) struct Place {
    path: PathBuf,
    opened: Identity,
}

impl Place {
    /// `None` for a database that has no file, or none that can be told from another.
    pub(crate) fn of(connection: &Connection) -> Option<Self> {
        let path = PathBuf::from(connection.path().filter(|path| !path.is_empty())?);
        let opened = identity(&path).ok().flatten()?;
        Some(Self { path, opened })
    }

    /// Whether it is the same file. A folder that cannot be read at the moment has not lost it.
    pub(crate) fn holds(&self) -> bool {
        match identity(&self.path) {
            Ok(found) => found.is_none_or(|found| found == self.opened),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        }
    }
}

/// Device and inode.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &std::path::Path) -> std::io::Result<Option<Identity>> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path)?;
    Ok(Some((file.dev(), file.ino())))
}

/// Where there are no stable numbers the daemon's own look has to do.
#[cfg(not(unix))]
fn identity(_: &std::path::Path) -> std::io::Result<Option<Identity>> {
    Ok(None)
}
