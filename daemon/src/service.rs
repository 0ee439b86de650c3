//! Running for good: the files that tell this system's service manager how, made from the templates in `packaging/`.
//!
//! Linux has two units of the user's own systemd, one for the socket and one for the daemon behind it; macOS a launchd agent;
//! Windows a task at logon. A daemon per database: those of another than the default one carry its id in their names.
//! The launchd agent and the Windows task are rendered and read back here, but were never run.

mod orders;
mod quote;

use std::{
    io,
    path::{Path, PathBuf},
};

use orc_proto::{Endpoint, Places};

pub(crate) use orders::{Manager, Order};

/// How files of ours begin; what does not is not ours to replace or remove.
const MARK: &str = "Written by `task-orchestrator service install`";

/// What is to run, and for whom.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// The program, absolute.
    pub(crate) program: PathBuf,
    /// The database and its socket.
    pub(crate) endpoint: Endpoint,
    /// The user's folders.
    pub(crate) places: Places,
    /// A file in place of the user's config.yaml.
    pub(crate) config: Option<PathBuf>,
    /// The runtime folder, where it is not the usual one.
    pub(crate) runtime_dir: Option<PathBuf>,
    /// The user as the system names it.
    pub(crate) user: String,
}

/// A file for the service manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Where it belongs.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) text: String,
}

/// How a file that should be there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As it would be written now.
    Right,
    /// Ours, and for another program, database or version.
    Stale,
    /// Somebody else's.
    Foreign,
    /// Not there.
    Missing,
}

/// Why a service cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// A path that no service manager's file can hold.
    #[error("{} has a line break in it, which {what} cannot name. Move it to another folder.", path.display())]
    LineBreak { path: PathBuf, what: &'static str },
    /// The path is no text.
    #[error("{} is not valid UTF-8, which {what} cannot name. Move it to another folder.", path.display())]
    NoText { path: PathBuf, what: &'static str },
    /// A file that was not written here.
    #[error("{} is there and was not written by `task-orchestrator service install`. Look at it, and move it away.", .0.display())]
    Foreign(PathBuf),
    /// The file system said no.
    #[error("Cannot write {}: {error}. Check that the folder is yours and writable.", path.display())]
    Write { path: PathBuf, error: io::Error },
}

impl Service {
    /// The service's name: the default database's is plain, others carry their id.
    pub(crate) fn name(&self, manager: Manager) -> String {
        let base = match manager {
            Manager::Launchd => "org.task-orchestrator.daemon",
            Manager::Systemd | Manager::TaskScheduler => "task-orchestrator",
        };
        if self.endpoint.is_default { base.to_owned() } else { format!("{base}-{}", self.endpoint.id()) }
    }

    /// The files that a manager needs.
    ///
    /// # Errors
    /// When a path cannot be written into them.
    pub(crate) fn units(&self, manager: Manager) -> Result<Vec<Unit>, ServiceError> {
        let name = self.name(manager);
        manager
            .templates()
            .iter()
            .map(|template| {
                let path = manager.folder(&self.places).join(format!("{name}.{}", template.ending));
                Ok(Unit { path, text: quote::fill(template.text, manager, self)? })
            })
            .collect()
    }
}

impl Unit {
    /// How the file is now.
    pub(crate) fn standing(&self) -> Standing {
        match std::fs::read_to_string(&self.path) {
            Ok(text) if text == self.text => Standing::Right,
            Ok(text) if text.contains(MARK) => Standing::Stale,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Standing::Missing,
            Ok(_) | Err(_) => Standing::Foreign,
        }
    }

    /// Writes it, whole or not at all; answers whether that changed anything.
    ///
    /// # Errors
    /// When somebody else's file is there, or the file system says no.
    pub(crate) fn write(&self) -> Result<bool, ServiceError> {
        let failed = |error| ServiceError::Write { path: self.path.clone(), error };
        match self.standing() {
            Standing::Right => return Ok(false),
            Standing::Foreign => return Err(ServiceError::Foreign(self.path.clone())),
            Standing::Stale | Standing::Missing => {}
        }
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let fresh = self.path.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&fresh, &self.text)
            .and_then(|()| std::fs::rename(&fresh, &self.path))
            .inspect_err(|_| drop(std::fs::remove_file(&fresh)))
            .map_err(failed)?;
        Ok(true)
    }

    /// Takes it away; answers whether it was there.
    ///
    /// # Errors
    /// When somebody else's file is there, or the file system says no.
    pub(crate) fn remove(&self) -> Result<bool, ServiceError> {
        match self.standing() {
            Standing::Missing => Ok(false),
            Standing::Foreign => Err(ServiceError::Foreign(self.path.clone())),
            Standing::Right | Standing::Stale => std::fs::remove_file(&self.path)
                .map(|()| true)
                .map_err(|error| ServiceError::Write { path: self.path.clone(), error }),
        }
    }
}

#[cfg(test)]
mod tests;
