//! Turns the steps of a history into commands on the items there are by then.

use std::collections::BTreeMap;
use std::sync::Arc;

use orc_core::change::Change;
use orc_core::claim::{Actor, Claim, Subject};
use orc_core::command::{Cx, Guard, NewItem, WorkspaceEdits};
use orc_core::edge::Edge;
use orc_core::id::Ids;
use orc_core::item::{Edit, Item};
use orc_core::note::Note;
use orc_core::policy::{ClaimPolicy, Lifecycle, NoteSpec, Policies, Policy, Schema};
use orc_core::status::{Priority, Role, Status};
use orc_core::time::{DAY, MINUTE, Stamp};
use orc_core::workspace::Workspace;
use orc_core::{Command, ItemId, View};

use super::{Action, Care, Field, History, Name, Step, Style};
use crate::memory::Memory;

/// Session, agent, subagent. The last two sessions are an agent's at one time and after it.
pub(super) const SPEAKERS: [(&str, &str, Option<&str>); 5] = [
    ("s1", "alice", None),
    ("s1", "alice", Some("tests")),
    ("s1", "alice", Some("docs")),
    ("s2", "bob", None),
    ("s3", "alice", None),
];
/// Microseconds that pass before a step.
pub(super) const WAITS: [i64; 5] = [0, 1, MINUTE, 3 * MINUTE, DAY];
/// The first is required by a schema.
pub(super) const KEYS: [&str; 3] = ["plan", "decision", "log"];
pub(super) const WORKSPACES: [&str; 2] = ["docs", "code"];

const TYPES: [&str; 4] = ["", "task", "log", "stone"];
/// What an item of each type is tagged with: the types are also the tags of workspaces.
const TAGS: [&[&str]; 4] = [&["task"], &[], &["log", "task"], &["stone", "log", "stone"]];
const PROJECTS: [&str; 2] = ["flat", "other"];
const BEGINNING: i64 = 1_795_392_000_000_000;

/// Keeps what a history does not hold: the clock, the rules, and which items and rows have been seen.
pub(super) struct Player {
    pub(super) policies: Policies,
    pub(super) now: i64,
    /// Every item ever made or imported, in the order of their first coming.
    pub(super) known: Vec<ItemId>,
    /// The ids of every note and edge that ever was.
    pub(super) rows: Vec<ItemId>,
    live: Vec<ItemId>,
    most: usize,
    calls: u128,
}

/// What a step comes to.
pub(super) enum Turn {
    Decide(Box<Command>),
    /// A change that no command makes.
    Apply(Box<Change>),
}

impl Player {
    pub(super) fn new(history: &History) -> Self {
        let claims = ClaimPolicy { protect_notes: history.protect_notes, ..ClaimPolicy::default() };
        let flat = Policy { max_depth: 2, ..policy() };
        let projects = BTreeMap::from([(PROJECTS[0].to_owned(), Arc::new(flat))]);
        let policies = Policies { user: Arc::new(policy()), projects, claims };
        Self {
            policies,
            now: BEGINNING,
            known: Vec::new(),
            rows: Vec::new(),
            live: Vec::new(),
            most: history.items,
            calls: 0,
        }
    }

    /// The step on the present state, and what its decision takes from outside.
    pub(super) fn turn(&mut self, step: &Step, model: &Memory) -> (Turn, Cx) {
        self.now += WAITS[step.wait];
        self.calls += 1;
        self.live = model.items().map(|item| item.id.clone()).collect();
        let (session, agent, subagent) = SPEAKERS[step.speaker];
        let actor =
            Actor { session: session.into(), agent: agent.into(), subagent: subagent.map(Into::into) };
        let seed = self.calls.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834);
        let cx = Cx { now: Stamp::from_micros(self.now), actor, ids: Ids::new(seed), project: None };
        let turn = match &step.action {
            Action::Take { item, minutes } => self.take(*item, *minutes, &cx, model),
            action => Turn::Decide(Box::new(self.command(action, model))),
        };
        (turn, cx)
    }

    /// Remembers the items and rows that these changes made.
    pub(super) fn saw(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::ItemCreated { item, .. } if !self.known.contains(&item.id) => {
                    self.known.push(item.id.clone());
                }
                Change::NoteWritten { after, .. } => self.rows.push(after.id.clone()),
                Change::EdgeAdded { edge, .. } => self.rows.push(edge.id.clone()),
                _ => {}
            }
        }
    }

    /// A live item in most cases: what is asked of a deleted one is refused, and nothing comes of it.
    fn id(&self, name: Name) -> ItemId {
        let among = if name.place == 0 || self.live.is_empty() { &self.known } else { &self.live };
        match among.len() {
            0 => ItemId::new("nowhere"),
            n => among[name.place % n].clone(),
        }
    }

    fn reference(&self, name: Name) -> String {
        let id = self.id(name);
        match name.style {
            Style::Whole => id.to_string(),
            Style::Short => id.short().to_owned(),
            Style::Shortest => id.as_str().chars().take(4).collect(),
        }
    }

    fn guard(&self, name: Name, care: Care, model: &Memory) -> Guard {
        let present = model.items().find(|item| item.id == self.id(name)).map_or(1, |item| item.version);
        Guard { force: care.force, expected_version: care.behind.map(|behind| present - behind) }
    }

    fn command(&self, action: &Action, model: &Memory) -> Command {
        let full = self.known.len() >= self.most;
        match *action {
            // What would be one item too many is something else.
            Action::Create { .. } if full => self.restore(self.calls as usize, model),
            Action::Create { parent, item_type, scheduled, project } => {
                let mut edits = self.edits(Field::ItemType(item_type));
                edits.extend(scheduled.then(|| Edit::Schedule(Some("0 9 * * *".into()))));
                Command::CreateItem(NewItem {
                    title: format!("item {}", self.known.len()),
                    parent: parent.map(|parent| self.reference(parent)),
                    project: project.map(|project| PROJECTS[project].into()),
                    edits,
                })
            }
            Action::Update { item, what, care } => Command::UpdateItem {
                item: self.reference(item),
                edits: self.edits(what),
                guard: self.guard(item, care, model),
            },
            Action::Move { item, parent, care } => Command::UpdateItem {
                item: self.reference(item),
                edits: vec![Edit::Parent(parent.map(|parent| self.reference(parent)))],
                guard: self.guard(item, care, model),
            },
            Action::Delete { item, recursive, care } => Command::DeleteItem {
                item: self.reference(item),
                recursive,
                guard: self.guard(item, care, model),
            },
            Action::Restore { place } => self.restore(place, model),
            Action::Advance { item, trigger, reason, care } => Command::Advance {
                item: self.reference(item),
                trigger,
                reason: reason.then(|| "for a reason".to_owned()),
                guard: self.guard(item, care, model),
            },
            Action::Write { item, key, role, blank } => Command::WriteNote {
                item: self.reference(item),
                key: KEYS[key].into(),
                role,
                body: if blank { " \n".into() } else { format!("body {}", self.calls) },
            },
            Action::Unwrite { item, key } => {
                Command::DeleteNote { item: self.reference(item), key: KEYS[key].into() }
            }
            Action::Link { from, to, kind, unblock_at } => {
                Command::Link { from: self.reference(from), to: self.reference(to), kind, unblock_at }
            }
            Action::Unlink { from, to } => {
                Command::Unlink { from: self.reference(from), to: self.reference(to), kind: None }
            }
            Action::EndSession => Command::EndSession,
            Action::AdoptClaims => Command::AdoptClaims { resumed: false },
            Action::ExpireClaims | Action::Take { .. } => Command::ExpireClaims,
            Action::SetWorkspace { name, tags } => self.workspace(WORKSPACES[name], tags, model),
            Action::DeleteWorkspace { name } => Command::DeleteWorkspace { name: WORKSPACES[name].into() },
            Action::ImportItem { id, parent, status } => {
                Command::ImportItem(Box::new(self.item_row(id, parent, status)))
            }
            Action::ImportNote { id, item, key } => {
                Command::ImportNote(Box::new(self.note_row(id, item, key)))
            }
            Action::ImportEdge { id, from, to, kind, unblock_at } => Command::ImportEdge(Edge {
                id: self.row_id(id),
                from: self.id(from),
                to: self.id(to),
                kind,
                unblock_at,
                created_by: None,
                created_at: Stamp::from_micros(0),
            }),
        }
    }

    fn restore(&self, place: usize, model: &Memory) -> Command {
        let gone = |id: &&ItemId| model.items().all(|item| item.id != **id);
        let deleted: Vec<&ItemId> = self.known.iter().filter(gone).collect();
        let item = match deleted.len() {
            0 => "nowhere".to_owned(),
            n => deleted[place % n].to_string(),
        };
        Command::RestoreItem { item }
    }

    fn edits(&self, what: Field) -> Vec<Edit> {
        match what {
            Field::Title(n) => vec![Edit::Title(format!("title {n}"))],
            Field::Priority(priority) => vec![Edit::Priority(priority)],
            Field::ItemType(n) => vec![
                Edit::ItemType(TYPES[n].into()),
                Edit::Tags(TAGS[n].iter().map(|tag| (*tag).to_owned()).collect()),
            ],
            Field::Schedule(set) => vec![Edit::Schedule(set.then(|| "30 4 * * 1".into()))],
            Field::DueAt(set) => vec![Edit::DueAt(set.then(|| Stamp::from_micros(self.now + DAY)))],
        }
    }

    fn workspace(&self, name: &str, tags: usize, model: &Memory) -> Command {
        let tags: Vec<String> = TYPES[..tags].iter().map(|tag| (*tag).to_owned()).collect();
        match model.workspace(name) {
            Ok(Some(_)) => Command::UpdateWorkspace {
                name: name.into(),
                edits: WorkspaceEdits { tags: Some(tags), ..WorkspaceEdits::default() },
            },
            _ => Command::CreateWorkspace {
                name: name.into(),
                workspace: Workspace { tags, ..Workspace::default() },
            },
        }
    }

    /// One of few new ids, or that of a row that is or was there.
    fn row_id(&self, n: usize) -> ItemId {
        match self.rows.len() {
            0 => ItemId::new(format!("row-{n}")),
            many if n.is_multiple_of(2) => self.rows[(self.calls as usize + n) % many].clone(),
            _ => ItemId::new(format!("row-{n}")),
        }
    }

    fn note_row(&self, id: usize, item: Name, key: usize) -> Note {
        Note {
            id: self.row_id(id),
            item: self.id(item),
            key: KEYS[key].into(),
            role: Role::Queue,
            body: "imported".into(),
            created_by: None,
            created_at: Stamp::from_micros(id as i64),
            updated_at: Stamp::from_micros(0),
        }
    }

    /// An item under one of few ids that begin alike, or, where all places are taken, under the id of one that was there.
    fn item_row(&self, n: usize, parent: Option<Name>, status: Status) -> Item {
        let id = match (n, self.known.first()) {
            (0, Some(first)) => first.clone(),
            _ if self.known.len() >= self.most => self.known[n % self.known.len()].clone(),
            _ => ItemId::new(format!("import-{n}")),
        };
        let given = Stamp::from_micros(n as i64 * DAY);
        Item {
            id,
            parent: parent.map(|parent| self.id(parent)),
            title: format!("imported {n}"),
            description: String::new(),
            summary: String::new(),
            status,
            label: None,
            previous: (status == Status::Blocked).then_some(Status::Review),
            priority: Priority::Low,
            complexity: None,
            item_type: TYPES[n].into(),
            tags: TAGS[n].join(","),
            metadata: None,
            properties: None,
            due_at: None,
            schedule: None,
            next_run_at: None,
            not_before: None,
            reason: None,
            project: None,
            version: 1 + n as i64,
            created_by: None,
            updated_by: None,
            created_at: given.clone(),
            updated_at: given,
            role_changed_at: None,
        }
    }

    /// Claims an open item, or a resource, unless it is claimed.
    fn take(&self, item: Option<Name>, minutes: Option<i64>, cx: &Cx, model: &Memory) -> Turn {
        let subject = match item {
            Some(name) => Subject::Item(self.id(name)),
            None => Subject::Resource("file:main.rs".into()),
        };
        let open = match &subject {
            Subject::Item(id) => model.items().any(|item| item.id == *id && !item.status.is_terminal()),
            Subject::Resource(_) => true,
        };
        if !open || model.claims().iter().any(|claim| claim.subject == subject) {
            return Turn::Decide(Box::new(Command::ExpireClaims));
        }
        let deadline = minutes.map(|minutes| cx.now.plus(minutes * MINUTE));
        let claim =
            Claim { subject, holder: cx.actor.clone(), since: cx.now.clone(), deadline, grace_until: None };
        Turn::Apply(Box::new(Change::ClaimTaken { claim }))
    }
}

/// One schema with a gate that skips review, one that reopens, one that cannot be cancelled; and so few levels that they
/// are soon full.
fn policy() -> Policy {
    let plan = NoteSpec {
        key: KEYS[0].into(),
        role: Role::Queue,
        required: true,
        description: String::new(),
        guidance: String::new(),
    };
    let schema = |name: &str, lifecycle, notes| Schema { name: name.into(), lifecycle, notes };
    let schemas = vec![
        schema(TYPES[1], Lifecycle::Auto, vec![plan]),
        schema(TYPES[2], Lifecycle::AutoReopen, vec![]),
        schema(TYPES[3], Lifecycle::Permanent, vec![]),
    ];
    Policy { schemas, max_depth: 3, ..Policy::default() }
}
