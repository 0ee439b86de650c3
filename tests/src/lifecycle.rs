//! The ways an MCP client opens a conversation.

use serde_json::{Value, json};

/// Which version of MCP a client speaks; they fall into two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// `initialize` first, with that version.
    Initialize(&'static str),
    /// None: every request says of itself what it needs (2026-07-28).
    Stateless,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::Initialize("2025-11-25")
    }
}

impl Lifecycle {
    /// All of them.
    pub const ALL: [Lifecycle; 5] = [
        Lifecycle::Initialize("2024-11-05"),
        Lifecycle::Initialize("2025-03-26"),
        Lifecycle::Initialize("2025-06-18"),
        Lifecycle::Initialize("2025-11-25"),
        Lifecycle::Stateless,
    ];

    /// What `initialize` carries, for those that have it.
    pub(crate) fn opening(self, client: &str, capabilities: &Value) -> Option<Value> {
        let Lifecycle::Initialize(version) = self else { return None };
        let info = json!({"name": client, "version": "1"});
        Some(json!({"protocolVersion": version, "capabilities": capabilities, "clientInfo": info}))
    }

    /// A request's parameters, with what this version wants in each.
    pub(crate) fn params(self, client: &str, mut params: Value) -> Value {
        if self == Lifecycle::Stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": client, "version": "1"},
            });
        }
        params
    }
}
