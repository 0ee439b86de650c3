//! Which daemon there is, and how the last one ended.

use orc_core::time::{DAY, SECOND, Stamp, span_text};
use orc_proto::dial::{ANSWER_WITHIN, Connection, DialError, dial};
use orc_proto::handshake::BUILD;
use orc_proto::{Endpoint, Hello, Kind, lockfile, stop_marker};
use serde_json::Value;

use super::finding::Finding;
use crate::clock;
use crate::verbs::{count::counted, times::minute};

/// A crash is worth a warning for so long, in microseconds.
const RECENT: i64 = 7 * DAY;

/// What became of the question whether a daemon runs.
pub(super) enum Alive {
    /// One answers, and says how it is.
    Answers { connection: Connection, status: Value },
    /// Somebody is there and cannot be talked to.
    Silent(Finding),
    /// The lock is free.
    Nobody,
}

/// Asks the daemon, if there is one. Who ends while being asked was on the way out, and nothing is wrong with it.
pub(super) async fn find(endpoint: &Endpoint) -> Alive {
    let first = ask(endpoint).await;
    let gone = matches!(lockfile::holder(&endpoint.lock()), Ok(None));
    if gone && !matches!(first, Alive::Nobody) { ask(endpoint).await } else { first }
}

/// Where nobody holds the lock nobody is dialled: a service manager's socket would start one.
async fn ask(endpoint: &Endpoint) -> Alive {
    let holder = match lockfile::holder(&endpoint.lock()) {
        Ok(Some(holder)) => holder,
        Ok(None) => return Alive::Nobody,
        Err(error) => {
            let value = format!("{} cannot be looked at: {error}", endpoint.lock().display());
            let next =
                "Make the database's folder and what is in it yours and readable, or name another database";
            return Alive::Silent(Finding::problem("daemon", value, next));
        }
    };
    let hello = Hello::new(Kind::Probe, endpoint.database.clone());
    let connection = match dial(endpoint, &hello).await {
        Ok(connection) => connection,
        Err(DialError::NobodyListens { .. } | DialError::NoAnswer { .. }) => {
            let value = format!("a process holds the lock and does not answer ({holder})");
            let next = "If it stays so, look at its log and end that process; what was answered is safe in the database";
            return Alive::Silent(Finding::problem("daemon", value, next));
        }
        Err(other) => {
            let next = "Until then agents cannot reach it either";
            return Alive::Silent(Finding::problem("daemon", other.to_string(), next));
        }
    };
    match connection.ask("daemon/status", None, ANSWER_WITHIN).await {
        Ok(Ok(document)) => {
            let status = serde_json::from_str(document.text()).unwrap_or_default();
            Alive::Answers { connection, status }
        }
        Ok(Err(fault)) => Alive::Silent(no_status(&fault.message)),
        Err(error) => Alive::Silent(no_status(&error.to_string())),
    }
}

fn no_status(why: &str) -> Finding {
    let value = format!("it does not say how it is: {why}");
    Finding::problem("daemon", value, "Stop it and let the next session start it anew")
}

/// The daemon, its version and its socket.
pub(super) fn findings(endpoint: &Endpoint, alive: &Alive) -> Vec<Finding> {
    let lock = endpoint.lock().display().to_string();
    match alive {
        Alive::Silent(finding) => vec![finding.clone()],
        Alive::Nobody if stop_marker::stands(endpoint) => {
            vec![Finding::ok(
                "daemon",
                "stopped with `task-orchestrator stop`; a new session starts it again",
            )]
        }
        Alive::Nobody => vec![Finding::ok("daemon", "none runs; a session starts one by itself")],
        Alive::Answers { status, .. } => {
            let lock = Finding::ok("lock", format!("{lock}, held by the daemon (pid {})", status["pid"]));
            vec![running(status), lock, versions(status), socket(endpoint, status)]
        }
    }
}

fn running(status: &Value) -> Finding {
    let state = status["state"].as_str().unwrap_or_default();
    let value = format!(
        "{state}, pid {}, up for {}, {}",
        status["pid"],
        span_text(status["uptime_seconds"].as_i64().unwrap_or_default() * SECOND),
        counted(status["sessions"].as_u64().unwrap_or_default(), "session")
    );
    match state {
        "ready" => Finding::ok("daemon", value),
        _ => Finding::warning(
            "daemon",
            value,
            "It opens or closes its database just now: look again in a moment",
        ),
    }
}

fn versions(status: &Value) -> Finding {
    let build = status["build"].as_str().unwrap_or_default();
    let value = format!("{build}, protocol {} to {}", status["protocol_min"], status["protocol_max"]);
    if build == BUILD {
        return Finding::ok("its version", value);
    }
    let next = format!(
        "This command is {BUILD}. Stop the daemon when no agent works; the next session starts the installed one"
    );
    Finding::warning("its version", value, next)
}

fn socket(endpoint: &Endpoint, status: &Value) -> Finding {
    let idle = match status["idle_exit_seconds"].as_u64() {
        Some(seconds) => format!("ends after {seconds} s without sessions"),
        None => "stays without sessions".to_owned(),
    };
    Finding::ok("endpoint", format!("{}; {idle}", endpoint.socket.display()))
}

/// How the last daemon ended.
pub(super) fn last_end(endpoint: &Endpoint, alive: &Alive) -> Finding {
    let Some(crash) = crate::last_end::last(endpoint, !matches!(alive, Alive::Nobody)) else {
        return Finding::ok("last end", "no daemon is known to have crashed");
    };
    let value = format!(
        "a daemon (pid {}, {}, started {}) was killed or crashed, or the machine went down",
        crash.pid,
        crash.build,
        minute(&crash.started)
    );
    let when = Stamp::parse(if crash.found.is_empty() { &crash.started } else { &crash.found });
    if when.is_some_and(|when| clock::micros() - when.micros() > RECENT) {
        return Finding::ok("last end", format!("{value}; that is more than a week ago"));
    }
    let next = format!(
        "What was answered is kept. If nobody killed it, the end of {} says more",
        endpoint.log().display()
    );
    Finding::warning("last end", value, next)
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_daemon_in_between_and_one_of_another_version_are_worth_a_warning() {
        let status = |state: &str, build: &str| json!({"state": state, "build": build, "pid": 7, "uptime_seconds": 1, "sessions": 0, "protocol_min": 1, "protocol_max": 2});
        for (state, want) in
            [("ready", State::Ok), ("starting", State::Warning), ("stopping", State::Warning)]
        {
            assert_eq!(running(&status(state, BUILD)).state, want, "{state}");
        }
        assert_eq!(versions(&status("ready", BUILD)).state, State::Ok);
        assert_eq!(versions(&status("ready", "0.0.1")).state, State::Warning);
    }
}
