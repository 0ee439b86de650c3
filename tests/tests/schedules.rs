//! Scheduled items (`contract.md` §4).

use e2e::{TestEnv, Value, json};

#[test]
fn a_scheduled_item_goes_back_to_the_queue_when_completed() {
    let env = TestEnv::new();
    let agent = env.full();
    let row = agent.create(json!({"title": "water the plants", "schedule": "0 9 * * 1"}));
    assert_eq!(row["schedule"], "0 9 * * 1", "{row}");
    let id = row["id"].as_str().expect("an id").to_owned();
    agent.advance(&id, "start");
    let row = agent.advance(&id, "complete");
    assert_eq!((&row["status"], &row["previous_status"]), (&json!("queue"), &Value::Null), "{row}");
    let next = row["next_run_at"].as_str().expect("a next run");
    assert!(next.contains("T09:00:00"), "Monday at nine, UTC: {next}");
    let context = agent.ok("get_context", json!({"item_id": id}));
    assert!(context.get("claim").is_none_or(Value::is_null), "no claim stays: {context}");
}

#[test]
fn it_is_not_offered_before_its_time() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item_with(json!({"title": "yearly", "schedule": "0 0 1 1 *"}));
    agent.advance(&id, "complete");
    let next = agent.ok("get_next_item", json!({}));
    assert_eq!(next, json!({"item": null, "message": "No actionable items"}));
}

#[test]
fn what_runs_within_a_day_is_upcoming() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item_with(json!({"title": "hourly", "schedule": "0 * * * *"}));
    agent.advance(&id, "complete");
    let context = agent.ok("get_context", json!({}));
    assert_eq!(e2e::titles(&context["scheduled_upcoming"]), ["hourly"], "{context}");
}

#[test]
fn an_invalid_cron_is_refused_everywhere() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    for cron in ["not a cron", "* * * *", "61 * * * *", "* * * * * *", "@daily-ish"] {
        let create = json!({"operation": "create", "title": "y", "schedule": cron});
        let update = json!({"operation": "update", "item_id": id, "schedule": cron});
        for call in [create, update] {
            let refusal = agent.refused("manage_items", call.clone(), "VALIDATION");
            assert!(refusal.message.starts_with("Invalid cron expression: "), "{call}: {refusal:?}");
            assert_eq!(refusal.field, "schedule", "{refusal:?}");
        }
        let batch = agent
            .ok("manage_items", json!({"operation": "create", "items": [{"title": "z", "schedule": cron}]}));
        assert_eq!(batch["failed"], 1, "{cron}: {batch}");
    }
    assert_eq!(agent.total(), 1, "nothing was created");
    for cron in ["*/5 * * * *", "0 0 * * SUN", "15,45 8-18 * * mon-fri", "0 0 29 2 *"] {
        agent.item_with(json!({"title": cron, "schedule": cron}));
    }
}

#[test]
fn what_was_reopened_counts_as_completed_no_more_though_it_has_a_schedule_by_now() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("once, then daily");
    agent.advance(&id, "complete");
    agent.ok("manage_items", json!({"operation": "update", "item_id": id, "schedule": "0 9 * * *"}));
    agent.advance(&id, "reopen");
    let completed =
        |agent: &e2e::McpClient| agent.ok("get_metrics", json!({}))["by_priority"]["medium"].clone();
    assert_eq!(completed(&agent), 0);
    agent.advance(&id, "complete");
    assert_eq!(completed(&agent), 1, "a round of a schedule counts");
}
