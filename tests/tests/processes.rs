//! The daemon and its shims as processes (`daemon.md` 1 to 9, 16).

use e2e::{TestEnv, eventually, json};

#[test]
fn many_shims_at_once_bring_up_one_daemon() {
    let env = TestEnv::new();
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn({
                    let env = env.clone();
                    move || env.connect().item(&format!("item {n}"))
                })
            })
            .collect();
        starts.into_iter().for_each(|start| drop(start.join().expect("every shim is served")));
    });
    assert_eq!(env.daemon_pids().len(), 1, "exactly one daemon");
    assert_eq!(env.connect().total(), 8);
}

#[test]
fn a_crash_loses_nothing_that_was_answered() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids: Vec<String> = (0..20).map(|n| agent.item(&format!("item {n}"))).collect();
    env.kill_daemon();
    assert_eq!(agent.total(), 20, "the same shim reaches the next daemon");
    agent.advance(&ids[3], "start");
    assert_eq!(env.daemon_pids().len(), 1);
}

#[test]
fn crashes_amid_writes_leave_each_write_whole_and_once() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("first");
    let call = json!({"name": "create_work_tree", "arguments": {"root_title": "r", "children": [{"ref": "a", "title": "a"}, {"ref": "b", "title": "b"}], "deps": [{"from": "a", "to": "b"}]}});
    let mut made = 0;
    for _ in 0..5 {
        let ids: Vec<i64> = (0..4).map(|_| agent.send("tools/call", call.clone())).collect();
        env.kill_daemon();
        made += ids.into_iter().filter(|id| agent.receive(*id)["result"]["isError"] != true).count();
    }
    let graph = agent.ok("export_graph", json!({}));
    let count = |section: &str| graph[section].as_array().map_or(0, Vec::len);
    assert_eq!(count("items"), 1 + 3 * count("dependencies"), "every tree is whole");
    assert_eq!(count("dependencies"), made, "what was answered is there, once; what was refused is not");
}

#[test]
fn stop_ends_the_daemon_and_the_next_call_starts_another() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("x");
    let stopped = env.cli(&["stop"]);
    assert!(stopped.success, "{stopped:?}");
    assert_eq!(env.daemon_pids(), Vec::<u32>::new(), "the daemon is gone when stop returns");
    assert!(
        !env.database().with_extension("db-wal").metadata().is_ok_and(|wal| wal.len() > 0),
        "the WAL is in the database"
    );
    assert_eq!(agent.total(), 1, "a connected shim starts it again at its next call");
    let stopped = env.cli(&["stop"]);
    assert!(stopped.success, "{stopped:?}");
    let again = env.cli(&["stop"]);
    assert!(again.success, "stopping what is stopped is no fault: {again:?}");
}

#[test]
fn status_says_what_runs_and_starts_nothing() {
    let env = TestEnv::new();
    let idle = env.cli(&["status"]);
    assert_eq!(env.daemon_pids(), Vec::<u32>::new(), "status starts nothing: {idle:?}");
    env.connect().item("x");
    let status = env.cli(&["status"]);
    assert!(status.success, "{status:?}");
    assert!(status.stdout.contains(&*env.database().to_string_lossy()), "it names the database: {status:?}");
    assert!(status.stdout.contains(&env.daemon_pids()[0].to_string()), "and the process: {status:?}");
}

#[test]
fn sigterm_drains() {
    let env = TestEnv::new();
    let daemon = env.daemon();
    let agent = env.connect();
    agent.item("x");
    assert_eq!(env.daemon_pids(), [daemon.pid()], "the shim found the running daemon");
    daemon.terminate();
    assert_eq!(agent.total(), 1);
}

#[test]
fn a_second_daemon_for_the_same_database_refuses() {
    let env = TestEnv::new();
    env.connect().item("x");
    let second = env.cli(&["serve", "--db", &env.database().to_string_lossy()]);
    assert!(!second.success, "{second:?}");
    assert_eq!(env.daemon_pids().len(), 1);
}

#[test]
fn the_daemon_is_detached_from_its_starter() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("x");
    let pid = env.daemon_pids()[0];
    let folder = std::fs::read_link(format!("/proc/{pid}/cwd"));
    if let Ok(folder) = folder {
        assert_eq!(folder, std::path::Path::new("/"), "the working directory is /");
        let variables = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap_or_default();
        assert!(!variables.contains("TASK_ORCHESTRATOR_AGENT"), "a scrubbed environment: {variables:?}");
    }
    agent.kill();
    assert_eq!(env.connect().total(), 1, "the daemon does not end with its starter");
    assert_eq!(env.daemon_pids(), [pid]);
}

#[test]
fn runtime_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    env.connect().item("x");
    let runtime = env.home().join(".local/state/task-orchestrator/run");
    let mode = |path: &std::path::Path| path.metadata().map(|file| file.permissions().mode() & 0o777).ok();
    assert_eq!(mode(&runtime), Some(0o700), "the runtime folder");
    let mut sockets = std::fs::read_dir(&runtime)
        .expect("the folder")
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|end| end == "sock"));
    assert_eq!(mode(&sockets.next().expect("a socket").path()), Some(0o600), "the socket");
}

#[test]
fn an_unreadable_database_is_said_and_kept() {
    let env = TestEnv::new();
    std::fs::write(env.database(), b"this is no database, and has more than a hundred bytes so that it looks like a file of some other program, whatever that is").expect("a file");
    let before = std::fs::read(env.database()).expect("the file");
    let agent = env.connect();
    let refusal = agent.refused("get_context", json!({}), "UNAVAILABLE");
    assert!(refusal.message.contains("tasks.db"), "it names the file: {refusal:?}");
    assert_eq!(std::fs::read(env.database()).expect("the file"), before, "and leaves it as it was");
    assert!(agent.is_alive());
}

#[test]
fn idle_daemons_end_by_themselves() {
    let env = TestEnv::with_config("daemon: {idle_exit: 1s}\n");
    env.connect().item("x");
    eventually("the end of an idle daemon", || match env.daemon_pids() {
        pids if pids.is_empty() => Ok(()),
        pids => Err(format!("{pids:?} still there")),
    });
    assert_eq!(env.connect().total(), 1);
}

#[test]
fn nothing_is_written_outside_the_known_places() {
    let env = TestEnv::new();
    let agent = env.client().within(&env.project("shop", "")).connect();
    agent.item("x");
    agent.end();
    let written = std::fs::read_dir(env.folder().join("shop")).expect("the project").flatten().count();
    assert_eq!(written, 1, "nothing in the project but its .taskorchestrator");
    let mut home: Vec<_> =
        std::fs::read_dir(env.home()).expect("home").flatten().map(|entry| entry.file_name()).collect();
    home.sort();
    assert!(home.iter().all(|name| name == ".local" || name == ".config"), "{home:?}");
}

#[test]
fn call_plays_a_tool_from_the_command_line() {
    let env = TestEnv::new();
    let made = env.cli(&["call", "manage_items", "operation=create", "title=from a person"]);
    assert!(made.success, "{made:?}");
    assert!(made.stdout.contains("from a person"), "{made:?}");
    let read = env.cli(&["call", "query_items", r#"{"operation":"list"}"#]);
    assert!(read.stdout.contains("from a person"), "{read:?}");
    let refused = env.cli(&["call", "query_items", "operation=get", "item_id=00000000"]);
    assert!(!refused.success, "a refusal is no success: {refused:?}");
    assert!(format!("{refused:?}").contains("NOT_FOUND"), "{refused:?}");
}

#[test]
fn text_on_the_command_line_stays_text() {
    let env = TestEnv::new();
    // Short ids look like numbers now and then: 12345678, 1234e567.
    for title in ["12345678", "1234e567", "true", "null", "007"] {
        let made = env.cli(&["call", "manage_items", "operation=create", &format!("title={title}")]);
        assert!(made.success && made.stdout.contains(&format!("\"{title}\"")), "{title}: {made:?}");
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_kept() {
    let env = TestEnv::new();
    env.connect().item("x");
    assert!(env.cli(&["stop"]).success);
    let connection = rusqlite::Connection::open(env.database()).expect("the database");
    connection.pragma_update(None, "user_version", 999_999).expect("a newer version");
    drop(connection);
    let refusal = env.connect().refused("get_context", json!({}), "UNAVAILABLE");
    assert!(refusal.message.contains("newer"), "{refusal:?}");
    let connection = rusqlite::Connection::open(env.database()).expect("the database");
    let version: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("the version");
    assert_eq!(version, 999_999, "it is as it was");
}

#[test]
fn a_daemon_whose_database_was_moved_away_stops_serving() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("x");
    let before = env.daemon_pids();
    std::fs::rename(env.database(), env.database().with_file_name("elsewhere.db")).expect("a move");
    eventually("the end of a daemon without its database", || {
        match env.daemon_pids().iter().any(|pid| before.contains(pid)) {
            true => Err("it still serves".to_owned()),
            false => Ok(()),
        }
    });
    // Whoever comes next meets an empty store, and is told why.
    let context = env.connect().ok("get_context", json!({}));
    let notices = context["notices"].to_string();
    assert!(notices.contains("the file that was there"), "{context}");
}
