//! Every bound of contract.md §12, in one place. Lengths of text are in characters unless the name says bytes.

use crate::refusal::Refusal;

/// Longest title.
pub const TITLE_CHARS: usize = 500;
/// Largest description or note body.
pub const BODY_BYTES: usize = 1 << 20;
/// Largest summary, metadata or properties.
pub const SMALL_TEXT_BYTES: usize = 64 << 10;
/// Longest note key, item type, workspace name or agent name.
pub const KEY_CHARS: usize = 200;
/// Longest tag.
pub const TAG_CHARS: usize = 100;
/// Most tags on one item.
pub const TAGS: usize = 50;
/// Most entries in one batch of items, notes, edges or ids.
pub const BATCH: usize = 1_000;
/// Most transitions in one call.
pub const TRANSITIONS: usize = 1_000;
/// Most rows in one import call.
pub const IMPORT_ROWS: usize = 10_000;
/// Longest page of a list.
pub const LIST: usize = 500;
/// Page of a list when the call names none.
pub const LIST_DEFAULT: usize = 50;
/// Up to here a list's `total` is exact (contract.md §1).
pub const TOTAL_EXACT: usize = 1_000;
/// Rows in a section of a report.
pub const SECTION: usize = 10;
/// Largest answer in bytes.
pub const ANSWER_BYTES: usize = 8 << 20;
/// Deepest nesting of items that config.yaml may allow; the default is [`crate::policy::DEFAULT_MAX_DEPTH`].
pub const DEPTH: u32 = 32;
/// Most blockers, holders or candidates that one refusal lists.
pub const DETAILS: usize = 20;
/// Longest reason of a transition.
pub const REASON_CHARS: usize = 2_000;
/// Longest id that an import may bring.
pub const ID_CHARS: usize = 200;
/// Most tags, repositories or conventions in a workspace.
pub const WORKSPACE_LIST: usize = 200;
/// Largest entry of a workspace's lists, in characters.
pub const WORKSPACE_ENTRY_CHARS: usize = 2_000;

/// Refuses text of more than `most` characters, naming the field and both numbers.
pub fn chars(field: &'static str, text: &str, most: usize) -> Result<(), Refusal> {
    // A text of at most `most` bytes cannot have more characters than that.
    if text.len() <= most {
        return Ok(());
    }
    match text.chars().count() {
        n if n > most => {
            Err(Refusal::validation(format!("{field} has {n} characters; at most {most} are allowed"))
                .field(field))
        }
        _ => Ok(()),
    }
}

/// Refuses text of more than `most` bytes, naming the field and both numbers.
pub fn bytes(field: &'static str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.len() > most {
        let n = text.len();
        return Err(
            Refusal::validation(format!("{field} has {n} bytes; at most {most} are allowed")).field(field)
        );
    }
    Ok(())
}
