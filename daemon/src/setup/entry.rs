//! The entry that makes a client start the shim.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

/// What the shim's file is called; an entry that runs one of this name is ours.
pub(crate) const SHIM: &str = "task-orchestrator-mcp";

/// The server as a client is to know it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Server {
    /// Under which name.
    pub(crate) name: String,
    /// The shim, by its absolute path.
    pub(crate) shim: PathBuf,
    /// Variables for it, in the order given.
    pub(crate) environment: Vec<(String, String)>,
    /// What setup has written into the file before: commands by the names of their servers.
    pub(crate) written: BTreeMap<String, String>,
}

/// The form of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `command` and `env`.
    Plain,
    /// The same with `"type": "stdio"`.
    Stdio,
    /// The same with `args`, which that client wants even when empty.
    WithArguments,
    /// OpenCode's: `"type": "local"`, the command as an array, `environment`.
    OpenCode,
}

impl Server {
    /// The command, as text.
    pub(crate) fn command(&self) -> String {
        self.shim.to_string_lossy().into_owned()
    }

    /// The same, with what setup has written into a file before.
    pub(crate) fn known_by(&self, written: BTreeMap<String, String>) -> Self {
        Self { written, ..self.clone() }
    }

    /// Whether an entry of its name with that command is ours: it runs a shim of the usual file name, the one asked for, or what
    /// setup wrote there.
    pub(crate) fn is_ours(&self, command: &str) -> bool {
        let name = command.rsplit(['/', '\\']).next().unwrap_or_default();
        name.strip_suffix(".exe").unwrap_or(name) == SHIM
            || Path::new(command) == self.shim
            || self.written.get(&self.name).is_some_and(|written| written == command)
    }

    /// Says that the name belongs to another server.
    pub(crate) fn taken_by(&self, command: &str) -> String {
        format!("{}; choose another name with --name", self.runs(command))
    }

    /// Says what the entry of that name runs.
    pub(crate) fn runs(&self, command: &str) -> String {
        let runs = if command.is_empty() { "another server".to_owned() } else { format!("'{command}'") };
        format!("\"{}\" there runs {runs}", self.name)
    }
}

impl Shape {
    /// What has to be in the entry, in order.
    pub(crate) fn members(self, server: &Server) -> Vec<(&'static str, Value)> {
        let command = server.command();
        let variables: Map<String, Value> =
            server.environment.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let mut members = match self {
            Self::Plain => vec![("command", json!(command))],
            Self::Stdio => vec![("type", json!("stdio")), ("command", json!(command))],
            Self::WithArguments => vec![("command", json!(command)), ("args", json!([]))],
            Self::OpenCode => vec![("type", json!("local")), ("command", json!([command]))],
        };
        if !variables.is_empty() {
            members.push((self.environment(), Value::Object(variables)));
        }
        members
    }

    /// The command in an entry.
    pub(crate) fn command(self, entry: &Value) -> Option<&str> {
        match self {
            Self::OpenCode => entry["command"].as_array()?.first()?.as_str(),
            _ => entry["command"].as_str(),
        }
    }

    /// Where the variables stand.
    pub(crate) fn environment(self) -> &'static str {
        if self == Self::OpenCode { "environment" } else { "env" }
    }
}
