//! How every tool answers (`contract.md` §1): one compact document, refusals with a code, two levels of detail.

use e2e::{TestEnv, Value, json, keys};

/// Every field of `contract.md` §3.
const FIELDS: [&str; 25] = [
    "id",
    "parent_id",
    "title",
    "description",
    "summary",
    "status",
    "status_label",
    "previous_status",
    "priority",
    "complexity",
    "item_type",
    "tags",
    "metadata",
    "properties",
    "due_at",
    "schedule",
    "next_run_at",
    "not_before",
    "project",
    "version",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
    "role_changed_at",
];

#[test]
fn there_is_no_second_copy_unless_the_session_asks() {
    let env = TestEnv::new();
    let plain = env.connect().call("query_items", json!({"operation": "overview"}));
    assert!(plain.result.get("structuredContent").is_none(), "one copy only: {}", plain.result);

    let asking = env.client().set("TASK_ORCHESTRATOR_STRUCTURED", "1").connect();
    let both = asking.call("query_items", json!({"operation": "overview"}));
    assert_eq!(both.result["structuredContent"], both.doc, "the copy equals the text");
    let refused = asking.call("query_items", json!({"operation": "get", "item_id": "abcdef"}));
    assert!(refused.is_error);
    assert_eq!(refused.result["structuredContent"], refused.doc, "refusals carry the copy too");
}

#[test]
fn a_full_row_has_every_field_with_nulls_and_empty_strings() {
    let env = TestEnv::new();
    let row = env.full().create(json!({"title": "bare"}));
    for field in FIELDS {
        assert!(row.get(field).is_some(), "`{field}` is in a full row: {row}");
    }
    assert_eq!(row["id"].as_str().map(str::len), Some(36), "{row}");
    for field in ["description", "summary", "item_type", "tags"] {
        assert_eq!(row[field], "", "unset `{field}` is an empty string: {row}");
    }
    for field in [
        "parent_id",
        "status_label",
        "previous_status",
        "complexity",
        "metadata",
        "properties",
        "due_at",
        "schedule",
        "next_run_at",
        "not_before",
    ] {
        assert_eq!(row[field], Value::Null, "unset `{field}` is null: {row}");
    }
    assert_eq!(
        (&row["status"], &row["priority"], &row["version"]),
        (&json!("queue"), &json!("medium"), &json!(1))
    );
}

#[test]
fn a_compact_row_has_only_what_is_set_and_short_ids() {
    let env = TestEnv::new();
    let agent = env.connect();
    let parent = agent.item("parent");
    let row = agent.create(json!({"title": "bare", "parent_id": parent}));
    for (field, value) in row.as_object().expect("a row") {
        assert!(
            !value.is_null() && value != "" && value != &json!([]),
            "`{field}` is unset and shown: {row}"
        );
    }
    assert_eq!(row["id"].as_str().map(str::len), Some(8), "{row}");
    assert_eq!(row["parent_id"], parent, "ids inside a row are short too: {row}");
}

#[test]
fn both_levels_have_the_same_shapes() {
    let env = TestEnv::new();
    let (compact, full) = (env.connect(), env.full());
    let id = compact.item("one");
    compact.note(&id, "requirements", "words");
    for (tool, arguments) in [
        ("query_items", json!({"operation": "list"})),
        ("query_items", json!({"operation": "overview"})),
        ("query_items", json!({"operation": "children", "parent_id": id})),
        ("query_notes", json!({"item_id": id})),
        ("query_dependencies", json!({"item_id": id})),
        ("get_context", json!({})),
        ("get_context", json!({"item_id": id})),
        ("get_blocked_items", json!({})),
        ("get_metrics", json!({})),
        ("manage_archive", json!({"operation": "stats"})),
        ("manage_workspaces", json!({"operation": "list"})),
        ("manage_schemas", json!({"operation": "list"})),
    ] {
        let (short, long) = (compact.ok(tool, arguments.clone()), full.ok(tool, arguments.clone()));
        assert_eq!(keys(&short), keys(&long), "{tool} {arguments} has the same keys at both levels");
    }
}

fn sorted_keys(row: &Value) -> Vec<String> {
    let mut keys = keys(row);
    keys.sort();
    keys
}

#[test]
fn a_compact_list_row_is_short() {
    let env = TestEnv::new();
    let agent = env.connect();
    let parent = agent.item("parent");
    agent.create(json!({
        "title": "Write the introduction for newcomers", "priority": "high", "tags": "docs,writing",
        "description": "long ".repeat(100), "parent_id": parent, "complexity": 3, "metadata": "m",
    }));
    let list = agent.ok("query_items", json!({"operation": "list", "priority": "high"}));
    let row = &list["items"][0];
    assert_eq!(
        sorted_keys(row),
        ["id", "parent_id", "priority", "status", "tags", "title"],
        "only what is set: {row}"
    );
    assert!(row.to_string().len() <= 150, "at most 150 characters, got {}: {row}", row.to_string().len());
    agent.create(json!({"title": "due", "priority": "low", "due_at": "2030-01-01T00:00:00Z"}));
    let list = agent.ok("query_items", json!({"operation": "list", "priority": "low"}));
    assert_eq!(sorted_keys(&list["items"][0]), ["due_at", "id", "priority", "status", "title"], "{list}");
}

#[test]
fn a_compact_list_of_next_items_has_no_timestamps() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("a");
    agent.item("b");
    let several = agent.ok("get_next_item", json!({"limit": 2}));
    for row in several["items"].as_array().expect("rows") {
        assert!(row.get("created_at").is_none() && row.get("updated_at").is_none(), "{several}");
    }
    let one = agent.ok("get_next_item", json!({}));
    assert!(one["created_at"].is_string(), "a single row keeps them: {one}");
}

#[test]
fn fields_picks_columns_and_names_the_unknown_one() {
    let env = TestEnv::new();
    for agent in [env.connect(), env.full()] {
        agent.create(json!({"title": "x", "complexity": 3}));
        let list = agent.ok("query_items", json!({"operation": "list", "fields": "id,complexity"}));
        assert_eq!(keys(&list["items"][0]), ["id", "complexity"], "{list}");
        let refusal =
            agent.refused("query_items", json!({"operation": "list", "fields": "id,colour"}), "VALIDATION");
        assert_eq!(refusal.field, "fields", "{refusal:?}");
        assert!(refusal.message.contains("colour"), "{refusal:?}");
    }
}

#[test]
fn refusals_carry_what_the_caller_needs_to_act() {
    let env = TestEnv::new();
    let agent = env.full();
    let (first, second) = (agent.item("First"), agent.item("Second"));
    agent.blocks(&first, &second);
    let refusal = agent.refused(
        "advance_item",
        json!({"item_id": second, "trigger": "start"}),
        "DEPENDENCY_UNSATISFIED",
    );
    assert_eq!(refusal.message, "Blocked by unfinished items: First");
    let blocker = &refusal.details["blockers"][0];
    assert_eq!(blocker["id"], first, "{refusal:?}");
    assert_eq!(blocker["title"], "First", "{refusal:?}");
    assert_eq!(blocker["status"], "queue", "{refusal:?}");
    assert_eq!(blocker["needs"], "done", "{refusal:?}");
}

#[test]
fn no_refusal_offers_a_destructive_command() {
    let env = TestEnv::new();
    let agent = env.connect();
    let parent = agent.item("parent");
    agent.item_with(json!({"title": "child", "parent_id": parent}));
    let refusals = [
        agent.refused("manage_items", json!({"operation": "delete", "item_id": parent}), "VALIDATION"),
        agent.refused("query_items", json!({"operation": "get", "item_id": "00000000"}), "NOT_FOUND"),
        agent.refused(
            "manage_checkpoints",
            json!({"operation": "restore", "path": "/nowhere.json"}),
            "NOT_FOUND",
        ),
    ];
    for refusal in refusals {
        let text = refusal.message.to_lowercase();
        for word in ["rm ", "drop table", "kill -9", "git reset", "del /"] {
            assert!(!text.contains(word), "{word:?} in {refusal:?}");
        }
    }
}

#[test]
fn a_list_counts_pages_and_says_whether_there_is_more() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items: Vec<Value> = (0..7).map(|n| json!({"title": format!("item {n}")})).collect();
    agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let first = agent.ok("query_items", json!({"operation": "list", "limit": 3}));
    assert_eq!((&first["total"], &first["has_more"]), (&json!(7), &json!(true)), "{first}");
    let mut seen = e2e::ids(&first["items"]);
    let mut page = first;
    while page["has_more"] == true {
        let cursor = page["next_cursor"].as_str().expect("more rows have a cursor").to_owned();
        page = agent.ok("query_items", json!({"operation": "list", "limit": 3, "cursor": cursor}));
        seen.extend(e2e::ids(&page["items"]));
    }
    assert!(page.get("next_cursor").is_none(), "the last page has no cursor: {page}");
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!((seen.len(), distinct.len()), (7, 7), "every item once over all pages: {seen:?}");

    let offset = agent.ok("query_items", json!({"operation": "list", "limit": 3, "offset": 6}));
    assert_eq!(e2e::ids(&offset["items"]), seen[6..], "offset skips rows of the same order");
    assert_eq!(offset["has_more"], false, "{offset}");
}

#[test]
fn an_empty_list_keeps_its_shape() {
    let env = TestEnv::new();
    let list = env.connect().ok("query_items", json!({"operation": "list"}));
    assert_eq!(list, json!({"items": [], "total": 0, "has_more": false}));
}

#[test]
fn cut_sections_are_counted_beside_them() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items: Vec<Value> = (0..14).map(|n| json!({"title": format!("item {n}")})).collect();
    let made = agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let transitions: Vec<Value> =
        e2e::ids(&made["items"]).iter().map(|id| json!({"item_id": id, "trigger": "start"})).collect();
    agent.ok("advance_item", json!({"transitions": transitions}));
    let context = agent.ok("get_context", json!({}));
    assert_eq!(context["active"].as_array().map(Vec::len), Some(10), "ten rows a section: {context}");
    assert_eq!(context["more"]["active"], 4, "the rest is counted: {context}");
}
