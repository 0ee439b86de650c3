//! The catalogue and its sets (`contract.md` §10), and what every schema in it keeps to (§2).

use e2e::{McpClient, TestEnv, Value, json};

/// The tools of the original's page.
const PAGE: [&str; 14] = [
    "advance_item",
    "complete_tree",
    "create_work_tree",
    "get_blocked_items",
    "get_context",
    "get_next_item",
    "get_next_status",
    "manage_dependencies",
    "manage_items",
    "manage_notes",
    "manage_schemas",
    "query_dependencies",
    "query_items",
    "query_notes",
];

/// The original's tools beyond its page.
const MORE: [&str; 7] = [
    "export_graph",
    "get_metrics",
    "get_workspace_context",
    "import_graph",
    "manage_archive",
    "manage_checkpoints",
    "manage_workspaces",
];

fn names(agent: &McpClient) -> Vec<String> {
    let mut names: Vec<String> =
        agent.list_tools().iter().map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

fn size(agent: &McpClient) -> usize {
    json!({"tools": agent.list_tools()}).to_string().len()
}

#[test]
fn core_is_the_default_and_full_has_all() {
    let env = TestEnv::new();
    let core = names(&env.connect());
    for tool in PAGE {
        assert!(core.iter().any(|name| name == tool), "{tool} is in core: {core:?}");
    }
    for tool in MORE {
        assert!(!core.iter().any(|name| name == tool), "{tool} is not in core: {core:?}");
    }
    let full = names(&env.client().tools("full").connect());
    for tool in PAGE.iter().chain(&MORE) {
        assert!(full.iter().any(|name| name == tool), "{tool} is in full: {full:?}");
    }
    assert_eq!(names(&env.client().tools("").connect()), core, "\"\" is not given");
}

#[test]
fn the_catalogue_stays_small() {
    let env = TestEnv::new();
    let core = size(&env.connect());
    assert!(core <= 14_000, "core has {core} bytes of UTF-8; at most 14,000");
    let full = size(&env.client().tools("full").connect());
    assert!(full <= 24_000, "full has {full} bytes of UTF-8; at most 24,000");
}

#[test]
fn a_tool_outside_core_works_when_called_by_name() {
    let env = TestEnv::new();
    assert_eq!(env.connect().ok("get_metrics", json!({}))["total_items"], 0);
}

#[test]
fn echo_answers_its_arguments_and_is_in_no_set() {
    let env = TestEnv::new();
    for set in ["core", "full", "read"] {
        let agent = env.client().tools(set).connect();
        let given = json!({"value": {"n": 1, "words": ["a", ""]}});
        assert_eq!(agent.ok("echo", given.clone()), given, "{set}");
        assert!(!names(&agent).iter().any(|name| name == "echo"), "{set}");
    }
    assert!(!env.connect().refused("ech", json!({}), "VALIDATION").message.contains("echo"));
}

#[test]
fn every_schema_is_plain() {
    let env = TestEnv::new();
    for tool in env.client().tools("full").connect().list_tools() {
        let (name, schema) = (&tool["name"], &tool["inputSchema"]);
        assert_eq!(schema["type"], "object", "{name}");
        let text = schema.to_string();
        for word in ["anyOf", "oneOf", "allOf", "$ref", "$defs", "$schema"] {
            assert!(
                !text.contains(&format!("\"{word}\"")),
                "{name} has {word}, which some clients cannot read"
            );
        }
        for (property, of) in schema["properties"].as_object().into_iter().flatten() {
            assert!(of["type"].is_string(), "{name}.{property} has one plain type: {of}");
            if of["type"] == "array" {
                assert!(of["items"].is_object(), "{name}.{property} says what it holds: {of}");
            }
        }
        assert!(
            tool["description"].as_str().is_some_and(|text| !text.trim().is_empty()),
            "{name} says what it does"
        );
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint"] {
            let hints = &tool["annotations"];
            let needless = hints["readOnlyHint"] == true;
            assert!(hints[hint].is_boolean() || needless, "{name} has {hint}: {hints}");
        }
    }
}

#[test]
fn annotations_tell_reads_from_writes() {
    let env = TestEnv::new();
    for tool in env.client().tools("full").connect().list_tools() {
        let name = tool["name"].as_str().unwrap_or_default();
        let reads = name.starts_with("query_")
            || [
                "get_context",
                "get_blocked_items",
                "get_next_status",
                "get_metrics",
                "export_graph",
                "get_workspace_context",
                "list_agents",
            ]
            .contains(&name);
        if reads {
            assert_eq!(tool["annotations"]["readOnlyHint"], true, "{name}");
        }
        if name.starts_with("manage_") && name != "manage_schemas"
            || ["advance_item", "create_work_tree", "complete_tree", "import_graph"].contains(&name)
        {
            assert_ne!(tool["annotations"]["readOnlyHint"], true, "{name}");
        }
    }
}

#[test]
fn read_shows_only_what_cannot_write() {
    let env = TestEnv::new();
    let reader = env.client().tools("read").connect();
    let names = names(&reader);
    for tool in ["advance_item", "create_work_tree", "complete_tree", "import_graph", "manage_items"] {
        assert!(!names.iter().any(|name| name == tool), "{tool} can only write: {names:?}");
    }
    for tool in ["query_items", "get_context", "get_next_item", "query_notes", "query_dependencies"] {
        assert!(names.iter().any(|name| name == tool), "{tool} reads: {names:?}");
    }
}

#[test]
fn read_refuses_every_write_by_operation() {
    let env = TestEnv::new();
    let id = env.connect().item("x");
    let reader = env.client().tools("read").connect();
    let before = reader.ok("export_graph", json!({}))["items"].clone();
    let writes: [(&str, Value); 21] = [
        ("manage_items", json!({"operation": "create", "title": "y"})),
        ("manage_items", json!({"operation": "update", "item_id": id, "title": "y"})),
        ("manage_items", json!({"operation": "delete", "item_id": id})),
        ("manage_items", json!({"operation": "restore", "item_id": id})),
        ("create_work_tree", json!({"root_title": "y"})),
        ("complete_tree", json!({"parent_id": id})),
        ("advance_item", json!({"item_id": id, "trigger": "start"})),
        ("manage_notes", json!({"operation": "upsert", "item_id": id, "key": "k", "body": "b"})),
        ("manage_notes", json!({"operation": "delete", "item_id": id, "key": "k"})),
        ("manage_dependencies", json!({"operation": "add", "from_id": id, "to_id": id})),
        ("manage_dependencies", json!({"operation": "remove", "from_id": id, "to_id": id})),
        ("manage_dependencies", json!({"operation": "pattern", "item_ids": [id, id], "pattern": "linear"})),
        ("manage_archive", json!({"operation": "run"})),
        ("import_graph", json!({"data": {"items": []}})),
        ("manage_checkpoints", json!({"operation": "create"})),
        ("manage_checkpoints", json!({"operation": "restore", "path": "/nowhere.json"})),
        ("manage_workspaces", json!({"operation": "create", "name": "w"})),
        ("manage_workspaces", json!({"operation": "update", "name": "w"})),
        ("manage_workspaces", json!({"operation": "delete", "name": "w"})),
        ("get_next_item", json!({"claim": true})),
        ("get_next_item", json!({"claim": "true"})),
    ];
    for (tool, call) in writes {
        reader.refused(tool, call, "FORBIDDEN");
    }
    for (tool, call) in [
        ("manage_notes", json!({"operation": "list", "item_id": id})),
        ("manage_dependencies", json!({"operation": "query", "item_id": id})),
        ("manage_archive", json!({"operation": "stats"})),
        ("manage_checkpoints", json!({"operation": "verify"})),
        ("manage_workspaces", json!({"operation": "list"})),
        ("manage_schemas", json!({"operation": "list"})),
        ("get_next_item", json!({})),
    ] {
        reader.ok(tool, call);
    }
    assert_eq!(reader.ok("export_graph", json!({}))["items"], before, "nothing was changed");
}

#[test]
fn an_unknown_set_or_level_is_said_and_does_no_harm() {
    let env = TestEnv::new();
    // A typo must not widen what a session may do, nor keep it from working without a word.
    let agent = env.client().tools("raed").spawn();
    agent.open();
    let answer = agent.call("manage_items", json!({"operation": "create", "title": "x"}));
    assert!(answer.is_error, "a set that is none allows no write: {}", answer.raw_text);
    assert!(answer.raw_text.contains("raed"), "and says so: {}", answer.raw_text);
}
