//! Triggers and statuses (`contract.md` §4), `advance_item` and `get_next_status`.

use e2e::{McpClient, TestEnv, Value, json};

const TRIGGERS: [&str; 8] = ["start", "complete", "block", "hold", "resume", "cancel", "reopen", "archive"];

/// The table of the contract: from a status, by a trigger, to a status.
const TABLE: [(&str, &str, &str); 21] = [
    ("queue", "start", "work"),
    ("work", "start", "review"),
    ("review", "start", "done"),
    ("queue", "complete", "done"),
    ("work", "complete", "done"),
    ("review", "complete", "done"),
    ("queue", "block", "blocked"),
    ("work", "block", "blocked"),
    ("review", "block", "blocked"),
    ("queue", "hold", "blocked"),
    ("work", "hold", "blocked"),
    ("review", "hold", "blocked"),
    ("blocked", "resume", "work"),
    ("queue", "cancel", "cancelled"),
    ("work", "cancel", "cancelled"),
    ("review", "cancel", "cancelled"),
    ("blocked", "cancel", "cancelled"),
    ("done", "reopen", "queue"),
    ("cancelled", "reopen", "queue"),
    ("done", "archive", "archived"),
    // A blocked item that came from review goes back there; see `resume_leads_back`.
    ("blocked", "resume", "work"),
];

/// How to bring a new item to a status.
fn reach(agent: &McpClient, status: &str) -> String {
    let id = agent.item(status);
    let way: &[&str] = match status {
        "work" => &["start"],
        "review" => &["start", "start"],
        "done" => &["complete"],
        "blocked" => &["start", "block"],
        "cancelled" => &["cancel"],
        "archived" => &["complete", "archive"],
        _ => &[],
    };
    for trigger in way {
        agent.advance(&id, trigger);
    }
    assert_eq!(agent.status(&id), status);
    id
}

#[test]
fn every_trigger_from_every_status() {
    let env = TestEnv::new();
    let agent = env.connect();
    for status in ["queue", "work", "review", "done", "blocked", "cancelled", "archived"] {
        for trigger in TRIGGERS {
            let id = reach(&agent, status);
            let preview = agent.ok("get_next_status", json!({"item_id": id, "trigger": trigger}));
            assert_eq!(agent.status(&id), status, "a preview changes nothing");
            match TABLE.iter().find(|(from, by, _)| (*from, *by) == (status, trigger)) {
                Some((_, _, next)) => {
                    assert_eq!(preview["can_advance"], true, "{trigger} from {status}: {preview}");
                    assert_eq!(
                        (&preview["current"], &preview["next"]),
                        (&json!(status), &json!(next)),
                        "{preview}"
                    );
                    let row = agent.advance(&id, trigger);
                    assert_eq!(row["status"], *next, "{trigger} from {status}: {row}");
                    assert!(row["unblocked_items"].is_array(), "always there: {row}");
                }
                None => {
                    assert_eq!(preview["can_advance"], false, "{trigger} from {status}: {preview}");
                    let call = json!({"item_id": id, "trigger": trigger});
                    let refusal = agent.refused("advance_item", call, "CONFLICT");
                    let word = if trigger == "hold" { "block" } else { trigger };
                    assert_eq!(refusal.message, format!("Cannot {word} from {status}"), "{refusal:?}");
                    assert_eq!(agent.status(&id), status, "a refusal changes nothing");
                }
            }
        }
    }
}

#[test]
fn an_unknown_trigger_is_named() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    for tool in ["advance_item", "get_next_status"] {
        let refusal = agent.refused(tool, json!({"item_id": id, "trigger": "begin"}), "VALIDATION");
        refusal.names("trigger").says("Invalid trigger: begin");
    }
    agent.refused("advance_item", json!({"item_id": id}), "VALIDATION").names("trigger");
    agent.refused("advance_item", json!({"trigger": "start"}), "VALIDATION").names("item_id");
    agent
        .refused("advance_item", json!({"item_id": "00000000", "trigger": "start"}), "NOT_FOUND")
        .names("item_id");
}

#[test]
fn resume_leads_back_to_where_the_item_was() {
    let env = TestEnv::new();
    let agent = env.full();
    for status in ["queue", "work", "review"] {
        let id = reach(&agent, status);
        let blocked = agent.advance(&id, "block");
        assert_eq!(blocked["previous_status"], status, "{blocked}");
        let preview = agent.ok("get_next_status", json!({"item_id": id, "trigger": "resume"}));
        assert_eq!(preview["next"], status, "{preview}");
        assert_eq!(agent.advance(&id, "resume")["status"], status);
    }
}

#[test]
fn cancel_sets_its_label_and_reopen_takes_it_back() {
    let env = TestEnv::new();
    let agent = env.full();
    let id = agent.item("x");
    assert_eq!(agent.advance(&id, "cancel")["status_label"], "cancelled");
    assert_eq!(agent.advance(&id, "reopen")["status_label"], Value::Null);
}

#[test]
fn reopening_a_child_reopens_a_terminal_parent() {
    let env = TestEnv::new();
    let agent = env.full();
    let parent = agent.item("parent");
    let child = agent.item_with(json!({"title": "child", "parent_id": parent}));
    agent.advance(&child, "complete");
    let row = agent.advance(&child, "reopen");
    assert!(row.get("parent_reopened").is_none_or(|flag| flag == false || flag.is_null()), "{row}");
    agent.advance(&child, "complete");
    agent.advance(&parent, "complete");
    let row = agent.advance(&child, "reopen");
    assert!(row.get("parent_reopened").is_some_and(|flag| flag != false && !flag.is_null()), "{row}");
    assert_eq!(agent.status(&parent), "work");
}

#[test]
fn reopening_a_child_leaves_what_is_above_its_parent() {
    let env = TestEnv::new();
    let agent = env.full();
    let top = agent.item("top");
    let parent = agent.item_with(json!({"title": "parent", "parent_id": top}));
    let child = agent.item_with(json!({"title": "child", "parent_id": parent}));
    for id in [&child, &parent, &top] {
        agent.advance(id, "complete");
    }
    agent.advance(&child, "reopen");
    assert_eq!([agent.status(&child), agent.status(&parent), agent.status(&top)], ["queue", "work", "done"]);
}

#[test]
fn a_transition_stamps_the_item() {
    let env = TestEnv::new();
    let agent = env.full();
    let before = agent.create(json!({"title": "x"}));
    let after = agent.advance(before["id"].as_str().expect("an id"), "start");
    assert!(after["role_changed_at"].is_string(), "{after}");
    assert_eq!(after["version"], 2, "{after}");
    assert!(after["updated_at"].as_str() >= before["updated_at"].as_str(), "{after}");
}

#[test]
fn each_transition_of_a_batch_stands_alone() {
    let env = TestEnv::new();
    let agent = env.full();
    let (a, b, c) = (agent.item("a"), agent.item("b"), agent.item("c"));
    agent.blocks(&a, &c);
    let answer = agent.ok(
        "advance_item",
        json!({"transitions": [
            {"item_id": a, "trigger": "complete"},
            {"item_id": b, "trigger": "resume"},
            {"item_id": "00000000", "trigger": "start"},
            {"item_id": c, "trigger": "start"},
        ]}),
    );
    assert_eq!(answer["summary"], json!({"total": 4, "succeeded": 2, "failed": 2}), "{answer}");
    let results = answer["results"].as_array().expect("results");
    assert_eq!(results[0]["item_id"], a, "{answer}");
    assert_eq!(results[0]["trigger"], "complete", "{answer}");
    assert_eq!(
        (&results[0]["applied"], &results[0]["new_status"]),
        (&json!(true), &json!("done")),
        "{answer}"
    );
    assert_eq!(results[1]["applied"], false, "{answer}");
    assert!(results[1]["error"].to_string().contains("Cannot resume from queue"), "{answer}");
    assert!(results[2]["error"].to_string().contains("00000000"), "{answer}");
    assert_eq!(results[3]["new_status"], "work", "a was completed before c was started: {answer}");
    assert_eq!(e2e::titles(&answer["all_unblocked_items"]), ["c"], "{answer}");
}

#[test]
fn an_atomic_batch_is_all_or_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    let call = |second: &str| {
        json!({"atomic": true, "transitions": [
            {"item_id": a, "trigger": "start"}, {"item_id": b, "trigger": second},
        ]})
    };
    agent.refused("advance_item", call("resume"), "CONFLICT");
    assert_eq!((agent.status(&a), agent.status(&b)), ("queue".into(), "queue".into()), "nothing moved");
    agent.ok("advance_item", call("start"));
    assert_eq!((agent.status(&a), agent.status(&b)), ("work".into(), "work".into()));
}

#[test]
fn a_reason_is_shown_where_the_item_is_stuck() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    agent
        .ok("advance_item", json!({"item_id": id, "trigger": "block", "reason": "waiting for the supplier"}));
    let blocked = agent.ok("get_blocked_items", json!({}));
    assert!(blocked.to_string().contains("waiting for the supplier"), "{blocked}");
    let refusal = agent.refused("advance_item", json!({"item_id": id, "trigger": "start"}), "CONFLICT");
    assert!(format!("{refusal:?}").contains("waiting for the supplier"), "{refusal:?}");
}
