//! A limit on the size of files (`ulimit -f`) is met as a full disk is: by an error with which calls are refused, and not by
//! the signal that would end the daemon.

/// From here on a write past the limit is an error of that write.
pub(crate) fn limit_is_an_error() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // The handler stays for good; nobody needs to hear of it.
        let excess = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        if let Err(error) = signal(excess) {
            tracing::warn!(%error, "a write past the limit of file sizes would end this daemon");
        }
    }
}
