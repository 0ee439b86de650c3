//! A daemon's socket without any of our code: frames of four bytes of length and JSON.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

/// Connects.
///
/// # Errors
/// What the system says.
pub fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

/// A hello of the present protocol for a database.
pub fn hello(database: &Path) -> Value {
    json!({
        "magic": "task-orchestrator", "protocol_min": 2, "protocol_max": 2, "build": "0.0.1", "kind": "shim",
        "pid": std::process::id(), "folder": "/", "database": database,
    })
}

/// Writes one frame.
///
/// # Errors
/// What the system says.
pub fn send(stream: &mut UnixStream, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(body)
}

/// Reads one frame.
///
/// # Errors
/// What the system says; `UnexpectedEof` when the daemon hung up.
pub fn receive(stream: &mut UnixStream) -> io::Result<Value> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body)?;
    serde_json::from_slice(&body).map_err(io::Error::other)
}

/// Says hello and reads the reply.
///
/// # Errors
/// What the system says.
pub fn greet(socket: &Path, hello: &Value) -> io::Result<Value> {
    let mut stream = connect(socket)?;
    send(&mut stream, hello.to_string().as_bytes())?;
    receive(&mut stream)
}
