//! Many agents take work from one graph at the same time (`contract.md` §7): N agents, N different items, always.

use std::collections::BTreeMap;
use std::sync::Mutex;

use e2e::{TestEnv, Value, json};

/// As many shims, each a process of its own.
const AGENTS: usize = 32;
const ITEMS: usize = 1_000;

#[test]
fn thirty_two_agents_take_each_of_a_thousand_items_once() {
    let env = TestEnv::new();
    let owner = env.agent("owner");
    let items: Vec<Value> = (0..ITEMS).map(|n| json!({"title": format!("item {n}")})).collect();
    assert_eq!(owner.ok("manage_items", json!({"operation": "create", "items": items}))["created"], ITEMS);

    let taken = Mutex::new(BTreeMap::<String, Vec<usize>>::new());
    std::thread::scope(|scope| {
        for number in 0..AGENTS {
            let (env, taken) = (&env, &taken);
            scope.spawn(move || {
                let agent = env.agent(&format!("agent{number}"));
                loop {
                    let item = agent.ok("get_next_item", json!({"claim": true}));
                    let Some(id) = item["id"].as_str() else {
                        assert_eq!(item["message"], "No actionable items", "{item}");
                        return;
                    };
                    assert_eq!(item["claimed_by"], format!("agent{number}"), "{item}");
                    taken.lock().expect("the list").entry(id.to_owned()).or_default().push(number);
                    let done = agent.ok("advance_item", json!({"item_id": id, "trigger": "complete"}));
                    assert_eq!(done["status"], "done", "{done}");
                }
            });
        }
    });

    let taken = taken.into_inner().expect("the list");
    let twice: Vec<_> = taken.iter().filter(|(_, agents)| agents.len() > 1).collect();
    assert!(twice.is_empty(), "taken twice: {twice:?}");
    assert_eq!(taken.len(), ITEMS, "every item was taken");
    let left = owner.ok("query_items", json!({"operation": "list", "status": "done", "limit": 1}));
    assert_eq!(left["total"], ITEMS, "every item is done");
    assert_eq!(owner.ok("claim_item", json!({"operation": "list"}))["total"], 0, "no claim is left");
}

#[test]
fn parallel_subagents_of_one_session_get_different_items() {
    let env = TestEnv::new();
    let session = env.agent("ann");
    let items: Vec<Value> = (0..40).map(|n| json!({"title": format!("item {n}")})).collect();
    session.ok("manage_items", json!({"operation": "create", "items": items}));
    let calls: Vec<i64> = (0..40)
        .map(|n| {
            let arguments = json!({"claim": true, "agent": format!("sub{n}")});
            session.send("tools/call", json!({"name": "get_next_item", "arguments": arguments}))
        })
        .collect();
    let mut got: Vec<String> = calls
        .into_iter()
        .map(|call| {
            let item = e2e::Answer::read(session.receive(call)["result"].clone()).ok("get_next_item");
            item["id"].as_str().unwrap_or_else(|| panic!("no item: {item}")).to_owned()
        })
        .collect();
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 40, "forty subagents, forty items");
    let none = session.ok("get_next_item", json!({"claim": true, "agent": "late"}));
    assert_eq!(none, json!({"item": null, "message": "No actionable items"}));
}

#[test]
fn several_at_once_are_several_claims() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    for n in 0..5 {
        ann.item(&format!("item {n}"));
    }
    let three = ann.ok("get_next_item", json!({"claim": true, "limit": 3}));
    assert_eq!(e2e::titles(&three["items"]), ["item 0", "item 1", "item 2"]);
    let rest = ben.ok("get_next_item", json!({"claim": true, "limit": 3}));
    assert_eq!(e2e::titles(&rest["items"]), ["item 3", "item 4"]);
    assert_eq!(
        ann.ok("get_next_item", json!({"claim": true}))["item"],
        Value::Null,
        "its own are skipped too"
    );
    let offered = ann.ok("get_next_item", json!({}));
    assert_eq!(offered["title"], "item 0", "without claim, its own are offered: {offered}");
}
