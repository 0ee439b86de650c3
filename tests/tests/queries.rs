//! `query_items` (`contract.md` §5): filters, search, order, pages.

use e2e::{McpClient, TestEnv, json};

fn found(agent: &McpClient, filter: e2e::Value) -> Vec<String> {
    let mut call = filter;
    call["operation"] = "list".into();
    let mut titles = e2e::titles(&agent.ok("query_items", call)["items"]);
    titles.sort();
    titles
}

#[test]
fn filters_narrow_the_list() {
    let env = TestEnv::new();
    let agent = env.connect();
    let root = agent.item_with(json!({"title": "root", "priority": "high", "tags": "api,web"}));
    agent.item_with(json!({"title": "child", "parent_id": root, "item_type": "bug", "tags": "api"}));
    let other = agent.item_with(json!({"title": "other", "priority": "low"}));
    agent.advance(&other, "start");
    for (filter, want) in [
        (json!({"status": "work"}), vec!["other"]),
        (json!({"status": "queue"}), vec!["child", "root"]),
        (json!({"priority": "high"}), vec!["root"]),
        (json!({"parent_id": root}), vec!["child"]),
        // A null filter is one that a model filled in: it narrows nothing. The roots have a word of their own.
        (json!({"parent_id": null}), vec!["child", "other", "root"]),
        (json!({"parent_id": "root"}), vec!["other", "root"]),
        (json!({"item_type": "bug"}), vec!["child"]),
        (json!({"tags": "api"}), vec!["child", "root"]),
        (json!({"tags": "web"}), vec!["root"]),
        (json!({"status": "done"}), vec![]),
        (json!({"claimed": true}), vec!["other"]),
        (json!({"claimed": false}), vec!["child", "root"]),
        (json!({"updated_since": "2999-01-01T00:00:00Z"}), vec![]),
        (json!({"updated_since": "2000-01-01T00:00:00Z", "status": "work"}), vec!["other"]),
    ] {
        assert_eq!(found(&agent, filter.clone()), want, "{filter}");
    }
    for (filter, field) in [
        (json!({"operation": "list", "status": "started"}), "status"),
        (json!({"operation": "list", "priority": "urgent"}), "priority"),
        (json!({"operation": "list", "sort": "colour"}), "sort"),
        (json!({"operation": "list", "limit": 0}), "limit"),
        (json!({"operation": "list", "limit": 501}), "limit"),
        (json!({"operation": "list", "offset": -1}), "offset"),
        (json!({"operation": "list", "updated_since": "lately"}), "updated_since"),
    ] {
        let refusal = agent.refused("query_items", filter.clone(), "VALIDATION");
        assert_eq!(refusal.field, field, "{filter}: {refusal:?}");
    }
    let refusal =
        agent.refused("query_items", json!({"operation": "list", "workspace": "none"}), "NOT_FOUND");
    assert_eq!(refusal.message, "Workspace 'none' not found");
}

#[test]
fn tags_match_whole_and_any_of_several() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item_with(json!({"title": "api", "tags": "api"}));
    agent.item_with(json!({"title": "rapid", "tags": "rapid,apis"}));
    agent.item_with(json!({"title": "web", "tags": "web"}));
    assert_eq!(found(&agent, json!({"tags": "api"})), ["api"], "no part of a tag matches");
    assert_eq!(found(&agent, json!({"tags": "api,web"})), ["api", "web"], "either tag matches");
}

#[test]
fn search_reads_titles_descriptions_and_notes() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("Migrate the Database");
    agent.item_with(json!({"title": "plain", "description": "touches databases too"}));
    let noted = agent.item("noted");
    agent.note(&noted, "decision", "keep the DATABASE small");
    agent.item_with(json!({"title": "no match", "description": "metadatabase"}));
    assert_eq!(found(&agent, json!({"search": "database"})), ["Migrate the Database", "noted", "plain"]);
    assert_eq!(found(&agent, json!({"search": "datab"})), ["Migrate the Database", "noted", "plain"]);
    assert_eq!(
        found(&agent, json!({"search": "migrate data"})),
        ["Migrate the Database"],
        "every word is wanted"
    );
    // Vowel signs and accents written apart belong to their letters.
    for title in ["हिन्दी भाषा", "cafe\u{301}s"] {
        agent.item(title);
    }
    assert_eq!(found(&agent, json!({"search": "हि"})), ["हिन्दी भाषा"]);
    assert!(found(&agent, json!({"search": "हा"})).is_empty());
    assert_eq!(found(&agent, json!({"search": "cafés"})), ["cafe\u{301}s"]);
    for odd in ["\"", "\u{301}", "ⓐ", "a*", "AND", "(", "title:x", "-x", "NEAR(", "'; --", "%", "_", "\\"] {
        let answer = agent.call("query_items", json!({"operation": "list", "search": odd}));
        let well = !answer.is_error || answer.doc["error"]["field"] == "search";
        assert!(well, "{odd:?} is searched for, or refused by name: {}", answer.raw_text);
    }
}

#[test]
fn search_follows_changes() {
    let env = TestEnv::new();
    let agent = env.connect();
    let id = agent.item("alpha");
    agent.note(&id, "k", "beta");
    agent.update(&id, json!({"title": "gamma"}));
    agent.note(&id, "k", "delta");
    assert!(found(&agent, json!({"search": "alpha"})).is_empty());
    assert!(found(&agent, json!({"search": "beta"})).is_empty());
    assert_eq!(found(&agent, json!({"search": "gamma"})), ["gamma"]);
    assert_eq!(found(&agent, json!({"search": "delta"})), ["gamma"]);
    agent.ok("manage_notes", json!({"operation": "delete", "item_id": id, "key": "k"}));
    assert!(found(&agent, json!({"search": "delta"})).is_empty());
}

#[test]
fn children_are_a_list() {
    let env = TestEnv::new();
    let agent = env.connect();
    let root = agent.item("root");
    let child = agent.item_with(json!({"title": "child", "parent_id": root}));
    agent.item_with(json!({"title": "grandchild", "parent_id": child}));
    for argument in ["parent_id", "item_id"] {
        let list = agent.ok("query_items", json!({"operation": "children", argument: root}));
        assert_eq!(e2e::titles(&list["items"]), ["child"], "{list}");
        assert_eq!(list["total"], 1, "{list}");
    }
    agent.refused("query_items", json!({"operation": "children"}), "VALIDATION");
    agent.refused("query_items", json!({"operation": "children", "parent_id": "00000000"}), "NOT_FOUND");
}

#[test]
fn overview_counts() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    agent.item("c");
    agent.advance(&a, "start");
    agent.advance(&b, "block");
    let overview = agent.ok("query_items", json!({"operation": "overview"}));
    assert_eq!(overview["counts"], json!({"queue": 1, "work": 1, "blocked": 1}), "{overview}");
    assert_eq!((&overview["active_count"], &overview["blocked_count"]), (&json!(1), &json!(1)), "{overview}");
}

#[test]
fn totals_are_exact_up_to_a_thousand() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items: Vec<e2e::Value> = (0..1000).map(|n| json!({"title": format!("item {n}")})).collect();
    agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let list = agent.ok("query_items", json!({"operation": "list", "limit": 1}));
    assert_eq!((&list["total"], list.get("total_more")), (&json!(1000), None), "{list}");
    agent.item("one more");
    let list = agent.ok("query_items", json!({"operation": "list", "limit": 1}));
    assert_eq!((&list["total"], &list["total_more"]), (&json!(1000), &json!(true)), "{list}");
}

#[test]
fn a_cursor_stays_true_while_items_come_and_go() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items: Vec<e2e::Value> = (0..10).map(|n| json!({"title": format!("item {n}")})).collect();
    agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let first = agent.ok("query_items", json!({"operation": "list", "limit": 5}));
    let seen = e2e::ids(&first["items"]);
    agent.ok("manage_items", json!({"operation": "delete", "ids": [seen[0]]}));
    let rest =
        agent.ok("query_items", json!({"operation": "list", "limit": 5, "cursor": first["next_cursor"]}));
    let rest = e2e::ids(&rest["items"]);
    assert_eq!(rest.len(), 5, "a deleted row before the cursor shifts nothing");
    assert!(rest.iter().all(|id| !seen.contains(id)));
    let refusal =
        agent.refused("query_items", json!({"operation": "list", "cursor": "made up"}), "VALIDATION");
    assert_eq!(refusal.field, "cursor", "{refusal:?}");
}
