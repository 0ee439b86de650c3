//! The `import` command: a document of any size, in calls of a bounded size.

use std::fs;
use std::path::PathBuf;

use e2e::{TestEnv, Value, json};

/// More than one call takes.
const ITEMS: usize = 12_000;

fn id(n: usize) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

/// A document whose parents come behind their children, the last of them in another call.
fn document(env: &TestEnv) -> PathBuf {
    let item = |n: usize| {
        let parent = (!n.is_multiple_of(3)).then(|| id(ITEMS - 3 - (n / 3 * 3) % 300));
        json!({"id": id(n), "title": format!("item {n}"), "parent_id": parent.filter(|_| n < ITEMS - 300)})
    };
    let rows: Vec<Value> = (0..ITEMS).map(item).collect();
    let notes = [json!({"item_id": id(1), "key": "plan", "body": "Begin."})];
    let edges = [json!({"from_id": id(0), "to_id": id(1)})];
    let path = env.folder().join("graph.json");
    // Lists in an order of their own, and something that is none.
    let text = json!({"dependencies": edges, "notes": notes, "version": "0.8.0", "items": rows}).to_string();
    fs::write(&path, text).expect("the test's own folder takes a file");
    path
}

fn totals(env: &TestEnv) -> Value {
    env.connect().ok("export_graph", json!({"tags": "none has this"}));
    env.connect().ok("import_graph", json!({"data": {}}))["counts"].clone()
}

#[test]
fn a_document_of_any_size_and_order_is_placed_whole() {
    let env = TestEnv::new();
    let path = document(&env);
    let words = ["import", path.to_str().unwrap()];
    let done = env.cli(&words);
    assert!(done.success, "{} {}", done.stdout, done.stderr);
    assert!(done.stdout.contains("12,000 items, 1 note and 1 dependency"), "{}", done.stdout);
    assert_eq!(totals(&env), json!({"items": ITEMS, "notes": 1, "dependencies": 1}));
    let child = env.connect().ok("query_items", json!({"operation": "get", "item_id": id(1)}));
    assert_eq!(child["parent_id"], id(ITEMS - 3)[..8].to_owned(), "{child}");

    let again = env.cli(&words);
    assert!(again.success, "{} {}", again.stdout, again.stderr);
    assert_eq!(totals(&env), json!({"items": ITEMS, "notes": 1, "dependencies": 1}), "nothing twice");
}

#[test]
fn replace_leaves_what_the_document_has() {
    let env = TestEnv::new();
    env.connect().item("from before");
    let path = env.folder().join("graph.json");
    fs::write(&path, json!({"items": [{"id": id(7), "title": "the only one"}]}).to_string()).unwrap();
    let done = env.cli(&["import", path.to_str().unwrap(), "--mode", "replace"]);
    assert!(done.success, "{} {}", done.stdout, done.stderr);
    assert_eq!(totals(&env)["items"], 1);
}

#[test]
fn a_whole_number_may_have_a_point() {
    let env = TestEnv::new();
    let agent = env.full();
    let row = |n: usize, complexity: Value| json!({"id": id(n), "title": "t", "complexity": complexity});
    let rows =
        [row(1, json!(5.0)), row(2, json!("5")), row(3, json!("")), row(4, json!(5.5)), row(5, json!(11))];
    let done = agent.ok("import_graph", json!({"data": {"items": rows}}));
    assert_eq!(done["counts"]["items"], 3, "{done}");
    let reasons: Vec<&str> =
        done["skipped"].as_array().expect("a list").iter().filter_map(|s| s["reason"].as_str()).collect();
    assert_eq!(
        reasons,
        ["complexity must be a whole number, got the number 5.5", "Complexity must be 1-10, got 11"]
    );
    assert_eq!(agent.ok("query_items", json!({"operation": "get", "item_id": id(1)}))["complexity"], 5);
}

#[test]
fn rows_without_an_id_that_say_the_same_are_all_placed() {
    let env = TestEnv::new();
    let agent = env.full();
    let rows = vec![json!({"title": "same"}); 3];
    let done = agent.ok("import_graph", json!({"data": {"items": rows}}));
    assert_eq!((&done["counts"]["items"], &done["skipped"]), (&json!(3), &json!([])), "{done}");
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let env = TestEnv::new();
    env.connect().item("from before");
    let path = env.folder().join("graph.json");
    let broken = [
        ("{\"items\": [{\"id\": \"a\", \"title\": \"one\"}, {\"id\": ", "cut off"),
        ("[1, 2]", "no document"),
        ("", "empty"),
        ("{\"items\": 7}", "no list"),
    ];
    for (text, what) in broken {
        fs::write(&path, text).expect("the test's own folder takes a file");
        let refused = env.cli(&["import", path.to_str().unwrap(), "--mode", "replace"]);
        assert!(!refused.success, "{what}: {}", refused.stdout);
        assert!(refused.stderr.contains("graph.json"), "{what}: {}", refused.stderr);
    }
    let missing = env.cli(&["import", "/nowhere/graph.json"]);
    assert!(!missing.success && missing.stderr.contains("/nowhere/graph.json"), "{}", missing.stderr);
    assert_eq!(totals(&env)["items"], 1, "what was there is there");
}
