//! The calls of one connection, on their way to the engine: bounded, guarded against panics, and refused in words
//! once the daemon is ending.
//!
//! tarpc drops a call's future when its caller cancels, goes away or runs out of time. The engine is written for
//! that: what it has handed to its writer happens whole, the rest not at all (`daemon.md` rule 15).

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use orc_proto::{
    codec::MAX_ANSWER,
    service::Orchestrator,
    wire::{Ask, Document, Events, Fault, Poll, ToolAnswer, ToolCall},
};
use serde_json::Value;
use tarpc::context::Context;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    catalog,
    daemon::Daemon,
    engine::{Engine, Session},
    stop::Reason,
};

/// Calls in flight per session; an agent with its subagents needs far fewer.
const MAX_CALLS: usize = 64;
/// Waits beside them: they last, and would keep out the very call that they wait for.
const MAX_WAITS: usize = 64;
/// Longest poll for events. That the other side is there, its connection tells; so a poll need not end for that.
const MAX_WAIT: Duration = Duration::from_secs(24 * 3_600);
/// JSON-RPC's internal error.
const INTERNAL: i32 = -32603;

/// What one connection may call.
#[derive(Clone)]
pub(crate) struct Rpc {
    daemon: Arc<Daemon>,
    session: Option<Arc<Session>>,
    room: Arc<Semaphore>,
    waits: Arc<Semaphore>,
    taken: Room,
    polls: Arc<Semaphore>,
}

/// The room that one call takes among those of its connection, until its answer is on its way: a client that asks and does not
/// read gets no further call.
pub(crate) type Room = Arc<OnceLock<OwnedSemaphorePermit>>;

impl Rpc {
    /// Requests in flight per connection before tarpc itself refuses: calls, and the refusals of those beyond.
    pub(crate) const MAX_REQUESTS: usize = 4 * MAX_CALLS;
    /// Answers that wait to be written, beside those that hold their call's room.
    pub(crate) const UNSENT: usize = 16;

    pub(crate) fn new(daemon: Arc<Daemon>, session: Option<Arc<Session>>) -> Self {
        Self {
            daemon,
            session,
            room: Arc::new(Semaphore::new(MAX_CALLS)),
            waits: Arc::new(Semaphore::new(MAX_WAITS)),
            taken: Room::default(),
            polls: Arc::new(Semaphore::new(1)),
        }
    }

    /// For one request, with the room it will take.
    pub(crate) fn for_one(&self) -> (Self, Room) {
        let taken = Room::default();
        (Self { taken: Arc::clone(&taken), ..self.clone() }, taken)
    }

    /// Engine and session, unless there are none or the daemon is ending.
    fn open(&self) -> Result<(&Engine, &Arc<Session>), Closed> {
        if let Some(reason) = self.daemon.stop.reason() {
            return Err(Closed { not_begun: true, message: reason.to_string() });
        }
        match (self.daemon.engine(), &self.session) {
            (Some(engine), Some(session)) => Ok((engine, session)),
            _ => Err(Closed { not_begun: false, message: "This connection has no session.".to_owned() }),
        }
    }

    /// What a person's command asks of the daemon itself, without a session.
    async fn by_the_daemon<'d, A>(&'d self, ask: impl FnOnce(&'d Engine) -> A) -> Result<Document, Fault>
    where
        A: Future<Output = Result<Value, Fault>>,
    {
        if let Some(reason) = self.daemon.stop.reason() {
            return Err(Fault::new(INTERNAL, reason.to_string()));
        }
        let Some(engine) = self.daemon.engine() else {
            return Err(Fault::new(INTERNAL, "The daemon is starting; try again in a moment."));
        };
        let _running = self.daemon.calls.token();
        let answered = tokio::select! {
            answered = AssertUnwindSafe(ask(engine)).catch_unwind() => answered,
            () = self.daemon.stop.cut.cancelled() => {
                return Err(Fault::new(INTERNAL, "The daemon stopped before it was done."));
            }
        };
        match answered {
            Ok(answer) => answer.map(|document| document.to_string().into()),
            Err(_) => Err(self.panicked("a command")),
        }
    }

    fn panicked(&self, what: &str) -> Fault {
        const WORDS: &str = "The request failed inside the daemon (a bug); its log says where.";
        tracing::error!(what, "a request panicked");
        self.daemon.figures.remember(what, "INTERNAL", WORDS);
        Fault::new(INTERNAL, WORDS)
    }

    fn admit(&self) -> Result<(), String> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            format!(
                "{MAX_CALLS} calls of this session are running, or their answers were not read; wait for one to end, \
                 then call again."
            )
        })?;
        let _ = self.taken.set(room); // one call, one room
        Ok(())
    }

    /// The same for a tool.
    fn admit_tool(&self, name: &str) -> Result<(), String> {
        if !catalog::waits(name) {
            return self.admit();
        }
        let room = Arc::clone(&self.waits).try_acquire_owned().map_err(|_| {
            format!(
                "{MAX_WAITS} waits of this session are running; let one end or cancel it, then wait again."
            )
        })?;
        let _ = self.taken.set(room);
        Ok(())
    }
}

/// Why nothing is served here.
struct Closed {
    not_begun: bool,
    message: String,
}

impl Orchestrator for Rpc {
    async fn call(self, _: Context, call: ToolCall) -> ToolAnswer {
        let (engine, session) = match self.open() {
            Ok(open) => open,
            Err(Closed { not_begun, message }) => {
                return ToolAnswer { not_begun, ..ToolAnswer::refusal("UNAVAILABLE", &message) };
            }
        };
        if let Err(full) = self.admit_tool(&call.name) {
            return ToolAnswer::refusal("UNAVAILABLE", &full);
        }
        let _running = self.daemon.calls.token();
        let (name, begun) = (call.name.clone(), Instant::now());
        let answer = tokio::select! {
            answer = guarded(&name, engine.call(session, call)) => bounded(answer),
            () = self.daemon.stop.cut.cancelled() => cut_off(self.daemon.stop.reason()),
        };
        self.daemon.figures.record(&name, begun.elapsed(), &answer);
        answer
    }

    async fn ask(self, _: Context, ask: Ask) -> Result<Document, Fault> {
        match ask.method.as_str() {
            "daemon/status" => return Ok(self.daemon.status().to_string().into()),
            "daemon/stop" => {
                self.daemon.stop.begin(Reason::Asked);
                let answer = serde_json::json!({"stopping": true, "pid": std::process::id()});
                return Ok(answer.to_string().into());
            }
            "daemon/doctor" => return self.by_the_daemon(|engine| engine.examine()).await,
            "daemon/backup" => {
                let params = ask.params.as_ref().and_then(|raw| serde_json::from_str(raw.text()).ok());
                let params: Value = params.unwrap_or_default();
                return self.by_the_daemon(|engine| engine.back_up(&params)).await;
            }
            _ => {}
        }
        let (engine, session) = self.open().map_err(|closed| Fault::new(INTERNAL, closed.message))?;
        self.admit().map_err(|full| Fault::new(INTERNAL, full))?;
        let _running = self.daemon.calls.token();
        let answering = engine.ask(session, &ask.method, ask.params.as_ref());
        let answered = tokio::select! {
            answered = AssertUnwindSafe(answering).catch_unwind() => answered,
            () = self.daemon.stop.cut.cancelled() => {
                return Err(Fault::new(INTERNAL, "The daemon stopped before it could answer."));
            }
        };
        match answered {
            Ok(Ok(document)) if document.text().len() > MAX_ANSWER => {
                Err(Fault::new(INTERNAL, too_large(document.text().len())))
            }
            Ok(answer) => answer,
            Err(_) => Err(self.panicked(&ask.method)),
        }
    }

    async fn events(self, _: Context, poll: Poll) -> Events {
        let ending = || {
            let stopping = self.daemon.stop.reason().is_none_or(Reason::stays_down);
            Events { stopping, ..Events::default() }
        };
        let Ok((engine, session)) = self.open() else { return ending() };
        // A second poll waits for the first: one is all a shim needs.
        let Ok(_turn) = self.polls.acquire().await else { return ending() };
        let wait = Duration::from_millis(poll.wait_ms).min(MAX_WAIT);
        tokio::select! {
            events = AssertUnwindSafe(engine.events(session, &poll, wait)).catch_unwind() => {
                events.unwrap_or_default()
            }
            () = self.daemon.stop.begun.cancelled() => ending(),
        }
    }
}

/// A panic ends the call it happened in, at once, and nothing else.
async fn guarded(tool: &str, call: impl Future<Output = ToolAnswer>) -> ToolAnswer {
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(tool, "a call panicked");
        ToolAnswer::refusal("INTERNAL", "The call failed inside the daemon (a bug); its log says where.")
    })
}

/// An oversized answer would cut the connection and every call on it.
fn bounded(answer: ToolAnswer) -> ToolAnswer {
    match answer.document.text().len() {
        size if size > MAX_ANSWER => ToolAnswer::refusal("VALIDATION", &too_large(size)),
        _ => answer,
    }
}

fn too_large(size: usize) -> String {
    let max = MAX_ANSWER >> 20;
    format!(
        "The answer has {size} bytes; at most {max} MiB are sent. Ask for less, with limit, fields or a filter."
    )
}

fn cut_off(reason: Option<&Reason>) -> ToolAnswer {
    let reason = reason.map(ToString::to_string).unwrap_or_default();
    ToolAnswer::refusal(
        "UNAVAILABLE",
        &format!("{reason} The call was still running and was given up; call again to start the daemon."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use orc_proto::{Endpoint, Places, Settings};

    fn rpc() -> Rpc {
        let places = Places::under(std::path::Path::new("/nowhere"));
        let endpoint = Endpoint::find(&places, &Settings::default(), None).unwrap();
        Rpc::new(Arc::new(Daemon::new(endpoint, 1, crate::idle::IdleExit::Never)), None)
    }

    #[test]
    fn calls_beyond_the_bound_are_refused_in_words() {
        let rpc = rpc();
        let one = |tool: &str| {
            let (one, room) = rpc.for_one();
            one.admit_tool(tool).map(|()| room)
        };
        let held: Vec<_> = (0..MAX_CALLS).map(|_| one("get_context").unwrap()).collect();
        assert!(one("get_context").unwrap_err().contains("64 calls"));
        let waits: Vec<_> = (0..MAX_WAITS).map(|_| one("wait_for").unwrap()).collect();
        assert!(one("wait_for").unwrap_err().contains("64 waits"));
        drop(held);
        assert!(one("get_context").is_ok(), "waits keep no call out");
        drop(waits);
    }

    #[tokio::test]
    async fn a_panic_is_a_refusal() {
        let answer = guarded("t", async { panic!("a bug") }).await;
        assert!(answer.is_error && answer.document.text().contains("INTERNAL"));
    }

    #[test]
    fn oversized_answers_become_refusals() {
        let document = format!("\"{}\"", "x".repeat(MAX_ANSWER)).into();
        let answer = bounded(ToolAnswer { document, is_error: false, not_begun: false });
        assert!(answer.is_error && answer.document.text().contains("VALIDATION"));
    }

    #[tokio::test]
    async fn sessions_have_a_bound() {
        let daemon = rpc().daemon;
        let place = daemon.take_place().unwrap();
        assert!(daemon.take_place().is_none());
        drop(place);
        assert!(daemon.take_place().is_some());
    }

    #[tokio::test]
    async fn an_ending_daemon_begins_no_call() {
        let rpc = rpc();
        rpc.daemon.stop.begin(Reason::Asked);
        let answer = rpc.clone().call(tarpc::context::current(), ToolCall::default()).await;
        assert!(answer.is_error && answer.not_begun);
        assert!(rpc.events(tarpc::context::current(), Poll::default()).await.stopping);
    }
}
