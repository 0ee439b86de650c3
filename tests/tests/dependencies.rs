//! Edges (`contract.md` §4, §5, §6): thresholds, patterns, cycles, traversal.

use e2e::{McpClient, TestEnv, Value, json, titles};

fn add(from: &str, to: &str) -> Value {
    json!({"operation": "add", "from_id": from, "to_id": to})
}

fn items(agent: &McpClient, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| agent.item(name)).collect()
}

#[test]
fn an_edge_answers_itself() {
    let env = TestEnv::new();
    let agent = env.full();
    let (a, b) = (agent.item("a"), agent.item("b"));
    let edge = agent.blocks(&a, &b);
    let mut keys = e2e::keys(&edge);
    keys.sort();
    assert_eq!(keys, ["created_at", "dep_type", "from_id", "id", "to_id", "unblock_at"], "{edge}");
    assert_eq!((&edge["from_id"], &edge["to_id"]), (&json!(a), &json!(b)), "{edge}");
    assert_eq!((&edge["dep_type"], &edge["unblock_at"]), (&json!("blocks"), &json!("done")), "{edge}");
    let remove = json!({"operation": "remove", "from_id": a, "to_id": b});
    assert_eq!(agent.ok("manage_dependencies", remove.clone()), json!({"removed": true}));
    assert_eq!(agent.ok("manage_dependencies", remove), json!({"removed": false}));
}

#[test]
fn is_blocked_by_is_the_edge_the_other_way() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    agent.ok(
        "manage_dependencies",
        json!({"operation": "add", "from_id": a, "to_id": b, "dep_type": "is_blocked_by"}),
    );
    agent
        .refused("advance_item", json!({"item_id": a, "trigger": "start"}), "DEPENDENCY_UNSATISFIED")
        .says("Blocked by unfinished items: b");
    agent.advance(&b, "start");
}

#[test]
fn faults_are_refused_and_leave_no_edge() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    agent.blocks(&a, &b);
    let refusal = agent.refused("manage_dependencies", add(&a, &a), "VALIDATION");
    assert_eq!(refusal.message, "Cannot depend on self");
    agent.refused("manage_dependencies", add(&a, &b), "CONFLICT");
    agent.refused("manage_dependencies", add(&a, "00000000"), "NOT_FOUND");
    agent.refused("manage_dependencies", add(&a, ""), "VALIDATION");
    for (field, value) in [("unblock_at", "started"), ("unblock_at", "queue"), ("dep_type", "hinders")] {
        let mut call = add(&b, &a);
        call[field] = value.into();
        agent.refused("manage_dependencies", call, "VALIDATION").names(field);
    }
    let edges = agent.ok("query_dependencies", json!({"item_id": a, "direction": "both"}));
    assert_eq!(edges["blocks"].as_array().map(Vec::len), Some(1), "{edges}");
    assert_eq!(edges["blocked_by"], json!([]), "{edges}");
}

#[test]
fn a_cycle_is_refused_with_its_path() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids = items(&agent, &["a", "b", "c"]);
    agent.blocks(&ids[0], &ids[1]);
    agent.blocks(&ids[1], &ids[2]);
    let refusal = agent.refused("manage_dependencies", add(&ids[2], &ids[0]), "CONFLICT");
    assert!(refusal.message.starts_with("Dependency would create a cycle"), "{refusal:?}");
    for id in &ids {
        assert!(format!("{refusal:?}").contains(id.as_str()), "{id} is on the path: {refusal:?}");
    }
    let path = refusal.details["path"].as_array().expect("a path");
    let shown: Vec<&str> = path.iter().filter_map(|step| step["id"].as_str()).collect();
    assert_eq!(shown, [&ids[0], &ids[1], &ids[2], &ids[0]], "ids as compact shows them: {refusal:?}");
}

#[test]
fn relates_to_never_blocks_and_never_counts_for_cycles() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (a, b) = (agent.item("a"), agent.item("b"));
    let relate = |from: &str, to: &str, unblock_at: &str| json!({"operation": "add", "from_id": from, "to_id": to, "dep_type": "relates_to", "unblock_at": unblock_at});
    agent.refused("manage_dependencies", relate(&a, &b, "work"), "VALIDATION").names("unblock_at");
    agent.ok("manage_dependencies", relate(&a, &b, "done"));
    assert_eq!(agent.ok("get_blocked_items", json!({}))["items"], json!([]), "nothing is blocked");
    agent.blocks(&b, &a);
    assert_eq!(agent.advance(&b, "start")["status"], "work", "b waits for nothing");
    agent.refused("advance_item", json!({"item_id": a, "trigger": "start"}), "DEPENDENCY_UNSATISFIED");
}

#[test]
fn thresholds_unblock_at_work_review_and_done() {
    let env = TestEnv::new();
    let agent = env.connect();
    for (threshold, way) in [
        ("work", vec!["start"]),
        ("review", vec!["start", "start"]),
        ("done", vec!["start", "start", "start"]),
    ] {
        let blocker = agent.item(&format!("blocker {threshold}"));
        let waiting = agent.item(&format!("waits for {threshold}"));
        let mut edge = add(&blocker, &waiting);
        edge["unblock_at"] = threshold.into();
        agent.ok("manage_dependencies", edge);
        for (step, trigger) in way.iter().enumerate() {
            agent.refused(
                "advance_item",
                json!({"item_id": waiting, "trigger": "start"}),
                "DEPENDENCY_UNSATISFIED",
            );
            let row = agent.advance(&blocker, trigger);
            let want = if step + 1 == way.len() { vec![format!("waits for {threshold}")] } else { vec![] };
            assert_eq!(titles(&row["unblocked_items"]), want, "at {}: {row}", row["status"]);
        }
        assert_eq!(agent.advance(&waiting, "start")["status"], "work", "unblocked at {threshold}");
    }
}

#[test]
fn unblocked_rows_name_id_title_and_status() {
    let env = TestEnv::new();
    let agent = env.full();
    let (a, b) = (agent.item("a"), agent.item("b"));
    agent.blocks(&a, &b);
    let row = agent.advance(&a, "complete");
    assert_eq!(row["unblocked_items"], json!([{"id": b, "title": "b", "status": "queue"}]), "{row}");
}

#[test]
fn only_the_last_unmet_threshold_unblocks() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids = items(&agent, &["a", "b", "waits"]);
    agent.blocks(&ids[0], &ids[2]);
    agent.blocks(&ids[1], &ids[2]);
    assert_eq!(agent.advance(&ids[0], "complete")["unblocked_items"], json!([]));
    assert_eq!(titles(&agent.advance(&ids[1], "complete")["unblocked_items"]), ["waits"]);
}

#[test]
fn cancelled_and_archived_count_as_done_and_blocked_as_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids = items(&agent, &["cancelled", "held", "c1", "c2"]);
    agent.blocks(&ids[0], &ids[2]);
    let mut edge = add(&ids[1], &ids[3]);
    edge["unblock_at"] = "work".into();
    agent.ok("manage_dependencies", edge);
    assert_eq!(titles(&agent.advance(&ids[0], "cancel")["unblocked_items"]), ["c1"]);
    agent.advance(&ids[1], "start");
    agent.advance(&ids[1], "block");
    agent
        .refused("advance_item", json!({"item_id": ids[3], "trigger": "start"}), "DEPENDENCY_UNSATISFIED")
        .says("Blocked by unfinished items: held");
    agent.advance(&ids[1], "resume");
    agent.advance(&ids[1], "complete");
    agent.advance(&ids[1], "archive");
    assert_eq!(agent.advance(&ids[3], "start")["status"], "work");
}

#[test]
fn a_preview_counts_the_blockers_it_leaves_out() {
    let env = TestEnv::new();
    let agent = env.full();
    let waiting = agent.item("waits");
    let blockers: Vec<String> = (0..30).map(|n| agent.item(&format!("b{n}"))).collect();
    let edges: Vec<Value> = blockers.iter().map(|id| json!({"from_id": id, "to_id": waiting})).collect();
    agent.ok("manage_dependencies", json!({"operation": "add", "edges": edges}));
    let preview = agent.ok("get_next_status", json!({"item_id": waiting, "trigger": "start"}));
    let shown = preview["blockers"].as_array().expect("blockers").len();
    assert_eq!(preview["more"], json!({"blockers": 30 - shown}), "{preview}");
}

#[test]
fn refusals_show_as_much_of_an_id_as_is_needed() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids = ["aaaaaaaa-1111-4000-8000-000000000000", "aaaaaaaa-2222-4000-8000-000000000000"];
    let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id, "title": "t"})).collect();
    agent.ok("import_graph", json!({"data": {"items": rows}}));
    agent.blocks(ids[0], ids[1]);
    let start = json!({"item_id": ids[1], "trigger": "start"});
    let single = agent.refused("advance_item", start.clone(), "DEPENDENCY_UNSATISFIED").details;
    assert_eq!(single["blockers"][0]["id"], "aaaaaaaa-1", "{single}");
    let batch = agent.ok("advance_item", json!({"transitions": [start]}))["results"][0].clone();
    assert_eq!(batch["error"]["details"]["blockers"][0]["id"], "aaaaaaaa-1", "{batch}");
    let back = json!({"operation": "add", "from_id": ids[1], "to_id": ids[0]});
    let cycle = agent.refused("manage_dependencies", back, "CONFLICT").details;
    assert_eq!(cycle["path"][0]["id"], "aaaaaaaa-1", "{cycle}");
    assert_eq!(cycle["path"][1]["id"], "aaaaaaaa-2", "{cycle}");
}

#[test]
fn several_blockers_are_named_in_one_sentence() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids = items(&agent, &["First", "Second", "waits"]);
    agent.blocks(&ids[0], &ids[2]);
    agent.blocks(&ids[1], &ids[2]);
    let refusal = agent.refused(
        "advance_item",
        json!({"item_id": ids[2], "trigger": "complete"}),
        "DEPENDENCY_UNSATISFIED",
    );
    assert_eq!(refusal.message, "Blocked by unfinished items: First, Second");
    let preview = agent.ok("get_next_status", json!({"item_id": ids[2], "trigger": "start"}));
    assert_eq!(preview["can_advance"], false, "{preview}");
    assert_eq!(titles(&preview["blockers"]), ["First", "Second"], "{preview}");
}

#[test]
fn a_pattern_draws_edges_of_the_kind_it_is_given() {
    let env = TestEnv::new();
    let agent = env.full();
    for (given, kind, turned) in
        [("blocks", "blocks", false), ("is_blocked_by", "blocks", true), ("relates_to", "relates_to", false)]
    {
        let ids = items(&agent, &["a", "b"]);
        let pattern = json!({"operation": "pattern", "item_ids": ids, "dep_type": given});
        let edge = agent.ok("manage_dependencies", pattern)["dependencies"][0].clone();
        let (from, to) = if turned { (1, 0) } else { (0, 1) };
        assert_eq!(edge["dep_type"], kind, "{given}: {edge}");
        assert_eq!((&edge["from_id"], &edge["to_id"]), (&json!(ids[from]), &json!(ids[to])), "{given}");
    }
    let ids = items(&agent, &["a", "b"]);
    let pattern = json!({"operation": "pattern", "item_ids": ids, "dep_type": "near"});
    agent.refused("manage_dependencies", pattern, "VALIDATION").names("dep_type");
}

#[test]
fn patterns_draw_their_edges_in_order() {
    let env = TestEnv::new();
    let agent = env.full();
    for (pattern, want) in
        [("linear", [(0, 1), (1, 2)]), ("fan-out", [(0, 1), (0, 2)]), ("fan-in", [(0, 2), (1, 2)])]
    {
        let ids = items(&agent, &["a", "b", "c"]);
        let answer = agent.ok(
            "manage_dependencies",
            json!({"operation": "pattern", "item_ids": ids.join(","), "pattern": pattern}),
        );
        let edges = answer["dependencies"].as_array().expect("edges");
        let drawn: Vec<_> =
            edges.iter().map(|edge| (edge["from_id"].clone(), edge["to_id"].clone())).collect();
        let wanted: Vec<_> = want.iter().map(|(from, to)| (json!(ids[*from]), json!(ids[*to]))).collect();
        assert_eq!(drawn, wanted, "{pattern}");
    }
    let ids = items(&agent, &["a", "b"]);
    let call =
        |ids: Value, pattern: &str| json!({"operation": "pattern", "item_ids": ids, "pattern": pattern});
    agent.refused("manage_dependencies", call(json!([ids[0]]), "linear"), "VALIDATION").names("item_ids");
    agent.refused("manage_dependencies", call(json!(ids), "star"), "VALIDATION").names("pattern");
}

#[test]
fn batches_of_edges_are_all_or_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids = items(&agent, &["a", "b", "c"]);
    let edges = json!([{"from_id": ids[0], "to_id": ids[1]}, {"from_id": ids[1], "to_id": ids[0]}]);
    agent.refused("manage_dependencies", json!({"operation": "add", "edges": edges}), "CONFLICT");
    let both = agent.ok("query_dependencies", json!({"item_id": ids[0], "direction": "both"}));
    assert_eq!(both["blocks"], json!([]), "the first edge is not left behind: {both}");
    let edges = json!([{"from_id": ids[0], "to_id": ids[1]}, {"from_id": ids[1], "to_id": ids[2], "unblock_at": "work"}]);
    let made = agent.ok("manage_dependencies", json!({"operation": "add", "edges": edges}));
    assert_eq!(made["dependencies"][1]["unblock_at"], "work", "{made}");

    let pattern = json!({"operation": "pattern", "item_ids": [ids[2], ids[0], ids[1]], "pattern": "linear"});
    agent.refused("manage_dependencies", pattern, "CONFLICT");
    let both = agent.ok("query_dependencies", json!({"item_id": ids[2], "direction": "outbound"}));
    assert_eq!(both["blocks"], json!([]), "a pattern leaves nothing behind: {both}");
}

#[test]
fn neighbours_in_each_direction() {
    let env = TestEnv::new();
    let agent = env.full();
    let ids = items(&agent, &["a", "b", "c"]);
    agent.blocks(&ids[0], &ids[1]);
    agent.blocks(&ids[1], &ids[2]);
    for (tool, mut call) in [
        ("manage_dependencies", json!({"operation": "query", "item_id": ids[1]})),
        ("query_dependencies", json!({"item_id": ids[1]})),
    ] {
        for (direction, blocks, blocked_by) in [("both", 1, 1), ("outbound", 1, 0), ("inbound", 0, 1)] {
            call["direction"] = direction.into();
            let answer = agent.ok(tool, call.clone());
            assert_eq!(
                answer["blocks"].as_array().map(Vec::len),
                Some(blocks),
                "{tool} {direction}: {answer}"
            );
            assert_eq!(
                answer["blocked_by"].as_array().map(Vec::len),
                Some(blocked_by),
                "{tool} {direction}: {answer}"
            );
        }
        call["direction"] = "both".into();
        let answer = agent.ok(tool, call.clone());
        assert_eq!(answer["blocks"][0]["to_id"], ids[2], "{answer}");
        assert_eq!(answer["blocks"][0]["to_title"], "c", "the neighbour's title saves a call: {answer}");
        assert_eq!(answer["blocked_by"][0]["from_status"], "queue", "{answer}");
        call["direction"] = "sideways".into();
        agent.refused(tool, call, "VALIDATION").names("direction");
    }
}

#[test]
fn deeper_edges_come_with_their_depth() {
    let env = TestEnv::new();
    let agent = env.full();
    let ids = items(&agent, &["a", "b", "c", "d"]);
    agent.ok("manage_dependencies", json!({"operation": "pattern", "item_ids": ids, "pattern": "linear"}));
    let deep = |direction: &str, depth: u64| json!({"item_id": if direction == "inbound" { &ids[3] } else { &ids[0] }, "direction": direction, "neighbors_only": false, "max_depth": depth});
    for direction in ["outbound", "inbound"] {
        let answer = agent.ok("query_dependencies", deep(direction, 10));
        let depths: Vec<_> =
            answer["items"].as_array().expect("edges").iter().map(|e| e["depth"].clone()).collect();
        assert_eq!(depths, [1, 2, 3], "{direction}: {answer}");
        let answer = agent.ok("query_dependencies", deep(direction, 2));
        assert_eq!(answer["items"].as_array().map(Vec::len), Some(2), "{direction}: {answer}");
    }
}

#[test]
fn blocked_items_are_listed_with_their_blockers() {
    let env = TestEnv::new();
    let agent = env.connect();
    let ids = items(&agent, &["a", "waits", "held", "free"]);
    agent.blocks(&ids[0], &ids[1]);
    agent.advance(&ids[2], "block");
    let blocked = agent.ok("get_blocked_items", json!({}));
    let rows = blocked["items"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{blocked}");
    let waits = rows.iter().find(|row| row["title"] == "waits").expect("the one that waits");
    assert_eq!(titles(&waits["blocked_by"]), ["a"], "{blocked}");
    assert!(rows.iter().any(|row| row["title"] == "held"), "{blocked}");
    agent.advance(&ids[0], "complete");
    let blocked = agent.ok("get_blocked_items", json!({}));
    assert_eq!(titles(&blocked["items"]), ["held"], "{blocked}");
}

#[test]
fn what_is_removed_is_of_the_kind_that_was_named() {
    let env = TestEnv::new();
    let agent = env.connect();
    let (first, second) = (agent.item("first"), agent.item("second"));
    let edge = |operation: &str, kind: &str| json!({"operation": operation, "from_id": first, "to_id": second, "dep_type": kind});
    agent.ok("manage_dependencies", edge("add", "blocks"));
    assert_eq!(agent.ok("manage_dependencies", edge("remove", "relates_to"))["removed"], false);
    agent.refused("advance_item", json!({"item_id": second, "trigger": "start"}), "DEPENDENCY_UNSATISFIED");
    assert_eq!(agent.ok("manage_dependencies", edge("remove", "blocks"))["removed"], true);
    agent.ok("manage_dependencies", edge("add", "relates_to"));
    let any = json!({"operation": "remove", "from_id": first, "to_id": second});
    assert_eq!(
        agent.ok("manage_dependencies", any)["removed"],
        true,
        "whatever it is, where no kind is named"
    );
}
