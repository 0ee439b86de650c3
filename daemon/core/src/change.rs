//! What a decision comes to: changes, each one row of the history (contract.md §8).

use crate::claim::{Claim, Ending};
use crate::edge::Edge;
use crate::id::ItemId;
use crate::item::Item;
use crate::note::Note;
use crate::workflow::Trigger;
use crate::workspace::Workspace;

/// One change. It carries old and new, so that it can be applied, recorded and published without another look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// An item came to be.
    ItemCreated {
        /// The item.
        item: Box<Item>,
        /// How it came.
        origin: Origin,
    },
    /// An item's own fields or status changed; its version went up by one.
    ItemChanged {
        /// What it was.
        before: Box<Item>,
        /// What it is.
        after: Box<Item>,
        /// Why.
        cause: Cause,
    },
    /// An item went, with what hung on it.
    ItemDeleted {
        /// What it was.
        item: Box<Item>,
        /// Its notes.
        notes: Vec<Note>,
        /// Its edges that were not already deleted with an item before it.
        edges: Vec<Edge>,
        /// The item whose deletion took this one along; itself for the first.
        root: ItemId,
    },
    /// A note was written.
    NoteWritten {
        /// What it was, if it was.
        before: Option<Box<Note>>,
        /// What it is.
        after: Box<Note>,
        /// How it came.
        origin: Origin,
    },
    /// A note was deleted.
    NoteDeleted {
        /// What it was.
        note: Box<Note>,
    },
    /// An edge was drawn.
    EdgeAdded {
        /// The edge.
        edge: Edge,
        /// How it came.
        origin: Origin,
    },
    /// An edge was removed.
    EdgeRemoved {
        /// The edge.
        edge: Edge,
    },
    /// The last unmet threshold of an item was met by this call.
    Unblocked {
        /// The item that may go on.
        item: ItemId,
        /// The blocker that came far enough.
        by: ItemId,
    },
    /// A claim was taken.
    ClaimTaken {
        /// The claim.
        claim: Claim,
    },
    /// A claim's holder or end changed: its session ended, or the same agent's next session took it over.
    ClaimChanged {
        /// What it was.
        before: Claim,
        /// What it is.
        after: Claim,
    },
    /// A claim ended.
    ClaimEnded {
        /// What it was.
        claim: Claim,
        /// Why.
        why: Ending,
    },
    /// A workspace was made, changed (`before` is there) or removed (`after` is not).
    WorkspaceChanged {
        /// Its name.
        name: String,
        /// What it was.
        before: Option<Workspace>,
        /// What it is.
        after: Option<Workspace>,
    },
}

/// How a row came to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A call made it.
    Made,
    /// An import or a take-over brought it, with its own times.
    Imported,
    /// It was deleted and brought back.
    Restored,
}

/// Why an item changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Someone edited it.
    Edited {
        /// Over another holder's claim.
        forced: bool,
    },
    /// A trigger moved it.
    Moved {
        /// Which.
        trigger: Trigger,
        /// Why, in the caller's words.
        reason: Option<String>,
        /// Over another holder's claim.
        forced: bool,
    },
    /// A child was reopened under a terminal parent.
    ChildReopened,
    /// A note was written on an item whose lifecycle reopens it.
    NoteWritten,
}

impl Change {
    /// The item it is about, if it is about one.
    pub fn item(&self) -> Option<&ItemId> {
        use crate::claim::Subject;
        match self {
            Change::ItemCreated { item, .. } | Change::ItemDeleted { item, .. } => Some(&item.id),
            Change::ItemChanged { after, .. } => Some(&after.id),
            Change::NoteWritten { after, .. } => Some(&after.item),
            Change::NoteDeleted { note } => Some(&note.item),
            Change::EdgeAdded { edge, .. } | Change::EdgeRemoved { edge } => Some(&edge.to),
            Change::Unblocked { item, .. } => Some(item),
            Change::ClaimTaken { claim }
            | Change::ClaimChanged { after: claim, .. }
            | Change::ClaimEnded { claim, .. } => match &claim.subject {
                Subject::Item(id) => Some(id),
                Subject::Resource(_) => None,
            },
            Change::WorkspaceChanged { .. } => None,
        }
    }

    /// The other items in whose own view it shows: the parent, the old one too, and the far end of an edge.
    pub fn shown_in(&self) -> Vec<&ItemId> {
        match self {
            Change::ItemCreated { item, .. } | Change::ItemDeleted { item, .. } => {
                item.parent.iter().collect()
            }
            Change::ItemChanged { before, after, .. } if before.parent != after.parent => {
                before.parent.iter().chain(&after.parent).collect()
            }
            Change::ItemChanged { after, .. } => after.parent.iter().collect(),
            Change::EdgeAdded { edge, .. } | Change::EdgeRemoved { edge } => vec![&edge.from],
            _ => Vec::new(),
        }
    }

    /// Whether it changes the item's head, which is what others show of it wherever they name it: its title and status, what it
    /// hangs under, that it is there at all.
    pub fn changes_head(&self) -> bool {
        match self {
            Change::ItemChanged { before, after, .. } => {
                (&before.title, before.status, &before.parent) != (&after.title, after.status, &after.parent)
            }
            Change::ItemDeleted { .. } => true,
            _ => false,
        }
    }

    /// The word that the history keeps for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Change::ItemCreated { origin, .. } => match origin {
                Origin::Made => "item_created",
                Origin::Imported => "item_imported",
                Origin::Restored => "item_restored",
            },
            Change::ItemChanged { before, after, .. } if before.status != after.status => "status_changed",
            Change::ItemChanged { cause: Cause::Moved { .. }, .. } => "status_changed",
            Change::ItemChanged { .. } => "item_updated",
            Change::ItemDeleted { .. } => "item_deleted",
            Change::NoteWritten { .. } => "note_written",
            Change::NoteDeleted { .. } => "note_deleted",
            Change::EdgeAdded { .. } => "dependency_added",
            Change::EdgeRemoved { .. } => "dependency_removed",
            Change::Unblocked { .. } => "item_unblocked",
            Change::ClaimTaken { .. } => "claim_taken",
            Change::ClaimChanged { .. } => "claim_changed",
            Change::ClaimEnded { .. } => "claim_ended",
            Change::WorkspaceChanged { .. } => "workspace_changed",
        }
    }
}
