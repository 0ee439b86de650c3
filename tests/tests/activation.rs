//! A socket that a service manager passes, and what it is told (`daemon.md` rule 10). The test plays the service manager: it listens
//! on the socket and hands it on as systemd does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt,
            net::{UnixDatagram, UnixListener},
        },
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use e2e::{
    binary,
    machine::{McpClient, TestEnv, eventually},
};
use serde_json::json;

/// Makes descriptor 3 of what came as stdin, and says so as systemd does, with the process id that `exec` keeps.
const PASS: &str = r#"exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve"#;

fn socket(env: &TestEnv) -> PathBuf {
    env.status()["socket"].as_str().unwrap().into()
}

/// Listens where clients look for the daemon.
fn listen(env: &TestEnv) -> UnixListener {
    let folder = env.runtime();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    UnixListener::bind(socket(env)).unwrap()
}

fn activated(env: &TestEnv, listener: &UnixListener) -> Command {
    let mut command = env.command("sh");
    command.args(["-c", PASS]).arg(binary("task-orchestrator"));
    command.stdin(OwnedFd::from(listener.try_clone().unwrap()));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn served(client: &mut McpClient) {
    let (document, is_error) = client.call("get_context", json!({}));
    assert!(!is_error, "{document}");
}

#[test]
fn a_passed_socket_is_served_on_and_stays_for_the_next_daemon() {
    let env = TestEnv::new();
    let listener = listen(&env);
    for round in 0..2 {
        assert_eq!(env.run(&["status"]).code, Some(3), "asking is no reason to start one");
        // It connects while nobody serves, and waits.
        let mut client = env.client();
        let mut daemon = activated(&env, &listener).spawn().unwrap();
        served(&mut client);
        assert_eq!(
            env.daemon_pid(),
            daemon.id(),
            "round {round}: the activated one serves, no other was started"
        );
        assert_eq!(env.run(&["stop"]).code, Some(0));
        assert!(eventually("it ends", || daemon.try_wait().unwrap()).success());
        assert!(socket(&env).exists(), "the socket is the service manager's");
    }
}

#[test]
fn a_stop_holds_though_the_socket_stays_open_until_a_tool_is_called() {
    let env = TestEnv::new();
    let listener = listen(&env);
    let mut client = env.client();
    let mut daemon = activated(&env, &listener).spawn().unwrap();
    served(&mut client);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || daemon.try_wait().unwrap());
    assert_eq!(env.run(&["stop"]).code, Some(0));
    assert_eq!(env.run(&["doctor"]).code, Some(0));
    listener.set_nonblocking(true).unwrap();
    // As long as an idle shim might need to look for a daemon several times.
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_secs(2) {
        assert!(listener.accept().is_err(), "somebody connected, which starts a daemon");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut daemon = {
        let calling = std::thread::spawn(move || served(&mut client));
        let daemon = activated(&env, &listener).spawn().unwrap();
        calling.join().unwrap();
        daemon
    };
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || daemon.try_wait().unwrap());
}

#[test]
fn the_service_manager_hears_of_readiness_life_and_end() {
    let env = TestEnv::new();
    let told = env.home().join("notify");
    let ear = UnixDatagram::bind(&told).unwrap();
    ear.set_read_timeout(Some(e2e::DEADLINE)).unwrap();
    let hear = || {
        let mut word = [0; 200];
        let length = ear.recv(&mut word).unwrap();
        String::from_utf8_lossy(&word[..length]).trim().to_owned()
    };
    let mut command = env.orchestrator(&["serve"]);
    command.env("NOTIFY_SOCKET", &told).env("WATCHDOG_USEC", "100000");
    let mut daemon = env.serve_by(&mut command);
    assert_eq!(hear(), "READY=1");
    assert_eq!((hear(), hear()), ("WATCHDOG=1".to_owned(), "WATCHDOG=1".to_owned()));
    env.signal("TERM", daemon.id());
    while hear() != "STOPPING=1" {}
    assert!(eventually("it ends", || daemon.try_wait().unwrap()).success());
}

#[test]
fn a_socket_elsewhere_is_refused_with_the_line_to_write() {
    let env = TestEnv::new();
    let wanted = socket(&env);
    let elsewhere = UnixListener::bind(env.home().join("elsewhere.sock")).unwrap();
    let (code, words) = said(activated(&env, &elsewhere).spawn().unwrap());
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains(&format!("ListenStream={}", wanted.display())), "{words}");
    assert!(words.contains("elsewhere.sock"), "{words}");
}

#[test]
fn an_activated_daemon_takes_the_lock_like_any_other() {
    let env = TestEnv::new();
    let mut first = env.serve(&[]);
    let elsewhere = UnixListener::bind(env.home().join("elsewhere.sock")).unwrap();
    let (code, words) = said(activated(&env, &elsewhere).spawn().unwrap());
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains(&first.id().to_string()), "it names who holds it: {words}");
    served(&mut env.client());
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || first.try_wait().unwrap());
}
