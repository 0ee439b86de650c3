//! `task-orchestrator setup`, over configurations as people have them: what is written, and that all else keeps its bytes.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use e2e::{Value, json, machine::TestEnv, machine::binaries, workspace_root};

/// Every client, and whether it has files of a project.
const CLIENTS: [(&str, bool); 11] = [
    ("claude-code", true),
    ("claude-desktop", false),
    ("cursor", true),
    ("vscode", true),
    ("codex", true),
    ("gemini-cli", true),
    ("windsurf", true),
    ("zed", true),
    ("kiro", true),
    ("cline", true),
    ("opencode", true),
];

/// Every file below a folder, with its bytes; folders have none.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => {
                    found.insert(entry.path(), Vec::new());
                    folders.push(entry.path());
                }
                false => drop(found.insert(entry.path(), fs::read(entry.path()).unwrap())),
            }
        }
    }
    found
}

/// Whether text was only added: every byte is still there, in its order.
fn is_within(before: &[u8], after: &[u8]) -> bool {
    let mut rest = after.iter();
    before.iter().all(|byte| rest.any(|there| there == byte))
}

/// A machine whose home has a client's files, each as `changed` makes it.
fn with_files_of(client: &str, changed: &dyn Fn(String) -> String) -> TestEnv {
    let env = TestEnv::new();
    let fixtures = workspace_root().join("tests/fixtures/clients").join(client);
    for (path, bytes) in tree(&fixtures).into_iter().filter(|(path, _)| path.is_file()) {
        let target = env.home().join(path.strip_prefix(&fixtures).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, changed(String::from_utf8(bytes).unwrap())).unwrap();
    }
    env
}

fn with_files(client: &str) -> TestEnv {
    with_files_of(client, &|text| text)
}

/// Runs it and wants this exit code.
#[track_caller]
fn setup(env: &TestEnv, words: &[&str], code: i32) -> String {
    let run = env.run(&[&["setup"], words].concat());
    assert_eq!(run.code, Some(code), "setup {words:?}: {}{}", run.stdout, run.stderr);
    run.stdout
}

fn shim() -> String {
    binaries().join("task-orchestrator-mcp").to_str().unwrap().to_owned()
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_client_is_set_up_checked_and_left_as_it_was() {
    let changes: [(&str, &dyn Fn(String) -> String); 4] = [
        ("as it is", &|text| text),
        ("with CRLF", &|text| text.replace('\n', "\r\n")),
        ("with a byte order mark", &|text| format!("\u{feff}{text}")),
        ("without its last line break", &|text| text.trim_end_matches('\n').to_owned()),
    ];
    for (client, _) in CLIENTS {
        for (how, changed) in changes {
            let env = with_files_of(client, changed);
            let before = tree(env.home());
            assert!(!before.is_empty());
            setup(&env, &[client], 0);
            let with = tree(env.home());
            assert_ne!(with, before, "{client} {how}");
            for (path, bytes) in &before {
                let all_there = is_within(bytes, &with[path]);
                assert!(all_there, "{client} {how}: {} lost bytes", path.display());
            }
            let said = setup(&env, &[client], 0);
            assert!(!said.contains("written"), "{client} {how}, the second time: {said}");
            assert_eq!(tree(env.home()), with, "{client} {how}: the second time writes nothing");
            setup(&env, &[client, "--remove"], 0);
            let after = tree(env.home());
            let paths = |tree: &BTreeMap<PathBuf, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
            assert_eq!(paths(&after), paths(&before), "{client} {how}");
            for (path, bytes) in &after {
                assert_eq!(
                    String::from_utf8_lossy(bytes),
                    String::from_utf8_lossy(&before[path]),
                    "{client} {how}"
                );
            }
        }
    }
}

#[test]
fn a_client_without_any_file_gets_them_and_they_go_again() {
    for (client, has_project) in CLIENTS {
        let env = TestEnv::new();
        let project = env.home().join("src/shop");
        fs::create_dir_all(project.join(".git")).unwrap();
        let before = tree(env.home());
        setup(&env, &[client], 0);
        setup(&env, &[client, "--check"], 0);
        setup(&env, &[client, "--env", "TASK_ORCHESTRATOR_DB=/d/t.db"], 0);
        setup(&env, &[client, "--remove"], 0);
        assert_eq!(tree(env.home()), before, "{client}");
        let said = setup(&env, &[], 0);
        let found = said.lines().any(|line| line.ends_with("  found"));
        assert!(!found, "{client}: its folder stays, and it counts as installed: {said}");
        let within = |words: &[&str]| {
            let mut command = env.orchestrator(&[&["setup", client, "--scope", "project"], words].concat());
            command.current_dir(&project).output().unwrap().status.code()
        };
        assert_eq!(within(&[]), Some(if has_project { 0 } else { 1 }), "{client}");
        if has_project {
            let made = tree(env.home());
            let record = env.home().join(".local/share/task-orchestrator/setup.json");
            let theirs = |path: &PathBuf| path.is_dir() || path.starts_with(&project) || *path == record;
            assert!(made.keys().all(theirs), "{client}: {:?}", made.keys());
            assert_eq!(within(&["--check"]), Some(0));
            assert_eq!(within(&["--remove"]), Some(0));
        }
        assert_eq!(tree(env.home()), before, "{client}");
        assert!(fs::read_dir(&project).unwrap().count() == 1, "{client}: folders stay in the project");
    }
    assert!(TestEnv::new().daemons().is_empty());
}

#[test]
fn the_entry_has_absolute_paths_and_the_variables_given() {
    let env = with_files("claude-code");
    setup(
        &env,
        &["claude-code", "--env", "TASK_ORCHESTRATOR_TOOLS=full", "--env", "A=b=c", "--name", "graph"],
        0,
    );
    let entry = document(&env.home().join(".claude.json"))["mcpServers"]["graph"].clone();
    let wanted =
        json!({"type": "stdio", "command": shim(), "env": {"TASK_ORCHESTRATOR_TOOLS": "full", "A": "b=c"}});
    assert_eq!(entry, wanted);
    assert!(Path::new(&shim()).is_absolute());
    // Another value later is changed in place; what was there stays.
    setup(&env, &["claude-code", "--env", "A=d", "--name", "graph"], 0);
    let entry = document(&env.home().join(".claude.json"))["mcpServers"]["graph"].clone();
    assert_eq!(entry["env"], json!({"TASK_ORCHESTRATOR_TOOLS": "full", "A": "d"}));
    let hooks = document(&env.home().join(".claude/settings.json"))["hooks"].clone();
    assert_eq!(hooks["SessionStart"].as_array().map(Vec::len), Some(2), "beside the one that was there");
    setup(&env, &["claude-code", "--name", "graph", "--remove"], 0);
    let original =
        fs::read(workspace_root().join("tests/fixtures/clients/claude-code/.claude.json")).unwrap();
    assert_eq!(fs::read(env.home().join(".claude.json")).unwrap(), original);
}

#[test]
fn a_database_of_its_own_is_the_hooks_too() {
    let env = with_files("claude-code");
    setup(&env, &["claude-code", "--db", "my graph.db"], 0);
    let database = env.home().join("my graph.db");
    let entry = document(&env.home().join(".claude.json"))["mcpServers"]["task-orchestrator"].clone();
    assert_eq!(entry["env"]["TASK_ORCHESTRATOR_DB"], database.to_str().unwrap());
    let hooks = fs::read_to_string(env.home().join(".claude/settings.json")).unwrap();
    assert!(hooks.contains(&format!("--db '{}'", database.display())), "{hooks}");
}

#[test]
fn hooks_and_rules_can_be_left_out() {
    let env = with_files("cursor");
    let hooks = fs::read(env.home().join(".cursor/hooks.json")).unwrap();
    setup(&env, &["cursor", "--no-hooks", "--no-rules"], 0);
    assert_eq!(fs::read(env.home().join(".cursor/hooks.json")).unwrap(), hooks);
    assert!(!env.home().join(".cursor/skills").exists());
    setup(&env, &["cursor", "--no-hooks", "--no-rules", "--check"], 0);
    setup(&env, &["cursor", "--check"], 1);
}

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
fn a_file_that_does_not_parse_is_left_alone_with_its_place() {
    for (client, path, text, place) in [
        (
            "cursor",
            ".cursor/mcp.json",
            "{\n  \"mcpServers\": {\n    \"a\": 1\n    \"b\": 2\n  }\n}\n",
            "line 4, column 5",
        ),
        ("codex", ".codex/config.toml", "model = \"x\"\n[broken\n", "line 2, column 8"),
        ("zed", ".config/zed/settings.json", "{ \"context_servers\": [] }", "line 1, column 22"),
    ] {
        let env = TestEnv::new();
        let path = env.home().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let said = setup(&env, &[client, "--no-hooks", "--no-rules"], 1);
        assert!(said.contains("left alone") && said.contains(place), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no copy either");
    }
}

#[test]
fn a_copy_is_kept_beside_and_link_and_mode_stay() {
    let env = with_files("gemini-cli");
    let (link, real) = (env.home().join(".gemini/settings.json"), env.home().join("dotfiles.json"));
    fs::rename(&link, &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let before = fs::read(&real).unwrap();
    setup(&env, &["gemini-cli"], 0);
    let copy = env.home().join(".gemini/settings.json.before-task-orchestrator");
    assert_eq!(fs::read(&copy).unwrap(), before);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(real.metadata().unwrap().mode() & 0o777, 0o600);
    setup(&env, &["gemini-cli", "--env", "A=b"], 0);
    assert_eq!(fs::read(&copy).unwrap(), before, "the copy is of the file without us");
    setup(&env, &["gemini-cli", "--remove"], 0);
    assert_eq!(fs::read(&real).unwrap(), before);
    assert!(!copy.exists() && link.symlink_metadata().unwrap().is_symlink());
}

#[test]
fn what_was_written_meanwhile_stays() {
    let env = with_files("claude-code");
    let path = env.home().join(".claude.json");
    let edit = |text: &str| text.replace("\"numStartups\": 412", "\"numStartups\": 413");
    let before = fs::read_to_string(&path).unwrap();
    setup(&env, &["claude-code"], 0);
    fs::write(&path, edit(&fs::read_to_string(&path).unwrap())).unwrap();
    setup(&env, &["claude-code", "--remove"], 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), edit(&before));
}

#[test]
fn rules_that_somebody_edited_or_wrote_are_left_alone() {
    let env = with_files("kiro");
    setup(&env, &["kiro"], 0);
    let path = env.home().join(".kiro/steering/task-orchestrator.md");
    let edited = fs::read_to_string(&path).unwrap() + "- And one more habit.\n";
    fs::write(&path, &edited).unwrap();
    for words in [&["kiro"][..], &["kiro", "--remove"]] {
        let said = setup(&env, words, 1);
        assert!(said.contains("it was edited since setup wrote it"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), edited);
    }
    fs::write(&path, "theirs\n").unwrap();
    assert!(setup(&env, &["kiro"], 1).contains("it was not written by setup"));
    setup(&env, &["kiro", "--remove"], 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs\n");
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
fn an_older_place_is_used_where_only_that_is() {
    let env = TestEnv::new();
    let extension = env.home().join(".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings");
    fs::create_dir_all(&extension).unwrap();
    let path = extension.join("cline_mcp_settings.json");
    fs::write(&path, "").unwrap();
    setup(&env, &["cline"], 0);
    assert_eq!(document(&path)["mcpServers"]["task-orchestrator"]["command"], shim());
    assert!(!env.home().join(".cline").exists());
    setup(&env, &["cline", "--remove"], 0);
    assert_eq!(fs::read(&path).unwrap(), b"", "an empty file is empty again");
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

#[test]
fn a_shim_of_another_name_goes_again_and_what_a_user_wrote_stays() {
    for (client, _) in CLIENTS {
        let env = with_files(client);
        let mine = env.home().join("bin/my-shim");
        fs::create_dir_all(mine.parent().unwrap()).unwrap();
        fs::copy(shim(), &mine).unwrap();
        let before = tree(env.home());
        setup(&env, &[client, "--shim", mine.to_str().unwrap()], 0);
        let said = setup(&env, &[client, "--check"], 1);
        assert!(said.contains(&format!("runs '{}', not '{}'", mine.display(), shim())), "{said}");
        setup(&env, &[client, "--remove"], 0);
        assert_eq!(tree(env.home()), before, "{client}");
    }
    let env = with_files("cursor");
    let file = env.home().join(".cursor/mcp.json");
    let theirs = r#"{"mcpServers": {"task-orchestrator": {"command": "uvx", "args": ["my-tasks"]}}}"#;
    fs::write(&file, theirs).unwrap();
    let said = setup(&env, &["cursor", "--remove"], 0);
    assert!(said.contains("\"task-orchestrator\" there runs 'uvx'; setup did not write that"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), theirs);
}

#[test]
fn an_entry_that_runs_something_else_since_is_not_ours_any_more() {
    let env = with_files("cursor");
    let file = env.home().join(".cursor/mcp.json");
    setup(&env, &["cursor", "--name", "graph", "--no-hooks", "--no-rules"], 0);
    let changed = fs::read_to_string(&file).unwrap().replace(&shim(), "/opt/theirs");
    fs::write(&file, &changed).unwrap();
    let said = setup(&env, &["cursor", "--remove"], 0);
    assert!(said.contains("\"graph\" there runs '/opt/theirs'"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), changed);
}

#[test]
fn whatever_names_were_set_up_nothing_is_left_behind() {
    let orders: [&[&[&str]]; 4] = [
        &[&["--name", "graph", "--remove"]],
        &[&["--remove"]],
        &[&["--name", "task-orchestrator", "--remove"], &["--name", "graph", "--remove"]],
        &[&["--name", "graph", "--remove"], &["--remove"]],
    ];
    for (client, _) in CLIENTS {
        for (at, order) in orders.iter().enumerate() {
            for fresh in [true, false] {
                let env = if fresh { TestEnv::new() } else { with_files(client) };
                let before = tree(env.home());
                if at > 1 {
                    setup(&env, &[client], 0);
                }
                setup(&env, &[client, "--name", "graph"], 0);
                for words in *order {
                    setup(&env, &[&[client], *words].concat(), 0);
                }
                assert_eq!(tree(env.home()), before, "{client} {order:?} fresh: {fresh}");
            }
        }
    }
}

#[test]
fn one_of_two_names_goes_alone() {
    let env = TestEnv::new();
    let servers = || document(&env.home().join(".cursor/mcp.json"))["mcpServers"].clone();
    setup(&env, &["cursor"], 0);
    setup(&env, &["cursor", "--name", "graph"], 0);
    setup(&env, &["cursor", "--name", "graph", "--remove"], 0);
    assert_eq!(servers()["graph"], Value::Null);
    assert_eq!(servers()["task-orchestrator"]["command"], shim());
    setup(&env, &["cursor", "--check"], 0);
}

#[test]
fn folders_that_were_there_stay_and_others_go() {
    for (client, _) in CLIENTS {
        let env = TestEnv::new();
        setup(&env, &[client], 0);
        let made: Vec<PathBuf> = tree(env.home()).into_keys().filter(|path| path.is_dir()).collect();
        setup(&env, &[client, "--remove"], 0);
        assert!(tree(env.home()).is_empty(), "{client}: {:?}", tree(env.home()).keys());
        made.iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
        let before = tree(env.home());
        setup(&env, &[client], 0);
        setup(&env, &[client, "--remove"], 0);
        assert_eq!(tree(env.home()), before, "{client}: empty folders stay");
    }
}

#[test]
fn an_entry_that_a_user_wrote_is_as_they_wrote_it_afterwards() {
    let cases = [
        (
            "cursor",
            ".cursor/mcp.json",
            "{\n  \"mcpServers\": {\n    \"a\": {},\n    \"task-orchestrator\": { \"command\": \"/old/task-orchestrator-mcp\", \"mine\": 1 } // mine\n  }\n}\n",
            "\"a\": {}",
        ),
        (
            "codex",
            ".codex/config.toml",
            "a = 1\n\n[mcp_servers.task-orchestrator]\ncommand = \"/old/task-orchestrator-mcp\" # mine\nmine = 1\n\n[z]\n",
            "a = 1",
        ),
        (
            "kiro",
            ".kiro/settings/mcp.json",
            "{\"mcpServers\": {\"task-orchestrator\": {\"command\": \"/old/task-orchestrator-mcp\", \"mine\": 1}}}\n",
            "\"mcpServers\"",
        ),
    ];
    for (client, path, theirs, part) in cases {
        for meanwhile in [false, true] {
            let env = TestEnv::new();
            let path = env.home().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, theirs).unwrap();
            setup(&env, &[client, "--env", "A=b"], 0);
            let with = fs::read_to_string(&path).unwrap();
            assert!(with.contains(&shim()) && with.contains("mine"), "{with}");
            let edit = |text: &str| {
                if meanwhile { text.replace(part, &format!("{part} ")) } else { text.to_owned() }
            };
            fs::write(&path, edit(&with)).unwrap();
            setup(&env, &[client, "--remove"], 0);
            assert_eq!(fs::read_to_string(&path).unwrap(), edit(theirs), "{client} {meanwhile}");
            assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), if meanwhile { 2 } else { 1 });
        }
    }
}

#[test]
fn what_others_wrote_between_two_setups_stays() {
    let env = TestEnv::new();
    let path = env.home().join(".cursor/mcp.json");
    setup(&env, &["cursor"], 0);
    let more = fs::read_to_string(&path).unwrap().replacen('{', "{\n  \"theirs\": 1,", 1);
    fs::write(&path, more).unwrap();
    setup(&env, &["cursor", "--env", "A=b"], 0);
    setup(&env, &["cursor", "--name", "graph"], 0);
    setup(&env, &["cursor", "--remove"], 0);
    assert_eq!(document(&path), json!({"theirs": 1}));
}

#[test]
fn a_setup_that_kept_no_record_is_taken_back_as_well() {
    for fresh in [true, false] {
        let env = if fresh { TestEnv::new() } else { with_files("cursor") };
        let files =
            || tree(env.home()).into_iter().filter(|(path, _)| path.is_file()).collect::<BTreeMap<_, _>>();
        let before = files();
        let forget =
            || fs::remove_file(env.home().join(".local/share/task-orchestrator/setup.json")).unwrap();
        setup(&env, &["cursor"], 0);
        forget();
        setup(&env, &["cursor", "--remove"], 0);
        assert_eq!(files(), before);
        setup(&env, &["cursor"], 0);
        forget();
        setup(&env, &["cursor", "--env", "A=b"], 0);
        setup(&env, &["cursor", "--remove"], 0);
        assert_eq!(files(), before);
    }
}

#[test]
fn a_write_protected_file_is_left_alone_with_nothing_beside_it() {
    let env = with_files("cursor");
    let path = env.home().join(".cursor/mcp.json");
    let protect = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let before = tree(env.home());
    protect(0o444);
    let said = setup(&env, &["cursor", "--no-hooks", "--no-rules"], 1);
    assert!(said.contains("left alone") && said.contains("write-protected"), "{said}");
    assert_eq!(tree(env.home()), before);
    protect(0o644);
    setup(&env, &["cursor", "--no-hooks", "--no-rules"], 0);
    protect(0o444);
    let with = tree(env.home());
    assert!(setup(&env, &["cursor", "--remove"], 1).contains("write-protected"));
    assert_eq!(tree(env.home()), with);
    protect(0o644);
    setup(&env, &["cursor", "--remove"], 0);
    assert_eq!(tree(env.home()), before);
}
