//! What is answered twice happens once (`contract.md` §7, `daemon.md` rules 13 and 15): daemons and shims that die in the middle
//! of calls, callers that repeat themselves, callers that change their mind.

use e2e::{Answer, Daemon, McpClient, TestEnv, Value, eventually, ids, json, keys};

/// Every kind of write: what it needs, the call, and what it leaves in the history.
struct Write {
    name: &'static str,
    before: fn(&McpClient) -> Value,
    call: fn(&Value) -> (&'static str, Value),
    kinds: &'static [&'static str],
}

fn nothing(_: &McpClient) -> Value {
    Value::Null
}

fn an_item(agent: &McpClient) -> Value {
    json!([agent.item("one")])
}

fn two_items(agent: &McpClient) -> Value {
    json!([agent.item("one"), agent.item("two")])
}

fn a_started_item(agent: &McpClient) -> Value {
    let id = agent.item("one");
    agent.advance(&id, "start");
    json!([id])
}

const WRITES: [Write; 12] = [
    Write {
        name: "create",
        before: nothing,
        call: |_| ("manage_items", json!({"operation": "create", "title": "x"})),
        kinds: &["item_created"],
    },
    Write {
        name: "batch",
        before: nothing,
        call: |_| ("manage_items", json!({"operation": "create", "items": [{"title": "a"}, {"title": "b"}]})),
        kinds: &["item_created", "item_created"],
    },
    Write {
        name: "update",
        before: an_item,
        call: |made| ("manage_items", json!({"operation": "update", "item_id": made[0], "title": "y"})),
        kinds: &["item_updated"],
    },
    Write {
        name: "delete",
        before: an_item,
        call: |made| ("manage_items", json!({"operation": "delete", "item_id": made[0]})),
        kinds: &["item_deleted"],
    },
    Write {
        name: "tree",
        before: nothing,
        call: |_| {
            let children = json!([{"ref": "a", "title": "a"}, {"ref": "b", "title": "b"}]);
            let deps = json!([{"from": "a", "to": "b"}]);
            ("create_work_tree", json!({"root_title": "r", "children": children, "deps": deps}))
        },
        kinds: &["item_created", "item_created", "item_created", "dependency_added"],
    },
    Write {
        name: "start",
        before: an_item,
        call: |made| ("advance_item", json!({"item_id": made[0], "trigger": "start"})),
        kinds: &["status_changed", "claim_taken"],
    },
    Write {
        name: "start of what is in work already",
        before: a_started_item,
        call: |made| ("advance_item", json!({"item_id": made[0], "trigger": "start"})),
        kinds: &["status_changed", "claim_ended"],
    },
    Write {
        name: "note",
        before: an_item,
        call: |made| {
            ("manage_notes", json!({"operation": "upsert", "item_id": made[0], "key": "k", "body": "b"}))
        },
        kinds: &["note_written"],
    },
    Write {
        name: "edge",
        before: two_items,
        call: |made| {
            ("manage_dependencies", json!({"operation": "add", "from_id": made[0], "to_id": made[1]}))
        },
        kinds: &["dependency_added"],
    },
    Write {
        name: "next",
        before: an_item,
        call: |_| ("get_next_item", json!({"claim": true})),
        kinds: &["claim_taken"],
    },
    Write {
        name: "claim",
        before: nothing,
        call: |_| ("claim_item", json!({"operation": "claim", "resource": "file:a", "ttl_seconds": 500})),
        kinds: &["claim_taken"],
    },
    Write {
        name: "release",
        before: a_started_item,
        call: |made| ("claim_item", json!({"operation": "release", "item_id": made[0]})),
        kinds: &["claim_ended"],
    },
];

/// The kinds of ann's changes after a cursor, without what a new daemon does to sessions' claims.
fn kinds_after(agent: &McpClient, cursor: &Value) -> Vec<String> {
    let history = agent.ok("query_history", json!({"cursor": cursor, "agent": "ann", "limit": 500}));
    let rows = history["items"].as_array().cloned().unwrap_or_default();
    let kinds = rows.iter().map(|row| row["kind"].as_str().unwrap_or_default().to_owned());
    kinds.filter(|kind| kind != "claim_changed").collect()
}

fn cursor(agent: &McpClient) -> Value {
    agent.ok("query_history", json!({"limit": 1}))["cursor"].clone()
}

/// Makes the next daemon die at a point of its first write, in the middle of every kind of write.
fn every_write_with_a_daemon_that_dies(fault: &str) {
    for write in &WRITES {
        let env = TestEnv::new();
        let agent = env.agent("ann");
        let made = (write.before)(&agent);
        let from = cursor(&agent);
        assert!(env.cli(&["stop"]).success, "{}", write.name);
        let dying = Daemon::that_dies(&env, fault);
        let (tool, arguments) = (write.call)(&made);
        let answer = agent.ok(tool, arguments);
        dying.ended();
        assert_eq!(kinds_after(&agent, &from), write.kinds, "{}: {answer}", write.name);
        assert_eq!(env.daemon_pids().len(), 1, "{}", write.name);
    }
}

#[test]
fn a_daemon_that_dies_between_commit_and_answer_has_done_it_once() {
    every_write_with_a_daemon_that_dies("after-commit:1");
}

#[test]
fn a_daemon_that_dies_before_the_commit_has_done_nothing() {
    every_write_with_a_daemon_that_dies("before-commit:1");
}

#[test]
fn the_answer_after_the_crash_is_the_first_one() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    agent.item("one");
    assert!(env.cli(&["stop"]).success);
    let dying = Daemon::that_dies(&env, "after-commit:1");
    let next = agent.ok("get_next_item", json!({"claim": true}));
    dying.ended();
    assert_eq!(next["title"], "one", "made anew, it would have found nothing: {next}");
    let claims = agent.ok("claim_item", json!({"operation": "list"}));
    assert_eq!((&claims["total"], &claims["items"][0]["agent"]), (&json!(1), &json!("ann")), "{claims}");
}

#[test]
fn whatever_is_in_flight_when_the_daemon_dies_is_answered() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    for _ in 0..3 {
        let tool = |name: &str, arguments: Value| {
            agent.send("tools/call", json!({"name": name, "arguments": arguments}))
        };
        let calls = [
            tool("get_context", json!({})),
            tool("query_items", json!({"operation": "list"})),
            tool("manage_notes", json!({"operation": "upsert", "item_id": id, "key": "k", "body": "b"})),
            tool("manage_items", json!({"operation": "create", "title": "new"})),
            tool("wait_for", json!({"item_id": id, "until": "review", "timeout_seconds": 1})),
            tool("get_next_status", json!({"item_id": id, "trigger": "start"})),
            agent.send("tools/list", json!({})),
            agent.send("prompts/list", json!({})),
        ];
        env.kill_daemon();
        for call in calls {
            let answer = agent.receive(call);
            assert!(answer.get("error").is_none() && answer["result"]["isError"] != true, "{answer}");
        }
    }
    assert_eq!(agent.total(), 4, "one item, and one for each round");
}

#[test]
fn a_shim_that_dies_in_the_middle_leaves_its_call_whole_or_undone() {
    let env = TestEnv::new();
    let watcher = env.agent("watcher");
    watcher.total();
    let items: Vec<Value> = (0..50).map(|n| json!({"title": format!("item {n}")})).collect();
    let call = json!({"name": "manage_items", "arguments": {"operation": "create", "items": items}});
    for round in 0..8 {
        let agent = env.agent("ann");
        let read = agent.send("tools/call", json!({"name": "get_context", "arguments": {}}));
        // In some rounds the connection is there already, in others it is only being made.
        if round % 2 == 0 {
            agent.receive(read);
        }
        agent.send("tools/call", call.clone());
        agent.kill();
    }
    eventually("the end of the sessions", || match watcher.ok("list_agents", json!({}))["total"].as_u64() {
        Some(1) => Ok(()),
        more => Err(format!("{more:?} are connected")),
    });
    assert_eq!(watcher.total() % 50, 0, "every batch is whole");
}

#[test]
fn the_same_request_id_is_the_same_call() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let call = |id: &str, title: &str| json!({"operation": "create", "title": title, "request_id": id});
    let first = ann.ok("manage_items", call("r1", "x"));
    assert_eq!(ann.ok("manage_items", call("r1", "x")), first);
    let turned = json!({"request_id": "r1", "title": "x", "operation": "create"});
    assert_eq!(ann.ok("manage_items", turned), first, "the order of the fields says nothing");
    ann.refused("manage_items", call("r1", "y"), "CONFLICT").names("request_id").says("'r1'");
    let elsewhere =
        json!({"operation": "upsert", "item_id": first["id"], "key": "k", "body": "b", "request_id": "r1"});
    ann.refused("manage_notes", elsewhere, "CONFLICT").names("request_id");
    assert_ne!(ben.ok("manage_items", call("r1", "x"))["id"], first["id"], "another agent's is another");
    let sub = json!({"operation": "create", "title": "z", "request_id": "r1", "agent": "tests"});
    assert_eq!(ann.ok("manage_items", sub)["title"], "z", "a subagent's is another");
    env.kill_daemon();
    assert_eq!(ann.ok("manage_items", call("r1", "x")), first, "it outlives the daemon");
    ann.end();
    assert_eq!(env.agent("ann").ok("manage_items", call("r1", "x")), first, "and the session");
    assert_eq!(ben.total(), 3);
}

#[test]
fn a_batch_with_a_request_id_is_made_once_with_all_that_failed() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let call = json!({"operation": "create", "request_id": "r", "items": [{"title": "a"}, {"title": ""}, {"title": "b"}]});
    let first = agent.ok("manage_items", call.clone());
    assert_eq!((&first["created"], &first["failed"]), (&json!(2), &json!(1)));
    let again = agent.ok("manage_items", call);
    assert_eq!((ids(&again["items"]), keys(&again)), (ids(&first["items"]), keys(&first)));
    assert_eq!(agent.total(), 2);
}

#[test]
fn a_refusal_is_decided_anew() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let (a, b) = (agent.item("a"), agent.item("b"));
    agent.blocks(&a, &b);
    let call = json!({"item_id": b, "trigger": "start", "request_id": "r"});
    agent.refused("advance_item", call.clone(), "DEPENDENCY_UNSATISFIED");
    agent.advance(&a, "complete");
    assert_eq!(agent.ok("advance_item", call.clone())["status"], "work");
    assert_eq!(agent.ok("advance_item", call)["status"], "work", "and from then on answered alike");
}

#[test]
fn a_write_that_is_cancelled_in_the_middle_is_whole() {
    for write in &WRITES {
        let env = TestEnv::new();
        let (agent, other) = (env.agent("ann"), env.agent("ben"));
        let made = (write.before)(&agent);
        let from = cursor(&agent);
        // A shim that is only just connecting would start a daemon of its own.
        other.total();
        assert!(env.cli(&["stop"]).success, "{}", write.name);
        let (_daemon, gate) = Daemon::with_gate(&env);
        agent.total();
        other.total();
        gate.close();
        let (tool, mut arguments) = (write.call)(&made);
        arguments["request_id"] = json!("r");
        let call = agent.send("tools/call", json!({"name": tool, "arguments": arguments}));
        gate.holds_one();
        // Behind it waits another's, which has not begun.
        let batch = json!({"operation": "create", "items": [{"title": "c"}, {"title": "d"}]});
        let behind = other.send("tools/call", json!({"name": "manage_items", "arguments": batch}));
        for (client, id) in [(&agent, call), (&other, behind)] {
            client.notify("notifications/cancelled", json!({"requestId": id, "reason": "changed its mind"}));
            // Reads wait for no writer; this one is answered behind the cancellation.
            client.total();
        }
        gate.open();
        eventually("the whole write", || match kinds_after(&agent, &from) {
            kinds if kinds == write.kinds => Ok(()),
            kinds => Err(format!("{}: {kinds:?}", write.name)),
        });
        agent.ok(tool, arguments);
        assert_eq!(kinds_after(&agent, &from), write.kinds, "{}: asked again, it is answered", write.name);
        let queued = agent.ok("query_history", json!({"cursor": from, "agent": "ben"}))["items"].clone();
        assert!(matches!(queued.as_array().map(Vec::len), Some(0 | 2)), "{}: {queued}", write.name);
        for (client, id) in [(&agent, call), (&other, behind)] {
            let answers = client.came(|message| message["id"] == id);
            assert_eq!(answers, [Value::Null; 0], "{}: what is cancelled is not answered", write.name);
        }
    }
}

#[test]
fn a_shim_that_dies_in_the_middle_of_a_claim_does_not_hold_it_for_ever() {
    let env = TestEnv::new();
    let watcher = env.agent("watcher");
    watcher.item("x");
    assert!(env.cli(&["stop"]).success);
    let (_daemon, gate) = Daemon::with_gate(&env);
    let agent = env.agent("ann");
    agent.total();
    watcher.total();
    gate.close();
    agent.send("tools/call", json!({"name": "get_next_item", "arguments": {"claim": true}}));
    gate.holds_one();
    agent.kill();
    gate.open();
    eventually("a claim that ends", || {
        let claims = watcher.ok("claim_item", json!({"operation": "list"}))["items"].clone();
        let ends = claims[0]["ends"].as_str().unwrap_or_default();
        if ends.starts_with("20") { Ok(()) } else { Err(claims.to_string()) }
    });
    let back = env.agent("ann").ok("claim_item", json!({"operation": "list", "mine": true}));
    assert_eq!(back["total"], 1, "the next session of the same agent has it: {back}");
}

#[test]
fn the_calls_of_a_person_are_kept_apart_from_agents() {
    let env = TestEnv::new();
    let call = ["call", "manage_items", "operation=create", "title=x", "request_id=r"];
    let (first, again) = (env.cli(&call), env.cli(&call));
    assert!(first.success && again.success, "{first:?} {again:?}");
    assert_eq!(first.stdout, again.stdout, "a person's request_id counts over several commands");
    let agent = env.agent("ann");
    let other = agent.ok("manage_items", json!({"operation": "create", "title": "y", "request_id": "r"}));
    assert_eq!(other["title"], "y");
    let answer = Answer::read(
        agent.rpc("tools/call", json!({"name": "query_items", "arguments": {"operation": "list"}})),
    );
    assert_eq!(answer.doc["total"], 2);
}
