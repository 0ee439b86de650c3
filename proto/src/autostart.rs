//! Reaching a daemon, bringing one up when there is none: exactly one, however many ask at once (`daemon.md` rule 5).
//!
//! Dial; else take the start lock; dial again, for somebody may have been faster; else spawn and hear how it went.
//! Whoever waits for the lock keeps dialling, so that all are served the moment one daemon is up. `busy` (an old
//! daemon still holds the database's lock) means to wait and begin again.

use std::{
    fs::{File, TryLockError},
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{
    dial::{Connection, DialError, dial, with_hint},
    endpoint::Endpoint,
    handshake::Hello,
    lockfile::{self, Holder},
    private_dir::UnsafeDir,
    spawn::{Starter, Word},
    stop_marker,
};

/// Longest time to reach a daemon, a start included. Longer than a daemon's drain (10 s), so that a restart is
/// waited out.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Whether a daemon may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Only one that runs.
    OnlyDial,
    /// Start one unless somebody stopped it: for what nobody asked for just now.
    StartUnlessStopped,
    /// Start one, taking back an earlier `stop`: for a new session and for tool calls.
    Start,
}

/// Why no daemon was reached. Every text says what to do, or what to wait for.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// It runs, or none does, and that is all there is to say.
    #[error(transparent)]
    Dial(DialError),
    /// Stopped by `stop`.
    #[error(
        "The daemon was stopped with `task-orchestrator stop`. A new session or a tool call starts it again."
    )]
    Stopped,
    /// A process holds the lock, but nobody listens.
    #[error("A process holds the lock {} and does not answer ({holder}).", .lock.display())]
    Held {
        /// The lock's path.
        lock: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// A daemon started in here would be crippled for everybody else.
    #[error("No daemon runs, and none is started from inside a sandbox ({sign}), as it would be confined for all other sessions too. Start it outside with `task-orchestrator serve`, and allow this sandbox to use {}", .socket.display())]
    Sandboxed {
        /// How the sandbox showed.
        sign: String,
        /// The socket to allow.
        socket: PathBuf,
    },
    /// The runtime or data folder is not usable.
    #[error(transparent)]
    Folder(#[from] UnsafeDir),
    /// The start lock or the log cannot be opened.
    #[error("Cannot prepare the daemon's start ({}): {}", .path.display(), with_hint(.error, .path))]
    Prepare {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The program does not run.
    #[error("Cannot run the daemon {}: {error}. Install task-orchestrator beside task-orchestrator-mcp, or on PATH.", .program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It ran and ended.
    #[error("The daemon did not start: {text} (log: {})", .log.display())]
    Failed {
        /// Its own words.
        text: String,
        /// Where it logs.
        log: PathBuf,
    },
    /// It runs and takes long.
    #[error("The daemon is still starting after {} s{}. The call was not made; make it again in a moment. `task-orchestrator status` says how far the daemon is (log: {})", .after.as_secs(), .why.as_ref().map(|why| format!(": {why}")).unwrap_or_default(), .log.display())]
    Slow {
        /// How long was waited.
        after: Duration,
        /// What it is doing, in its own words.
        why: Option<String>,
        /// Where it logs.
        log: PathBuf,
    },
}

/// Connects to the endpoint's daemon, starting one if that is allowed and needed.
///
/// # Errors
/// [`Unreachable`]; bounded by `patience` and one handshake.
pub async fn reach(
    endpoint: &Endpoint,
    hello: &Hello,
    starter: &Starter,
    may: May,
    patience: Duration,
) -> Result<Connection, Unreachable> {
    if may == May::Start {
        // Where it cannot be cleared nothing can be started either, and that will be said below.
        let _ = stop_marker::clear(endpoint);
    }
    let begun = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        // On a socket that a service manager keeps open, dialling is starting.
        match may {
            May::Start => {}
            _ if stop_marker::stands(endpoint) => return Err(Unreachable::Stopped),
            May::OnlyDial if is_down(endpoint) => {
                let database = endpoint.database.clone();
                return Err(Unreachable::Dial(DialError::NobodyListens { database }));
            }
            May::OnlyDial | May::StartUnlessStopped => {}
        }
        let missed = match dial(endpoint, hello).await {
            Ok(connection) => return Ok(connection),
            Err(missed) => missed,
        };
        let absent = matches!(missed, DialError::NobodyListens { .. });
        if !(absent || missed.passes()) || (absent && may == May::OnlyDial) {
            return Err(Unreachable::Dial(missed));
        }
        if absent {
            // It may have been stopped just now.
            if may == May::StartUnlessStopped && stop_marker::stands(endpoint) {
                return Err(Unreachable::Stopped);
            }
            if let Some(connection) = start_one(endpoint, hello, starter).await? {
                return Ok(connection);
            }
        }
        if begun.elapsed() >= patience {
            // Where nobody listened there may be a daemon by now, and it knows best what it is doing.
            let missed = match missed {
                DialError::NobodyListens { .. } => match dial(endpoint, hello).await {
                    Ok(connection) => return Ok(connection),
                    Err(missed) => missed,
                },
                other => other,
            };
            return Err(late(endpoint, missed, patience));
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Whether there is certainly no daemon.
fn is_down(endpoint: &Endpoint) -> bool {
    matches!(lockfile::holder(&endpoint.lock()), Ok(None))
}

/// One attempt to start a daemon. `None`: somebody else is at it, or an old one is ending; dial again.
async fn start_one(
    endpoint: &Endpoint,
    hello: &Hello,
    starter: &Starter,
) -> Result<Option<Connection>, Unreachable> {
    refuse_in_sandbox(endpoint)?;
    endpoint.prepare()?;
    let Some(_start_lock) = try_start_lock(endpoint)? else { return Ok(None) };
    match dial(endpoint, hello).await {
        Ok(connection) => return Ok(Some(connection)),
        Err(DialError::NobodyListens { .. }) => {}
        Err(_) => return Ok(None),
    }
    if lockfile::holder(&endpoint.lock()).ok().flatten().is_some() {
        return Ok(None);
    }
    let (at, starting) = (endpoint.clone(), starter.clone());
    let word = tokio::task::spawn_blocking(move || starting.start(&at)).await;
    match word.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
        Ok(Word::Ready | Word::Busy | Word::Silent) => Ok(None),
        Ok(Word::Failed(text)) => Err(Unreachable::Failed { text, log: endpoint.log() }),
        Err(error) => Err(Unreachable::Program { program: starter.program.clone(), error }),
    }
}

/// The start lock, if nobody has it; it ends with the returned file.
fn try_start_lock(endpoint: &Endpoint) -> Result<Option<File>, Unreachable> {
    let path = endpoint.start_lock();
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path);
    match file.map(|file| (file.try_lock(), file)) {
        Ok((Ok(()), file)) => Ok(Some(file)),
        Ok((Err(TryLockError::WouldBlock), _)) => Ok(None),
        Ok((Err(TryLockError::Error(error)), _)) | Err(error) => Err(Unreachable::Prepare { path, error }),
    }
}

/// A daemon inherits the sandbox it is started in, and with it every other session's calls (`daemon.md` rule 16).
fn refuse_in_sandbox(endpoint: &Endpoint) -> Result<(), Unreachable> {
    let sandboxed = |sign: String| Unreachable::Sandboxed { sign, socket: endpoint.socket.clone() };
    if let Some((name, _)) = std::env::vars_os()
        .find(|(name, _)| name.to_str().is_some_and(|name| name.starts_with("CODEX_SANDBOX")))
    {
        return Err(sandboxed(format!("{} is set", name.to_string_lossy())));
    }
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        let folders = [Some(endpoint.runtime.as_path()), endpoint.database.parent()];
        for folder in folders.into_iter().flatten().filter(|folder| folder.exists()) {
            if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
                return Err(sandboxed(format!("{} is not writable", folder.display())));
            }
        }
    }
    Ok(())
}

fn late(endpoint: &Endpoint, missed: DialError, after: Duration) -> Unreachable {
    match missed {
        DialError::NobodyListens { .. } => match lockfile::holder(&endpoint.lock()) {
            Ok(Some(holder)) => Unreachable::Held { lock: endpoint.lock(), holder },
            _ => Unreachable::Slow { after, why: None, log: endpoint.log() },
        },
        DialError::Starting { why } => Unreachable::Slow { after, why: Some(why), log: endpoint.log() },
        other => Unreachable::Dial(other),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use futures_util::{SinkExt, StreamExt};
    use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName, tokio::prelude::*};

    use super::*;
    use crate::{
        Places, Settings, codec,
        handshake::{Kind, Reply, Starting},
    };

    /// A daemon that was started here and opens its database for longer than anybody waits.
    #[tokio::test]
    async fn whoever_waits_too_long_hears_what_the_daemon_is_doing() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::under(home.path());
        let endpoint = Endpoint::find(&places, &Settings::default(), None).unwrap();
        endpoint.prepare().unwrap();
        let (started, program) = (home.path().join("started"), home.path().join("program"));
        std::fs::write(&program, format!("#!/bin/sh\n: > '{}'\nexec sleep 60\n", started.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let listening = tokio::spawn(open_for_ever(endpoint.clone(), started));
        let patience = Duration::from_secs(2);
        let starter = Starter {
            program,
            home: home.path().to_owned(),
            config: None,
            workspaces: None,
            runtime_dir: None,
            patience,
        };
        let hello = Hello::new(Kind::Shim, endpoint.database.clone());
        let reached = reach(&endpoint, &hello, &starter, May::Start, patience).await;
        listening.abort();
        let said = reached.map(drop).unwrap_err().to_string();
        assert!(said.contains("still starting after 2 s: step 1 of 2. The call was not made"), "{said}");
    }

    /// Once it was started, answers every hello that it is starting.
    async fn open_for_ever(endpoint: Endpoint, started: PathBuf) {
        while !started.exists() {
            sleep(Duration::from_millis(5)).await;
        }
        let name = endpoint.socket.as_path().to_fs_name::<GenericFilePath>().unwrap();
        let listener = ListenerOptions::new().name(name).create_tokio().unwrap();
        loop {
            let mut frames = codec::frames(listener.accept().await.unwrap());
            let _hello = frames.next().await;
            let reply = Reply::Starting(Starting { why: "step 1 of 2".to_owned() });
            frames.send(codec::frame(&reply).unwrap()).await.unwrap();
        }
    }
}
