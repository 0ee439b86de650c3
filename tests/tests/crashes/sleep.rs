//! A machine that sleeps: all processes stand still for longer than their deadlines, and go on as if nothing had happened.

use std::time::Duration;

use e2e::{Deed, Evidence, Journal, McpClient, Outcome, TestEnv, json};

/// Longer than a hello may take (2 s) and than the waits below.
const SLEEP: Duration = Duration::from_secs(3);

/// Makes sure that a shim has its connection.
fn reach(agent: &McpClient) {
    agent.total();
}

/// Sends every agent's call, and answers their numbers.
fn send_all(agents: &[McpClient], journal: &Journal, round: &str) -> Vec<(usize, i64)> {
    let calls = agents.iter().enumerate().map(|(n, agent)| {
        let mark = format!("{round}-{n}");
        let (tool, arguments) = Deed::Tree.call(&mark);
        let id = agent.send("tools/call", json!({"name": tool, "arguments": arguments}));
        (journal.begin(&mark, &Deed::Tree), id)
    });
    calls.collect()
}

#[test]
fn a_machine_that_sleeps_loses_no_session_claim_or_call() {
    let env = TestEnv::new();
    let agents: Vec<McpClient> = (0..4).map(|n| env.client().agent(&format!("a{n}")).connect()).collect();
    let journal = Journal::default();
    let item = agents[0].item("x");
    agents[0].advance(&item, "start");
    agents.iter().for_each(reach);
    let waiting = agents[1].send(
        "tools/call",
        json!({"name": "wait_for", "arguments": {"item_id": item, "until": "done", "timeout_seconds": 1}}),
    );
    let newcomer = env.client().agent("newcomer").spawn();

    // Whoever falls asleep first, the others may still be in the middle of something.
    for daemon_first in [true, false] {
        let calls = send_all(&agents, &journal, &format!("first-{daemon_first}"));
        let shims: Vec<u32> = agents.iter().chain([&newcomer]).map(McpClient::pid).collect();
        let mut order = shims;
        let at = if daemon_first { 0 } else { order.len() };
        order.splice(at..at, env.daemon_pids());
        order.iter().for_each(|pid| env.pause(*pid));
        std::thread::sleep(SLEEP); // the sleep is what is tested
        order.iter().rev().for_each(|pid| env.go_on(*pid));
        for (agent, (number, id)) in agents.iter().zip(calls) {
            let answer = agent.receive(id);
            assert_ne!(answer["result"]["isError"], true, "{answer}");
            journal.end(number, Outcome::Answered);
        }
    }
    let over = agents[1].receive(waiting);
    assert!(
        over["result"]["content"][0]["text"].as_str().is_some_and(|t| t.contains("\"met\":false")),
        "{over}"
    );
    newcomer.open();
    newcomer.item("from the newcomer");

    let agents_now = agents[2].ok("list_agents", json!({}));
    assert_eq!(agents_now["total"], 5, "every session is there, once: {agents_now}");
    let claims = agents[2].ok("claim_item", json!({"operation": "list"}));
    assert_eq!((&claims["total"], &claims["items"][0]["agent"]), (&json!(1), &json!("a0")), "{claims}");
    let history = agents[2].ok("query_history", json!({"item_id": item, "limit": 50}));
    assert!(!history.to_string().contains("claim_ended"), "the claim never ended: {history}");
    assert_eq!(env.daemon_pids().len(), 1);
    Evidence::of(&env.database()).bears_out(&journal.so_far());
}

#[test]
fn a_daemon_that_alone_stands_still_answers_when_it_goes_on() {
    let env = TestEnv::new();
    let agents: Vec<McpClient> = (0..4).map(|_| env.connect()).collect();
    let journal = Journal::default();
    agents.iter().for_each(reach);
    let daemon = env.daemon_pids()[0];
    env.pause(daemon);
    let calls = send_all(&agents, &journal, "still");
    // One that comes in meanwhile finds nobody who answers its hello in time.
    let newcomer = env.client().agent("newcomer").spawn();
    std::thread::sleep(SLEEP);
    env.go_on(daemon);
    for (agent, (number, id)) in agents.iter().zip(calls) {
        let answer = agent.receive(id);
        assert_ne!(answer["result"]["isError"], true, "{answer}");
        journal.end(number, Outcome::Answered);
    }
    newcomer.open();
    assert_eq!(newcomer.total(), 12);
    assert_eq!(env.daemon_pids(), [daemon]);
    Evidence::of(&env.database()).bears_out(&journal.so_far());
}
