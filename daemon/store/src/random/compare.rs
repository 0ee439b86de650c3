//! Plays a history on a store and on the model, and asks both every question after each step.
//!
//! Where the view's documents leave an order open, order is left out of the comparison; where they leave a choice open (which
//! of several matches, which of several shortest ways), the answer is checked against what may be chosen from.

use std::fmt::Debug;

use orc_core::claim::Subject;
use orc_core::command::Cx;
use orc_core::time::{DAY, Stamp};
use orc_core::view::Deleted;
use orc_core::{Change, Command, ItemId, Refusal, Stop, View, decide};

use super::History;
use super::player::{KEYS, Player, SPEAKERS, Turn, WORKSPACES};
use crate::Apply;
use crate::memory::Memory;

/// Plays `history` on `store`, which must be empty, and on the model.
///
/// # Panics
/// When the two decide or answer differently, or the store fails; says at which step, and on which question.
pub fn run_against<S: Apply>(history: &History, mut store: S) -> i64 {
    let mut model = Memory::default();
    let mut player = Player::new(history);
    for (number, step) in history.steps.iter().enumerate() {
        let (turn, cx) = player.turn(step, &model);
        let place = format!("step {number}, {:?}", step.action);
        let changes = match turn {
            Turn::Apply(change) => vec![*change],
            Turn::Decide(command) => {
                let by_model = decided(&model, &player, &command, &cx, &place);
                let by_store = decided(&store, &player, &command, &cx, &place);
                same("the decision", &place, outline(&by_model, &command), outline(&by_store, &command));
                by_model.unwrap_or_default()
            }
        };
        if changes.is_empty() {
            continue;
        }
        answer("apply", &place, model.apply(&changes, &cx.actor, &cx.now));
        answer("apply", &place, store.apply(&changes, &cx.actor, &cx.now));
        player.saw(&changes);
        Asked { model: &model, store: &store, player: &player, place: &place }.everything();
    }
    player.now
}

fn decided<V: View<Error: Debug>>(
    view: &V,
    player: &Player,
    command: &Command,
    cx: &Cx,
    place: &str,
) -> Result<Vec<Change>, Refusal> {
    match decide(view, &player.policies, command, cx) {
        Ok(changes) => Ok(changes),
        Err(Stop::Refused(refusal)) => Err(refusal),
        Err(Stop::Failed(error)) => panic!("{place}: the store failed: {error:?}"),
    }
}

/// What two stores must agree on: the class of a refusal, or the changes without their order. Which of two deleted items an
/// edge between them goes with, and so in which order edges come back, depends on that order.
fn outline(decision: &Result<Vec<Change>, Refusal>, command: &Command) -> Vec<String> {
    let whole = !matches!(command, Command::DeleteItem { .. } | Command::RestoreItem { .. });
    match decision {
        Err(refusal) => vec![format!("refused: {:?} {:?}", refusal.code, refusal.field)],
        Ok(changes) => sorted(changes.iter().map(|change| match whole {
            true => format!("{change:?}"),
            false => format!("{} {:?}", change.kind(), change.item()),
        })),
    }
}

fn sorted<T: Debug>(rows: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut rows: Vec<String> = rows.into_iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

fn answer<T, E: Debug>(question: &str, place: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{place}: {question} failed: {error:?}"),
    }
}

fn same<T: PartialEq + Debug>(question: &str, place: &str, by_model: T, by_store: T) {
    assert!(
        by_model == by_store,
        "{place}: {question}:\n  the model answers {by_model:?}\n  the store answers {by_store:?}"
    );
}

/// Both, after a step.
struct Asked<'a, S> {
    model: &'a Memory,
    store: &'a S,
    player: &'a Player,
    place: &'a str,
}

/// Asks both one question and compares what `$of` makes of the answers.
macro_rules! ask {
    ($both:expr, $method:ident($($argument:expr),*), $of:expr) => {{
        let question = format!(concat!(stringify!($method), "{:?}"), ($(&$argument,)*));
        let of = $of;
        let by_model = of(answer(&question, $both.place, $both.model.$method($($argument),*)));
        let by_store = of(answer(&question, $both.place, $both.store.$method($($argument),*)));
        same(&question, $both.place, by_model, by_store);
    }};
    ($both:expr, $method:ident($($argument:expr),*)) => { ask!($both, $method($($argument),*), |whole| whole) };
}

impl<S: Apply> Asked<'_, S> {
    fn everything(&self) {
        let nowhere = ItemId::new("nowhere");
        for id in self.player.known.iter().chain([&nowhere]) {
            self.one(id);
            self.deleted(id);
            self.references(id);
        }
        let live: Vec<&ItemId> = self.model.items().map(|item| &item.id).collect();
        for a in &live {
            ask!(self, depth(a));
            ask!(self, height(a));
            for b in &live {
                ask!(self, is_within(a, b));
                ask!(self, edge(a, b));
                self.path(a, b);
            }
        }
        self.claims();
        for id in self.player.rows.iter().chain([&nowhere]) {
            ask!(self, id_taken(id));
        }
        for name in WORKSPACES {
            ask!(self, workspace(name));
        }
    }

    /// What is asked of an item, whether it is there or not.
    fn one(&self, id: &ItemId) {
        ask!(self, item(id));
        ask!(self, child_count(id));
        ask!(self, descendants(id), sorted);
        ask!(self, note_heads(id), sorted);
        ask!(self, notes(id), sorted);
        ask!(self, edges_of(id), sorted);
        ask!(self, waiting_for(id), sorted);
        ask!(self, claim(&Subject::Item(id.clone())));
        ask!(self, unmet_blockers(id, 100), |(rows, all)| (sorted::<orc_core::refusal::Blocker>(rows), all));
        ask!(self, unmet_blockers(id, 1), |(rows, all): (Vec<_>, usize)| (rows.len(), all));
        for key in KEYS {
            ask!(self, note(id, key));
        }
        let version = answer("item", self.place, self.model.item(id)).map_or(1, |item| item.version);
        for version in [0, version - 1, version] {
            ask!(self, changed_since(id, version));
        }
        let below = answer("descendants", self.place, self.store.descendants(id));
        for (place, item) in below.iter().enumerate() {
            let above = below[..place].iter().any(|before| item.parent.as_ref() == Some(&before.id));
            assert!(!above, "{}: descendants({id}): {} comes after its parent", self.place, item.id);
        }
        let notes = answer("notes", self.place, self.store.notes(id));
        let oldest_first = notes.is_sorted_by_key(|note| note.created_at.micros());
        assert!(oldest_first, "{}: notes({id}) are not oldest first: {notes:?}", self.place);
    }

    fn deleted(&self, id: &ItemId) {
        ask!(self, deletion(id), |rows: Vec<Deleted>| {
            sorted(rows.into_iter().map(|row| (row.item, sorted(row.notes), sorted(row.edges))))
        });
        let rows = answer("deletion", self.place, self.store.deletion(id));
        for (place, row) in rows.iter().enumerate() {
            let above = rows[..place].iter().any(|before| row.item.parent.as_ref() == Some(&before.item.id));
            assert!(!above, "{}: deletion({id}): {} comes after its parent", self.place, row.item.id);
        }
    }

    fn references(&self, id: &ItemId) {
        let shortest: String = id.as_str().chars().take(4).collect();
        for reference in [id.as_str(), id.short(), &shortest, "none-such", "%", "*"] {
            ask!(self, find(reference, 100), sorted);
            ask!(self, find(reference, 1), |ids: Vec<ItemId>| ids.len());
            ask!(self, find_deleted(reference, 100), sorted);
            ask!(self, find_deleted(reference, 1), |ids: Vec<ItemId>| ids.len());
        }
        ask!(self, short_taken(id.short()));
    }

    /// There may be several shortest ways: their lengths must agree, and each step of the store's must be an edge.
    fn path(&self, from: &ItemId, to: &ItemId) {
        ask!(self, path(from, to), |way: Option<Vec<_>>| way.map(|way| way.len()));
        let way = answer("path", self.place, self.store.path(from, to)).unwrap_or_default();
        let leads = |a: &ItemId, b: &ItemId| {
            self.model.edges().iter().any(|edge| edge.blocks() && edge.from == *a && edge.to == *b)
        };
        let linked = way.windows(2).all(|pair| leads(&pair[0].0, &pair[1].0));
        let titled =
            way.iter().all(|(id, title)| self.model.items().any(|i| i.id == *id && i.title == *title));
        let ends = way.first().is_none_or(|(id, _)| id == from) && way.last().is_none_or(|(id, _)| id == to);
        assert!(linked && titled && ends, "{}: path({from}, {to}) is no path: {way:?}", self.place);
    }

    fn claims(&self) {
        for (session, agent, _) in SPEAKERS {
            ask!(self, claims_of(session), sorted);
            ask!(self, orphans_of(agent), sorted);
        }
        for now in [self.player.now, self.player.now + DAY].map(Stamp::from_micros) {
            ask!(self, claims_ended_by(&now, 100), sorted);
            ask!(self, claims_ended_by(&now, 1), |claims: Vec<_>| claims.len());
        }
        ask!(self, claim(&Subject::Resource("file:main.rs".into())));
    }
}
