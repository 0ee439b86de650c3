//! A large store keeps its answers small (the original answers 1 MB where this answers 8 kB).

use e2e::{TestEnv, Value, json};

const ITEMS: usize = 10_000;

#[test]
fn context_stays_under_eight_kilobytes() {
    let env = TestEnv::new();
    let agent = env.connect();
    for chunk in 0..ITEMS / 2_000 {
        let items: Vec<Value> = (0..2_000).map(|n| row(chunk * 2_000 + n)).collect();
        agent.ok("import_graph", json!({"data": {"items": items}}));
    }
    for arguments in [json!({}), json!({"include_archived": true})] {
        let answer = agent.call("get_context", arguments);
        assert!(
            answer.raw_text.len() < 8_000,
            "under 8 kB, got {}: {}",
            answer.raw_text.len(),
            answer.raw_text
        );
        let counted: u64 =
            answer.doc["counts"].as_object().expect("counts").values().filter_map(Value::as_u64).sum();
        assert!(
            counted >= ITEMS as u64 * 6 / 7,
            "counts are of all, not of a page: {}",
            answer.doc["counts"]
        );
        assert!(
            answer.doc["more"]["stale_items"].as_u64().is_some_and(|n| n > 1_000),
            "{}",
            answer.doc["more"]
        );
    }
    let list = agent.call("query_items", json!({"operation": "list"}));
    let archived = agent.ok("manage_archive", json!({"operation": "list"}));
    for list in [&list.doc, &archived, &agent.ok("get_blocked_items", json!({}))] {
        assert_eq!((&list["total"], &list["total_more"]), (&json!(1_000), &json!(true)), "{list}");
        assert_eq!(list["has_more"], true);
    }
    let next = agent.ok("manage_archive", json!({"operation": "list", "cursor": archived["next_cursor"]}));
    assert_ne!(next["items"][0]["id"], archived["items"][0]["id"]);
    assert!(list.raw_text.len() < 50 * 151, "50 rows of at most 150 characters, got {}", list.raw_text.len());
    for (tool, arguments) in [
        ("get_next_item", json!({})),
        ("get_blocked_items", json!({})),
        ("get_metrics", json!({})),
        ("query_items", json!({"operation": "overview"})),
        ("query_items", json!({"operation": "list", "search": "chapter 77"})),
    ] {
        let answer = agent.call(tool, arguments);
        assert!(answer.raw_text.len() < 8_000, "{tool} is bounded, got {}", answer.raw_text.len());
    }
}

fn row(n: usize) -> Value {
    let status = ["queue", "work", "review", "done", "blocked", "cancelled", "archived"][n % 7];
    let priority = ["critical", "high", "medium", "low"][n % 4];
    json!({
        "id": format!("{n:08x}-0000-4000-8000-000000000000"),
        "title": format!("Write chapter {n} of the handbook"), "status": status,
        "priority": priority, "tags": format!("book,part{}", n % 50),
        "description": "A paragraph that nobody wants in a dashboard. ".repeat(5),
        "created_at": "2024-01-01T00:00:00+00:00", "updated_at": "2024-02-01T00:00:00+00:00",
    })
}
