//! Talking: the handshake's refusals and the bounds (`daemon.md` rules 11 and 14).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use e2e::machine::{TestEnv, eventually, raw};
use serde_json::{Value, json};

fn daemon() -> (TestEnv, PathBuf) {
    let env = TestEnv::new();
    env.client().call("get_context", json!({}));
    let socket = env.status()["socket"].as_str().unwrap().into();
    (env, socket)
}

#[test]
fn every_wrong_hello_is_refused_in_words() {
    let (env, socket) = daemon();
    let good = raw::hello(&env.database());
    let with = |key: &str, value: Value| {
        let mut hello = good.clone();
        hello[key] = value;
        hello
    };
    let newer = {
        let mut hello = with("protocol_min", json!(98));
        hello["protocol_max"] = json!(99);
        hello
    };
    let refused = [
        (newer, "PROTOCOL", "Update the daemon"),
        (with("protocol_max", json!(0)), "PROTOCOL", "Update the client"),
        (with("magic", json!("http")), "HELLO", "is not"),
        (with("database", json!("/other.db")), "DATABASE", "/other.db"),
        (with("kind", json!("ghost")), "HELLO", "ghost"),
        (json!({"half": 1}), "HELLO", "cannot be read"),
    ];
    for (hello, code, words) in refused {
        let reply = raw::greet(&socket, &hello).unwrap();
        assert_eq!(reply["refused"]["code"], code, "{reply}");
        assert!(reply["refused"]["message"].as_str().unwrap().contains(words), "{reply}");
        assert_eq!(reply["refused"]["protocol_max"], 2);
    }
    let reply = raw::greet(&socket, &with("colour", json!("blue"))).unwrap();
    assert_eq!(reply["welcome"]["protocol"], 2, "a field nobody knows yet is no reason: {reply}");
}

#[test]
fn a_hello_has_two_seconds() {
    let (_env, socket) = daemon();
    let begun = Instant::now();
    let mut silent = raw::connect(&socket).unwrap();
    let reply = raw::receive(&mut silent).unwrap();
    assert!(reply["refused"]["message"].as_str().unwrap().contains("2 seconds"), "{reply}");
    assert!((Duration::from_secs(1)..Duration::from_secs(8)).contains(&begun.elapsed()));
    assert!(raw::receive(&mut silent).is_err(), "the connection ends");
}

#[test]
fn a_monstrous_frame_ends_only_its_own_connection() {
    let (env, socket) = daemon();
    let mut stream = raw::connect(&socket).unwrap();
    std::io::Write::write_all(&mut stream, &u32::MAX.to_be_bytes()).unwrap();
    assert!(raw::receive(&mut stream).unwrap()["refused"].is_object());
    assert_eq!(env.status()["state"], "ready");
}

#[test]
fn an_unknown_call_ends_only_its_own_connection() {
    let (env, socket) = daemon();
    let mut stream = raw::connect(&socket).unwrap();
    raw::send(&mut stream, raw::hello(&env.database()).to_string().as_bytes()).unwrap();
    assert!(raw::receive(&mut stream).unwrap()["welcome"].is_object());
    raw::send(&mut stream, br#"{"no":"call"}"#).unwrap();
    assert!(raw::receive(&mut stream).is_err());
    assert_eq!(env.status()["state"], "ready");
}

#[test]
fn sessions_have_a_bound_and_people_still_get_through() {
    let env = TestEnv::new();
    let mut daemon = env.serve(&["--max-sessions", "2"]);
    let mut clients: Vec<_> = (0..2).map(|_| env.client()).collect();
    for client in &mut clients {
        assert!(!client.call("get_context", json!({})).1);
    }
    let (document, is_error) = env.client().call("get_context", json!({}));
    assert!(is_error);
    let words = document["error"]["message"].as_str().unwrap();
    assert!(words.contains("All 2 sessions are taken"), "{words}");
    assert_eq!(env.status()["sessions"], 2);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || daemon.try_wait().unwrap());
}

#[test]
fn a_flood_of_silent_connections_does_not_keep_others_out() {
    let (env, socket) = daemon();
    let flood: Vec<_> = (0..200).map(|_| raw::connect(&socket).unwrap()).collect();
    assert!(!env.client().call("get_context", json!({})).1);
    drop(flood);
}

#[test]
fn only_the_daemon_opens_the_database_and_the_socket_is_private() {
    let (env, socket) = daemon();
    let mode = |path: &Path| {
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions())
    };
    assert_eq!(mode(&socket) & 0o777, 0o600);
    assert_eq!(mode(&env.runtime()) & 0o777, 0o700);
    assert_eq!(mode(env.database().parent().unwrap()) & 0o777, 0o700);
    let client = env.client();
    let holds = |pid: u32| {
        std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten().any(|entry| {
            std::fs::read_link(entry.path())
                .is_ok_and(|path| path.starts_with(env.database().parent().unwrap()))
        })
    };
    assert!(holds(env.daemon_pid()));
    assert!(!holds(client.pid()));
}

#[test]
fn a_person_calls_tools_too() {
    let env = TestEnv::new();
    let run = env.run(&["call", "get_context", "limit=3"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(serde_json::from_str::<Value>(&run.stdout).unwrap().is_object());
    assert_eq!(env.run(&["call", "get_context", "{broken"]).code, Some(2));
    let version = env.run(&["--version"]);
    assert!(version.stdout.starts_with("task-orchestrator "), "{version:?}");
}
