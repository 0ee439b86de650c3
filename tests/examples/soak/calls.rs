//! What agents call, and how often: every tool, the everyday ones most. What replaces the whole graph is left out.

use serde_json::{Value, json};

/// Numbers that look random and are the same in every run.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: usize) -> Self {
        Self((seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Less than `below`.
    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below.max(1)
    }

    fn of_all<'a>(&mut self, ids: &'a [String]) -> &'a str {
        let at = usize::try_from(self.roll(ids.len() as u64)).unwrap_or(0);
        ids.get(at).map_or("", String::as_str)
    }
}

/// The whole id of the nth item that is there from the beginning.
pub(crate) fn shared(n: usize) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

/// The next call of an agent that has these items: a tool and its arguments.
pub(crate) fn next(dice: &mut Dice, mine: &[String], agent: usize) -> (&'static str, Value) {
    let one = dice.of_all(mine).to_owned();
    let other = dice.of_all(mine).to_owned();
    let triggers = ["start", "complete", "block", "resume", "reopen"];
    let trigger = triggers[usize::try_from(dice.roll(5)).unwrap_or(0)];
    let there = shared(usize::try_from(dice.roll(crate::ITEMS as u64)).unwrap_or(0));
    match dice.roll(1_000) {
        0..150 => (
            "manage_items",
            json!({"operation": "create", "title": format!("Agent {agent} writes a page"), "tags": "soak", "description": "What is to be done. ".repeat(10)}),
        ),
        150..190 => ("manage_items", json!({"operation": "update", "item_id": one, "summary": "Half done."})),
        190..330 => ("advance_item", json!({"item_id": one, "trigger": trigger, "reason": "as it goes"})),
        330..400 => ("get_next_item", json!({"claim": dice.roll(4) == 0, "tags": "soak"})),
        400..470 => ("get_context", json!({"limit": 10})),
        470..500 => ("get_context", json!({"item_id": one})),
        500..530 => ("get_context", json!({"brief": true})),
        530..580 => ("query_items", json!({"operation": "get", "item_id": one, "include_ancestors": true})),
        580..630 => ("query_items", json!({"operation": "list", "limit": 50, "search": "chapter"})),
        630..650 => ("query_items", json!({"operation": "overview"})),
        650..710 => (
            "manage_notes",
            json!({"operation": "upsert", "item_id": one, "key": format!("log-{}", dice.roll(5)), "body": "A line of what happened. ".repeat(20)}),
        ),
        710..740 => ("query_notes", json!({"item_id": one})),
        740..770 => ("manage_dependencies", json!({"operation": "add", "from_id": one, "to_id": other})),
        770..785 => ("query_dependencies", json!({"item_id": one, "neighbors_only": false})),
        785..800 => ("get_next_status", json!({"item_id": one, "trigger": "complete"})),
        800..815 => ("get_blocked_items", json!({"limit": 10})),
        815..845 => (
            "claim_item",
            json!({"operation": "claim", "resource": format!("file:src/{agent}.rs"), "ttl_seconds": 60}),
        ),
        845..870 => ("claim_item", json!({"operation": "list"})),
        870..880 => ("list_agents", json!({})),
        880..895 => ("query_history", json!({"item_id": one, "limit": 20})),
        895..905 => ("wait_for", json!({"item_id": one, "until": "done", "timeout_seconds": 1})),
        905..920 => (
            "create_work_tree",
            json!({"root_title": format!("A tree of agent {agent}"), "root_tags": "soak", "children": [{"ref": "a", "title": "First"}, {"ref": "b", "title": "Then"}], "deps": [{"from": "a", "to": "b"}]}),
        ),
        920..930 => ("complete_tree", json!({"parent_id": one})),
        930..940 => ("get_metrics", json!({})),
        940..950 => ("manage_schemas", json!({"operation": "list"})),
        950..955 => ("manage_workspaces", json!({"operation": "list"})),
        955..960 => ("get_workspace_context", json!({"workspace_name": "soak"})),
        960..965 => ("manage_archive", json!({"operation": "stats"})),
        965..970 => ("export_graph", json!({"tags": "soak"})),
        970..980 => ("import_graph", json!({"data": {"items": [{"id": there, "title": "There already"}]}})),
        980..985 => ("manage_checkpoints", json!({"operation": "list"})),
        985..990 => ("get_context", json!({"since": 1})),
        990..995 => ("query_items", json!({"operation": "children", "parent_id": one})),
        _ => ("echo", json!({"value": {"the": "floor"}})),
    }
}
