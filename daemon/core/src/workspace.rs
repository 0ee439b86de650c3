//! Workspaces: named groups of tags by which reports are narrowed.

/// What a workspace is made of. An item belongs to it when it carries one of its tags.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Workspace {
    /// The tags that make an item part of it.
    pub tags: Vec<String>,
    /// Tags of a memory service, kept for agents.
    pub memory_tags: Vec<String>,
    /// What it is for.
    pub description: String,
    /// Repositories, kept for agents.
    pub repos: Vec<String>,
    /// Conventions, kept for agents.
    pub conventions: Vec<String>,
}
