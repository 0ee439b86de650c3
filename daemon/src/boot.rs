//! The daemon's life, in order: lock, listener, database, ready, serve, drain.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use orc_proto::{
    Endpoint, Places,
    lockfile::{self, Holder, Taken},
    private_dir::UnsafeDir,
    stop_marker,
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    daemon::Daemon,
    descriptors, detach,
    doing::Doing,
    engine::Engine,
    file_size,
    idle::{self, IdleExit},
    last_end, listen,
    lookout::Lookout,
    ownership::Owned,
    service_manager,
    stop::{self, Reason},
};

/// How long running calls have, once the end began; waits end at once by [`ServeOptions::stopping`].
const CALLS_FINISH: Duration = Duration::from_secs(4);
/// How long the engine has to write out and checkpoint.
const ENGINE_DRAINS: Duration = Duration::from_secs(4);
/// How long connections have to take their last answers.
const ANSWERS_LEAVE: Duration = Duration::from_millis(500);
/// The process ends by then, whatever hangs (`daemon.md` rule 9).
const END_WITHIN: Duration = Duration::from_millis(9_500);

/// What `serve` was told.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) endpoint: Endpoint,
    pub(crate) places: Places,
    pub(crate) config: Option<PathBuf>,
    pub(crate) workspaces: Option<PathBuf>,
    /// When to end without sessions.
    pub(crate) idle_exit: IdleExit,
    pub(crate) started_by_shim: bool,
    pub(crate) max_sessions: usize,
    /// How often to look after the daemon's files in any case, when that is prescribed.
    pub(crate) check_every: Option<Duration>,
}

/// What the engine needs to open.
#[derive(Debug, Clone)]
#[allow(dead_code, reason = "read by the engine, which opens more and more of it")]
pub(crate) struct ServeOptions {
    /// Canonical path of the database; its lock is held.
    pub(crate) database: PathBuf,
    /// It is the one that is used when none is named.
    pub(crate) default_place: bool,
    /// `--config` or `TASK_ORCHESTRATOR_CONFIG`, absolute.
    pub(crate) config: Option<PathBuf>,
    /// `--workspaces` or `TASK_ORCHESTRATOR_WORKSPACES`, absolute.
    pub(crate) workspaces: Option<PathBuf>,
    /// The last daemon did not end by itself: whether the file is whole is looked at.
    pub(crate) after_crash: bool,
    /// What the last daemon noted, when its files were taken from under it.
    pub(crate) lost: Option<String>,
    /// The user's folders.
    pub(crate) places: Places,
    /// Cancelled when the daemon begins to end: waits (`wait_for`) answer at once what they have.
    pub(crate) stopping: CancellationToken,
    /// To be rung when the store failed: perhaps its files are gone.
    pub(crate) trouble: Arc<Notify>,
    /// Told what takes its time.
    pub(crate) doing: Arc<Doing>,
}

/// Why a daemon did not start. The text goes to whoever started it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootError {
    #[error(transparent)]
    Folder(#[from] UnsafeDir),
    /// Another daemon owns the database.
    #[error("A daemon runs for this database already: it holds the lock {} ({holder}).", .lock.display())]
    Busy { lock: PathBuf, holder: Holder },
    #[error("Cannot lock {}: {error}. The folder of the database must exist and be writable.", .path.display())]
    Lock { path: PathBuf, error: io::Error },
    #[error("Cannot listen on {}: {error}. If this runs in a sandbox, start the daemon outside.", .path.display())]
    Bind { path: PathBuf, error: io::Error },
    /// The service manager's socket is not the one that clients look for.
    #[error("{0}")]
    Passed(#[from] service_manager::Unfit),
    #[error("No signal handlers: {0}")]
    Signals(io::Error),
    #[error("It was told to stop while it opened the database.")]
    Stopped,
    /// The database does not open; the engine says why.
    #[error("Cannot open the database {}: {why}", .path.display())]
    Database { path: PathBuf, why: String },
}

/// Runs the daemon to its end.
///
/// # Errors
/// [`BootError`], after having told the starter.
pub(crate) async fn serve(plan: Plan) -> Result<(), BootError> {
    let outcome = run(&plan).await;
    if let Err(error) = &outcome {
        match error {
            // Whoever asked for one has one: nothing for a log.
            BootError::Busy { .. } => tell("busy"),
            // One line, whatever the error's text holds.
            other => {
                tracing::error!("{other}");
                tell(&format!("error {}", other.to_string().replace('\n', " ")));
            }
        }
    }
    outcome
}

async fn run(plan: &Plan) -> Result<(), BootError> {
    let endpoint = &plan.endpoint;
    let max_sessions = descriptors::raise(plan.max_sessions);
    file_size::limit_is_an_error();
    endpoint.prepare()?;
    let lock = take_lock(endpoint).await?;
    if !plan.started_by_shim {
        // A person or a service manager wants it up; a shim has cleared the marker itself, where it may.
        let _ = stop_marker::clear(endpoint);
    }
    let bind_error = |error| BootError::Bind { path: endpoint.socket.clone(), error };
    let listener = match service_manager::passed_listener(&endpoint.socket)? {
        Some(passed) => listen::Door::passed(passed),
        None => listen::Door::bind(&endpoint.socket).map_err(bind_error)?,
    };
    let crash = last_end::begin(endpoint, clock::now().text());
    let daemon = Arc::new(Daemon::new(endpoint.clone(), max_sessions, plan.idle_exit));
    daemon.socket_was_passed.store(listener.was_passed, Ordering::Relaxed);
    let files = [endpoint.database.as_path(), &endpoint.socket];
    let lookout = Lookout::new(&files, plan.check_every, Arc::clone(&daemon.trouble));
    let accepting = tokio::spawn(listen::accept(Arc::clone(&daemon), listener, lookout));
    let watching = tokio::spawn(watch_signals(Arc::clone(&daemon)));
    let opened = tokio::select! {
        opened = open(plan, &daemon, &lock, crash.is_some()) => opened,
        stopped = stopped_while_opening(&daemon) => Err(stopped),
    };
    match &opened {
        Ok(()) => {
            tell("ready");
            let _watchdog = service_manager::ready();
            if plan.started_by_shim {
                detach::let_stdout_go();
            }
            tracing::info!(database = %endpoint.database.display(), pid = std::process::id(), "ready");
            until_the_end(plan, &daemon).await;
            drain(&daemon).await;
        }
        Err(_) => daemon.stop.begin(Reason::Asked),
    }
    daemon.stop.close.cancel();
    daemon.connections.close();
    let _ = timeout(ANSWERS_LEAVE, daemon.connections.wait()).await;
    let _ = timeout(ANSWERS_LEAVE, accepting).await;
    watching.abort();
    leave(&daemon, lock);
    opened
}

/// The lock for life. Somebody may be looking at it this very moment, so one failure is not the last word.
async fn take_lock(endpoint: &Endpoint) -> Result<File, BootError> {
    let path = endpoint.lock();
    let mut tries = 0;
    loop {
        match lockfile::take(&path) {
            Ok(Taken::Ours(file)) => return Ok(file),
            Ok(Taken::Held { pid }) if tries == 10 => {
                return Err(BootError::Busy { lock: path, holder: Holder { pid } });
            }
            Ok(Taken::Held { .. }) => tries += 1,
            Err(error) => return Err(BootError::Lock { path, error }),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Opens the engine; a hello is answered "starting" meanwhile (`daemon.md` rule 6).
async fn open(plan: &Plan, daemon: &Daemon, lock: &File, after_crash: bool) -> Result<(), BootError> {
    let options = ServeOptions {
        database: plan.endpoint.database.clone(),
        default_place: plan.endpoint.is_default,
        after_crash,
        lost: last_end::take_lost(&plan.endpoint),
        config: plan.config.clone(),
        workspaces: plan.workspaces.clone(),
        places: plan.places.clone(),
        stopping: daemon.stop.begun.clone(),
        trouble: Arc::clone(&daemon.trouble),
        doing: Arc::clone(&daemon.doing),
    };
    let engine = Engine::open(&options).await?;
    let path = plan.endpoint.lock();
    let owned = Owned::record((&path, lock), &plan.endpoint.database)
        .map_err(|error| BootError::Lock { path: plan.endpoint.database.clone(), error })?;
    daemon.ready(engine, owned);
    Ok(())
}

/// An end that begins during a long migration waits for it, but not for ever: what is not committed is undone.
async fn stopped_while_opening(daemon: &Daemon) -> BootError {
    daemon.stop.begun.cancelled().await;
    sleep(CALLS_FINISH + ENGINE_DRAINS).await;
    BootError::Stopped
}

async fn watch_signals(daemon: Arc<Daemon>) {
    match stop::signalled().await {
        Ok(()) => daemon.stop.begin(Reason::Signal),
        Err(error) => tracing::error!("{}", BootError::Signals(error)),
    }
}

/// Waits for whatever ends the daemon.
async fn until_the_end(plan: &Plan, daemon: &Daemon) {
    let unused = async {
        match daemon.engine() {
            Some(engine) => {
                let (sessions, config) = (daemon.sessions.subscribe(), engine.configuration());
                idle::idle(sessions, plan.idle_exit, config, &daemon.program).await
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = daemon.stop.begun.cancelled() => {}
        reason = unused => daemon.stop.begin(reason),
    }
}

/// Lets running calls end, then the engine write out. Bounded, also against a hanging file system.
async fn drain(daemon: &Daemon) {
    service_manager::stopping();
    let reason = daemon.stop.reason();
    if let Some(reason) = reason {
        tracing::info!("{reason}");
    }
    std::thread::spawn(|| {
        std::thread::sleep(END_WITHIN);
        tracing::error!("the drain hangs; ending without it");
        std::process::exit(1);
    });
    if reason.is_some_and(Reason::stays_down)
        && let Err(error) = stop_marker::leave(&daemon.endpoint)
    {
        tracing::warn!(%error, "cannot leave the stop marker; the next idle shim may start the daemon again");
    }
    daemon.calls.close();
    if timeout(CALLS_FINISH, daemon.calls.wait()).await.is_err() {
        tracing::warn!(calls = daemon.calls.len(), "calls still run; giving them up");
    }
    daemon.stop.cut.cancel();
    if let Some(engine) = daemon.engine()
        && timeout(ENGINE_DRAINS, engine.drain()).await.is_err()
    {
        tracing::warn!("the engine did not drain in time; the WAL keeps what was answered");
    }
}

/// Removes the socket while the lock is still held and still ours, then lets the lock go. Its file stays; so does a socket that a
/// service manager listens on for the next daemon.
fn leave(daemon: &Daemon, lock: File) {
    last_end::end(&daemon.endpoint);
    if daemon.still_owns_its_files()
        && !daemon.socket_was_passed.load(Ordering::Relaxed)
        && let Err(error) = listen::remove(&daemon.endpoint.socket)
    {
        tracing::warn!(%error, "cannot remove the socket");
    }
    tracing::info!("ended");
    drop(lock);
}

/// One line to whoever started us.
fn tell(word: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{word}").and_then(|()| stdout.flush());
}
