//! Making MCP clients know the shim: its entry in each client's own configuration, hooks, and rules for the agent.
//!
//! [`clients`] is the table; [`plan`] turns a row into changes, one for each file; [`edit`], [`toml`] and [`text`] make a change
//! in a text and undo it; [`file`] carries a text out. Whatever is not ours keeps its bytes.

pub(crate) mod client;
pub(crate) mod clients;
mod edit;
pub(crate) mod entry;
pub(crate) mod file;
mod hooks;
pub(crate) mod json;
pub(crate) mod places;
pub(crate) mod plan;
mod rules;
pub(crate) mod shim;
#[cfg(test)]
mod tests;
mod text;
mod toml;
