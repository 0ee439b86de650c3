//! Items (`contract.md` §3) and `manage_items` (§5, §6).

use e2e::{TestEnv, Value, json};

#[test]
fn what_is_given_is_kept_exactly() {
    let env = TestEnv::new();
    let agent = env.full();
    let row = agent.create(json!({
        "title": "Título ✓ \"quoted\" \\ and\ttab", "description": "two\nlines", "summary": "s", "priority": "critical",
        "complexity": 10, "item_type": "bug", "tags": "api,back end", "metadata": "{\"b\":1, \"a\": [1,2]}",
        "properties": "k = v", "due_at": "2031-05-06T07:08:09+02:00", "schedule": "",
    }));
    let read = agent.get(row["id"].as_str().expect("an id"));
    for (field, want) in [
        ("title", "Título ✓ \"quoted\" \\ and\ttab"),
        ("description", "two\nlines"),
        ("summary", "s"),
        ("priority", "critical"),
        ("item_type", "bug"),
        ("tags", "api,back end"),
        ("metadata", "{\"b\":1, \"a\": [1,2]}"),
        ("properties", "k = v"),
        ("due_at", "2031-05-06T07:08:09+02:00"),
    ] {
        assert_eq!(read[field], want, "`{field}` is answered as given: {read}");
    }
    assert_eq!(read["complexity"], 10, "{read}");
    assert_eq!(read["created_at"], read["updated_at"], "{read}");
}

#[test]
fn bounds_and_words_are_checked_by_name() {
    let env = TestEnv::new();
    let agent = env.connect();
    for (fields, field) in [
        (json!({}), "title"),
        (json!({"title": ""}), "title"),
        (json!({"title": "   "}), "title"),
        (json!({"title": "x".repeat(501)}), "title"),
        (json!({"title": "x", "priority": "urgent"}), "priority"),
        (json!({"title": "x", "complexity": 0}), "complexity"),
        (json!({"title": "x", "complexity": 11}), "complexity"),
        (json!({"title": "x", "due_at": "tomorrow"}), "due_at"),
        (json!({"title": "x", "due_at": "2030-13-01T00:00:00Z"}), "due_at"),
        (json!({"title": "x", "schedule": "not a cron"}), "schedule"),
        (json!({"title": "x", "tags": "t".repeat(101)}), "tags"),
    ] {
        let mut call = fields.clone();
        call["operation"] = "create".into();
        let refusal = agent.refused("manage_items", call, "VALIDATION");
        assert_eq!(refusal.field, field, "{fields}: {refusal:?}");
    }
    agent.item(&"ü".repeat(500));
    assert_eq!(agent.total(), 1, "only the title of exactly 500 characters was taken");
}

#[test]
fn update_changes_only_what_is_given() {
    let env = TestEnv::new();
    let agent = env.full();
    let before = agent.create(json!({"title": "x", "priority": "critical", "description": "d", "tags": "t"}));
    let id = before["id"].as_str().expect("an id");
    let after = agent.update(id, json!({"summary": "s"}));
    for field in ["title", "priority", "description", "tags", "status", "created_at", "role_changed_at"] {
        assert_eq!(after[field], before[field], "`{field}` stays: {after}");
    }
    assert_eq!(after["summary"], "s", "{after}");
    assert_eq!(after["version"], 2, "a change counts: {after}");
    agent.refused("manage_items", json!({"operation": "update", "item_id": id}), "VALIDATION");
    agent.refused("manage_items", json!({"operation": "update", "title": "x"}), "VALIDATION");
    agent.refused(
        "manage_items",
        json!({"operation": "update", "item_id": "00000000", "title": "x"}),
        "NOT_FOUND",
    );
}

#[test]
fn the_expected_version_must_be_the_present_one() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    agent.update(&id, json!({"title": "y"}));
    for call in [
        ("manage_items", json!({"operation": "update", "item_id": id, "title": "z", "expected_version": 1})),
        ("manage_items", json!({"operation": "delete", "item_id": id, "expected_version": 1})),
        ("advance_item", json!({"item_id": id, "trigger": "start", "expected_version": 1})),
    ] {
        let refusal = agent.refused(call.0, call.1, "CONFLICT");
        let details = refusal.details.to_string();
        assert!(details.contains('2'), "the present version: {refusal:?}");
        assert!(details.contains("title"), "what changed since: {refusal:?}");
    }
    for call in [
        json!({"operation": "create", "title": "new", "expected_version": 1}),
        json!({"operation": "restore", "item_id": id, "expected_version": 1}),
    ] {
        agent.refused("manage_items", call, "VALIDATION").names("expected_version").says("update and delete");
    }
    let batch = json!({"transitions": [{"item_id": id, "trigger": "start"}], "expected_version": 1});
    let refused = agent.ok("advance_item", batch);
    assert_eq!(refused["results"][0]["error"]["code"], "CONFLICT", "said for the whole batch: {refused}");
    agent.note(&id, "k", "notes do not count");
    let row = agent.update(&id, json!({"title": "z", "expected_version": "2"}));
    assert_eq!(row["version"], 3, "{row}");
}

#[test]
fn a_batch_takes_what_it_can_and_names_what_it_cannot() {
    let env = TestEnv::new();
    let agent = env.connect();
    let made = agent.ok(
        "manage_items",
        json!({"operation": "create", "items": [
            {"title": "good"}, {"title": "bad", "priority": "urgent"}, {"description": "no title"}, {"title": "also good"},
        ]}),
    );
    assert_eq!((&made["created"], &made["failed"]), (&json!(2), &json!(2)), "{made}");
    assert_eq!(e2e::titles(&made["items"]), ["good", "also good"], "{made}");
    let failures = made["failures"].as_array().expect("failures");
    assert_eq!(failures[0]["index"], 1, "{made}");
    assert_eq!(failures[0]["error"]["code"], "VALIDATION", "{made}");
    assert_eq!(failures[1]["index"], 2, "{made}");
    assert_eq!(agent.total(), 2);
}

#[test]
fn a_batch_hangs_under_one_parent() {
    let env = TestEnv::new();
    let agent = env.connect();
    let parent = agent.item("parent");
    let made = agent.ok(
        "manage_items",
        json!({"operation": "create", "parent_id": parent, "items": [{"title": "a"}, {"title": "b"}]}),
    );
    for row in made["items"].as_array().expect("rows") {
        assert_eq!(agent.get(row["id"].as_str().expect("an id"))["parent_id"], parent, "{row}");
    }
}

#[test]
fn hierarchy_ends_at_four_levels() {
    let env = TestEnv::new();
    let agent = env.connect();
    let mut chain = vec![agent.item("level 1")];
    for level in 2..=4 {
        let parent = chain.last().expect("a parent").clone();
        chain.push(agent.item_with(json!({"title": format!("level {level}"), "parent_id": parent})));
    }
    let refusal = agent.refused(
        "manage_items",
        json!({"operation": "create", "title": "level 5", "parent_id": chain[3]}),
        "VALIDATION",
    );
    assert!(refusal.message.starts_with("Max depth 4 reached (parent at depth "), "{refusal:?}");
    assert_eq!(refusal.field, "parent_id");

    let got =
        agent.ok("query_items", json!({"operation": "get", "item_id": chain[3], "include_ancestors": true}));
    assert_eq!(
        e2e::titles(&got["ancestors"]),
        ["level 3", "level 2", "level 1"],
        "ancestors from the parent up to the root: {got}"
    );
}

#[test]
fn depth_follows_the_config() {
    let env = TestEnv::with_config("hierarchy: {max_depth: 2}\n");
    let agent = env.connect();
    let root = agent.item("1");
    let child = agent.item_with(json!({"title": "2", "parent_id": root}));
    let refusal = agent.refused(
        "manage_items",
        json!({"operation": "create", "title": "3", "parent_id": child}),
        "VALIDATION",
    );
    assert!(refusal.message.starts_with("Max depth 2 reached"), "{refusal:?}");
}

#[test]
fn moving_checks_depth_and_ancestry() {
    let env = TestEnv::new();
    let agent = env.full();
    let a = agent.item("a");
    let b = agent.item_with(json!({"title": "b", "parent_id": a}));
    let c = agent.item_with(json!({"title": "c", "parent_id": b}));
    let update = |id: &str, parent: &str| json!({"operation": "update", "item_id": id, "parent_id": parent});
    agent.refused("manage_items", update(&a, &a), "VALIDATION");
    agent.refused("manage_items", update(&a, &c), "CONFLICT");
    let x = agent.item("x");
    let y = agent.item_with(json!({"title": "y", "parent_id": x}));
    agent.refused("manage_items", update(&a, &y), "VALIDATION"); // a, b, c below two levels makes five
    agent.ok("manage_items", update(&b, &y));
    assert_eq!(agent.get(&b)["parent_id"], y, "b and c fit");
    let freed = agent.update(&b, json!({"parent_id": null}));
    assert_eq!(freed["parent_id"], Value::Null, "cleared is the root: {freed}");
}

#[test]
fn deleting_children_needs_recursive() {
    let env = TestEnv::new();
    let agent = env.connect();
    let root = agent.item("root");
    let child = agent.item_with(json!({"title": "child", "parent_id": root}));
    agent.item_with(json!({"title": "other", "parent_id": root}));
    agent.item_with(json!({"title": "grandchild", "parent_id": child}));
    let refusal =
        agent.refused("manage_items", json!({"operation": "delete", "item_id": root}), "VALIDATION");
    assert_eq!(refusal.message, "Item has 2 children. Use recursive=true to delete them.");
    assert_eq!(agent.total(), 4, "nothing was deleted");
    let gone = agent.ok("manage_items", json!({"operation": "delete", "item_id": root, "recursive": true}));
    assert_eq!(gone, json!({"deleted": true, "descendants_deleted": 3}));
    assert_eq!(agent.total(), 0);
    let leaf = agent.item("leaf");
    assert_eq!(
        agent.ok("manage_items", json!({"operation": "delete", "item_id": leaf})),
        json!({"deleted": true})
    );
}

#[test]
fn a_batch_delete_counts() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    let gone = agent.ok("manage_items", json!({"operation": "delete", "ids": [a, b, "00000000"]}));
    assert_eq!((&gone["deleted"], &gone["failed"]), (&json!(2), &json!(1)), "{gone}");
    assert_eq!(agent.total(), 0);
}

#[test]
fn restore_brings_back_subtree_notes_and_edges() {
    let env = TestEnv::new();
    let agent = env.full();
    let root = agent.item_with(json!({"title": "root", "metadata": "m", "due_at": "2030-01-01T00:00:00Z"}));
    let child = agent.item_with(json!({"title": "child", "parent_id": root}));
    let outside = agent.item("outside");
    agent.note(&child, "requirements", "the words");
    agent.blocks(&outside, &child);
    let export = |agent: &e2e::McpClient| {
        let mut graph = agent.ok("export_graph", json!({}));
        graph.as_object_mut().expect("a graph").remove("exported_at");
        for section in ["items", "notes", "dependencies"] {
            let rows = graph[section].as_array_mut().expect("rows");
            rows.sort_by_key(|row| row["id"].to_string());
            for row in rows {
                let fields = row.as_object_mut().expect("a row");
                ["updated_at", "updated_by", "version"].iter().for_each(|field| drop(fields.remove(*field)));
            }
        }
        graph
    };
    let before = export(&agent);
    agent.ok("manage_items", json!({"operation": "delete", "item_id": root, "recursive": true}));
    assert_eq!(agent.total(), 1);
    agent.refused("query_items", json!({"operation": "get", "item_id": child}), "NOT_FOUND");
    let row = agent.ok("manage_items", json!({"operation": "restore", "item_id": root}));
    assert_eq!(row["id"], root, "restore answers the row: {row}");
    assert_eq!(export(&agent), before, "everything is back as it was");
    agent.refused("manage_items", json!({"operation": "restore", "item_id": root}), "CONFLICT");
    agent.refused("manage_items", json!({"operation": "restore", "item_id": "00000000"}), "NOT_FOUND");
}

#[test]
fn restore_says_what_could_not_come_back_with_it() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let delete =
        |id: &str| agent.ok("manage_items", json!({"operation": "delete", "item_id": id, "recursive": true}));
    let restore = |id: &str| agent.ok("manage_items", json!({"operation": "restore", "item_id": id}));
    let (parent, blocker) = (agent.item("parent"), agent.item("blocker"));
    let id = agent.item_with(json!({"title": "x", "parent_id": parent}));
    agent.blocks(&blocker, &id);
    delete(&id);
    let row = restore(&id);
    assert_eq!(row.get("left_out"), None, "everything is back: {row}");
    delete(&id);
    delete(&parent);
    delete(&blocker);
    let row = restore(&id);
    assert_eq!(row.get("parent_id"), None, "{row}");
    let edge = json!({"from_id": blocker, "to_id": id});
    assert_eq!(row["left_out"], json!({"parent_id": parent, "edges": [edge]}), "{row}");
    restore(&parent);
    restore(&blocker);
    agent.update(&id, json!({"parent_id": row["left_out"]["parent_id"]}));
    agent.blocks(&blocker, &id);
}

#[test]
fn authors_are_recorded() {
    let env = TestEnv::new();
    let id = env.agent("ann").item("x");
    let row = env.client().agent("ben").responses("full").connect().update(&id, json!({"title": "y"}));
    assert!(row["created_by"].as_str().is_some_and(|who| who.contains("ann")), "{row}");
    assert!(row["updated_by"].as_str().is_some_and(|who| who.contains("ben")), "{row}");
}
