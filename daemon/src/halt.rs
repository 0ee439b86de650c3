//! Why a call stopped: a refusal for the caller, or a fault of the store.

use orc_core::Stop;
use orc_core::refusal::{Code, Refusal};
use orc_store::Error;

/// What a tool answers when it does not answer a document.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The caller is told why.
    Refused(Refusal),
    /// The store failed; nothing was kept.
    Store(Error),
}

impl Halt {
    /// Says more in a refusal; a fault of the store stays as it is.
    pub(crate) fn map_refusal(self, change: impl FnOnce(Refusal) -> Refusal) -> Self {
        match self {
            Halt::Refused(refusal) => Halt::Refused(change(refusal)),
            fault => fault,
        }
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Halt::Refused(refusal)
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Halt::Store(error)
    }
}

impl From<Stop<Error>> for Halt {
    fn from(stop: Stop<Error>) -> Self {
        match stop {
            Stop::Refused(refusal) => Halt::Refused(refusal),
            Stop::Failed(error) => Halt::Store(error),
        }
    }
}

impl From<Halt> for Refusal {
    /// What the caller is told of a store's fault: whether trying again may help.
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Refused(refusal) => refusal,
            Halt::Store(error) => {
                tracing::error!(%error, "the store failed");
                store_fault(&error)
            }
        }
    }
}

fn store_fault(error: &Error) -> Refusal {
    if error.may_pass() {
        let message = format!(
            "The database cannot be used now ({error}); nothing was changed. Check disk space and permissions, then call again"
        );
        Refusal::new(Code::Unavailable, message)
    } else if error.is_damage() {
        let message = format!(
            "The database file is damaged, or the disk did not let it be read ({error}); nothing was changed. `task-orchestrator doctor` says which; with the daemon stopped, `restore` goes back to a backup and `repair` keeps what can be read"
        );
        Refusal::new(Code::Unavailable, message)
    } else {
        let message =
            format!("The daemon failed on this call ({error}); nothing was changed. Its log has more");
        Refusal::new(Code::Internal, message)
    }
}

/// The refusal of a commit that failed after the call itself had gone well.
pub(crate) fn commit_failed(why: &str) -> Refusal {
    let message = format!(
        "The change could not be written to disk ({why}); nothing was changed. Check disk space and permissions, then call again"
    );
    Refusal::new(Code::Unavailable, message)
}

/// The refusal of a commit that failed, and that the disk did not let be taken back.
pub(crate) fn commit_in_doubt(why: &str) -> Refusal {
    let message = format!(
        "The change could not be written to disk ({why}). It is not there now; whether it comes back when the daemon is started anew cannot be known. Check the disk, then call again: with the same request_id nothing happens twice"
    );
    Refusal::new(Code::Unavailable, message)
}
