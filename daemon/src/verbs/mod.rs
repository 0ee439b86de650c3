//! What a person runs. Each verb is one file; all but `serve` are clients of the daemon.

pub(crate) mod backup;
pub(crate) mod call;
pub(crate) mod doctor;
pub(crate) mod import;
pub(crate) mod offline;
pub(crate) mod repair;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod stop;

use std::{io::Write, path::Path};

use orc_proto::{
    Endpoint, EndpointError, Hello, Kind, Places, Settings,
    autostart::{May, PATIENCE, Unreachable, reach},
    dial::{Connection, DialError, RpcError},
    places::NoHome,
    spawn::{Starter, daemon_program},
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
    #[error(transparent)]
    Document(#[from] import::Unreadable),
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

    /// A session of the person who runs this, with a daemon that is started if need be.
    pub(crate) async fn connect(&self) -> Result<Connection, Trouble> {
        let hello = Hello {
            folder: std::env::current_dir().unwrap_or_else(|_| self.places.home.clone()),
            agent: self.settings.agent.clone(),
            clears_stop_marker: true,
            settings: self.settings.for_hello(),
            user: user(&self.places.home),
            ..Hello::new(Kind::Person, self.endpoint.database.clone())
        };
        let starter = Starter {
            program: std::env::current_exe().unwrap_or_else(|_| daemon_program()),
            home: self.places.home.clone(),
            config: self.settings.config.clone(),
            workspaces: self.settings.workspaces.clone(),
            runtime_dir: self.settings.runtime_dir.clone(),
            patience: PATIENCE,
        };
        Ok(reach(&self.endpoint, &hello, &starter, May::Start, PATIENCE).await?)
    }
}

/// Who the person is: as the environment says, else as the home folder is called.
fn user(home: &Path) -> Option<String> {
    let told = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    told.filter(|name| !name.is_empty()).or_else(|| Some(home.file_name()?.to_string_lossy().into_owned()))
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
