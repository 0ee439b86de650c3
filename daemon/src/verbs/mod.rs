//! What a person runs. Each verb is one file; all but `serve` are clients of the daemon.

pub(crate) mod call;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod stop;

use std::{io::Write, path::Path};

use orc_proto::{
    Endpoint, EndpointError, Places, Settings,
    autostart::Unreachable,
    dial::{DialError, RpcError},
    places::NoHome,
};

/// What ends a verb early, in words for the person who ran it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Home(#[from] NoHome),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("Cannot start: {0}")]
    System(#[from] std::io::Error),
    #[error("The daemon did not answer: {0}")]
    Rpc(#[from] RpcError),
    #[error("{0}")]
    Said(String),
}

/// Where this process' person and environment point to.
pub(crate) struct Here {
    pub(crate) places: Places,
    pub(crate) settings: Settings,
    pub(crate) endpoint: Endpoint,
}

impl Here {
    /// From `--db`, the environment and the home folder.
    pub(crate) fn find(db: Option<&Path>) -> Result<Self, Trouble> {
        let places = Places::of_this_user()?;
        let settings = Settings::of_this_process(&places.home);
        let folder = std::env::current_dir().unwrap_or_else(|_| places.home.clone());
        let db = db.map(|path| orc_proto::settings::absolute(path, &places.home, &folder));
        let endpoint = Endpoint::find(&places, &settings, db.as_deref())?;
        Ok(Self { places, settings, endpoint })
    }
}

/// A line for the person on stdout. A closed pipe is the reader's choice, not our failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line for the person on stderr.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "task-orchestrator: {line}");
}

/// The small runtime a client verb needs.
pub(crate) fn client_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
