//! `doctor`: what it finds, and that it changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use e2e::machine::{TestEnv, eventually};
use e2e::workspace_root;
use rusqlite::Connection;
use serde_json::{Value, json};

/// What `doctor` found about one thing.
#[track_caller]
fn finding(env: &TestEnv, what: &str, state: &str, code: i32) -> Value {
    let run = env.run(&["doctor", "--json"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    assert_eq!(run.code, Some(code), "{document:#}");
    assert_eq!(document["ok"], code == 0, "{document:#}");
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["what"] == what && finding["state"] == state);
    let found = found.unwrap_or_else(|| panic!("no {what} that is {state}: {document:#}")).clone();
    assert_eq!(found["next"].is_string(), state != "ok", "what to do: {found}");
    found
}

fn says(finding: &Value, words: &[&str]) {
    let text = finding.to_string();
    words.iter().for_each(|word| assert!(text.contains(word), "{word} is missing: {text}"));
}

/// A database with an item in it, and no daemon.
fn stopped() -> TestEnv {
    let env = TestEnv::new();
    let (made, is_error) =
        env.client().call("manage_items", json!({"operation": "create", "title": "x", "tags": "a"}));
    assert!(!is_error, "{made}");
    assert_eq!(env.run(&["stop"]).code, Some(0));
    env
}

/// Every file below a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.insert(path.clone(), Vec::new());
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
        }
    }
    found
}

#[test]
fn a_running_daemon_is_asked() {
    let env = TestEnv::new();
    let _client = env.client();
    eventually("it runs", || (env.status()["state"] == "ready").then_some(()));
    let pid = env.daemon_pid().to_string();
    says(&finding(&env, "daemon", "ok", 0), &["ready", &pid]);
    for what in [
        "version",
        "its version",
        "database",
        "data folder",
        "endpoint",
        "integrity",
        "derived data",
        "config",
    ] {
        finding(&env, what, "ok", 0);
    }
    let run = env.run(&["doctor"]);
    assert!(
        run.stdout
            .lines()
            .all(|line| line.starts_with("ok") || line.starts_with("warning") || line.starts_with("  ")),
        "{run:?}"
    );
}

#[test]
fn where_nothing_is_nothing_is_made() {
    let env = TestEnv::new();
    says(&finding(&env, "database", "ok", 0), &["not there yet"]);
    says(&finding(&env, "daemon", "ok", 0), &["none runs"]);
    assert_eq!(files(env.home()), BTreeMap::new());
}

#[test]
fn a_database_at_rest_is_looked_at_and_left_as_it_is() {
    let env = stopped();
    let before = files(env.home());
    for what in ["daemon", "schema", "integrity", "references", "derived data"] {
        finding(&env, what, "ok", 0);
    }
    assert_eq!(files(env.home()), before);
    assert!(env.daemons().is_empty());
}

#[test]
fn a_daemon_that_hangs_is_named() {
    let env = TestEnv::new();
    let mut daemon = env.serve(&[]);
    env.signal("STOP", daemon.id());
    says(&finding(&env, "daemon", "problem", 1), &["does not answer", &daemon.id().to_string()]);
    env.signal("CONT", daemon.id());
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

#[test]
fn a_crash_is_told_until_it_is_old() {
    let env = TestEnv::new();
    let mut client = env.client();
    client.call("get_context", json!({}));
    let pid = env.daemon_pid();
    drop(client);
    env.signal("KILL", pid);
    let kept = || -> Vec<_> {
        let all = files(env.database().parent().unwrap()).into_iter();
        // Of the index of the log nobody keeps anything: it is made anew from the log.
        all.filter(|(path, _)| !path.to_string_lossy().ends_with("-shm")).collect()
    };
    let before = kept();
    says(&finding(&env, "last end", "warning", 0), &[&pid.to_string()]);
    assert!(kept() == before, "the database and its log are as the crash left them");
    let mut client = env.client();
    client.call("get_context", json!({}));
    says(&finding(&env, "last end", "warning", 0), &[&pid.to_string()]);
    assert_eq!(env.status()["last_crash"]["pid"], pid);
    let next = env.daemon_pid();
    assert_eq!(env.run(&["stop"]).code, Some(0));
    says(&finding(&env, "last end", "warning", 0), &[&pid.to_string()]);
    assert_ne!(pid, next);
}

#[test]
fn a_broken_config_is_found_with_and_without_a_daemon() {
    let env = stopped();
    let path = env.home().join(".config/task-orchestrator/config.yaml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "stale:\n  queue: soon\n").unwrap();
    says(&finding(&env, "config", "problem", 1), &["config.yaml:2:", "stale.queue"]);
    let mut daemon = env.serve(&[]);
    says(&finding(&env, "config", "problem", 1), &["config.yaml:2:", "stale.queue"]);
    // What was saved just now is known, too.
    std::fs::write(&path, "stael: {}\n").unwrap();
    says(&finding(&env, "config", "problem", 1), &["config.yaml:1:", "stael"]);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    daemon.wait().unwrap();
}

#[test]
fn what_is_derived_wrongly_is_found_and_repaired() {
    let env = stopped();
    let spoil = "UPDATE items SET unmet = 3; DELETE FROM tagged; UPDATE counts SET n = 7;";
    Connection::open(env.database()).unwrap().execute_batch(spoil).unwrap();
    says(&finding(&env, "derived data", "problem", 1), &["unmet blockers", "tags", "counts", "repair"]);
    let mut daemon = env.serve(&[]);
    says(&finding(&env, "derived data", "problem", 1), &["unmet blockers"]);
    let refused = env.run(&["repair"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains(&daemon.id().to_string()) && refused.stderr.contains("stop"),
        "{refused:?}"
    );
    assert_eq!(env.run(&["stop"]).code, Some(0));
    daemon.wait().unwrap();
    let repaired = env.run(&["repair"]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(repaired.stdout.contains("before-repair"), "it says where the backup is: {repaired:?}");
    finding(&env, "derived data", "ok", 0);
    assert!(env.run(&["repair"]).stdout.contains("Nothing was changed"));
    let (list, _) = env.client().call("query_items", json!({"operation": "list", "tags": "a"}));
    assert_eq!(list["total"], 1, "{list}");
}

#[test]
fn files_that_are_not_ours_are_told_apart() {
    let env = TestEnv::new();
    std::fs::create_dir_all(env.database().parent().unwrap()).unwrap();
    let original = workspace_root().join("tests/fixtures/original-1.5.1/tasks.db");
    std::fs::copy(original, env.database()).unwrap();
    says(&finding(&env, "schema", "ok", 0), &["task-orchestrator-py"]);
    std::fs::write(env.database(), vec![b'x'; 9_000]).unwrap();
    says(&finding(&env, "schema", "problem", 1), &["no SQLite database"]);
    std::fs::remove_file(env.database()).unwrap();
    Connection::open(env.database()).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    says(&finding(&env, "schema", "problem", 1), &["another program"]);
    let env = stopped();
    Connection::open(env.database()).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
    says(&finding(&env, "schema", "problem", 1), &["9999", "Update"]);
}

#[test]
fn folders_that_do_not_serve_are_found() {
    let env = TestEnv::new();
    let run = env.run(&["--db", "nowhere/tasks.db", "doctor"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("problem  data folder"), "{run:?}");
    std::fs::create_dir_all(env.runtime()).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(env.runtime(), std::fs::Permissions::from_mode(0o755)).unwrap();
    says(&finding(&env, "runtime folder", "problem", 1), &["0755"]);
}
