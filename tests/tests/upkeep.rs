//! `get_metrics` and `manage_archive` (`contract.md` §5, §6).

use e2e::{McpClient, TestEnv, Value, json, titles};

fn import(agent: &McpClient, rows: &[Value]) {
    agent.ok("import_graph", json!({"data": {"items": rows}}));
}

fn old(n: u32, title: &str, status: &str) -> Value {
    json!({
        "id": format!("{n}0000000-bbbb-4000-8000-000000000000"), "title": title, "status": status,
        "created_at": "2020-01-01T00:00:00+00:00", "updated_at": "2020-01-02T00:00:00+00:00",
    })
}

#[test]
fn an_empty_store_has_every_figure() {
    let env = TestEnv::new();
    let metrics = env.connect().ok("get_metrics", json!({}));
    assert_eq!(metrics["throughput_per_week"], json!([]), "{metrics}");
    assert_eq!(metrics["by_priority"], json!({"critical": 0, "high": 0, "medium": 0, "low": 0}), "{metrics}");
    assert_eq!(metrics["by_tag"], json!({}), "{metrics}");
    for figure in ["wip", "total_items", "lead_time_avg_seconds", "stale_ratio"] {
        assert_eq!(metrics[figure].as_f64(), Some(0.0), "`{figure}`: {metrics}");
    }
    assert_eq!(metrics["period_days"], 30, "{metrics}");
}

#[test]
fn figures_follow_the_work() {
    let env = TestEnv::new();
    let agent = env.connect();
    let done = agent.item_with(json!({"title": "done", "priority": "high", "tags": "a"}));
    let archived = agent.item("archived");
    let working = agent.item_with(json!({"title": "working", "tags": "a,b"}));
    agent.item_with(json!({"title": "queued", "tags": "a"}));
    let dropped = agent.item("dropped");
    agent.advance(&done, "complete");
    agent.advance(&archived, "complete");
    agent.advance(&archived, "archive");
    agent.advance(&working, "start");
    agent.advance(&dropped, "cancel");
    import(&agent, &[old(1, "stale", "queue"), old(2, "long done", "done")]);
    let metrics = agent.ok("get_metrics", json!({"days": "7"}));
    assert_eq!(metrics["period_days"], 7, "{metrics}");
    assert_eq!(metrics["total_items"], 7, "{metrics}");
    assert_eq!(metrics["wip"], 1, "{metrics}");
    assert_eq!(metrics["by_priority"], json!({"critical": 0, "high": 1, "medium": 1, "low": 0}), "{metrics}");
    assert_eq!(metrics["by_tag"], json!({"a": 2, "b": 1}), "of non-terminal items: {metrics}");
    let weeks = metrics["throughput_per_week"].as_array().expect("weeks");
    assert_eq!(weeks.iter().filter_map(|week| week["count"].as_u64()).sum::<u64>(), 2, "{metrics}");
    assert!(
        weeks[0]["week"].as_str().is_some_and(|week| week.len() == 8 && week.contains("-W")),
        "{metrics}"
    );
    let ratio = metrics["stale_ratio"].as_f64().expect("a number");
    assert!((ratio - 100.0 / 3.0).abs() < 0.5, "one of three open items, in percent: {metrics}");
    for figure in ["p50", "p85", "p95"] {
        assert!(metrics.to_string().contains(figure), "lead and cycle time {figure}: {metrics}");
    }
    agent.refused("get_metrics", json!({"days": 0}), "VALIDATION").names("days");
}

#[test]
fn imported_items_count_by_their_own_times() {
    let env = TestEnv::new();
    let agent = env.connect();
    import(&agent, &[old(2, "long done", "done")]);
    let metrics = agent.ok("get_metrics", json!({"days": 36500}));
    assert_eq!(metrics["throughput_per_week"], json!([{"week": "2020-W01", "count": 1}]), "{metrics}");
    assert_eq!(metrics["lead_time_avg_seconds"].as_f64(), Some(86_400.0), "{metrics}");
    assert_eq!(agent.ok("get_metrics", json!({}))["throughput_per_week"], json!([]));
}

#[test]
fn the_archive_takes_what_was_done_long_ago() {
    let env = TestEnv::new();
    let agent = env.full();
    import(
        &agent,
        &[old(1, "old done", "done"), old(2, "old cancelled", "cancelled"), old(3, "old queue", "queue")],
    );
    let fresh = agent.item("fresh");
    agent.advance(&fresh, "complete");
    let stats = agent.ok("manage_archive", json!({"operation": "stats"}));
    assert_eq!(stats, json!({"archived_count": 0, "eligible_count": 1, "archive_after_days": 30}));
    let run = agent.ok("manage_archive", json!({"operation": "run"}));
    assert_eq!(run, json!({"archived_count": 1, "archived_ids": ["10000000-bbbb-4000-8000-000000000000"]}));
    assert_eq!(
        agent.ok("manage_archive", json!({"operation": "run"})),
        json!({"archived_count": 0, "archived_ids": []})
    );
    let stats = agent.ok("manage_archive", json!({"operation": "stats", "archive_after_days": 0}));
    assert_eq!(stats, json!({"archived_count": 1, "eligible_count": 1, "archive_after_days": 0}));
    let list = agent.ok("manage_archive", json!({"operation": "list"}));
    assert_eq!(titles(&list["items"]), ["old done"], "{list}");
    assert_eq!(list["items"][0]["status"], "archived", "{list}");
}

#[test]
fn the_archive_keeps_to_a_workspace() {
    let env = TestEnv::new();
    let agent = env.connect();
    let mut tagged = old(1, "tagged", "done");
    tagged["tags"] = "ui".into();
    import(&agent, &[tagged, old(2, "other", "done")]);
    agent.ok("manage_workspaces", json!({"operation": "create", "name": "web", "tags": "ui"}));
    let run = agent.ok("manage_archive", json!({"operation": "run", "workspace": "web"}));
    assert_eq!(run["archived_count"], 1, "{run}");
    assert_eq!(agent.status("2000"), "done");
}
