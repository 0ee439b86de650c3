//! Limits (`contract.md` §12): what reaches them is taken, what passes them is refused and changes nothing.

use e2e::{TestEnv, Value, json};

const MIB: usize = 1 << 20;

#[test]
fn texts_have_their_sizes() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    for (field, most) in [
        ("title", 500),
        ("description", MIB),
        ("summary", 64 << 10),
        ("metadata", 64 << 10),
        ("properties", 64 << 10),
    ] {
        let refusal = agent.refused(
            "manage_items",
            json!({"operation": "update", "item_id": id, field: "x".repeat(most + 1)}),
            "VALIDATION",
        );
        refusal.names(field);
        assert!(
            refusal.message.len() < 1_000,
            "a refusal does not repeat a megabyte: {}",
            refusal.message.len()
        );
        agent.ok("manage_items", json!({"operation": "update", "item_id": id, field: "x".repeat(most)}));
    }
    let note =
        |size: usize| json!({"operation": "upsert", "item_id": id, "key": "k", "body": "x".repeat(size)});
    agent.refused("manage_notes", note(MIB + 1), "VALIDATION").names("body");
    agent.ok("manage_notes", note(MIB));
}

#[test]
fn tags_have_their_number_and_length() {
    let env = TestEnv::new();
    let agent = env.connect();
    let tags = |n: usize| (0..n).map(|i| format!("t{i}")).collect::<Vec<_>>();
    agent.create(json!({"title": "x", "tags": tags(50)}));
    agent.create(json!({"title": "x", "tags": "t".repeat(100)}));
    for wrong in [json!(tags(51)), json!("t".repeat(101))] {
        agent
            .refused(
                "manage_items",
                json!({"operation": "create", "title": "x", "tags": wrong}),
                "VALIDATION",
            )
            .names("tags");
    }
}

#[test]
fn batches_end_at_a_thousand() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items = |n: usize| (0..n).map(|i| json!({"title": format!("item {i}")})).collect::<Vec<Value>>();
    agent
        .refused("manage_items", json!({"operation": "create", "items": items(1_001)}), "VALIDATION")
        .names("items");
    assert_eq!(agent.total(), 0);
    let id = agent.item("x");
    let transitions: Vec<Value> = (0..1_001).map(|_| json!({"item_id": id, "trigger": "start"})).collect();
    agent.refused("advance_item", json!({"transitions": transitions}), "VALIDATION").names("transitions");
    assert_eq!(agent.status(&id), "queue");
    let rows: Vec<Value> = (0..10_001)
        .map(|i| json!({"id": format!("{i:08x}-0000-4000-8000-000000000000"), "title": "x"}))
        .collect();
    agent.refused("import_graph", json!({"data": {"items": rows}}), "VALIDATION").names("data");
    assert_eq!(agent.total(), 1);
}

#[test]
fn an_export_past_the_largest_answer_names_another_way() {
    let env = TestEnv::new();
    let agent = env.connect();
    for n in 0..9 {
        agent.create(json!({"title": format!("large {n}"), "description": "x".repeat(MIB)}));
    }
    let refusal = agent.call("export_graph", json!({})).refusal("export of 9 MiB");
    refusal.says("manage_checkpoints");
    let list = agent.call("query_items", json!({"operation": "list", "fields": "id,description"}));
    assert!(list.raw_text.len() <= 8 * MIB, "no answer is larger than 8 MiB, got {}", list.raw_text.len());
    agent.ok("manage_checkpoints", json!({"operation": "create"}));
}

#[test]
fn a_request_past_the_bound_is_refused_under_its_id() {
    let env = TestEnv::new();
    let agent = env.connect();
    let call =
        json!({"name": "manage_items", "arguments": {"operation": "create", "title": "x".repeat(16 * MIB)}});
    let id = agent.send("tools/call", call);
    let answer = agent.receive(id);
    assert_eq!(answer["error"]["code"], -32600, "{answer}");
    assert_eq!(agent.ok("query_items", json!({}))["total"], 0, "and the session goes on");
}

#[test]
fn a_write_with_too_large_an_answer_changes_nothing_and_says_so() {
    let env = TestEnv::new();
    let agent = env.connect();
    let item = json!({"title": "x", "description": "d".repeat(MIB)});
    let call = json!({"operation": "create", "items": vec![item; 9]});
    agent.refused("manage_items", call, "VALIDATION").says("nothing was changed");
    assert_eq!(agent.ok("query_items", json!({}))["total"], 0);
}
