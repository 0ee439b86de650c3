//! What `setup` writes, and what it leaves alone.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use e2e::{json, machine::TestEnv, workspace_root};

use crate::{document, setup, shim, tree, with_files};

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
