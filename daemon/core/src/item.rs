//! An item of work, and what one edit of it is.

use crate::id::ItemId;
use crate::limits;
use crate::refusal::Refusal;
use crate::status::{Priority, Status};
use crate::text;
use crate::time::Stamp;

/// One item, with every field of contract.md §3.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its public id.
    pub id: ItemId,
    /// The item it belongs to.
    pub parent: Option<ItemId>,
    /// 1–500 characters.
    pub title: String,
    /// Up to 1 MiB.
    pub description: String,
    /// Up to 64 KiB.
    pub summary: String,
    /// Where it stands.
    pub status: Status,
    /// A word beside the status: `cancelled`, or what an import brought.
    pub label: Option<String>,
    /// Where a blocked item came from.
    pub previous: Option<Status>,
    /// How much it matters.
    pub priority: Priority,
    /// 1–10.
    pub complexity: Option<u8>,
    /// Names its note schema.
    pub item_type: String,
    /// Comma-separated; matched whole.
    pub tags: String,
    /// Opaque text of the caller's.
    pub metadata: Option<String>,
    /// Opaque text of the caller's.
    pub properties: Option<String>,
    /// When it should be done.
    pub due_at: Option<Stamp>,
    /// A cron expression in UTC.
    pub schedule: Option<String>,
    /// When a scheduled item is offered again.
    pub next_run_at: Option<Stamp>,
    /// Not offered before.
    pub not_before: Option<Stamp>,
    /// The reason given for the transition that brought it where it stands.
    pub reason: Option<String>,
    /// The project it was created in.
    pub project: Option<String>,
    /// Counts changes of its own fields and status.
    pub version: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub updated_by: Option<String>,
    /// When it was made.
    pub created_at: Stamp,
    /// When it was changed last.
    pub updated_at: Stamp,
    /// When its status changed last.
    pub role_changed_at: Option<Stamp>,
}

/// One field's new value. Clearing is a value too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    /// A new title.
    Title(String),
    /// A new description; empty clears it.
    Description(String),
    /// A new summary; empty clears it.
    Summary(String),
    /// A new parent, named by id or prefix; `None` moves it to the root.
    Parent(Option<String>),
    /// A new priority.
    Priority(Priority),
    /// A new complexity.
    Complexity(Option<u8>),
    /// A new type; empty clears it.
    ItemType(String),
    /// New tags, already split and checked.
    Tags(Vec<String>),
    /// New metadata.
    Metadata(Option<String>),
    /// New properties.
    Properties(Option<String>),
    /// A new due time.
    DueAt(Option<Stamp>),
    /// A new schedule; the next run follows from it.
    Schedule(Option<String>),
    /// A new earliest time.
    NotBefore(Option<Stamp>),
}

impl Item {
    /// Whether the item carries this tag, matched whole.
    pub fn has_tag(&self, tag: &str) -> bool {
        text::split_tags(&self.tags).any(|t| t == tag)
    }
}

/// Checks a title: not blank, not too long. Answers it trimmed.
pub fn check_title(title: &str) -> Result<String, Refusal> {
    let title = title.trim();
    if title.is_empty() {
        return Err(Refusal::validation("title is required and must not be blank").field("title"));
    }
    limits::chars("title", title, limits::TITLE_CHARS)?;
    Ok(title.to_owned())
}

/// Checks a complexity of 1 to 10.
pub fn check_complexity(value: i64) -> Result<u8, Refusal> {
    match u8::try_from(value) {
        Ok(n) if (1..=10).contains(&n) => Ok(n),
        _ => Err(Refusal::validation(format!("Complexity must be 1-10, got {value}")).field("complexity")),
    }
}

/// Checks the length of an edit's text. What needs the store is checked when it is decided.
pub fn check_edit(edit: &Edit) -> Result<(), Refusal> {
    match edit {
        Edit::Title(t) => check_title(t).map(drop),
        Edit::Description(t) => limits::bytes("description", t, limits::BODY_BYTES),
        Edit::Summary(t) => limits::bytes("summary", t, limits::SMALL_TEXT_BYTES),
        Edit::ItemType(t) => limits::chars("item_type", t, limits::KEY_CHARS),
        Edit::Metadata(Some(t)) => limits::bytes("metadata", t, limits::SMALL_TEXT_BYTES),
        Edit::Properties(Some(t)) => limits::bytes("properties", t, limits::SMALL_TEXT_BYTES),
        Edit::Schedule(Some(t)) => limits::chars("schedule", t, limits::KEY_CHARS),
        _ => Ok(()),
    }
}
