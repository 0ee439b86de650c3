//! Starting: one daemon however many ask, left-overs do not matter, failures come with words (`daemon.md` rules 1 to
//! 8 and 16).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    time::Duration,
};

use e2e::machine::{McpClient, TestEnv, eventually};
use serde_json::{Value, json};

fn refusal(client: &mut McpClient) -> String {
    let (document, is_error) = client.call("get_context", json!({}));
    assert!(is_error, "{document}");
    assert_eq!(document["error"]["code"], "UNAVAILABLE");
    document["error"]["message"].as_str().unwrap().to_owned()
}

fn served(client: &mut McpClient) -> Value {
    let (document, is_error) = client.call("get_context", json!({}));
    assert!(!is_error, "{document}");
    document
}

#[test]
fn thirty_two_shims_at_once_bring_up_one_daemon() {
    let env = TestEnv::new();
    e2e::machine::binaries();
    let clients: Vec<McpClient> = std::thread::scope(|scope| {
        let begin = || {
            let mut client = env.client();
            served(&mut client);
            client
        };
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(begin)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let status = env.status();
    assert_eq!(status["sessions"], 32, "{status}");
    assert_eq!(env.daemons(), [env.daemon_pid()]);
    drop(clients);
}

#[test]
fn a_daemon_is_detached_from_its_starter() {
    let env = TestEnv::new();
    // A descriptor without close-on-exec, as careless clients leave behind.
    let mut shim = env.command("/bin/sh");
    shim.args(["-c", "exec 7</dev/null; exec \"$0\""])
        .arg(e2e::machine::binaries().join("task-orchestrator-mcp"));
    shim.env("SECRET", "hunter2");
    let mut client = McpClient::spawn(shim);
    client.initialize("2025-06-18");
    served(&mut client);
    let pid = env.daemon_pid();
    let proc = |name: &str| Path::new("/proc").join(pid.to_string()).join(name);
    let text = |name: &str| String::from_utf8_lossy(&std::fs::read(proc(name)).unwrap()).replace('\0', " ");
    let stat = text("stat");
    let session = stat.rsplit(')').next().unwrap().split_whitespace().nth(3).unwrap();
    assert_eq!(session, pid.to_string(), "a session of its own");
    assert_eq!(std::fs::read_link(proc("cwd")).unwrap(), Path::new("/"));
    assert!(!text("environ").contains("hunter2"));
    assert!(text("cmdline").contains(&format!("serve --db {}", env.database().display())));
    let inherited = std::fs::read_link(proc("fd/7")).ok();
    assert_ne!(inherited.as_deref(), Some(Path::new("/dev/null")));
    // It outlives the shim.
    client.close();
    eventually("the session ends with its shim", || (env.status()["sessions"] == 0).then_some(()));
    assert_eq!(env.daemon_pid(), pid);
}

#[test]
fn left_over_socket_and_lock_file_do_not_matter() {
    let env = TestEnv::new();
    let mut first = env.client();
    served(&mut first);
    let pid = env.daemon_pid();
    first.close(); // else it would bring the daemon back
    env.signal("KILL", pid);
    eventually("the daemon is gone", || env.daemons().is_empty().then_some(()));
    let lock = env.database().with_extension("db.lock");
    assert_eq!(std::fs::read_to_string(&lock).unwrap().trim(), pid.to_string(), "left over");
    assert!(
        std::fs::read_dir(env.runtime())
            .unwrap()
            .flatten()
            .any(|entry| { entry.path().extension().is_some_and(|extension| extension == "sock") })
    );
    let status = env.run(&["status"]);
    assert_eq!(status.code, Some(3), "a socket file is no daemon: {status:?}");
    served(&mut env.client());
    assert_ne!(env.daemon_pid(), pid);
}

#[test]
fn a_killed_daemon_is_replaced_under_its_sessions() {
    let env = TestEnv::new();
    let mut client = env.client();
    served(&mut client);
    let pid = env.daemon_pid();
    env.signal("KILL", pid);
    served(&mut client);
    assert_ne!(env.daemon_pid(), pid);
}

#[test]
fn a_call_in_flight_is_repeated_after_a_crash() {
    let env = TestEnv::new();
    let mut client = env.client();
    served(&mut client);
    let pid = env.daemon_pid();
    let calls: Vec<_> =
        (0..20).map(|_| client.ask("tools/call", json!({"name": "get_context", "arguments": {}}))).collect();
    env.signal("KILL", pid);
    for call in calls {
        assert!(!McpClient::document(&client.answer(call)).1);
    }
    eventually("one new daemon", || env.status()["pid"].as_u64().filter(|new| *new != u64::from(pid)));
    assert_eq!(env.daemons().len(), 1);
}

#[test]
fn an_idle_shim_restores_its_session_after_a_crash() {
    let env = TestEnv::new();
    let mut client = env.client();
    served(&mut client);
    let pid = env.daemon_pid();
    env.signal("KILL", pid);
    let status = eventually("the session is back", || {
        let status = env.status();
        (status["sessions"] == 1).then_some(status)
    });
    assert_ne!(status["pid"], pid);
}

#[test]
fn a_silent_lock_holder_is_named() {
    let env = TestEnv::new();
    served(&mut env.client());
    let pid = env.daemon_pid();
    env.signal("STOP", pid);
    let words = format!("holds the lock and does not answer (pid {pid})");
    let status = env.run(&["status"]);
    assert_eq!(status.code, Some(1));
    assert!(status.stdout.contains(&words), "{}", status.stdout);
    let mut client = env.client();
    assert!(refusal(&mut client).contains(&words));
    let stop = env.run(&["stop"]);
    assert_eq!(stop.code, Some(3));
    assert!(stop.stderr.contains(&words), "{}", stop.stderr);
    env.signal("CONT", pid);
    served(&mut client);
    assert_eq!(env.daemon_pid(), pid);
}

#[test]
fn a_second_daemon_is_refused() {
    let env = TestEnv::new();
    let mut first = env.serve(&[]);
    let second = env.run(&["serve"]);
    assert_eq!(second.code, Some(3));
    assert_eq!(second.stdout, "busy\n");
    assert!(second.stderr.contains(&format!("pid {}", first.id())), "{}", second.stderr);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    assert!(eventually("it ends", || first.try_wait().unwrap()).success());
}

#[test]
fn an_open_or_linked_runtime_folder_is_refused_in_words() {
    let env = TestEnv::new();
    let open = env.home().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    let link = env.home().join("link");
    symlink(env.home(), &link).unwrap();
    for (folder, words) in [(open, "mode 0755"), (link, "symbolic link")] {
        let env = TestEnv::new().var("TASK_ORCHESTRATOR_RUNTIME_DIR", folder);
        let mut client = env.client();
        assert!(refusal(&mut client).contains(words));
        let list = client.request("tools/list", json!({}));
        assert!(list["error"]["message"].as_str().unwrap().contains(words), "{list}");
        assert!(env.run(&["serve"]).stdout.contains(words));
        assert!(env.daemons().is_empty());
    }
}

#[test]
fn a_long_home_works() {
    let env = TestEnv::with_home(&"h".repeat(150));
    served(&mut env.client());
    let status = env.status();
    let socket = status["socket"].as_str().unwrap();
    assert!(socket.len() < 100 && socket.starts_with("/tmp/"), "{socket}");
    assert_eq!(env.run(&["stop"]).code, Some(0));
    assert!(!Path::new(socket).exists());
}

#[test]
fn one_database_by_any_path_is_one_daemon_and_two_are_two() {
    let env = TestEnv::new();
    let project = env.home().join("project");
    std::fs::create_dir(&project).unwrap();
    symlink(&project, env.home().join("alias")).unwrap();
    let client = |folder: &Path, db: &str| {
        let mut shim = env.shim();
        shim.current_dir(folder).env("TASK_ORCHESTRATOR_DB", db);
        let mut client = McpClient::spawn(shim);
        client.initialize("2025-06-18");
        served(&mut client);
        client
    };
    let _clients = [
        client(&project, "t.db"),
        client(Path::new("/"), "~/alias/t.db"),
        client(env.home(), project.join("t.db").to_str().unwrap()),
    ];
    assert_eq!(env.daemons().len(), 1);
    let _other = client(&project, "other.db");
    assert_eq!(env.daemons().len(), 2);
    assert!(!env.database().exists(), "nothing but what was named");
}

#[test]
fn the_daemons_own_words_reach_the_agent() {
    let env = TestEnv::new().var("TASK_ORCHESTRATOR_DB", "~/letter.txt");
    std::fs::write(env.home().join("letter.txt"), "Dear all,\n".repeat(100)).unwrap();
    let words = refusal(&mut env.client());
    assert!(words.contains("is not a task-orchestrator database"), "{words}");
}

#[test]
fn the_folder_of_a_named_database_is_made_and_only_for_its_owner() {
    let env = TestEnv::new().var("TASK_ORCHESTRATOR_DB", "~/new/folder/tasks.db");
    served(&mut env.client());
    let made = env.home().join("new/folder");
    assert!(made.join("tasks.db").exists());
    let mode = std::os::unix::fs::PermissionsExt::mode(&made.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);

    let env = TestEnv::new().var("TASK_ORCHESTRATOR_DB", "/proc/nowhere/tasks.db");
    let words = refusal(&mut env.client());
    assert!(words.contains("Cannot use the folder /proc/nowhere"), "{words}");
}

#[test]
fn no_daemon_is_started_from_inside_a_sandbox() {
    let env = TestEnv::new();
    let sandboxed = || {
        let mut shim = env.shim();
        shim.env("CODEX_SANDBOX", "seatbelt");
        let mut client = McpClient::spawn(shim);
        client.initialize("2025-06-18");
        client
    };
    let mut client = sandboxed();
    let words = refusal(&mut client);
    assert!(words.contains("sandbox") && words.contains(".sock"), "{words}");
    assert!(env.daemons().is_empty());
    // One that runs outside is used.
    let mut outside = env.client();
    served(&mut outside);
    served(&mut client);
}

#[test]
fn the_originals_database_is_pointed_out() {
    let env = TestEnv::new();
    std::fs::create_dir(env.home().join(".task-orchestrator")).unwrap();
    std::fs::write(env.home().join(".task-orchestrator/tasks.db"), "").unwrap();
    let status = env.run(&["status"]);
    assert_eq!(status.code, Some(3));
    assert!(status.stdout.contains("TASK_ORCHESTRATOR_DB="), "{}", status.stdout);
    let mut client = McpClient::spawn(env.shim());
    assert!(
        client.initialize("2025-11-25")["instructions"].as_str().unwrap().contains("TASK_ORCHESTRATOR_DB=")
    );
}

#[test]
fn the_limit_of_open_files_is_raised() {
    let env = TestEnv::new();
    let mut serve = env.command("/bin/sh");
    serve
        .args(["-c", "ulimit -Sn 128; exec \"$0\" serve"])
        .arg(e2e::machine::binaries().join("task-orchestrator"));
    let mut child = env.serve_by(&mut serve);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: u64 = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!(soft > 128, "{line}");
    assert_eq!(env.run(&["stop"]).code, Some(0));
    eventually("it ends", || child.try_wait().unwrap());
}

#[test]
fn initialize_is_answered_without_any_daemon() {
    let env = TestEnv::new();
    // Somebody holds the start lock: no daemon comes up for as long as that lasts.
    std::fs::create_dir_all(env.runtime()).unwrap();
    std::fs::set_permissions(env.runtime(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let socket = env.status()["socket"].as_str().unwrap().to_owned();
    let lock = std::fs::File::create(Path::new(&socket).with_extension("start.lock")).unwrap();
    lock.lock().unwrap();
    let mut client = McpClient::spawn(env.shim());
    assert_eq!(client.initialize("2025-06-18")["serverInfo"]["name"], "task-orchestrator");
    let call = client.ask("tools/call", json!({"name": "get_context", "arguments": {}}));
    assert!(client.wait(Duration::from_millis(300), |message| message["id"] == call).is_none());
    assert!(env.daemons().is_empty());
    drop(lock);
    assert!(!McpClient::document(&client.answer(call)).1);
}
