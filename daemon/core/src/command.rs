//! What can be asked for. References to items are text as the caller gave it: they are resolved where the decision is made,
//! in the same transaction.

use crate::claim::{Actor, Subject};
use crate::edge::Edge;
use crate::id::Ids;
use crate::item::{Edit, Item};
use crate::note::Note;
use crate::status::{DepKind, Role, Threshold};
use crate::time::Stamp;
use crate::workflow::Trigger;
use crate::workspace::Workspace;

/// What a decision takes from outside: the time, who asks, and ids drawn beforehand.
#[derive(Clone, Debug)]
pub struct Cx {
    /// When.
    pub now: Stamp,
    /// Who.
    pub actor: Actor,
    /// Ids for what is made.
    pub ids: Ids,
    /// The project of the caller's session.
    pub project: Option<String>,
}

impl Cx {
    /// The same, with the ids of the `step`th step of the call.
    pub fn at_step(&self, step: u64) -> Self {
        Self { ids: self.ids.step(step), ..self.clone() }
    }
}

/// A new item: its title, where it goes, and everything else as edits of an empty item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewItem {
    /// Required.
    pub title: String,
    /// An id or prefix.
    pub parent: Option<String>,
    /// Overrides the parent's and the session's project.
    pub project: Option<String>,
    /// Every other field that was given.
    pub edits: Vec<Edit>,
}

/// What guards a change of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Guard {
    /// The version the caller has seen; another one is a `CONFLICT`.
    pub expected_version: Option<i64>,
    /// Go over another holder's claim; recorded.
    pub force: bool,
}

/// One step of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Makes an item.
    CreateItem(NewItem),
    /// Changes the fields given, and no others.
    UpdateItem {
        /// Which.
        item: String,
        /// At least one.
        edits: Vec<Edit>,
        /// Version and claim.
        guard: Guard,
    },
    /// Deletes an item; with children only when `recursive`.
    DeleteItem {
        /// Which.
        item: String,
        /// Take its descendants along.
        recursive: bool,
        /// Version and claim.
        guard: Guard,
    },
    /// Brings back a deleted item with its subtree, notes and edges.
    RestoreItem {
        /// Which.
        item: String,
    },
    /// Moves an item through the workflow.
    Advance {
        /// Which.
        item: String,
        /// How.
        trigger: Trigger,
        /// Why, kept in the history.
        reason: Option<String>,
        /// Version and claim.
        guard: Guard,
    },
    /// Writes a note, new or over the one with that key.
    WriteNote {
        /// On which item.
        item: String,
        /// Under which key.
        key: String,
        /// `None` keeps the role of a note that is there, and means queue for a new one.
        role: Option<Role>,
        /// The text; may be blank.
        body: String,
    },
    /// Deletes a note; nothing happens when there is none.
    DeleteNote {
        /// On which item.
        item: String,
        /// Which.
        key: String,
    },
    /// Draws an edge.
    Link {
        /// The blocker.
        from: String,
        /// The one that waits.
        to: String,
        /// What it means.
        kind: DepKind,
        /// How far `from` must come.
        unblock_at: Threshold,
    },
    /// Removes the edge between two items; nothing happens when there is none.
    Unlink {
        /// The blocker.
        from: String,
        /// The one that waits.
        to: String,
        /// Only if this is what it means.
        kind: Option<DepKind>,
    },
    /// Claims a subject for the actor, or sets a new deadline on a claim of its own.
    Claim {
        /// An item by its whole id, or a resource.
        subject: Subject,
        /// When the claim ends at the latest.
        deadline: Option<Stamp>,
        /// Take it from another holder; recorded.
        force: bool,
    },
    /// Gives a claim back; nothing happens when there is none.
    Release {
        /// An item by its whole id, or a resource.
        subject: Subject,
        /// End another holder's claim; recorded.
        force: bool,
    },
    /// Sets a new deadline on a claim of the actor's; `None` lets it last as long as its session.
    Renew {
        /// An item by its whole id, or a resource.
        subject: Subject,
        /// When the claim ends at the latest.
        deadline: Option<Stamp>,
    },
    /// Hands a claim of the actor's to someone else.
    Handoff {
        /// An item by its whole id, or a resource.
        subject: Subject,
        /// The new holder, who is there.
        to: Actor,
        /// Hand on another holder's claim; recorded.
        force: bool,
    },
    /// The actor's session has ended: its claims run out after the grace.
    EndSession,
    /// The actor's session begins: what it held before, or what its agent's ended sessions held, is its own again.
    AdoptClaims {
        /// It is the very session that held them; a new one takes over what its agent's ended sessions left.
        resumed: bool,
    },
    /// Ends the claims whose time has passed.
    ExpireClaims,
    /// Makes a workspace.
    CreateWorkspace {
        /// Its name.
        name: String,
        /// What it is made of.
        workspace: Workspace,
    },
    /// Changes the given parts of a workspace.
    UpdateWorkspace {
        /// Its name.
        name: String,
        /// The parts that change.
        edits: WorkspaceEdits,
    },
    /// Removes a workspace.
    DeleteWorkspace {
        /// Its name.
        name: String,
    },
    /// Places an item that came from elsewhere; nothing happens when its id is there.
    ImportItem(Box<Item>),
    /// Places a note that came from elsewhere; nothing happens when the item has one with that key.
    ImportNote(Box<Note>),
    /// Places an edge that came from elsewhere; nothing happens when the two have one.
    ImportEdge(Edge),
}

/// The parts of a workspace that an update gives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WorkspaceEdits {
    /// New tags.
    pub tags: Option<Vec<String>>,
    /// New memory tags.
    pub memory_tags: Option<Vec<String>>,
    /// A new description.
    pub description: Option<String>,
    /// New repositories.
    pub repos: Option<Vec<String>>,
    /// New conventions.
    pub conventions: Option<Vec<String>>,
}
