//! Both ways to open an MCP conversation (`contract.md` §1), from the first line to the end of stdin.

use e2e::{Lifecycle, TestEnv, json};

#[test]
fn every_version_creates_and_reads_an_item() {
    let env = TestEnv::new();
    for lifecycle in Lifecycle::ALL {
        let agent = env.client().speaking(lifecycle).connect();
        let row = agent.create(json!({"title": format!("by {lifecycle:?}")}));
        assert_eq!(row["status"], "queue", "a new item waits in the queue: {row}");
        let read = agent.get(row["id"].as_str().expect("an id"));
        assert_eq!(read["title"], row["title"], "what was created is read back under {lifecycle:?}");
    }
}

#[test]
fn initialize_answers_the_version_that_was_asked_for() {
    let env = TestEnv::new();
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let opened = env.client().speaking(Lifecycle::Initialize(version)).connect().opened();
        assert_eq!(opened["protocolVersion"], version, "{opened}");
        assert_eq!(opened["serverInfo"]["name"], "task-orchestrator", "{opened}");
        assert!(opened["serverInfo"]["version"].is_string(), "{opened}");
        assert!(opened["capabilities"]["tools"].is_object(), "{opened}");
        assert!(opened["capabilities"]["prompts"].is_object(), "{opened}");
        assert!(opened["instructions"].as_str().is_some_and(|text| text.contains("get_context")), "{opened}");
    }
}

#[test]
fn an_unknown_version_is_answered_with_one_we_speak() {
    let env = TestEnv::new();
    let opened = env.client().speaking(Lifecycle::Initialize("1999-01-01")).connect().opened();
    assert_eq!(opened["protocolVersion"], "2025-11-25", "{opened}");
}

#[test]
fn without_initialize_the_server_is_discovered() {
    let env = TestEnv::new();
    let agent = env.client().speaking(Lifecycle::Stateless).connect();
    let opened = agent.opened();
    let versions = opened["supportedVersions"].as_array().expect("the versions we speak");
    assert!(versions.iter().any(|version| version == "2026-07-28"), "{opened}");
    assert!(opened.to_string().contains("task-orchestrator"), "{opened}");
}

#[test]
fn without_initialize_the_first_request_may_be_a_call() {
    let env = TestEnv::new();
    let agent = env.client().speaking(Lifecycle::Stateless).spawn();
    agent.item("first words");
    assert_eq!(agent.total(), 1);
}

#[test]
fn ping_is_answered() {
    let env = TestEnv::new();
    assert_eq!(env.connect().rpc("ping", json!({})), json!({}));
}

#[test]
fn the_shim_ends_with_its_stdin() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("kept");
    agent.end();
    assert_eq!(env.connect().total(), 1, "the daemon outlives the session");
}

#[test]
fn initialize_needs_no_daemon() {
    let env = TestEnv::new();
    // A database path that no daemon can open: its folder is a file.
    let agent = env.client().set("TASK_ORCHESTRATOR_DB", "/dev/null/tasks.db").connect();
    assert_eq!(agent.opened()["serverInfo"]["name"], "task-orchestrator");
    let refusal = agent.refused("get_context", json!({}), "UNAVAILABLE");
    assert!(refusal.message.contains("/dev/null/tasks.db"), "the refusal names the path: {refusal:?}");
}

#[test]
fn a_call_right_behind_initialize_waits_for_the_daemon() {
    let env = TestEnv::new();
    let agent = env.client().spawn();
    agent.open();
    let ids: Vec<i64> = (0..5).map(|_| agent.send("tools/list", json!({}))).collect();
    for id in ids {
        assert!(agent.receive(id)["result"]["tools"].is_array(), "every early call is answered");
    }
}

#[test]
fn every_kind_of_result_fits_the_newest_version() {
    let env = TestEnv::new();
    let agent = env.client().speaking(Lifecycle::Stateless).connect();
    agent.item("x");
    assert!(!agent.list_tools().is_empty());
    assert!(!agent.prompts().is_empty());
    assert!(agent.prompt("quick_start", json!({})).contains("get_context"));
}
