//! What arguments are taken as (`contract.md` §2): the original's string forms, numbers in quotes, `""` as not given.

use e2e::{TestEnv, Value, json};

#[test]
fn the_originals_string_forms_are_accepted() {
    let env = TestEnv::new();
    let agent = env.full();
    let made = agent.ok(
        "manage_items",
        json!({"operation": "create", "items_json": r#"[{"title":"a"},{"title":"b","priority":"high"}]"#}),
    );
    assert_eq!(made["created"], 2, "items_json creates: {made}");
    let ids = e2e::ids(&made["items"]);

    let advanced = agent.ok(
        "advance_item",
        json!({"transitions_json": format!(r#"[{{"item_id":"{}","trigger":"start"}}]"#, ids[0])}),
    );
    assert_eq!(advanced["summary"]["succeeded"], 1, "transitions_json moves: {advanced}");

    let tree = agent.ok(
        "create_work_tree",
        json!({
            "root_title": "r",
            "children_json": r#"[{"ref":"x","title":"X"},{"ref":"y","title":"Y"}]"#,
            "deps_json": r#"[{"from":"x","to":"y"}]"#,
        }),
    );
    assert_eq!(tree["dependencies"].as_array().map(Vec::len), Some(1), "children_json and deps_json: {tree}");

    let pattern = agent.ok(
        "manage_dependencies",
        json!({"operation": "pattern", "item_ids": format!("{}, {}", ids[0], ids[1]), "pattern": "linear"}),
    );
    assert_eq!(pattern["dependencies"][0]["to_id"], ids[1], "item_ids as a comma list: {pattern}");

    let data = r#"{"items":[{"id":"11111111-2222-4333-8444-555555555555","title":"came in"}]}"#;
    let imported = agent.ok("import_graph", json!({"data_json": data}));
    assert_eq!(imported["imported"], true, "data_json imports: {imported}");

    let deleted = agent
        .ok("manage_items", json!({"operation": "delete", "ids_json": json!([ids[0], ids[1]]).to_string()}));
    assert_eq!(deleted["deleted"], 2, "ids_json deletes: {deleted}");
}

#[test]
fn native_arrays_and_arrays_as_strings_are_the_same() {
    let env = TestEnv::new();
    let agent = env.full();
    for items in [json!([{"title": "native"}]), json!(r#"[{"title":"as a string"}]"#)] {
        let made = agent.ok("manage_items", json!({"operation": "create", "items": items}));
        assert_eq!(made["created"], 1, "{made}");
        let ids = e2e::ids(&made["items"]);
        let gone = agent.ok("manage_items", json!({"operation": "delete", "ids": json!(ids).to_string()}));
        assert_eq!(gone["deleted"], 1, "{gone}");
    }
}

#[test]
fn entries_and_inner_lists_may_be_strings_too() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    let step = json!({"item_id": id, "trigger": "start"}).to_string();
    let moved = agent.ok("advance_item", json!({"transitions": [step]}));
    assert_eq!(moved["results"][0]["trigger"], "start", "an entry as a string is read whole: {moved}");
    let row = |n: u8| json!({"id": format!("0000000{n}-0000-4000-8000-000000000000"), "title": "came"});
    for items in [json!(json!([row(1)]).to_string()), json!([row(2).to_string()]), json!("")] {
        agent.ok("import_graph", json!({"data": {"items": items}}));
    }
    assert_eq!(agent.total(), 3);
    agent.refused("import_graph", json!({"data": {"items": "[5]"}}), "VALIDATION").says("data.items[0]");
    agent.refused("import_graph", json!({"data": {"notes": "{}"}}), "VALIDATION").says("data.notes");
}

#[test]
fn numbers_and_booleans_may_come_as_strings() {
    let env = TestEnv::new();
    let agent = env.connect();
    let row = agent.create(json!({"title": "x", "complexity": "7"}));
    assert_eq!(row["complexity"], 7, "{row}");
    let id = row["id"].as_str().expect("an id");
    agent.item_with(json!({"title": "child", "parent_id": id}));
    let list = agent.ok("query_items", json!({"operation": "list", "limit": "1", "offset": "1"}));
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    let got =
        agent.ok("query_items", json!({"operation": "get", "item_id": id, "include_ancestors": "true"}));
    assert!(got["ancestors"].is_array(), "{got}");
    let got =
        agent.ok("query_items", json!({"operation": "get", "item_id": id, "include_ancestors": "false"}));
    assert!(got.get("ancestors").is_none(), "{got}");
    let gone = agent.ok("manage_items", json!({"operation": "delete", "item_id": id, "recursive": "true"}));
    assert_eq!(gone["descendants_deleted"], 1, "{gone}");
}

#[test]
fn an_empty_string_means_not_given() {
    let env = TestEnv::new();
    let agent = env.full();
    // What a model that fills every optional parameter sends.
    let row = agent.create(json!({
        "title": "x", "description": "", "summary": "", "parent_id": "", "priority": "", "complexity": "",
        "item_type": "", "tags": "", "metadata": "", "properties": "", "due_at": "", "schedule": "", "items": "",
        "items_json": "", "ids": "", "ids_json": "", "recursive": "", "item_id": "",
    }));
    assert_eq!((&row["title"], &row["priority"]), (&json!("x"), &json!("medium")), "{row}");
    let id = row["id"].as_str().expect("an id");

    let changed =
        agent.update(id, json!({"title": "y", "description": "words", "due_at": "2030-01-01T00:00:00Z"}));
    assert_eq!(changed["description"], "words", "{changed}");
    let kept = agent.update(id, json!({"title": "", "description": "", "due_at": "", "priority": "low"}));
    assert_eq!(
        (&kept["title"], &kept["description"]),
        (&json!("y"), &json!("words")),
        "\"\" changes nothing: {kept}"
    );
    assert_eq!(kept["due_at"], "2030-01-01T00:00:00Z", "\"\" clears nothing: {kept}");

    let list = agent.ok(
        "query_items",
        json!({
            "operation": "list", "status": "", "parent_id": "", "priority": "", "tags": "", "search": "",
            "item_type": "", "project": "", "workspace": "", "updated_since": "", "claimed": "", "sort": "",
            "limit": "", "offset": "", "cursor": "", "fields": "",
        }),
    );
    assert_eq!(list["total"], 1, "{list}");
    let context = agent.ok("get_context", json!({"item_id": "", "workspace": "", "include_archived": ""}));
    assert!(context["counts"].is_object(), "{context}");
}

#[test]
fn a_field_is_cleared_by_null_or_by_name() {
    let env = TestEnv::new();
    let agent = env.full();
    let parent = agent.item("parent");
    let id = agent.item_with(json!({
        "title": "x", "parent_id": parent, "description": "d", "due_at": "2030-01-01T00:00:00Z", "complexity": 5,
        "tags": "a,b", "metadata": "m",
    }));
    let cleared = agent.update(&id, json!({"due_at": null, "complexity": null}));
    assert_eq!((&cleared["due_at"], &cleared["complexity"]), (&Value::Null, &Value::Null), "{cleared}");
    assert_eq!(cleared["description"], "d", "the others stay: {cleared}");
    let cleared = agent.update(&id, json!({"clear": ["parent_id", "tags"]}));
    assert_eq!((&cleared["parent_id"], &cleared["tags"]), (&Value::Null, &json!("")), "{cleared}");
    let cleared = agent.update(&id, json!({"clear": "metadata,description"}));
    assert_eq!((&cleared["metadata"], &cleared["description"]), (&Value::Null, &json!("")), "{cleared}");
    let refusal = agent.refused(
        "manage_items",
        json!({"operation": "update", "item_id": id, "clear": ["titel"]}),
        "VALIDATION",
    );
    assert!(refusal.message.contains("titel"), "{refusal:?}");
    let refusal = agent.refused(
        "manage_items",
        json!({"operation": "update", "item_id": id, "clear": ["title"]}),
        "VALIDATION",
    );
    assert!(refusal.message.contains("title"), "a title cannot be cleared: {refusal:?}");
}

#[test]
fn an_unknown_argument_is_named_with_the_nearest_known_one() {
    let env = TestEnv::new();
    let agent = env.connect();
    for (tool, arguments, wrong, right) in [
        ("manage_items", json!({"operation": "create", "titel": "x"}), "titel", "title"),
        ("query_items", json!({"operation": "list", "prioritty": "high"}), "prioritty", "priority"),
        ("advance_item", json!({"item_id": "abcd", "triger": "start"}), "triger", "trigger"),
        ("get_next_item", json!({"work_space": "x"}), "work_space", "workspace"),
        ("get_metrics", json!({"day": 3}), "day", "days"),
    ] {
        let refusal = agent.refused(tool, arguments, "VALIDATION");
        assert_eq!(refusal.field, wrong, "{refusal:?}");
        assert!(refusal.message.contains(wrong) && refusal.message.contains(right), "{refusal:?}");
    }
    assert_eq!(agent.total(), 0, "nothing was created");
}

#[test]
fn a_wrong_type_names_the_field_what_came_and_what_is_wanted() {
    let env = TestEnv::new();
    let agent = env.connect();
    for (arguments, field) in [
        (json!({"operation": "create", "title": ["x"]}), "title"),
        (json!({"operation": "create", "title": {"a": 1}}), "title"),
        (json!({"operation": "create", "title": "x", "complexity": "many"}), "complexity"),
        (json!({"operation": "create", "title": "x", "complexity": 1.5}), "complexity"),
        (json!({"operation": "create", "items": 5}), "items"),
        (json!({"operation": "create", "items": "[{"}), "items"),
        (json!({"operation": "delete", "item_id": "abcd", "recursive": "perhaps"}), "recursive"),
        (json!({"operation": 5, "title": "x"}), "operation"),
    ] {
        let refusal = agent.refused("manage_items", arguments.clone(), "VALIDATION");
        assert_eq!(refusal.field, field, "{arguments}: {refusal:?}");
    }
    assert_eq!(agent.total(), 0, "nothing was created");
}

#[test]
fn tags_are_a_string_or_an_array() {
    let env = TestEnv::new();
    let agent = env.connect();
    for tags in [json!("a, b ,c"), json!(["a", "b", "c"]), json!(r#"["a","b","c"]"#)] {
        let row = agent.create(json!({"title": "x", "tags": tags}));
        assert_eq!(row["tags"], "a,b,c", "{tags}");
    }
}

#[test]
fn ids_are_whole_or_four_leading_characters() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    for length in [4, 7, 8, 13, 36] {
        assert_eq!(agent.get(&id[..length])["id"], id, "{length} characters");
    }
    assert_eq!(agent.get(&id.to_uppercase())["id"], id, "letters of either case");
    for short in ["a", "ab", "abc"] {
        let refusal =
            agent.refused("query_items", json!({"operation": "get", "item_id": short}), "VALIDATION");
        assert_eq!(refusal.message, "Short ID must be at least 4 characters");
        assert_eq!(refusal.field, "item_id");
    }
    for unknown in ["zzzz", "00000000-0000-4000-8000-000000000000", "not-an-id", "%' OR 1=1 --"] {
        let refusal =
            agent.refused("query_items", json!({"operation": "get", "item_id": unknown}), "NOT_FOUND");
        assert_eq!(refusal.message, format!("No item matching prefix '{unknown}'"));
    }
}

#[test]
fn an_ambiguous_prefix_lists_the_candidates() {
    let env = TestEnv::new();
    let agent = env.full();
    let shared = ["abcd1234-0000-4000-8000-000000000001", "abcd1234-0000-4000-8000-000000000002"];
    let items: Vec<Value> =
        shared.iter().map(|id| json!({"id": id, "title": format!("item {id}")})).collect();
    agent.ok("import_graph", json!({"data": {"items": items}}));
    let refusal = agent.refused("query_items", json!({"operation": "get", "item_id": "abcd"}), "CONFLICT");
    for id in shared {
        assert!(refusal.details.to_string().contains(id), "{id} is a candidate: {refusal:?}");
    }
    assert_eq!(agent.get(shared[0])["id"], shared[0], "the whole id is not ambiguous");

    let list = env.connect().ok("query_items", json!({"operation": "list"}));
    let ids = e2e::ids(&list["items"]);
    assert_ne!(ids[0], ids[1], "compact shows as many characters as tell them apart");
    for id in ids {
        assert!(agent.get(&id)["id"].is_string(), "what compact shows can be used: {id}");
    }
}

#[test]
fn every_tool_takes_agent_and_request_id() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.create(json!({"title": "x", "agent": "scout", "request_id": "r-1"}));
    agent.ok("get_context", json!({"agent": "scout", "request_id": "r-2"}));
    agent.ok("query_items", json!({"operation": "list", "agent": "scout", "request_id": "r-3"}));
}

#[test]
fn the_same_request_id_changes_nothing_twice() {
    let env = TestEnv::new();
    let agent = env.connect();
    let call = json!({"operation": "create", "title": "once", "request_id": "r-1"});
    let first = agent.ok("manage_items", call.clone());
    let again = agent.ok("manage_items", call);
    assert_eq!(first, again, "the repeated call answers what the first one answered");
    assert_eq!(agent.total(), 1);
    let other = json!({"operation": "create", "title": "another", "request_id": "r-1"});
    agent.refused("manage_items", other, "CONFLICT");
    assert_eq!(agent.total(), 1);
}

#[test]
fn an_unknown_operation_names_the_known_ones() {
    let env = TestEnv::new();
    let agent = env.connect();
    for (tool, known) in [
        ("manage_items", "restore"),
        ("query_items", "overview"),
        ("manage_notes", "upsert"),
        ("manage_dependencies", "pattern"),
        ("manage_schemas", "reload"),
        ("manage_archive", "stats"),
        ("manage_checkpoints", "verify"),
        ("manage_workspaces", "delete"),
    ] {
        let refusal = agent.refused(tool, json!({"operation": "explode"}), "VALIDATION");
        refusal.names("operation");
        assert!(
            refusal.message.contains(known) && refusal.message.contains("explode"),
            "{tool}: {refusal:?}"
        );
    }
}

#[test]
fn empty_arrays_beside_a_single_call_are_not_given() {
    let env = TestEnv::new();
    let agent = env.connect();
    let row = agent.ok("manage_items", json!({"operation": "create", "title": "x", "items": [], "ids": []}));
    let id = row["id"].clone();
    let moved = agent.ok("advance_item", json!({"item_id": id, "trigger": "start", "transitions": []}));
    assert_eq!(moved["status"], "work", "{moved}");
    let note = json!({"operation": "upsert", "item_id": id, "key": "k", "body": "b", "notes": []});
    assert_eq!(agent.ok("manage_notes", note)["key"], "k");
    let gone = agent.ok("manage_items", json!({"operation": "delete", "item_id": id, "ids": []}));
    assert_eq!(gone, json!({"deleted": true}));
    let none = agent.ok("manage_items", json!({"operation": "create", "items": []}));
    assert_eq!(none["created"], 0, "alone it is a batch of nothing");
}
