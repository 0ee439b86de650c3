//! config.yaml (`contract.md` §11, `daemon.md` 24 to 26): two places, live for the next call, never off by a typo.

use e2e::{McpClient, TestEnv, eventually, json};

const GATED: &str =
    "work_item_schemas:\n  task:\n    notes:\n      - {key: why, role: queue, required: true}\n";
const RENAMED: &str =
    "work_item_schemas:\n  task:\n    notes:\n      - {key: reason, role: queue, required: true}\n";

fn start_refusal(agent: &McpClient, id: &str) -> String {
    let preview = agent.ok("get_next_status", json!({"item_id": id, "trigger": "start"}));
    preview["reason"].as_str().unwrap_or_default().to_owned()
}

/// Waits until the config in force asks for that note, or for none.
fn until_gate_is(agent: &McpClient, id: &str, key: &str) {
    eventually(&format!("a gate that wants {key:?}"), || {
        let reason = start_refusal(agent, id);
        let met = if key.is_empty() { reason.is_empty() } else { reason.contains(key) };
        if met { Ok(()) } else { Err(reason) }
    });
}

#[test]
fn a_change_is_live_in_every_session_without_restart() {
    let env = TestEnv::with_config(GATED);
    let (one, two) = (env.connect(), env.connect());
    let id = one.item_with(json!({"title": "x", "item_type": "task"}));
    until_gate_is(&one, &id, "why");
    let daemons = env.daemon_pids();
    env.write_config(RENAMED);
    until_gate_is(&one, &id, "reason");
    until_gate_is(&two, &id, "reason");
    std::fs::remove_file(env.config_path()).expect("the config was there");
    until_gate_is(&one, &id, "");
    env.write_config(GATED);
    until_gate_is(&two, &id, "why");
    assert_eq!(env.daemon_pids(), daemons, "the same daemon all along");
}

#[test]
fn reload_is_immediate() {
    let env = TestEnv::with_config(GATED);
    let agent = env.connect();
    let id = agent.item_with(json!({"title": "x", "item_type": "task"}));
    env.write_config(RENAMED);
    agent.ok("manage_schemas", json!({"operation": "reload"}));
    assert!(start_refusal(&agent, &id).contains("reason"), "reload reads the file at once");
}

#[test]
fn a_broken_file_changes_nothing_and_is_shown_with_its_place() {
    let env = TestEnv::with_config(GATED);
    let agent = env.connect();
    let id = agent.item_with(json!({"title": "x", "item_type": "task"}));
    for (broken, line) in [
        ("work_item_schemas:\n  task:\n    notes: [\n", None),
        ("work_item_schemas:\n  task:\n    lifecycle: sometimes\n", Some(3)),
        ("work_item_schemas:\n  task:\n    nots: []\n", Some(3)),
        ("work_item_schemas:\n  task:\n    notes:\n      - {key: a, role: later, required: true}\n", Some(4)),
        ("hierarchy: {max_depth: many}\n", Some(1)),
    ] {
        env.write_config(broken);
        agent.call("manage_schemas", json!({"operation": "reload"}));
        let context = agent.ok("get_context", json!({}));
        let error = &context["config_error"];
        assert!(
            error["path"].as_str().is_some_and(|path| path.ends_with("config.yaml")),
            "{broken}: {context}"
        );
        assert!(error["line"].is_u64() && error["column"].is_u64(), "{broken}: {context}");
        if let Some(line) = line {
            assert_eq!(error["line"], line, "{broken}: {context}");
        }
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{broken}: {context}");
        assert!(start_refusal(&agent, &id).contains("why"), "the last good one stays in force: {broken}");
        assert!(
            env.cli(&["status"]).stdout.contains("config.yaml"),
            "`status` shows it too: {:?}",
            env.cli(&["status"])
        );
    }
    env.write_config(GATED);
    agent.ok("manage_schemas", json!({"operation": "reload"}));
    let context = agent.ok("get_context", json!({}));
    assert!(context.get("config_error").is_none_or(e2e::Value::is_null), "{context}");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    let env = TestEnv::with_config("work_item_schema:\n  task: {}\n");
    let context = env.connect().ok("get_context", json!({}));
    let message = context["config_error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("work_item_schema") && message.contains("work_item_schemas"), "{context}");
}

#[test]
fn the_last_good_config_survives_a_restart_with_a_broken_file() {
    let env = TestEnv::with_config(GATED);
    let agent = env.connect();
    let id = agent.item_with(json!({"title": "x", "item_type": "task"}));
    until_gate_is(&agent, &id, "why");
    env.write_config("work_item_schemas: [\n");
    env.kill_daemon();
    let agent = env.connect();
    assert!(start_refusal(&agent, &id).contains("why"), "gates are never off because of a typo");
    let context = agent.ok("get_context", json!({}));
    assert!(context["config_error"].is_object(), "{context}");
}

#[test]
fn an_emptied_file_counts_as_half_written() {
    let env = TestEnv::with_config(GATED);
    let agent = env.connect();
    let id = agent.item_with(json!({"title": "x", "item_type": "task"}));
    until_gate_is(&agent, &id, "why");
    env.write_config("  \n\n");
    agent.call("manage_schemas", json!({"operation": "reload"}));
    assert!(start_refusal(&agent, &id).contains("why"));
}

#[test]
fn a_named_config_stands_in_place_of_the_users() {
    let env = TestEnv::with_config(GATED);
    let other = env.folder().join("other.yaml");
    std::fs::write(&other, RENAMED).expect("a config");
    let agent = env.client().set("TASK_ORCHESTRATOR_CONFIG", &other).connect();
    let id = agent.item_with(json!({"title": "x", "item_type": "task"}));
    assert!(start_refusal(&agent, &id).contains("reason"));
    // Another session without it is served by the same gates.
    assert!(start_refusal(&env.connect(), &id).contains("reason"));
}

#[test]
fn a_named_config_that_is_not_there_is_told() {
    let env = TestEnv::with_config(GATED);
    let missing = env.folder().join("mistyped.yaml");
    let agent = env.client().set("TASK_ORCHESTRATOR_CONFIG", &missing).connect();
    let told = || agent.ok("get_context", json!({}))["notices"].to_string();
    assert!(told().contains("mistyped.yaml, which is not there"), "{}", told());
    assert!(env.cli(&["status"]).stdout.contains("mistyped.yaml, which is not there"));
    std::fs::write(&missing, RENAMED).expect("a config");
    let id = agent.item_with(json!({"title": "x", "item_type": "task"}));
    assert!(start_refusal(&agent, &id).contains("reason"), "it counts as soon as it is there");
    assert!(!told().contains("not there"), "{}", told());
}

#[test]
fn a_projects_file_rules_its_own_items_whoever_moves_them() {
    let env = TestEnv::with_config(GATED);
    let shop = env.project("shop", RENAMED);
    let inside = env.client().within(&shop).connect();
    let id = inside.item_with(json!({"title": "in the shop", "item_type": "task"}));
    assert!(start_refusal(&inside, &id).contains("reason"), "a project's schemas replace the user's by name");
    let outside = env.connect();
    assert!(start_refusal(&outside, &id).contains("reason"), "the same gates hold whoever moves it");
    let own = outside.item_with(json!({"title": "outside", "item_type": "task"}));
    assert!(start_refusal(&inside, &own).contains("why"));
    std::fs::write(shop.join(".taskorchestrator/config.yaml"), GATED.replace("why", "wherefore"))
        .expect("a config");
    until_gate_is(&outside, &id, "wherefore");
}

#[test]
fn keys_of_the_users_file_are_refused_in_a_projects() {
    let env = TestEnv::new();
    let shop = env.project("shop", "claims: {grace: 1s}\n");
    let context = env.client().within(&shop).connect().ok("get_context", json!({}));
    assert!(
        context["config_error"]["message"].as_str().is_some_and(|text| text.contains("claims")),
        "{context}"
    );
}
