//! `get_context` and `get_next_item` (`contract.md` §5, §6).

use e2e::{McpClient, TestEnv, Value, json, titles};

fn next(agent: &McpClient) -> String {
    agent.ok("get_next_item", json!({}))["title"].as_str().unwrap_or_default().to_owned()
}

/// A row as an import brings it, so that it may be old.
fn row(n: u32, title: &str, status: &str, updated_at: &str) -> Value {
    json!({
        "id": format!("0000000{n}-aaaa-4000-8000-00000000000{n}"), "title": title, "status": status,
        "created_at": "2020-01-01T00:00:00+00:00", "updated_at": updated_at,
    })
}

#[test]
fn an_empty_store_has_every_section() {
    let env = TestEnv::new();
    let context = env.connect().ok("get_context", json!({}));
    assert_eq!(context["counts"], json!({}), "{context}");
    for section in
        ["active", "blocked", "recent_completed", "stale_items", "due_soon", "overdue", "scheduled_upcoming"]
    {
        assert_eq!(context[section], json!([]), "`{section}` is there, and empty: {context}");
    }
    assert_eq!(context["next_item"], Value::Null, "{context}");
    assert!(context.as_object().is_some_and(|keys| keys.contains_key("next_item")), "{context}");
}

#[test]
fn the_dashboard_shows_where_things_stand() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids: Vec<String> = ["queued", "working", "reviewed", "held", "finished", "dropped"]
        .iter()
        .map(|title| agent.item(title))
        .collect();
    for (n, triggers) in [
        (1, vec!["start"]),
        (2, vec!["start", "start"]),
        (3, vec!["block"]),
        (4, vec!["complete"]),
        (5, vec!["cancel"]),
    ] {
        triggers.into_iter().for_each(|trigger| drop(agent.advance(&ids[n], trigger)));
    }
    let context = agent.ok("get_context", json!({}));
    let counts = json!({"queue": 1, "work": 1, "review": 1, "blocked": 1, "done": 1, "cancelled": 1});
    for (status, count) in counts.as_object().expect("counts") {
        assert_eq!(&context["counts"][status], count, "{context}");
    }
    let mut active = titles(&context["active"]);
    active.sort();
    assert_eq!(active, ["reviewed", "working"], "{context}");
    assert_eq!(titles(&context["blocked"]), ["held"], "{context}");
    let mut recent = titles(&context["recent_completed"]);
    recent.sort();
    assert_eq!(recent, ["dropped", "finished"], "{context}");
    assert_eq!(context["next_item"]["title"], "working", "{context}");
}

#[test]
fn archived_items_count_only_when_asked_for() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("x");
    agent.advance(&id, "complete");
    agent.advance(&id, "archive");
    assert_eq!(agent.ok("get_context", json!({}))["counts"], json!({}));
    assert_eq!(agent.ok("get_context", json!({"include_archived": true}))["counts"], json!({"archived": 1}));
}

#[test]
fn stale_items_are_those_long_untouched() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ago = |days: i64| {
        let seconds =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        date(seconds as i64 - days * 86_400 - 3_600)
    };
    let items = [
        row(1, "queue 8", "queue", &ago(8)),
        row(2, "queue 6", "queue", &ago(6)),
        row(3, "work 4", "work", &ago(4)),
        row(4, "work 2", "work", &ago(2)),
        row(5, "review 30", "review", &ago(30)),
        row(6, "done 30", "done", &ago(30)),
    ];
    agent.ok("import_graph", json!({"data": {"items": items}}));
    let context = agent.ok("get_context", json!({}));
    let mut stale = titles(&context["stale_items"]);
    stale.sort();
    assert_eq!(stale, ["queue 8", "work 4"], "{context}");
    let row = context["stale_items"].as_array().expect("rows").iter().find(|row| row["title"] == "work 4");
    assert_eq!(row.expect("it is there")["stale_days"], 4, "{context}");
}

/// A time of 1970 and later as ISO 8601.
fn date(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a date of the Gregorian calendar, counted from March.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}+00:00", rest / 3600, rest / 60 % 60, rest % 60)
}

#[test]
fn due_items_are_soon_or_over() {
    let env = TestEnv::new();
    let agent = env.connect();
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
            as i64;
    agent.item_with(json!({"title": "soon", "due_at": date(now + 3_600)}));
    agent.item_with(json!({"title": "later", "due_at": date(now + 3 * 86_400)}));
    agent.item_with(json!({"title": "over", "due_at": date(now - 3_600), "priority": "low"}));
    let done = agent.item_with(json!({"title": "done", "due_at": date(now - 3_600)}));
    agent.advance(&done, "complete");
    let context = agent.ok("get_context", json!({}));
    assert_eq!(titles(&context["due_soon"]), ["soon"], "{context}");
    assert_eq!(titles(&context["overdue"]), ["over"], "{context}");
    assert_eq!(next(&agent), "over", "overdue comes first");
}

#[test]
fn an_items_context_has_what_surrounds_it() {
    let env = TestEnv::new();
    let agent = env.full();
    let root = agent.item("root");
    let id = agent.item_with(json!({"title": "x", "parent_id": root}));
    let child = agent.item_with(json!({"title": "child", "parent_id": id}));
    let blocker = agent.item("blocker");
    agent.blocks(&blocker, &id);
    agent.note(&id, "requirements", "r");
    let context = agent.ok("get_context", json!({"item_id": id, "include_ancestors": true}));
    assert_eq!(context["item"]["id"], id, "{context}");
    assert_eq!(e2e::ids(&context["children"]), [child], "{context}");
    assert_eq!(context["notes"][0]["body"], "r", "{context}");
    assert_eq!(titles(&context["blockers"]), ["blocker"], "{context}");
    assert_eq!(context["can_advance"], false, "{context}");
    assert_eq!(titles(&context["ancestors"]), ["root"], "{context}");
    for key in ["missing_notes", "guidance", "claim"] {
        assert!(
            context.as_object().is_some_and(|keys| keys.contains_key(key)),
            "`{key}` is always there: {context}"
        );
    }
    agent.refused("get_context", json!({"item_id": "00000000"}), "NOT_FOUND").names("item_id");
}

#[test]
fn nothing_actionable_is_said_so() {
    let env = TestEnv::new();
    let agent = env.connect();
    let nothing = json!({"item": null, "message": "No actionable items"});
    assert_eq!(agent.ok("get_next_item", json!({})), nothing);
    let id = agent.item("x");
    agent.advance(&id, "block");
    assert_eq!(agent.ok("get_next_item", json!({})), nothing);
}

#[test]
fn the_next_item_is_mine_then_the_most_pressing_then_the_oldest() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item_with(json!({"title": "low", "priority": "low"}));
    let medium = agent.item("medium, older");
    agent.item("medium, newer");
    assert_eq!(next(&agent), "medium, older");
    let critical = agent.item_with(json!({"title": "critical", "priority": "critical"}));
    agent.item_with(json!({"title": "high", "priority": "high"}));
    assert_eq!(next(&agent), "critical");
    agent.blocks(&medium, &critical);
    assert_eq!(next(&agent), "high", "what waits is not offered");
    agent.advance(&medium, "start");
    assert_eq!(next(&agent), "medium, older", "mine in work comes before");
    let list = agent.ok("get_next_item", json!({"limit": 3}));
    assert_eq!(titles(&list["items"]), ["medium, older", "high", "medium, newer"], "{list}");
}

#[test]
fn what_is_due_within_a_day_counts_one_level_up() {
    let env = TestEnv::new();
    let agent = env.connect();
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
            as i64;
    agent.item_with(json!({"title": "high", "priority": "high"}));
    agent.item_with(json!({"title": "high, due", "priority": "high", "due_at": date(now + 7_200)}));
    agent.item_with(json!({"title": "medium, due", "due_at": date(now + 3_600)}));
    let list = agent.ok("get_next_item", json!({"limit": 3}));
    assert_eq!(titles(&list["items"]), ["high, due", "high", "medium, due"], "{list}");
}

#[test]
fn children_are_offered_before_their_parent() {
    let env = TestEnv::new();
    let agent = env.connect();
    let parent = agent.item_with(json!({"title": "parent", "priority": "critical"}));
    let child = agent.item_with(json!({"title": "child", "parent_id": parent, "priority": "low"}));
    assert_eq!(next(&agent), "child");
    agent.advance(&child, "complete");
    assert_eq!(next(&agent), "parent");
}

#[test]
fn filters_narrow_the_next_item() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item_with(json!({"title": "a", "tags": "web", "priority": "high"}));
    agent.item_with(json!({"title": "b", "tags": "api", "item_type": "bug"}));
    agent.ok("manage_workspaces", json!({"operation": "create", "name": "backend", "tags": "api,db"}));
    for filter in [json!({"tags": "api"}), json!({"item_type": "bug"}), json!({"workspace": "backend"})] {
        assert_eq!(agent.ok("get_next_item", filter.clone())["title"], "b", "{filter}");
    }
    for tool in ["get_next_item", "get_context", "get_blocked_items", "get_metrics", "export_graph"] {
        let refusal = agent.refused(tool, json!({"workspace": "none"}), "NOT_FOUND");
        assert_eq!(refusal.message, "Workspace 'none' not found", "{tool}");
    }
}

#[test]
fn what_does_not_begin_yet_is_not_offered() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item_with(json!({"title": "later", "not_before": "2999-01-01T00:00:00Z", "priority": "critical"}));
    agent.item_with(json!({"title": "now", "not_before": "2001-01-01T00:00:00Z"}));
    assert_eq!(next(&agent), "now");
}
