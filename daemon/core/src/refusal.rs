//! Refusals: what a caller is told when a rule says no (contract.md §1).

use crate::claim::Claim;
use crate::id::ItemId;
use crate::status::{Role, Status, Threshold};

/// Why, as a class that a program can act on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// No such item, note, workspace or file.
    NotFound,
    /// The call itself is wrong, or breaks a fixed rule.
    Validation,
    /// The store's present state forbids it.
    Conflict,
    /// Blockers have not reached their threshold.
    DependencyUnsatisfied,
    /// Required notes are missing.
    GateBlocked,
    /// A write in a read-only session.
    Forbidden,
    /// The daemon cannot do it now.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// The word clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::NotFound => "NOT_FOUND",
            Code::Validation => "VALIDATION",
            Code::Conflict => "CONFLICT",
            Code::DependencyUnsatisfied => "DEPENDENCY_UNSATISFIED",
            Code::GateBlocked => "GATE_BLOCKED",
            Code::Forbidden => "FORBIDDEN",
            Code::Unavailable => "UNAVAILABLE",
            Code::Internal => "INTERNAL",
        }
    }
}

/// A refused call: nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The class.
    pub code: Code,
    /// The sentence an agent or a person reads and acts on.
    pub message: String,
    /// The argument it is about.
    pub field: Option<String>,
    /// What the caller needs to act without a second call. Boxed: refusals are rare, and results are moved often.
    pub details: Option<Box<Details>>,
}

/// What a refusal carries beside its sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Details {
    /// Unfinished blockers, and how many more there are.
    Blockers(Vec<Blocker>, usize),
    /// Required notes that are missing or blank.
    MissingNotes(Vec<MissingNote>),
    /// Who holds the item.
    Holder(Claim),
    /// The ids that an ambiguous prefix matches, and whether there are more.
    Candidates(Vec<(ItemId, String)>, bool),
    /// The ids along the cycle that an edge would close.
    Path(Vec<(ItemId, String)>),
    /// The item's present version and what changed since the expected one, newest last.
    Version {
        /// What the item's version is now.
        present: i64,
        /// (version, field, old, new) of the changes since.
        changed: Vec<String>,
    },
    /// What would be valid here.
    Valid(Vec<String>),
    /// The reason an item was blocked or cancelled for.
    Reason(String),
    /// Which entry of a batch it is about, counted from 0.
    Entry(usize),
}

/// An item that another one waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blocker {
    /// Which.
    pub id: ItemId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How far it must come.
    pub needs: Threshold,
}

/// A required note that has no text yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MissingNote {
    /// The key to write it under.
    pub key: String,
    /// The phase it belongs to.
    pub role: Role,
    /// What it is for.
    pub description: String,
    /// How to write it.
    pub guidance: String,
}

impl Refusal {
    /// A refusal of that class.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, details: None }
    }

    /// The call itself is wrong.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(Code::Validation, message)
    }

    /// The store's present state forbids it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// Names the argument it is about, unless a deeper place has named one.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field.get_or_insert_with(|| field.into());
        self
    }

    /// Adds what the caller needs to act.
    #[must_use]
    pub fn details(mut self, details: Details) -> Self {
        self.details = Some(Box::new(details));
        self
    }
}

/// Why a decision stopped: a rule said no, or the state could not be read.
#[derive(Debug)]
pub enum Stop<E> {
    /// A rule said no.
    Refused(Refusal),
    /// The view failed.
    Failed(E),
}

impl<E> From<Refusal> for Stop<E> {
    fn from(refusal: Refusal) -> Self {
        Stop::Refused(refusal)
    }
}
