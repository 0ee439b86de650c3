//! Where things are, from the home folder alone.
//!
//! MCP clients start shims with an almost empty environment: XDG variables and TMPDIR are there in one process and
//! absent in the other, so neither is asked (`daemon.md` rule 16).

use std::path::{Path, PathBuf};

/// The folders of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The home folder.
    pub home: PathBuf,
    /// Sockets, start locks, stop markers and logs; mode 0700.
    pub runtime: PathBuf,
    /// The default database's folder.
    pub data: PathBuf,
    /// `config.yaml`'s folder.
    pub config: PathBuf,
}

/// No home folder, neither in HOME nor in the user database.
#[derive(Debug, thiserror::Error)]
#[error("No home folder: HOME is not set and the user database has none. Set HOME to an absolute path.")]
pub struct NoHome;

impl Places {
    /// This process' user: HOME, or the passwd entry when HOME is unset or empty.
    ///
    /// # Errors
    /// [`NoHome`].
    pub fn of_this_user() -> Result<Self, NoHome> {
        let base = directories::BaseDirs::new().ok_or(NoHome)?;
        Ok(Self::platform(&base))
    }

    /// The places under a home folder, as on Linux.
    pub fn under(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            runtime: home.join(".local/state/task-orchestrator/run"),
            data: home.join(".local/share/task-orchestrator"),
            config: home.join(".config/task-orchestrator"),
        }
    }

    /// `tasks.db` in the data folder.
    pub fn default_database(&self) -> PathBuf {
        self.data.join("tasks.db")
    }

    /// Where the original (`task-orchestrator-py`) keeps its database.
    pub fn original_database(&self) -> PathBuf {
        self.home.join(".task-orchestrator").join("tasks.db")
    }

    #[cfg(not(any(windows, target_os = "macos")))]
    fn platform(base: &directories::BaseDirs) -> Self {
        Self::under(base.home_dir())
    }

    #[cfg(any(windows, target_os = "macos"))]
    fn platform(base: &directories::BaseDirs) -> Self {
        let local = base.data_local_dir().join("task-orchestrator");
        Self {
            home: base.home_dir().to_owned(),
            runtime: local.join("run"),
            data: local,
            config: base.config_dir().join("task-orchestrator"),
        }
    }
}
