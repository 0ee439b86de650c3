//! The small store that the snapshots of answers and the examples of docs/tools.md begin with.

use serde_json::{Value, json};

use crate::{client::McpClient, env::TestEnv};

const CONFIG: &str = "work_item_schemas:\n  task:\n    lifecycle: auto\n    notes:\n      - {key: requirements, role: queue, required: true, description: What is wanted, guidance: One sentence each}\n";

/// A tree of three, of which one waits for another that `ann` has begun, notes and a workspace.
#[derive(Debug)]
pub struct Shop {
    /// Its world.
    pub env: TestEnv,
    /// `ann`, who made it all.
    pub agent: McpClient,
    /// What [`Shop::tree`] was answered.
    pub made: Value,
    /// The root's id.
    pub root: String,
    /// The id of the item in work.
    pub first: String,
    /// The id of the item that waits for it; its type is `task`.
    pub second: String,
}

impl Shop {
    /// Made anew, always the same.
    ///
    /// # Panics
    /// When a call is refused.
    #[expect(clippy::new_without_default, reason = "starting a daemon is no default")]
    pub fn new() -> Self {
        let env = TestEnv::with_config(CONFIG);
        let agent = env.agent("ann");
        let made = agent.ok("create_work_tree", Self::tree());
        let id = |name: &str| made["ref_map"][name].as_str().expect("an id").to_owned();
        let (root, first, second) = (id("root"), id("first"), id("second"));
        let shop = Self { env, agent, made, root, first, second };
        shop.agent.note(&shop.first, "decision-colour", "blue");
        shop.agent.ok(
            "manage_workspaces",
            json!({"operation": "create", "name": "web", "tags": "ui", "description": "the site"}),
        );
        shop.agent.advance(&shop.first, "start");
        shop
    }

    /// The arguments of the `create_work_tree` that it begins with.
    pub fn tree() -> Value {
        json!({
            "root_title": "Launch the shop", "root_priority": "high",
            "children": [
                {"ref": "first", "title": "Design the page", "tags": "ui", "priority": "critical"},
                {"ref": "second", "title": "Build the page", "tags": "ui", "item_type": "task"},
            ],
            "deps": [{"from": "first", "to": "second"}],
            "notes": [{"ref": "root", "key": "why", "role": "queue", "body": "It sells."}],
        })
    }
}
