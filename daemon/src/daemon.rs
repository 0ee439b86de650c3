//! What all connections of one daemon share.

use std::{
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Instant,
};

use orc_proto::{
    Endpoint,
    handshake::{BUILD, PROTOCOL_MAX, PROTOCOL_MIN},
};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;

use crate::{
    clock,
    doing::Doing,
    engine::Engine,
    figures::Figures,
    idle::IdleExit,
    last_end,
    lobby::Lobby,
    ownership::{Owned, Program},
    stop::{Reason, Stop},
};

/// One daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) endpoint: Endpoint,
    pub(crate) stop: Stop,
    /// Connections, greeted or not.
    pub(crate) connections: TaskTracker,
    /// Those of them that have no session.
    pub(crate) lobby: Arc<Lobby>,
    /// Calls that run; `stop` waits for them.
    pub(crate) calls: TaskTracker,
    /// Sessions that are open.
    pub(crate) sessions: watch::Sender<usize>,
    pub(crate) max_sessions: usize,
    /// Rung when the store failed: perhaps its files are gone.
    pub(crate) trouble: Arc<Notify>,
    /// The socket is a service manager's, and stays when the daemon ends.
    pub(crate) socket_was_passed: AtomicBool,
    /// What the calls so far were like.
    pub(crate) figures: Figures,
    /// What it does before it is ready.
    pub(crate) doing: Arc<Doing>,
    /// What runs here.
    pub(crate) program: Program,
    engine: OnceLock<Engine>,
    owned: OnceLock<Owned>,
    started: Instant,
    idle_exit: IdleExit,
}

/// One of the sessions a daemon has room for; given back on drop.
#[derive(Debug)]
pub(crate) struct Place(Arc<Daemon>);

impl Daemon {
    pub(crate) fn new(endpoint: Endpoint, max_sessions: usize, idle_exit: IdleExit) -> Self {
        Self {
            endpoint,
            stop: Stop::default(),
            connections: TaskTracker::new(),
            lobby: Arc::default(),
            calls: TaskTracker::new(),
            sessions: watch::Sender::new(0),
            max_sessions,
            trouble: Arc::default(),
            doing: Arc::default(),
            socket_was_passed: AtomicBool::new(false),
            figures: Figures::new(),
            program: Program::of_this_process(),
            engine: OnceLock::new(),
            owned: OnceLock::new(),
            started: Instant::now(),
            idle_exit,
        }
    }

    /// The engine, once it is open.
    pub(crate) fn engine(&self) -> Option<&Engine> {
        self.engine.get()
    }

    /// From here on sessions are served.
    pub(crate) fn ready(&self, engine: Engine, owned: Owned) {
        // Called once, by boot.
        let _ = self.owned.set(owned);
        let _ = self.engine.set(engine);
    }

    /// The files this daemon owns, once they are open.
    pub(crate) fn owned(&self) -> Option<&Owned> {
        self.owned.get()
    }

    /// Whether lock and database are still the files that were opened; true before they are.
    pub(crate) fn still_owns_its_files(&self) -> bool {
        self.owned().is_none_or(|owned| owned.lost().is_none())
    }

    /// Ends the daemon when they are not. Answers whether they are.
    pub(crate) fn look_after_its_files(&self) -> bool {
        match self.owned().and_then(Owned::lost) {
            Some(what) => {
                if self.stop.reason().is_none() {
                    last_end::lost(&self.endpoint, &what, clock::now().text());
                }
                self.stop.begin(Reason::Lost(what));
                false
            }
            None => true,
        }
    }

    /// Has an unused daemon look whether it is still the program that is installed.
    pub(crate) fn look_after_its_program(&self) {
        if self.program.was_replaced() {
            self.sessions.send_modify(|_| {});
        }
    }

    /// Room for one more session, if there is.
    pub(crate) fn take_place(self: &Arc<Self>) -> Option<Place> {
        let taken = self.sessions.send_if_modified(|open| {
            let room = *open < self.max_sessions;
            *open += usize::from(room);
            room
        });
        taken.then(|| Place(Arc::clone(self)))
    }

    /// What whoever waits for it to be ready should know.
    pub(crate) fn opening(&self) -> String {
        let (database, doing) = (self.endpoint.database.display(), self.doing.words());
        format!("{database} is being opened{}{doing}", if doing.is_empty() { "" } else { ": " })
    }

    /// The answer to `daemon/status`.
    pub(crate) fn status(&self) -> Value {
        let state = match (self.stop.reason(), self.engine()) {
            (Some(_), _) => "stopping",
            (None, Some(_)) => "ready",
            (None, None) => "starting",
        };
        let mut document = json!({
            "state": state,
            "pid": std::process::id(),
            "build": BUILD,
            "protocol_min": PROTOCOL_MIN,
            "protocol_max": PROTOCOL_MAX,
            "database": self.endpoint.database,
            "socket": self.endpoint.socket,
            "uptime_seconds": self.started.elapsed().as_secs(),
            "sessions": self.engine().map_or(0, Engine::session_count),
            "max_sessions": self.max_sessions,
            "idle_exit_seconds": self.engine().and_then(|e| self.idle_exit.quiet(&e.configuration().borrow())).map(|q| q.as_secs()),
            "log": self.endpoint.log(),
            "last_crash": last_end::last(&self.endpoint, true).map(|crash| crash.json()),
            "calls_running": self.calls.len(),
            "tools": self.figures.tools(),
            "errors": self.figures.failures(),
            "engine": self.engine().map(Engine::status),
        });
        if state == "starting" {
            document["message"] = format!("The daemon is starting: {}.", self.opening()).into();
        }
        document
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.sessions.send_modify(|open| *open = open.saturating_sub(1));
    }
}
