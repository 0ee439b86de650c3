//! The database itself: its schema, and whether it is sound (`daemon.md` rule 22).

use std::time::Duration;

use orc_proto::Endpoint;
use orc_proto::dial::Connection;
use orc_proto::lockfile::{self, Taken};
use orc_store::open::OpenError;
use serde_json::Value;

use super::finding::Finding;
use crate::clock;
use crate::engine::soundness_json;

/// Ids that are shown of those where something derived is wrong.
const SHOWN: usize = 3;
/// A check reads the whole database.
const CHECKED_WITHIN: Duration = Duration::from_secs(600);

/// Asks the daemon, which has it open.
pub(super) async fn served(connection: &Connection, status: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(damage) = status["engine"]["damage"].as_str() {
        findings.push(Finding::problem("writes", "refused", damage));
    }
    if let Some(trouble) = status["engine"]["backups"]["trouble"].as_str() {
        let next = "It is tried again after the next write in an hour; `backup` tries now";
        findings.push(Finding::problem("last backup", trouble, next));
    }
    let why = match connection.ask("daemon/doctor", None, CHECKED_WITHIN).await {
        Ok(Ok(document)) => match serde_json::from_str::<Value>(document.text()) {
            Ok(found) => return [findings, soundness(&found)].concat(),
            Err(error) => error.to_string(),
        },
        Ok(Err(fault)) => fault.message,
        Err(error) => error.to_string(),
    };
    let next = "A daemon of another version does not know the question: stop it when no agent works, then look again";
    findings.push(Finding::warning("soundness", format!("the daemon does not say: {why}"), next));
    findings
}

/// Looks at the file, while nobody has it open.
pub(super) fn at_rest(endpoint: &Endpoint) -> Vec<Finding> {
    let database = &endpoint.database;
    if !database.exists() {
        return Vec::new();
    }
    // Where there is no lock file no daemon has been here; then there is nothing to hold.
    let _lock = match lockfile::hold(&endpoint.lock()) {
        Ok(Some(Taken::Ours(file))) => Some(file),
        Ok(None) => None,
        Ok(Some(Taken::Held { .. })) => {
            return vec![Finding::warning("soundness", "a daemon starts just now", "Look again in a moment")];
        }
        Err(error) => {
            let next = "Make the database's folder and what is in it yours and readable";
            return vec![Finding::problem("lock", error.to_string(), next)];
        }
    };
    let found = match orc_store::look(database) {
        Ok(found) if found.version == 0 => {
            return vec![Finding::ok("schema", "none yet: the file is empty, and a session fills it")];
        }
        Ok(found) => found,
        Err(error) => return vec![unfit(&error)],
    };
    let value = format!("version {} of {}", found.version, found.known);
    let schema = if found.version < found.known {
        Finding::ok("schema", format!("{value}; the next start backs it up and brings it up to date"))
    } else {
        Finding::ok("schema", value)
    };
    let checked = match orc_store::check_still(database, clock::micros()) {
        // An older schema lacks columns that the check asks for.
        Err(_) if found.version < found.known => Vec::new(),
        Err(error) => {
            let next = "If it stays so, try `task-orchestrator repair`, or restore a backup";
            vec![Finding::problem("soundness", error.to_string(), next)]
        }
        Ok(found) => soundness(&soundness_json(&found)),
    };
    [vec![schema], checked].concat()
}

fn unfit(error: &OpenError) -> Finding {
    match error {
        OpenError::Original { .. } => Finding::ok(
            "schema",
            "a database of task-orchestrator-py; the next start backs it up and takes it over",
        ),
        OpenError::Newer { found, known, .. } => {
            let value = format!("version {found}; this task-orchestrator knows {known}");
            Finding::problem(
                "schema",
                value,
                "Update task-orchestrator, or name another database with TASK_ORCHESTRATOR_DB",
            )
        }
        other => {
            let next = "Restore a backup, or name another database with TASK_ORCHESTRATOR_DB";
            Finding::problem("schema", other.to_string(), next)
        }
    }
}

/// What a check found, in a line for each kind.
fn soundness(found: &Value) -> Vec<Finding> {
    let lines = |key: &str| -> Vec<String> {
        let rows = found[key].as_array().into_iter().flatten();
        rows.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let damage = lines("damage");
    if !damage.is_empty() {
        let next = "Keep a copy of the file. Stop the daemon, then restore a backup, or try `task-orchestrator repair`";
        return vec![Finding::problem("integrity", damage.join("; "), next)];
    }
    let dangling = lines("dangling");
    let references = match dangling.as_slice() {
        [] => Finding::ok("references", "each leads somewhere"),
        rows => Finding::problem("references", format!("these lead nowhere: {}", rows.join(", ")), MEND),
    };
    let derived: Vec<String> = found["derived"].as_array().into_iter().flatten().map(derivation).collect();
    let derived = match derived.as_slice() {
        [] => Finding::ok("derived data", "as computed anew"),
        wrong => Finding::problem("derived data", wrong.join("; "), MEND),
    };
    vec![Finding::ok("integrity", "SQLite's check finds nothing"), references, derived]
}

const MEND: &str = "Stop the daemon, then run `task-orchestrator repair`: it keeps a backup";

fn derivation(wrong: &Value) -> String {
    let mut ids: Vec<&str> =
        wrong["ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    ids.dedup();
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    ids.truncate(SHOWN);
    format!("{}: {}{more}", wrong["what"].as_str().unwrap_or_default(), ids.join(", "))
}
