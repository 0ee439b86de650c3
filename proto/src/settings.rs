//! The environment variables, all of them, in one place (`contract.md` §11).
//!
//! An empty variable is one not given: MCP client configurations fill in `""`. A leading `~` is the home folder, as
//! no shell stands between a client's configuration and us.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::handshake::HelloSettings;

/// Path of the database.
pub const DB: &str = "TASK_ORCHESTRATOR_DB";
/// Path of a file in place of the user's `config.yaml`.
pub const CONFIG: &str = "TASK_ORCHESTRATOR_CONFIG";
/// The agent's name.
pub const AGENT: &str = "TASK_ORCHESTRATOR_AGENT";
/// `core`, `full` or `read`.
pub const TOOLS: &str = "TASK_ORCHESTRATOR_TOOLS";
/// `compact` or `full`.
pub const RESPONSES: &str = "TASK_ORCHESTRATOR_RESPONSES";
/// `1`: answers also as `structuredContent`.
pub const STRUCTURED: &str = "TASK_ORCHESTRATOR_STRUCTURED";
/// The project's name, in place of the folder's.
pub const PROJECT: &str = "TASK_ORCHESTRATOR_PROJECT";
/// Folder of sockets, start locks, stop markers and logs.
pub const RUNTIME_DIR: &str = "TASK_ORCHESTRATOR_RUNTIME_DIR";
/// Log level or filter, e.g. `info`.
pub const LOG: &str = "TASK_ORCHESTRATOR_LOG";
/// Path of the original's `workspaces.json`.
pub const WORKSPACES: &str = "TASK_ORCHESTRATOR_WORKSPACES";

/// What the environment says; `None` is not given. Paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// [`DB`].
    pub database: Option<PathBuf>,
    /// [`CONFIG`].
    pub config: Option<PathBuf>,
    /// [`AGENT`].
    pub agent: Option<String>,
    /// [`TOOLS`].
    pub tools: Option<String>,
    /// [`RESPONSES`].
    pub responses: Option<String>,
    /// [`STRUCTURED`]: anything but `0`, `false`, `no`, `off` turns it on.
    pub structured: bool,
    /// [`PROJECT`].
    pub project: Option<String>,
    /// [`RUNTIME_DIR`].
    pub runtime_dir: Option<PathBuf>,
    /// [`LOG`].
    pub log: Option<String>,
    /// [`WORKSPACES`].
    pub workspaces: Option<PathBuf>,
}

impl Settings {
    /// The settings of this process.
    pub fn of_this_process(home: &Path) -> Self {
        let folder = std::env::current_dir().unwrap_or_else(|_| home.to_owned());
        Self::read(|name| std::env::var_os(name), home, &folder)
    }

    /// The settings `get` gives; relative paths are taken from `folder`.
    pub fn read(get: impl Fn(&str) -> Option<OsString>, home: &Path, folder: &Path) -> Self {
        let raw = |name: &str| get(name).filter(|value| !value.is_empty());
        let text = |name: &str| {
            raw(name).map(|value| value.to_string_lossy().trim().to_owned()).filter(|value| !value.is_empty())
        };
        let path = |name: &str| raw(name).map(|value| absolute(Path::new(&value), home, folder));
        Self {
            database: path(DB),
            config: path(CONFIG),
            agent: text(AGENT),
            tools: text(TOOLS),
            responses: text(RESPONSES),
            structured: text(STRUCTURED).is_some_and(|word| {
                !["0", "false", "no", "off"].contains(&word.to_ascii_lowercase().as_str())
            }),
            project: text(PROJECT),
            runtime_dir: path(RUNTIME_DIR),
            log: text(LOG),
            workspaces: path(WORKSPACES),
        }
    }

    /// The part a session's hello carries.
    pub fn for_hello(&self) -> HelloSettings {
        HelloSettings {
            tools: self.tools.clone(),
            responses: self.responses.clone(),
            structured: self.structured,
            project: self.project.clone(),
            config: self.config.clone(),
            workspaces: self.workspaces.clone(),
        }
    }
}

/// `~` and `~/…` from the home folder, anything relative from `folder`.
pub fn absolute(path: &Path, home: &Path, folder: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) if rest.as_os_str().is_empty() => home.to_owned(),
        Ok(rest) => home.join(rest),
        Err(_) => folder.join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Settings {
        let get =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        Settings::read(get, Path::new("/home/ann"), Path::new("/work/p"))
    }

    #[test]
    fn empty_is_not_given() {
        assert_eq!(read(&[(DB, ""), (AGENT, " "), (STRUCTURED, "")]), Settings::default());
    }

    #[test]
    fn paths_become_absolute() {
        let settings =
            read(&[(DB, "~/x.db"), (CONFIG, "c.yaml"), (WORKSPACES, "/w.json"), (RUNTIME_DIR, "~")]);
        assert_eq!(settings.database.as_deref(), Some(Path::new("/home/ann/x.db")));
        assert_eq!(settings.config.as_deref(), Some(Path::new("/work/p/c.yaml")));
        assert_eq!(settings.workspaces.as_deref(), Some(Path::new("/w.json")));
        assert_eq!(settings.runtime_dir.as_deref(), Some(Path::new("/home/ann")));
    }

    #[test]
    fn structured_is_a_switch() {
        assert!(read(&[(STRUCTURED, "1")]).structured);
        assert!(!read(&[(STRUCTURED, "False")]).structured);
    }
}
