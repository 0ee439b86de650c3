//! Paths that callers name: nothing is overwritten, nothing is written through a link, nothing hangs.

#![allow(clippy::expect_used, reason = "test code")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::{McpClient, TestEnv, Value, json};

/// A session that works in a folder, and a folder outside which holds something precious.
fn world() -> (TestEnv, McpClient, PathBuf) {
    let env = TestEnv::new();
    let agent = env.client().tools("full").connect();
    agent.item("x");
    let outside = env.database().with_file_name("outside");
    std::fs::create_dir(&outside).expect("a folder");
    std::fs::write(outside.join("precious"), "precious").expect("a file");
    (env, agent, outside)
}

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(made.success());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The daemon is there and writes.
fn still_well(agent: &McpClient) {
    agent.item("and another");
    assert_eq!(agent.ok("manage_checkpoints", json!({"operation": "verify"})), json!({"ok": true}));
}

#[test]
fn a_checkpoint_follows_no_link_and_leaves_what_is_there() {
    let (env, agent, outside) = world();
    let work = env.folder();
    symlink(&outside, work.join("link")).expect("a link");
    symlink("/nowhere/at/all", work.join("dangling")).expect("a link");
    std::fs::create_dir(work.join("real")).expect("a folder");
    symlink(&outside, work.join("real/inner")).expect("a link");
    std::fs::write(work.join("file"), "mine").expect("a file");
    pipe(&work.join("pipe"));
    let absolute = |name: &str| work.join(name).display().to_string();
    let refused = [
        "link".to_owned(),
        absolute("link"),
        "link/deeper".to_owned(),
        "real/inner".to_owned(),
        absolute("real/inner/deeper"),
        "dangling".to_owned(),
        "../outside".to_owned(),
        "real/../../outside".to_owned(),
        absolute("../outside"),
        "file".to_owned(),
        "pipe".to_owned(),
        "pipe/deeper".to_owned(),
        "/dev/null".to_owned(),
        "/proc/self/fd".to_owned(),
        "/proc/self/fd/0".to_owned(),
        "/proc/self/root/tmp".to_owned(),
        "nul\0inside".to_owned(),
        "n".repeat(5_000),
        "n/".repeat(5_000),
    ];
    for path in refused {
        let call = json!({"operation": "create", "output_dir": path});
        let answer = agent.call("manage_checkpoints", call);
        let shown: String = path.chars().take(40).collect();
        assert!(answer.is_error, "{shown:?} was taken");
        let refusal = answer.refusal(&shown);
        assert!(matches!(refusal.code.as_str(), "VALIDATION" | "NOT_FOUND"), "{shown:?}: {refusal:?}");
        assert!(refusal.message.len() < 1_000, "{refusal:?}");
    }
    assert_eq!(names(&outside), ["precious"], "nothing went through");
    assert_eq!(names(&work), ["dangling", "file", "link", "pipe", "real"], "and nothing was left");
    assert_eq!(names(&work.join("real")), ["inner"]);
    assert_eq!(std::fs::read_to_string(work.join("file")).expect("the file"), "mine");
    // A name that is only strange is a name.
    for folder in ["with\nnewline", "with 'quotes' and $(echo)", "ümläut", "-rf"] {
        let made = agent.ok("manage_checkpoints", json!({"operation": "create", "output_dir": folder}));
        assert!(Path::new(made["created"].as_str().unwrap_or_default()).is_file(), "{made}");
    }
    still_well(&agent);
}

#[test]
fn restoring_reads_files_and_nothing_else() {
    let (env, agent, outside) = world();
    let work = env.folder();
    let made = agent.ok("manage_checkpoints", json!({"operation": "create", "output_dir": "out"}));
    let good = made["created"].as_str().expect("a path").to_owned();
    pipe(&work.join("pipe.json"));
    symlink(&good, work.join("link.json")).expect("a link");
    symlink(work.join("out"), work.join("way")).expect("a link");
    symlink("/proc/self/environ", work.join("environ.json")).expect("a link");
    let through = format!("way/{}", Path::new(&good).file_name().unwrap_or_default().to_string_lossy());
    let sparse = std::fs::File::create(work.join("large.json")).expect("a file");
    sparse.set_len((1 << 30) + 1).expect("a large file");
    let paths = [
        "pipe.json",
        "link.json",
        &through,
        "environ.json",
        "out",
        "large.json",
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/fd/0",
        "/proc/self/mem",
        "../outside/precious",
        "nul\0inside",
        "/",
        "",
        &"n".repeat(5_000),
    ];
    for path in paths {
        let answer = agent.call("manage_checkpoints", json!({"operation": "restore", "path": path}));
        let shown: String = path.chars().take(40).collect();
        assert!(answer.is_error, "{shown:?} was taken");
        answer.refusal(&shown).names("path");
    }
    assert_eq!(agent.total(), 1, "nothing was changed");
    assert_eq!(names(&outside), ["precious"]);
    agent.ok("manage_checkpoints", json!({"operation": "restore", "path": good}));
    still_well(&agent);
}

#[test]
fn import_takes_a_file_and_waits_for_no_pipe() {
    let env = TestEnv::new();
    let pipe_path = env.folder().join("pipe.json");
    pipe(&pipe_path);
    for path in [&*pipe_path.to_string_lossy(), "/dev/zero", ".", "-"] {
        let said = env.cli(&["import", path]);
        assert!(!said.success && !said.stderr.is_empty(), "{path}: {said:?}");
    }
    assert_eq!(env.daemon_pids(), Vec::<u32>::new(), "and no daemon is started for it");
}

#[test]
fn a_pipe_for_a_file_keeps_no_daemon_from_starting() {
    let env = TestEnv::new();
    let pipe_path = env.folder().join("pipe");
    pipe(&pipe_path);
    // workspaces.json, read at the start; config.yaml; a repository's own files in the session's folder.
    std::fs::create_dir_all(env.folder().join("repository")).expect("a folder");
    pipe(&env.folder().join("repository/.git"));
    let client = env.client().set("TASK_ORCHESTRATOR_WORKSPACES", &pipe_path);
    let client = client.set("TASK_ORCHESTRATOR_CONFIG", &pipe_path);
    let agent = client.within(&env.folder().join("repository")).connect();
    assert_eq!(agent.total(), 0);
    agent.item("x");
}

#[test]
fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_left() {
    let env = TestEnv::new();
    let victim = env.folder().join("victim");
    std::fs::write(&victim, "precious").expect("a file");
    symlink(&victim, env.database().with_file_name("tasks.db.lock")).expect("a link");
    let refusal = env.connect().refused("get_context", json!({}), "UNAVAILABLE");
    assert!(refusal.message.contains("tasks.db.lock"), "{refusal:?}");
    assert_eq!(std::fs::read_to_string(&victim).expect("the file"), "precious");
}

#[test]
fn a_database_that_is_no_file_is_refused_in_words() {
    let env = TestEnv::new();
    let pipe_path = env.folder().join("pipe.db");
    pipe(&pipe_path);
    for path in [&*pipe_path.to_string_lossy(), "/dev/null", "/dev/zero"] {
        let agent = env.client().set("TASK_ORCHESTRATOR_DB", path).connect();
        let refusal: Value = agent.call("get_context", json!({})).doc;
        assert!(
            refusal["error"]["message"].as_str().unwrap_or_default().contains("no regular file"),
            "{refusal}"
        );
    }
    assert!(!Path::new("/dev/null.lock").exists());
}
