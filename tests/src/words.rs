//! The calls that nearly every test begins with, as short sentences.

use serde_json::{Value, json};

use crate::client::McpClient;

impl McpClient {
    /// Creates an item of that title; its id as answered.
    #[track_caller]
    pub fn item(&self, title: &str) -> String {
        self.item_with(json!({"title": title}))
    }

    /// Creates an item from fields; its id as answered.
    ///
    /// # Panics
    /// When the answer has no id.
    #[track_caller]
    pub fn item_with(&self, fields: Value) -> String {
        let row = self.create(fields);
        row["id"].as_str().unwrap_or_else(|| panic!("wanted a row with an id, got {row}")).to_owned()
    }

    /// Creates an item from fields; the row.
    #[track_caller]
    pub fn create(&self, mut fields: Value) -> Value {
        fields["operation"] = "create".into();
        self.ok("manage_items", fields)
    }

    /// Changes an item's fields; the row.
    #[track_caller]
    pub fn update(&self, id: &str, mut fields: Value) -> Value {
        fields["operation"] = "update".into();
        fields["item_id"] = id.into();
        self.ok("manage_items", fields)
    }

    /// An item's row.
    #[track_caller]
    pub fn get(&self, id: &str) -> Value {
        self.ok("query_items", json!({"operation": "get", "item_id": id}))
    }

    /// Moves an item; the answer.
    #[track_caller]
    pub fn advance(&self, id: &str, trigger: &str) -> Value {
        self.ok("advance_item", json!({"item_id": id, "trigger": trigger}))
    }

    /// Makes `from` block `to` until it is done.
    #[track_caller]
    pub fn blocks(&self, from: &str, to: &str) -> Value {
        self.ok("manage_dependencies", json!({"operation": "add", "from_id": from, "to_id": to}))
    }

    /// Writes a note in the queue role.
    #[track_caller]
    pub fn note(&self, id: &str, key: &str, body: &str) -> Value {
        self.ok("manage_notes", json!({"operation": "upsert", "item_id": id, "key": key, "body": body}))
    }

    /// An item's status.
    #[track_caller]
    pub fn status(&self, id: &str) -> String {
        self.get(id)["status"].as_str().unwrap_or_default().to_owned()
    }

    /// How many items a list with no filter counts.
    #[track_caller]
    pub fn total(&self) -> u64 {
        self.ok("query_items", json!({"operation": "list"}))["total"].as_u64().unwrap_or(u64::MAX)
    }
}
