//! Who is on the other end of a connection, as the system tells it.
//!
//! All agents of one user share that user: this keeps others out, it does not tell agents apart (`daemon.md` rule 16).

use std::io;

use interprocess::local_socket::{tokio::Stream, traits::StreamCommon};

/// A connection's other end.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Whether it runs as our own user. On Windows the pipe's access list has kept others out already.
    pub(crate) is_ours: bool,
    /// Process id, where the system tells it.
    pub(crate) pid: Option<u32>,
}

impl Peer {
    /// Asks the system.
    ///
    /// # Errors
    /// When it does not tell.
    pub(crate) fn of(stream: &Stream) -> io::Result<Self> {
        let credentials = stream.peer_creds()?;
        #[cfg(unix)]
        let (is_ours, pid) =
            (is_us(credentials.euid()), credentials.pid().and_then(|pid| u32::try_from(pid).ok()));
        #[cfg(not(unix))]
        let (is_ours, pid) = (true, credentials.pid());
        Ok(Self { is_ours, pid })
    }
}

/// Whether an effective user id is our own; one that the system does not tell is not.
#[cfg(unix)]
fn is_us(user: Option<u32>) -> bool {
    user == Some(rustix::process::geteuid().as_raw())
}

/// Whether a process runs. Its number may be another's by now; where the system does not tell, none runs.
pub(crate) fn runs(pid: u32) -> bool {
    #[cfg(unix)]
    {
        let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }
    #[cfg(not(unix))]
    {
        let _ = pid;
        false
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::{is_us, runs};

    #[test]
    fn this_process_runs_and_one_that_ended_does_not() {
        assert!(runs(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(!runs(child.id()));
    }

    #[test]
    fn strangers_are_not_ours() {
        let me = rustix::process::geteuid().as_raw();
        assert!(is_us(Some(me)));
        assert!(!is_us(Some(me + 1)));
        assert!(!is_us(None));
    }
}
