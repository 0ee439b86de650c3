//! What clients' hooks run: the brief in each client's form, or silence; never a failure, never a daemon.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use e2e::{
    Value, json,
    machine::{TestEnv, eventually},
};

/// Runs a hook with this on stdin.
fn hook(env: &TestEnv, words: &[&str], stdin: &str) -> Output {
    let mut command = env.orchestrator(&[&["hook"], words].concat());
    run(&mut command, stdin)
}

fn run(command: &mut Command, stdin: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A hook that has said all it has to say may be gone.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn silent(output: &Output) {
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

/// What a hook prints that has something to say. On a busy machine it may be silent, as its time is short: then it is run again.
fn text(mut hook: impl FnMut() -> Output) -> String {
    eventually("a word from the hook", || {
        let output = hook();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        Some(String::from_utf8(output.stdout).unwrap()).filter(|said| !said.is_empty())
    })
}

/// A machine whose daemon has an item.
fn with_item(title: &str) -> TestEnv {
    let env = TestEnv::new();
    let run = env.run(&["call", "manage_items", "operation=create", &format!("title={title}")]);
    assert_eq!(run.code, Some(0), "{run:?}");
    env
}

#[test]
fn the_brief_comes_in_each_clients_form() {
    let env = with_item("Mend the gate");
    let plain = text(|| hook(&env, &["session-start"], "{}"));
    assert!(plain.contains("1 queue") && plain.contains("Mend the gate"), "{plain}");
    assert!(plain.chars().count() < 1_700, "{plain}");
    for (client, pointer) in [
        ("claude-code", "/hookSpecificOutput/additionalContext"),
        ("codex", "/hookSpecificOutput/additionalContext"),
        ("gemini-cli", "/hookSpecificOutput/additionalContext"),
        ("vscode", "/hookSpecificOutput/additionalContext"),
        ("cursor", "/additional_context"),
        ("cline", "/contextModification"),
    ] {
        let said = text(|| hook(&env, &["session-start", "--client", client], "{}"));
        let document: Value =
            serde_json::from_str(&said).unwrap_or_else(|error| panic!("{client}: {error}: {said}"));
        assert_eq!(document.pointer(pointer), Some(&json!(plain)), "{client}");
    }
    for client in ["kiro", "claude-code", "one of tomorrow"] {
        assert_eq!(text(|| hook(&env, &["before-compact", "--client", client], "{}")), plain, "{client}");
    }
    assert_eq!(
        text(|| hook(&env, &["session-start", "--new-option", "x"], "{}")),
        plain,
        "words of a newer version"
    );
    silent(&hook(&env, &["moment-of-tomorrow"], "{}"));
}

#[test]
fn the_project_is_the_clients_folder() {
    let env = with_item("Of no project");
    let project = env.home().join("shop");
    fs::create_dir_all(project.join(".taskorchestrator")).unwrap();
    let create = ["call", "manage_items", "operation=create", "title=Only of the shop"];
    assert!(env.orchestrator(&create).current_dir(&project).output().unwrap().status.success());
    let elsewhere = env.home().join("other");
    fs::create_dir_all(elsewhere.join(".taskorchestrator")).unwrap();
    let brief = |stdin: Value| text(|| hook(&env, &["session-start"], &stdin.to_string()));
    let (here, there) = (brief(json!({"cwd": project})), brief(json!({"workspace_roots": [elsewhere]})));
    assert!(here.contains("2 queue"), "{here}");
    assert!(there.contains("1 queue"), "{there}");
}

#[test]
fn nothing_to_say_is_silence() {
    let env = TestEnv::new();
    silent(&hook(&env, &["session-start"], "{}"));
    let run = env.run(&["call", "get_context"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    silent(&hook(&env, &["session-start", "--client", "cursor"], "{}"));
}

#[test]
fn no_daemon_is_started_and_a_stop_stays() {
    let env = TestEnv::new();
    silent(&hook(&env, &["session-start"], "{}"));
    assert!(env.daemons().is_empty());
    assert_eq!(fs::read_dir(env.home()).unwrap().count(), 0, "nothing is written either");
    let env = with_item("x");
    assert_eq!(env.run(&["stop"]).code, Some(0));
    silent(&hook(&env, &["session-start"], "{}"));
    assert!(env.daemons().is_empty());
    assert_eq!(env.status()["state"], "stopped");
}

#[test]
fn rubbish_on_stdin_is_answered_with_silence_and_none_with_the_brief() {
    let env = with_item("Still here");
    for stdin in ["no JSON", "{\"cwd\": \"/tmp", "\u{0}\u{1}", "{} {}"] {
        silent(&hook(&env, &["session-start"], stdin));
    }
    let large = format!("{{\"prompt\": \"{}\"", "x".repeat(200_000));
    for stdin in ["", "\n", "{\"cwd\": 7}", "[]", "{\"cwd\":\"/nowhere/at/all\"}", &large] {
        let said = text(|| hook(&env, &["session-start"], stdin));
        assert!(said.contains("Still here"), "{stdin:.40}: {said}");
    }
    // A client that never closes its end.
    let said = text(|| {
        let mut command = env.orchestrator(&["hook", "session-start"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let held = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(held);
        output
    });
    assert!(said.contains("Still here"));
}

#[test]
fn a_daemon_that_hangs_is_not_waited_for() {
    let env = with_item("x");
    let pid = env.daemon_pid();
    env.signal("STOP", pid);
    let begun = Instant::now();
    silent(&hook(&env, &["session-start"], "{}"));
    let took = begun.elapsed();
    env.signal("CONT", pid);
    // The hook's own limit is 300 ms; a busy machine is slow, and a dial without that limit takes 5 s.
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn the_commands_that_setup_writes_run() {
    let env = with_item("By way of a shell");
    // In a folder that a shell would take for two words.
    let folder = env.home().join("it's here");
    fs::create_dir(&folder).unwrap();
    for program in ["task-orchestrator", "task-orchestrator-mcp"] {
        let (from, to) = (e2e::machine::binaries().join(program), folder.join(program));
        fs::hard_link(&from, &to).unwrap_or_else(|_| e2e::machine::copy_program(&from, &to));
    }
    let setup = |client: &str| {
        let run = env.command(folder.join("task-orchestrator")).args(["setup", client]).output().unwrap();
        assert!(run.status.success(), "{run:?}");
    };
    for (client, path) in [
        ("claude-code", ".claude/settings.json"),
        ("codex", ".codex/hooks.json"),
        ("cursor", ".cursor/hooks.json"),
        ("gemini-cli", ".gemini/settings.json"),
        ("kiro", ".kiro/hooks/task-orchestrator.json"),
        ("vscode", ".copilot/hooks/task-orchestrator.json"),
    ] {
        setup(client);
        let document: Value = serde_json::from_slice(&fs::read(env.home().join(path)).unwrap()).unwrap();
        let mut commands = Vec::new();
        commands_in(&document["hooks"], &mut commands);
        assert!(!commands.is_empty(), "{client}");
        for command in commands {
            let said = text(|| run(env.command("sh").args(["-c", &command]), "{}"));
            assert!(said.contains("By way of a shell"), "{client}: {command}: {said}");
        }
    }
    setup("cline");
    for event in ["TaskStart", "PreCompact"] {
        let script = env.home().join("Documents/Cline/Hooks").join(event);
        let said = text(|| run(&mut env.command(&script), "{\"workspaceRoots\": []}"));
        let document: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(document["cancel"], false, "{event}: {said}");
    }
}

/// Every `command` at any depth.
fn commands_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("command").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| commands_in(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| commands_in(item, found)),
        _ => {}
    }
}
