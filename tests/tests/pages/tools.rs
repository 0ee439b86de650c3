//! docs/tools.md: what the catalogue says, and calls as a real daemon answered them.

use std::{collections::HashMap, fmt::Write};

use e2e::{McpClient, Names, Shop, TestEnv, Value, json};

use crate::{is_up_to_date, layout::laid_out};

/// Fields that are different in each run, and what stands for them.
const STAND_INS: [(&str, &str); 9] = [
    ("pid", "4711"),
    ("folder", r#""/home/you/shop""#),
    ("session", r#""b7e15162""#),
    ("week", r#""2026-W48""#),
    ("seconds_in_status", r#"{"queue": 9000.0, "work": 5400.0}"#),
    ("blocked_seconds", "0.0"),
    ("lead_time_avg_seconds", "7200.0"),
    ("lead_time_seconds", r#"{"p50": 5400.0, "p85": 9000.0, "p95": 9000.0}"#),
    ("cycle_time_seconds", r#"{"p50": 1800.0, "p85": 3600.0, "p95": 3600.0}"#),
];

#[test]
fn the_page_of_tools_is_up_to_date() {
    let page = TestEnv::new().person().ends_with(0, &["man", "--page", "tools"]).stdout;
    let calls = calls();
    let mut text = String::new();
    let mut bare = Vec::new();
    for line in page.lines() {
        match line.strip_prefix("<!-- calls of ").and_then(|rest| rest.strip_suffix(" -->")) {
            Some(tool) => match calls.get(tool) {
                Some(calls) => text.push_str(&format!("{}\n", calls.trim_start())),
                None => bare.push(tool),
            },
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    assert!(bare.is_empty(), "tools without a call on docs/tools.md: {bare:?}");
    is_up_to_date("docs/tools.md", &text);
}

/// The calls so far, as Markdown for each tool.
struct Story {
    names: Names,
    told: HashMap<String, String>,
}

impl Story {
    /// Makes a call, and shows it.
    fn call(&mut self, agent: &McpClient, who: &str, tool: &str, arguments: Value) -> Value {
        let answer = agent.call(tool, arguments.clone()).doc;
        self.show(who, tool, &arguments, &answer);
        answer
    }

    fn show(&mut self, who: &str, tool: &str, arguments: &Value, answer: &Value) {
        let (arguments, mut answer) = (self.names.value(arguments), self.names.value(answer));
        stand_in(&mut answer);
        let verb = if answer.get("error").is_some() { "is refused" } else { "is answered" };
        let told = self.told.entry(tool.to_owned()).or_default();
        // Writing to a String does not fail.
        let _ = write!(
            told,
            "\n\n{who} calls it with\n\n```json\n{}\n```\n\nand {verb}\n\n```json\n{}\n```",
            laid_out(&arguments),
            laid_out(&answer)
        );
    }
}

fn stand_in(doc: &mut Value) {
    match doc {
        Value::Array(rows) => rows.iter_mut().for_each(stand_in),
        Value::Object(fields) => {
            for (key, value) in fields {
                match STAND_INS.iter().find(|(name, _)| name == key) {
                    Some((_, text)) => *value = serde_json_of(text),
                    None => stand_in(value),
                }
            }
        }
        _ => {}
    }
}

fn serde_json_of(text: &str) -> Value {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The shop's story, from its making to its end; each call once, in this order.
fn calls() -> HashMap<String, String> {
    let shop = Shop::new();
    let (ann, ben) = (&shop.agent, &shop.env.agent("ben"));
    let (root, first, second) = (&shop.root, &shop.first, &shop.second);
    let mut story = Story { names: Names::lifelike(), told: HashMap::new() };
    let s = &mut story;
    s.show("ann", "create_work_tree", &Shop::tree(), &shop.made);
    s.call(ann, "ann", "get_context", json!({}));
    s.call(ann, "ann", "get_context", json!({"item_id": second}));
    s.call(ann, "ann", "get_next_item", json!({}));
    s.call(ben, "ben", "get_next_item", json!({"claim": true}));
    s.call(ben, "ben", "get_next_status", json!({"item_id": second, "trigger": "start"}));
    s.call(ben, "ben", "get_blocked_items", json!({}));
    s.call(ben, "ben", "advance_item", json!({"item_id": first, "trigger": "start"}));
    s.call(ben, "ben", "advance_item", json!({"item_id": second, "trigger": "start"}));
    s.call(ann, "ann", "manage_dependencies", json!({"operation": "query", "item_id": second}));
    s.call(ann, "ann", "manage_dependencies", json!({"operation": "add", "from_id": second, "to_id": first}));
    s.call(
        ann,
        "ann",
        "query_dependencies",
        json!({"item_id": first, "direction": "outbound", "neighbors_only": false}),
    );
    s.call(ann, "ann", "advance_item", json!({"item_id": first, "trigger": "complete"}));
    s.call(ben, "ben", "advance_item", json!({"item_id": second, "trigger": "start"}));
    s.call(ben, "ben", "manage_schemas", json!({"operation": "check", "item_id": second}));
    let note = json!({"operation": "upsert", "item_id": second, "key": "requirements", "body": "It loads in a second."});
    s.call(ben, "ben", "manage_notes", note);
    s.call(ben, "ben", "query_notes", json!({"item_id": second, "include_body": false}));
    s.call(ben, "ben", "get_next_item", json!({"claim": true}));
    s.call(ben, "ben", "advance_item", json!({"transitions": [{"item_id": second, "trigger": "start"}, {"item_id": first, "trigger": "resume"}]}));
    s.call(ben, "ben", "claim_item", json!({"operation": "claim", "resource": "file:index.html"}));
    s.call(ann, "ann", "claim_item", json!({"operation": "claim", "resource": "file:index.html"}));
    s.call(ann, "ann", "claim_item", json!({"operation": "list"}));
    s.call(ann, "ann", "wait_for", json!({"item_id": second, "until": "work"}));
    s.call(
        ann,
        "ann",
        "query_items",
        json!({"operation": "get", "item_id": second, "include_ancestors": true}),
    );
    s.call(
        ann,
        "ann",
        "query_items",
        json!({"operation": "list", "search": "page", "sort": "priority", "limit": 2}),
    );
    let made = s.call(ann, "ann", "manage_items", json!({"operation": "create", "title": "Ask for a photograph", "priority": "low", "tags": "ui,later", "parent_id": root}));
    s.call(
        ann,
        "ann",
        "manage_items",
        json!({"operation": "update", "item_id": made["id"], "complexity": 2, "clear": ["tags"]}),
    );
    s.call(
        ann,
        "ann",
        "manage_items",
        json!({"operation": "create", "title": "Print flyers", "prioritty": "low"}),
    );
    s.call(ann, "ann", "manage_items", json!({"operation": "delete", "item_id": root}));
    s.call(ann, "ann", "manage_items", json!({"operation": "delete", "item_id": made["id"]}));
    s.call(ann, "ann", "manage_items", json!({"operation": "restore", "item_id": made["id"]}));
    s.call(ann, "ann", "list_agents", json!({}));
    s.call(ann, "ann", "query_history", json!({"item_id": second, "limit": 3}));
    s.call(ann, "ann", "get_workspace_context", json!({"workspace_name": "web"}));
    s.call(ann, "ann", "manage_workspaces", json!({"operation": "list"}));
    s.call(ann, "ann", "manage_workspaces", json!({"operation": "create", "name": "web", "tags": "ui"}));
    s.call(ben, "ben", "complete_tree", json!({"parent_id": root}));
    s.call(ann, "ann", "get_metrics", json!({"days": 7}));
    s.call(ann, "ann", "manage_archive", json!({"operation": "stats"}));
    s.call(ann, "ann", "manage_checkpoints", json!({"operation": "create"}));
    s.call(ann, "ann", "manage_checkpoints", json!({"operation": "list"}));
    s.call(ann, "ann", "manage_checkpoints", json!({"operation": "verify"}));
    s.call(ann, "ann", "export_graph", json!({"tags": "later"}));
    s.call(ann, "ann", "import_graph", json!({"data": {"items": [{"id": "11111111-2222-4333-8444-555555555555", "title": "From elsewhere", "status": "done"}, {"title": "Without an id"}]}}));
    story.told
}
