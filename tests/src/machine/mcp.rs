//! An MCP client over the shim's stdio.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(40);

/// A running shim and its client's end of the pipes.
pub struct McpClient {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    kept: VecDeque<Value>,
    last_id: u64,
}

impl McpClient {
    /// Runs the shim.
    ///
    /// # Panics
    /// When it does not run.
    pub fn spawn(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        Self { child, stdin, lines, kept: VecDeque::new(), last_id: 0 }
    }

    /// Process id of the shim.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Says `initialize` and `notifications/initialized`; the result.
    pub fn initialize(&mut self, version: &str) -> Value {
        let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "suite", "version": "1"}});
        let answer = self.request("initialize", params);
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        answer["result"].clone()
    }

    /// Sends a request and waits for its answer, whole.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id)
    }

    /// Calls a tool: its document, and whether it is a refusal.
    ///
    /// # Panics
    /// When the answer is no tool result of one text block.
    pub fn call(&mut self, tool: &str, arguments: Value) -> (Value, bool) {
        let answer = self.request("tools/call", json!({"name": tool, "arguments": arguments}));
        Self::document(&answer)
    }

    /// The document in a `tools/call` answer.
    ///
    /// # Panics
    /// When the answer is no tool result of one text block.
    pub fn document(answer: &Value) -> (Value, bool) {
        let result = &answer["result"];
        assert_eq!(result["content"].as_array().map(Vec::len), Some(1), "{answer}");
        let text = result["content"][0]["text"].as_str().unwrap();
        (serde_json::from_str(text).unwrap(), result["isError"] == true)
    }

    /// Sends a request without waiting; its id.
    pub fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// Waits for the answer to a request.
    ///
    /// # Panics
    /// When none comes.
    pub fn answer(&mut self, id: u64) -> Value {
        self.wait(ANSWER, |message| message["id"] == id)
            .unwrap_or_else(|| panic!("no answer to request {id}"))
    }

    /// Waits for a message that fits; others are kept.
    pub fn wait(&mut self, within: Duration, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        if let Some(at) = self.kept.iter().position(&fits) {
            return self.kept.remove(at);
        }
        let until = Instant::now() + within;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
                        panic!("stdout carries more than protocol ({error}): {line}")
                    });
                    if fits(&message) {
                        return Some(message);
                    }
                    self.kept.push_back(message);
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Writes a message.
    pub fn send(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// Writes bytes as they are.
    ///
    /// # Panics
    /// When the shim has ended.
    pub fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    /// Ends stdin and waits for the process; how it ended and how long it took.
    ///
    /// # Panics
    /// When it stays.
    pub fn close(mut self) -> (ExitStatus, Duration) {
        drop(self.stdin.take());
        let begun = Instant::now();
        let status = super::eventually("the shim ends with its stdin", || self.child.try_wait().unwrap());
        (status, begun.elapsed())
    }
}

impl Drop for McpClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
