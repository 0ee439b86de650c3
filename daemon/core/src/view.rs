//! The questions a decision asks of the present state, in the domain's words.
//!
//! A store answers them over the writer's transaction, so that a step sees the ones before it, and over a read snapshot, so
//! that a preview changes nothing. Every question is small: its cost follows its answer.

use crate::claim::{Claim, Subject};
use crate::edge::Edge;
use crate::id::ItemId;
use crate::item::Item;
use crate::note::{Note, NoteHead};
use crate::refusal::Blocker;
use crate::status::{Status, Threshold};
use crate::time::Stamp;
use crate::workspace::Workspace;

/// An item that waits for another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Which.
    pub id: ItemId,
    /// Where it stands.
    pub status: Status,
    /// How far the other one must come.
    pub needs: Threshold,
    /// How many of its blockers have not come far enough.
    pub unmet: u32,
}

/// A deleted item, as its history row keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deleted {
    /// What it was.
    pub item: Item,
    /// Its notes.
    pub notes: Vec<Note>,
    /// Its edges.
    pub edges: Vec<Edge>,
}

/// The present state of the graph.
pub trait View {
    /// What can go wrong when it is read.
    type Error;

    /// Up to `most` live items whose id is `reference` or begins with it; an exact match comes alone.
    fn find(&self, reference: &str, most: usize) -> Result<Vec<ItemId>, Self::Error>;
    /// A live item.
    fn item(&self, id: &ItemId) -> Result<Option<Item>, Self::Error>;
    /// Whether a live item's id begins with these 8 characters.
    fn short_taken(&self, short: &str) -> Result<bool, Self::Error>;
    /// How many ancestors an item has.
    fn depth(&self, id: &ItemId) -> Result<u32, Self::Error>;
    /// How many levels hang below an item.
    fn height(&self, id: &ItemId) -> Result<u32, Self::Error>;
    /// Whether `id` is `ancestor` or lies below it.
    fn is_within(&self, id: &ItemId, ancestor: &ItemId) -> Result<bool, Self::Error>;
    /// How many direct children an item has.
    fn child_count(&self, id: &ItemId) -> Result<u64, Self::Error>;
    /// All items below an item, every child before its parent.
    fn descendants(&self, id: &ItemId) -> Result<Vec<Item>, Self::Error>;
    /// An item's notes without their text.
    fn note_heads(&self, item: &ItemId) -> Result<Vec<NoteHead>, Self::Error>;
    /// One note.
    fn note(&self, item: &ItemId, key: &str) -> Result<Option<Note>, Self::Error>;
    /// An item's notes, oldest first.
    fn notes(&self, item: &ItemId) -> Result<Vec<Note>, Self::Error>;
    /// Whether a note or edge of that id is there.
    fn id_taken(&self, id: &ItemId) -> Result<bool, Self::Error>;
    /// The edge from one item to another.
    fn edge(&self, from: &ItemId, to: &ItemId) -> Result<Option<Edge>, Self::Error>;
    /// All edges that begin or end at an item.
    fn edges_of(&self, item: &ItemId) -> Result<Vec<Edge>, Self::Error>;
    /// Up to `most` blockers of an item that have not come far enough, and how many there are in all.
    fn unmet_blockers(&self, item: &ItemId, most: usize) -> Result<(Vec<Blocker>, usize), Self::Error>;
    /// The items that wait for an item, whether it has come far enough or not.
    fn waiting_for(&self, item: &ItemId) -> Result<Vec<Waiting>, Self::Error>;
    /// The shortest way from one item to another along blocking edges, both ends included, with titles.
    fn path(&self, from: &ItemId, to: &ItemId) -> Result<Option<Vec<(ItemId, String)>>, Self::Error>;
    /// The claim on a subject, whether its time has passed or not.
    fn claim(&self, subject: &Subject) -> Result<Option<Claim>, Self::Error>;
    /// All claims a session holds.
    fn claims_of(&self, session: &str) -> Result<Vec<Claim>, Self::Error>;
    /// The claims in their grace that an agent of this name held.
    fn orphans_of(&self, agent: &str) -> Result<Vec<Claim>, Self::Error>;
    /// Up to `most` claims that ended by themselves at or before `now`.
    fn claims_ended_by(&self, now: &Stamp, most: usize) -> Result<Vec<Claim>, Self::Error>;
    /// A workspace.
    fn workspace(&self, name: &str) -> Result<Option<Workspace>, Self::Error>;
    /// Up to `most` items that are not live, whose last deletion is recorded, and whose id is `reference` or begins with it;
    /// an exact match comes alone.
    fn find_deleted(&self, reference: &str, most: usize) -> Result<Vec<ItemId>, Self::Error>;
    /// What the last deletion that took this item took, every child before its parent; without what came back since and was
    /// deleted once more, which is that later deletion's.
    fn deletion(&self, id: &ItemId) -> Result<Vec<Deleted>, Self::Error>;
    /// What changed an item's fields or status after that version, oldest first, in words; at most 20 lines.
    fn changed_since(&self, id: &ItemId, version: i64) -> Result<Vec<String>, Self::Error>;
}
