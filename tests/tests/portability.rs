//! `export_graph`, `import_graph` and `manage_checkpoints` (`contract.md` §5, §6).

use e2e::{McpClient, TestEnv, Value, json, titles};

/// A store with a bit of everything.
fn filled(agent: &McpClient) -> Vec<String> {
    let root =
        agent.item_with(json!({"title": "root", "tags": "ui", "metadata": "{\"a\": 1}", "complexity": 3}));
    let child = agent.item_with(json!({"title": "child", "parent_id": root, "schedule": "0 9 * * 1"}));
    let other = agent.item_with(json!({"title": "other", "tags": "build"}));
    agent.note(&root, "requirements", "words");
    agent.note(&other, "log", "");
    agent.blocks(&root, &other);
    vec![root, child, other]
}

/// An export without what differs between two exports of the same graph.
fn graph(agent: &McpClient) -> Value {
    let mut graph = agent.ok("export_graph", json!({}));
    graph.as_object_mut().expect("a graph").remove("exported_at");
    for section in ["items", "notes", "dependencies"] {
        graph[section].as_array_mut().expect("rows").sort_by_key(|row| row["id"].to_string());
    }
    graph
}

#[test]
fn an_export_has_full_rows_in_compact_sessions_too() {
    let env = TestEnv::new();
    let agent = env.connect();
    filled(&agent);
    let export = agent.ok("export_graph", json!({}));
    assert_eq!(export["version"], "0.8.0", "{export}");
    assert!(export["exported_at"].is_string(), "{export}");
    assert_eq!(export["items"].as_array().map(Vec::len), Some(3), "{export}");
    for row in export["items"].as_array().expect("rows") {
        assert_eq!(row["id"].as_str().map(str::len), Some(36), "{row}");
        assert!(row.as_object().is_some_and(|row| row.contains_key("due_at")), "nulls are kept: {row}");
    }
    assert_eq!(export["notes"].as_array().map(Vec::len), Some(2), "{export}");
    assert_eq!(export["dependencies"].as_array().map(Vec::len), Some(1), "{export}");
}

#[test]
fn filters_take_items_and_what_lies_among_them() {
    let env = TestEnv::new();
    let agent = env.connect();
    filled(&agent);
    agent.ok("manage_workspaces", json!({"operation": "create", "name": "web", "tags": "ui"}));
    for filter in [json!({"tags": "ui"}), json!({"workspace": "web"})] {
        let export = agent.ok("export_graph", filter.clone());
        assert_eq!(titles(&export["items"]), ["root"], "{filter}");
        assert_eq!(export["notes"].as_array().map(Vec::len), Some(1), "{filter}");
        assert_eq!(export["dependencies"], json!([]), "an edge to outside stays out: {filter}");
    }
}

#[test]
fn what_was_exported_is_imported_the_same() {
    let (from, to) = (TestEnv::new(), TestEnv::new());
    let (source, target) = (from.connect(), to.connect());
    filled(&source);
    let data = source.ok("export_graph", json!({}));
    let imported = target.ok("import_graph", json!({"data": data}));
    assert_eq!((&imported["imported"], &imported["mode"]), (&json!(true), &json!("merge")), "{imported}");
    assert_eq!(imported["counts"], json!({"items": 3, "notes": 2, "dependencies": 1}), "{imported}");
    assert_eq!(imported["skipped"], json!([]), "{imported}");
    assert_eq!(graph(&target), graph(&source));
}

#[test]
fn merge_leaves_what_is_there() {
    let env = TestEnv::new();
    let agent = env.full();
    let ids = filled(&agent);
    let data = agent.ok("export_graph", json!({}));
    agent.update(&ids[0], json!({"title": "changed"}));
    agent.ok("manage_items", json!({"operation": "delete", "item_id": ids[2]}));
    let imported = agent.ok("import_graph", json!({"data": data, "mode": "merge"}));
    assert_eq!(imported["counts"], json!({"items": 3, "notes": 2, "dependencies": 1}), "totals: {imported}");
    assert_eq!(agent.get(&ids[0])["title"], "changed", "what is there stays");
    assert_eq!(agent.get(&ids[2])["title"], "other", "an id deleted before counts as absent");
}

#[test]
fn replace_puts_the_import_in_place_of_everything() {
    let env = TestEnv::new();
    let agent = env.connect();
    filled(&agent);
    let item = json!({"id": "11111111-2222-4333-8444-555555555555", "title": "only"});
    let imported = agent.ok("import_graph", json!({"data": {"items": [item]}, "mode": "replace"}));
    assert_eq!(imported["counts"], json!({"items": 1, "notes": 0, "dependencies": 0}), "{imported}");
    let found =
        |word: &str| agent.ok("query_items", json!({"operation": "list", "search": word}))["total"].clone();
    assert_eq!(
        (found("only"), found("child")),
        (json!(1), json!(0)),
        "the search text is that of what is there"
    );
    let refusal =
        agent.refused("import_graph", json!({"data": {"items": []}, "mode": "overwrite"}), "VALIDATION");
    refusal.names("mode");
}

#[test]
fn older_rows_get_defaults_and_keep_their_naive_times() {
    let env = TestEnv::new();
    let agent = env.full();
    let items = json!([
        {"id": "cccccccc-0000-4000-8000-000000000003", "parent_id": "bbbbbbbb-0000-4000-8000-000000000002", "title": "grandchild", "colour": "red"},
        {"id": "bbbbbbbb-0000-4000-8000-000000000002", "parent_id": "aaaaaaaa-0000-4000-8000-000000000001", "title": "child"},
        {"id": "aaaaaaaa-0000-4000-8000-000000000001", "title": "root", "status": "work", "created_at": "2024-01-02T03:04:05.678901", "updated_at": "2024-01-03T03:04:05"},
    ]);
    let imported = agent.ok("import_graph", json!({"data": {"items": items}}));
    assert_eq!(
        (&imported["counts"]["items"], &imported["skipped"]),
        (&json!(3), &json!([])),
        "parents first: {imported}"
    );
    let root = agent.get("aaaaaaaa");
    assert_eq!(root["created_at"], "2024-01-02T03:04:05.678901", "{root}");
    assert_eq!((&root["priority"], &root["tags"]), (&json!("medium"), &json!("")), "{root}");
    assert_eq!(agent.get("cccccccc")["parent_id"], "bbbbbbbb-0000-4000-8000-000000000002");
}

#[test]
fn what_cannot_be_placed_is_skipped_and_named() {
    let env = TestEnv::new();
    let agent = env.connect();
    let data = json!({
        "items": [{"id": "aaaaaaaa-0000-4000-8000-000000000001", "title": "good"}, {"id": "bbbbbbbb-0000-4000-8000-000000000002"}],
        "notes": [{"id": "n1", "item_id": "dddddddd-0000-4000-8000-000000000009", "key": "k", "body": "b"}],
        "dependencies": [{"id": "d1", "from_id": "aaaaaaaa-0000-4000-8000-000000000001", "to_id": "aaaaaaaa-0000-4000-8000-000000000001"}],
    });
    let imported = agent.ok("import_graph", json!({"data": data}));
    assert_eq!(imported["counts"], json!({"items": 1, "notes": 0, "dependencies": 0}), "{imported}");
    assert_eq!(imported["skipped"].as_array().map(Vec::len), Some(3), "{imported}");
}

#[test]
fn malformed_data_changes_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    filled(&agent);
    for data in [json!("{"), json!("[]"), json!([]), json!({"items": {}}), json!(5)] {
        let call = json!({"data": data, "mode": "replace"});
        agent.refused("import_graph", call, "VALIDATION");
    }
    agent.refused("import_graph", json!({}), "VALIDATION").names("data");
    assert_eq!(agent.total(), 3);
}

#[test]
fn checkpoints_are_made_listed_and_restored() {
    let env = TestEnv::new();
    let agent = env.connect();
    filled(&agent);
    let before = graph(&agent);
    let first = agent.ok("manage_checkpoints", json!({"operation": "create"}));
    let path = first["created"].as_str().expect("a path").to_owned();
    assert_eq!(std::path::Path::new(&path).parent(), env.database().parent(), "beside the database: {path}");
    let name = path.rsplit('/').next().unwrap_or_default();
    assert!(name.starts_with("checkpoint-") && name.ends_with("Z.json") && name.len() == 38, "{name}");
    agent.item("after the checkpoint");
    let second = agent.ok("manage_checkpoints", json!({"operation": "create"}));
    let list = agent.ok("manage_checkpoints", json!({"operation": "list"}));
    assert_eq!(list, json!({"checkpoints": [second["created"], path]}), "newest first");
    let restored = agent.ok("manage_checkpoints", json!({"operation": "restore", "path": path}));
    assert_eq!(restored, json!({"restored": true, "from": path}));
    assert_eq!(graph(&agent), before);
    assert_eq!(agent.ok("manage_checkpoints", json!({"operation": "verify"})), json!({"ok": true}));
}

#[test]
fn a_checkpoint_goes_where_the_caller_says() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("x");
    let folder = env.folder().join("backups");
    let made = agent.ok("manage_checkpoints", json!({"operation": "create", "output_dir": "backups"}));
    let path = made["created"].as_str().expect("a path");
    assert!(path.starts_with(&*folder.to_string_lossy()), "relative to the shim's folder: {path}");
    let list = agent.ok("manage_checkpoints", json!({"operation": "list", "output_dir": folder}));
    assert_eq!(list["checkpoints"], json!([path]), "{list}");
}

#[test]
fn a_bad_checkpoint_changes_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    filled(&agent);
    let broken = env.folder().join("broken.json");
    std::fs::write(&broken, "{\"items\": [").expect("a file");
    agent
        .refused("manage_checkpoints", json!({"operation": "restore", "path": broken}), "VALIDATION")
        .names("path");
    agent
        .refused("manage_checkpoints", json!({"operation": "restore", "path": "/nowhere.json"}), "NOT_FOUND")
        .names("path");
    agent.refused("manage_checkpoints", json!({"operation": "restore"}), "VALIDATION").names("path");
    assert_eq!(agent.total(), 3);
}

#[test]
fn ids_and_tags_from_elsewhere_are_taken_whatever_they_look_like() {
    let env = TestEnv::new();
    let agent = env.client().tools("full").connect();
    let items = json!([
        {"id": "q", "title": "short"}, {"id": " spaced ", "title": "spaced", "parent_id": "q"},
        {"id": "t", "title": "tagged", "tags": ["a", "b"]},
    ]);
    let import = |mode: &str| agent.ok("import_graph", json!({"data": {"items": items}, "mode": mode}));
    assert_eq!(import("merge")["counts"]["items"], 3);
    assert_eq!(agent.get("q")["title"], "short", "a whole id, shorter than any prefix");
    assert_eq!(agent.advance(" spaced ", "start")["status"], "work");
    assert_eq!(agent.get("t")["tags"], "a,b");
    agent
        .refused("query_items", json!({"operation": "get", "item_id": "x"}), "VALIDATION")
        .says("at least 4");
    assert_eq!(
        import("replace")["counts"]["items"],
        3,
        "and none of them stands in the way of a replacement"
    );
    agent.ok("manage_items", json!({"operation": "delete", "item_id": "t"}));
    assert_eq!(agent.ok("manage_items", json!({"operation": "restore", "item_id": "t"}))["title"], "tagged");
}

#[test]
fn a_sound_database_is_found_sound_whenever_its_search_text_was_merged() {
    let env = TestEnv::new();
    let agent = env.connect();
    for n in 0..40 {
        agent.item(&format!("word {n}"));
        let verified = agent.ok("manage_checkpoints", json!({"operation": "verify"}));
        assert_eq!(verified, json!({"ok": true}), "after {n}");
    }
}
