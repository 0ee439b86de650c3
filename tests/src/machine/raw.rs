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
    serde_json::from_slice(&frame(stream)?).map_err(io::Error::other)
}

fn frame(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// A session of the present protocol, spoken by hand.
#[derive(Debug)]
pub struct Session {
    /// The connection, to be maltreated.
    pub stream: UnixStream,
    last_id: u64,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Answered {
    /// Which request.
    pub id: u64,
    /// The message, without its document.
    pub message: Value,
    /// The document; empty when it has none.
    pub document: String,
}

impl Session {
    /// Connects, says hello and is welcomed.
    ///
    /// # Errors
    /// What the system says, or the reply of a daemon that does not welcome.
    pub fn open(socket: &Path, hello: &Value) -> io::Result<Self> {
        let mut stream = connect(socket)?;
        send(&mut stream, hello.to_string().as_bytes())?;
        let reply = receive(&mut stream)?;
        match reply["welcome"].is_object() {
            true => Ok(Self { stream, last_id: 0 }),
            false => Err(io::Error::other(reply.to_string())),
        }
    }

    /// Another end of a session's connection, to read while it is written to.
    pub fn of(stream: UnixStream) -> Self {
        Self { stream, last_id: 0 }
    }

    /// Calls a tool, and gives it `seconds`; the request's number.
    ///
    /// # Errors
    /// What the system says.
    pub fn call(&mut self, tool: &str, arguments: &str, seconds: u64) -> io::Result<u64> {
        self.request(json!({"Call": {"call": {"name": tool, "arguments": {}}}}), arguments, seconds)
    }

    /// Sends any request; its number.
    ///
    /// # Errors
    /// What the system says.
    pub fn request(&mut self, message: Value, document: &str, seconds: u64) -> io::Result<u64> {
        self.last_id += 1;
        let none = vec![0; 16];
        let trace = json!({"trace_id": none, "span_id": 1, "sampling_decision": "Unsampled"});
        let context = json!({"deadline": {"secs": seconds, "nanos": 0}, "trace_context": trace});
        let request = json!({"Request": {"context": context, "id": self.last_id, "message": message}});
        let document = if document.is_empty() { String::new() } else { format!("\n{document}") };
        send(&mut self.stream, format!("{request}{document}").as_bytes())?;
        Ok(self.last_id)
    }

    /// The next answer.
    ///
    /// # Errors
    /// What the system says; `UnexpectedEof` when the daemon hung up.
    pub fn answer(&mut self) -> io::Result<Answered> {
        let body = String::from_utf8(frame(&mut self.stream)?).map_err(io::Error::other)?;
        let (message, document) = body.split_once('\n').unwrap_or((&body, ""));
        let message: Value = serde_json::from_str(message).map_err(io::Error::other)?;
        let id = message["request_id"].as_u64().unwrap_or_default();
        Ok(Answered { id, message, document: document.to_owned() })
    }
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
