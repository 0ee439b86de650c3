//! The socket: bound under the lock, removed under the lock, bound again should somebody delete it. One that a service manager
//! passed is only listened on.

use std::{
    io,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use interprocess::local_socket::{
    GenericFilePath, ListenerOptions, ToFsName,
    tokio::{Listener, prelude::*},
};

use crate::{connection, daemon::Daemon, lookout::Lookout};

/// Where connections come in.
#[derive(Debug)]
pub(crate) struct Door {
    listener: Listener,
    /// A service manager opened it, and keeps it open.
    pub(crate) was_passed: bool,
}

impl Door {
    /// One that a service manager passed (`daemon.md` rule 10).
    pub(crate) fn passed(listener: Listener) -> Self {
        Self { listener, was_passed: true }
    }

    /// Binds the socket, removing a left-over one. Only the lock's holder may call this (`daemon.md` rule 2).
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn bind(socket: &Path) -> io::Result<Self> {
        bind(socket).map(|listener| Self { listener, was_passed: false })
    }
}

fn bind(socket: &Path) -> io::Result<Listener> {
    remove(socket)?;
    let name = socket.to_fs_name::<GenericFilePath>()?;
    // Reclaiming would unlink by name on drop, perhaps a successor's socket.
    let options = ListenerOptions::new().name(name).reclaim_name(false);
    #[cfg(target_os = "linux")]
    let options = interprocess::os::unix::local_socket::ListenerOptionsExt::mode(options, 0o600);
    options.create_tokio()
}

/// Removes the socket. Only under the lock.
///
/// # Errors
/// What the system says; none there is fine.
pub(crate) fn remove(socket: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(()); // a pipe's name goes with its last handle
    }
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Accepts until connections are to close. Each connection is a task of its own. Looks after the daemon's files in between.
pub(crate) async fn accept(daemon: Arc<Daemon>, door: Door, mut lookout: Lookout) {
    let mut listener = door.listener;
    loop {
        tokio::select! {
            () = daemon.stop.close.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok(stream) => {
                    let task = connection::serve(Arc::clone(&daemon), stream);
                    daemon.connections.spawn(task);
                }
                Err(error) => {
                    // Out of descriptors, most likely: accepting again at once would only spin.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            () = lookout.due() => {
                daemon.look_after_its_program();
                let socket = &daemon.endpoint.socket;
                if daemon.look_after_its_files() && !cfg!(windows) && !socket.exists() {
                    tracing::warn!(socket = %socket.display(), "the socket was removed; binding it again");
                    match bind(socket) {
                        Ok(bound) => {
                            listener = bound;
                            daemon.socket_was_passed.store(false, Ordering::Relaxed);
                        }
                        Err(error) => tracing::warn!(%error, "cannot bind the socket again"),
                    }
                }
            }
        }
    }
}
