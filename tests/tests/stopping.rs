//! Ending: asked, signalled, idle, or no longer the owner (`daemon.md` rules 3, 8 and 9).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    fs::File,
    io::Read,
    time::{Duration, Instant},
};

use e2e::machine::{McpClient, TestEnv, eventually};
use serde_json::json;

fn served(client: &mut McpClient) {
    let (document, is_error) = client.call("get_context", json!({}));
    assert!(!is_error, "{document}");
}

fn lock_is_free(env: &TestEnv) -> bool {
    File::open(env.database().with_extension("db.lock")).unwrap().try_lock().is_ok()
}

/// Long enough for an idle shim to look for a daemon several times.
fn stays_down(env: &TestEnv) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(2) {
        assert!(env.daemons().is_empty(), "somebody started it again");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn stop_is_quick_with_sessions_open_and_holds_until_a_tool_call() {
    let env = TestEnv::new();
    let mut clients: Vec<_> = (0..3).map(|_| env.client()).collect();
    clients.iter_mut().for_each(served);
    let (item, _) = clients[0].call("manage_items", json!({"operation": "create", "title": "never done"}));
    let arguments = json!({"item_id": item["id"], "until": "done", "timeout_seconds": 300});
    let waiting = clients[0].ask("tools/call", json!({"name": "wait_for", "arguments": arguments}));
    eventually("the wait", || (env.status()["engine"]["waiting"] == 1).then_some(()));
    let begun = Instant::now();
    let stop = env.run(&["stop"]);
    assert_eq!(stop.code, Some(0), "{stop:?}");
    assert!(lock_is_free(&env));
    assert!(begun.elapsed() < Duration::from_secs(10));
    // The wait was ended with an answer, not by starting a daemon.
    clients[0].answer(waiting);
    stays_down(&env);
    assert_eq!(env.run(&["status"]).code, Some(3));
    served(&mut clients[1]);
    eventually("all sessions come back by themselves", || (env.status()["sessions"] == 3).then_some(()));
    assert_eq!(env.daemons().len(), 1);
}

#[test]
fn a_new_session_takes_a_stop_back() {
    let env = TestEnv::new();
    drop(env.client());
    env.run(&["stop"]);
    let _client = env.client();
    eventually("the daemon is up without a call", || (env.status()["sessions"] == 1).then_some(()));
}

#[test]
fn stopping_what_does_not_run_is_fine() {
    let env = TestEnv::new();
    assert_eq!(env.run(&["stop"]).code, Some(0));
    assert!(!env.runtime().exists(), "nothing is created by it");
}

#[test]
fn sigterm_and_sigint_are_stops() {
    for signal in ["TERM", "INT"] {
        let env = TestEnv::new();
        let mut client = env.client();
        served(&mut client);
        env.signal(signal, env.daemon_pid());
        eventually("the daemon ends", || env.daemons().is_empty().then_some(()));
        assert!(lock_is_free(&env));
        stays_down(&env);
        served(&mut client);
    }
}

#[test]
fn a_call_during_the_stop_is_served_by_the_next_daemon() {
    let env = TestEnv::new();
    let mut clients: Vec<_> = (0..4).map(|_| env.client()).collect();
    clients.iter_mut().for_each(served);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(env.run(&["stop"]).code, Some(0)));
        for client in &mut clients {
            scope.spawn(|| (0..50).for_each(|_| served(client)));
        }
    });
}

#[test]
fn an_idle_daemon_ends_but_not_under_a_session() {
    let env = TestEnv::new();
    let mut daemon = env.serve(&["--idle-exit", "1s"]);
    let mut client = env.client();
    served(&mut client);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(daemon.try_wait().unwrap().is_none());
    served(&mut client);
    client.close();
    assert!(eventually("it ends by itself", || daemon.try_wait().unwrap()).success());
    // Nobody stopped it: an idle shim may start it again.
    assert_eq!(env.status()["state"], "none");
}

#[test]
fn without_the_flag_a_daemon_stays() {
    let env = TestEnv::new();
    let mut daemon = env.serve(&[]);
    assert_eq!(env.status()["idle_exit_seconds"], json!(null));
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || daemon.try_wait().unwrap());
}

#[test]
fn a_replaced_database_or_lock_ends_the_daemon_with_words() {
    // By looking now and then; and, where the system tells, at once.
    let looks: &[&str] = if cfg!(target_os = "linux") { &["20ms", "1h"] } else { &["20ms"] };
    let files = ["tasks.db", "tasks.db.lock"];
    for (name, every) in files.iter().flat_map(|name| looks.iter().map(move |every| (name, every))) {
        let env = TestEnv::new();
        let mut daemon = env.serve(&["--check-every", every]);
        let path = env.database().with_file_name(name);
        let copy = path.with_extension("copy");
        std::fs::copy(&path, &copy).unwrap();
        std::fs::rename(&copy, &path).unwrap();
        eventually("it ends", || daemon.try_wait().unwrap());
        let mut said = String::new();
        daemon.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        daemon.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains("was replaced by another file"), "{said}");
        served(&mut env.client());
    }
}

#[test]
fn stop_finds_a_daemon_whose_socket_is_away_for_a_moment() {
    let env = TestEnv::new();
    let mut daemon = env.serve(&["--check-every", "500ms"]);
    std::fs::remove_file(env.status()["socket"].as_str().unwrap()).unwrap();
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || daemon.try_wait().unwrap());
}

#[test]
fn a_removed_socket_is_bound_again() {
    let env = TestEnv::new();
    let mut daemon = env.serve(&["--check-every", if cfg!(target_os = "linux") { "1h" } else { "20ms" }]);
    let socket = env.status()["socket"].as_str().unwrap().to_owned();
    std::fs::remove_file(&socket).unwrap();
    eventually("the socket is back", || (env.status()["state"] == "ready").then_some(()));
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || daemon.try_wait().unwrap());
}
