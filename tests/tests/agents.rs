//! Sessions and the names of their agents (`contract.md` §7): who is connected, how names are given out and come back, and how
//! claims pass from an agent's session to its next one.

use e2e::{McpClient, TestEnv, Value, eventually, json, keys};

fn agents(agent: &McpClient) -> Vec<Value> {
    agent.ok("list_agents", json!({}))["items"].as_array().cloned().unwrap_or_default()
}

fn names(agent: &McpClient) -> Vec<String> {
    agents(agent).iter().map(|row| row["agent"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The name the daemon knows this session by.
fn own_name(agent: &McpClient) -> String {
    let rows = agents(agent);
    let own = rows.iter().find(|row| row["you"] == true).unwrap_or_else(|| panic!("nobody is me: {rows:?}"));
    own["agent"].as_str().unwrap_or_default().to_owned()
}

fn until_names(agent: &McpClient, wanted: &[&str]) {
    eventually("these agents alone", || match names(agent) {
        names if names == wanted => Ok(()),
        names => Err(format!("{names:?}")),
    });
}

#[test]
fn who_is_connected_on_what_since_when() {
    let env = TestEnv::new();
    let shop = env.project("shop", "");
    let ann = env.client().named("claude").agent("ann").within(&shop).connect();
    let ben = env.agent("ben");
    let id = ann.item("x");
    ann.advance(&id, "start");
    let rows = agents(&ben);
    assert_eq!(names(&ben), ["ann", "ben"]);
    let row = &rows[0];
    assert!(row["client"].as_str().is_some_and(|client| client.starts_with("claude")), "{row}");
    assert_eq!((&row["folder"], &row["project"]), (&json!(shop), &json!("shop")), "{row}");
    assert!(row["pid"].is_i64() && row["since"].is_string() && row["session"].is_string(), "{row}");
    assert_eq!(row["claims"], json!([{"id": id, "title": "x", "status": "work"}]), "{row}");
    assert_eq!((row.get("you"), &rows[1]["you"]), (None, &json!(true)), "{rows:?}");
    assert_eq!(rows[1].get("project"), None, "{rows:?}");
    ann.kill();
    until_names(&ben, &["ben"]);
}

#[test]
fn a_name_is_made_of_client_and_folder_and_the_lowest_free_number() {
    let env = TestEnv::new();
    let first = env.client().named("codex").connect();
    assert_eq!(own_name(&first), "codex@work");
    let second = env.client().named("codex").connect();
    assert_eq!(own_name(&second), "codex@work#2");
    let third = env.client().named("codex").connect();
    assert_eq!(own_name(&third), "codex@work#3");
    let other = env.client().named("gemini").connect();
    assert_eq!(own_name(&other), "gemini@work");
    second.end();
    until_names(&other, &["codex@work", "codex@work#3", "gemini@work"]);
    assert_eq!(
        own_name(&env.client().named("codex").connect()),
        "codex@work#2",
        "a restarted one gets its name back"
    );
}

#[test]
fn many_that_come_at_once_get_a_name_each() {
    let env = TestEnv::new();
    let all: Vec<McpClient> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..12)
            .map(|_| {
                scope.spawn(|| {
                    let client = env.connect();
                    client.total();
                    client
                })
            })
            .collect();
        starts.into_iter().map(|start| start.join().expect("a session")).collect()
    });
    let mut wanted: Vec<String> = (2..=12).map(|n| format!("e2e@work#{n}")).collect();
    wanted.push("e2e@work".to_owned());
    wanted.sort();
    assert_eq!(names(&all[0]), wanted);
}

#[test]
fn names_and_claims_stay_with_their_sessions_over_a_crash_of_the_daemon() {
    let env = TestEnv::new();
    let sessions: Vec<McpClient> = (0..4).map(|_| env.connect()).collect();
    let before: Vec<String> = sessions.iter().map(own_name).collect();
    let held: Vec<String> = sessions
        .iter()
        .map(|session| {
            let id = session.item("x");
            session.ok("claim_item", json!({"operation": "claim", "item_id": id}));
            id
        })
        .collect();
    for _ in 0..3 {
        env.kill_daemon();
        // The last one is the first to come back.
        let after: Vec<String> = sessions.iter().rev().map(own_name).rev().collect();
        assert_eq!(after, before, "each has its own name again");
        for ((session, id), name) in sessions.iter().zip(&held).zip(&before) {
            assert_eq!(session.get(id)["claimed_by"], *name);
        }
    }
    let history = sessions[0].ok("query_history", json!({"kind": "claim_ended"}));
    assert_eq!(history["items"], json!([]), "no claim has ended");
    sessions.iter().zip(&held).for_each(|(session, id)| drop(session.advance(id, "start")));
}

#[test]
fn a_newcomer_gets_no_name_whose_agent_is_about_to_come_back() {
    let env = TestEnv::new();
    let (first, second) = (env.connect(), env.connect());
    let id = first.item("x");
    first.ok("claim_item", json!({"operation": "claim", "item_id": id}));
    let names = [own_name(&first), own_name(&second)];
    env.kill_daemon();
    second.kill();
    let newcomer = env.connect();
    assert_eq!(own_name(&newcomer), names[1], "the lowest of those that nobody comes back to");
    assert_eq!(newcomer.get(&id)["claimed_by"], names[0], "and no claim with it");
    assert_eq!(own_name(&first), names[0]);
    assert_eq!(first.advance(&id, "start")["status"], "work");
}

#[test]
fn the_next_session_takes_over_after_the_daemon_and_the_agent_have_both_died() {
    let env = TestEnv::with_config("claims: {grace: 1s}\n");
    let ann = env.agent("ann");
    let (id, other) = (ann.item("x"), ann.item("other"));
    ann.ok("claim_item", json!({"operation": "claim", "item_id": id, "agent": "tests"}));
    ann.ok("claim_item", json!({"operation": "claim", "item_id": other}));
    env.kill_daemon();
    ann.kill();
    let (ben, ann) = (env.agent("ben"), env.agent("ann"));
    // Whoever is first brings the daemon up, and from then on the grace runs.
    assert_eq!(ann.get(&id)["claimed_by"], "ann/tests", "with its subagent");
    // A claim of twice the grace tells when the grace has passed.
    ben.ok("claim_item", json!({"operation": "claim", "resource": "clock", "ttl_seconds": 2}));
    eventually("twice the grace", || {
        let ended = ben.ok("query_history", json!({"kind": "claim_ended"}));
        if ended["items"][0]["claim"]["resource"] == "clock" { Ok(()) } else { Err(ended.to_string()) }
    });
    assert_eq!(ben.get(&other)["claimed_by"], "ann", "a live session's claim has not ended");
    assert_eq!(ann.advance(&other, "start")["status"], "work");
}

#[test]
fn a_stopped_daemon_ends_no_session() {
    let env = TestEnv::with_config("claims: {grace: 1s}\n");
    let ann = env.agent("ann");
    let id = ann.item("x");
    ann.advance(&id, "start");
    assert!(env.cli(&["stop"]).success);
    assert_eq!(ann.get(&id)["claimed_by"], "ann");
    let changed = ann.ok("query_history", json!({"kind": "claim_changed", "item_id": id}));
    let rows = changed["items"].as_array().cloned().unwrap_or_default();
    let last = rows.first().unwrap_or_else(|| panic!("the session was resumed: {changed}"));
    assert_eq!(last["changes"]["claim"][1].get("ends"), None, "and its claim has no end: {last}");
}

#[test]
fn what_a_gone_agent_held_is_free_after_the_grace_and_recorded() {
    let env = TestEnv::with_config("claims: {grace: 1s}\n");
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.advance(&id, "start");
    ann.ok("claim_item", json!({"operation": "claim", "resource": "port:1"}));
    ann.kill();
    eventually("the end of both claims", || {
        let ended = ben.ok("query_history", json!({"kind": "claim_ended"}));
        let rows = ended["items"].as_array().cloned().unwrap_or_default();
        let by_session = rows.iter().filter(|row| row["why"] == "session_ended").count();
        if by_session == 2 { Ok(()) } else { Err(ended.to_string()) }
    });
    assert_eq!(ben.get(&id).get("claimed_by"), None);
    assert_eq!(ben.status(&id), "work", "the item stays where it was");
    let seen = ben.ok("get_next_item", json!({"claim": true}));
    assert_eq!(
        (&seen["id"], &seen["claimed_by"]),
        (&json!(id), &json!("ben")),
        "and is offered again: {seen}"
    );
    let late = env.agent("ann");
    late.refused("advance_item", json!({"item_id": id, "trigger": "start"}), "CONFLICT").says("ben");
}

#[test]
fn during_the_grace_the_refusal_says_when_it_ends() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.advance(&id, "start");
    ann.end();
    eventually("ann to be gone", || {
        let refusal = ben.refused("advance_item", json!({"item_id": id, "trigger": "complete"}), "CONFLICT");
        let ends = refusal.details["holder"]["ends"].as_str().unwrap_or_default().to_owned();
        if ends.starts_with("20") { Ok(()) } else { Err(ends) }
    });
    assert_eq!(ben.ok("get_next_item", json!({"claim": true}))["item"], Value::Null, "it is not offered yet");
    let again = env.agent("ann");
    assert_eq!(again.ok("get_next_item", json!({}))["id"], id, "to ann it is hers, in work");
    assert_eq!(again.advance(&id, "start")["status"], "review");
}

#[test]
fn the_agents_name_is_on_every_change() {
    let env = TestEnv::new();
    let ann = env.agent("ann");
    let made = ann.ok("manage_items", json!({"operation": "create", "title": "x", "agent": "tests"}));
    assert_eq!(made["created_by"], "ann/tests", "{made}");
    let id = made["id"].as_str().unwrap_or_default();
    assert_eq!(env.agent("ben").update(id, json!({"title": "y"}))["updated_by"], "ben");
    let person = env.cli(&["call", "manage_items", "operation=update", &format!("item_id={id}"), "title=z"]);
    assert!(person.stdout.contains("\"updated_by\":\"person:"), "{person:?}");
    let rows = ann.ok("query_history", json!({"item_id": id}));
    let by: Vec<&Value> = rows["items"].as_array().into_iter().flatten().map(|row| &row["agent"]).collect();
    assert!(by[0].as_str().is_some_and(|name| name.starts_with("person:")), "{by:?}");
    assert_eq!(by[1..], [&json!("ben"), &json!("ann/tests")], "{by:?}");
}

#[test]
fn a_persons_claim_does_not_end_with_the_command() {
    let env = TestEnv::with_config("claims: {grace: 0s}\n");
    let ann = env.agent("ann");
    let id = ann.item("x");
    let claimed = env.cli(&["call", "claim_item", "operation=claim", &format!("item_id={id}")]);
    assert!(claimed.success, "{claimed:?}");
    ann.refused("advance_item", json!({"item_id": id, "trigger": "start"}), "CONFLICT").says("person:");
    env.kill_daemon();
    ann.refused("advance_item", json!({"item_id": id, "trigger": "start"}), "CONFLICT").says("person:");
    let released = env.cli(&["call", "claim_item", "operation=release", &format!("item_id={id}")]);
    assert!(released.success && released.stdout.contains("true"), "{released:?}");
    assert_eq!(ann.advance(&id, "start")["status"], "work");
}

#[test]
fn the_list_is_bounded_and_says_so() {
    let env = TestEnv::new();
    let (ann, _ben) = (env.agent("ann"), env.agent("ben"));
    let all = ann.ok("list_agents", json!({}));
    assert_eq!(keys(&all), ["items", "total", "has_more"]);
    eventually("both to be there", || match ann.ok("list_agents", json!({"limit": 1})) {
        list if list["total"] == 2 && list["has_more"] == true => Ok(()),
        list => Err(list.to_string()),
    });
    for n in 0..8 {
        ann.ok("claim_item", json!({"operation": "claim", "resource": format!("r{n}")}));
    }
    let row = &agents(&ann)[0];
    assert_eq!(
        (row["claims"].as_array().map(Vec::len), &row["more"]),
        (Some(5), &json!({"claims": 3})),
        "{row}"
    );
}
