//! What config.yaml decides: note schemas, depth, and the numbers of reports and claims (contract.md §11).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::item::Item;
use crate::status::{Priority, Role};
use crate::text;
use crate::time::{DAY, HOUR, MINUTE};

/// Levels of nesting unless config.yaml says otherwise (contract.md §3).
pub const DEFAULT_MAX_DEPTH: u32 = 4;

/// How strictly a schema's items move.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lifecycle {
    /// Every phase.
    #[default]
    Manual,
    /// Start from work skips review when the schema has no review note.
    Auto,
    /// A note written on a done or cancelled item puts it back to the queue.
    AutoReopen,
    /// Cannot be cancelled.
    Permanent,
}

impl Lifecycle {
    /// Every lifecycle, as config.yaml spells it.
    pub const WORDS: &'static [(&'static str, Lifecycle)] = &[
        ("manual", Lifecycle::Manual),
        ("auto", Lifecycle::Auto),
        ("auto-reopen", Lifecycle::AutoReopen),
        ("permanent", Lifecycle::Permanent),
    ];

    /// The word config.yaml uses.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, l)| *l == self).map_or("manual", |(word, _)| word)
    }
}

/// A note that a schema knows of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteSpec {
    /// The key it is written under.
    pub key: String,
    /// The phase it belongs to.
    pub role: Role,
    /// Whether leaving that phase needs it.
    pub required: bool,
    /// What it is for.
    pub description: String,
    /// How to write it.
    pub guidance: String,
}

/// The gates of one type of item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schema {
    /// The item type or tag that it applies to; `default` applies to the rest.
    pub name: String,
    /// How strictly its items move.
    pub lifecycle: Lifecycle,
    /// Its notes, in the order of the file.
    pub notes: Vec<NoteSpec>,
}

/// The rules for the items of one project, or of none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// In the order of the file.
    pub schemas: Vec<Schema>,
    /// Most levels of nesting.
    pub max_depth: u32,
    /// An item in queue is stale after this many microseconds without a change.
    pub stale_queue: i64,
    /// The same for work.
    pub stale_work: i64,
    /// An item due within this many microseconds counts one level up.
    pub due_within: i64,
    /// The priority at which an overdue item counts, when config.yaml sets one.
    pub overdue: Option<Priority>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            schemas: Vec::new(),
            max_depth: DEFAULT_MAX_DEPTH,
            stale_queue: 7 * DAY,
            stale_work: 3 * DAY,
            due_within: 24 * HOUR,
            overdue: None,
        }
    }
}

impl Policy {
    /// The schema of an item: by its type, else by the first of its tags that names one, else `default`
    /// (contract.md §4).
    pub fn schema_of(&self, item: &Item) -> Option<&Schema> {
        self.schema_for(&item.item_type, &item.tags)
    }

    /// The schema that a type and tags would have.
    pub fn schema_for(&self, item_type: &str, tags: &str) -> Option<&Schema> {
        std::iter::once(item_type)
            .filter(|name| !name.is_empty())
            .chain(text::split_tags(tags))
            .chain(["default"])
            .find_map(|name| self.schema(name))
    }

    /// The schema of that name.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.iter().find(|s| s.name == name)
    }
}

/// The rules for claims; one set for the whole store, so that no project can change them for others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClaimPolicy {
    /// Microseconds that a claim outlives its session.
    pub grace: i64,
    /// Whether a claimed item's notes are the holder's alone.
    pub protect_notes: bool,
}

impl Default for ClaimPolicy {
    fn default() -> Self {
        Self { grace: 2 * MINUTE, protect_notes: false }
    }
}

/// All rules in force: the user's, and each project's laid over them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policies {
    /// For items of no project, and of projects without a file.
    pub user: Arc<Policy>,
    /// By the project's name.
    pub projects: BTreeMap<String, Arc<Policy>>,
    /// From the user's file only.
    pub claims: ClaimPolicy,
}

impl Policies {
    /// The rules for an item of that project. They follow the item, not the caller: the same gates hold whoever moves it.
    pub fn of(&self, project: Option<&str>) -> &Policy {
        project.and_then(|name| self.projects.get(name)).unwrap_or(&self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_found_by_type_then_tag_then_default() {
        let schema = |name: &str| Schema { name: name.into(), lifecycle: Lifecycle::Manual, notes: vec![] };
        let with_default =
            Policy { schemas: ["default", "task", "bug"].map(schema).into(), ..Policy::default() };
        let without = Policy { schemas: ["task", "bug"].map(schema).into(), ..Policy::default() };
        let cases = [
            ("task", "bug", Some("task"), Some("task")),
            ("", "x, bug,task", Some("bug"), Some("bug")),
            ("other", "bug", Some("bug"), Some("bug")),
            ("other", "bugs", Some("default"), None),
            ("", "", Some("default"), None),
        ];
        for (item_type, tags, want_default, want) in cases {
            let name = |p: &Policy| p.schema_for(item_type, tags).map(|s| s.name.clone());
            assert_eq!(name(&with_default).as_deref(), want_default, "{item_type} {tags}");
            assert_eq!(name(&without).as_deref(), want, "{item_type} {tags}");
        }
    }
}
