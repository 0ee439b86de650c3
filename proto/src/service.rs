//! The calls after the handshake. Few and stable: a method the other side does not know closes the connection
//! without a word (tarpc), so new abilities are new names inside [`Orchestrator::ask`], never new methods here.

#![allow(missing_docs, reason = "the macro writes items that cannot carry documentation")]

use crate::wire::{Ask, Document, Events, Fault, Poll, ToolAnswer, ToolCall};

/// What a daemon does for a connection. Every call carries a deadline.
#[tarpc::service]
pub trait Orchestrator {
    /// Runs a tool. A refusal is an answer.
    async fn call(call: ToolCall) -> ToolAnswer;
    /// Anything else, by MCP name.
    async fn ask(ask: Ask) -> Result<Document, Fault>;
    /// Waits for changes; one at a time per connection.
    async fn events(poll: Poll) -> Events;
}
