//! Claims as far as the workflow needs them (`contract.md` §4, §7): a start claims, the holder is named, a claim ends
//! with its session after the grace.

use e2e::{TestEnv, eventually, json};

fn start(id: &str) -> e2e::Value {
    json!({"item_id": id, "trigger": "start"})
}

#[test]
fn a_second_agents_start_is_refused_naming_the_holder() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    assert_eq!(ann.advance(&id, "start")["status"], "work");
    let refusal = ben.refused("advance_item", start(&id), "CONFLICT");
    refusal.says("ann");
    assert!(refusal.details.to_string().contains("ann"), "the holder is in the details: {refusal:?}");
    assert_eq!(ben.status(&id), "work", "and it is no silent step to review");

    let preview = ben.ok("get_next_status", start(&id));
    assert_eq!(preview["can_advance"], false, "{preview}");
    assert!(preview.to_string().contains("ann"), "the preview names the holder: {preview}");
}

#[test]
fn others_may_not_change_a_claimed_item_but_may_note_it() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.advance(&id, "start");
    for trigger in ["complete", "block", "cancel"] {
        ben.refused("advance_item", json!({"item_id": id, "trigger": trigger}), "CONFLICT").says("ann");
    }
    ben.refused("manage_items", json!({"operation": "update", "item_id": id, "title": "y"}), "CONFLICT")
        .says("ann");
    ben.refused("manage_items", json!({"operation": "delete", "item_id": id}), "CONFLICT").says("ann");
    ben.note(&id, "hint", "look there");
    assert_eq!(ann.get(&id)["title"], "x");
    let row = ben.ok("advance_item", json!({"item_id": id, "trigger": "complete", "force": true}));
    assert_eq!(row["status"], "done", "force overrides: {row}");
}

#[test]
fn replacing_the_graph_deletes_what_others_hold_only_by_force() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let (below, held) = (ben.item("b"), ann.item("x"));
    ann.update(&held, json!({"parent_id": below}));
    ann.advance(&held, "start");
    let saved = ben.ok("manage_checkpoints", json!({"operation": "create"}))["created"].clone();
    let calls = [
        ("import_graph", json!({"data": {"items": []}, "mode": "replace"})),
        ("manage_checkpoints", json!({"operation": "restore", "path": saved})),
    ];
    for (tool, call) in &calls {
        let refusal = ben.refused(tool, call.clone(), "CONFLICT");
        refusal.says("ann").says("force=true");
        assert!(refusal.details.to_string().contains("ann"), "the holder is in the details: {refusal:?}");
        assert_eq!(ben.get(&held)["claimed_by"], "ann", "nothing has changed");
        let found = ben.ok("query_items", json!({"operation": "list", "search": "x"}));
        assert_eq!(found["total"], 1, "and it is found: {found}");
    }
    let typed = env.cli(&["import", saved.as_str().unwrap_or_default(), "--mode", "replace"]);
    assert!(!typed.success && typed.stderr.contains("ann"), "{} {}", typed.stdout, typed.stderr);

    ann.ok(calls[1].0, calls[1].1.clone());
    assert_eq!(ben.get(&held)["status"], "work", "one's own claims are in nobody's way");
    ann.ok("claim_item", json!({"operation": "claim", "item_id": held}));
    let mut forced = calls[1].1.clone();
    forced["force"] = json!(true);
    ben.ok(calls[1].0, forced);
    let ended = ben.ok("query_history", json!({"kind": "claim_ended", "limit": 1}));
    assert_eq!(ended["items"][0]["why"], "forced", "and it is recorded: {ended}");
    ann.ok("claim_item", json!({"operation": "claim", "item_id": held}));
    let typed = env.cli(&["import", saved.as_str().unwrap_or_default(), "--mode", "replace", "--force"]);
    assert!(typed.success, "{} {}", typed.stdout, typed.stderr);
}

#[test]
fn review_frees_the_item_for_a_reviewer() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.advance(&id, "start");
    ann.advance(&id, "start");
    assert_eq!(ben.get(&id).get("claimed_by"), None, "entering review releases");
    assert_eq!(ben.advance(&id, "start")["status"], "done", "start from review claims nothing");
}

#[test]
fn blocked_frees_the_item_and_resume_claims_it() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.advance(&id, "start");
    ann.advance(&id, "block");
    assert_eq!(ben.advance(&id, "resume")["status"], "work");
    ann.refused("advance_item", start(&id), "CONFLICT").says("ben");
}

#[test]
fn a_claim_outlives_its_session_by_the_grace_only() {
    let env = TestEnv::with_config("claims: {grace: 1s}\n");
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.advance(&id, "start");
    ann.kill();
    ben.refused("advance_item", json!({"item_id": id, "trigger": "complete"}), "CONFLICT").says("ann");
    eventually("the end of a gone session's claim", || {
        let answer = ben.call("advance_item", json!({"item_id": id, "trigger": "complete"}));
        if answer.is_error { Err(answer.raw_text) } else { Ok(()) }
    });
    assert_eq!(ben.status(&id), "done");
}

#[test]
fn the_same_agents_next_session_takes_its_claims_over() {
    let env = TestEnv::new();
    let ann = env.agent("ann");
    let id = ann.item("x");
    ann.advance(&id, "start");
    ann.end();
    let ben = env.agent("ben");
    let ann = eventually("ann's name to be free again", || {
        let next = env.agent("ann");
        let answer = next.call("advance_item", start(&id));
        if answer.is_error { Err(answer.raw_text) } else { Ok(next) }
    });
    assert_eq!(ben.status(&id), "review", "the same agent went on");
    drop(ann);
}

#[test]
fn a_claim_survives_the_daemons_crash() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.advance(&id, "start");
    env.kill_daemon();
    ben.refused("advance_item", json!({"item_id": id, "trigger": "complete"}), "CONFLICT").says("ann");
    assert_eq!(ann.advance(&id, "start")["status"], "review", "and its holder goes on");
}

#[test]
fn subagents_of_one_session_hold_for_themselves() {
    let env = TestEnv::new();
    let session = env.agent("ann");
    let id = session.item("x");
    let call = |agent: &str, trigger: &str| json!({"item_id": id, "trigger": trigger, "agent": agent});
    session.ok("advance_item", call("one", "start"));
    session.refused("advance_item", call("two", "start"), "CONFLICT").says("one");
    let mine = |agent: &str| {
        let own = json!({"operation": "list", "mine": true, "agent": agent});
        session.ok("claim_item", own)["total"].clone()
    };
    assert_eq!(
        [mine("one"), mine("two"), mine("")],
        [json!(1), json!(0), json!(1)],
        "and each has its own list"
    );
    let row = session.ok("advance_item", json!({"item_id": id, "trigger": "complete"}));
    assert_eq!(row["status"], "done", "a call without agent acts for its whole session: {row}");
}

#[test]
fn rows_and_reports_show_the_holder() {
    let env = TestEnv::new();
    let ann = env.agent("ann");
    let id = ann.item("x");
    ann.advance(&id, "start");
    let list = ann.ok("query_items", json!({"operation": "list"}));
    assert!(list["items"][0]["claimed_by"].to_string().contains("ann"), "{list}");
    let context = ann.ok("get_context", json!({"item_id": id}));
    assert!(context["claim"].to_string().contains("ann"), "{context}");
}

#[test]
fn others_claims_are_not_offered() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item_with(json!({"title": "first", "priority": "high"}));
    ann.item("second");
    ann.advance(&id, "start");
    assert_eq!(ben.ok("get_next_item", json!({}))["title"], "second");
    assert_eq!(ann.ok("get_next_item", json!({}))["title"], "first", "mine in work comes first");
}

#[test]
fn many_agents_starting_one_item_have_one_winner() {
    let env = TestEnv::new();
    let id = env.connect().item("contested");
    let wins: Vec<bool> = std::thread::scope(|scope| {
        let agents: Vec<_> = (0..6).map(|n| env.agent(&format!("agent{n}"))).collect();
        let starts: Vec<_> = agents
            .into_iter()
            .map(|agent| {
                let id = &id;
                scope.spawn(move || {
                    let won = !agent.call("advance_item", start(id)).is_error;
                    (won, agent)
                })
            })
            .collect();
        let ended: Vec<_> = starts.into_iter().map(|start| start.join().expect("a start")).collect();
        ended.iter().map(|(won, _)| *won).collect()
    });
    assert_eq!(wins.iter().filter(|won| **won).count(), 1, "{wins:?}");
    assert_eq!(env.connect().status(&id), "work");
}

#[test]
fn many_agents_asking_for_work_get_different_items() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items: Vec<e2e::Value> = (0..8).map(|n| json!({"title": format!("item {n}")})).collect();
    agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let agents: Vec<_> = (0..6).map(|n| env.agent(&format!("agent{n}"))).collect();
    let mut got: Vec<String> = std::thread::scope(|scope| {
        let asks: Vec<_> = agents
            .iter()
            .map(|agent| scope.spawn(|| agent.ok("get_next_item", json!({"claim": true}))))
            .collect();
        asks.into_iter().map(|ask| ask.join().expect("an answer")["id"].to_string()).collect()
    });
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 6, "six agents, six items: {got:?}");
}

#[test]
fn claims_of_one_session_take_different_items_too() {
    let env = TestEnv::new();
    let ann = env.agent("ann");
    let wanted: Vec<String> = (0..4).map(|n| ann.item(&format!("task {n}"))).collect();
    let callers = [json!({}), json!({}), json!({"agent": "tests"}), json!({"agent": "docs"})];
    let taken: Vec<String> = callers
        .into_iter()
        .map(|mut call| {
            call["claim"] = json!(true);
            ann.ok("get_next_item", call)["id"].as_str().unwrap_or("none").to_owned()
        })
        .collect();
    assert_eq!(taken, wanted, "each call takes the oldest that nobody holds, its own session included");
    let none = ann.ok("get_next_item", json!({"claim": true}));
    assert_eq!(none["message"], "No actionable items", "{none}");
}

#[test]
fn a_subagent_is_not_offered_what_its_sibling_holds() {
    let env = TestEnv::new();
    let ann = env.agent("ann");
    let held = ann.item("held");
    let free = ann.item("free");
    ann.ok("advance_item", json!({"item_id": held, "trigger": "start", "agent": "tests"}));
    let next = |call| ann.ok("get_next_item", call)["id"].as_str().unwrap_or("none").to_owned();
    assert_eq!(next(json!({"agent": "docs"})), free);
    assert_eq!(next(json!({"agent": "tests"})), held, "its own in work comes first");
    assert_eq!(next(json!({})), held, "the session acts for all its subagents");
}

#[test]
fn after_a_restart_of_the_daemon_each_session_has_its_name_and_its_claims() {
    let env = TestEnv::new();
    // The same client in the same folder: told apart by `#2` alone, and reconnecting in any order.
    let sessions = [env.connect(), env.connect(), env.connect()];
    let held: Vec<String> = sessions.iter().map(|session| session.item("x")).collect();
    let holder = |session: &e2e::McpClient, id: &str| {
        session.get(id).get("claimed_by").and_then(|h| h.as_str()).unwrap_or("none").to_owned()
    };
    let names: Vec<String> = sessions
        .iter()
        .zip(&held)
        .map(|(session, id)| {
            session.advance(id, "start");
            holder(session, id)
        })
        .collect();
    env.kill_daemon();
    for (session, (id, name)) in sessions.iter().zip(held.iter().zip(&names)).rev() {
        assert_eq!(&holder(session, id), name);
        assert_eq!(session.advance(id, "start")["status"], "review", "it may still go on");
        let mine = session.item("mine");
        assert_eq!(session.get(&mine)["created_by"], json!(name), "the session kept its name");
    }
}
