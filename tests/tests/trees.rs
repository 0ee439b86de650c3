//! `create_work_tree` and `complete_tree` (`contract.md` §5, §6).

use e2e::{McpClient, TestEnv, Value, json, titles};

/// A change that breaks a good call.
type Spoil = fn(&mut Value);

fn tree() -> Value {
    json!({
        "root_title": "Root", "root_description": "d", "root_priority": "high",
        "children": [
            {"ref": "a", "title": "A", "priority": "critical", "tags": "x"},
            {"ref": "b", "title": "B", "description": "words", "item_type": "bug"},
            {"ref": "c", "title": "C", "parent_ref": "a"},
        ],
        "deps": [{"from": "a", "to": "b"}, {"from": "c", "to": "b", "unblock_at": "work"}, {"from": "a", "to": "c", "type": "relates_to"}],
        "notes": [{"ref": "a", "key": "requirements", "role": "queue", "body": "short"}],
    })
}

fn store(agent: &McpClient) -> (usize, usize, usize) {
    let graph = agent.ok("export_graph", json!({}));
    let count = |section: &str| graph[section].as_array().map_or(0, Vec::len);
    (count("items"), count("notes"), count("dependencies"))
}

#[test]
fn a_tree_comes_whole_in_one_call() {
    let env = TestEnv::new();
    let agent = env.full();
    let made = agent.ok("create_work_tree", tree());
    for key in ["root", "children", "dependencies", "notes", "ref_map"] {
        assert!(made.get(key).is_some(), "`{key}` is always there: {made}");
    }
    assert_eq!(
        (&made["root"]["title"], &made["root"]["priority"]),
        (&json!("Root"), &json!("high")),
        "{made}"
    );
    assert_eq!(made["root"]["description"], "d", "{made}");
    assert_eq!(titles(&made["children"]), ["A", "B", "C"], "{made}");
    let map = &made["ref_map"];
    assert_eq!(map["root"], made["root"]["id"], "{made}");
    assert_eq!(map["a"], made["children"][0]["id"], "{made}");
    assert_eq!(made["children"][1]["parent_id"], map["root"], "{made}");
    assert_eq!(made["children"][2]["parent_id"], map["a"], "parent_ref: {made}");
    assert_eq!(
        (&made["children"][0]["priority"], &made["children"][0]["tags"]),
        (&json!("critical"), &json!("x"))
    );
    assert_eq!(made["children"][1]["item_type"], "bug", "{made}");
    assert_eq!(made["dependencies"].as_array().map(Vec::len), Some(3), "{made}");
    assert_eq!(made["dependencies"][1]["unblock_at"], "work", "{made}");
    assert_eq!(made["dependencies"][2]["dep_type"], "relates_to", "{made}");
    assert_eq!(made["notes"][0]["key"], "requirements", "{made}");
    let note = agent.ok("query_notes", json!({"item_id": map["a"], "key": "requirements"}));
    assert_eq!(note["body"], "short", "{note}");
}

#[test]
fn a_root_alone_is_a_tree() {
    let env = TestEnv::new();
    let made = env.connect().ok("create_work_tree", json!({"root_title": "alone"}));
    assert_eq!(
        (&made["children"], &made["dependencies"], &made["notes"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(made["ref_map"], json!({"root": made["root"]["id"]}));
}

#[test]
fn the_root_takes_other_fields_too() {
    let env = TestEnv::new();
    let made = env.full().ok(
        "create_work_tree",
        json!({"root_title": "r", "root_tags": "x,y", "root_item_type": "epic", "root_due_at": "2030-01-01T00:00:00Z", "root_summary": "s"}),
    );
    let root = &made["root"];
    assert_eq!((&root["tags"], &root["item_type"]), (&json!("x,y"), &json!("epic")), "{root}");
    assert_eq!((&root["due_at"], &root["summary"]), (&json!("2030-01-01T00:00:00Z"), &json!("s")), "{root}");
}

#[test]
fn a_tree_hangs_under_an_existing_item() {
    let env = TestEnv::new();
    let agent = env.full();
    let parent = agent.item("existing");
    let made = agent.ok(
        "create_work_tree",
        json!({"parent_id": parent, "root_title": "r", "children": [{"title": "a"}]}),
    );
    assert_eq!(made["root"]["parent_id"], parent, "{made}");
    let made = agent
        .ok("create_work_tree", json!({"parent_id": parent, "children": [{"ref": "x", "title": "direct"}]}));
    assert_eq!(
        made["children"][0]["parent_id"], parent,
        "without a root the children hang there themselves: {made}"
    );
}

#[test]
fn edges_lead_to_existing_items_too() {
    let env = TestEnv::new();
    let agent = env.full();
    let existing = agent.item("existing");
    let made = agent.ok(
        "create_work_tree",
        json!({"root_title": "r", "children": [{"ref": "a", "title": "A"}], "deps": [{"from": existing, "to": "a"}]}),
    );
    assert_eq!(made["dependencies"][0]["from_id"], existing, "{made}");
}

#[test]
fn any_fault_leaves_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    let existing = agent.item("existing");
    let before = store(&agent);
    let broken: [(&str, Spoil, &str); 11] = [
        ("an unknown ref", |t| t["deps"][0]["to"] = "nowhere".into(), "VALIDATION or NOT_FOUND"),
        ("an edge to itself", |t| t["deps"][0]["to"] = "a".into(), "VALIDATION"),
        ("a cycle", |t| t["deps"][1] = json!({"from": "b", "to": "a"}), "CONFLICT"),
        ("the same edge twice", |t| t["deps"][1] = json!({"from": "a", "to": "b"}), "CONFLICT"),
        ("a ref twice", |t| t["children"][1]["ref"] = "a".into(), "VALIDATION"),
        ("the reserved ref", |t| t["children"][1]["ref"] = "root".into(), "VALIDATION"),
        ("a child without title", |t| t["children"][2]["title"] = Value::Null, "VALIDATION"),
        ("an unknown priority", |t| t["children"][1]["priority"] = "urgent".into(), "VALIDATION"),
        ("an unknown threshold", |t| t["deps"][1]["unblock_at"] = "never".into(), "VALIDATION"),
        ("a note on no ref", |t| t["notes"][0]["ref"] = "nowhere".into(), "VALIDATION or NOT_FOUND"),
        ("no root and no parent", |t| t["root_title"] = Value::Null, "VALIDATION"),
    ];
    for (fault, spoil, codes) in broken {
        let mut call = tree();
        spoil(&mut call);
        let refusal = agent.call("create_work_tree", call).refusal(fault);
        assert!(codes.contains(&refusal.code), "{fault} is {codes}: {refusal:?}");
        assert_eq!(store(&agent), before, "{fault} leaves nothing");
    }
    let mut call = tree();
    call["parent_id"] = existing.into();
    call["children"][2] = json!({"ref": "c", "title": "C", "parent_ref": "nowhere"});
    agent.call("create_work_tree", call).refusal("an unknown parent_ref");
    assert_eq!(store(&agent), before);
}

#[test]
fn blank_notes_come_from_the_schema() {
    let env = TestEnv::with_config(
        "work_item_schemas:\n  bug:\n    notes:\n      - {key: steps, role: queue, required: true}\n      - {key: cause, role: work}\n",
    );
    let agent = env.full();
    let made = agent.ok(
        "create_work_tree",
        json!({"root_title": "r", "create_notes": true, "children": [{"ref": "b", "title": "B", "item_type": "bug"}]}),
    );
    let notes = made["notes"].as_array().expect("notes");
    assert_eq!(notes.len(), 2, "{made}");
    assert_eq!((&notes[0]["key"], &notes[1]["role"]), (&json!("steps"), &json!("work")), "{made}");
    agent.refused(
        "advance_item",
        json!({"item_id": made["ref_map"]["b"], "trigger": "start"}),
        "GATE_BLOCKED",
    );
}

#[test]
fn complete_tree_follows_the_edges_not_the_order_of_creation() {
    let env = TestEnv::new();
    let agent = env.full();
    let made = agent.ok(
        "create_work_tree",
        json!({
            "root_title": "r",
            "children": [{"ref": "last", "title": "last"}, {"ref": "middle", "title": "middle"}, {"ref": "first", "title": "first"}],
            "deps": [{"from": "first", "to": "middle"}, {"from": "middle", "to": "last"}],
        }),
    );
    let answer = agent.ok("complete_tree", json!({"parent_id": made["root"]["id"]}));
    assert_eq!(titles(&answer["completed"]), ["first", "middle", "last"], "{answer}");
    assert_eq!(answer["skipped"], json!([]), "{answer}");
    assert_eq!(agent.status(made["root"]["id"].as_str().expect("an id")), "queue", "descendants only");
}

#[test]
fn complete_tree_goes_through_the_same_checks() {
    let env = TestEnv::with_config(
        "work_item_schemas:\n  gated:\n    notes:\n      - {key: why, role: queue, required: true}\n",
    );
    let (agent, other) = (env.agent("ann"), env.agent("ben"));
    let root = agent.item("root");
    let child = |title: &str, item_type: &str| {
        agent.item_with(json!({"title": title, "parent_id": root, "item_type": item_type}))
    };
    let (free, gated, behind, done, held, claimed) = (
        child("free", ""),
        child("gated", "gated"),
        child("behind", ""),
        child("done", ""),
        child("held", ""),
        child("claimed", ""),
    );
    let outside = agent.item("outside");
    let waits = child("waits", "");
    agent.blocks(&gated, &behind);
    agent.blocks(&outside, &waits);
    agent.advance(&done, "complete");
    agent.advance(&held, "block");
    other.advance(&claimed, "start");
    let answer = agent.ok("complete_tree", json!({"parent_id": root}));
    assert_eq!(titles(&answer["completed"]), ["free"], "{answer}");
    let skipped = |title: &str| {
        let rows = answer["skipped"].as_array().expect("rows");
        rows.iter()
            .find(|row| row["title"] == title)
            .unwrap_or_else(|| panic!("{title} is skipped: {answer}"))
            .clone()
    };
    assert_eq!(skipped("done")["status"], "done", "{answer}");
    for (title, reason) in [
        ("gated", "Missing required notes: why"),
        ("behind", "Blocked by unfinished items: gated"),
        ("waits", "Blocked by unfinished items: outside"),
        ("held", "Cannot complete from blocked"),
        ("claimed", "ben"),
    ] {
        let row = skipped(title);
        assert!(row["reason"].to_string().contains(reason), "{title}: {reason}, got {row}");
    }
    for (id, status) in
        [(&free, "done"), (&gated, "queue"), (&behind, "queue"), (&held, "blocked"), (&claimed, "work")]
    {
        assert_eq!(agent.status(id), status);
    }
}

#[test]
fn complete_tree_reaches_every_depth() {
    let env = TestEnv::new();
    let agent = env.connect();
    let root = agent.item("root");
    let child = agent.item_with(json!({"title": "child", "parent_id": root}));
    agent.item_with(json!({"title": "grandchild", "parent_id": child}));
    let answer = agent.ok("complete_tree", json!({"parent_id": root}));
    let mut done = titles(&answer["completed"]);
    done.sort();
    assert_eq!(done, ["child", "grandchild"], "{answer}");
    agent.refused("complete_tree", json!({"parent_id": "00000000"}), "NOT_FOUND").names("parent_id");
    agent.refused("complete_tree", json!({}), "VALIDATION").names("parent_id");
}

#[test]
fn a_refusal_names_the_entry_it_is_about() {
    let env = TestEnv::new();
    let agent = env.connect();
    let tree = |children, deps, notes| json!({"root_title": "R", "children": children, "deps": deps, "notes": notes});
    let a = || json!({"ref": "a", "title": "A"});
    for (call, code, field) in [
        (
            tree(json!([a(), {"title": "B", "priority": "urgent"}]), json!([]), json!([])),
            "VALIDATION",
            "children[1].priority",
        ),
        (tree(json!([a(), {"title": ""}]), json!([]), json!([])), "VALIDATION", "children[1].title"),
        (tree(json!([a()]), json!([{"from": "a", "to": "zz"}]), json!([])), "VALIDATION", "deps[0].to"),
        (tree(json!([a()]), json!([{"from": "nothing", "to": "a"}]), json!([])), "NOT_FOUND", "deps[0].from"),
        (
            tree(json!([a()]), json!([{"from": "a", "to": "root", "type": "x"}]), json!([])),
            "VALIDATION",
            "deps[0].dep_type",
        ),
        (
            tree(json!([a()]), json!([]), json!([{"ref": "b", "key": "k", "body": ""}])),
            "VALIDATION",
            "notes[0].ref",
        ),
        (
            tree(json!([{"title": "A", "agent": "x"}]), json!([]), json!([])),
            "VALIDATION",
            "children[0].agent",
        ),
    ] {
        let refusal = agent.refused("create_work_tree", call, code);
        assert_eq!(refusal.field, field, "{refusal:?}");
    }
    let refusal = agent.refused(
        "create_work_tree",
        tree(json!([a()]), json!([{"from": "a", "to": "zz"}]), json!([])),
        "VALIDATION",
    );
    refusal.says("'zz' is no ref of this call");
    let under = |name: &str, parent: &str| json!({"ref": name, "title": name, "parent_ref": parent});
    for (children, field, says) in [
        (json!([under("b", "c"), under("c", "b")]), "children[0].parent_ref", "parents form a circle"),
        (json!([under("b", "b")]), "children[0].parent_ref", "parents form a circle"),
        (json!([under("b", "c"), under("c", "q")]), "children[1].parent_ref", "names 'q', which is no ref"),
    ] {
        let refusal = agent.refused("create_work_tree", tree(children, json!([]), json!([])), "VALIDATION");
        refusal.says(says);
        assert_eq!(refusal.field, field, "{refusal:?}");
    }
    assert_eq!(agent.ok("query_items", json!({}))["total"], 0);
}
