//! From a database path to everything that belongs to its daemon: socket, locks, stop marker, log.

use std::{
    ffi::OsString,
    io,
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    places::Places,
    private_dir::{self, UnsafeDir},
    settings::Settings,
};

/// Longest socket path, in bytes: 104 on macOS with its NUL, less some room (`daemon.md` rule 16).
#[cfg(unix)]
const MAX_SOCKET_PATH: usize = 100;

/// Where one database's daemon is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The database's canonical path, the same before and after the file exists.
    pub database: PathBuf,
    /// It is the default one: its folder is ours to create.
    pub is_default: bool,
    /// Locks, markers, logs.
    pub runtime: PathBuf,
    /// The socket; on Windows a pipe's name.
    pub socket: PathBuf,
    id: String,
}

/// A database path that leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The path cannot be resolved.
    #[error("Cannot resolve the database path {path}: {error}. Check TASK_ORCHESTRATOR_DB (or --db).")]
    Unresolvable {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It names a folder.
    #[error("The database path {0} is a folder; name a file in it, such as tasks.db.")]
    Folder(PathBuf),
    /// It names a pipe, a device or a socket.
    #[error("The database path {0} is no regular file; name one, such as tasks.db.")]
    NoFile(PathBuf),
}

impl Endpoint {
    /// The endpoint of `database`, or of the settings' or the default database. Touches nothing.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn find(
        places: &Places,
        settings: &Settings,
        database: Option<&Path>,
    ) -> Result<Self, EndpointError> {
        let given = database.or(settings.database.as_deref());
        let path = given.map_or_else(|| places.default_database(), Path::to_owned);
        let database =
            canonical(&path, 0).map_err(|error| EndpointError::Unresolvable { path: path.clone(), error })?;
        if database.is_dir() {
            return Err(EndpointError::Folder(database));
        }
        if database.exists() && !database.is_file() {
            return Err(EndpointError::NoFile(database));
        }
        let runtime = settings.runtime_dir.clone().unwrap_or_else(|| places.runtime.clone());
        let id = short_hash(&database);
        let socket = socket_path(&runtime, &id);
        let is_default = canonical(&places.default_database(), 0).is_ok_and(|default| default == database);
        Ok(Self { database, is_default, runtime, socket, id })
    }

    /// Creates and checks the folders a daemon or a starter needs. The database's is made where it is missing, as the original
    /// did; one that is there may be as open as its owner wants it.
    ///
    /// # Errors
    /// [`UnsafeDir`].
    pub fn prepare(&self) -> Result<(), UnsafeDir> {
        private_dir::ensure(&self.runtime)?;
        self.outside_runtime().map_or(Ok(()), private_dir::ensure)?;
        match self.database.parent() {
            Some(data) if !data.exists() => private_dir::ensure(data),
            _ => Ok(()),
        }
    }

    /// Checks the socket's folder before connecting.
    ///
    /// # Errors
    /// [`UnsafeDir`].
    pub fn verify(&self) -> Result<(), UnsafeDir> {
        if cfg!(windows) {
            Ok(())
        } else {
            private_dir::verify(self.outside_runtime().unwrap_or(&self.runtime))
        }
    }

    /// The lock a daemon holds for life: beside the database, never deleted (`daemon.md` rule 2).
    pub fn lock(&self) -> PathBuf {
        let mut name = OsString::from(&self.database);
        name.push(".lock");
        name.into()
    }

    /// What tells this database's files from another's: the first characters of its path's hash.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The lock of whoever starts a daemon.
    pub fn start_lock(&self) -> PathBuf {
        self.runtime.join(format!("{}.start.lock", self.id))
    }

    /// Stands while `stop` holds (`daemon.md` rule 9).
    pub fn stop_marker(&self) -> PathBuf {
        self.runtime.join(format!("{}.stopped", self.id))
    }

    /// The log of a daemon that a shim started.
    pub fn log(&self) -> PathBuf {
        self.runtime.join(format!("{}.log", self.id))
    }

    /// The note of the daemon that runs, or of one that did not end by itself.
    pub fn running(&self) -> PathBuf {
        self.runtime.join(format!("{}.running", self.id))
    }

    /// The note of the last one that did not end by itself.
    pub fn last_crash(&self) -> PathBuf {
        self.runtime.join(format!("{}.last-crash", self.id))
    }

    /// The note of a daemon that lost its files.
    pub fn lost(&self) -> PathBuf {
        self.runtime.join(format!("{}.lost", self.id))
    }

    /// The socket's folder, where that is not the runtime folder.
    fn outside_runtime(&self) -> Option<&Path> {
        self.socket.parent().filter(|folder| !cfg!(windows) && *folder != self.runtime)
    }
}

/// 16 hexadecimal digits of the path's SHA-256.
fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(unix)]
fn socket_path(runtime: &Path, id: &str) -> PathBuf {
    let near = runtime.join(format!("{id}.sock"));
    if near.as_os_str().len() < MAX_SOCKET_PATH {
        return near;
    }
    let user = rustix::process::geteuid().as_raw();
    PathBuf::from(format!("/tmp/task-orchestrator-{user}/{id}.sock"))
}

#[cfg(windows)]
fn socket_path(_runtime: &Path, id: &str) -> PathBuf {
    let user = std::env::var("USERNAME").unwrap_or_default();
    PathBuf::from(format!(r"\\.\pipe\task-orchestrator-{user}-{id}"))
}

/// The canonical path, also of what does not exist yet: the part that exists is resolved, links included, the rest
/// is appended.
fn canonical(path: &Path, depth: u8) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        done => return done,
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a file"));
    };
    if path.components().any(|part| part == Component::ParentDir) && !parent.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "'..' after a folder that does not exist"));
    }
    // A link to a file not yet there: SQLite would create the target.
    if let Ok(target) = path.read_link() {
        if depth > 8 {
            return Err(io::Error::other("too many symbolic links"));
        }
        return canonical(&parent.join(target), depth + 1);
    }
    Ok(canonical(parent, depth)?.join(name))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn at(home: &Path, database: Option<&Path>) -> Endpoint {
        Endpoint::find(&Places::under(home), &Settings::default(), database).unwrap()
    }

    #[test]
    fn the_same_before_and_after_creation() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(home.join("real"), home.join("alias")).unwrap();
        std::fs::create_dir(home.join("real")).unwrap();
        std::os::unix::fs::symlink("tasks.db", home.join("real/link.db")).unwrap();
        let paths = ["alias/tasks.db", "real/../real/tasks.db", "alias/link.db", "real/tasks.db"];
        let before: Vec<_> = paths.iter().map(|path| at(&home, Some(&home.join(path)))).collect();
        std::fs::write(home.join("real/tasks.db"), "").unwrap();
        let after: Vec<_> = paths.iter().map(|path| at(&home, Some(&home.join(path)))).collect();
        assert_eq!(before, after);
        assert!(before.iter().all(|endpoint| endpoint.socket == before[0].socket));
    }

    #[test]
    fn the_default_needs_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let endpoint = at(&home, None);
        assert_eq!(endpoint.database, home.join(".local/share/task-orchestrator/tasks.db"));
        assert!(at(&home, Some(&endpoint.database)).is_default, "also by its name");
        endpoint.prepare().unwrap();
        assert_eq!(at(&home, None), endpoint);
        assert!(endpoint.lock().to_string_lossy().ends_with("/tasks.db.lock"));
    }

    #[test]
    fn a_device_is_no_database() {
        let dir = tempfile::tempdir().unwrap();
        let find = |path: &str| {
            Endpoint::find(&Places::under(dir.path()), &Settings::default(), Some(Path::new(path)))
        };
        assert!(matches!(find("/dev/null"), Err(EndpointError::NoFile(_))));
        assert!(matches!(find("/dev"), Err(EndpointError::Folder(_))));
    }

    #[test]
    fn a_long_home_falls_back_to_a_short_socket() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap().join("h".repeat(120));
        std::fs::create_dir(&home).unwrap();
        let endpoint = at(&home, None);
        assert!(endpoint.socket.as_os_str().len() < MAX_SOCKET_PATH);
        assert!(endpoint.socket.starts_with("/tmp"));
        assert!(endpoint.stop_marker().starts_with(&home));
    }
}
