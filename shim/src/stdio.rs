//! MCP's stdio transport, stricter than rmcp's own, which drops what it cannot read: here every line that is no
//! message is answered, and none ends the process.
//!
//! A line that is no JSON: -32700, to the id where one is read before the fault. JSON that is no message, or a line over 16 MiB: -32600. Notifications nobody
//! knows are ignored, as JSON-RPC wants.

use std::{io, sync::Arc, time::Duration};

use orc_proto::codec::MAX_MESSAGE;
use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    sync::{Mutex, mpsc, watch},
    time::timeout,
};

use crate::{
    id, line,
    lines::{Line, Lines},
    streams::{self, Input, Output},
};

/// Messages read ahead of the handler.
const AHEAD: usize = 32;
/// After the end of stdin: how long the next answer may take before the process ends without it. A client that waits
/// for the end kills after about 2 s; a pipe (`printf … | task-orchestrator-mcp`) wants its answers.
const QUICK: Duration = Duration::from_secs(3);
/// The same, while the daemon is still being started.
const STARTING: Duration = Duration::from_secs(5);

/// The transport rmcp serves on.
pub(crate) struct Stdio {
    messages: mpsc::Receiver<ClientJsonRpcMessage>,
    out: Arc<Mutex<Output>>,
    traffic: Traffic,
    begun: bool,
}

/// What is known about the lines, for whoever decides when the process may end.
#[derive(Clone)]
pub(crate) struct Traffic {
    ended: watch::Sender<bool>,
    written: watch::Sender<u64>,
}

impl Traffic {
    /// Returns once stdin has ended.
    pub(crate) async fn ended(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Returns once stdin has ended and no answer has been written for a while.
    pub(crate) async fn quiet_after_the_end(&self, is_connecting: impl Fn() -> bool) {
        self.ended().await;
        let mut written = self.written.subscribe();
        loop {
            let patience = if is_connecting() { STARTING } else { QUICK };
            if timeout(patience, written.changed()).await.is_err() {
                return;
            }
        }
    }
}

impl Stdio {
    /// Takes over this process' stdin and stdout.
    pub(crate) fn open() -> (Self, Traffic) {
        let (reader, writer) = streams::open();
        let (sender, messages) = mpsc::channel(AHEAD);
        let out = Arc::new(Mutex::new(writer));
        let traffic = Traffic { ended: watch::Sender::new(false), written: watch::Sender::new(0) };
        tokio::spawn(read(reader, sender, Arc::clone(&out), traffic.clone()));
        (Self { messages, out, traffic: traffic.clone(), begun: false }, traffic)
    }
}

impl Transport<RoleServer> for Stdio {
    type Error = io::Error;

    fn send(&mut self, item: ServerJsonRpcMessage) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let (out, traffic) = (Arc::clone(&self.out), self.traffic.clone());
        async move {
            write(&out, line::of(item)?).await?;
            traffic.written.send_modify(|count| *count += 1);
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let message = self.messages.recv().await?;
            // Before a lifecycle has begun, rmcp takes anything but a request for the end.
            match &message {
                JsonRpcMessage::Request(request) => {
                    let waits = matches!(
                        request.request,
                        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_)
                    );
                    self.begun |= !waits;
                    return Some(message);
                }
                _ if self.begun => return Some(message),
                _ => {}
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.messages.close();
        self.out.lock().await.flush().await
    }
}

/// Reads lines until stdin ends. Answers what is no message itself.
async fn read(
    reader: Input,
    messages: mpsc::Sender<ClientJsonRpcMessage>,
    out: Arc<Mutex<Output>>,
    traffic: Traffic,
) {
    let mut lines = Lines::new(reader, MAX_MESSAGE);
    while let Ok(Some(line)) = lines.next().await {
        let parsed = match &line {
            Line::Whole(line) => parse(line),
            Line::TooLong(head) => {
                vec![Err(error(-32600, "The message is over 16 MiB", id::of_beginning(head)))]
            }
        };
        for message in parsed {
            let delivered = match message {
                Ok(message) => messages.send(message).await.is_ok(),
                Err(answer) => write(&out, answer.to_string().into_bytes()).await.is_ok(),
            };
            if !delivered {
                break;
            }
        }
    }
    traffic.ended.send_replace(true);
}

/// The messages of a line; an error is the answer to give. A batch (2025-03-26) is taken apart.
fn parse(line: &[u8]) -> Vec<Result<ClientJsonRpcMessage, Value>> {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Vec::new();
    }
    // Straight into the message first: nearly every line is one.
    if line.first() == Some(&b'{')
        && let Ok(message) = serde_json::from_slice(line)
    {
        return vec![Ok(message)];
    }
    match serde_json::from_slice(line) {
        Err(fault) => {
            // A whole line in which one value cannot be read (half of a surrogate pair, nested too deep) is somebody's request.
            let is_whole = !fault.is_eof() && line.ends_with(b"}");
            let id = if is_whole { id::of_beginning(line) } else { Value::Null };
            vec![Err(error(-32700, &format!("The line is not JSON: {fault}"), id))]
        }
        Ok(Value::Array(batch)) if !batch.is_empty() => batch.into_iter().filter_map(message).collect(),
        Ok(value) => message(value).into_iter().collect(),
    }
}

/// A value as a message. `None`: a notification nobody knows.
fn message(value: Value) -> Option<Result<ClientJsonRpcMessage, Value>> {
    let id = match value.get("id") {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    };
    let is_notification = value.get("id").is_none() && value.get("method").is_some_and(Value::is_string);
    let speaks_json_rpc = value.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    match serde_json::from_value(value) {
        Ok(message) => Some(Ok(message)),
        Err(_) if is_notification && speaks_json_rpc => None,
        Err(_) => Some(Err(error(-32600, "The line is no JSON-RPC 2.0 message", id))),
    }
}

fn error(code: i32, message: &str, id: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

/// One line out, whole: the lock is held from its first byte to its last.
async fn write(out: &Mutex<Output>, mut line: Vec<u8>) -> io::Result<()> {
    line.push(b'\n');
    let mut out = out.lock().await;
    out.write_all(&line).await?;
    out.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(line: &[u8]) -> Vec<Option<i64>> {
        parse(line)
            .into_iter()
            .map(|parsed| parsed.err().and_then(|answer| answer["error"]["code"].as_i64()))
            .collect()
    }

    #[test]
    fn what_is_no_message_is_answered() {
        assert_eq!(codes(b"{broken"), [Some(-32700)]);
        assert_eq!(codes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"), [Some(-32700)]);
        assert_eq!(codes(b"7"), [Some(-32600)]);
        assert_eq!(codes(b"[]"), [Some(-32600)]);
        assert_eq!(codes(br#"{"id":1,"method":"ping"}"#), [Some(-32600)]);
        assert_eq!(codes(br#"{"jsonrpc":"2.0","id":1}"#), [Some(-32600)]);
        assert!(codes(b"  \r").is_empty());
    }

    #[test]
    fn messages_pass() {
        assert_eq!(codes(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#), [None]);
        assert_eq!(codes(b"\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r"), [None]);
        let batch = br#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},3]"#;
        assert_eq!(codes(batch), [None, None, Some(-32600)]);
    }

    #[test]
    fn an_unreadable_request_is_answered_by_its_id() {
        let deep = format!(r#"{{"id":9,"params":{}{}}}"#, "[".repeat(500), "]".repeat(500));
        for (line, id) in [
            (r#"{"jsonrpc":"2.0","id":9,"method":5}"#, json!(9)),
            (r#"{"jsonrpc":"2.0","id":9,"method":"\ud800"}"#, json!(9)),
            (r#"{"jsonrpc":"2.0","id":"a","method":1e999}"#, json!("a")),
            (deep.as_str(), json!(9)),
            (r#"{"jsonrpc":"2.0","id":9,"method":"cut"#, Value::Null),
            (r#"{"method":"\ud800","id":9}"#, json!(9)),
        ] {
            assert_eq!(parse(line.as_bytes())[0].as_ref().unwrap_err()["id"], id, "{line}");
        }
    }
}
