//! Opening the engine: database, writer, configuration; and what is left over from the last run, or from the original.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, OnceLock};

use orc_core::claim::Actor;
use orc_core::command::{Command, Cx};
use orc_core::id::Ids;
use orc_core::refusal::{Code, Refusal};
use orc_core::{Policies, decide};
use orc_store::left_log::LeftLog;
use orc_store::open::OpenError;
use orc_store::{Outcome, Readers, Tx, Writer};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::Shared;
use crate::boot::{BootError, ServeOptions};
use crate::clock;
use crate::halt::{Halt, commit_failed};
use crate::original;
use crate::project::ProjectRoot;
use crate::reload::{ConfigBook, LastGood};
use crate::sessions::{Expected, Registry};
use crate::watch::Watchers;

/// Opens everything. Blocks: a migration or a take-over may take its time.
pub(super) fn open(options: &ServeOptions) -> Result<Shared, BootError> {
    let failed = |why: String| BootError::Database { path: options.database.clone(), why };
    let broken = |error: orc_store::Error| failed(OpenError::of(&options.database, error).to_string());
    let (opened, mut notices) = original::open(options).map_err(failed)?;
    if let Some(left) = opened.left {
        tell_what_was_left(left, &mut notices);
    }
    let writer = Arc::new(Writer::start(opened.connection).map_err(broken)?);
    let readers = Readers::new(&options.database);

    let last_good =
        Arc::new(KeptInDatabase { writer: Arc::clone(&writer), readers: Readers::new(&options.database) });
    let book = match options.config.clone() {
        Some(named) => ConfigBook::open_named(named, last_good),
        None => ConfigBook::open(options.places.config.join("config.yaml"), last_good),
    };
    let known = readers.read(|tx| tx.projects()).map_err(broken)?;
    for (name, root) in known {
        book.add_project(&name, &ProjectRoot { root: root.into(), config: None });
    }
    let watching = match book.watch() {
        Ok(watching) => Some(watching),
        Err(error) => {
            tracing::warn!(%error, "configuration files are not watched; calls still look at them");
            None
        }
    };

    let policies = book.in_force().policies.clone();
    let left = settle(&writer, policies, options.clone()).map_err(|halt| match halt {
        Halt::Store(error) => broken(error),
        Halt::Refused(refusal) => failed(refusal.message),
    })?;
    notices.extend(left.notice);
    notices.extend(options.lost.clone());
    for notice in &notices {
        tracing::info!("{notice}");
    }
    let taken_over = readers.read(|tx| tx.remembered(orc_store::takeover::META)).map_err(broken)?;
    Ok(Shared {
        default_place: options.default_place,
        notices,
        // Written by the take-over itself; anything else is not worth a refusal.
        taken_over: taken_over.and_then(|kept| serde_json::from_str(&kept).ok()),
        database: options.database.clone(),
        places: options.places.clone(),
        book,
        named_config: options.config.clone(),
        stopping: options.stopping.clone(),
        trouble: Arc::clone(&options.trouble),
        writer,
        readers,
        sessions: Registry::new(left.expected),
        latest: watch::Sender::new(left.latest),
        // The clock, so that no number of an earlier daemon is taken for one of this daemon's.
        watchers: Watchers::new(clock::now().micros().unsigned_abs()),
        backup_due: Notify::new(),
        next_backup: AtomicI64::new(i64::MAX),
        backing_up: tokio::sync::Mutex::new(()),
        backup_trouble: Mutex::default(),
        damage: OnceLock::new(),
        in_doubt: AtomicBool::new(false),
        doubt: Arc::default(),
        look_again: Notify::new(),
        next_look: AtomicI64::new(i64::MAX),
        _watching: watching,
    })
}

/// A crash is for the log; a log that could not be read back whole is for everybody.
fn tell_what_was_left(left: LeftLog, notices: &mut Vec<String>) {
    if left.unreadable > 0 {
        notices.push(left.line());
    } else {
        tracing::info!("{}", left.line());
    }
}

/// What an earlier run left.
#[derive(Debug)]
struct Left {
    /// The newest row of the history.
    latest: u64,
    /// Sessions that were open when it ended.
    expected: Vec<Expected>,
    /// What must be told.
    notice: Option<String>,
}

/// Sessions that were open when the last daemon ended: their claims' grace runs from now (contract.md §7). And the original's
/// workspaces.json, once.
fn settle(writer: &Writer, policies: Arc<Policies>, options: ServeOptions) -> Result<Left, Halt> {
    let (tell, told) = std::sync::mpsc::channel();
    let job = move |tx: &Tx<'_>| -> Result<Left, Halt> {
        let now = clock::now();
        let mut expected = Vec::new();
        for session in tx.open_sessions()? {
            let actor = Actor { session: session.id.clone(), agent: session.agent.clone(), subagent: None };
            let cx = Cx { now: now.clone(), actor, ids: Ids::new(0), project: None };
            let changes = decide(tx, &policies, &Command::EndSession, &cx)?;
            tx.commit(&changes, &cx.actor, &cx.now, &policies)?;
            tx.end_session(&session.id, &now, i64::MIN)?;
            let pid = session.pid.and_then(|pid| u32::try_from(pid).ok());
            let until = now.micros().saturating_add(policies.claims.grace);
            expected.push(Expected { id: session.id, agent: session.agent, pid, until });
        }
        let notice = original::read_workspaces(tx, &options.database, options.workspaces.as_deref(), &now)?;
        Ok(Left { latest: tx.cursor()?.unsigned_abs(), expected, notice })
    };
    let done = move |outcome| {
        let result = match outcome {
            Outcome::Committed(left, _) => Ok(left),
            Outcome::Refused(halt) => Err(halt),
            Outcome::Failed(why) | Outcome::InDoubt(why) => Err(commit_failed(&why).into()),
            Outcome::Panicked => {
                let message = "the sessions of the last run cannot be ended (a bug); the log says where";
                Err(Refusal::new(Code::Internal, message).into())
            }
        };
        // The receiver waits below.
        let _ = tell.send(result);
    };
    writer.submit(job, done)?;
    told.recv().map_err(|_| orc_store::Error::Stopped)?
}

/// The last good text of configuration files, kept in the database (`daemon.md` rule 26).
struct KeptInDatabase {
    writer: Arc<Writer>,
    readers: Readers,
}

impl LastGood for KeptInDatabase {
    fn load(&self, path: &Path) -> Option<String> {
        let key = path.display().to_string();
        self.readers.read(|tx| tx.good_config(&key)).unwrap_or_else(|error: orc_store::Error| {
            tracing::warn!(%error, "the last good configuration cannot be read");
            None
        })
    }

    fn save(&self, path: &Path, text: Option<&str>) {
        let (key, text) = (path.display().to_string(), text.map(str::to_owned));
        let job = move |tx: &Tx<'_>| -> Result<(), Halt> { Ok(tx.keep_config(&key, text.as_deref())?) };
        let done = |outcome| {
            if !matches!(outcome, Outcome::Committed(..)) {
                tracing::warn!("the last good configuration could not be kept");
            }
        };
        if self.writer.submit(job, done).is_err() {
            tracing::debug!("the daemon ends; the configuration is read anew at the next start");
        }
    }
}

/// The engine's part of `status`.
pub(super) fn status(shared: &Shared) -> Value {
    let config = shared.book.refresh_if_changed();
    let faults: Vec<Value> = config.faults.iter().map(crate::report::config_fault).collect();
    let notices: Vec<&String> = config.notices.iter().chain(&shared.notices).collect();
    let mut status = json!({
        "config": config.user_file,
        "config_errors": faults,
        "notices": notices,
        "latest": *shared.latest.borrow(),
        "waiting": shared.watchers.listening(),
        "writer_queue": shared.writer.waiting(),
        "backups": super::backing_up::status(shared),
    });
    if let Some(damage) = shared.damage.get() {
        status["damage"] = damage.as_str().into();
    }
    if let Some(taken_over) = &shared.taken_over {
        status["taken_over"] = taken_over.clone();
    }
    // A store that cannot be read says so to whoever calls a tool.
    let hint = shared.read(|tx| original::hint_while_empty(tx, &shared.places, shared.default_place));
    if let Some(hint) = hint.ok().flatten() {
        status["take_over"] = hint.into();
    }
    status
}
