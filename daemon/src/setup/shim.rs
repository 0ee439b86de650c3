//! Whether a shim answers `initialize`, as a client would ask.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use orc_proto::settings::{DB, RUNTIME_DIR};
use serde_json::Value;

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(5);

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"task-orchestrator setup","version":"1"}}}"#;

/// Runs the shim and says `initialize`. It is given places that do not exist, inside what looks like a sandbox: so it neither starts
/// a daemon nor takes back a `stop`.
///
/// # Errors
/// In words: it does not run, or does not answer.
pub(crate) fn answers(shim: &Path) -> Result<(), String> {
    let nowhere = std::env::temp_dir().join(format!("task-orchestrator-check-{}", std::process::id()));
    let mut child = Command::new(shim)
        .env(RUNTIME_DIR, &nowhere)
        .env(DB, nowhere.join("tasks.db"))
        .env("CODEX_SANDBOX_CHECK", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{} does not run: {error}", shim.display()))?;
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            // Nobody listens any more when the time is over.
            let _ = sender.send(read.map(|_| line));
        });
    }
    let said = child.stdin.as_mut().map(|stdin| writeln!(stdin, "{INITIALIZE}"));
    let line = lines.recv_timeout(WITHIN);
    let _ = child.kill();
    let _ = child.wait();
    let answer = line.ok().and_then(Result::ok).and_then(|line| serde_json::from_str::<Value>(&line).ok());
    match (said, answer) {
        (Some(Ok(())), Some(answer)) if answer["result"]["serverInfo"]["name"] == "task-orchestrator" => {
            Ok(())
        }
        _ => Err(format!("{} does not answer initialize within {} s", shim.display(), WITHIN.as_secs())),
    }
}
