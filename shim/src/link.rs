//! The connection to the daemon: made when first needed, made again when lost, the session resumed, and what had no
//! answer repeated under the same key (`daemon.md` rule 13).

use std::{
    path::PathBuf,
    sync::{
        Mutex as StdMutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use orc_proto::{
    Connection, Endpoint, Hello, Kind, Places, Settings,
    autostart::{May, PATIENCE, reach},
    dial::{ANSWER_WITHIN, DialError, RpcError, dial},
    spawn::{Starter, daemon_program},
    wire::{Document, Fault, ToolAnswer, ToolCall},
};
use tokio::{sync::Mutex, time::sleep};

use crate::note::note;

/// Longer than the longest tool (`wait_for`, 300 s).
const CALL_DEADLINE: Duration = Duration::from_secs(330);
/// For lists, prompts and the like.
const ASK_DEADLINE: Duration = Duration::from_secs(30);
/// While a call runs: how often to look whether the daemon still answers at all.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long a call is repeated over connections that are lost one after the other.
const REPEAT_FOR: Duration = Duration::from_secs(60);

/// The one connection of this process.
pub(crate) struct Link {
    home: Result<Home, String>,
    folder: PathBuf,
    client: OnceLock<(String, String)>,
    token: StdMutex<Option<String>>,
    roots: StdMutex<Vec<String>>,
    slot: Mutex<Slot>,
    tries: AtomicU64,
    connecting: AtomicBool,
}

/// Where the daemon is, and how to start one.
struct Home {
    places: Places,
    settings: Settings,
    endpoint: Endpoint,
    starter: Starter,
}

#[derive(Default)]
struct Slot {
    live: Option<Live>,
    made: u64,
    failure: Option<(May, String)>,
}

/// A connection, numbered so that the loss of an old one is not taken for the loss of its successor.
#[derive(Clone)]
pub(crate) struct Live {
    number: u64,
    pub(crate) connection: Connection,
}

/// Why there is no answer, in words for the client.
#[derive(Debug)]
pub(crate) struct Unavailable(pub(crate) String);

impl Link {
    pub(crate) fn of_this_process() -> Self {
        let home = Home::find();
        let folder = std::env::current_dir().unwrap_or_default();
        Self {
            home,
            folder,
            client: OnceLock::new(),
            token: StdMutex::new(None),
            roots: StdMutex::default(),
            slot: Mutex::new(Slot::default()),
            tries: AtomicU64::new(0),
            connecting: AtomicBool::new(false),
        }
    }

    /// Who the client is; said once, before the first connection.
    pub(crate) fn introduce(&self, name: String, version: String) {
        let _ = self.client.set((name, version));
    }

    /// The client's roots, for the connections to come.
    pub(crate) fn set_roots(&self, roots: Vec<String>) {
        *self.roots.lock().unwrap_or_else(PoisonError::into_inner) = roots;
    }

    /// Whether the session wants `structuredContent`.
    pub(crate) fn wants_structured(&self) -> bool {
        self.home.as_ref().is_ok_and(|home| home.settings.structured)
    }

    /// The original's database, where there is only that one (`contract.md` §11).
    pub(crate) fn original_to_take_over(&self) -> Option<PathBuf> {
        let home = self.home.as_ref().ok()?;
        let original = home.places.original_database();
        let alone = home.endpoint.is_default && !home.endpoint.database.exists() && original.is_file();
        alone.then_some(original)
    }

    /// Whether a connection is being made right now.
    pub(crate) fn is_connecting(&self) -> bool {
        self.connecting.load(Ordering::Relaxed)
    }

    /// Whether somebody could be listening: worth a dial.
    pub(crate) fn may_be_up(&self) -> bool {
        self.home.as_ref().is_ok_and(|home| cfg!(windows) || home.endpoint.socket.exists())
    }

    /// Runs a tool, whatever it takes: a lost connection is made again and the call repeated under its key.
    pub(crate) async fn call(
        &self,
        name: &str,
        arguments: Option<Document>,
        progress: bool,
    ) -> Result<ToolAnswer, Unavailable> {
        let mut call = ToolCall {
            name: name.to_owned(),
            arguments,
            key: Some(uuid::Uuid::new_v4().to_string()),
            progress,
            waited_ms: 0,
        };
        let begun = Instant::now();
        let mut lost_since = None;
        let mut pause = Duration::from_millis(20);
        loop {
            let live = self.connection(May::Start).await?;
            if lost_since.is_some() {
                call.waited_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            }
            let answering = live.connection.call(call.clone(), CALL_DEADLINE);
            let sent = Instant::now();
            match self.while_alive(answering).await? {
                // Ended before it began the call: the next daemon will run it.
                Ok(ToolAnswer { not_begun: true, .. }) => {}
                Ok(answer) => return Ok(answer),
                Err(lost) => lost_or(lost)?,
            }
            self.lost(&live).await;
            // A connection that held for a while and was lost is not one that is lost again and again.
            if sent.elapsed() > LOOK_EVERY {
                lost_since = None;
            }
            if lost_since.get_or_insert_with(Instant::now).elapsed() > REPEAT_FOR {
                let message = "The connection to the daemon was lost again and again. The call may have happened; look \
                               before you repeat it.";
                return Err(Unavailable(message.to_owned()));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Asks for anything else; reading, so a lost connection is worth one more try.
    pub(crate) async fn ask(
        &self,
        method: &str,
        params: Option<Document>,
    ) -> Result<Result<Document, Fault>, Unavailable> {
        let mut tries = 0;
        loop {
            let live = self.connection(May::Start).await?;
            let answering = live.connection.ask(method, params.clone(), ASK_DEADLINE);
            match self.while_alive(answering).await? {
                Ok(answer) => return Ok(answer),
                Err(lost) => lost_or(lost)?,
            }
            self.lost(&live).await;
            tries += 1;
            if tries > 2 {
                return Err(Unavailable("The connection to the daemon was lost.".to_owned()));
            }
        }
    }

    /// Tells the daemon that the client has gone, so that what only waits there is answered (`daemon.md` rule 7). Without a
    /// connection nothing waits.
    pub(crate) async fn leave(&self) {
        let live = self.slot.lock().await.live.clone();
        if let Some(live) = live {
            // A daemon that does not know this, or is lost just now, keeps nobody: the process ends all the same.
            let _ = live.connection.ask("session/leaving", None, ASK_DEADLINE).await;
        }
    }

    /// The connection, made now if there is none. Those who wait for one attempt share its failure.
    pub(crate) async fn connection(&self, may: May) -> Result<Live, Unavailable> {
        let seen = self.tries.load(Ordering::SeqCst);
        let mut slot = self.slot.lock().await;
        if let Some(live) = &slot.live {
            return Ok(live.clone());
        }
        if let Some((tried, failure)) = &slot.failure
            && *tried == may
            && self.tries.load(Ordering::SeqCst) != seen
        {
            return Err(Unavailable(failure.clone()));
        }
        let home = self.home.as_ref().map_err(|why| Unavailable(why.clone()))?;
        let hello = self.hello(home, may);
        let guard = Connecting::begin(&self.connecting);
        let reached = reach(&home.endpoint, &hello, &home.starter, may, PATIENCE).await;
        drop(guard);
        self.tries.fetch_add(1, Ordering::SeqCst);
        match reached {
            Ok(connection) => {
                note(&format!("connected to the daemon (pid {})", connection.welcome.pid));
                *self.token.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(connection.welcome.token.clone());
                slot.made += 1;
                let live = Live { number: slot.made, connection };
                slot.live = Some(live.clone());
                slot.failure = None;
                Ok(live)
            }
            Err(unreachable) => {
                let why = unreachable.to_string();
                note(&why);
                slot.failure = Some((may, why.clone()));
                Err(Unavailable(why))
            }
        }
    }

    /// Forgets a connection that broke.
    pub(crate) async fn lost(&self, lost: &Live) {
        let mut slot = self.slot.lock().await;
        if slot.live.as_ref().is_some_and(|live| live.number == lost.number) {
            slot.live = None;
        }
    }

    /// Waits for an answer, as long as the daemon answers hellos. One that hangs is reported as that, not waited
    /// for until the deadline.
    async fn while_alive<T>(
        &self,
        answering: impl Future<Output = Result<T, RpcError>>,
    ) -> Result<Result<T, RpcError>, Unavailable> {
        let mut answering = std::pin::pin!(answering);
        loop {
            tokio::select! {
                answer = &mut answering => return Ok(answer),
                () = sleep(LOOK_EVERY) => {}
            }
            let Ok(home) = &self.home else { continue };
            let probe = Hello::new(Kind::Probe, home.endpoint.database.clone());
            tokio::select! {
                answer = &mut answering => return Ok(answer),
                looked = dial(&home.endpoint, &probe) => {
                    if let Err(silent @ DialError::NoAnswer { .. }) = looked {
                        return Err(Unavailable(format!("{silent} The call may still happen.")));
                    }
                }
            }
        }
    }

    fn hello(&self, home: &Home, may: May) -> Hello {
        let (client_name, client_version) = self.client.get().cloned().unzip();
        Hello {
            folder: self.folder.clone(),
            client_name,
            client_version,
            agent: home.settings.agent.clone(),
            roots: self.roots.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            token: self.token.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            clears_stop_marker: may == May::Start,
            settings: home.settings.for_hello(),
            ..Hello::new(Kind::Shim, home.endpoint.database.clone())
        }
    }
}

impl Home {
    fn find() -> Result<Self, String> {
        let places = Places::of_this_user().map_err(|error| error.to_string())?;
        let settings = Settings::of_this_process(&places.home);
        let endpoint = Endpoint::find(&places, &settings, None).map_err(|error| error.to_string())?;
        let starter = Starter {
            program: daemon_program(),
            home: places.home.clone(),
            config: settings.config.clone(),
            workspaces: settings.workspaces.clone(),
            runtime_dir: settings.runtime_dir.clone(),
            patience: PATIENCE - ANSWER_WITHIN,
        };
        Ok(Self { places, settings, endpoint, starter })
    }
}

/// Whether a call without an answer is worth repeating on a new connection.
fn lost_or(error: RpcError) -> Result<(), Unavailable> {
    match error {
        RpcError::Shutdown | RpcError::Channel(_) => Ok(()),
        RpcError::Send(error) => Err(Unavailable(format!("The message could not be sent: {error}"))),
        RpcError::DeadlineExceeded => {
            Err(Unavailable("The daemon did not answer in time. The call may have happened.".to_owned()))
        }
        RpcError::Server(error) => Err(Unavailable(format!("The daemon refused the call: {error}"))),
    }
}

/// Marks an attempt, also one whose caller goes away in the middle of it.
struct Connecting<'a>(&'a AtomicBool);

impl<'a> Connecting<'a> {
    fn begin(flag: &'a AtomicBool) -> Self {
        flag.store(true, Ordering::Relaxed);
        Self(flag)
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
