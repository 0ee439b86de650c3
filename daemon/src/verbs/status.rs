//! `status`: whether a daemon runs for the database, and how it is. Never starts one.

use std::{path::Path, process::ExitCode};

use orc_core::time::{SECOND, span_text};
use orc_proto::{
    Endpoint, Hello, Kind, Welcome,
    dial::{ANSWER_WITHIN, DialError, dial},
    lockfile, stop_marker,
};
use serde_json::{Value, json};

use super::{Here, Trouble, count::counted, exit::Exit, say, times::minute};
use crate::{last_end, original};

pub(crate) fn run(json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let here = Here::find(db)?;
    let (document, code) = super::client_runtime()?.block_on(look(&here))?;
    if json {
        say(&document.to_string())
    } else {
        tell(&document)
    }
    Ok(code)
}

/// The status document: the daemon's own where it answers, else what is known from outside.
async fn look(here: &Here) -> Result<(Value, ExitCode), Trouble> {
    let endpoint = &here.endpoint;
    let hello = Hello::new(Kind::Probe, endpoint.database.clone());
    // Where nobody holds the lock, nobody is asked: a service manager's socket would start a daemon.
    let is_free = matches!(lockfile::holder(&endpoint.lock()), Ok(None));
    let nobody = || DialError::NobodyListens { database: endpoint.database.clone() };
    let dialled = if is_free { Err(nobody()) } else { dial(endpoint, &hello).await };
    let (state, why, pid) = match dialled {
        Ok(connection) => {
            let answer = connection.ask("daemon/status", None, ANSWER_WITHIN).await?;
            let document = answer.map_err(|fault| Trouble::Said(fault.message))?;
            if document.text().is_empty() {
                return Ok((in_its_welcome(&connection.welcome, endpoint), ExitCode::SUCCESS));
            }
            let document = serde_json::from_str(document.text()).map_err(std::io::Error::from)?;
            return Ok((document, ExitCode::SUCCESS));
        }
        Err(DialError::NobodyListens { .. }) => match lockfile::holder(&endpoint.lock())? {
            Some(holder) => (
                "unresponsive",
                format!("A process holds the lock and does not answer ({holder})."),
                holder.pid,
            ),
            None if stop_marker::stands(endpoint) => (
                "stopped",
                "Stopped with `task-orchestrator stop`; a new session starts it again.".to_owned(),
                None,
            ),
            None => ("none", "No daemon runs. A session starts one by itself.".to_owned(), None),
        },
        Err(silent @ DialError::NoAnswer { pid }) => ("unresponsive", silent.to_string(), pid),
        Err(other) => ("unreachable", other.to_string(), None),
    };
    let mut document = json!({
        "state": state, "message": why, "database": endpoint.database, "socket": endpoint.socket,
    });
    if let Some(pid) = pid {
        document["pid"] = pid.into();
    }
    if let Some(hint) = take_over(here) {
        document["take_over"] = hint.into();
    }
    if let Some(crash) = last_end::last(endpoint, pid.is_some()) {
        document["last_crash"] = crash.json();
    }
    // What runs and does not answer is a fault; that nothing runs is none.
    let exit = if matches!(state, "none" | "stopped") { Exit::Unreachable } else { Exit::Refused };
    Ok((document, exit.into()))
}

/// What a daemon of an older protocol has said before it answered in a form that is none here.
fn in_its_welcome(welcome: &Welcome, endpoint: &Endpoint) -> Value {
    json!({
        "state": "ready", "pid": welcome.pid, "build": welcome.build, "protocol_max": welcome.protocol,
        "database": welcome.database, "socket": endpoint.socket,
        "message": "It was started by an older version and speaks an older protocol. End it with `task-orchestrator stop` when \
                    its sessions are done; the next one is the new one.",
    })
}

/// How to take over the original's database, where there is only that one (`contract.md` §11).
fn take_over(here: &Here) -> Option<String> {
    let new = here.endpoint.is_default && !here.endpoint.database.exists();
    if new { original::hint(&here.places) } else { None }
}

fn tell(document: &Value) {
    let engine = &document["engine"];
    let up_for = document["uptime_seconds"].as_i64().map(|seconds| span_text(seconds * SECOND)).into();
    let writes = engine["writer_queue"].as_u64().map(|count| counted(count, "write")).into();
    let lines = [
        ("state", &document["state"]),
        ("pid", &document["pid"]),
        ("version", &document["build"]),
        ("database", &document["database"]),
        ("socket", &document["socket"]),
        ("up for", &up_for),
        ("sessions", &document["sessions"]),
        ("calls now", &document["calls_running"]),
        ("waiting", &writes),
        ("last backup", &engine["backups"]["newest"]),
        ("log", &document["log"]),
    ];
    for (label, value) in lines {
        if let Some(value) = text(value) {
            say(&format!("{label:<11} {value}"));
        }
    }
    tell_tools(&document["tools"]);
    for error in document["errors"].as_array().into_iter().flatten() {
        let [at, tool, code, message] =
            ["at", "tool", "code", "message"].map(|key| error[key].as_str().unwrap_or_default());
        let at = minute(at);
        say(&format!("error       {at} {tool} {code}: {message}"));
    }
    if let Some(line) = crash(&document["last_crash"]) {
        say(&line);
    }
    if let Some(trouble) = engine["backups"]["trouble"].as_str() {
        say(&format!("no backup   {trouble}"));
    }
    if let Some(damage) = engine["damage"].as_str() {
        say(&format!("damage      {damage}"));
    }
    for fault in document["engine"]["config_errors"].as_array().into_iter().flatten() {
        let place = fault["path"].as_str().unwrap_or_default();
        let message = fault["message"].as_str().unwrap_or_default();
        say(&format!("config error {place}:{}:{}: {message}", fault["line"], fault["column"]));
    }
    for notice in document["engine"]["notices"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        say(&format!("notice      {notice}"));
    }
    for note in ["message", "take_over"].into_iter().filter_map(|key| text(&document[key])) {
        say(&note);
    }
    if let Some(hint) = engine["take_over"].as_str() {
        say(hint);
    }
    if let Some(line) = taken_over(&engine["taken_over"]) {
        say(&line);
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Calls since the start and how long they took, a line for each tool.
fn tell_tools(tools: &Value) {
    let Some(tools) = tools.as_object().filter(|tools| !tools.is_empty()) else { return };
    say(&format!("{:<24} {:>8} {:>10} {:>10} {:>10}", "tool", "calls", "p50 ms", "p95 ms", "p99 ms"));
    for (name, figures) in tools {
        let [p50, p95, p99] =
            ["p50_ms", "p95_ms", "p99_ms"].map(|key| figures[key].as_f64().unwrap_or_default());
        let calls = figures["calls"].as_u64().unwrap_or_default();
        say(&format!("{name:<24} {calls:>8} {p50:>10.3} {p95:>10.3} {p99:>10.3}"));
    }
}

/// How the last daemon ended that did not end by itself.
fn crash(crash: &Value) -> Option<String> {
    let (pid, started) = (crash["pid"].as_u64()?, minute(crash["started"].as_str()?));
    let build = crash["build"].as_str().unwrap_or_default();
    Some(format!(
        "last crash  pid {pid} ({build}), started {started}: killed, crashed, or the machine went down"
    ))
}

/// What came from the original, in one line.
fn taken_over(report: &Value) -> Option<String> {
    let backup = report["backup"].as_str()?;
    let parts = [
        ("items", "item"),
        ("notes", "note"),
        ("dependencies", "dependency"),
        ("workspaces", "workspace"),
        ("claims", "claim"),
        ("leftovers", "leftover"),
    ];
    let parts = parts.map(|(key, one)| counted(report[key].as_u64().unwrap_or_default(), one));
    let from = report["from"].as_str().unwrap_or_default();
    Some(format!("taken over  from {from}: {}; the original is at {backup}", parts.join(", ")))
}
