//! Making MCP clients know the shim: its entry in each client's own configuration, hooks, and rules for the agent.
//!
//! [`clients`] is the table; [`plan`] turns a row into changes, one for each file; [`edit`], [`toml`] and [`text`] make a change
//! in a text and undo it; [`carry`] carries it out over a [`file`] and keeps [`record`] of it. Whatever is not ours keeps its bytes.

pub(crate) mod carry;
pub(crate) mod client;
pub(crate) mod clients;
mod edit;
pub(crate) mod entry;
pub(crate) mod file;
mod hooks;
pub(crate) mod json;
pub(crate) mod places;
pub(crate) mod plan;
pub(crate) mod record;
mod rules;
pub(crate) mod shim;
#[cfg(test)]
mod tests;
mod text;
mod toml;
