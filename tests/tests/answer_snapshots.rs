//! One answer of each tool, and the catalogue, as clients see them. A changed snapshot is a changed contract: read it
//! before accepting it. Ids and times are named by their first appearance.

use e2e::{McpClient, TestEnv, Value, json, stable};

const CONFIG: &str = "work_item_schemas:\n  task:\n    lifecycle: auto\n    notes:\n      - {key: requirements, role: queue, required: true, description: What is wanted, guidance: One sentence each}\n";

/// The same small store for every answer: a tree of three, a finished item, a held one, notes and a workspace.
struct Shop {
    env: TestEnv,
    agent: McpClient,
    root: String,
    first: String,
    second: String,
}

impl Shop {
    fn new() -> Self {
        let env = TestEnv::with_config(CONFIG);
        let agent = env.agent("ann");
        let made = agent.ok("create_work_tree", tree());
        let id = |name: &str| made["ref_map"][name].as_str().expect("an id").to_owned();
        let shop = Self { root: id("root"), first: id("first"), second: id("second"), env, agent };
        shop.agent.note(&shop.first, "decision-colour", "blue");
        shop.agent.ok(
            "manage_workspaces",
            json!({"operation": "create", "name": "web", "tags": "ui", "description": "the site"}),
        );
        shop.agent.advance(&shop.first, "start");
        shop
    }

    /// The answer, made comparable.
    fn answer(&self, tool: &str, arguments: Value) -> Value {
        stable(&self.agent.call(tool, arguments).doc)
    }
}

fn tree() -> Value {
    json!({
        "root_title": "Launch the shop", "root_priority": "high",
        "children": [
            {"ref": "first", "title": "Design the page", "tags": "ui", "priority": "critical"},
            {"ref": "second", "title": "Build the page", "tags": "ui", "item_type": "task"},
        ],
        "deps": [{"from": "first", "to": "second"}],
        "notes": [{"ref": "root", "key": "why", "role": "queue", "body": "It sells."}],
    })
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
        shop.answer(
            "manage_items",
            json!({"operation": "create", "title": "New", "priority": "low", "tags": "a,b"})
        )
    );
    insta::assert_json_snapshot!("manage_items_batch", shop.answer("manage_items", json!({"operation": "create", "items": [{"title": "Good"}, {"title": "Bad", "priority": "urgent"}]})));
    insta::assert_json_snapshot!(
        "manage_items_update",
        shop.answer("manage_items", json!({"operation": "update", "item_id": second, "complexity": 3}))
    );
    insta::assert_json_snapshot!(
        "query_items_get",
        shop.answer("query_items", json!({"operation": "get", "item_id": second, "include_ancestors": true}))
    );
    insta::assert_json_snapshot!(
        "query_items_list",
        shop.answer("query_items", json!({"operation": "list", "limit": 2}))
    );
    insta::assert_json_snapshot!(
        "query_items_children",
        shop.answer("query_items", json!({"operation": "children", "parent_id": shop.root}))
    );
    insta::assert_json_snapshot!(
        "query_items_overview",
        shop.answer("query_items", json!({"operation": "overview"}))
    );
    insta::assert_json_snapshot!(
        "manage_items_delete",
        shop.answer("manage_items", json!({"operation": "delete", "item_id": shop.root, "recursive": true}))
    );
    insta::assert_json_snapshot!(
        "manage_items_restore",
        shop.answer("manage_items", json!({"operation": "restore", "item_id": shop.root}))
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
    let made = agent.ok("create_work_tree", tree());
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
        shop.answer("get_next_status", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item_blocked",
        shop.answer("advance_item", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item",
        shop.answer("advance_item", json!({"item_id": first, "trigger": "complete"}))
    );
    insta::assert_json_snapshot!(
        "get_next_status_gated",
        shop.answer("get_next_status", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item_gated",
        shop.answer("advance_item", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!(
        "advance_item_wrong_status",
        shop.answer("advance_item", json!({"item_id": second, "trigger": "resume"}))
    );
    shop.agent.note(second, "requirements", "fast");
    insta::assert_json_snapshot!(
        "get_next_status",
        shop.answer("get_next_status", json!({"item_id": second, "trigger": "start"}))
    );
    insta::assert_json_snapshot!("advance_item_batch", shop.answer("advance_item", json!({"transitions": [{"item_id": second, "trigger": "start"}, {"item_id": first, "trigger": "resume"}]})));
    let other = shop.env.agent("ben");
    let refusal = other.call("advance_item", json!({"item_id": second, "trigger": "start"})).doc;
    insta::assert_json_snapshot!("advance_item_held", stable(&refusal));
}

#[test]
fn reports() {
    let shop = Shop::new();
    insta::assert_json_snapshot!("get_context", shop.answer("get_context", json!({})));
    insta::assert_json_snapshot!(
        "get_context_item",
        shop.answer("get_context", json!({"item_id": shop.second, "include_ancestors": true}))
    );
    insta::assert_json_snapshot!("get_next_item", shop.answer("get_next_item", json!({})));
    insta::assert_json_snapshot!("get_next_item_several", shop.answer("get_next_item", json!({"limit": 5})));
    insta::assert_json_snapshot!("get_blocked_items", shop.answer("get_blocked_items", json!({})));
    insta::assert_json_snapshot!(
        "get_workspace_context",
        shop.answer("get_workspace_context", json!({"workspace_name": "web", "verbosity": "full"}))
    );
    let mut metrics = shop.answer("get_metrics", json!({}));
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
        shop.answer(
            "manage_notes",
            json!({"operation": "upsert", "item_id": id, "key": "requirements", "body": "fast"})
        )
    );
    insta::assert_json_snapshot!(
        "manage_notes_list",
        shop.answer("manage_notes", json!({"operation": "list", "item_id": id}))
    );
    insta::assert_json_snapshot!(
        "query_notes",
        shop.answer("query_notes", json!({"item_id": id, "key": "requirements"}))
    );
    insta::assert_json_snapshot!(
        "query_notes_lengths",
        shop.answer("query_notes", json!({"item_id": id, "include_body": false}))
    );
}

#[test]
fn dependencies() {
    let shop = Shop::new();
    let ids = [&shop.root, &shop.first, &shop.second];
    insta::assert_json_snapshot!(
        "manage_dependencies_cycle",
        shop.answer("manage_dependencies", json!({"operation": "add", "from_id": ids[2], "to_id": ids[1]}))
    );
    insta::assert_json_snapshot!(
        "manage_dependencies_add",
        shop.answer(
            "manage_dependencies",
            json!({"operation": "add", "from_id": ids[2], "to_id": ids[0], "unblock_at": "review"})
        )
    );
    insta::assert_json_snapshot!(
        "manage_dependencies_query",
        shop.answer("manage_dependencies", json!({"operation": "query", "item_id": ids[2]}))
    );
    insta::assert_json_snapshot!(
        "query_dependencies_deep",
        shop.answer(
            "query_dependencies",
            json!({"item_id": ids[1], "direction": "outbound", "neighbors_only": false})
        )
    );
    insta::assert_json_snapshot!(
        "manage_dependencies_pattern",
        shop.answer(
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
        shop.answer("manage_schemas", json!({"operation": "list"}))
    );
    insta::assert_json_snapshot!(
        "manage_schemas_check",
        shop.answer("manage_schemas", json!({"operation": "check", "item_id": shop.second}))
    );
    insta::assert_json_snapshot!(
        "manage_workspaces_list",
        shop.answer("manage_workspaces", json!({"operation": "list"}))
    );
}

#[test]
fn upkeep() {
    let shop = Shop::new();
    insta::assert_json_snapshot!(
        "manage_archive_stats",
        shop.answer("manage_archive", json!({"operation": "stats"}))
    );
    insta::assert_json_snapshot!(
        "manage_archive_run",
        shop.answer("manage_archive", json!({"operation": "run"}))
    );
    insta::assert_json_snapshot!(
        "manage_checkpoints_create",
        shop.answer("manage_checkpoints", json!({"operation": "create"}))
    );
    insta::assert_json_snapshot!(
        "manage_checkpoints_verify",
        shop.answer("manage_checkpoints", json!({"operation": "verify"}))
    );
    insta::assert_json_snapshot!("export_graph", shop.answer("export_graph", json!({})));
    insta::assert_json_snapshot!("import_graph", shop.answer("import_graph", json!({"data": {"items": [{"id": "11111111-2222-4333-8444-555555555555", "title": "came in"}, {"title": "without an id"}]}})));
}
