//! The messages of [`crate::service`]. They grow by fields with `#[serde(default)]`; an enum would not survive an
//! older reader, so there is none.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One `tools/call`. Name and arguments pass through unread.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// The arguments as they came, an object; none is the same as `{}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Box<RawValue>>,
    /// Idempotency key the shim made for this call: a repeated key answers what the first answered
    /// (`daemon.md` rule 13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the caller wants progress.
    #[serde(default)]
    pub progress: bool,
    /// How long the caller has waited already, when the call is repeated after a lost connection.
    #[serde(default)]
    pub waited_ms: u64,
}

/// What a tool answered: a document either way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ToolAnswer {
    /// The JSON document, at most [`crate::codec::MAX_ANSWER`] bytes.
    pub document: Box<RawValue>,
    /// Whether the document is a refusal.
    #[serde(default)]
    pub is_error: bool,
    /// The daemon is ending and did not begin the call: repeat it on a new connection, with the same key.
    #[serde(default)]
    pub not_begun: bool,
}

impl ToolAnswer {
    /// A refusal in the form of `contract.md` §1.
    pub fn refusal(code: &str, message: &str) -> Self {
        let document = serde_json::json!({"error": {"code": code, "message": message}});
        // A `Value` always serialises; `null` stands in for the impossible.
        let document =
            serde_json::value::to_raw_value(&document).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Self { document, is_error: true, not_begun: false }
    }
}

/// Any other request, by its MCP name (`tools/list`, `prompts/get`, …) or `daemon/status`, `daemon/stop`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// Its parameters as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Box<RawValue>>,
}

/// A request that failed, in JSON-RPC's terms.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// JSON-RPC error code, e.g. -32602.
    pub code: i32,
    /// What is wrong, for people and agents.
    pub message: String,
    /// Details for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

impl Fault {
    /// A fault without details.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// -32601: nobody here knows that method.
    pub fn unknown_method(method: &str) -> Self {
        Self::new(-32601, format!("Unknown method: {method}"))
    }
}

/// A long poll for what happened after a cursor.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Poll {
    /// The last `seq` the client has seen; [`Poll::FROM_NOW`] at first.
    pub after: u64,
    /// How long to wait for something, in milliseconds; at most 300,000.
    pub wait_ms: u64,
}

impl Poll {
    /// No change is newer than this: with no wait it asks for the present cursor. Fits SQLite's integers.
    pub const FROM_NOW: u64 = i64::MAX as u64;
}

/// What happened after a cursor.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Events {
    /// The newest `seq`: the cursor of the next poll.
    pub latest: u64,
    /// The changes, oldest first; bounded by the daemon.
    #[serde(default)]
    pub changes: Vec<Changed>,
    /// Changes when the tools' or prompts' texts do; 0 when unknown.
    #[serde(default)]
    pub catalog_revision: u64,
    /// The daemon is ending by somebody's wish: do not poll again.
    #[serde(default)]
    pub stopping: bool,
}

/// One change, as little of it as a client needs to know what to read again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Changed {
    /// Its number in the history.
    pub seq: u64,
    /// The item it touched, full id; empty when none.
    #[serde(default)]
    pub item: String,
    /// The kind of change, in the history's words.
    #[serde(default)]
    pub kind: String,
}
