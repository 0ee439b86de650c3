//! What `status` tells of the calls.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use e2e::machine::{TestEnv, eventually};
use serde_json::json;

#[test]
fn calls_are_counted_and_timed_for_each_tool() {
    let env = TestEnv::new();
    let mut client = env.client();
    for _ in 0..5 {
        client.call("get_context", json!({}));
    }
    client.call("no_such_tool", json!({}));
    let status = env.status();
    let figures = &status["tools"]["get_context"];
    assert_eq!(figures["calls"], 5, "{status}");
    let [p50, p95, p99] = ["p50_ms", "p95_ms", "p99_ms"].map(|figure| figures[figure].as_f64().unwrap());
    assert!(0.0 < p50 && p50 <= p95 && p95 <= p99, "{figures}");
    assert_eq!(status["tools"].as_object().unwrap().len(), 1, "only what was called: {status}");
    assert_eq!(status["errors"], json!([]), "a refusal is no failure of the daemon's: {status}");
    assert_eq!((&status["calls_running"], &status["engine"]["writer_queue"]), (&json!(0), &json!(0)));
    let text = env.run(&["status"]).stdout;
    assert!(text.lines().any(|line| line.starts_with("get_context") && line.contains(" 5 ")), "{text}");
}

#[test]
fn a_call_that_runs_is_seen() {
    let env = TestEnv::new();
    let mut client = env.client();
    let waiting = client
        .ask("tools/call", json!({"name": "wait_for", "arguments": {"cursor": 0, "timeout_seconds": 60}}));
    eventually("the wait is seen", || (env.status()["calls_running"] == 1).then_some(()));
    // Any change ends it.
    env.client().call("manage_items", json!({"operation": "create", "title": "x"}));
    client.answer(waiting);
    eventually("its end is seen", || (env.status()["calls_running"] == 0).then_some(()));
    assert_eq!(env.status()["tools"]["wait_for"]["calls"], 1);
}
