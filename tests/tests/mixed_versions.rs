//! Programs of two versions on one machine: an older shim with a newer daemon, the reverse, and a daemon that is replaced under
//! its sessions (`daemon.md` rules 8, 9 and 11).
//!
//! The older programs are those in the folder that `E2E_OLDER` names; `.ci/run` builds them from the history. Without it the
//! present ones play both parts, and what is left is the exchange.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "test code")]

use std::path::{Path, PathBuf};

use e2e::machine::{McpClient, TestEnv, binaries, copy_program, eventually};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAMS: [&str; 2] = ["task-orchestrator", "task-orchestrator-mcp"];

fn older() -> PathBuf {
    std::env::var_os("E2E_OLDER").map_or_else(|| binaries().clone(), PathBuf::from)
}

/// An installation: a folder with both programs, to be replaced in place.
fn installed(from: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    install(from, folder.path());
    folder
}

/// Puts programs in the place of those that are there, as package managers do: a new file, renamed over the old one.
fn install(from: &Path, folder: &Path) {
    for name in PROGRAMS {
        let new = folder.join(format!("{name}.new"));
        copy_program(&from.join(name), &new);
        std::fs::rename(&new, folder.join(name)).unwrap();
    }
}

fn shim(env: &TestEnv, folder: &Path) -> McpClient {
    let mut client = McpClient::spawn(env.command(folder.join(PROGRAMS[1])));
    client.initialize("2025-06-18");
    client
}

fn run(env: &TestEnv, folder: &Path, words: &[&str]) -> Value {
    let output = env.command(folder.join(PROGRAMS[0])).args(words).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// The protocols that an installation speaks, as its daemon says.
fn protocols(folder: &Path) -> (u64, u64) {
    let env = TestEnv::new();
    shim(&env, folder).call("get_context", json!({}));
    let status = run(&env, folder, &["status", "--json"]);
    (status["protocol_min"].as_u64().unwrap(), status["protocol_max"].as_u64().unwrap())
}

fn meet(one: (u64, u64), other: (u64, u64)) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

/// A call is served where the versions understand each other; else it is refused, and the words name what to update.
fn served_or_told(client: &mut McpClient, understood: bool, update: &str) {
    let (document, refused) = client.call("manage_items", json!({"operation": "create", "title": "x"}));
    assert_eq!(refused, !understood, "{document}");
    if refused {
        let words = document["error"]["message"].as_str().unwrap_or_default();
        assert!(words.contains(update), "{words}");
    }
}

#[test]
fn an_older_shim_and_a_newer_daemon() {
    let (old, new) = (installed(&older()), installed(binaries()));
    let understood = meet(protocols(old.path()), protocols(new.path()));
    let env = TestEnv::new();
    assert!(!shim(&env, new.path()).call("get_context", json!({})).1);
    let daemon = env.daemon_pid();
    served_or_told(&mut shim(&env, old.path()), understood, "Update the client");
    assert_eq!(env.daemon_pid(), daemon);
}

#[test]
fn a_newer_shim_and_an_older_daemon() {
    let (old, new) = (installed(&older()), installed(binaries()));
    let understood = meet(protocols(old.path()), protocols(new.path()));
    let env = TestEnv::new();
    let mut works = shim(&env, old.path());
    assert!(!works.call("get_context", json!({})).1);
    let daemon = run(&env, old.path(), &["status", "--json"])["pid"].clone();
    served_or_told(&mut shim(&env, new.path()), understood, "Update the daemon");
    let status = run(&env, new.path(), &["status", "--json"]);
    assert_eq!(
        (&status["state"], &status["pid"]),
        (&json!("ready"), &daemon),
        "it is seen in any case: {status}"
    );
    // Under the sessions of others nothing is ended.
    assert!(!works.call("get_context", json!({})).1);
    assert_eq!(run(&env, old.path(), &["status", "--json"])["pid"], daemon);
}

#[test]
fn a_daemon_is_replaced_under_its_sessions() {
    let (old, new) = (older(), binaries());
    let understood = meet(protocols(&old), protocols(new));
    let (env, place) = (TestEnv::new(), installed(&old));
    let mut clients = [shim(&env, place.path()), shim(&env, place.path())];
    for client in &mut clients {
        let (claimed, refused) = client.call("manage_items", json!({"operation": "create", "title": "mine"}));
        assert!(!refused, "{claimed}");
        let item = claimed["id"].clone();
        assert!(!client.call("advance_item", json!({"item_id": item, "trigger": "start"})).1);
    }
    let before = run(&env, place.path(), &["status", "--json"])["pid"].clone();
    install(new, place.path());
    let stopped = env.command(place.path().join(PROGRAMS[0])).arg("stop").output().unwrap();
    assert!(stopped.status.success(), "the new program ends the old daemon, whatever it speaks: {stopped:?}");
    assert!(env.daemons().is_empty());
    for client in &mut clients {
        if !understood {
            served_or_told(client, false, "Update the client");
            continue;
        }
        // The next call of a session that was connected: the new daemon serves it, as the one it was.
        let (mine, refused) = client.call("claim_item", json!({"operation": "list", "mine": true}));
        assert!(!refused, "{mine}");
        assert_eq!(mine["items"].as_array().map(Vec::len), Some(1), "{mine}");
        assert_eq!(mine["items"][0]["title"], "mine");
    }
    let status = run(&env, place.path(), &["status", "--json"]);
    assert_ne!(status["pid"], before);
    assert_eq!(env.daemons().len(), 1);
    let program = std::fs::read(format!("/proc/{}/exe", status["pid"])).unwrap();
    assert_eq!(program, std::fs::read(new.join(PROGRAMS[0])).unwrap(), "what runs is the new one");
}

#[test]
fn a_daemon_without_sessions_whose_program_was_replaced_ends() {
    // With the end of the last session, and with the next look when there was none.
    for connected in [true, false] {
        let (env, place) = (TestEnv::new(), installed(binaries()));
        let mut client = Some(shim(&env, place.path()));
        client.as_mut().unwrap().call("get_context", json!({}));
        let daemon = env.daemon_pid();
        if !connected {
            client = None;
            eventually("the session has ended", || (env.status()["sessions"] == 0).then_some(()));
        }
        install(binaries(), place.path());
        if let Some(mut client) = client.take() {
            assert!(!client.call("get_context", json!({})).1);
            assert_eq!(env.daemon_pid(), daemon, "under a session it stays");
        }
        eventually("the end of a daemon whose program was replaced", || {
            // Something goes in a folder that it watches: so it looks.
            let passing = env.runtime().join("passing");
            std::fs::write(&passing, "").unwrap();
            std::fs::remove_file(&passing).unwrap();
            env.daemons().is_empty().then_some(())
        });
        assert!(
            !shim(&env, place.path()).call("get_context", json!({})).1,
            "and the next call starts the new one"
        );
        assert_ne!(env.daemon_pid(), daemon);
    }
}
