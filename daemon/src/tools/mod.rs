//! The tools, one file each: its parameters and description as data, from arguments to commands, from changes to an answer.

pub(crate) mod advance_item;
mod claiming;
pub(crate) mod complete_tree;
pub(crate) mod create_work_tree;
pub(crate) mod export_graph;
pub(crate) mod get_blocked_items;
pub(crate) mod get_context;
pub(crate) mod get_metrics;
pub(crate) mod get_next_item;
pub(crate) mod get_next_status;
pub(crate) mod get_workspace_context;
pub(crate) mod import_graph;
mod item_fields;
pub(crate) mod manage_archive;
pub(crate) mod manage_checkpoints;
pub(crate) mod manage_dependencies;
pub(crate) mod manage_items;
pub(crate) mod manage_notes;
pub(crate) mod manage_schemas;
pub(crate) mod manage_workspaces;
mod next;
pub(crate) mod query_dependencies;
pub(crate) mod query_items;
pub(crate) mod query_notes;
mod transfer;
mod transition;
