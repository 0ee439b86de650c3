//! The example of the original's page, played as it says, in its own words and string forms.

use e2e::{TestEnv, json, titles};

#[test]
fn the_page_plays_as_it_says() {
    let env = TestEnv::new();
    let agent = env.connect();
    let tree = agent.ok(
        "create_work_tree",
        json!({
            "root_title": "User authentication",
            "root_description": "Add JWT-based auth to the API",
            "root_priority": "high",
            "children_json": r#"[
                {"ref": "schema", "title": "Design auth schema", "priority": "high"},
                {"ref": "api",    "title": "Implement auth endpoints", "priority": "high"},
                {"ref": "tests",  "title": "Write auth tests", "priority": "medium"},
                {"ref": "docs",   "title": "Update API docs", "priority": "low"}
            ]"#,
            "deps_json": r#"[
                {"from": "schema", "to": "api"},
                {"from": "api",    "to": "tests"},
                {"from": "api",    "to": "docs"}
            ]"#,
        }),
    );
    assert_eq!(tree["children"].as_array().map(Vec::len), Some(4), "{tree}");
    assert_eq!(tree["dependencies"].as_array().map(Vec::len), Some(3), "{tree}");
    let root = tree["ref_map"]["root"].as_str().expect("the root's id");

    let next = agent.ok("get_next_item", json!({}));
    assert_eq!(next["title"], "Design auth schema", "{next}");
    let schema = &next["id"].as_str().expect("an id")[..4];
    assert_eq!(agent.advance(schema, "start")["status"], "work");
    let note = agent.ok(
        "manage_notes",
        json!({
            "operation": "upsert", "item_id": schema, "key": "requirements", "role": "queue",
            "body": "JWT with RS256, refresh tokens, 15min access expiry",
        }),
    );
    assert_eq!(note["key"], "requirements", "{note}");
    let done = agent.advance(schema, "complete");
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(titles(&done["unblocked_items"]), ["Implement auth endpoints"], "{done}");

    let context = agent.ok("get_context", json!({}));
    assert_eq!(context["counts"], json!({"queue": 4, "done": 1}), "{context}");
    assert_eq!(context["next_item"]["title"], "Implement auth endpoints", "{context}");
    let mut blocked = titles(&context["blocked"]);
    blocked.sort();
    assert_eq!(blocked, ["Update API docs", "Write auth tests"], "{context}");

    let completed = agent.ok("complete_tree", json!({"parent_id": root}));
    assert_eq!(titles(&completed["completed"])[0], "Implement auth endpoints", "{completed}");
    assert_eq!(completed["completed"].as_array().map(Vec::len), Some(3), "{completed}");
    assert_eq!(completed["skipped"][0]["title"], "Design auth schema", "{completed}");
    assert_eq!(agent.ok("get_next_item", json!({}))["title"], "User authentication", "only the root is left");
}
