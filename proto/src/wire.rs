//! The messages of [`crate::service`]. They grow by fields with `#[serde(default)]`; an enum would not survive an
//! older reader, so there is none.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// JSON that crosses unread: what a client says to a tool, and what that answers. It is no part of the message that carries it
/// but follows it in the frame ([`crate::codec`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    #[serde(skip)]
    text: String,
}

impl Document {
    /// The JSON. Nobody has looked whether it is any.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same, to keep.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self { text }
    }
}

/// One `tools/call`. Name and arguments pass through unread.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ToolCall {
    /// The tool's name.
    pub name: String,
    /// The arguments as they came, an object; none is the same as `{}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Document>,
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
    pub document: Document,
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
        Self { document: document.to_string().into(), is_error: true, not_begun: false }
    }
}

/// Any other request, by its MCP name (`tools/list`, `prompts/get`, …) or `daemon/status`, `daemon/stop`,
/// `daemon/doctor`, `daemon/backup`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// Its parameters as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Document>,
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

/// A long poll. It is answered when something watched was touched, or the lists read differently.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Poll {
    /// How long to wait for something, in milliseconds; at most a day.
    pub wait_ms: u64,
    /// The [`Events::catalog_revision`] the client knows; 0 when it knows none.
    #[serde(default)]
    pub catalog_revision: u64,
    /// The resources the client wants to hear of, at most [`Poll::MAX_WATCHED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watch: Vec<Watched>,
}

impl Poll {
    /// Resources that one session may watch.
    pub const MAX_WATCHED: usize = 256;
}

/// A resource that a client watches.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Watched {
    /// Its address, as the client spells it.
    pub uri: String,
    /// The [`Events::latest`] up to which the client knows it. Each has its own, so that one that is watched from now on is not
    /// told of what was before.
    pub after: u64,
}

/// What a poll found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Events {
    /// Up to where this answer knows what happened: the next `after`. It grows over restarts of the daemon.
    pub latest: u64,
    /// The watched resources that a change has touched, or may have: a client far behind is told of all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub updated: Vec<String>,
    /// Changes when the lists of tools, prompts or resources do; 0 when unknown.
    #[serde(default)]
    pub catalog_revision: u64,
    /// The daemon is ending by somebody's wish: do not poll again.
    #[serde(default)]
    pub stopping: bool,
}
