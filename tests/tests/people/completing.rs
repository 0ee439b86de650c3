//! Completion, by the shells themselves where they are installed; bash is.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::{Person, TestEnv, binary};

use crate::{add, shop};

/// What bash's own function offers behind these words, a line each.
fn bash(person: &Person, listing: bool, words: &[&str]) -> Vec<String> {
    let script = r#"
        source "$SCRIPT"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        function=$(complete -p task-orchestrator | sed 's/.*-F \([^ ]*\) .*/\1/')
        "$function" task-orchestrator "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut command =
        shell(person, "bash", &["--noprofile", "--norc", "-c", script, "bash", "task-orchestrator"]);
    command.args(words).env("COMP_TYPE", if listing { "63" } else { "9" });
    printed(command)
}

/// A shell that finds the program on its PATH, and the script for it.
fn shell(person: &Person, shell: &str, words: &[&str]) -> Command {
    let script = person.ends_with(0, &["completions", shell]).stdout;
    let like = person.command(&[]);
    let folder: PathBuf = like.get_current_dir().expect("what the test needs").to_owned();
    let path = folder.join(format!("completion.{shell}"));
    std::fs::write(&path, script).expect("what the test needs");
    let mut command = Command::new(shell);
    command.args(words).env_clear().current_dir(folder).env("SCRIPT", path);
    for (name, value) in like.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let programs = binary("task-orchestrator").parent().map(Path::to_owned).expect("what the test needs");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", programs.display()));
    command
}

fn printed(mut command: Command) -> Vec<String> {
    let ended = command.output().expect("what the test needs");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success() && err.is_empty(), "{command:?}: {err}");
    out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn installed(shell: &str) -> bool {
    Command::new(shell).arg("--version").output().is_ok_and(|ended| ended.status.success())
}

#[test]
fn bash_completes_ids_and_shows_their_titles() {
    let env = TestEnv::new();
    let [root, first, second] = shop(&env);
    let ann = env.person();
    let mut listed = bash(&ann, true, &["show", ""]);
    listed.sort();
    let mut want = [
        format!("{root}  (Launch the shop (queue))"),
        format!("{first}  (Design the page (queue))"),
        format!("{second}  (Build the page (queue))"),
    ];
    want.sort();
    assert_eq!(listed, want);
    assert_eq!(bash(&ann, true, &["show", &first[..7]]), [first.as_str()], "one is put on the line as it is");
    assert_eq!(bash(&ann, false, &["start", &root, &first[..7]]), [first.as_str()]);
    let mut plain = bash(&ann, false, &["dep", "add", &root, ""]);
    plain.sort();
    let mut ids = [root.clone(), first.clone(), second];
    ids.sort();
    assert_eq!(plain, ids, "what all have in common goes on the line, so no titles yet");
    // A closed item is found by what is typed of it.
    ann.ends_with(0, &["done", &first]);
    assert_eq!(bash(&ann, false, &["reopen", &first[..7]]), [first.as_str()]);
    assert_eq!(bash(&ann, false, &["add", "x", "--parent", &root[..7]]), [root.as_str()]);
    assert_eq!(bash(&ann, false, &["edit", &root, "--parent", &first[..7]]), [first.as_str()]);
    assert_eq!(bash(&ann, false, &["edit", &root, "--clear", "du"]), ["due"]);
    // A deleted one, by what is typed of it or by nothing.
    assert_eq!(bash(&ann, false, &["delete", &first[..7]]), [first.as_str()]);
    ann.ends_with(0, &["delete", &first]);
    assert_eq!(bash(&ann, false, &["undelete", ""]), [first]);
}

#[test]
fn verbs_options_and_words_are_completed() {
    let env = TestEnv::new();
    let ann = env.person();
    assert_eq!(bash(&ann, false, &["reo"]), ["reopen"]);
    assert_eq!(bash(&ann, false, &["list", "--wor"]), ["--workspace"]);
    assert_eq!(bash(&ann, false, &["list", "--status", "rev"]), ["review"]);
    assert_eq!(bash(&ann, false, &["graph", "--format", "m"]), ["mermaid"]);
}

#[test]
fn a_key_stroke_starts_no_daemon_and_waits_for_none() {
    let env = TestEnv::new();
    let ann = env.person();
    assert_eq!(bash(&ann, true, &["show", "ab"]), [""; 0]);
    assert!(env.daemon_pids().is_empty(), "none was started");
    let id = add(&ann, &["x"]);
    ann.ends_with(0, &["stop"]);
    assert_eq!(bash(&ann, true, &["show", &id[..4]]), [""; 0]);
    assert_eq!(ann.json(&["status"])["state"], "stopped", "and a stop stands");
}

#[test]
fn zsh_and_fish_take_their_scripts() {
    let env = TestEnv::new();
    let [root, ..] = shop(&env);
    let ann = env.person();
    if installed("fish") {
        let ask = format!("source $SCRIPT; complete --do-complete 'task-orchestrator show {}'", &root[..7]);
        let offered = printed(shell(&ann, "fish", &["--no-config", "-c", &ask]));
        assert_eq!(offered, [format!("{root}\tLaunch the shop (queue)")]);
    }
    if installed("zsh") {
        // Its completion system wants a terminal; the script is parsed, and what it runs is run.
        let ask =
            "autoload -Uz compinit; compinit -u -D; source $SCRIPT; print -l ${_comps[task-orchestrator]}";
        let offered = printed(shell(&ann, "zsh", &["-f", "-c", ask]));
        assert_eq!(offered.len(), 1, "a function for the program: {offered:?}");
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(!ann.ends_with(0, &["completions", shell]).stdout.is_empty(), "{shell}");
    }
}
