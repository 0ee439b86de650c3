//! Folders nobody else may enter: the runtime folder and whatever stands in for it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a folder is not trusted with a socket. Every text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum UnsafeDir {
    /// A symbolic link stands at the path.
    #[error(
        "{0} is a symbolic link. Name the real folder in TASK_ORCHESTRATOR_RUNTIME_DIR, or put a folder in its place."
    )]
    Link(PathBuf),
    /// Something else stands at the path.
    #[error("{0} is not a folder. Move it away, or name another folder in TASK_ORCHESTRATOR_RUNTIME_DIR.")]
    NotDir(PathBuf),
    /// It belongs to somebody else.
    #[error(
        "{path} belongs to user {owner}, not to you. Name a folder of yours in TASK_ORCHESTRATOR_RUNTIME_DIR."
    )]
    Owner {
        /// The folder.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
    },
    /// Others may enter.
    #[error("{path} is open to others (mode {mode:04o}). Make it yours alone: chmod 700 '{path}'")]
    Mode {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It cannot be made or read.
    #[error("Cannot use the folder {path}: {error}.{}", sandbox_hint(.error, .path))]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl UnsafeDir {
    /// Whether there simply is no such folder yet.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }
}

/// What to say when the system forbids something at `path`: sandboxes are the usual reason.
pub(crate) fn sandbox_hint(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!(" Does this run in a sandbox? Allow it to use {}", path.display())
        }
        _ => String::new(),
    }
}

/// Creates the folder (and its parents) with mode 0700 if it is missing, then checks it.
///
/// # Errors
/// [`UnsafeDir`], in words.
pub fn ensure(path: &Path) -> Result<(), UnsafeDir> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // A link or a file in the way is for `verify` to name.
        Err(error) if std::fs::symlink_metadata(path).is_err() => {
            Err(UnsafeDir::Io { path: path.to_owned(), error })
        }
        _ => verify(path),
    }
}

/// Checks that the folder is a real one, ours, and closed to others.
///
/// # Errors
/// [`UnsafeDir`]; a missing folder is `Io` ([`UnsafeDir::is_missing`]).
pub fn verify(path: &Path) -> Result<(), UnsafeDir> {
    let meta =
        std::fs::symlink_metadata(path).map_err(|error| UnsafeDir::Io { path: path.to_owned(), error })?;
    if meta.file_type().is_symlink() {
        return Err(UnsafeDir::Link(path.to_owned()));
    }
    if !meta.is_dir() {
        return Err(UnsafeDir::NotDir(path.to_owned()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(UnsafeDir::Owner { path: path.to_owned(), owner: meta.uid() });
        }
        if meta.mode() & 0o077 != 0 {
            return Err(UnsafeDir::Mode { path: path.to_owned(), mode: meta.mode() & 0o7777 });
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn makes_and_accepts_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        assert!(verify(&path).unwrap_err().is_missing());
        ensure(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn refuses_links_files_and_open_folders() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(ensure(&open).unwrap_err().to_string().contains("mode 0755"));
        let link = dir.path().join("link");
        symlink(&open, &link).unwrap();
        assert!(ensure(&link).unwrap_err().to_string().contains("symbolic link"));
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(ensure(&file).unwrap_err().to_string().contains("not a folder"));
    }
}
