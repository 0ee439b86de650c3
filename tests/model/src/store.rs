//! The whole store as plain lists, and every question about it answered by looking at all of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::symbol::{Id, Stamp};

/// Statuses after which nothing more is expected.
pub(crate) const TERMINAL: [&str; 3] = ["done", "cancelled", "archived"];
/// In the order in which they matter.
pub(crate) const PRIORITIES: [&str; 4] = ["critical", "high", "medium", "low"];
/// All of them.
pub(crate) const STATUSES: [&str; 7] =
    ["queue", "work", "review", "done", "blocked", "cancelled", "archived"];

/// Everything there is. Lists are in the order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    /// Items that are there.
    pub(crate) items: Vec<Item>,
    /// Their notes.
    pub(crate) notes: Vec<Note>,
    /// The edges among them.
    pub(crate) edges: Vec<Edge>,
    /// Who holds what.
    pub(crate) claims: Vec<Claim>,
    /// By name.
    pub(crate) workspaces: BTreeMap<String, Workspace>,
    /// One row for each change.
    pub(crate) history: Vec<Entry>,
    /// What each deletion took, so that it can be undone.
    pub(crate) deletions: Vec<Deletion>,
    /// Every project that ever had an item.
    pub(crate) projects: BTreeSet<String>,
}

/// contract.md §3.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Item {
    pub(crate) id: Id,
    pub(crate) parent: Option<Id>,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) summary: String,
    pub(crate) status: &'static str,
    pub(crate) label: Option<String>,
    pub(crate) previous: Option<&'static str>,
    pub(crate) priority: &'static str,
    pub(crate) complexity: Option<i64>,
    pub(crate) item_type: String,
    pub(crate) tags: String,
    pub(crate) metadata: Option<String>,
    pub(crate) properties: Option<String>,
    pub(crate) due_at: Option<Stamp>,
    pub(crate) schedule: Option<String>,
    pub(crate) next_run_at: Option<Stamp>,
    pub(crate) not_before: Option<Stamp>,
    pub(crate) reason: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) version: i64,
    pub(crate) created_by: Option<String>,
    pub(crate) updated_by: Option<String>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
    pub(crate) role_changed_at: Option<Stamp>,
    /// When it was done last, for get_metrics.
    pub(crate) completed: Option<Stamp>,
}

/// Text on an item under a key.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Note {
    pub(crate) id: Id,
    pub(crate) item: Id,
    pub(crate) key: String,
    pub(crate) role: &'static str,
    pub(crate) body: String,
    pub(crate) created_by: Option<String>,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

/// `from` blocks `to` until it comes as far as `unblock_at`; or they relate.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Edge {
    pub(crate) id: Id,
    pub(crate) from: Id,
    pub(crate) to: Id,
    pub(crate) kind: &'static str,
    pub(crate) unblock_at: &'static str,
    pub(crate) created_by: Option<String>,
    pub(crate) created_at: Stamp,
}

/// What can be claimed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    Item(Id),
    Resource(String),
}

/// Exactly one holder: a session and an agent.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Claim {
    pub(crate) subject: Subject,
    pub(crate) holder: Actor,
    pub(crate) since: Stamp,
    pub(crate) deadline: Option<Stamp>,
}

/// Who calls: a session, and within it perhaps a named subagent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Actor {
    pub(crate) session: u64,
    pub(crate) agent: String,
    pub(crate) sub: Option<String>,
}

/// Named groups of tags and other words.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) tags: Vec<String>,
    pub(crate) memory_tags: Vec<String>,
    pub(crate) description: String,
    pub(crate) repos: Vec<String>,
    pub(crate) conventions: Vec<String>,
}

/// One change.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Entry {
    pub(crate) call: u64,
    pub(crate) agent: String,
    pub(crate) kind: &'static str,
    pub(crate) item: Option<Id>,
    /// The item's version after it, where its fields or status changed.
    pub(crate) version: Option<i64>,
    /// Whether it completed its item. Of an item that is scheduled now, every completion counts as one.
    pub(crate) is_run: bool,
    /// Its fields, old and new.
    pub(crate) changes: Map<String, Value>,
    /// What else the row says.
    pub(crate) more: Map<String, Value>,
}

/// What one deletion took; children before parents.
#[derive(Clone, Debug)]
pub(crate) struct Deletion {
    pub(crate) rows: Vec<(Item, Vec<Note>, Vec<Edge>)>,
}

impl Actor {
    /// `alice`, or `alice/tests`.
    pub(crate) fn name(&self) -> String {
        self.sub.as_ref().map_or_else(|| self.agent.clone(), |sub| format!("{}/{sub}", self.agent))
    }
}

impl Claim {
    /// A call without `agent` acts for its whole session; a named subagent for itself alone.
    pub(crate) fn admits(&self, actor: &Actor) -> bool {
        self.holder.session == actor.session && (actor.sub.is_none() || actor.sub == self.holder.sub)
    }

    /// `{"agent","since","ends"}`.
    pub(crate) fn shown(&self) -> Value {
        let ends = self.deadline.as_ref().map_or_else(|| "with its session".to_owned(), Stamp::shown);
        json!({"agent": self.holder.name(), "since": self.since.shown(), "ends": ends})
    }
}

impl Item {
    pub(crate) fn is_terminal(&self) -> bool {
        TERMINAL.contains(&self.status)
    }

    /// Tags are matched whole.
    pub(crate) fn has_any_tag(&self, tags: &[String]) -> bool {
        self.tags.split(',').any(|tag| tags.iter().any(|wanted| wanted == tag))
    }

    /// Every field, ids whole.
    pub(crate) fn row(&self) -> Map<String, Value> {
        let at = |stamp: &Option<Stamp>| stamp.as_ref().map(Stamp::shown);
        let row = json!({
            "id": self.id.whole(), "parent_id": self.parent.map(Id::whole), "title": self.title,
            "description": self.description, "summary": self.summary, "status": self.status,
            "status_label": self.label, "previous_status": self.previous, "priority": self.priority,
            "complexity": self.complexity, "item_type": self.item_type, "tags": self.tags,
            "metadata": self.metadata, "properties": self.properties, "role_changed_at": at(&self.role_changed_at),
            "due_at": at(&self.due_at), "schedule": self.schedule, "next_run_at": at(&self.next_run_at),
            "not_before": at(&self.not_before), "reason": self.reason, "project": self.project,
            "version": self.version, "created_by": self.created_by, "updated_by": self.updated_by,
            "created_at": self.created_at.shown(), "updated_at": self.updated_at.shown(),
        });
        row.as_object().cloned().unwrap_or_default()
    }
}

impl Note {
    /// Every field, ids whole.
    pub(crate) fn row(&self) -> Map<String, Value> {
        let row = json!({
            "id": self.id.whole(), "item_id": self.item.whole(), "key": self.key, "role": self.role, "body": self.body,
            "created_by": self.created_by, "created_at": self.created_at.shown(), "updated_at": self.updated_at.shown(),
        });
        row.as_object().cloned().unwrap_or_default()
    }
}

impl Edge {
    /// Every field, ids whole.
    pub(crate) fn row(&self) -> Map<String, Value> {
        let row = json!({
            "id": self.id.whole(), "from_id": self.from.whole(), "to_id": self.to.whole(), "dep_type": self.kind,
            "unblock_at": self.unblock_at, "created_by": self.created_by, "created_at": self.created_at.shown(),
        });
        row.as_object().cloned().unwrap_or_default()
    }

    pub(crate) fn blocks(&self) -> bool {
        self.kind == "blocks"
    }
}

/// How far a status has come, as thresholds count it: blocked satisfies nothing; cancelled and archived count as done.
fn progress(status: &str) -> u8 {
    match status {
        "work" => 1,
        "review" => 2,
        "done" | "cancelled" | "archived" => 3,
        _ => 0,
    }
}

/// Whether a status satisfies a threshold.
pub(crate) fn meets(status: &str, threshold: &str) -> bool {
    progress(status) >= progress(threshold)
}

impl Store {
    pub(crate) fn item(&self, id: Id) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Where it stands in the order of arrival.
    pub(crate) fn place(&self, id: Id) -> usize {
        self.items.iter().position(|item| item.id == id).unwrap_or(usize::MAX)
    }

    pub(crate) fn children(&self, id: Id) -> Vec<&Item> {
        self.items.iter().filter(|item| item.parent == Some(id)).collect()
    }

    /// From the parent up to the root.
    pub(crate) fn ancestors(&self, id: Id) -> Vec<&Item> {
        let mut found = Vec::new();
        let mut at = self.item(id).and_then(|item| item.parent);
        while let Some(parent) = at.and_then(|id| self.item(id)) {
            found.push(parent);
            at = parent.parent;
        }
        found
    }

    /// How many ancestors it has.
    pub(crate) fn depth(&self, id: Id) -> usize {
        self.ancestors(id).len()
    }

    /// Everything below, the deepest first, each level by age.
    pub(crate) fn descendants(&self, id: Id) -> Vec<&Item> {
        let mut found: Vec<&Item> =
            self.items.iter().filter(|item| self.ancestors(item.id).iter().any(|a| a.id == id)).collect();
        found.sort_by_key(|item| (std::cmp::Reverse(self.depth(item.id)), item.created_at.order()));
        found
    }

    /// How many levels hang below.
    pub(crate) fn height(&self, id: Id) -> usize {
        let depths = self.descendants(id).into_iter().map(|item| self.depth(item.id)).max();
        depths.map_or(0, |deepest| deepest - self.depth(id))
    }

    /// The edges whose first end has not come far enough for this item.
    pub(crate) fn unmet(&self, id: Id) -> Vec<(&Edge, &Item)> {
        let into = self.edges.iter().filter(|edge| edge.to == id && edge.blocks());
        let ends = into.filter_map(|edge| Some((edge, self.item(edge.from)?)));
        ends.filter(|(edge, blocker)| !meets(blocker.status, edge.unblock_at)).collect()
    }

    /// The shortest way along blocking edges, both ends included; of several the one by the oldest edges.
    pub(crate) fn path(&self, from: Id, to: Id) -> Option<Vec<Id>> {
        let mut ways = vec![vec![from]];
        let mut seen = BTreeSet::from([from]);
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            let end = *way.last()?;
            if end == to {
                return Some(way);
            }
            for edge in self.edges.iter().filter(|edge| edge.from == end && edge.blocks()) {
                if seen.insert(edge.to) {
                    ways.push([way.clone(), vec![edge.to]].concat());
                }
            }
            next += 1;
        }
        None
    }

    pub(crate) fn claim(&self, subject: &Subject) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.subject == *subject)
    }

    pub(crate) fn holder(&self, id: Id) -> Option<&Claim> {
        self.claim(&Subject::Item(id))
    }

    /// An item's notes, oldest first.
    pub(crate) fn notes_of(&self, id: Id) -> Vec<&Note> {
        let mut notes: Vec<&Note> = self.notes.iter().filter(|note| note.item == id).collect();
        notes.sort_by_key(|note| note.created_at.order());
        notes
    }

    pub(crate) fn note(&self, item: Id, key: &str) -> Option<&Note> {
        self.notes.iter().find(|note| note.item == item && note.key == key)
    }
}
