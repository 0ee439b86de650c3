//! A thousand connections that mean no good: whoever means well is served beside them, and nothing of them stays
//! (`daemon.md` rule 14).
//!
//! They come from the same user, for others are refused before (`strangers`): runaway programs, scanners, bugs.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    io::Write,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use e2e::machine::{TestEnv, eventually, raw};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};

const MANY: usize = 1_000;
/// Calls that the one who means well makes meanwhile.
const CALLS: usize = 40;

/// A daemon, and room in this process for the other ends.
fn daemon() -> (TestEnv, PathBuf) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let env = TestEnv::new();
    env.client().call("get_context", json!({}));
    let socket = env.status()["socket"].as_str().unwrap().into();
    (env, socket)
}

fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// A thousand of one sort, all open at once, while one session works and others come and go; then they are gone, and so are
/// their descriptors.
fn beside(sort: &str, hostile: impl Fn(&Path, &Path) -> Option<UnixStream>) {
    let (env, socket) = daemon();
    let pid = env.daemon_pid();
    let mut good = env.client();
    good.call("get_context", json!({}));
    let before = descriptors(pid);
    let mut open: Vec<UnixStream> = Vec::new();
    for n in 0..MANY {
        open.extend(hostile(&socket, &env.database()));
        if n % (MANY / CALLS) == 0 {
            let (made, refused) =
                good.call("manage_items", json!({"operation": "create", "title": format!("{n}")}));
            assert!(!refused, "{sort}: {made}");
        }
        if n % (MANY / 4) == 0 {
            let (document, refused) = env.client().call("get_context", json!({}));
            assert!(!refused, "{sort}: a newcomer is served: {document}");
            assert_eq!(env.status()["state"], "ready", "{sort}");
        }
    }
    let (list, _) = good.call("query_items", json!({"operation": "list", "limit": 1}));
    assert_eq!(list["total"], CALLS, "{sort}: every write is there");
    drop(open);
    eventually(&format!("{sort}: their descriptors are back"), || {
        (descriptors(pid) <= before + 2).then_some(())
    });
    assert_eq!(env.daemon_pid(), pid, "{sort}: the same daemon");
}

fn connected(socket: &Path, bytes: &[u8]) -> Option<UnixStream> {
    let mut stream = raw::connect(socket).ok()?;
    stream.write_all(bytes).ok()?;
    Some(stream)
}

#[test]
fn idle_ones() {
    beside("idle", |socket, _| connected(socket, b""));
}

#[test]
fn ones_that_talk_garbage() {
    beside("garbage", |socket, _| connected(socket, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    beside("JSON that is no hello", |socket, _| connected(socket, b"\0\0\0\x02{}"));
}

#[test]
fn ones_that_stop_in_the_middle_of_a_frame() {
    beside("half a length", |socket, _| connected(socket, b"\0\0"));
    beside("half a hello", |socket, _| connected(socket, b"\0\0\x03\xe8{\"magic\":\"task-"));
    beside("a huge length", |socket, _| connected(socket, &[0, 0xff, 0xff, 0xff]));
}

#[test]
fn ones_that_are_slow() {
    // A byte now and then, by a thread for all of them.
    let (slow, fed) = std::sync::mpsc::channel::<UnixStream>();
    std::thread::spawn(move || {
        let mut all = Vec::new();
        while let Ok(stream) = fed.recv() {
            all.push(stream);
            for stream in &mut all {
                let _ = stream.write_all(b"\0"); // it may be gone
            }
        }
    });
    beside("slow", |socket, _| {
        let stream = connected(socket, b"\0\0\x03\xe8")?;
        let _ = slow.send(stream.try_clone().ok()?);
        Some(stream)
    });
}

#[test]
fn probes_that_stay() {
    beside("probes", |socket, database| {
        let mut hello = raw::hello(database);
        hello["kind"] = "probe".into();
        let mut stream = connected(socket, b"")?;
        raw::send(&mut stream, hello.to_string().as_bytes()).ok()?;
        raw::receive(&mut stream).ok().filter(|reply| reply["welcome"].is_object())?;
        Some(stream)
    });
}

#[test]
fn with_room_for_fewer_the_oldest_make_room() {
    let env = TestEnv::new();
    let mut daemon = env.serve(&["--max-sessions", "3"]);
    let socket: PathBuf = env.status()["socket"].as_str().unwrap().into();
    let mut probe = raw::hello(&env.database());
    probe["kind"] = "probe".into();
    let mut open = Vec::new();
    for _ in 0..400 {
        let mut stream = raw::connect(&socket).unwrap();
        raw::send(&mut stream, probe.to_string().as_bytes()).unwrap();
        assert!(raw::receive(&mut stream).unwrap()["welcome"].is_object(), "the newest is always heard");
        open.push(stream);
    }
    assert!(raw::receive(&mut open[0]).is_err(), "the oldest made room");
    let mut good = env.client();
    assert!(!good.call("get_context", json!({})).1);
    assert!(descriptors(daemon.id()) < 300, "however many come");
    drop(open);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || daemon.try_wait().unwrap());
}

#[test]
fn sessions_that_go_in_the_middle_of_a_call() {
    beside("half a call", |socket, database| {
        let mut session = raw::Session::open(socket, &raw::hello(database)).ok()?;
        session.stream.write_all(b"\0\xff\xff\xff{\"Request\":").ok()?;
        None
    });
}

#[test]
fn a_frame_that_breaks_the_library_beneath_ends_its_session_and_no_other() {
    let (env, socket) = daemon();
    let call = |session: &mut raw::Session, seconds| session.call("get_context", "{}", seconds).unwrap();
    // Deadlines that no clock holds, and ones that a timer cannot keep.
    for seconds in [u64::MAX, u64::MAX / 2, 1 << 40, 1 << 33] {
        let mut session = raw::Session::open(&socket, &raw::hello(&env.database())).unwrap();
        call(&mut session, 60);
        assert!(session.answer().unwrap().document.contains("counts"));
        call(&mut session, seconds);
        let _ = session.answer(); // answered or hung up on
        drop(session);
        eventually("the session has ended", || (env.status()["sessions"] == 0).then_some(()));
    }
    assert!(!env.client().call("get_context", json!({})).1);
}

#[test]
fn whoever_asks_and_never_reads_is_not_answered_for_ever() {
    let (env, socket) = daemon();
    let pid = env.daemon_pid();
    let mut agent = env.client();
    for n in 0..7 {
        let text = "x".repeat(1 << 20);
        let item = json!({"operation": "create", "title": format!("{n}"), "description": text});
        assert!(!agent.call("manage_items", item).1);
    }
    let resident = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().to_owned();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
    };
    let mut greedy = raw::Session::open(&socket, &raw::hello(&env.database())).unwrap();
    greedy.stream.set_write_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    for _ in 0..1_000 {
        if greedy.call("export_graph", "{}", 300).is_err() {
            break; // the daemon has stopped to listen
        }
    }
    // 64 answers of 7 MiB wait, and a few more; not a thousand.
    let (list, refused) = agent.call("query_items", json!({"operation": "list", "limit": 1}));
    assert!(!refused, "{list}");
    assert!(resident() < 900, "{} MiB", resident());
    drop(greedy);
    eventually("the session has ended", || (env.status()["sessions"] == 1).then_some(()));
    let done: Value = agent.call("get_context", json!({})).0;
    assert!(done["counts"].is_object());
}
