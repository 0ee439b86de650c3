//! One answer of each tool, and the catalogue, as clients see them. A changed snapshot is a changed contract: read it
//! before accepting it. Ids and times are named by their first appearance.

use e2e::{Shop, TestEnv, Value, json, stable};

/// The answer, made comparable.
fn answer_of(shop: &Shop, tool: &str, arguments: Value) -> Value {
    stable(&shop.agent.call(tool, arguments).doc)
}

#[test]
fn the_catalogue() {
    let env = TestEnv::new();
    insta::assert_json_snapshot!("catalogue_core", env.connect().list_tools());
    insta::assert_json_snapshot!("catalogue_full", env.client().tools("full").connect().list_tools());
    insta::assert_json_snapshot!("prompts", env.connect().prompts());
}

#[test]
fn items() {
    let shop = Shop::new();
    let second = &shop.second;
    insta::assert_json_snapshot!(
        "manage_items_create",
        answer_of(
            &shop,
            "manage_items",
            json!({"operation": "create", "title": "New", "priority": "low", "tags": "a,b"})
        )
    );
    insta::assert_json_snapshot!(
        "manage_items_batch",
        answer_of(
            &shop,
            "manage_items",
            json!({"operation": "create", "items": [{"title": "Good"}, {"title": "Bad", "priority": "urgent"}]})
        )
    );
    insta::assert_json_snapshot!(
        "manage_items_update",
        answer_of(&shop, "manage_items", json!({"operation": "update", "item_id": second, "complexity": 3}))
    );
    insta::assert_json_snapshot!(
        "query_items_get",
        answer_of(
            &shop,
            "query_items",
            json!({"operation": "get", "item_id": second, "include_ancestors": true})
        )
    );
    insta::assert_json_snapshot!(
        "query_items_list",
        answer_of(&shop, "query_items", json!({"operation": "list", "limit": 2}))
    );
    insta::assert_json_snapshot!(
        "query_items_children",
        answer_of(&shop, "query_items", json!({"operation": "children", "parent_id": shop.root}))
    );
    insta::assert_json_snapshot!(
        "query_items_overview",
        answer_of(&shop, "query_items", json!({"operation": "overview"}))
    );
    insta::assert_json_snapshot!(
        "manage_items_delete",
        answer_of(
            &shop,
            "manage_items",
            json!({"operation": "delete", "item_id": shop.root, "recursive": true})
        )
    );
    insta::assert_json_snapshot!(
        "manage_items_restore",
        answer_of(&shop, "manage_items", json!({"operation": "restore", "item_id": shop.root}))
    );
}

#[test]
fn a_full_row() {
    let shop = Shop::new();
    let row = shop.env.full().get(&shop.second);
    insta::assert_json_snapshot!("query_items_get_full", stable(&row));
}

#[test]
fn trees() {
    let env = TestEnv::new();
    let agent = env.connect();
    let made = agent.ok("create_work_tree", Shop::tree());
    insta::assert_json_snapshot!("create_work_tree", stable(&made));
    let done = agent.ok("complete_tree", json!({"parent_id": made["root"]["id"]}));
    insta::assert_json_snapshot!("complete_tree", stable(&done));
}

#[test]
fn workflow() {
    let shop = Shop::new();
    let (first, second) = (&shop.first, &shop.second);
    insta::assert_json_snapshot!(
        "get_next_status_blocked",
        answer_of(&shop, "get_next_status", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item_blocked",
        answer_of(&shop, "advance_item", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item",
        answer_of(&shop, "advance_item", json!({"item_id": first, "trigger": "complete"}))
    );
    insta::assert_json_snapshot!(
        "get_next_status_gated",
        answer_of(&shop, "get_next_status", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item_gated",
        answer_of(&shop, "advance_item", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item_wrong_status",
        answer_of(&shop, "advance_item", json!({"item_id": second, "trigger": "resume"}))
    );
    shop.agent.note(second, "requirements", "fast");
    insta::assert_json_snapshot!(
        "get_next_status",
        answer_of(&shop, "get_next_status", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item_batch",
        answer_of(
            &shop,
            "advance_item",
            json!({"transitions": [{"item_id": second, "trigger": "start"}, {"item_id": first, "trigger": "resume"}]})
        )
    );
    let other = shop.env.agent("ben");
    let refusal = other.call("advance_item", json!({"item_id": second, "trigger": "start"})).doc;
    insta::assert_json_snapshot!("advance_item_held", stable(&refusal));
}

#[test]
fn reports() {
    let shop = Shop::new();
    insta::assert_json_snapshot!("get_context", answer_of(&shop, "get_context", json!({})));
    insta::assert_json_snapshot!(
        "get_context_item",
        answer_of(&shop, "get_context", json!({"item_id": shop.second, "include_ancestors": true}))
    );
    insta::assert_json_snapshot!("get_next_item", answer_of(&shop, "get_next_item", json!({})));
    insta::assert_json_snapshot!(
        "get_next_item_several",
        answer_of(&shop, "get_next_item", json!({"limit": 5}))
    );
    insta::assert_json_snapshot!("get_blocked_items", answer_of(&shop, "get_blocked_items", json!({})));
    insta::assert_json_snapshot!(
        "get_workspace_context",
        answer_of(&shop, "get_workspace_context", json!({"workspace_name": "web", "verbosity": "full"}))
    );
    let mut metrics = answer_of(&shop, "get_metrics", json!({}));
    for moving in ["seconds_in_status", "blocked_seconds"] {
        assert!(metrics.get(moving).is_some(), "`{moving}` is a figure: {metrics}");
        metrics[moving] = "seconds".into();
    }
    insta::assert_json_snapshot!("get_metrics", metrics);
}

#[test]
fn notes() {
    let shop = Shop::new();
    let id = &shop.second;
    insta::assert_json_snapshot!(
        "manage_notes_upsert",
        answer_of(
            &shop,
            "manage_notes",
            json!({"operation": "upsert", "item_id": id, "key": "requirements", "body": "fast"})
        )
    );
    insta::assert_json_snapshot!(
        "manage_notes_list",
        answer_of(&shop, "manage_notes", json!({"operation": "list", "item_id": id}))
    );
    insta::assert_json_snapshot!(
        "query_notes",
        answer_of(&shop, "query_notes", json!({"item_id": id, "key": "requirements"}))
    );
    insta::assert_json_snapshot!(
        "query_notes_lengths",
        answer_of(&shop, "query_notes", json!({"item_id": id, "include_body": false}))
    );
}

#[test]
fn dependencies() {
    let shop = Shop::new();
    let ids = [&shop.root, &shop.first, &shop.second];
    insta::assert_json_snapshot!(
        "manage_dependencies_cycle",
        answer_of(
            &shop,
            "manage_dependencies",
            json!({"operation": "add", "from_id": ids[2], "to_id": ids[1]})
        )
    );
    insta::assert_json_snapshot!(
        "manage_dependencies_add",
        answer_of(
            &shop,
            "manage_dependencies",
            json!({"operation": "add", "from_id": ids[2], "to_id": ids[0], "unblock_at": "review"})
        )
    );
    insta::assert_json_snapshot!(
        "manage_dependencies_query",
        answer_of(&shop, "manage_dependencies", json!({"operation": "query", "item_id": ids[2]}))
    );
    insta::assert_json_snapshot!(
        "query_dependencies_deep",
        answer_of(
            &shop,
            "query_dependencies",
            json!({"item_id": ids[1], "direction": "outbound", "neighbors_only": false})
        )
    );
    insta::assert_json_snapshot!(
        "manage_dependencies_pattern",
        answer_of(
            &shop,
            "manage_dependencies",
            json!({"operation": "pattern", "item_ids": [ids[1], ids[0]], "pattern": "linear"})
        )
    );
}

#[test]
fn schemas_and_workspaces() {
    let shop = Shop::new();
    insta::assert_json_snapshot!(
        "manage_schemas_list",
        answer_of(&shop, "manage_schemas", json!({"operation": "list"}))
    );
    insta::assert_json_snapshot!(
        "manage_schemas_check",
        answer_of(&shop, "manage_schemas", json!({"operation": "check", "item_id": shop.second}))
    );
    insta::assert_json_snapshot!(
        "manage_workspaces_list",
        answer_of(&shop, "manage_workspaces", json!({"operation": "list"}))
    );
}

#[test]
fn upkeep() {
    let shop = Shop::new();
    insta::assert_json_snapshot!(
        "manage_archive_stats",
        answer_of(&shop, "manage_archive", json!({"operation": "stats"}))
    );
    insta::assert_json_snapshot!(
        "manage_archive_run",
        answer_of(&shop, "manage_archive", json!({"operation": "run"}))
    );
    insta::assert_json_snapshot!(
        "manage_checkpoints_create",
        answer_of(&shop, "manage_checkpoints", json!({"operation": "create"}))
    );
    insta::assert_json_snapshot!(
        "manage_checkpoints_verify",
        answer_of(&shop, "manage_checkpoints", json!({"operation": "verify"}))
    );
    insta::assert_json_snapshot!("export_graph", answer_of(&shop, "export_graph", json!({})));
    insta::assert_json_snapshot!(
        "import_graph",
        answer_of(
            &shop,
            "import_graph",
            json!({"data": {"items": [{"id": "11111111-2222-4333-8444-555555555555", "title": "came in"}, {"title": "without an id"}]}})
        )
    );
}
