//! query_history (`contract.md` §8) and what is built on it: get_context since and brief.

use e2e::{McpClient, TestEnv, Value, json, keys, titles};

fn kinds(rows: &Value) -> Vec<String> {
    let rows = rows["items"].as_array().unwrap_or_else(|| panic!("no rows in {rows}"));
    rows.iter().map(|row| row["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

fn seqs(rows: &Value) -> Vec<i64> {
    let rows = rows["items"].as_array().unwrap_or_else(|| panic!("no rows in {rows}"));
    rows.iter().filter_map(|row| row["seq"].as_i64()).collect()
}

fn history(agent: &McpClient, query: Value) -> Value {
    agent.ok("query_history", query)
}

#[test]
fn each_row_says_who_when_what_and_from_what_to_what() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("x");
    agent.update(&id, json!({"title": "y", "priority": "high"}));
    agent.ok("advance_item", json!({"item_id": id, "trigger": "block", "reason": "waits for the key"}));
    agent.note(&id, "k", "first");
    agent.note(&id, "k", "second");
    let rows = history(&agent, json!({"item_id": id}));
    assert_eq!(
        kinds(&rows),
        ["note_written", "note_written", "status_changed", "item_updated", "item_created"],
        "newest first"
    );
    let [second, first, blocked, updated, created] = [0, 1, 2, 3, 4].map(|n| rows["items"][n].clone());
    assert_eq!(created["item"]["title"], "x", "{created}");
    assert_eq!(updated["changes"], json!({"title": ["x", "y"], "priority": ["medium", "high"]}), "{updated}");
    assert_eq!(blocked["changes"]["status"], json!(["queue", "blocked"]), "{blocked}");
    assert_eq!((&blocked["trigger"], &blocked["reason"]), (&json!("block"), &json!("waits for the key")));
    assert_eq!((&second["key"], &second["changes"]["body"]), (&json!("k"), &json!(["first", "second"])));
    assert_eq!(first["changes"]["body"], json!([null, "first"]));
    for row in [&second, &first, &blocked, &updated, &created] {
        assert_eq!((&row["agent"], &row["item_id"]), (&json!("ann"), &json!(id)), "{row}");
        assert!(row["at"].as_str().is_some_and(|at| at.starts_with("20")) && row["seq"].is_i64(), "{row}");
    }
}

#[test]
fn edges_unblocking_and_workspaces_have_rows_too() {
    let env = TestEnv::new();
    let agent = env.client().agent("ann").tools("full").connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    agent.blocks(&a, &b);
    agent.advance(&a, "complete");
    agent.ok("manage_dependencies", json!({"operation": "remove", "from_id": a, "to_id": b}));
    agent.ok("manage_workspaces", json!({"operation": "create", "name": "docs", "tags": "docs"}));
    let of_b = history(&agent, json!({"item_id": b}));
    assert_eq!(kinds(&of_b), ["dependency_removed", "item_unblocked", "dependency_added", "item_created"]);
    assert_eq!(of_b["items"][1]["by"], json!(a), "{of_b}");
    let of_workspaces = history(&agent, json!({"kind": "workspace_changed"}));
    assert_eq!(of_workspaces["items"][0]["workspace"], "docs", "{of_workspaces}");
}

fn full_id(agent: &McpClient, id: &str) -> String {
    let rows = agent.ok("export_graph", json!({}))["items"].clone();
    let rows = rows.as_array().cloned().unwrap_or_default();
    let ids = rows.iter().filter_map(|row| row["id"].as_str());
    ids.filter(|full| full.starts_with(id)).map(str::to_owned).next().unwrap_or_default()
}

#[test]
fn the_history_of_a_deleted_item_is_there_by_any_of_its_names() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let id = agent.item("gone");
    agent.note(&id, "k", "b");
    let whole = full_id(&agent, &id);
    agent.ok("manage_items", json!({"operation": "delete", "item_id": id}));
    for name in [&id, &whole, &id[..4]] {
        let rows = history(&agent, json!({"item_id": name}));
        assert_eq!(kinds(&rows), ["item_deleted", "note_written", "item_created"], "{name}");
        assert_eq!(rows["items"][0]["item"]["title"], "gone", "what it was: {rows}");
    }
    agent.refused("query_history", json!({"item_id": "00000000"}), "NOT_FOUND");
    agent.ok("manage_items", json!({"operation": "restore", "item_id": id}));
    let rows = history(&agent, json!({"item_id": id, "limit": 1}));
    assert_eq!(rows["items"][0]["kind"], "note_written", "the note came back after the item: {rows}");
    assert!(kinds(&history(&agent, json!({"item_id": id}))).contains(&"item_restored".to_owned()));
}

#[test]
fn compact_rows_say_nothing_twice_and_full_ones_say_all() {
    let env = TestEnv::new();
    let agent = env.client().agent("ann").tools("full").connect();
    let (parent, blocker) = (agent.item("parent"), agent.item("blocker"));
    let id = agent.item_with(json!({"title": "x", "parent_id": parent, "tags": "t"}));
    agent.blocks(&blocker, &id);
    agent.ok("claim_item", json!({"operation": "claim", "item_id": id}));
    agent.update(&id, json!({"clear": ["parent_id"]}));
    agent.note(&id, "k", "body");
    agent.ok("manage_items", json!({"operation": "delete", "item_id": id}));
    let rows = history(&agent, json!({"item_id": id}));
    let by_kind = |kind: &str| {
        let rows = rows["items"].as_array().into_iter().flatten();
        rows.clone()
            .find(|row| row["kind"] == kind)
            .unwrap_or_else(|| panic!("no {kind} in {rows:?}"))
            .clone()
    };
    let plain =
        json!({"parent_id": parent, "title": "x", "status": "queue", "priority": "medium", "tags": "t"});
    assert_eq!(by_kind("item_created")["item"], plain);
    let edge = json!({"from_id": blocker, "to_id": id, "dep_type": "blocks", "unblock_at": "done"});
    assert_eq!(by_kind("dependency_added")["edge"], edge);
    assert_eq!(by_kind("item_updated")["changes"], json!({"parent_id": [parent, null]}));
    assert_eq!(keys(&by_kind("claim_taken")["claim"]), ["agent", "since"]);
    let deleted = by_kind("item_deleted");
    assert_eq!(deleted["notes"], json!([{"key": "k", "role": "queue", "body": "body"}]), "{deleted}");
    let full =
        env.full().ok("query_history", json!({"item_id": id, "kind": "item_created"}))["items"][0].clone();
    assert_eq!(full["item"]["id"].as_str().map(str::len), Some(36), "{full}");
    assert!(full["session"].is_string() && full["item"]["created_at"].is_string(), "{full}");
}

#[test]
fn a_cursor_from_elsewhere_is_refused_before_anything_is_missed() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    agent.item("x");
    for (tool, field) in [("query_history", "cursor"), ("wait_for", "cursor"), ("get_context", "since")] {
        let refusal = agent.refused(tool, json!({ (field): 1_000_000 }), "CONFLICT");
        refusal.names(field).says("1000000").says("get_context()");
        agent.refused(tool, json!({ (field): -1 }), "VALIDATION").names(field);
    }
    let newest = history(&agent, json!({}))["cursor"].clone();
    assert_eq!(agent.ok("get_context", json!({"since": newest}))["changes"], json!([]));
}

#[test]
fn rows_are_picked_by_agent_session_kind_and_time() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let id = ann.item("x");
    ann.ok(
        "manage_notes",
        json!({"operation": "upsert", "item_id": id, "key": "k", "body": "b", "agent": "tests"}),
    );
    ann.ok(
        "manage_notes",
        json!({"operation": "upsert", "item_id": id, "key": "k", "body": "c", "agent": "docs"}),
    );
    let middle = history(&ann, json!({"limit": 1}))["items"][0]["at"].clone();
    ben.update(&id, json!({"title": "y"}));
    let by = |agent: &str| kinds(&history(&ann, json!({"agent": agent})));
    assert_eq!(by("ann"), ["note_written", "note_written", "item_created"], "subagents included");
    assert_eq!(by("ann/tests"), ["note_written"]);
    assert_eq!(by("ben"), ["item_updated"]);
    assert_eq!(by("an"), [""; 0], "a name is whole");
    let session = ben.ok("list_agents", json!({}))["items"][1]["session"].clone();
    assert_eq!(kinds(&history(&ann, json!({"session": session}))), ["item_updated"]);
    assert_eq!(
        kinds(&history(&ann, json!({"kind": "item_created,item_updated"}))),
        ["item_updated", "item_created"]
    );
    assert_eq!(kinds(&history(&ann, json!({"kind": ["item_created"]}))), ["item_created"]);
    let refusal = ann.refused("query_history", json!({"kind": "exploded"}), "VALIDATION");
    refusal.names("kind").says("item_created");
    assert_eq!(kinds(&history(&ann, json!({"since": middle}))), ["item_updated", "note_written"]);
    assert_eq!(kinds(&history(&ann, json!({"until": middle}))), ["note_written", "item_created"]);
    ann.refused("query_history", json!({"since": "yesterday"}), "VALIDATION").names("since");
}

#[test]
fn pages_go_both_ways_without_gap_or_repetition() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let items: Vec<Value> = (0..23).map(|n| json!({"title": format!("item {n}")})).collect();
    agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let all = seqs(&history(&agent, json!({"limit": 500})));
    assert_eq!(all.len(), 23);
    assert!(all.is_sorted_by(|a, b| a > b), "newest first: {all:?}");

    let (mut back, mut query) = (Vec::new(), json!({"limit": 5}));
    loop {
        let page = history(&agent, query);
        back.extend(seqs(&page));
        match page.get("next_before") {
            Some(before) => query = json!({"limit": 5, "before": before}),
            None => {
                assert_eq!(page["has_more"], false, "{page}");
                break;
            }
        }
    }
    assert_eq!(back, all);

    let (mut forth, mut cursor) = (Vec::new(), json!(0));
    loop {
        let page = history(&agent, json!({"limit": 5, "cursor": cursor}));
        forth.extend(seqs(&page));
        cursor = page["cursor"].clone();
        if page["has_more"] == false {
            break;
        }
    }
    forth.reverse();
    assert_eq!(forth, all);
    assert_eq!(seqs(&history(&agent, json!({"cursor": cursor}))), [0_i64; 0], "nothing is newer");
    agent.refused("query_history", json!({"limit": 0}), "VALIDATION").names("limit");
    agent.refused("query_history", json!({"limit": 501}), "VALIDATION").names("limit");
}

#[test]
fn context_since_a_cursor_shows_one_row_an_item_mine_first() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let (mine, old) = (ann.item("mine"), ann.item("old"));
    ann.ok("claim_item", json!({"operation": "claim", "item_id": mine}));
    let cursor = ann.ok("get_context", json!({"since": 0}))["cursor"].clone();
    ben.note(&mine, "hint", "look there");
    let new = ben.item("new");
    ben.update(&new, json!({"title": "newer"}));
    let gone = ben.item("gone");
    ben.ok("manage_items", json!({"operation": "delete", "item_id": gone}));
    let context = ann.ok("get_context", json!({"since": cursor}));
    assert_eq!(titles(&context["changes"]), ["mine", "gone", "newer"], "{context}");
    let [first, second, third] = [0, 1, 2].map(|n| context["changes"][n].clone());
    assert_eq!(
        (&first["mine"], &first["kinds"], &first["by"]),
        (&json!(true), &json!(["note_written"]), &json!(["ben"]))
    );
    assert_eq!(second["status"], "deleted", "{second}");
    assert_eq!(third["kinds"], json!(["item_created", "item_updated"]), "{third}");
    assert!(!context.to_string().contains(&old), "what did not change is not there: {context}");
    let nothing = ann.ok("get_context", json!({"since": context["cursor"]}));
    assert_eq!((&nothing["changes"], &nothing["cursor"]), (&json!([]), &context["cursor"]), "{nothing}");
    for wrong in [json!("soon"), json!(-1), json!([1])] {
        ann.refused("get_context", json!({"since": wrong}), "VALIDATION").names("since");
    }
}

#[test]
fn context_since_a_time_is_the_same() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    agent.item("before");
    agent.item("after");
    let at = history(&agent, json!({"limit": 1}))["items"][0]["at"].clone();
    let context = agent.ok("get_context", json!({"since": at}));
    assert_eq!(titles(&context["changes"]), ["after"], "from that time on: {context}");
    let all = agent.ok("get_context", json!({"since": "2000-01-01"}));
    assert_eq!(titles(&all["changes"]), ["after", "before"]);
    let none = agent.ok("get_context", json!({"since": "2999-01-01T00:00:00Z"}));
    assert_eq!(none["changes"], json!([]));
}

#[test]
fn brief_is_one_screen_however_much_there_is() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let titles = ["Ünïcödé ", "日本語の長い題名", "\"quoted\\\" ", "emoji 🧑‍🚀 ", "<tag>&\t"];
    for n in 0..15 {
        let title: String = titles[n % titles.len()].repeat(60).chars().take(499).collect();
        let id = ann.item_with(json!({"title": title, "priority": "critical", "due_at": "2020-01-01"}));
        if n < 12 {
            (if n < 3 { &ann } else { &ben }).advance(&id, "start");
        } else {
            let reason = "Grund ".repeat(100);
            ann.ok("advance_item", json!({"item_id": id, "trigger": "block", "reason": reason}));
        }
    }
    for agent in [&ann, &ben, &env.full()] {
        let answer = agent.call("get_context", json!({"brief": true}));
        let length = answer.raw_text.chars().count();
        assert!(length <= 1_500, "{length} characters: {}", answer.raw_text);
        assert!(!answer.is_error, "{}", answer.raw_text);
        assert!(
            answer.doc["brief"].as_str().is_some_and(|text| text.contains("12 work")),
            "{}",
            answer.raw_text
        );
        assert!(answer.doc["cursor"].is_i64(), "{}", answer.raw_text);
    }
}

#[test]
fn brief_names_three_claims_and_twelve_active_items() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let mut all = Vec::new();
    for n in 0..12 {
        let title = format!("Item number {n} with a title of a usual length");
        let id = ann.item(&title);
        (if n < 3 { &ann } else { &ben }).advance(&id, "start");
        all.push(id);
    }
    let answer = ann.call("get_context", json!({"brief": true}));
    assert!(answer.raw_text.chars().count() <= 1_500, "{}", answer.raw_text);
    let text = answer.doc["brief"].as_str().unwrap_or_default();
    for id in &all {
        assert!(text.contains(id.as_str()), "{id} is named:\n{text}");
    }
    let yours = text.lines().find(|line| line.starts_with("Yours")).unwrap_or_default();
    assert!(all[..3].iter().all(|id| yours.contains(id.as_str())), "{text}");
    assert!(!yours.contains(all[3].as_str()), "{text}");
    assert!(text.contains("by ben"), "others' are shown with their holder:\n{text}");
}

#[test]
fn brief_since_a_cursor_names_what_changed() {
    let env = TestEnv::new();
    let (ann, ben) = (env.agent("ann"), env.agent("ben"));
    let mine = ann.item("mine");
    ann.advance(&mine, "start");
    let cursor = ann.ok("get_context", json!({"brief": true}))["cursor"].clone();
    let nothing = ann.ok("get_context", json!({"brief": true, "since": cursor}));
    let text = nothing["brief"].as_str().unwrap_or_default();
    assert!(text.contains(&format!("Changed since {cursor}: nothing.")), "{text}");
    ben.note(&mine, "hint", "look there");
    for n in 0..9 {
        ben.item(&format!("{} {n}", "a long title ".repeat(30)));
    }
    let answer = ann.call("get_context", json!({"brief": true, "since": cursor}));
    assert!(answer.raw_text.chars().count() <= 1_500, "{}", answer.raw_text);
    let text = answer.doc["brief"].as_str().unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Changed since")).unwrap_or_default();
    assert!(line.contains(&format!("{mine} mine (work): note_written by ben; ")), "mine first: {text}");
    assert!(line.ends_with("and 5 more."), "{text}");
    let next = ann.ok("get_context", json!({"brief": true, "since": answer.doc["cursor"]}));
    assert!(next["brief"].as_str().is_some_and(|text| text.contains("nothing")), "{next}");
}

#[test]
fn brief_of_an_empty_graph_says_so_shortly() {
    let env = TestEnv::new();
    let answer = env.agent("ann").ok("get_context", json!({"brief": true}));
    assert!(answer["brief"].as_str().is_some_and(|text| text.contains("0 queue")), "{answer}");
}
