//! A clock that is set, forward or back, while the daemon runs or between two of them.

use std::{path::PathBuf, time::Instant};

use e2e::{DEADLINE, Daemon, McpClient, TestEnv, Value, eventually, json};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A daemon whose clock a test can set.
struct Clock {
    file: PathBuf,
    daemon: Daemon,
}

impl Clock {
    /// Starts one that is so many seconds ahead of the real time.
    fn ahead(env: &TestEnv, seconds: i64) -> Self {
        let file = env.folder().join("clock");
        std::fs::write(&file, seconds.to_string()).expect("the clock");
        let daemon = Daemon::faulty(env, "TASK_ORCHESTRATOR_CLOCK", &file.to_string_lossy());
        Self { file, daemon }
    }

    fn set(&self, seconds_ahead: i64) {
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, seconds_ahead.to_string()).expect("the clock");
        std::fs::rename(&fresh, &self.file).expect("the clock");
    }
}

fn holder(agent: &McpClient, item: &str) -> Value {
    agent.get(item)["claimed_by"].clone()
}

fn kinds(agent: &McpClient, item: &str) -> Vec<String> {
    let history = agent.ok("query_history", json!({"item_id": item, "limit": 500}));
    let rows = history["items"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| row["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_claim_ends_early_by_no_more_than_the_clock_was_set_forward() {
    let env = TestEnv::new();
    let clock = Clock::ahead(&env, 0);
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let item = ann.item("x");
    ann.ok("claim_item", json!({"operation": "claim", "item_id": item, "ttl_seconds": 2 * HOUR}));
    for ahead in [HOUR, -3 * DAY, 0] {
        clock.set(ahead);
        assert_eq!(holder(&ben, &item), "ann", "at {ahead}");
        ben.refused("advance_item", json!({"item_id": item, "trigger": "start"}), "CONFLICT");
        assert!(!kinds(&ben, &item).contains(&"claim_ended".to_owned()), "at {ahead}");
    }
    // Past its deadline it ends, and the end is recorded although nobody calls anything.
    let cursor = ben.ok("query_history", json!({"limit": 1}))["cursor"].clone();
    let wait =
        json!({"name": "wait_for", "arguments": {"item_id": item, "cursor": cursor, "timeout_seconds": 50}});
    let wait = ben.send("tools/call", wait);
    clock.set(3 * HOUR);
    let told = ben.receive(wait).to_string();
    assert!(told.contains("claim_ended"), "a timer that waits for two hours would not notice: {told}");
    assert_eq!(holder(&ben, &item), Value::Null);
    clock.daemon.kill();
}

#[test]
fn a_live_sessions_claim_does_not_depend_on_the_clock() {
    let env = TestEnv::new();
    let clock = Clock::ahead(&env, 0);
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let item = ann.item("x");
    ann.advance(&item, "start");
    for ahead in [400 * DAY, -400 * DAY, 0] {
        clock.set(ahead);
        ben.refused("advance_item", json!({"item_id": item, "trigger": "start"}), "CONFLICT");
        assert_eq!(holder(&ben, &item), "ann", "at {ahead}");
    }
    clock.daemon.kill();
}

#[test]
fn the_order_of_the_history_is_that_of_its_rows_whatever_the_clock_says() {
    let env = TestEnv::new();
    let clock = Clock::ahead(&env, 0);
    let agent = env.agent("ann");
    let item = agent.item("x");
    let cursor = agent.ok("query_history", json!({"limit": 1}))["cursor"].clone();
    let jumps = [-HOUR, 30 * DAY, -30 * DAY, 0];
    for (number, ahead) in jumps.iter().enumerate() {
        clock.set(*ahead);
        agent.update(&item, json!({"title": format!("title {number}")}));
        agent.note(&item, &format!("note {number}"), "b");
    }
    let after = agent.ok("query_history", json!({"item_id": item, "cursor": cursor, "limit": 500}));
    let rows = after["items"].as_array().cloned().unwrap_or_default();
    let told: Vec<bool> = (rows.iter().step_by(2).zip(0..))
        .map(|(row, number)| row.to_string().contains(&format!("title {number}")))
        .collect();
    assert_eq!(told, [true; 4], "{after}");
    assert_eq!(agent.get(&item)["title"], "title 3");
    let seqs: Vec<i64> =
        rows.iter().filter_map(|row| row["seq"].as_i64().or(row["cursor"].as_i64())).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    // What changed since a cursor is all of it, also what has an earlier time.
    let since = agent.ok("wait_for", json!({"item_id": item, "cursor": cursor, "timeout_seconds": 0}));
    assert_eq!(since["events"].as_array().map(Vec::len), Some(8), "{since}");
    clock.daemon.kill();
}

#[test]
fn a_wait_lasts_as_long_as_it_was_to_whatever_the_clock_says() {
    let env = TestEnv::new();
    let clock = Clock::ahead(&env, 0);
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let item = ann.item("x");
    let wait = |seconds: i64| json!({"name": "wait_for", "arguments": {"item_id": item, "until": "done", "timeout_seconds": seconds}});
    let begun = Instant::now();
    let short = ann.send("tools/call", wait(1));
    let long = ann.send("tools/call", wait(300));
    clock.set(-DAY);
    assert!(ann.receive(short).to_string().contains("\\\"met\\\":false"));
    assert!(begun.elapsed() < DEADLINE, "a second is not a day");
    clock.set(DAY);
    ben.advance(&item, "complete");
    let met = ann.receive(long).to_string();
    assert!(met.contains("\\\"met\\\":true"), "it did not end a day too soon: {met}");
    clock.daemon.kill();
}

#[test]
fn a_call_that_is_repeated_after_the_clock_was_set_is_not_made_twice() {
    // A machine whose clock was wrong until it found the network: the first daemon's time is a month ago, or a month ahead.
    for ahead in [-30 * DAY, 30 * DAY] {
        let env = TestEnv::new();
        let agent = env.agent("ann");
        agent.item("first");
        assert!(env.cli(&["stop"]).success);
        let file = env.folder().join("clock");
        std::fs::write(&file, ahead.to_string()).expect("the clock");
        let variables = [
            ("TASK_ORCHESTRATOR_CLOCK", &*file.to_string_lossy()),
            ("TASK_ORCHESTRATOR_FAULT", "after-commit:1"),
        ];
        let dying = Daemon::faulty_with(&env, &variables);
        agent.item("second");
        dying.ended();
        eventually("both items, each once", || match agent.total() {
            2 => Ok(()),
            other => Err(format!("{other} items after a daemon that was {ahead} s ahead")),
        });
    }
}
