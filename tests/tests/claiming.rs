//! claim_item (`contract.md` §7): each of its operations and refusals, and how claims end.

use e2e::{McpClient, TestEnv, Value, eventually, json};

fn claim(id: &str) -> Value {
    json!({"operation": "claim", "item_id": id})
}

fn with(mut call: Value, more: Value) -> Value {
    for (key, value) in more.as_object().expect("an object") {
        call[key] = value.clone();
    }
    call
}

fn doing(operation: &str, id: &str) -> Value {
    json!({"operation": operation, "item_id": id})
}

/// The newest rows of the history of that kind.
fn history(agent: &McpClient, kind: &str) -> Vec<Value> {
    let found = agent.ok("query_history", json!({"kind": kind, "limit": 500}));
    found["items"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_claim_has_one_holder_and_says_who_since_when_and_until_when() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    let row = ann.ok("claim_item", claim(&id));
    assert_eq!(
        (&row["item_id"], &row["title"], &row["agent"]),
        (&json!(id), &json!("x"), &json!("ann")),
        "{row}"
    );
    assert!(row["since"].is_string() && row["ends"] == "with its session", "{row}");
    assert_eq!(ann.ok("claim_item", claim(&id)), row, "once more is the same claim");
    let refusal = ben.refused("claim_item", claim(&id), "CONFLICT");
    refusal.says("claimed by ann");
    assert_eq!(refusal.details["holder"]["agent"], "ann", "{refusal:?}");
    assert_eq!(refusal.details["holder"]["ends"], "with its session", "{refusal:?}");
    for operation in ["release", "renew"] {
        ben.refused("claim_item", doing(operation, &id), "CONFLICT").says("ann");
    }
    ben.refused("claim_item", with(doing("handoff", &id), json!({"to": "ben"})), "CONFLICT").says("ann");
    assert_eq!(ann.status(&id), "queue", "a claim moves nothing");
    assert_eq!(ann.get(&id)["version"], 1, "and is no change of the item's own");
    assert_eq!(ann.advance(&id, "start")["status"], "work");
}

#[test]
fn released_is_free() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.ok("claim_item", claim(&id));
    assert_eq!(ann.ok("claim_item", doing("release", &id)), json!({"item_id": id, "released": true}));
    assert_eq!(ann.ok("claim_item", doing("release", &id))["released"], false, "nothing is left to release");
    assert_eq!(ben.ok("claim_item", claim(&id))["agent"], "ben");
    let ended = history(&ann, "claim_ended");
    assert_eq!((ended.len(), &ended[0]["why"]), (1, &json!("released")), "{ended:?}");
}

#[test]
fn resources_are_claimed_by_any_name() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let call = |operation: &str| json!({"operation": operation, "resource": "file:src/main.rs"});
    let row = ann.ok("claim_item", call("claim"));
    assert_eq!((&row["resource"], &row["agent"]), (&json!("file:src/main.rs"), &json!("ann")), "{row}");
    for operation in ["claim", "renew", "release"] {
        let refusal = ben.refused("claim_item", call(operation), "CONFLICT");
        refusal.names("resource").says("file:src/main.rs").says("ann");
    }
    assert_eq!(ben.ok("claim_item", json!({"operation": "claim", "resource": "port:8080"}))["agent"], "ben");
    let list = ben.ok("claim_item", json!({"operation": "list"}));
    assert_eq!((&list["total"], list["items"].as_array().map(Vec::len)), (&json!(2), Some(2)), "{list}");
    let one = ben.ok("claim_item", call("list"));
    assert_eq!((&one["total"], &one["items"][0]["agent"]), (&json!(1), &json!("ann")), "{one}");
    assert_eq!(ann.ok("claim_item", call("release"))["released"], true);
    ann.refused("claim_item", call("renew"), "CONFLICT").names("resource").says("file:src/main.rs");
}

#[test]
fn what_is_wrong_with_a_call_is_said() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    let refused = |call: Value, code: &str| agent.refused("claim_item", call, code);
    refused(json!({"operation": "claim"}), "VALIDATION").names("item_id");
    refused(json!({"operation": "claim", "item_id": id, "resource": "r"}), "VALIDATION");
    refused(json!({"operation": "seize", "item_id": id}), "VALIDATION").names("operation");
    refused(json!({"item_id": id}), "VALIDATION").names("operation");
    refused(claim("00000000"), "NOT_FOUND");
    refused(with(claim(&id), json!({"ttl_seconds": 0})), "VALIDATION").names("ttl_seconds");
    refused(with(claim(&id), json!({"ttl_seconds": -5})), "VALIDATION").names("ttl_seconds");
    refused(doing("renew", &id), "CONFLICT").names("item_id").says(&id);
    refused(doing("handoff", &id), "VALIDATION").names("to");
    refused(with(doing("handoff", &id), json!({"to": "ann"})), "CONFLICT");
    agent.advance(&id, "complete");
    refused(claim(&id), "CONFLICT").says("done");
    let reader = env.client().tools("read").connect();
    reader.refused("claim_item", claim(&id), "FORBIDDEN");
    assert_eq!(reader.ok("claim_item", json!({"operation": "list"}))["total"], 0);
    reader.refused("get_next_item", json!({"claim": true}), "FORBIDDEN");
}

#[test]
fn force_takes_what_another_holds_and_is_recorded() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let [taken, released, handed, edited, moved] =
        ["taken", "released", "handed", "edited", "moved"].map(|title| ann.item(title));
    for id in [&taken, &released, &handed, &edited, &moved] {
        ann.ok("claim_item", claim(id));
    }
    let force = json!({"force": true});
    assert_eq!(ben.ok("claim_item", with(claim(&taken), force.clone()))["agent"], "ben");
    assert_eq!(ben.ok("claim_item", with(doing("release", &released), force.clone()))["released"], true);
    let to_ben = json!({"to": "ben", "force": true});
    assert_eq!(ben.ok("claim_item", with(doing("handoff", &handed), to_ben))["agent"], "ben");
    let ended = history(&ann, "claim_ended");
    assert_eq!(ended.len(), 3, "{ended:?}");
    for row in &ended {
        assert_eq!((&row["why"], &row["agent"]), (&json!("forced"), &json!("ben")), "{row}");
        assert_eq!(row["claim"]["agent"], "ann", "who held it: {row}");
    }
    ben.ok("manage_items", json!({"operation": "update", "item_id": edited, "title": "y", "force": true}));
    ben.ok("advance_item", json!({"item_id": moved, "trigger": "start", "force": true}));
    assert_eq!(history(&ann, "item_updated")[0]["forced"], true);
    assert_eq!(history(&ann, "status_changed")[0]["forced"], true);
    assert_eq!(ben.get(&moved)["claimed_by"], "ben", "who starts it by force holds it");
    assert_eq!(ben.get(&edited)["claimed_by"], "ann", "an edit by force ends no claim");
    ben.ok("manage_items", json!({"operation": "delete", "item_id": edited, "force": true}));
    assert_eq!(history(&ann, "claim_ended")[0]["why"], "forced");
}

#[test]
fn a_deadline_ends_a_claim_and_renew_moves_it() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let (short, long) = (ann.item("short"), ann.item("long"));
    let row = ann.ok("claim_item", with(claim(&short), json!({"ttl_seconds": 1})));
    assert!(row["ends"].as_str().is_some_and(|end| end.starts_with("20")), "{row}");
    ann.ok("claim_item", with(claim(&long), json!({"ttl_seconds": 1})));
    let renewed = ann.ok("claim_item", with(doing("renew", &long), json!({"ttl_seconds": 3600})));
    assert!(renewed["ends"].as_str() > row["ends"].as_str(), "{renewed}");
    let refusal = ben.refused("claim_item", claim(&long), "CONFLICT");
    assert_eq!(refusal.details["holder"]["ends"], renewed["ends"], "{refusal:?}");
    eventually("the end of the short claim", || {
        let answer = ben.call("claim_item", claim(&short));
        if answer.is_error { Err(answer.raw_text) } else { Ok(()) }
    });
    let ended =
        eventually("its row", || history(&ann, "claim_ended").first().cloned().ok_or_else(String::new));
    assert_eq!((&ended["why"], &ended["claim"]["agent"]), (&json!("expired"), &json!("ann")), "{ended}");
    ben.refused("claim_item", claim(&long), "CONFLICT");
    let unlimited = ann.ok("claim_item", doing("renew", &long));
    assert_eq!(unlimited["ends"], "with its session", "{unlimited}");
}

#[test]
fn a_passed_deadline_is_recorded_without_anybody_asking() {
    let env = TestEnv::new();
    let ann = env.agent("ann");
    let id = ann.item("x");
    let cursor = ann.ok("query_history", json!({"limit": 1}))["cursor"].clone();
    ann.ok("claim_item", with(claim(&id), json!({"ttl_seconds": 1})));
    let taken = ann.ok("wait_for", json!({"item_id": id, "cursor": cursor}));
    let ended = ann.ok("wait_for", json!({"item_id": id, "cursor": taken["cursor"], "timeout_seconds": 30}));
    assert_eq!(
        (&ended["events"][0]["kind"], &ended["events"][0]["why"]),
        (&json!("claim_ended"), &json!("expired"))
    );
    assert_eq!(ended["events"][0]["agent"], "daemon", "{ended}");
    assert_eq!(ann.get(&id).get("claimed_by"), None);
}

#[test]
fn a_claim_is_handed_to_who_is_there() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    // By a call of his own, Ben is known to be connected.
    let (first, second) = (ann.item("first"), ben.item("second"));
    let to = |id: &str, name: &str| with(doing("handoff", id), json!({"to": name}));
    ann.ok("claim_item", claim(&first));
    let row = ann.ok("claim_item", to(&first, "ben"));
    assert_eq!(row["agent"], "ben", "{row}");
    ann.refused("advance_item", json!({"item_id": first, "trigger": "start"}), "CONFLICT").says("ben");
    assert_eq!(ben.advance(&first, "start")["status"], "work");
    let changed = &history(&ann, "claim_changed")[0];
    assert_eq!(changed["changes"]["claim"][0]["agent"], "ann", "{changed}");
    assert_eq!(changed["changes"]["claim"][1]["agent"], "ben", "{changed}");

    ann.ok("claim_item", claim(&second));
    let refusal = ann.refused("claim_item", to(&second, "nobody"), "NOT_FOUND");
    refusal.names("to").says("ann, ben");
    assert_eq!(ann.ok("claim_item", to(&second, "ben/tests"))["agent"], "ben/tests");
    ben.refused("advance_item", json!({"item_id": second, "trigger": "start", "agent": "docs"}), "CONFLICT");
    let back = |name: &str| with(to(&second, name), json!({"agent": "tests"}));
    ben.refused("claim_item", back("unheard-of"), "NOT_FOUND").names("to");
    assert_eq!(ben.ok("claim_item", back("docs"))["agent"], "ben/docs", "a subagent that has been heard of");
    ben.end();
    eventually("ben to be gone", || {
        let answer = ann.call("claim_item", to(&second, "ben"));
        if answer.raw_text.contains("NOT_FOUND") { Ok(()) } else { Err(answer.raw_text) }
    });
}

#[test]
fn sessions_of_one_name_are_told_apart() {
    let env = TestEnv::new();
    let (first, second, ben) = (env.agent("ann"), env.agent("ann"), env.agent("ben"));
    let id = ben.item("x");
    second.total();
    first.ok("claim_item", claim(&id));
    second.refused("claim_item", claim(&id), "CONFLICT").says("claimed by another session of ann since");
    ben.refused("claim_item", claim(&id), "CONFLICT").says("claimed by ann since");
    let refusal = first.refused("claim_item", with(doing("handoff", &id), json!({"to": "ann"})), "CONFLICT");
    refusal.names("to").says("2 sessions of 'ann'");
    let agents = second.ok("list_agents", json!({}))["items"].clone();
    let me = agents.as_array().into_iter().flatten().find(|agent| agent["you"] == true).cloned();
    let to_me = json!({"to": me.unwrap_or_default()["session"]});
    assert!(refusal.message.contains(to_me["to"].as_str().unwrap_or("none")), "{refusal:?}");
    first.ok("claim_item", with(doing("handoff", &id), to_me));
    assert_eq!(second.advance(&id, "start")["status"], "work");
}

#[test]
fn subagents_of_any_name_are_handed_to() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("team/ben"));
    ben.total();
    let id = ann.item("x");
    for (to, holder) in [("team/ben/unit/tests", "team/ben/unit/tests"), ("team/ben", "team/ben")] {
        ann.ok("claim_item", with(claim(&id), json!({"force": true})));
        assert_eq!(ann.ok("claim_item", with(doing("handoff", &id), json!({ "to": to })))["agent"], holder);
    }
    ben.refused("claim_item", with(doing("handoff", &id), json!({"to": "ann/ "})), "NOT_FOUND").names("to");
}

#[test]
fn what_a_person_claims_is_said_to_last() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    assert!(env.cli(&["call", "claim_item", "operation=claim", &format!("item_id={id}")]).success);
    let refusal = agent.refused("advance_item", json!({"item_id": id, "trigger": "start"}), "CONFLICT");
    refusal.says("the claim lasts until they release it");
    assert_eq!(refusal.details["holder"]["ends"], "when released", "{refusal:?}");
}

#[test]
fn closing_or_deleting_an_item_ends_its_claim() {
    let env = TestEnv::new();
    let ann = env.agent("ann");
    for (trigger, why) in [("complete", "finished"), ("cancel", "finished"), ("block", "handed_on")] {
        let id = ann.item(trigger);
        ann.ok("claim_item", claim(&id));
        ann.advance(&id, trigger);
        assert_eq!(history(&ann, "claim_ended")[0]["why"], why, "{trigger}");
    }
    let root = ann.item("root");
    let child = ann.item_with(json!({"title": "child", "parent_id": root}));
    ann.ok("claim_item", claim(&child));
    let ben = env.agent("ben");
    ben.refused(
        "manage_items",
        json!({"operation": "delete", "item_id": root, "recursive": true}),
        "CONFLICT",
    )
    .says("ann");
    ben.ok("complete_tree", json!({"parent_id": root}));
    assert_eq!(ann.status(&child), "queue", "nor is it completed over its holder's head");
    ann.ok("manage_items", json!({"operation": "delete", "item_id": root, "recursive": true}));
    assert_eq!(history(&ann, "claim_ended")[0]["why"], "deleted");
    assert_eq!(ann.ok("claim_item", json!({"operation": "list"}))["total"], 0);
    ann.ok("manage_items", json!({"operation": "restore", "item_id": root}));
    assert_eq!(ann.get(&child).get("claimed_by"), None, "what comes back comes without a claim");
}

#[test]
fn protected_notes_are_the_holders() {
    let env = TestEnv::with_config("claims: {protect_notes: true}\n");
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    let write = json!({"operation": "upsert", "item_id": id, "key": "k", "body": "b"});
    ben.ok("manage_notes", write.clone());
    ann.ok("claim_item", claim(&id));
    ben.refused("manage_notes", write.clone(), "CONFLICT").says("ann");
    ben.refused("manage_notes", json!({"operation": "delete", "item_id": id, "key": "k"}), "CONFLICT")
        .says("ann");
    assert_eq!(ben.ok("query_notes", json!({"item_id": id}))["items"][0]["body"], "b", "reading is open");
    ann.ok("manage_notes", write);
}

#[test]
fn the_holder_is_shown_wherever_the_item_is() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.ok("claim_item", with(claim(&id), json!({"agent": "tests"})));
    let holder = "ann/tests";
    assert_eq!(ben.get(&id)["claimed_by"], holder);
    let list = ben.ok("query_items", json!({"operation": "list"}));
    assert_eq!(list["items"][0]["claimed_by"], holder, "{list}");
    assert_eq!(ben.ok("query_items", json!({"operation": "list", "claimed": true}))["total"], 1);
    assert_eq!(ben.ok("query_items", json!({"operation": "list", "claimed": false}))["total"], 0);
    let context = ben.ok("get_context", json!({"item_id": id}));
    assert_eq!(
        (&context["claim"]["agent"], &context["can_advance"]),
        (&json!(holder), &json!(false)),
        "{context}"
    );
    assert_eq!(context["claim"]["ends"], "with its session", "{context}");
    let next = ben.ok("get_next_status", json!({"item_id": id, "trigger": "start"}));
    assert!(next["can_advance"] == false && next.to_string().contains(holder), "{next}");
    let refusal = ben.refused("advance_item", json!({"item_id": id, "trigger": "start"}), "CONFLICT");
    assert_eq!(refusal.details["holder"]["agent"], holder, "{refusal:?}");
    let batch = ben.ok("advance_item", json!({"transitions": [{"item_id": id, "trigger": "start"}]}));
    assert_eq!(batch["results"][0]["error"]["details"]["holder"]["agent"], holder, "{batch}");
    ann.advance(&id, "start");
    let active = ben.ok("get_context", json!({}));
    assert_eq!(active["active"][0]["claimed_by"], holder, "{active}");
}

#[test]
fn an_expected_version_guards_every_change() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    let stale = json!({"item_id": id, "expected_version": 1});
    ben.update(&id, json!({"priority": "high"}));
    for (tool, more) in [
        ("manage_items", json!({"operation": "update", "title": "y"})),
        ("manage_items", json!({"operation": "delete"})),
        ("advance_item", json!({"trigger": "start"})),
    ] {
        let refusal = ann.refused(tool, with(stale.clone(), more.clone()), "CONFLICT");
        refusal.names("expected_version").says("'x'").says("expected_version=2");
        assert_eq!(refusal.details["version"], 2, "{refusal:?}");
        let changed = refusal.details["changed"].to_string();
        assert!(changed.contains("medium → high (by ben)"), "it says what differs: {changed}");
    }
    ann.note(&id, "k", "b");
    ann.ok("claim_item", claim(&id));
    let fresh = json!({"item_id": id, "expected_version": 2});
    let row = ann.ok("manage_items", with(fresh, json!({"operation": "update", "title": "y"})));
    assert_eq!(row["version"], 3, "notes and claims count no version: {row}");
    let moved = ann.ok("advance_item", json!({"item_id": id, "trigger": "start", "expected_version": 3}));
    assert_eq!(moved["version"], 4);
}
