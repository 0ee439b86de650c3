//! The frozen first frames: [`Hello`] from whoever connects, one [`Reply`] from the daemon.
//!
//! Both are single JSON frames. Fields may be added with `#[serde(default)]`; none is ever renamed or removed, and
//! [`Reply`] gets no new variant (`daemon.md` rule 11), for this is how programs of different versions tell each
//! other what to update.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// First field of every hello; anything else on the socket is no client of ours.
pub const MAGIC: &str = "task-orchestrator";
/// Oldest protocol this build still speaks.
pub const PROTOCOL_MIN: u32 = 2;
/// Newest protocol this build speaks.
pub const PROTOCOL_MAX: u32 = 2;
/// Oldest protocol whose probes are understood, and understand. What they ask (`daemon/status`, `daemon/stop`) carries no document
/// and is one JSON message in every protocol: so that `stop` ends the daemon that an update left behind.
pub const PROBE_MIN: u32 = 1;
/// The product's version, for people; it decides nothing.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// What a client says first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Hello {
    /// Always [`MAGIC`].
    pub magic: String,
    /// Oldest protocol the client speaks.
    pub protocol_min: u32,
    /// Newest protocol the client speaks.
    pub protocol_max: u32,
    /// The client's product version.
    #[serde(default)]
    pub build: String,
    /// `shim`, `person` or `probe` (see [`Kind`]); a string, so that an old daemon can refuse a new kind in words.
    pub kind: String,
    /// The client's process id, for people: attribution, not identity.
    #[serde(default)]
    pub pid: u32,
    /// The folder the client was started in; relative paths in arguments are resolved against it.
    #[serde(default)]
    pub folder: PathBuf,
    /// Canonical path of the database the client wants.
    pub database: PathBuf,
    /// The MCP client's name, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The MCP client's version, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_version: Option<String>,
    /// `TASK_ORCHESTRATOR_AGENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Token of the session to resume, from an earlier [`Welcome`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether this connection takes back an earlier `stop` (`daemon.md` rule 9).
    #[serde(default)]
    pub clears_stop_marker: bool,
    /// Settings of the session.
    #[serde(default)]
    pub settings: HelloSettings,
    /// The client's roots, as it names them (`file://` addresses), where it has told them already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roots: Vec<String>,
    /// Who a `person` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Hello {
    /// A hello of this build and process for `database`.
    pub fn new(kind: Kind, database: PathBuf) -> Self {
        Self {
            magic: MAGIC.to_owned(),
            protocol_min: oldest(kind.word()),
            protocol_max: PROTOCOL_MAX,
            build: BUILD.to_owned(),
            kind: kind.word().to_owned(),
            pid: std::process::id(),
            database,
            ..Self::default()
        }
    }
}

/// Settings that belong to a session, as the client's environment gives them (`contract.md` §11).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HelloSettings {
    /// `TASK_ORCHESTRATOR_TOOLS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<String>,
    /// `TASK_ORCHESTRATOR_RESPONSES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responses: Option<String>,
    /// `TASK_ORCHESTRATOR_STRUCTURED`.
    #[serde(default)]
    pub structured: bool,
    /// `TASK_ORCHESTRATOR_PROJECT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// `TASK_ORCHESTRATOR_CONFIG`, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// `TASK_ORCHESTRATOR_WORKSPACES`, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspaces: Option<PathBuf>,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An MCP client's shim: its session lives as long as the connection.
    Shim,
    /// A command a person runs.
    Person,
    /// Asks after the daemon itself; opens no session and is answered while the daemon still starts.
    Probe,
}

impl Kind {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shim => "shim",
            Self::Person => "person",
            Self::Probe => "probe",
        }
    }

    /// The kind a word on the wire means.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Shim, Self::Person, Self::Probe].into_iter().find(|kind| kind.word() == word)
    }
}

/// The daemon's answer. Frozen: no further variant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Served; the calls follow on the same stream.
    Welcome(Welcome),
    /// Alive, but the database is still being opened or migrated: come back in a moment.
    Starting(Starting),
    /// Not served; the connection ends.
    Refused(Refused),
}

/// The daemon serves this connection.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Welcome {
    /// The protocol both speak from here on.
    pub protocol: u32,
    /// The daemon's product version.
    pub build: String,
    /// The daemon's process id.
    pub pid: u32,
    /// Canonical path of the database it owns.
    pub database: PathBuf,
    /// Id of the session; empty for a probe.
    #[serde(default)]
    pub session: String,
    /// Resumes the session after a lost connection or a daemon restart; empty for a probe.
    #[serde(default)]
    pub token: String,
    /// The name the session's agent got; empty for a probe.
    #[serde(default)]
    pub agent: String,
}

/// The daemon is alive and not yet ready.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Starting {
    /// What it is doing, in words.
    pub why: String,
}

/// The daemon does not serve this connection.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Refused {
    /// One of the words in [`code`], or one the daemon's sessions bring.
    pub code: String,
    /// What is wrong and what to do, for people and agents.
    pub message: String,
    /// Oldest protocol the daemon speaks.
    #[serde(default)]
    pub protocol_min: u32,
    /// Newest protocol the daemon speaks.
    #[serde(default)]
    pub protocol_max: u32,
    /// The daemon's product version.
    #[serde(default)]
    pub build: String,
}

/// Words in [`Refused::code`] that a client may act on.
pub mod code {
    /// The hello is none of ours.
    pub const HELLO: &str = "HELLO";
    /// The protocol ranges do not meet.
    pub const PROTOCOL: &str = "PROTOCOL";
    /// The daemon owns another database.
    pub const DATABASE: &str = "DATABASE";
    /// The daemon is ending; the next one will serve.
    pub const STOPPING: &str = "STOPPING";
    /// Too many connections at once, most of which say nothing: come back in a moment.
    pub const BUSY: &str = "BUSY";
    /// All sessions are taken.
    pub const SESSIONS: &str = "SESSIONS";
}

/// The oldest protocol that this build speaks with a kind of client.
pub fn oldest(kind: &str) -> u32 {
    if kind == Kind::Probe.word() { PROBE_MIN } else { PROTOCOL_MIN }
}

/// The protocol two ranges share: the newest both speak.
///
/// # Errors
/// Says in words which side to update.
pub fn negotiate(
    client: &Hello,
    daemon_min: u32,
    daemon_max: u32,
    daemon_build: &str,
) -> Result<u32, String> {
    let newest = client.protocol_max.min(daemon_max);
    if newest >= client.protocol_min && newest >= daemon_min && client.protocol_min <= client.protocol_max {
        return Ok(newest);
    }
    let which = if client.protocol_max < daemon_min {
        format!("Update the client (task-orchestrator-mcp, now {}) and start it again.", client.build)
    } else {
        format!(
            "Update the daemon (task-orchestrator, now {daemon_build}), then end the running one with \
             `task-orchestrator stop` when its other sessions are done."
        )
    };
    Err(format!(
        "The client speaks protocol {} to {}, the daemon {daemon_min} to {daemon_max}. {which}",
        client.protocol_min, client.protocol_max
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(min: u32, max: u32) -> Hello {
        Hello { protocol_min: min, protocol_max: max, ..Hello::new(Kind::Shim, "/d/tasks.db".into()) }
    }

    #[test]
    fn overlapping_ranges_meet_at_the_newest() {
        assert_eq!(negotiate(&hello(1, 2), 2, 3, "9"), Ok(2));
        assert_eq!(negotiate(&hello(2, 5), 2, 3, "9"), Ok(3));
    }

    #[test]
    fn disjoint_ranges_name_the_side_to_update() {
        assert!(negotiate(&hello(4, 5), 2, 3, "9").unwrap_err().contains("Update the daemon"));
        assert!(negotiate(&hello(1, 1), 2, 3, "9").unwrap_err().contains("Update the client"));
    }

    #[test]
    fn the_first_frames_are_frozen() {
        let text = serde_json::to_string(&Reply::Refused(Refused::default())).unwrap();
        assert_eq!(
            text,
            r#"{"refused":{"code":"","message":"","protocol_min":0,"protocol_max":0,"build":""}}"#
        );
        // A hello from a build that knew only the fields of the first protocol, and one from a later build.
        let old = r#"{"magic":"task-orchestrator","protocol_min":1,"protocol_max":1,"kind":"shim","database":"/d"}"#;
        assert_eq!(serde_json::from_str::<Hello>(old).unwrap().kind, "shim");
        let new = old.replace("\"kind\"", "\"colour\":\"blue\",\"kind\"");
        assert!(serde_json::from_str::<Hello>(&new).is_ok());
    }
}
