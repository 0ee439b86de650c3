//! What `setup` says: its list, `--check`, `--dry-run`, JSON, exit codes.

use std::{fs, os::unix::fs::PermissionsExt};

use e2e::{Value, json, machine::TestEnv};

use crate::{CLIENTS, setup, tree, with_files};

#[test]
fn check_wants_the_entry_the_same_and_a_shim_that_answers() {
    let env = with_files("zed");
    setup(&env, &["zed", "--check"], 1);
    setup(&env, &["zed"], 0);
    setup(&env, &["zed", "--check"], 0);
    setup(&env, &["zed", "--check", "--env", "A=b"], 1);
    let silent = env.home().join("task-orchestrator-mcp");
    fs::write(&silent, "#!/bin/sh\nexec cat\n").unwrap();
    fs::set_permissions(&silent, fs::Permissions::from_mode(0o755)).unwrap();
    let said = setup(&env, &["zed", "--check", "--shim", silent.to_str().unwrap()], 1);
    assert!(said.contains("does not answer initialize"), "{said}");
    let run = env.run(&["setup", "zed", "--shim", "/nowhere/task-orchestrator-mcp"]);
    assert!(
        run.code == Some(1) && run.stderr.contains("There is no /nowhere/task-orchestrator-mcp"),
        "{run:?}"
    );
    assert!(env.daemons().is_empty(), "a check starts no daemon");
    assert!(!env.runtime().exists(), "and leaves nothing behind");
}

#[test]
fn a_dry_run_shows_the_change_and_makes_none() {
    let env = with_files("codex");
    let before = tree(env.home());
    let said = setup(&env, &["codex", "--dry-run"], 0);
    assert!(said.contains("+[mcp_servers.task-orchestrator]\n") && said.contains("@@"), "{said}");
    assert_eq!(tree(env.home()), before);
    setup(&env, &["codex"], 0);
    let with = tree(env.home());
    let said = setup(&env, &["codex", "--remove", "--dry-run"], 0);
    assert!(said.contains("-[mcp_servers.task-orchestrator]\n"), "{said}");
    assert_eq!(tree(env.home()), with);
}

#[test]
fn all_takes_those_that_are_here() {
    let env = with_files("zed");
    fs::create_dir(env.home().join(".kiro")).unwrap();
    let bin = env.home().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("codex"), "").unwrap();
    let list = |env: &TestEnv| {
        let run = env.orchestrator(&["setup"]).env("PATH", &bin).output().unwrap();
        String::from_utf8(run.stdout).unwrap()
    };
    let said = list(&env);
    let found: Vec<&str> = said
        .lines()
        .filter(|line| line.ends_with("found"))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(found, ["codex", "zed", "kiro"], "{said}");
    assert!(CLIENTS.iter().all(|(client, _)| said.contains(client)), "{said}");
    let run = env.orchestrator(&["setup", "--all"]).env("PATH", &bin).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    let made: Vec<_> = tree(env.home()).into_keys().collect();
    let is = |end: &str| made.contains(&env.home().join(end));
    assert!(is(".codex/config.toml") && is(".kiro/settings/mcp.json") && !is(".cursor/mcp.json"), "{made:?}");
}

#[test]
fn who_asks_for_json_gets_one_document() {
    let env = with_files("zed");
    let ask = |words: &[&str], code| -> Value {
        let said = setup(&env, &[words, &["--json"]].concat(), code);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    };
    let zed =
        |list: Value| list["clients"].as_array().unwrap().iter().find(|row| row["id"] == "zed").cloned();
    assert_eq!(
        zed(ask(&[], 0)),
        Some(json!({"id": "zed", "title": "Zed", "project": true, "found": true, "set_up": []}))
    );
    let would = ask(&["zed", "--dry-run"], 0);
    assert!(would["changes"][0]["diff"].as_str().unwrap().starts_with("--- "), "{would}");
    let checked = ask(&["zed", "--check"], 1);
    assert_eq!((&checked["ok"], &checked["changes"][0]["state"]), (&json!(false), &json!("missing")));
    assert_eq!(checked["changes"][0]["why"], "no server \"task-orchestrator\"");
    let done = ask(&["zed"], 0);
    let file = env.home().join(".config/zed/settings.json");
    assert_eq!(
        done["changes"][0],
        json!({"client": "zed", "file": file, "holds": "server", "state": "written"})
    );
    assert_eq!(zed(ask(&[], 0)).unwrap()["set_up"], json!(["user"]));
    fs::write(&file, "{").unwrap();
    let left = ask(&["zed"], 1);
    assert_eq!(left["changes"][0]["why"], "line 1, column 2: '}' is missing");
}

#[test]
fn what_a_client_still_wants_of_its_user_is_said_where_it_counts() {
    let env = TestEnv::new();
    let cases = [
        ("claude-code", "asks once", false),
        ("codex", "only where you trust the project", false),
        ("codex", "a new hook only after", true),
        ("gemini-cli", "a folder that you do not trust", true),
    ];
    for (client, words, of_user) in cases {
        assert_eq!(setup(&env, &[client], 0).contains(words), of_user, "{client}: {words}");
        assert!(setup(&env, &[client, "--scope", "project"], 0).contains(words), "{client}: {words}");
        assert!(
            !setup(&env, &[client, "--scope", "project", "--check"], 0).contains(words),
            "{client}: {words}"
        );
    }
}

#[test]
fn wrong_words_are_exit_code_two() {
    let env = TestEnv::new();
    for words in [
        &["setup", "emacs"][..],
        &["setup", "zed", "--check", "--remove"],
        &["setup", "zed", "--env", "A"],
        &["setup", "zed", "--name", "a b"],
        &["setup", "zed", "--scope", "machine"],
    ] {
        let run = env.run(words);
        assert_eq!(run.code, Some(2), "{words:?}: {run:?}");
    }
    for option in
        ["--check", "--remove", "--dry-run", "--no-hooks", "--no-rules", "--name=a", "--env=A=b", "--shim=/s"]
    {
        let run = env.run(&["setup", option]);
        let name = option.split('=').next().unwrap();
        let wanted = format!("{name} wants a client, or --all for those that are installed");
        assert!(run.code == Some(2) && run.stderr.contains(&wanted) && run.stdout.is_empty(), "{run:?}");
    }
}

#[test]
fn the_list_says_who_has_the_server() {
    let env = TestEnv::new();
    let project = env.home().join("shop");
    fs::create_dir_all(project.join(".git")).unwrap();
    let run = |words: &[&str]| {
        let run = env.orchestrator(&[&["setup"], words].concat()).current_dir(&project).output().unwrap();
        assert!(run.status.success(), "{words:?}: {run:?}");
        String::from_utf8(run.stdout).unwrap()
    };
    let state = |client: &str| {
        let said = run(&[]);
        let line = said.lines().find(|line| line.starts_with(&format!("{client} "))).unwrap();
        line.get(47..).unwrap_or_default().to_owned()
    };
    assert_eq!(state("codex"), "");
    run(&["codex", "--name", "graph", "--no-hooks", "--no-rules"]);
    run(&["kiro", "--scope", "project"]);
    run(&["zed"]);
    run(&["zed", "--scope", "project"]);
    assert_eq!(state("codex"), "already set up");
    assert_eq!(state("kiro"), "already set up for this project");
    assert_eq!(state("zed"), "already set up, for this project too");
    run(&["codex", "--remove"]);
    assert_eq!(state("codex"), "");
}

#[test]
fn a_check_says_what_is_missing_or_different_and_what_to_run() {
    let env = TestEnv::new();
    let said = setup(&env, &["cursor", "--check", "--env", "A=b c"], 1);
    assert!(said.contains("mcp.json (server): there is no such file\n"), "{said}");
    assert!(said.contains("This puts it there: task-orchestrator setup cursor --env 'A=b c'\n"), "{said}");
    setup(&env, &["cursor", "--name", "graph", "--env", "A=c"], 0);
    let said = setup(&env, &["cursor", "--check"], 1);
    let wanted = "(server): no server \"task-orchestrator\"; \"graph\" is there: --name graph\n";
    assert!(said.contains("  missing ") && said.contains(wanted), "{said}");
    assert!(said.contains("  in place "), "hooks and rules are: {said}");
    let said = setup(&env, &["cursor", "--check", "--name", "graph", "--env", "A=b", "--env", "B=c"], 1);
    let wanted = "(server): A is 'c', not 'b'; B is not set to 'c'\n";
    assert!(said.contains("  different ") && said.contains(wanted), "{said}");
    let hooks = env.home().join(".cursor/hooks.json");
    let older =
        fs::read_to_string(&hooks).unwrap().replace("hook session-start", "hook session-start --older");
    fs::write(&hooks, older).unwrap();
    let said = setup(&env, &["cursor", "--check", "--name", "graph"], 1);
    assert!(said.contains("(hooks): hook session-start runs `"), "{said}");
    setup(&env, &["cursor", "--name", "graph"], 0);
    let said = setup(&env, &["cursor", "--check", "--name", "graph"], 0);
    assert!(said.ends_with("All is in place, and the server answers.\n"), "{said}");
}
