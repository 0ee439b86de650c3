//! What a service manager and the daemon tell each other: a socket that is already listened on, readiness, the end, signs of life
//! (`daemon.md` rule 10).
//!
//! That is systemd, and whoever speaks as it does, and for sockets launchd. Under launchd nothing has been run: what is its own stands in
//! one small module.

use std::path::{Path, PathBuf};

use interprocess::local_socket::tokio::Listener;

/// A socket was passed that the daemon does not serve on. The text says what to correct.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "macos")),
    allow(dead_code, reason = "no service manager passes sockets there")
)]
pub(crate) enum Unfit {
    #[error(
        "The service manager passed {0} sockets; the daemon serves on one. Leave one ListenStream= in its socket unit, or one entry under Sockets in its launchd agent."
    )]
    Number(usize),
    #[error(
        "The service manager passed a socket that listens on {passed}, but clients of this database connect to {}. Write ListenStream={} into its socket unit, or that path as SockPathName into its launchd agent.", .wanted.display(), .wanted.display()
    )]
    Elsewhere { passed: String, wanted: PathBuf },
    #[error(
        "The socket that the service manager passed cannot be used: {0}. It must be a Unix socket: ListenStream= with a path, or SockPathName."
    )]
    Unusable(std::io::Error),
}

/// Says that calls are served. While the answer lives, signs of life are given as often as the service manager wants them.
pub(crate) fn ready() -> Option<Watchdog> {
    #[cfg(target_os = "linux")]
    {
        systemd::tell(&[sd_notify::NotifyState::Ready]);
        systemd::give_signs_of_life()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Says that the daemon is about to end.
pub(crate) fn stopping() {
    #[cfg(target_os = "linux")]
    systemd::tell(&[sd_notify::NotifyState::Stopping]);
}

/// The socket that was passed to this process, if one was: it must be the one at `socket`. To be asked once.
///
/// # Errors
/// [`Unfit`].
pub(crate) fn passed_listener(socket: &Path) -> Result<Option<Listener>, Unfit> {
    #[cfg(target_os = "linux")]
    return systemd::passed_listener(socket);
    #[cfg(target_os = "macos")]
    return launchd::passed_listener(socket);
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    {
        let _ = socket;
        Ok(None)
    }
}

/// Ends the signs of life when dropped.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "no service manager wants signs of life there")
)]
pub(crate) struct Watchdog(tokio::task::JoinHandle<()>);

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(target_os = "linux")]
mod systemd {
    use std::path::Path;

    use interprocess::local_socket::tokio::Listener;
    use sd_notify::NotifyState;

    use super::{Unfit, Watchdog, passed};

    pub(super) fn tell(state: &[NotifyState<'_>]) {
        // Without a service manager there is nobody to tell, and that is no error.
        if let Err(error) = sd_notify::notify(state) {
            tracing::warn!(%error, "the service manager cannot be told how the daemon is");
        }
    }

    /// Twice as often as is wanted, from the thread that serves all sockets: a daemon that hangs there gives none.
    pub(super) fn give_signs_of_life() -> Option<Watchdog> {
        let every = sd_notify::watchdog_enabled()? / 2;
        let signs = async move {
            loop {
                tell(&[NotifyState::Watchdog]);
                tokio::time::sleep(every).await;
            }
        };
        Some(Watchdog(tokio::spawn(signs)))
    }

    pub(super) fn passed_listener(socket: &Path) -> Result<Option<Listener>, Unfit> {
        passed::only(sd_notify::listen_fds().map_err(Unfit::Unusable)?, socket)
    }
}

/// Never run: there was no macOS to run it on.
#[cfg(target_os = "macos")]
mod launchd {
    use std::path::Path;

    use interprocess::local_socket::tokio::Listener;
    use raunch::Error;

    use super::{Unfit, passed};

    /// The name of the socket under `Sockets` in the agent's plist.
    const NAME: &str = "task-orchestrator";

    pub(super) fn passed_listener(socket: &Path) -> Result<Option<Listener>, Unfit> {
        match raunch::activate_socket(NAME) {
            Ok(descriptors) => passed::only(descriptors.into_iter(), socket),
            // Not started by launchd, or by an agent without a socket of that name.
            Err(Error::NotManaged | Error::NotInPlist) => Ok(None),
            Err(error) => Err(Unfit::Unusable(std::io::Error::other(error.to_string()))),
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod passed {
    use std::{
        os::{
            fd::{FromRawFd, OwnedFd, RawFd},
            unix::net::UnixListener,
        },
        path::Path,
    };

    use interprocess::{local_socket::tokio::Listener, os::unix::uds_local_socket};

    use super::Unfit;

    /// The one socket among those that were passed.
    pub(super) fn only(
        mut descriptors: impl ExactSizeIterator<Item = RawFd>,
        socket: &Path,
    ) -> Result<Option<Listener>, Unfit> {
        match (descriptors.len(), descriptors.next()) {
            (1, Some(descriptor)) => adopt(take(descriptor), socket).map(Some),
            (0, _) | (_, None) => Ok(None),
            (number, _) => Err(Unfit::Number(number)),
        }
    }

    #[allow(unsafe_code, reason = "a passed descriptor is a number")]
    fn take(descriptor: RawFd) -> OwnedFd {
        // SAFETY: the service manager has opened it for this process, it is asked once, and nothing else here was given it.
        unsafe { OwnedFd::from_raw_fd(descriptor) }
    }

    fn adopt(descriptor: OwnedFd, socket: &Path) -> Result<Listener, Unfit> {
        let listener = UnixListener::from(descriptor);
        let address = listener.local_addr().map_err(Unfit::Unusable)?;
        // By another path to the same folder it is the same socket.
        let same = |path: &Path| {
            let real = |path: &Path| path.canonicalize().ok();
            path == socket || real(path).is_some_and(|path| real(socket) == Some(path))
        };
        if !address.as_pathname().is_some_and(same) {
            let passed = address.as_pathname().map(|path| path.display().to_string());
            let passed = passed.unwrap_or_else(|| "no path".to_owned());
            return Err(Unfit::Elsewhere { passed, wanted: socket.to_owned() });
        }
        let listener = uds_local_socket::Listener::from(listener);
        uds_local_socket::tokio::Listener::try_from(listener).map(Listener::from).map_err(Unfit::Unusable)
    }
}
