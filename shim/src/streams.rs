//! This process' stdin and stdout, read and written without a thread in between where the system allows it.
//!
//! Clients written for Node give their servers sockets, the others pipes. rmcp knows pipes; what is neither (a terminal, a file)
//! is read on a thread of its own.

use rmcp::transport::stdio_pipes;
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) type Input = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Both, for whoever is the only one to use them. Within a runtime.
pub(crate) fn open() -> (Input, Output) {
    #[cfg(unix)]
    if let (Some(input), Some(output)) = (sockets::of(std::io::stdin()), sockets::of(std::io::stdout())) {
        return (Box::new(input), Box::new(output));
    }
    let (input, output) = stdio_pipes();
    (Box::new(input), Box::new(output))
}

#[cfg(unix)]
mod sockets {
    use std::{
        fs::File,
        os::{
            fd::AsFd,
            unix::{fs::FileTypeExt, net},
        },
    };

    use tokio::net::UnixStream;

    /// The stream, if it is a socket.
    pub(super) fn of(stream: impl AsFd) -> Option<UnixStream> {
        let file = File::from(stream.as_fd().try_clone_to_owned().ok()?);
        if !file.metadata().ok()?.file_type().is_socket() {
            return None;
        }
        let socket = net::UnixStream::from(std::os::fd::OwnedFd::from(file));
        // A socket of TCP, say, is none of ours.
        socket.local_addr().ok()?;
        socket.set_nonblocking(true).ok()?;
        UnixStream::from_std(socket).ok()
    }
}
