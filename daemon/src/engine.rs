//! The engine: sessions and calls on one side, the store and the configuration on the other.
//!
//! A call that only reads runs on a snapshot; a call that writes is one job of the writer thread, and runs to its end whatever
//! becomes of its caller. What it answered is kept under the call's key in the same transaction, so that a repeated call is
//! answered and not made again (contract.md §7).

mod asks;
mod backing_up;
mod clockwork;
mod examining;
mod lifetime;
mod news;
mod opening;
mod repeat;
mod roots;
mod waiting;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use orc_core::limits;
use orc_core::refusal::{Code, Details, Refusal};
use orc_proto::wire::{Document, ToolAnswer, ToolCall};
use orc_proto::{Hello, Places};
use orc_store::{Done, Outcome, Readers, Tx, Writer};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::answer::{Level, Rows, written};
use crate::args::Args;
use crate::boot::{BootError, ServeOptions};
use crate::call::{Answer, Call};
use crate::catalog::{self, Access, Tool};
use crate::connection::HandshakeRefusal;
use crate::halt::{Halt, commit_failed, commit_in_doubt};
use crate::peer::Peer;
use crate::reload::{ConfigBook, InForce, Watching};
use crate::sessions::Registry;
pub(crate) use crate::sessions::Session;
use crate::watch::{Topic, Watchers};
use crate::{answer, clock, tools};
pub(crate) use examining::soundness_json;
use repeat::Repeat;

/// A handle to the one engine of a daemon.
#[derive(Clone, Debug)]
pub(crate) struct Engine(Arc<Shared>);

/// What all sessions share.
pub(crate) struct Shared {
    /// The database's path.
    pub database: std::path::PathBuf,
    /// The user's folders.
    pub places: Places,
    /// The configuration, live.
    pub book: ConfigBook,
    /// The configuration file that stands in place of the user's, when one was named at the start.
    pub named_config: Option<std::path::PathBuf>,
    /// Whether the database is the one that is used when none is named.
    pub default_place: bool,
    /// What every session is told: how a take-over went at this start, and what of a workspaces.json could not be read.
    pub notices: Vec<String>,
    /// What the database remembers of its take-over from the original.
    taken_over: Option<Value>,
    /// Cancelled when the daemon begins to end.
    pub stopping: CancellationToken,
    /// Rung when the store failed.
    trouble: Arc<Notify>,
    writer: Arc<Writer>,
    readers: Readers,
    /// Who is connected.
    pub sessions: Registry,
    /// The newest row of the history: what the long polls of shims wait for.
    latest: watch::Sender<u64>,
    /// Who waits for what.
    pub watchers: Watchers,
    /// Rung when something may have to happen sooner than the clock knows of.
    look_again: Notify,
    /// Rung by the write after which a backup is due.
    backup_due: Notify,
    /// When the next backup is due, in microseconds; the greatest number when none is made.
    next_backup: AtomicI64,
    /// Held while a backup is made.
    backing_up: tokio::sync::Mutex<()>,
    /// Why the last backup that was due could not be made.
    backup_trouble: Mutex<Option<String>>,
    /// What is wrong with the database file. From then on nothing is written any more.
    damage: OnceLock<String>,
    /// Something looked like damage and is being looked at. Nothing is written meanwhile.
    in_doubt: AtomicBool,
    /// Rung when something looked like damage.
    doubt: Arc<Notify>,
    /// When the clock looks next, in microseconds; the greatest number while there is nothing to look for.
    next_look: AtomicI64,
    /// Keeps the watcher of configuration files alive.
    _watching: Option<Watching>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens the database and the configuration. A hello is answered "starting" until this returns.
    pub(crate) async fn open(options: &ServeOptions) -> Result<Self, BootError> {
        let (options, after_crash) = (options.clone(), options.after_crash);
        let shared = tokio::task::spawn_blocking(move || opening::open(&options)).await;
        let shared = shared.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let engine = Self(Arc::new(shared));
        tokio::spawn(clockwork::keep_time(Arc::downgrade(&engine.0), engine.configuration()));
        tokio::spawn(backing_up::keep_backups(Arc::downgrade(&engine.0), engine.configuration()));
        if after_crash {
            tokio::spawn(examining::look_for_damage(Arc::clone(&engine.0)));
        }
        tokio::spawn(examining::settle_doubts(Arc::downgrade(&engine.0), Arc::clone(&engine.0.doubt)));
        tokio::spawn(tell_of_configuration(engine.configuration(), engine.0.watchers.clone()));
        Ok(engine)
    }

    /// Begins or resumes a client's session.
    pub(crate) async fn open_session(
        &self,
        hello: Hello,
        peer: Peer,
    ) -> Result<Arc<Session>, HandshakeRefusal> {
        lifetime::begin(&self.0, hello, peer.pid).await
    }

    /// The session's connection is gone: its claims run out after the grace.
    pub(crate) async fn close_session(&self, session: &Arc<Session>) {
        lifetime::end(&self.0, session).await;
    }

    /// Runs a tool. A refusal is an answer.
    pub(crate) async fn call(&self, session: &Arc<Session>, call: ToolCall) -> ToolAnswer {
        match self.answer(session, call).await {
            Ok(document) => ToolAnswer { document, is_error: false, not_begun: false },
            Err(refusal) => {
                if matches!(refusal.code, Code::Unavailable | Code::Internal) {
                    self.0.trouble.notify_one();
                }
                let document = self.told(session, &refusal).to_string().into();
                ToolAnswer { document, is_error: true, not_begun: false }
            }
        }
    }

    /// A refusal's document. Where it names items, the store is asked how many characters tell them apart.
    fn told(&self, session: &Session, refusal: &Refusal) -> Value {
        let names_items =
            matches!(refusal.details.as_deref(), Some(Details::Blockers(..) | Details::Path(_)));
        if session.level == Level::Compact && names_items {
            let now = clock::now();
            let body = self.0.readers.glance(|tx| Rows::new(tx, session.level, &now)?.refusal(refusal));
            if let Ok(Some(body)) = body {
                return json!({ "error": body });
            }
        }
        answer::refusal(refusal, session.level)
    }

    async fn answer(&self, session: &Arc<Session>, call: ToolCall) -> Result<Document, Refusal> {
        let tool = catalog::find(&call.name)?;
        let raw = match &call.arguments {
            None => Value::Null,
            Some(raw) => serde_json::from_str(raw.text())
                .map_err(|e| Refusal::validation(format!("arguments are not valid JSON: {e}")))?,
        };
        let args = Args::read(tool.params, raw)?;
        let access = (tool.access)(&args)?;
        catalog::admit(session.tools, tool, access)?;
        match access {
            Access::Write => self.write(tool, session, args, call).await,
            Access::Wait => {
                waiting::wait(&self.0, session, args, Duration::from_millis(call.waited_ms)).await
            }
            Access::Nothing => bounded(written(&tools::echo::answer(&args))?),
            Access::Read => match self.glance(tool, session, &args)? {
                Some(document) => Ok(document),
                None => self.read(tool, session, args).await,
            },
            Access::Export => self.export(session, args).await,
            Access::Report | Access::ReadAndLeaveFile => self.read(tool, session, args).await,
        }
    }

    /// A read where its call arrived, on the thread of the sockets: two changes of thread cost more than most reads. A long one
    /// is broken off, for [`Engine::read`] to begin anew; so one that leaves something behind may not be tried here.
    fn glance(
        &self,
        tool: &'static Tool,
        session: &Arc<Session>,
        args: &Args,
    ) -> Result<Option<Document>, Refusal> {
        let shared = &self.0;
        let config = shared.book.refresh_if_changed();
        let call = Call::begin(shared, session, args, config, 0, clock::now())?;
        let document = shared.readers.glance(|tx| tool.answer(&call, args, tx))?;
        document.map(bounded).transpose()
    }

    /// A read on a thread that may block.
    async fn read(
        &self,
        tool: &'static Tool,
        session: &Arc<Session>,
        args: Args,
    ) -> Result<Document, Refusal> {
        self.aside(session, args, |call, args, tx| Ok(bounded(tool.answer(call, args, tx)?)?)).await
    }

    /// The graph, written row by row: as values it would take ten times the memory of its text.
    async fn export(&self, session: &Arc<Session>, args: Args) -> Result<Document, Refusal> {
        self.aside(session, args, |call, args, tx| Ok(tools::export_graph::text(call, args, tx)?.into()))
            .await
    }

    async fn aside(
        &self,
        session: &Arc<Session>,
        args: Args,
        read: impl FnOnce(&Call<'_>, &Args, &Tx<'_>) -> Answer<Document> + Send + 'static,
    ) -> Result<Document, Refusal> {
        let (shared, session) = (Arc::clone(&self.0), Arc::clone(session));
        let run = move || {
            let config = shared.book.refresh_if_changed();
            let call = Call::begin(&shared, &session, &args, config, 0, clock::now())?;
            Ok(shared.readers.read(|tx| read(&call, &args, tx))?)
        };
        let ran = tokio::task::spawn_blocking(run).await;
        // The panic goes on to the guard around every call, which says INTERNAL.
        ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    async fn write(
        &self,
        tool: &'static Tool,
        session: &Arc<Session>,
        args: Args,
        call: ToolCall,
    ) -> Result<Document, Refusal> {
        if let Some(damage) = self.0.damage.get() {
            return Err(Refusal::new(Code::Unavailable, damage.clone()));
        }
        if self.0.in_doubt.load(Ordering::Relaxed) {
            return Err(Refusal::new(Code::Unavailable, examining::IN_DOUBT));
        }
        let repeat = Repeat::of(session, tool, &args, &call)?;
        let (shared, session) = (Arc::clone(&self.0), Arc::clone(session));
        let job = move |tx: &Tx<'_>| -> Answer<Document> {
            let now = clock::now();
            if let Some(before) = repeat.answered(tx, now.micros())? {
                return Ok(before);
            }
            let config = shared.book.refresh_if_changed();
            let call = Call::begin(&shared, &session, &args, config, uuid::Uuid::new_v4().as_u128(), now)?;
            if let Some(subagent) = &call.cx.actor.subagent {
                session.heard_of(subagent);
            }
            let document = bounded(tool.answer(&call, &args, tx)?).map_err(undone)?;
            repeat.keep(tx, &document, call.now())?;
            Ok(document)
        };
        #[cfg(feature = "faults")]
        orc_store::faults::a_write_begins();
        let answer = self.0.submit_repeatable(job).await;
        #[cfg(feature = "faults")]
        orc_store::faults::pass(orc_store::faults::Point::BeforeAnswer);
        answer
    }

    /// The configuration in force, as it changes.
    pub(crate) fn configuration(&self) -> watch::Receiver<Arc<InForce>> {
        self.0.book.subscribe()
    }

    /// How many sessions are connected.
    pub(crate) fn session_count(&self) -> usize {
        self.0.sessions.len()
    }

    /// What `status` says of the engine.
    pub(crate) fn status(&self) -> Value {
        opening::status(&self.0)
    }

    /// Finishes what the writer has, and folds the WAL into the database.
    pub(crate) async fn drain(&self) {
        let writer = Arc::clone(&self.0.writer);
        // The writer ends the process rather than panic, so this cannot fail.
        let _ = tokio::task::spawn_blocking(move || writer.stop()).await;
    }
}

impl Shared {
    /// Runs a job in a transaction of its own, and answers once it is on disk.
    pub(crate) async fn submit<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnOnce(&Tx<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.queue(|done| self.writer.submit(job, done)).await
    }

    /// The same for a job that may run again from the start, and shares its commit with others that wait.
    async fn submit_repeatable<T: Send + 'static>(
        self: &Arc<Self>,
        job: impl FnMut(&Tx<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.queue(|done| self.writer.submit_repeatable(job, done)).await
    }

    async fn queue<T: Send + 'static>(
        self: &Arc<Self>,
        submit: impl FnOnce(Box<dyn FnOnce(Outcome<T, Halt>) + Send>) -> Result<(), orc_store::Error>,
    ) -> Result<T, Refusal> {
        let (tell, told) = oneshot::channel();
        let shared = Arc::clone(self);
        let queued = submit(Box::new(move |outcome| {
            // Whoever waited may have gone; the work is done all the same.
            let _ = tell.send(shared.publish(outcome));
        }));
        let stopped = || Refusal::new(Code::Unavailable, "The daemon is ending; call again to start it anew");
        queued.map_err(|_| stopped())?;
        told.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Tells the world what was committed, and the caller how it went.
    fn publish<T>(&self, outcome: Outcome<T, Halt>) -> Result<T, Refusal> {
        match outcome {
            Outcome::Committed(value, Done { events, turn }) => {
                if let Some(last) = events.last() {
                    if clock::micros() >= self.next_backup.load(Ordering::Relaxed) {
                        self.backup_due.notify_one();
                    }
                    self.latest.send_if_modified(|seq| {
                        let newer = last.seq.unsigned_abs();
                        let grows = newer > *seq;
                        *seq = newer.max(*seq);
                        grows
                    });
                }
                self.watchers.publish(&events);
                if turn.is_some_and(|at| at < self.next_look.load(Ordering::Relaxed)) {
                    self.look_again.notify_one();
                }
                Ok(value)
            }
            Outcome::Refused(halt) => {
                if let Halt::Store(error) = &halt
                    && error.is_damage()
                {
                    // A disk that once could not be read gives the same error, so it is looked at first.
                    self.in_doubt.store(true, Ordering::Relaxed);
                    self.doubt.notify_one();
                }
                Err(halt.into())
            }
            Outcome::Panicked => Err(Refusal::new(
                Code::Internal,
                "The call failed inside the daemon (a bug); nothing was changed. Its log says where",
            )),
            Outcome::Failed(why) => Err(commit_failed(&why)),
            Outcome::InDoubt(why) => Err(commit_in_doubt(&why)),
        }
    }

    /// Reads on a snapshot. Blocks on the disk.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Tx<'_>) -> Answer<T>) -> Answer<T> {
        self.readers.read(read)
    }
}

/// Tells those who watch the configuration when another one is in force.
async fn tell_of_configuration(mut config: watch::Receiver<Arc<InForce>>, watchers: Watchers) {
    while config.changed().await.is_ok() {
        watchers.touch(Topic::Config);
    }
}

/// A write's answer cannot be asked for in parts, so the write itself is refused.
fn undone(too_large: Refusal) -> Refusal {
    let message =
        "The call's answer would be too large to send, so nothing was changed. Send it in several calls";
    match too_large.code {
        Code::Validation => Refusal { message: message.to_owned(), ..too_large },
        _ => too_large,
    }
}

/// The document as it goes over the wire, within the bound of contract.md §12.
fn bounded(text: String) -> Result<Document, Refusal> {
    if text.len() > limits::ANSWER_BYTES {
        let message = format!(
            "The answer has {} bytes; at most {} are sent. Ask for less, with limit, fields or a filter",
            text.len(),
            limits::ANSWER_BYTES
        );
        return Err(Refusal::validation(message));
    }
    Ok(text.into())
}
