//! `manage_notes` and `query_notes` (`contract.md` §5, §6).

use e2e::{TestEnv, Value, json};

#[test]
fn a_note_is_written_and_written_over() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    let first = agent.note(&id, "requirements", "one");
    assert_eq!((&first["item_id"], &first["key"]), (&json!(id), &json!("requirements")), "{first}");
    assert_eq!(
        (&first["role"], &first["body"]),
        (&json!("queue"), &json!("one")),
        "queue is the default: {first}"
    );
    let again = agent.ok(
        "manage_notes",
        json!({"operation": "upsert", "item_id": id, "key": "requirements", "body": "two", "role": "work"}),
    );
    assert_eq!(
        (&again["id"], &again["role"], &again["body"]),
        (&first["id"], &json!("work"), &json!("two")),
        "{again}"
    );
    assert_eq!(again["created_at"], first["created_at"], "{again}");
    let list = agent.ok("manage_notes", json!({"operation": "list", "item_id": id}));
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
}

#[test]
fn deleting_says_whether_there_was_one() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    agent.note(&id, "k", "b");
    let delete = json!({"operation": "delete", "item_id": id, "key": "k"});
    assert_eq!(agent.ok("manage_notes", delete.clone()), json!({"deleted": true}));
    assert_eq!(agent.ok("manage_notes", delete), json!({"deleted": false}));
}

#[test]
fn notes_are_read_whole_by_key_or_by_length() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    agent.note(&id, "requirements", "grüße");
    agent.ok(
        "manage_notes",
        json!({"operation": "upsert", "item_id": id, "key": "log", "body": "l", "role": "review"}),
    );
    let all = agent.ok("query_notes", json!({"item_id": id}));
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2), "{all}");
    let one = agent.ok("query_notes", json!({"item_id": id, "key": "requirements"}));
    assert_eq!(one["body"], "grüße", "the row itself: {one}");
    let role = agent.ok("query_notes", json!({"item_id": id, "role": "review"}));
    assert_eq!((&role["items"][0]["key"], &role["items"][1]), (&json!("log"), &Value::Null), "{role}");
    let lengths = agent.ok("query_notes", json!({"item_id": id, "include_body": false}));
    for row in lengths["items"].as_array().expect("rows") {
        assert!(row.get("body").is_none(), "lengths instead of bodies: {row}");
        assert!(row.as_object().is_some_and(|row| row.values().any(Value::is_number)), "a length: {row}");
    }
    let found = agent.ok("query_notes", json!({"item_id": id, "search": "grü"}));
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    agent.refused("query_notes", json!({"item_id": id, "key": "nothing"}), "NOT_FOUND").says("nothing");
    agent.refused("query_notes", json!({"item_id": "00000000"}), "NOT_FOUND");
}

#[test]
fn a_blank_note_is_kept() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    let note = agent.note(&id, "k", "");
    assert_eq!(note["body"], "", "{note}");
    agent.note(&id, "k", "text");
    assert_eq!(agent.note(&id, "k", "")["body"], "", "a body may be emptied");
}

#[test]
fn notes_come_in_batches() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    agent.ok(
        "manage_notes",
        json!({"operation": "upsert", "notes": [
            {"item_id": a, "key": "k", "body": "1"}, {"item_id": b, "key": "k", "body": "2", "role": "work"},
        ]}),
    );
    assert_eq!(agent.ok("query_notes", json!({"item_id": b, "key": "k"}))["body"], "2");
}

#[test]
fn faults_are_named() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    for (call, code, field) in [
        (json!({"operation": "upsert", "key": "k", "body": "b"}), "VALIDATION", "item_id"),
        (json!({"operation": "upsert", "item_id": id, "body": "b"}), "VALIDATION", "key"),
        (
            json!({"operation": "upsert", "item_id": id, "key": "k", "body": "b", "role": "done"}),
            "VALIDATION",
            "role",
        ),
        (
            json!({"operation": "upsert", "item_id": id, "key": "k".repeat(201), "body": "b"}),
            "VALIDATION",
            "key",
        ),
        (
            json!({"operation": "upsert", "item_id": "00000000", "key": "k", "body": "b"}),
            "NOT_FOUND",
            "item_id",
        ),
    ] {
        let refusal = agent.refused("manage_notes", call.clone(), code);
        assert_eq!(refusal.field, field, "{call}: {refusal:?}");
    }
    assert_eq!(agent.ok("query_notes", json!({"item_id": id}))["items"], json!([]));
}

#[test]
fn notes_do_not_touch_the_items_version() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    agent.note(&id, "k", "b");
    assert_eq!(agent.get(&id)["version"], 1);
}

#[test]
fn lists_of_notes_come_in_pages_like_every_list() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    let note = |n: usize| json!({"item_id": id, "key": format!("k{n:02}"), "body": format!("word {n}")});
    agent.ok("manage_notes", json!({"operation": "upsert", "notes": (0..60).map(note).collect::<Vec<_>>()}));
    for (tool, call) in [
        ("query_notes", json!({"item_id": id})),
        ("query_notes", json!({"search": "word"})),
        ("manage_notes", json!({"operation": "list", "item_id": id})),
    ] {
        let first = agent.ok(tool, call.clone());
        assert_eq!((keys_of(&first).len(), &first["total"]), (50, &json!(60)), "50 unless limit says more");
        assert_eq!(first["has_more"], true);
        let mut rest = call.clone();
        rest["cursor"] = first["next_cursor"].clone();
        let last = agent.ok(tool, rest);
        let mut all = [keys_of(&first), keys_of(&last)].concat();
        all.sort();
        all.dedup();
        assert_eq!((all.len(), &last["has_more"], last.get("next_cursor")), (60, &json!(false), None));
        let mut wide = call.clone();
        wide["limit"] = json!(500);
        assert_eq!(keys_of(&agent.ok(tool, wide)).len(), 60);
        let mut wrong = call;
        wrong["cursor"] = json!("nonsense");
        agent.refused(tool, wrong, "VALIDATION").says("next_cursor");
    }
    let role = json!({"search": "word", "role": "review"});
    assert_eq!(agent.ok("query_notes", role)["total"], 0, "a role narrows a search too");
    let key = json!({"search": "word", "key": "k07"});
    assert_eq!(agent.ok("query_notes", key)["total"], 1, "and so does a key");
    agent.refused("query_notes", json!({"search": "!?"}), "VALIDATION").says("search");
}

fn keys_of(list: &e2e::Value) -> Vec<String> {
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|note| note["key"].as_str().map(str::to_owned)).collect()
}
