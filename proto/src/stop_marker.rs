//! The marker `stop` leaves, one per database: while it stands, nothing but a new shim or a tool call starts the
//! daemon again (`daemon.md` rule 9).

use std::io;

use crate::endpoint::Endpoint;

/// Leaves the marker.
///
/// # Errors
/// What the file system says.
pub fn leave(endpoint: &Endpoint) -> io::Result<()> {
    std::fs::write(endpoint.stop_marker(), "stopped; a new session or a tool call starts the daemon again\n")
}

/// Whether it stands.
pub fn stands(endpoint: &Endpoint) -> bool {
    endpoint.stop_marker().exists()
}

/// Takes it away; nothing to take is fine.
///
/// # Errors
/// What the file system says.
pub fn clear(endpoint: &Endpoint) -> io::Result<()> {
    match std::fs::remove_file(endpoint.stop_marker()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
