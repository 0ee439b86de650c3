//! wait_for (`contract.md` §7): every form of it, how it ends, and what it leaves behind.

use std::time::{Duration, Instant};

use e2e::{Answer, Daemon, McpClient, TestEnv, Value, eventually, json};

/// Longer than any of these waits may take once what they wait for has happened.
const SOON: Duration = Duration::from_secs(20);

/// How many wait in the daemon.
fn waiting(env: &TestEnv) -> u64 {
    let status = env.cli(&["status", "--json"]);
    let document: Value = serde_json::from_str(&status.stdout).unwrap_or_default();
    document["engine"]["waiting"].as_u64().unwrap_or(u64::MAX)
}

fn until_waiting(env: &TestEnv, wanted: u64) {
    eventually("so many to wait", || match waiting(env) {
        n if n == wanted => Ok(()),
        n => Err(format!("{n} wait, not {wanted}")),
    });
}

/// Begins a wait, and returns once the daemon has it.
fn begin(env: &TestEnv, agent: &McpClient, arguments: Value) -> i64 {
    let before = waiting(env);
    let call = agent.send("tools/call", json!({"name": "wait_for", "arguments": arguments}));
    until_waiting(env, before + 1);
    call
}

fn end(agent: &McpClient, call: i64) -> Value {
    Answer::read(agent.receive(call)["result"].clone()).ok("wait_for")
}

#[test]
fn a_status_is_waited_for_until_another_agent_brings_the_item_there() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let ways: [(&str, &[&str]); 7] = [
        ("work", &["start"]),
        ("review", &["start", "start"]),
        ("done", &["start", "start", "start"]),
        ("blocked", &["block"]),
        ("cancelled", &["cancel"]),
        ("archived", &["complete", "archive"]),
        ("queue", &["start", "complete", "reopen"]),
    ];
    for (status, triggers) in ways {
        let id = ben.item(status);
        if status == "queue" {
            ben.advance(&id, "start");
        }
        let rest = if status == "queue" { &triggers[1..] } else { triggers };
        let begun = Instant::now();
        let call = begin(&env, &ann, json!({"item_id": id, "until": status}));
        rest.iter().for_each(|trigger| drop(ben.advance(&id, trigger)));
        let answer = end(&ann, call);
        assert_eq!((&answer["met"], &answer["item"]["status"]), (&json!(true), &json!(status)), "{answer}");
        assert!(answer["cursor"].is_i64(), "{answer}");
        assert!(begun.elapsed() < SOON);
        let at_once = ann.ok("wait_for", json!({"item_id": id, "until": status, "timeout_seconds": 300}));
        assert_eq!(at_once["met"], true, "what is so already is not waited for");
    }
    until_waiting(&env, 0);
}

#[test]
fn a_status_that_was_passed_through_was_met() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ben.item("x");
    let cursor = ben.ok("query_history", json!({"limit": 1}))["cursor"].clone();
    ben.advance(&id, "start");
    ben.advance(&id, "complete");
    let answer = ann.ok("wait_for", json!({"item_id": id, "until": "work", "cursor": cursor}));
    assert_eq!((&answer["met"], &answer["item"]["status"]), (&json!(true), &json!("done")), "{answer}");
}

#[test]
fn a_scheduled_item_is_done_each_time_it_is_completed() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ben.item_with(json!({"title": "nightly", "schedule": "0 3 * * *"}));
    for triggers in [&["complete"][..], &["start", "complete"]] {
        let call = begin(&env, &ann, json!({"item_id": id, "until": "done"}));
        for trigger in triggers {
            ben.advance(&id, trigger);
        }
        let answer = end(&ann, call);
        assert_eq!((&answer["met"], &answer["item"]["status"]), (&json!(true), &json!("queue")), "{answer}");
    }
}

#[test]
fn what_can_not_come_any_more_is_said_at_once() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let (closed, doomed) = (ben.item("closed"), ben.item("doomed"));
    let call = begin(&env, &ann, json!({"item_id": closed, "until": "review"}));
    ben.advance(&closed, "cancel");
    let answer = end(&ann, call);
    assert_eq!((&answer["met"], &answer["item"]["status"]), (&json!(false), &json!("cancelled")), "{answer}");
    assert!(answer["reason"].is_string(), "{answer}");
    let call = begin(&env, &ann, json!({"item_id": doomed, "until": "done"}));
    ben.ok("manage_items", json!({"operation": "delete", "item_id": doomed}));
    let answer = end(&ann, call);
    assert_eq!((&answer["met"], answer.get("item")), (&json!(false), None), "{answer}");
    assert!(answer["reason"].as_str().is_some_and(|why| why.contains("deleted")), "{answer}");
    ann.refused("wait_for", json!({"item_id": doomed, "until": "done"}), "NOT_FOUND");
}

#[test]
fn unblocked_is_met_at_every_threshold() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    for (threshold, triggers) in
        [("work", &["start"][..]), ("review", &["start", "start"]), ("done", &["complete"])]
    {
        let (blocker, waits) = (ben.item("blocker"), ben.item("waits"));
        let edge = json!({"operation": "add", "from_id": blocker, "to_id": waits, "unblock_at": threshold});
        ben.ok("manage_dependencies", edge);
        let call = begin(&env, &ann, json!({"item_id": waits, "until": "unblocked"}));
        triggers.iter().for_each(|trigger| drop(ben.advance(&blocker, trigger)));
        let answer = end(&ann, call);
        assert_eq!((&answer["met"], &answer["item"]["title"]), (&json!(true), &json!("waits")), "{answer}");
    }
}

#[test]
fn unblocked_is_met_however_the_blocker_goes() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    type Way = fn(&McpClient, &McpClient, &str, &str);
    let ways: [(&str, Way); 5] = [
        ("the edge is removed", |ben, _, blocker, waits| {
            ben.ok("manage_dependencies", json!({"operation": "remove", "from_id": blocker, "to_id": waits}));
        }),
        ("the blocker is deleted", |ben, _, blocker, _| {
            ben.ok("manage_items", json!({"operation": "delete", "item_id": blocker}));
        }),
        ("the blocker is cancelled", |ben, _, blocker, _| drop(ben.advance(blocker, "cancel"))),
        ("the blocker's claim is gone over", |ben, ann, blocker, _| {
            ann.advance(blocker, "start");
            ben.ok("advance_item", json!({"item_id": blocker, "trigger": "complete", "force": true}));
        }),
        ("the blocker's tree is completed", |ben, _, blocker, _| {
            let root = ben.item("root");
            ben.update(blocker, json!({"parent_id": root}));
            ben.ok("complete_tree", json!({"parent_id": root}));
        }),
    ];
    for (what, way) in ways {
        let (blocker, other, waits) = (ben.item("blocker"), ben.item("other"), ben.item("waits"));
        ben.blocks(&blocker, &waits);
        ben.blocks(&other, &waits);
        let call = begin(&env, &ann, json!({"item_id": waits, "until": "unblocked"}));
        ben.advance(&other, "complete");
        assert_eq!(waiting(&env), 1, "{what}: one blocker is left");
        way(&ben, &ann, &blocker, &waits);
        assert_eq!(end(&ann, call)["met"], true, "{what}");
    }
    let held = ben.item("held");
    ben.advance(&held, "block");
    let call = begin(&env, &ann, json!({"item_id": held, "until": "unblocked"}));
    ben.advance(&held, "resume");
    assert_eq!(end(&ann, call)["met"], true, "what someone blocked is unblocked by resume");
    let free = ben.item("free");
    assert_eq!(ann.ok("wait_for", json!({"item_id": free, "until": "unblocked"}))["met"], true);
}

#[test]
fn a_cursor_waits_for_any_change_after_it() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ben.item("x");
    let other = ben.item("other");
    let all = ann.ok("wait_for", json!({"cursor": 0}));
    assert_eq!(all["met"], true);
    assert_eq!(all["events"].as_array().map(Vec::len), Some(2), "what is there already: {all}");
    assert_eq!(all["events"][0]["kind"], "item_created", "{all}");
    let cursor = all["cursor"].clone();
    let any = begin(&env, &ann, json!({"cursor": cursor}));
    let of_x = begin(&env, &ann, json!({"item_id": id, "cursor": cursor}));
    let any_of_x = begin(&env, &ann, json!({"item_id": id}));
    ben.note(&other, "k", "b");
    let answer = end(&ann, any);
    assert_eq!(answer["events"][0]["kind"], "note_written", "{answer}");
    assert_eq!(answer["events"][0]["agent"], "ben", "{answer}");
    assert!(answer["cursor"].as_i64() > cursor.as_i64(), "{answer}");
    assert_eq!(waiting(&env), 2, "another item's change ends no wait for this one");
    ben.advance(&id, "start");
    for call in [of_x, any_of_x] {
        let answer = end(&ann, call);
        assert_eq!((&answer["met"], &answer["events"][0]["kind"]), (&json!(true), &json!("status_changed")));
    }
    let after = ann.ok("wait_for", json!({"cursor": answer["cursor"], "timeout_seconds": 0}));
    assert_eq!(after["met"], true, "the start is news to who knows the note: {after}");
    let none = ann.ok("wait_for", json!({"cursor": after["cursor"], "timeout_seconds": 0}));
    assert_eq!(none, json!({"met": false, "events": [], "cursor": after["cursor"]}));
}

#[test]
fn many_changes_come_in_pages() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let items: Vec<Value> = (0..120).map(|n| json!({"title": format!("item {n}")})).collect();
    agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let (mut cursor, mut seen) = (json!(0), 0);
    loop {
        let page = agent.ok("wait_for", json!({"cursor": cursor, "timeout_seconds": 0}));
        seen += page["events"].as_array().map_or(0, Vec::len);
        cursor = page["cursor"].clone();
        if page["met"] == false {
            break;
        }
    }
    assert_eq!(seen, 120);
}

#[test]
fn a_passed_deadline_is_no_refusal() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    for seconds in [0, 1] {
        let begun = Instant::now();
        let answer =
            agent.ok("wait_for", json!({"item_id": id, "until": "done", "timeout_seconds": seconds}));
        assert_eq!((&answer["met"], &answer["item"]["status"]), (&json!(false), &json!("queue")), "{answer}");
        assert!(begun.elapsed() >= Duration::from_secs(seconds), "{:?}", begun.elapsed());
        assert!(begun.elapsed() < SOON + Duration::from_secs(seconds));
    }
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    let refused = |arguments: Value, field: &str| {
        agent.refused("wait_for", arguments, "VALIDATION").names(field).clone()
    };
    refused(json!({}), "item_id");
    refused(json!({"until": "done"}), "item_id");
    refused(json!({"item_id": id, "until": "finished"}), "until").says("unblocked");
    refused(json!({"item_id": id, "until": "done", "timeout_seconds": 301}), "timeout_seconds");
    refused(json!({"item_id": id, "until": "done", "timeout_seconds": -1}), "timeout_seconds");
    agent.refused("wait_for", json!({"item_id": "00000000", "until": "done"}), "NOT_FOUND");
    assert_eq!(
        agent.ok("wait_for", json!({"item_id": id, "until": "queue", "timeout_seconds": 300}))["met"],
        true
    );
    let blank = json!({"item_id": id, "until": "queue", "cursor": "", "timeout_seconds": ""});
    assert_eq!(agent.ok("wait_for", blank)["met"], true, "blank is not given");
}

#[test]
fn a_read_only_session_may_wait() {
    let env = TestEnv::new();
    let id = env.agent("ann").item("x");
    let reader = env.client().tools("read").connect();
    assert_eq!(reader.ok("wait_for", json!({"item_id": id, "until": "queue"}))["met"], true);
}

#[test]
fn whoever_wants_progress_gets_growing_signs_of_it() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ben.item("x");
    let arguments = json!({"item_id": id, "until": "done"});
    let params = json!({"name": "wait_for", "arguments": arguments, "_meta": {"progressToken": "p1"}});
    let call = ann.send("tools/call", params);
    let mut passed = 0.0;
    for _ in 0..3 {
        let sign = ann.message("progress", |m| m["method"] == "notifications/progress");
        assert_eq!(sign["params"]["progressToken"], "p1", "{sign}");
        let progress = sign["params"]["progress"].as_f64().unwrap_or_default();
        assert!(progress > passed, "{sign}");
        passed = progress;
    }
    ben.advance(&id, "complete");
    assert_eq!(end(&ann, call)["met"], true);
}

#[test]
fn a_cancelled_wait_frees_what_it_held() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    let calls: Vec<i64> = (0..40)
        .map(|_| {
            let arguments = json!({"item_id": id, "until": "done", "timeout_seconds": 300});
            agent.send("tools/call", json!({"name": "wait_for", "arguments": arguments}))
        })
        .collect();
    until_waiting(&env, 40);
    for call in calls {
        agent.notify("notifications/cancelled", json!({"requestId": call}));
    }
    until_waiting(&env, 0);
    agent.advance(&id, "complete");

    let other = agent.item("y");
    begin(&env, &agent, json!({"item_id": other, "until": "done", "timeout_seconds": 300}));
    agent.kill();
    until_waiting(&env, 0);
}

#[test]
fn a_wait_goes_on_after_the_daemons_crash_and_ends_when_it_was_to_end() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let (id, never) = (ben.item("x"), ben.item("never"));
    let begun = Instant::now();
    let met = begin(&env, &ann, json!({"item_id": id, "until": "work", "timeout_seconds": 60}));
    let over = begin(&env, &ann, json!({"item_id": never, "until": "done", "timeout_seconds": 4}));
    env.kill_daemon();
    // Into the status and out of it again, perhaps before the waiting shim is back.
    ben.advance(&id, "start");
    ben.advance(&id, "complete");
    let answer = end(&ann, met);
    assert_eq!(answer["met"], true, "{answer}");
    let answer = end(&ann, over);
    assert_eq!(answer["met"], false, "{answer}");
    assert!(begun.elapsed() >= Duration::from_secs(4), "not before its time: {:?}", begun.elapsed());
}

#[test]
fn a_stopping_daemon_lets_waits_go() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    let begun = Instant::now();
    let call = begin(&env, &agent, json!({"item_id": id, "until": "done", "timeout_seconds": 300}));
    assert!(env.cli(&["stop"]).success);
    let answer = end(&agent, call);
    assert_eq!((&answer["met"], &answer["item"]["status"]), (&json!(false), &json!("queue")), "{answer}");
    assert!(answer["reason"].is_string() && answer["cursor"].is_i64(), "{answer}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn a_session_full_of_waits_can_still_bring_about_what_they_wait_for() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    let wait =
        json!({"name": "wait_for", "arguments": {"item_id": id, "until": "done", "timeout_seconds": 300}});
    let calls: Vec<i64> = (0..64).map(|_| agent.send("tools/call", wait.clone())).collect();
    until_waiting(&env, 64);
    let one_more = agent.refused("wait_for", wait["arguments"].clone(), "UNAVAILABLE");
    one_more.says("64 waits of this session");
    agent.advance(&id, "complete");
    for call in calls {
        assert_eq!(end(&agent, call)["met"], true);
    }
}

#[test]
fn five_hundred_wait_at_once_and_are_woken_at_once() {
    let env = TestEnv::new();
    let daemon = Daemon::start(&env, &[]);
    let writer = env.agent("writer");
    let id = writer.item("x");
    let agents: Vec<McpClient> = (0..10).map(|n| env.agent(&format!("agent{n}"))).collect();
    let mut calls = Vec::new();
    for agent in &agents {
        for _ in 0..50 {
            let arguments = json!({"item_id": id, "until": "done", "timeout_seconds": 300});
            calls
                .push((agent, agent.send("tools/call", json!({"name": "wait_for", "arguments": arguments}))));
        }
    }
    until_waiting(&env, 500);
    writer.item("another item's change wakes none");
    writer.advance(&id, "complete");
    for (agent, call) in calls {
        assert_eq!(end(agent, call)["met"], true);
    }
    until_waiting(&env, 0);
    drop(daemon);
}
