//! `export`: a document of any size, that takes nothing's place unasked.

use std::fs;

use e2e::{TestEnv, Value, json};

use crate::{said, shop};

fn read(path: &std::path::Path) -> Value {
    serde_json_of(&fs::read_to_string(path).expect("what the test needs"))
}

fn serde_json_of(text: &str) -> Value {
    text.parse().unwrap_or_else(|error| panic!("{error}: {}", &text[..text.len().min(300)]))
}

fn entries(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("what the test needs")
        .map(|entry| entry.expect("what the test needs").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_no_graph_replaces_none() {
    let env = TestEnv::new();
    shop(&env);
    let ann = env.person();
    let before = ann.ends_with(0, &["list", "--all"]).stdout;
    fs::write(env.folder().join("other.json"), r#"{"a": 1}"#).expect("what the test needs");
    let refused = ann.ends_with(1, &["import", "other.json", "--mode", "replace"]);
    assert!(refused.stderr.contains("no exported graph"), "{refused:?}");
    assert_eq!(ann.ends_with(0, &["list", "--all"]).stdout, before);
}

#[test]
fn a_replacement_says_what_it_deletes_and_one_that_is_refused_that_nothing_stayed() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    let ann = env.person();
    ann.ends_with(0, &["export", "graph.json"]);
    env.agent("claude").advance(&first, "start");
    let refused = ann.ends_with(1, &["import", "graph.json", "--mode", "replace"]);
    assert!(refused.stderr.contains("--force") && !refused.stderr.contains("which stay"), "{refused:?}");
    let dry = ann.ends_with(0, &["import", "graph.json", "--mode", "replace", "--dry-run"]);
    assert!(dry.stdout.starts_with("3 items of the store would be deleted first"), "{dry:?}");
    let done = ann.ends_with(0, &["import", "graph.json", "--mode", "replace", "--force"]);
    assert!(done.stdout.starts_with("3 items of the store were deleted first"), "{done:?}");
    assert!(done.stdout.contains("undelete"), "{done:?}");
}

#[test]
fn what_is_exported_can_be_imported() {
    let (env, other) = (TestEnv::new(), TestEnv::new());
    shop(&env);
    let ann = env.person();
    let path = env.folder().join("graph.json");
    let ended = ann.ends_with(0, &["export", "graph.json"]);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("graph.json"), "{ended:?}");
    assert_eq!(read(&path)["items"].as_array().map(Vec::len), Some(3));
    other.person().ends_with(0, &["import", path.to_str().expect("what the test needs")]);
    let both = [&env, &other].map(|env| {
        let mut graph = serde_json_of(&env.person().ends_with(0, &["export"]).stdout);
        graph.as_object_mut().expect("what the test needs").remove("exported_at");
        graph
    });
    assert_eq!(both[0], both[1]);
    let part = serde_json_of(&ann.ends_with(0, &["export", "--tag", "web"]).stdout);
    assert_eq!(part["items"].as_array().map(Vec::len), Some(1), "{part}");
}

#[test]
fn a_document_larger_than_an_answer_is_whole() {
    let env = TestEnv::new();
    let ben = env.agent("ben");
    let long = "x".repeat(1 << 20);
    for n in 0..9 {
        let id = ben.item(&format!("item {n}"));
        ben.note(&id, "log", &long);
    }
    ben.refused("export_graph", json!({}), "VALIDATION").says("task-orchestrator export");
    let ann = env.person();
    let told = ann.json(&["export", "big.json"]);
    let graph = read(&env.folder().join("big.json"));
    assert_eq!(
        told["bytes"],
        fs::metadata(env.folder().join("big.json")).expect("what the test needs").len()
    );
    assert_eq!(graph["notes"].as_array().map(Vec::len), Some(9));
    assert!(ann.ends_with(0, &["export"]).stdout.len() > 9 << 20);
    let beside = entries(env.database().parent().expect("what the test needs"));
    assert!(beside.iter().all(|name| name.starts_with("tasks.db")), "nothing is left: {beside:?}");
    let narrowed = ann.ends_with(1, &["export", "--project", "*"]);
    assert!(narrowed.stderr.contains("larger than 8 MiB"), "{narrowed:?}");
}

#[test]
fn nothing_is_overwritten_unasked() {
    let env = TestEnv::new();
    shop(&env);
    let ann = env.person();
    let (file, link) = (env.folder().join("there.json"), env.folder().join("link.json"));
    fs::write(&file, "mine").expect("what the test needs");
    std::os::unix::fs::symlink(&file, &link).expect("what the test needs");
    fs::create_dir(env.folder().join("folder")).expect("what the test needs");
    for words in [
        &["export", "there.json"][..],
        &["export", "link.json"],
        &["export", "link.json", "--force"],
        &["export", "folder", "--force"],
        &["export", "missing/graph.json"],
    ] {
        let ended = ann.ends_with(1, words);
        assert!(!ended.stderr.contains("--force"), "no such command ready to paste: {ended:?}");
    }
    assert_eq!(fs::read_to_string(&file).expect("what the test needs"), "mine");
    assert_eq!(
        entries(&env.folder()),
        ["folder", "link.json", "there.json"],
        "and nothing half-written is left"
    );
    ann.ends_with(0, &["export", "there.json", "--force"]);
    assert_eq!(read(&file)["items"].as_array().map(Vec::len), Some(3));
}

#[test]
fn markdown_is_for_people() {
    let env = TestEnv::new();
    let [root, first, _] = shop(&env);
    let ann = env.person();
    ann.ends_with(
        0,
        &["add", "*Not* a [link](x)", "--parent", &root, "--description", "# no heading\n\n- no list"],
    );
    ann.ends_with(0, &["done", &first]);
    let page = ann.ends_with(0, &["export", "--format", "markdown"]).stdout;
    let page: Vec<&str> =
        page.lines().map(|line| line.split("; exported").next().unwrap_or_default()).collect();
    insta::assert_snapshot!("export_markdown", said(&page.join("\n")));
}

#[test]
fn a_backup_goes_into_a_folder_that_is_there() {
    let env = TestEnv::new();
    shop(&env);
    let refused = env.person().ends_with(1, &["backup", "nowhere/b.bak"]);
    assert!(refused.stderr.contains("There is no folder"), "{refused:?}");
    assert!(!env.folder().join("nowhere").exists(), "and none is made");
}
