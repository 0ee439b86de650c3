//! A client of an MCP server over stdio: one request at a time, timed without reading the JSON.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::Outcome;

/// A running server.
#[derive(Debug)]
pub(crate) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    begun: Instant,
    last_id: u64,
}

/// An answer and how long it took from the request, or from the server's start.
#[derive(Debug)]
pub(crate) struct Timed {
    pub(crate) time: Duration,
    pub(crate) since_start: Duration,
    pub(crate) result: Value,
}

impl Client {
    /// Starts the server and says nothing yet.
    pub(crate) fn start(mut command: Command) -> Outcome<Self> {
        let begun = Instant::now();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdin = child.stdin.take();
        let stdout = BufReader::with_capacity(1 << 20, child.stdout.take().ok_or("no stdout")?);
        Ok(Self { child, stdin, stdout, begun, last_id: 0 })
    }

    /// Starts the server and opens the session.
    pub(crate) fn open(command: Command) -> Outcome<Self> {
        let mut client = Self::start(command)?;
        client.initialize()?;
        Ok(client)
    }

    /// `initialize`, and the notification that ends it.
    pub(crate) fn initialize(&mut self) -> Outcome<Timed> {
        let params = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"},
        });
        let timed = self.request("initialize", params)?;
        self.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")?;
        Ok(timed)
    }

    /// One request and its answer.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Outcome<Timed> {
        self.last_id += 1;
        let line = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        let line = format!("{line}\n");
        let asked = Instant::now();
        self.write(&line)?;
        loop {
            let mut answer = String::new();
            self.stdout.read_line(&mut answer)?;
            let now = Instant::now();
            if answer.is_empty() {
                return Err(format!("the server ended instead of answering {method}").into());
            }
            let mut answer: Value = serde_json::from_str(&answer)?;
            if answer["id"] == self.last_id {
                let result = answer["result"].take();
                if result.is_null() {
                    return Err(format!("{method} was answered with {answer}").into());
                }
                return Ok(Timed { time: now - asked, since_start: now - self.begun, result });
            }
        }
    }

    /// A line to a program that answers with the line itself, and back.
    pub(crate) fn echo(&mut self, params: &Value) -> Outcome<Duration> {
        let line = format!("{params}\n");
        let asked = Instant::now();
        self.write(&line)?;
        let mut answer = String::new();
        self.stdout.read_line(&mut answer)?;
        let time = asked.elapsed();
        if answer == line { Ok(time) } else { Err(format!("wanted {line} back, got {answer}").into()) }
    }

    /// One call of a tool that must not be refused; `result` is the text of its answer.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Outcome<Timed> {
        let timed = self.request("tools/call", json!({"name": tool, "arguments": arguments}))?;
        let text = timed.result["content"][0]["text"].clone();
        let refused = timed.result["isError"] == true
            || text.as_str().is_none_or(|text| text.starts_with("{\"error\""));
        if refused {
            return Err(format!("{tool} was refused: {}", timed.result).into());
        }
        Ok(Timed { result: text, ..timed })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn write(&mut self, line: &str) -> Outcome {
        Ok(self.stdin.as_mut().ok_or("stdin is closed")?.write_all(line.as_bytes())?)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // A server that does not end with its stdin is ended; none of ours is meant to need it.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
