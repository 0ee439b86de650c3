//! Notes: text kept on an item under a key, which gates may require.

use crate::id::ItemId;
use crate::limits;
use crate::refusal::Refusal;
use crate::status::Role;
use crate::time::Stamp;

/// A note, with its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Its public id.
    pub id: ItemId,
    /// The item it is on.
    pub item: ItemId,
    /// Unique on that item.
    pub key: String,
    /// The phase it belongs to.
    pub role: Role,
    /// Up to 1 MiB; a blank one satisfies no gate.
    pub body: String,
    /// Who wrote it first.
    pub created_by: Option<String>,
    /// When it was written first.
    pub created_at: Stamp,
    /// When it was written last.
    pub updated_at: Stamp,
}

/// What a gate needs to know of a note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteHead {
    /// Its key.
    pub key: String,
    /// The phase it belongs to.
    pub role: Role,
    /// Whether it has any text.
    pub blank: bool,
}

/// Checks a key: not blank, not too long. Answers it trimmed.
pub fn check_key(key: &str) -> Result<String, Refusal> {
    let key = key.trim();
    if key.is_empty() {
        return Err(Refusal::validation("key is required: the name the note is kept under").field("key"));
    }
    limits::chars("key", key, limits::KEY_CHARS)?;
    Ok(key.to_owned())
}
