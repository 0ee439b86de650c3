//! The world a scenario plays in: a store, the rules in force, a clock that only the scenario moves, and whoever speaks.

use std::fmt::Debug;
use std::sync::Arc;

use orc_core::claim::{Actor, Claim, Subject};
use orc_core::command::{Cx, Guard, NewItem};
use orc_core::id::Ids;
use orc_core::item::{Edit, Item};
use orc_core::policy::{Lifecycle, NoteSpec, Policies, Policy, Schema};
use orc_core::status::{DepKind, Role, Status, Threshold};
use orc_core::time::Stamp;
use orc_core::workflow::Trigger;
use orc_core::{Change, Command, ItemId, Refusal, Stop, decide};

use crate::Apply;

/// When every world begins: 2026-11-23T00:00:00Z, a Monday.
const BEGINNING: i64 = 1_795_392_000_000_000;

pub(super) struct World<S> {
    pub(super) store: S,
    pub(super) policies: Policies,
    now: i64,
    calls: u128,
    actor: Actor,
}

/// What a store answered; a failing store fails the scenario.
pub(super) fn answer<T, E: Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the store failed: {error:?}"),
    }
}

/// An actor of the session `SESSION` named like it, or its subagent.
pub(super) fn actor(session: &str, agent: &str, subagent: Option<&str>) -> Actor {
    Actor { session: session.into(), agent: agent.into(), subagent: subagent.map(Into::into) }
}

impl<S: Apply> World<S> {
    pub(super) fn new(store: S) -> Self {
        Self {
            store,
            policies: Policies::default(),
            now: BEGINNING,
            calls: 0,
            actor: actor("s1", "alice", None),
        }
    }

    /// Sets the schemas in force.
    pub(super) fn schema(&mut self, name: &str, lifecycle: Lifecycle, required: &[(&str, Role)]) {
        let spec = |(key, role): &(&str, Role)| NoteSpec {
            key: (*key).to_owned(),
            role: *role,
            required: true,
            description: String::new(),
            guidance: format!("write {key}"),
        };
        let schema = Schema { name: name.into(), lifecycle, notes: required.iter().map(spec).collect() };
        let mut policy = Policy::clone(&self.policies.user);
        policy.schemas.push(schema);
        self.policies.user = Arc::new(policy);
    }

    /// From now on this one speaks.
    pub(super) fn speaker(&mut self, session: &str, agent: &str, subagent: Option<&str>) {
        self.actor = actor(session, agent, subagent);
    }

    pub(super) fn wait(&mut self, micros: i64) {
        self.now += micros;
    }

    pub(super) fn now(&self) -> Stamp {
        Stamp::from_micros(self.now)
    }

    /// Decides a command; where nothing refuses it, applies the changes. Each call comes a microsecond after the last.
    pub(super) fn attempt(&mut self, command: &Command) -> Result<Vec<Change>, Refusal> {
        self.calls += 1;
        let seed = self.calls.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834);
        self.attempt_with(command, Ids::new(seed))
    }

    /// The same with ids of the scenario's choice.
    pub(super) fn attempt_with(&mut self, command: &Command, ids: Ids) -> Result<Vec<Change>, Refusal> {
        self.now += 1;
        let cx = Cx { now: self.now(), actor: self.actor.clone(), ids, project: Some("p".into()) };
        match decide(&self.store, &self.policies, command, &cx) {
            Ok(changes) => {
                answer(self.store.apply(&changes, &cx.actor, &cx.now));
                Ok(changes)
            }
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Failed(error)) => panic!("the store failed: {error:?}"),
        }
    }

    /// Applies changes that no command makes.
    pub(super) fn apply(&mut self, changes: &[Change]) {
        answer(self.store.apply(changes, &self.actor, &Stamp::from_micros(self.now)));
    }

    pub(super) fn run(&mut self, command: Command) -> Vec<Change> {
        match self.attempt(&command) {
            Ok(changes) => changes,
            Err(refusal) => panic!("{command:?} was refused: {refusal:?}"),
        }
    }

    pub(super) fn refused(&mut self, command: Command) -> Refusal {
        match self.attempt(&command) {
            Ok(changes) => panic!("{command:?} was not refused: {changes:?}"),
            Err(refusal) => refusal,
        }
    }

    /// Makes an item with that title.
    pub(super) fn create(&mut self, title: &str) -> ItemId {
        self.create_with(NewItem { title: title.into(), ..NewItem::default() })
    }

    pub(super) fn create_under(&mut self, parent: &ItemId, title: &str) -> ItemId {
        self.create_with(NewItem {
            title: title.into(),
            parent: Some(parent.to_string()),
            ..NewItem::default()
        })
    }

    /// Makes an item of a type, which names its schema.
    pub(super) fn create_typed(&mut self, item_type: &str) -> ItemId {
        let edits = vec![Edit::ItemType(item_type.into())];
        self.create_with(NewItem { title: item_type.into(), edits, ..NewItem::default() })
    }

    pub(super) fn create_with(&mut self, new: NewItem) -> ItemId {
        match self.run(Command::CreateItem(new)).as_slice() {
            [Change::ItemCreated { item, .. }] => item.id.clone(),
            other => panic!("creating came to {other:?}"),
        }
    }

    pub(super) fn update(&mut self, id: &ItemId, edit: Edit) -> Vec<Change> {
        self.run(Command::UpdateItem { item: id.to_string(), edits: vec![edit], guard: Guard::default() })
    }

    pub(super) fn advance(&mut self, id: &ItemId, trigger: Trigger) -> Vec<Change> {
        self.run(advance(id, trigger))
    }

    pub(super) fn delete(&mut self, id: &ItemId) -> Vec<Change> {
        self.run(delete(id))
    }

    pub(super) fn restore(&mut self, id: &ItemId) -> Vec<Change> {
        self.run(Command::RestoreItem { item: id.to_string() })
    }

    pub(super) fn write(&mut self, id: &ItemId, key: &str, body: &str) -> Vec<Change> {
        self.run(note(id, key, None, body))
    }

    /// Draws a blocking edge.
    pub(super) fn block(&mut self, from: &ItemId, to: &ItemId, unblock_at: Threshold) -> Vec<Change> {
        self.run(link(from, to, DepKind::Blocks, unblock_at))
    }

    pub(super) fn item(&self, id: &ItemId) -> Item {
        match answer(self.store.item(id)) {
            Some(item) => item,
            None => panic!("no item {id}"),
        }
    }

    pub(super) fn status(&self, id: &ItemId) -> Status {
        self.item(id).status
    }

    pub(super) fn claim(&self, id: &ItemId) -> Option<Claim> {
        answer(self.store.claim(&Subject::Item(id.clone())))
    }

    /// The name of an item's holder.
    pub(super) fn holder(&self, id: &ItemId) -> Option<String> {
        self.claim(id).map(|claim| claim.holder.name())
    }
}

pub(super) fn advance(id: &ItemId, trigger: Trigger) -> Command {
    Command::Advance { item: id.to_string(), trigger, reason: None, guard: Guard::default() }
}

pub(super) fn forced(id: &ItemId, trigger: Trigger) -> Command {
    let guard = Guard { force: true, expected_version: None };
    Command::Advance { item: id.to_string(), trigger, reason: None, guard }
}

pub(super) fn delete(id: &ItemId) -> Command {
    Command::DeleteItem { item: id.to_string(), recursive: true, guard: Guard::default() }
}

pub(super) fn reparent(id: &ItemId, parent: &ItemId) -> Command {
    let edits = vec![Edit::Parent(Some(parent.to_string()))];
    Command::UpdateItem { item: id.to_string(), edits, guard: Guard::default() }
}

pub(super) fn note(id: &ItemId, key: &str, role: Option<Role>, body: &str) -> Command {
    Command::WriteNote { item: id.to_string(), key: key.into(), role, body: body.into() }
}

pub(super) fn link(from: &ItemId, to: &ItemId, kind: DepKind, unblock_at: Threshold) -> Command {
    Command::Link { from: from.to_string(), to: to.to_string(), kind, unblock_at }
}

/// The items that these changes report as unblocked.
pub(super) fn unblocked(changes: &[Change]) -> Vec<ItemId> {
    let items = changes.iter().filter_map(|change| match change {
        Change::Unblocked { item, .. } => Some(item.clone()),
        _ => None,
    });
    items.collect()
}

/// The kinds of changes, in their order.
pub(super) fn kinds(changes: &[Change]) -> Vec<&'static str> {
    changes.iter().map(Change::kind).collect()
}
