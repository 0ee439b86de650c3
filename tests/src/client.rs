//! A client of a real shim: JSON-RPC lines over its stdin and stdout, every wait bounded.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
        mpsc::{self, Receiver},
    },
    time::Instant,
};

use serde_json::{Value, json};

use crate::{
    answer::{Answer, Refusal},
    env::TestEnv,
    lifecycle::Lifecycle,
    wait::{DEADLINE, eventually},
};

/// One session: a shim process and what was said with it.
#[derive(Debug)]
pub struct McpClient {
    env: TestEnv,
    lifecycle: Lifecycle,
    name: String,
    capabilities: Value,
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    inbox: Mutex<Inbox>,
    next_id: AtomicI64,
    said: Arc<Mutex<Vec<String>>>,
    opened: Mutex<Value>,
}

#[derive(Debug)]
struct Inbox {
    lines: Receiver<String>,
    /// Came while something else was waited for.
    aside: Vec<Value>,
}

impl McpClient {
    /// A tool's document; fails when it is refused.
    #[track_caller]
    pub fn ok(&self, tool: &str, arguments: Value) -> Value {
        let call = shorten(&format!("{tool} {arguments}"));
        self.call(tool, arguments).ok(&call)
    }

    /// A tool's refusal; fails when it is answered, or refused with another code.
    ///
    /// # Panics
    /// When it is not refused with `code`.
    #[track_caller]
    pub fn refused(&self, tool: &str, arguments: Value, code: &str) -> Refusal {
        let call = shorten(&format!("{tool} {arguments}"));
        let refusal = self.call(tool, arguments).refusal(&call);
        assert_eq!(refusal.code, code, "{call}\nwanted {code}, was refused with {refusal:?}");
        refusal
    }

    /// What a tool answers.
    #[track_caller]
    pub fn call(&self, tool: &str, arguments: Value) -> Answer {
        Answer::read(self.rpc("tools/call", json!({"name": tool, "arguments": arguments})))
    }

    /// The tools as listed, over all pages.
    #[track_caller]
    pub fn list_tools(&self) -> Vec<Value> {
        self.list("tools/list", "tools")
    }

    /// The prompts as listed.
    #[track_caller]
    pub fn prompts(&self) -> Vec<Value> {
        self.list("prompts/list", "prompts")
    }

    /// One prompt's messages as one text.
    ///
    /// # Panics
    /// When it has none.
    #[track_caller]
    pub fn prompt(&self, name: &str, arguments: Value) -> String {
        let result = self.rpc("prompts/get", json!({"name": name, "arguments": arguments}));
        let messages =
            result["messages"].as_array().unwrap_or_else(|| panic!("wanted messages, got {result}"));
        messages.iter().map(|m| m["content"]["text"].as_str().unwrap_or_default()).collect()
    }

    /// A request's result; fails on a JSON-RPC error.
    ///
    /// # Panics
    /// When the answer is an error.
    #[track_caller]
    pub fn rpc(&self, method: &str, params: Value) -> Value {
        let answer = self.exchange(method, params);
        assert!(
            answer.get("error").is_none(),
            "wanted a result of {method}\n{}",
            self.story(&answer.to_string())
        );
        let result = answer["result"].clone();
        if self.lifecycle == Lifecycle::Stateless {
            // Clients of 2026-07-28 refuse a result without it.
            assert_eq!(
                result["resultType"],
                "complete",
                "a result of {method} says that it is whole\n{}",
                self.story("")
            );
        }
        result
    }

    /// A request's JSON-RPC error; fails on a result.
    ///
    /// # Panics
    /// When the answer is a result.
    #[track_caller]
    pub fn rpc_error(&self, method: &str, params: Value) -> Value {
        let answer = self.exchange(method, params);
        assert!(
            answer.get("error").is_some(),
            "wanted an error of {method}\n{}",
            self.story(&answer.to_string())
        );
        answer["error"].clone()
    }

    /// Sends a request and does not wait; [`McpClient::receive`] gets its answer.
    #[track_caller]
    pub fn send(&self, method: &str, params: Value) -> i64 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let params = self.lifecycle.params(&self.name, params);
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        id
    }

    /// Sends a notification.
    #[track_caller]
    pub fn notify(&self, method: &str, params: Value) {
        let params = self.lifecycle.params(&self.name, params);
        self.say(&json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string());
    }

    /// The answer to an earlier [`McpClient::send`].
    #[track_caller]
    pub fn receive(&self, id: i64) -> Value {
        self.message(&format!("the answer to request {id}"), |m| m["id"] == id && m.get("method").is_none())
    }

    /// The next message that `wanted` accepts; others are put aside for later.
    ///
    /// # Panics
    /// When none comes in time, or the shim's output is not JSON-RPC.
    #[track_caller]
    pub fn message(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut inbox = lock(&self.inbox);
        if let Some(at) = inbox.aside.iter().position(&wanted) {
            return inbox.aside.remove(at);
        }
        let begun = Instant::now();
        loop {
            let left = DEADLINE.saturating_sub(begun.elapsed());
            let Ok(line) = inbox.lines.recv_timeout(left) else {
                panic!("{}", self.story(&format!("waited for {what}; it did not come")));
            };
            let message: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
                panic!("{}", self.story(&format!("stdout holds protocol only, got: {line}")))
            });
            if wanted(&message) {
                return message;
            }
            inbox.aside.push(message);
        }
    }

    /// Those messages that came already, and that `wanted` accepts.
    pub fn came(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut inbox = lock(&self.inbox);
        while let Ok(line) = inbox.lines.try_recv() {
            inbox.aside.extend(serde_json::from_str(&line));
        }
        inbox.aside.extract_if(.., |message| wanted(message)).collect()
    }

    /// Says something that is no request of ours: a notification, or an answer.
    #[track_caller]
    pub(crate) fn tell(&self, message: &Value) {
        self.say(&message.to_string());
    }

    /// Which version it speaks.
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle
    }

    /// A line as it is, without a look at what it holds.
    ///
    /// # Panics
    /// When the shim reads no more.
    #[track_caller]
    pub fn raw_line(&self, line: &[u8]) {
        let mut stdin = lock(&self.stdin);
        let pipe = stdin.as_mut().expect("stdin is open");
        let written = pipe.write_all(line).and_then(|()| pipe.write_all(b"\n")).and_then(|()| pipe.flush());
        if let Err(error) = written {
            panic!("{}", self.story(&format!("the shim reads no more: {error}")));
        }
    }

    /// What `initialize` answered, or `server/discover` without one.
    #[track_caller]
    pub fn opened(&self) -> Value {
        lock(&self.opened).clone()
    }

    /// Ends the session as clients do, by closing stdin, and waits for the shim's end.
    #[track_caller]
    pub fn end(self) {
        lock(&self.stdin).take();
        eventually("the shim's end after its stdin's", || match lock(&self.child).try_wait() {
            Ok(Some(status)) if status.success() => Ok(()),
            other => Err(self.story(&format!("{other:?}"))),
        });
    }

    /// Ends the shim as a crash would.
    #[track_caller]
    pub fn kill(self) {
        drop(self);
    }

    /// The shim's process id.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Whether the shim runs.
    #[track_caller]
    pub fn is_alive(&self) -> bool {
        matches!(lock(&self.child).try_wait(), Ok(None))
    }

    /// Starts the shim; says nothing.
    pub(crate) fn start(
        env: TestEnv,
        mut command: Command,
        lifecycle: Lifecycle,
        name: &str,
        capabilities: Value,
    ) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the shim starts");
        let said = Arc::new(Mutex::new(Vec::new()));
        let (send, lines) = mpsc::channel();
        follow(child.stdout.take(), "<-", &said, move |line| send.send(line).is_ok());
        follow(child.stderr.take(), "stderr:", &said, |_| true);
        let stdin = child.stdin.take();
        Self {
            env,
            lifecycle,
            name: name.to_owned(),
            capabilities,
            child: Mutex::new(child),
            stdin: Mutex::new(stdin),
            inbox: Mutex::new(Inbox { lines, aside: Vec::new() }),
            next_id: AtomicI64::new(1),
            said,
            opened: Mutex::new(Value::Null),
        }
    }

    /// Opens the session the way its version does.
    #[track_caller]
    pub fn open(&self) {
        let opened = match self.lifecycle.opening(&self.name, &self.capabilities) {
            Some(params) => {
                let result = self.rpc("initialize", params);
                self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
                result
            }
            None => self.rpc("server/discover", json!({})),
        };
        *lock(&self.opened) = opened;
    }

    fn exchange(&self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.receive(id)
    }

    fn list(&self, method: &str, key: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut params = json!({});
        loop {
            let page = self.rpc(method, params);
            found.extend(page[key].as_array().cloned().unwrap_or_default());
            match page.get("nextCursor") {
                Some(Value::String(cursor)) => params = json!({"cursor": cursor}),
                _ => return found,
            }
        }
    }

    fn say(&self, line: &str) {
        lock(&self.said).push(format!("-> {}", shorten(line)));
        self.raw_line(line.as_bytes());
    }

    /// Everything that helps to see why a wait failed.
    fn story(&self, why: &str) -> String {
        let mut story = format!("{why}\n--- transcript\n");
        for line in lock(&self.said).iter() {
            let _ = writeln!(story, "{line}");
        }
        let _ = write!(
            story,
            "--- daemons: {:?}\n--- daemon log\n{}",
            self.env.daemon_pids(),
            self.env.daemon_log()
        );
        story
    }
}

impl Drop for McpClient {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Reads lines on a thread of their own until `take` wants no more.
fn follow(
    pipe: Option<impl Read + Send + 'static>,
    mark: &'static str,
    said: &Arc<Mutex<Vec<String>>>,
    mut take: impl FnMut(String) -> bool + Send + 'static,
) {
    let said = Arc::clone(said);
    let pipe = pipe.expect("the pipe was asked for");
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            lock(&said).push(format!("{mark} {}", shorten(&line)));
            if !take(line) {
                return;
            }
        }
    });
}

fn shorten(line: &str) -> String {
    match line.char_indices().nth(2_000) {
        Some((at, _)) => format!("{}… ({} bytes)", &line[..at], line.len()),
        None => line.to_owned(),
    }
}

/// The value, also after a panic elsewhere: what is wanted then is the story.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
