//! Completions: ids, keys and names as someone types them.

use e2e::{Lifecycle, McpClient, TestEnv, Value, json};

fn complete(agent: &McpClient, reference: Value, name: &str, value: &str) -> Value {
    let argument = json!({"name": name, "value": value});
    agent.rpc("completion/complete", json!({"ref": reference, "argument": argument}))["completion"].clone()
}

fn prompt(name: &str) -> Value {
    json!({"type": "ref/prompt", "name": name})
}

fn template(uri: &str) -> Value {
    json!({"type": "ref/resource", "uri": uri})
}

#[test]
fn items_by_id_and_by_words_of_the_title() {
    let env = TestEnv::new();
    let writer = env.connect();
    let id = writer.item_with(json!({"title": "Write the front page", "description": "with a picture"}));
    writer.item("Feed the cat");
    for lifecycle in Lifecycle::ALL {
        let agent = env.client().speaking(lifecycle).connect();
        for typed in [&id[..4], &id, &id[..4].to_uppercase(), "Write", "wri", "page front", "fro pag"] {
            let found = complete(&agent, prompt("status_progression"), "item_id", typed);
            let values = found["values"].as_array().expect("values");
            assert!(values.contains(&json!(id)), "{typed} under {lifecycle:?}: {found}");
        }
        for typed in ["picture", "zebra", "write zebra", "\"", "title:"] {
            let found = complete(&agent, template("task://item/{id}"), "id", typed);
            assert_eq!(found, json!({"values": [], "total": 0, "hasMore": false}), "{typed}");
        }
    }
}

#[test]
fn nothing_typed_offers_what_is_open_and_changed_last() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (first, second, done) = (agent.item("first"), agent.item("second"), agent.item("done"));
    agent.advance(&done, "complete");
    agent.update(&first, json!({"title": "first, again"}));
    let found = complete(&agent, prompt("batch_complete"), "parent_id", "");
    assert_eq!(found, json!({"values": [first, second], "total": 2, "hasMore": false}));
}

#[test]
fn at_most_a_hundred_are_offered_and_the_rest_is_counted() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items: Vec<_> = (0..150).map(|n| json!({"title": format!("chore {n}")})).collect();
    agent.ok("manage_items", json!({"operation": "create", "items": items}));
    for typed in ["", "chore"] {
        let found = complete(&agent, template("task://item/{id}"), "id", typed);
        assert_eq!(found["values"].as_array().map(Vec::len), Some(100), "{typed}");
        assert_eq!((&found["total"], &found["hasMore"]), (&json!(150), &json!(true)), "{typed}");
    }
}

#[test]
fn titles_are_those_of_the_sessions_project() {
    let env = TestEnv::new();
    let (shop, site) = (env.project("shop", ""), env.project("site", ""));
    let id = env.client().within(&shop).connect().item("paint the door");
    let elsewhere = env.client().within(&site).connect();
    assert_eq!(complete(&elsewhere, prompt("status_progression"), "item_id", "paint")["total"], 0);
    let by_id = complete(&elsewhere, prompt("status_progression"), "item_id", &id);
    assert_eq!(by_id["values"], json!([id]), "an id is known everywhere");
}

#[test]
fn keys_schemas_workspaces_and_topics() {
    let env = TestEnv::with_config(
        "work_item_schemas:\n  bug:\n    notes: [{key: repro, role: queue}, {key: fix, role: work}]\n  task: {notes: []}\n",
    );
    let agent = env.client().tools("full").connect();
    agent.ok("manage_workspaces", json!({"operation": "create", "name": "frontend"}));
    let id = agent.item("x");
    agent.note(&id, "findings", "words");
    let values =
        |name: &str, typed: &str| complete(&agent, prompt("quick_start"), name, typed)["values"].clone();
    assert_eq!(values("key", ""), json!(["fix", "repro"]));
    assert_eq!(values("item_type", "b"), json!(["bug"]));
    assert_eq!(values("schema_name", ""), json!(["bug", "task"]));
    assert_eq!(values("workspace", "FRONT"), json!(["frontend"]));
    assert_eq!(values("nothing", ""), json!([]));
    let topics = complete(&agent, template("task://guide/{topic}"), "topic", "c")["values"].clone();
    assert_eq!(
        topics,
        json!(["claims", "clients", "config", "dependencies"]),
        "those that begin so come first"
    );
    let beside = agent.rpc(
        "completion/complete",
        json!({
            "ref": prompt("status_progression"),
            "argument": {"name": "key", "value": "fi"},
            "context": {"arguments": {"item_id": id}},
        }),
    );
    assert_eq!(beside["completion"]["values"], json!(["findings", "fix"]), "an item's own keys too");
}

#[test]
fn what_does_not_exist_is_an_error() {
    let env = TestEnv::new();
    let agent = env.connect();
    for reference in
        [prompt("status_progress"), template("task://items/{id}"), json!({"type": "ref/tool", "name": "x"})]
    {
        let params = json!({"ref": reference, "argument": {"name": "item_id", "value": ""}});
        assert_eq!(agent.rpc_error("completion/complete", params)["code"], -32_602, "{reference}");
    }
    let error = agent.rpc_error(
        "completion/complete",
        json!({"ref": prompt("status_progress"), "argument": {"name": "item_id", "value": ""}}),
    );
    assert!(error["message"].as_str().is_some_and(|text| text.contains("status_progression")), "{error}");
}
