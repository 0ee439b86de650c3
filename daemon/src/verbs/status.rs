//! `status`: whether a daemon runs for the database, and how it is. Never starts one.

use std::{path::Path, process::ExitCode};

use orc_proto::{
    Hello, Kind,
    dial::{ANSWER_WITHIN, DialError, dial},
    lockfile, stop_marker,
};
use serde_json::{Value, json};

use super::{Here, Trouble, exit::Exit, say};
use crate::original;

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
    let (state, why, pid) = match dial(endpoint, &hello).await {
        Ok(connection) => {
            let answer = connection.ask("daemon/status", None, ANSWER_WITHIN).await?;
            let document = answer.map_err(|fault| Trouble::Said(fault.message))?;
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
    // What runs and does not answer is a fault; that nothing runs is none.
    let exit = if matches!(state, "none" | "stopped") { Exit::Unreachable } else { Exit::Refused };
    Ok((document, exit.into()))
}

/// How to take over the original's database, where there is only that one (`contract.md` §11).
fn take_over(here: &Here) -> Option<String> {
    let new = here.endpoint.is_default && !here.endpoint.database.exists();
    if new { original::hint(&here.places) } else { None }
}

fn tell(document: &Value) {
    let text = |key: &str| match &document[key] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let lines = [
        ("state", "state"),
        ("pid", "pid"),
        ("version", "build"),
        ("database", "database"),
        ("socket", "socket"),
        ("up for (s)", "uptime_seconds"),
        ("sessions", "sessions"),
    ];
    for (label, key) in lines {
        if let Some(value) = text(key) {
            say(&format!("{label:<11} {value}"));
        }
    }
    for fault in document["engine"]["config_errors"].as_array().into_iter().flatten() {
        let place = fault["path"].as_str().unwrap_or_default();
        let message = fault["message"].as_str().unwrap_or_default();
        say(&format!("config error {place}:{}:{}: {message}", fault["line"], fault["column"]));
    }
    for notice in document["engine"]["notices"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        say(&format!("notice      {notice}"));
    }
    for note in ["message", "take_over"].into_iter().filter_map(text) {
        say(&note);
    }
    let engine = &document["engine"];
    if let Some(hint) = engine["take_over"].as_str() {
        say(hint);
    }
    if let Some(line) = taken_over(&engine["taken_over"]) {
        say(&line);
    }
}

/// What came from the original, in one line.
fn taken_over(report: &Value) -> Option<String> {
    let backup = report["backup"].as_str()?;
    let parts = ["items", "notes", "dependencies", "workspaces", "claims", "leftovers"];
    let parts: Vec<String> = parts.iter().map(|part| format!("{} {part}", report[part])).collect();
    let from = report["from"].as_str().unwrap_or_default();
    Some(format!("taken over  from {from}: {}; the original is at {backup}", parts.join(", ")))
}
