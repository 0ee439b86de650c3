//! `setup CLIENT --remove`: every byte, file and folder is as it was, and what is somebody else's stays.

use std::{collections::BTreeMap, fs, path::PathBuf};

use e2e::{Value, json, machine::TestEnv};

use crate::{CLIENTS, document, is_within, setup, shim, tree, with_files, with_files_of};

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
