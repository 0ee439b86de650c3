//! How the daemon ends: asked, signalled, idle, or no longer the owner of its files.
//!
//! Three steps, each a token. `begun`: new calls are refused, long polls end. `cut`: calls that still run are given
//! up. `close`: connections end, once their last answers are out.

use std::sync::OnceLock;

use tokio_util::sync::CancellationToken;

/// Why the daemon ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// `stop`, over the socket.
    Asked,
    /// SIGTERM or SIGINT.
    Signal,
    /// No session for the time of `--idle-exit`.
    Idle,
    /// Its program was replaced while it had no session.
    Updated,
    /// The database or lock at the path is not the one we hold.
    Lost(String),
}

impl Reason {
    /// Somebody wants it to stay down: the stop marker is left (`daemon.md` rule 9).
    pub(crate) fn stays_down(&self) -> bool {
        matches!(self, Self::Asked | Self::Signal)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Asked => f.write_str("The daemon is stopping, as `task-orchestrator stop` asked."),
            Self::Signal => f.write_str("The daemon is stopping: it was told to end."),
            Self::Idle => f.write_str("The daemon is stopping: it had no sessions."),
            Self::Updated => {
                f.write_str("The daemon is stopping: its program was updated; the next one is the new one.")
            }
            Self::Lost(what) => write!(f, "The daemon has stopped serving: {what}"),
        }
    }
}

/// The daemon's end, from wish to closed connections.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    reason: OnceLock<Reason>,
    pub(crate) begun: CancellationToken,
    pub(crate) cut: CancellationToken,
    pub(crate) close: CancellationToken,
}

impl Stop {
    /// Begins the end. The first reason counts.
    pub(crate) fn begin(&self, reason: Reason) {
        if self.reason.set(reason).is_ok() {
            self.begun.cancel();
        }
    }

    /// Why it ends, once it does.
    pub(crate) fn reason(&self) -> Option<&Reason> {
        self.reason.get()
    }
}

/// Waits for SIGTERM or SIGINT (Ctrl-C on Windows).
///
/// # Errors
/// When the system gives no signal handlers.
pub(crate) async fn signalled() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
