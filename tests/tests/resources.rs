//! Resources (`contract.md` §9): listed, read, refused, in both lifecycles.

use e2e::{Lifecycle, TestEnv, Value, json};

const FIXED: [&str; 4] = ["task://agents", "task://config", "task://context", "task://next"];
const TOPICS: [&str; 6] = ["claims", "clients", "config", "dependencies", "gates", "workflow"];

fn uris(list: &Value, key: &str) -> Vec<String> {
    let entries = list.as_array().expect("a list");
    let mut uris: Vec<_> = entries.iter().map(|e| e[key].as_str().unwrap_or_default().to_owned()).collect();
    uris.sort();
    uris
}

#[test]
fn they_are_listed_with_their_templates_and_each_can_be_read() {
    let env = TestEnv::new();
    for lifecycle in Lifecycle::ALL {
        let agent = env.client().speaking(lifecycle).connect();
        let listed = uris(&agent.rpc("resources/list", json!({}))["resources"], "uri");
        let topics = TOPICS.iter().map(|topic| format!("task://guide/{topic}"));
        let mut wanted: Vec<_> = FIXED.iter().map(ToString::to_string).chain(topics).collect();
        wanted.sort();
        assert_eq!(listed, wanted, "{lifecycle:?}");
        let templates = agent.rpc("resources/templates/list", json!({}));
        let templates = uris(&templates["resourceTemplates"], "uriTemplate");
        assert_eq!(templates, ["task://guide/{topic}", "task://item/{id}"], "{lifecycle:?}");
        for uri in listed {
            assert!(!agent.read(&uri).is_empty(), "{uri} under {lifecycle:?}");
        }
    }
}

#[test]
fn capabilities_say_so() {
    let env = TestEnv::new();
    for lifecycle in Lifecycle::ALL {
        let opened = env.client().speaking(lifecycle).connect().opened();
        let capabilities = &opened["capabilities"];
        assert_eq!(capabilities["resources"], json!({"subscribe": true, "listChanged": true}), "{opened}");
        assert!(capabilities["completions"].is_object(), "{opened}");
    }
}

#[test]
fn they_say_what_the_tools_say() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("Write the page");
    agent.note(&id, "plan", "first the outline");
    assert_eq!(agent.read_json("task://context"), agent.ok("get_context", json!({})));
    assert_eq!(agent.read_json("task://next"), agent.ok("get_next_item", json!({"explain": true})));
    let item = agent.read_json(&format!("task://item/{id}"));
    assert_eq!(item, agent.ok("get_context", json!({"item_id": id})));
    assert_eq!(item["notes"][0]["body"], "first the outline", "{item}");
    let agents = agent.read_json("task://agents");
    assert_eq!(agents["items"][0]["agent"], "ann", "{agents}");
}

#[test]
fn an_item_is_read_by_the_beginning_of_its_id() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    for length in [36, 13, 8, 4] {
        let item = agent.read_json(&format!("task://item/{}", &id[..length]));
        assert_eq!(item["item"]["id"], id.as_str());
    }
}

#[test]
fn what_is_not_there_is_refused_in_the_contracts_words() {
    let env = TestEnv::new();
    let cases = [
        ("task://nothing", "task://item/{id}", "NOT_FOUND", -32_002),
        ("task://guide/nothing", "workflow", "NOT_FOUND", -32_002),
        ("task://item/ffffffff", "No item matching prefix 'ffffffff'", "NOT_FOUND", -32_002),
        ("task://item/ff", "at least 4 characters", "VALIDATION", -32_602),
        ("https://example.org/", "No resource", "NOT_FOUND", -32_002),
    ];
    for lifecycle in Lifecycle::ALL {
        let agent = env.client().speaking(lifecycle).connect();
        for (uri, says, word, code) in cases {
            let error = agent.rpc_error("resources/read", json!({ "uri": uri }));
            // 2026-07-28 has no code of its own for it.
            let code = if lifecycle == Lifecycle::Stateless { -32_602 } else { code };
            assert_eq!(error["code"], code, "{uri}: {error}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains(says)), "{uri}: {error}");
            assert_eq!(error["data"]["code"], word, "{uri}: {error}");
        }
        assert_eq!(agent.rpc_error("resources/read", json!({}))["code"], -32_602);
    }
}

#[test]
fn an_ambiguous_id_is_refused_with_the_candidates() {
    let env = TestEnv::new();
    let agent = env.client().tools("full").connect();
    let row = |id: &str| json!({"id": id, "title": id, "status": "queue", "created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00"});
    let data = json!({"items": [row("abcd-one"), row("abcd-two"), row("an id/with things")], "notes": [], "dependencies": []});
    agent.ok("import_graph", json!({"data": data}));
    let error = agent.rpc_error("resources/read", json!({"uri": "task://item/abcd"}));
    assert_eq!(error["data"]["code"], "CONFLICT", "{error}");
    assert!(error["data"]["details"].to_string().contains("abcd-two"), "{error}");
    let item = agent.read_json("task://item/an%20id%2Fwith%20things");
    assert_eq!(item["item"]["title"], "an id/with things", "an address may be percent-encoded");
}

#[test]
fn config_says_what_is_in_force_and_what_is_wrong() {
    let env = TestEnv::with_config(
        "work_item_schemas:\n  bug:\n    notes: [{key: repro, role: queue, required: true}]\nstale: {queue: 2d}\n",
    );
    let agent = env.connect();
    let config = agent.read_json("task://config");
    assert_eq!(config["schemas"]["bug"]["notes"][0]["key"], "repro", "{config}");
    assert_eq!(config["stale"]["queue"], "2d", "{config}");
    assert_eq!(config["hierarchy"]["max_depth"], 4, "{config}");
    assert_eq!(config["files"][0]["path"], env.config_path().display().to_string(), "{config}");
    assert_eq!(config["faults"], json!([]), "{config}");
    env.write_config("stale: {queue: soon}\n");
    let config = agent.read_json("task://config");
    assert_eq!(config["faults"][0]["line"], 1, "{config}");
    assert_eq!(config["stale"]["queue"], "2d", "what was good stays in force: {config}");
}

#[test]
fn a_project_shows_its_own_files_and_schemas() {
    let env = TestEnv::with_config("work_item_schemas:\n  bug: {notes: []}\n");
    let shop = env.project("shop", "work_item_schemas:\n  feature: {notes: []}\n");
    let agent = env.client().within(&shop).connect();
    let config = agent.read_json("task://config");
    assert_eq!(config["project"], "shop", "{config}");
    let schemas: Vec<_> = config["schemas"].as_object().expect("schemas").keys().collect();
    assert!(
        schemas.iter().any(|name| *name == "bug") && schemas.iter().any(|name| *name == "feature"),
        "{config}"
    );
    assert!(
        config["schemas"]["feature"]["file"].as_str().is_some_and(|path| path.contains("shop")),
        "{config}"
    );
    assert!(env.connect().read_json("task://config")["schemas"]["feature"].is_null());
}

#[test]
fn a_session_that_may_only_read_reads_them() {
    let env = TestEnv::new();
    env.connect().item("x");
    let reader = env.client().tools("read").connect();
    for uri in FIXED {
        reader.read(uri);
    }
    assert_eq!(reader.read_json("task://next")["title"], "x", "and takes nothing by it");
    assert_eq!(reader.ok("get_next_item", json!({}))["title"], "x");
}
