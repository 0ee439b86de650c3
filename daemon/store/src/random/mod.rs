//! Random histories: sequences of commands over few items, few agents and few words, so that they meet often.
//!
//! A [`History`] is drawn before anything runs, and so names items by number; a [`Player`](player::Player) turns each step
//! into a command on the items there are by then. [`run_against`] plays one on a store and on the model side by side.

mod compare;
mod player;
#[cfg(test)]
mod properties;

pub use compare::run_against;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use orc_core::status::{DepKind, Priority, Role, Status, Threshold};
use orc_core::workflow::Trigger;

/// Most items that a history makes.
const ITEMS: usize = 12;
/// Most steps of a history.
const STEPS: usize = 60;

/// Any history, drawn so that shorter ones come out where one fails. Half of them do all there is to do; the other half make,
/// move, link, delete and restore only, because that goes wrong by many small steps together.
pub fn random_history() -> impl Strategy<Value = History> {
    let steps = prop_oneof![vec(step(action()), 1..=STEPS), vec(step(shaping()), 1..=STEPS)];
    (any::<bool>(), 3..=ITEMS, steps).prop_map(|(protect_notes, items, steps)| History {
        protect_notes,
        items,
        steps,
    })
}

/// What happens, one step after the other.
#[derive(Clone, Debug)]
pub struct History {
    /// The rule of that name in config.yaml.
    protect_notes: bool,
    /// Most items that it makes: with few, the same ones meet again and again; with many, there are subtrees and long ways.
    items: usize,
    steps: Vec<Step>,
}

/// One step: some time passes, then someone does something.
#[derive(Clone, Debug)]
struct Step {
    /// Which of [`player::SPEAKERS`].
    speaker: usize,
    /// Which of [`player::WAITS`].
    wait: usize,
    action: Action,
}

/// Names an item by its place among those there are, or, with place 0, ever were, and says by how much of its id the caller names it.
#[derive(Clone, Copy, Debug)]
struct Name {
    place: usize,
    style: Style,
}

#[derive(Clone, Copy, Debug)]
enum Style {
    Whole,
    Short,
    Shortest,
}

/// What a caller guards a change with.
#[derive(Clone, Copy, Debug)]
struct Care {
    force: bool,
    /// How far behind the version is that the caller has seen.
    behind: Option<i64>,
}

#[derive(Clone, Debug)]
enum Action {
    Create {
        parent: Option<Name>,
        item_type: usize,
        scheduled: bool,
        project: Option<usize>,
    },
    Update {
        item: Name,
        what: Field,
        care: Care,
    },
    Move {
        item: Name,
        parent: Option<Name>,
        care: Care,
    },
    Delete {
        item: Name,
        recursive: bool,
        care: Care,
    },
    /// Restores one of the items that are deleted by then.
    Restore {
        place: usize,
    },
    Advance {
        item: Name,
        trigger: Trigger,
        reason: bool,
        care: Care,
    },
    Write {
        item: Name,
        key: usize,
        role: Option<Role>,
        blank: bool,
    },
    Unwrite {
        item: Name,
        key: usize,
    },
    Link {
        from: Name,
        to: Name,
        kind: DepKind,
        unblock_at: Threshold,
    },
    Unlink {
        from: Name,
        to: Name,
    },
    /// Takes a claim with a deadline, on an item or a resource, if it is free.
    Take {
        item: Option<Name>,
        minutes: Option<i64>,
    },
    EndSession,
    AdoptClaims,
    ExpireClaims,
    SetWorkspace {
        name: usize,
        tags: usize,
    },
    DeleteWorkspace {
        name: usize,
    },
    ImportItem {
        id: usize,
        parent: Option<Name>,
        status: Status,
    },
    /// A note under one of few ids, or under the id of a note there was.
    ImportNote {
        id: usize,
        item: Name,
        key: usize,
    },
    ImportEdge {
        id: usize,
        from: Name,
        to: Name,
        kind: DepKind,
        unblock_at: Threshold,
    },
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Title(usize),
    Priority(Priority),
    ItemType(usize),
    Schedule(bool),
    DueAt(bool),
}

fn step(action: impl Strategy<Value = Action>) -> impl Strategy<Value = Step> {
    (0..player::SPEAKERS.len(), 0..player::WAITS.len(), action).prop_map(|(speaker, wait, action)| Step {
        speaker,
        wait,
        action,
    })
}

fn name() -> impl Strategy<Value = Name> {
    let style = prop_oneof![6 => Just(Style::Whole), 1 => Just(Style::Short), 1 => Just(Style::Shortest)];
    (0..ITEMS, style).prop_map(|(place, style)| Name { place, style })
}

fn care() -> impl Strategy<Value = Care> {
    (prop::bool::weighted(0.6), option::weighted(0.1, 0..3i64))
        .prop_map(|(force, behind)| Care { force, behind })
}

fn action() -> impl Strategy<Value = Action> {
    let key = || 0..player::KEYS.len();
    let kind = || prop_oneof![4 => Just(DepKind::Blocks), 1 => Just(DepKind::RelatesTo)];
    let threshold = || select(Threshold::ALL);
    let trigger = select(Trigger::WORDS).prop_map(|(_, trigger)| trigger);
    let small = || 0..4usize;
    prop_oneof![
        8 => (option::weighted(0.7, name()), small(), prop::bool::weighted(0.2), option::weighted(0.2, 0..2usize)).prop_map(
            |(parent, item_type, scheduled, project)| Action::Create { parent, item_type, scheduled, project }),
        3 => (name(), field(), care()).prop_map(|(item, what, care)| Action::Update { item, what, care }),
        4 => (name(), option::weighted(0.8, name()), care()).prop_map(
            |(item, parent, care)| Action::Move { item, parent, care }),
        3 => (name(), prop::bool::weighted(0.8), care()).prop_map(
            |(item, recursive, care)| Action::Delete { item, recursive, care }),
        6 => (0..ITEMS).prop_map(|place| Action::Restore { place }),
        16 => (name(), trigger, any::<bool>(), care()).prop_map(
            |(item, trigger, reason, care)| Action::Advance { item, trigger, reason, care }),
        4 => (name(), key(), option::of(select(Role::ALL)), prop::bool::weighted(0.2)).prop_map(
            |(item, key, role, blank)| Action::Write { item, key, role, blank }),
        1 => (name(), key()).prop_map(|(item, key)| Action::Unwrite { item, key }),
        10 => (name(), name(), kind(), threshold()).prop_map(
            |(from, to, kind, unblock_at)| Action::Link { from, to, kind, unblock_at }),
        2 => (name(), name()).prop_map(|(from, to)| Action::Unlink { from, to }),
        2 => (option::weighted(0.8, name()), option::of(1..4i64)).prop_map(
            |(item, minutes)| Action::Take { item, minutes }),
        1 => Just(Action::EndSession),
        1 => Just(Action::AdoptClaims),
        1 => Just(Action::ExpireClaims),
        1 => (0..2usize, small()).prop_map(|(name, tags)| Action::SetWorkspace { name, tags }),
        1 => (0..2usize).prop_map(|name| Action::DeleteWorkspace { name }),
        2 => (small(), option::of(name()), select(Status::ALL)).prop_map(
            |(id, parent, status)| Action::ImportItem { id, parent, status }),
        2 => (small(), name(), key()).prop_map(|(id, item, key)| Action::ImportNote { id, item, key }),
        2 => (small(), name(), name(), kind(), threshold()).prop_map(
            |(id, from, to, kind, unblock_at)| Action::ImportEdge { id, from, to, kind, unblock_at }),
    ]
}

/// What changes the shape of the graph, and nothing else.
fn shaping() -> impl Strategy<Value = Action> {
    let care = Care { force: true, behind: None };
    let create = |parent| Action::Create { parent, item_type: 0, scheduled: false, project: None };
    let block = |from, to| Action::Link { from, to, kind: DepKind::Blocks, unblock_at: Threshold::Done };
    prop_oneof![
        4 => option::weighted(0.6, name()).prop_map(create),
        10 => (name(), name()).prop_map(move |(from, to)| block(from, to)),
        1 => (name(), name()).prop_map(|(from, to)| Action::Unlink { from, to }),
        3 => (name(), option::weighted(0.8, name())).prop_map(move |(item, parent)| Action::Move { item, parent, care }),
        2 => name().prop_map(move |item| Action::Delete { item, recursive: true, care }),
        4 => (0..ITEMS).prop_map(|place| Action::Restore { place }),
    ]
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        (0..3usize).prop_map(Field::Title),
        select(Priority::ALL).prop_map(Field::Priority),
        (0..4usize).prop_map(Field::ItemType),
        any::<bool>().prop_map(Field::Schedule),
        any::<bool>().prop_map(Field::DueAt),
    ]
}
