//! Subscriptions (`contract.md` §9): whoever watches a resource is told when any session's change touches it, and only then.
//!
//! Silence is shown by a fence: updates come in order, so when the update of a later change is there, one of an earlier change
//! would have been there too.

use e2e::{Lifecycle, McpClient, TestEnv, json};

/// The versions that differ in how a client subscribes.
const BOTH: [Lifecycle; 2] = [Lifecycle::Initialize("2025-11-25"), Lifecycle::Stateless];

fn item(id: &str) -> String {
    format!("task://item/{id}")
}

#[test]
fn one_watches_and_another_writes() {
    let env = TestEnv::new();
    for lifecycle in Lifecycle::ALL {
        let (reader, writer) = (env.client().speaking(lifecycle).connect(), env.connect());
        let id = writer.item("x");
        reader.watch(&["task://context", &item(&id)]);
        writer.update(&id, json!({"title": "y"}));
        reader.updated("task://context");
        reader.updated(&item(&id));
        assert_eq!(reader.read_json(&item(&id))["item"]["title"], "y", "{lifecycle:?}");
    }
}

#[test]
fn everything_that_belongs_to_an_item_touches_it() {
    let env = TestEnv::new();
    for lifecycle in BOTH {
        let (reader, writer) = (env.client().speaking(lifecycle).connect(), env.agent("ann"));
        let (id, other) = (writer.item("x"), writer.item("other"));
        let watched = item(&id);
        reader.watch(&[&watched]);
        let changes: [&dyn Fn(&McpClient); 7] = [
            &|w| drop(w.note(&id, "plan", "words")),
            &|w| drop(w.blocks(&other, &id)),
            &|w| drop(w.create(json!({"title": "child", "parent_id": id}))),
            &|w| drop(w.advance(&other, "complete")),
            &|w| drop(w.ok("claim_item", json!({"operation": "claim", "item_id": id}))),
            &|w| drop(w.advance(&id, "start")),
            &|w| drop(w.ok("manage_items", json!({"operation": "delete", "item_id": id, "recursive": true}))),
        ];
        for change in changes {
            change(&writer);
            reader.updated(&watched);
        }
        assert_eq!(reader.rpc_error("resources/read", json!({"uri": watched}))["data"]["code"], "NOT_FOUND");
    }
}

#[test]
fn what_an_item_shows_of_others_touches_it() {
    let env = TestEnv::with_config("work_item_schemas:\n  task: {notes: [{key: plan, required: true}]}\n");
    for (round, lifecycle) in BOTH.into_iter().enumerate() {
        let (reader, writer) = (env.client().speaking(lifecycle).connect(), env.agent("ann"));
        let (root, blocker) = (writer.item("root"), writer.item("blocker"));
        let under = |title: &str, parent: &str, kind: &str| {
            let fields = json!({"title": title, "parent_id": parent, "item_type": kind});
            writer.create(fields)["id"].as_str().expect("an id").to_owned()
        };
        let parent = under("parent", &root, "");
        let id = under("x", &parent, "task");
        let child = under("child", &id, "");
        writer.blocks(&blocker, &id);
        let watched = item(&id);
        reader.watch(&[&watched]);
        let claims = |w: &McpClient, operation| {
            drop(w.ok("claim_item", json!({"operation": operation, "item_id": child})))
        };
        let changes: [&dyn Fn(&McpClient); 10] = [
            &|w| drop(w.update(&parent, json!({"title": "the parent"}))),
            &|w| drop(w.update(&root, json!({"title": "the root"}))),
            &|w| drop(w.update(&blocker, json!({"title": "the blocker"}))),
            &|w| drop(w.advance(&blocker, "start")),
            &|w| drop(w.advance(&blocker, "complete")),
            &|w| drop(w.advance(&blocker, "reopen")),
            &|w| claims(w, "claim"),
            &|w| claims(w, "release"),
            &|w| {
                drop(w.ok(
                    "manage_items",
                    json!({"operation": "update", "item_id": parent, "clear": ["parent_id"]}),
                ))
            },
            &|_| {
                env.write_config(&format!(
                "work_item_schemas:\n  task: {{notes: [{{key: plan, required: true, guidance: round {round}}}]}}\n"
            ))
            },
        ];
        for (at, change) in changes.iter().enumerate() {
            let before = reader.read(&watched);
            change(&writer);
            reader.updated(&watched);
            assert_ne!(reader.read(&watched), before, "change {at}");
        }
        // What it does not show: the rest of those, and the old ancestors.
        writer.note(&parent, "plan", "words");
        writer.update(&blocker, json!({"description": "words"}));
        writer.update(&root, json!({"title": "a root"}));
        let other = writer.item("other");
        reader.watch(&[&item(&other)]);
        writer.update(&other, json!({"title": "a fence"}));
        reader.updated(&item(&other));
        assert_eq!(reader.updates_so_far(), [] as [String; 0], "{lifecycle:?}");
    }
}

#[test]
fn notes_touch_no_list() {
    let env = TestEnv::new();
    let (reader, writer) = (env.connect(), env.connect());
    let id = writer.item("x");
    reader.watch(&["task://context", "task://next", &item(&id)]);
    writer.note(&id, "plan", "words");
    reader.updated(&item(&id));
    assert_eq!(reader.updates_so_far(), [] as [String; 0]);
    writer.update(&id, json!({"title": "y"}));
    reader.updated("task://context");
    reader.updated("task://next");
}

#[test]
fn what_is_not_watched_or_not_touched_stays_silent() {
    let env = TestEnv::new();
    for lifecycle in BOTH {
        let (reader, writer) = (env.client().speaking(lifecycle).connect(), env.connect());
        let (a, b) = (writer.item("a"), writer.item("b"));
        reader.watch(&[&item(&a), &item(&b)]);
        writer.item("c");
        writer.update(&a, json!({"title": "aa"}));
        writer.update(&b, json!({"title": "bb"}));
        reader.updated(&item(&b));
        reader.updated(&item(&a));
        writer.item("d");
        writer.update(&b, json!({"title": "bbb"}));
        reader.updated(&item(&b));
        assert_eq!(reader.updates_so_far(), [] as [String; 0], "{lifecycle:?}");
    }
}

#[test]
fn what_was_before_a_subscription_is_not_told() {
    let env = TestEnv::new();
    for lifecycle in BOTH {
        let (reader, writer) = (env.client().speaking(lifecycle).connect(), env.connect());
        let (a, b) = (writer.item("a"), writer.item("b"));
        reader.watch(&[&item(&a)]);
        writer.update(&b, json!({"title": "before"}));
        reader.watch(&["task://context", &item(&b)]);
        writer.update(&a, json!({"title": "after"}));
        reader.updated(&item(&a));
        reader.updated("task://context");
        assert_eq!(reader.updates_so_far(), [] as [String; 0], "{lifecycle:?}");
    }
}

#[test]
fn an_unsubscribed_client_hears_no_more() {
    let env = TestEnv::new();
    let (reader, writer) = (env.connect(), env.connect());
    let (a, b) = (writer.item("a"), writer.item("b"));
    reader.watch(&[&item(&a), &item(&b)]);
    reader.rpc("resources/unsubscribe", json!({"uri": item(&a)}));
    writer.update(&a, json!({"title": "aa"}));
    writer.update(&b, json!({"title": "bb"}));
    reader.updated(&item(&b));
    assert_eq!(reader.updates_so_far(), [] as [String; 0]);
}

#[test]
fn a_cancelled_stream_hears_no_more_and_others_go_on() {
    let env = TestEnv::new();
    let (reader, writer) = (env.client().speaking(Lifecycle::Stateless).connect(), env.connect());
    let (a, b) = (writer.item("a"), writer.item("b"));
    let first =
        reader.send("subscriptions/listen", json!({"notifications": {"resourceSubscriptions": [item(&a)]}}));
    reader.notified("notifications/subscriptions/acknowledged");
    reader.watch(&[&item(&b)]);
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": first}});
    reader.raw_line(cancel.to_string().as_bytes());
    // Answered behind the cancellation, which rmcp takes in order.
    reader.rpc("tools/list", json!({}));
    writer.update(&a, json!({"title": "aa"}));
    writer.update(&b, json!({"title": "bb"}));
    reader.updated(&item(&b));
    assert_eq!(reader.updates_so_far(), [] as [String; 0]);
}

#[test]
fn each_stream_is_told_what_it_asked_for() {
    let env = TestEnv::new();
    let (reader, writer) = (env.client().speaking(Lifecycle::Stateless).connect(), env.connect());
    let id = writer.item("x");
    let accepted = reader
        .listen(json!({"resourceSubscriptions": [item(&id), "task://item/ffffffff", "task://nothing"]}));
    assert_eq!(accepted["resourceSubscriptions"], json!([item(&id)]), "what is not there is left out");
    let second =
        reader.send("subscriptions/listen", json!({"notifications": {"resourceSubscriptions": [item(&id)]}}));
    reader.notified("notifications/subscriptions/acknowledged");
    writer.update(&id, json!({"title": "y"}));
    let ids: Vec<_> = (0..2)
        .map(|_| reader.notified("notifications/resources/updated")["_meta"]["io.modelcontextprotocol/subscriptionId"].clone())
        .collect();
    assert!(ids.contains(&json!(second)) && ids[0] != ids[1], "one for each stream: {ids:?}");
}

#[test]
fn what_is_not_there_cannot_be_subscribed_to() {
    let env = TestEnv::new();
    let agent = env.connect();
    for uri in ["task://item/ffffffff", "task://nothing"] {
        let error = agent.rpc_error("resources/subscribe", json!({ "uri": uri }));
        assert_eq!(
            (&error["code"], &error["data"]["code"]),
            (&json!(-32_002), &json!("NOT_FOUND")),
            "{error}"
        );
    }
}

#[test]
fn subscriptions_have_a_bound() {
    let env = TestEnv::new();
    let agent = env.full();
    let items: Vec<_> = (0..257).map(|n| json!({"title": format!("item {n}")})).collect();
    let made = agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let ids: Vec<_> = made["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|row| row["id"].as_str().unwrap_or_default())
        .collect();
    for id in &ids[..256] {
        agent.rpc("resources/subscribe", json!({"uri": item(id)}));
    }
    let error = agent.rpc_error("resources/subscribe", json!({"uri": item(ids[256])}));
    assert!(error["message"].as_str().is_some_and(|text| text.contains("256")), "{error}");
    agent.rpc("resources/unsubscribe", json!({"uri": item(ids[0])}));
    agent.rpc("resources/subscribe", json!({"uri": item(ids[256])}));
    env.connect().update(ids[256], json!({"title": "watched"}));
    agent.updated(&item(ids[256]));
}

#[test]
fn a_burst_is_a_few_updates_and_the_last_is_not_lost() {
    let env = TestEnv::new();
    for lifecycle in BOTH {
        let (reader, writer) = (env.client().speaking(lifecycle).connect(), env.connect());
        let id = writer.item("x");
        reader.watch(&[&item(&id)]);
        let calls: Vec<_> = (1..=200)
            .map(|n| {
                let arguments = json!({"operation": "update", "item_id": id, "title": format!("{n}")});
                writer.send("tools/call", json!({"name": "manage_items", "arguments": arguments}))
            })
            .collect();
        for call in calls {
            writer.receive(call);
        }
        let last = writer.get(&id)["version"].clone();
        let mut updates = 0;
        while reader.read_json(&item(&id))["item"]["version"] != last || updates == 0 {
            reader.updated(&item(&id));
            updates += 1;
        }
        updates += reader.updates_so_far().len();
        assert!(updates < 100, "200 writes are a few updates, got {updates} under {lifecycle:?}");
    }
}

#[test]
fn many_changes_in_one_call_are_one_update() {
    let env = TestEnv::new();
    let (reader, writer) = (env.connect(), env.connect());
    let id = writer.item("x");
    reader.watch(&["task://context", &item(&id)]);
    let items: Vec<_> = (0..1_000).map(|n| json!({"title": format!("item {n}"), "parent_id": id})).collect();
    writer.ok("manage_items", json!({"operation": "create", "items": items}));
    reader.updated("task://context");
    reader.updated(&item(&id));
    writer.update(&id, json!({"title": "fence"}));
    reader.updated("task://context");
    reader.updated(&item(&id));
    assert_eq!(reader.updates_so_far(), [] as [String; 0]);
}

#[test]
fn sessions_and_claims_touch_the_agents() {
    let env = TestEnv::new();
    let reader = env.connect();
    reader.watch(&["task://agents"]);
    let other = env.agent("ben");
    // A session is there from its first word to the daemon on.
    let id = other.item("x");
    reader.updated("task://agents");
    other.advance(&id, "start");
    reader.updated("task://agents");
    assert!(reader.read("task://agents").contains("ben"));
    other.update(&id, json!({"title": "renamed"}));
    reader.updated("task://agents");
    assert!(reader.read("task://agents").contains("renamed"), "a claim shows its item's title");
    other.end();
    while reader.read("task://agents").contains("\"ben\"") {
        reader.updated("task://agents");
    }
}

#[test]
fn configuration_touches_config_and_the_catalogue() {
    let env = TestEnv::new();
    let (old, new) = (env.connect(), env.client().speaking(Lifecycle::Stateless).connect());
    old.watch(&["task://config"]);
    new.listen(json!({"resourceSubscriptions": ["task://config"], "toolsListChanged": true}));
    env.write_config("work_item_schemas:\n  bug: {notes: []}\n  chore: {notes: []}\n");
    for agent in [&old, &new] {
        agent.updated("task://config");
        agent.notified("notifications/tools/list_changed");
        let tools = agent.list_tools();
        let manage = tools.iter().find(|tool| tool["name"] == "manage_items").expect("manage_items");
        let says =
            manage["inputSchema"]["properties"]["item_type"]["description"].as_str().unwrap_or_default();
        assert!(says.contains("bug, chore"), "{says}");
    }
    env.write_config("work_item_schemas:\n  bug: {notes: []}\n  chore: {notes: []}\nstale: {queue: 1d}\n");
    for agent in [&old, &new] {
        agent.updated("task://config");
    }
    let lists = |agent: &McpClient| agent.notices("notifications/tools/list_changed").len();
    assert_eq!((lists(&old), lists(&new)), (0, 0), "no schema came or went");
}

#[test]
fn a_subscription_outlives_the_daemon() {
    let env = TestEnv::new();
    for lifecycle in BOTH {
        let (reader, writer) = (env.client().speaking(lifecycle).connect(), env.connect());
        let id = writer.item("x");
        reader.watch(&[&item(&id), "task://next"]);
        env.kill_daemon();
        writer.update(&id, json!({"title": "after the restart"}));
        // Told again rather than not at all: nobody knows what happened between two daemons.
        while reader.read_json(&item(&id))["item"]["title"] != "after the restart" {
            reader.updated(&item(&id));
        }
        reader.updated("task://next");
        let fence = writer.item("fence");
        reader.watch(&[&item(&fence)]);
        writer.update(&fence, json!({"title": "the fence"}));
        reader.updated(&item(&fence));
        reader.updates_so_far();
        writer.update(&id, json!({"title": "later"}));
        reader.updated(&item(&id));
    }
}

#[test]
fn an_update_comes_soon() {
    let env = TestEnv::new();
    let (reader, writer) = (env.connect(), env.connect());
    let id = writer.item("x");
    reader.watch(&[&item(&id)]);
    let mut waits: Vec<_> = (0..21)
        .map(|n| {
            writer.update(&id, json!({"title": format!("{n}")}));
            let answered = std::time::Instant::now();
            reader.updated(&item(&id));
            answered.elapsed()
        })
        .collect();
    waits.sort();
    // Back to back, every wait but the first includes the moment in which changes are gathered: at most 50 ms.
    assert!(waits[10] < std::time::Duration::from_millis(250), "the median wait was {:?}", waits[10]);
}
