//! What a person runs. Each verb is one file; all but `serve` are clients of the daemon.

pub(crate) mod add;
pub(crate) mod advance;
pub(crate) mod agents;
pub(crate) mod backup;
pub(crate) mod call;
pub(crate) mod claim;
pub(crate) mod completions;
pub(crate) mod delete;
pub(crate) mod dep;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod exit;
pub(crate) mod export;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod hook;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod metrics;
pub(crate) mod next;
pub(crate) mod note;
pub(crate) mod offline;
pub(crate) mod repair;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod service;
pub(crate) mod setup;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod tree;
pub(crate) mod undelete;
pub(crate) mod watch;

mod count;
mod document;
mod events;
mod family;
mod fields;
mod input;
mod items;
mod paint;
pub(crate) mod person;
mod refusal;
mod schemas;
mod table;
mod times;

use std::{
    io::{ErrorKind, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use orc_proto::{
    Endpoint, EndpointError, Hello, HelloSettings, Kind, Places, Settings,
    autostart::{May, PATIENCE, Unreachable, reach},
    dial::{Connection, DialError, RpcError},
    places::NoHome,
    spawn::{Starter, daemon_program},
};

use exit::Exit;
use serde_json::json;

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
    #[error("{0}")]
    System(#[from] std::io::Error),
    #[error("The daemon did not answer: {0}")]
    Rpc(#[from] RpcError),
    #[error(transparent)]
    Document(#[from] import::Unreadable),
    #[error("{0}")]
    Said(String),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Refused(#[from] Box<refusal::Refused>),
    #[error("interrupted")]
    Interrupted,
}

impl Trouble {
    /// How the program ends with it.
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Document(_) | Self::Said(_) | Self::System(_) => Exit::Refused,
            Self::Refused(refused) => refused.exit(),
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Unreachable,
        }
    }

    /// The document for who asked for JSON: a refusal as it came, anything else in the same form (`contract.md` §1).
    fn document(&self) -> String {
        match self {
            Self::Refused(refused) if !refused.text.is_empty() => refused.text.clone(),
            other => {
                let code = if other.exit() == Exit::Unreachable { "UNAVAILABLE" } else { "VALIDATION" };
                json!({"error": {"code": code, "message": other.to_string()}}).to_string()
            }
        }
    }
}

/// Ends a verb that could not do its work: with words on stderr or, for who asked for JSON, with a document on stdout.
pub(crate) fn give_up(trouble: &Trouble, json: bool) -> ExitCode {
    match json {
        true => say(&trouble.document()),
        false => complain(&trouble.to_string()),
    }
    if trouble.exit() == Exit::Unreachable && !json && !matches!(trouble, Trouble::Refused(_)) {
        remark("  next: task-orchestrator status");
    }
    trouble.exit().into()
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

    /// Whether there is no database, nor a daemon that makes one.
    pub(crate) fn has_none(&self) -> bool {
        let held = matches!(orc_proto::lockfile::holder(&self.endpoint.lock()), Ok(Some(_)));
        !self.endpoint.database.exists() && !held
    }

    /// Refuses to read where nothing is: a path that was typed is more often mistyped than meant to be made.
    pub(crate) fn refuse_to_read_nothing(&self) -> Result<(), Trouble> {
        if !self.has_none() {
            return Ok(());
        }
        Err(Trouble::Said(format!(
            "There is no database {}, and reading makes none. Look at the path behind --db; to have one there, \
             `task-orchestrator add` something with the same --db, or run `serve` with it; a client's first session makes it too.",
            self.endpoint.database.display()
        )))
    }

    /// A session of the person who runs this, with a daemon that is started if need be.
    pub(crate) async fn connect(&self) -> Result<Connection, Trouble> {
        self.connect_as(self.settings.for_hello(), May::Start).await
    }

    /// The same with settings of its own, and perhaps only if a daemon runs.
    pub(crate) async fn connect_as(&self, settings: HelloSettings, may: May) -> Result<Connection, Trouble> {
        let hello = Hello {
            folder: std::env::current_dir().unwrap_or_else(|_| self.places.home.clone()),
            clears_stop_marker: may == May::Start,
            settings,
            user: user(),
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
        Ok(reach(&self.endpoint, &hello, &starter, may, PATIENCE).await?)
    }
}

/// Who the person is: as USER says, else as the system calls whoever runs this process.
pub(crate) fn user() -> Option<String> {
    let told = |name: &str| std::env::var(name).ok().filter(|name| !name.trim().is_empty());
    told("USER")
        .or_else(user_of_the_system)
        .or_else(|| ["LOGNAME", "USERNAME"].into_iter().find_map(told))
        .or_else(|| Some("unknown".to_owned()))
}

/// What `id` says: it asks every directory of users that the system knows, and not its file alone.
fn user_of_the_system() -> Option<String> {
    if cfg!(windows) {
        return None;
    }
    let said = Command::new("id").arg("-un").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let name = String::from_utf8(said.stdout).ok().filter(|_| said.status.success())?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Whether something could not be written to stdout, by another's fault than the reader's.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// A line for the person on stdout.
pub(crate) fn say(line: &str) {
    tell(&format!("{line}\n"));
}

/// Lines that are complete, on stdout. A closed pipe is the reader's choice, not our failure; a full disk is one.
pub(crate) fn tell(lines: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(lines.as_bytes()).and_then(|()| out.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        UNWRITTEN.store(true, Ordering::Relaxed);
        complain(&format!("cannot write the answer: {error}"));
    }
}

/// How a verb ends that has said all it had to say: an answer that nobody got is a failure.
pub(crate) fn finished(exit: Exit) -> ExitCode {
    let unwritten = UNWRITTEN.load(Ordering::Relaxed) && exit == Exit::Fine;
    if unwritten { Exit::Refused } else { exit }.into()
}

/// A line for the person on stderr.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "task-orchestrator: {line}");
}

/// What a person should know beside the answer, on stderr.
pub(crate) fn remark(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The small runtime a client verb needs.
pub(crate) fn client_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
