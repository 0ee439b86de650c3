//! Claims as other tools make and show them.

use orc_core::claim::{Claim, Subject};
use orc_core::command::Command;
use orc_core::{ItemId, View};
use orc_store::Tx;
use serde_json::{Value, json};

use crate::answer::Rows;
use crate::call::Answer;

/// Claims an item, whose whole id is given, until its session ends.
pub(super) fn command(id: &str) -> Command {
    Command::Claim { subject: Subject::Item(ItemId::new(id)), deadline: None, force: false }
}

/// What a claim is on: the item's id, title and status, or the resource.
pub(super) fn what(tx: &Tx<'_>, rows: &Rows<'_, '_>, claim: &Claim) -> Answer {
    match &claim.subject {
        Subject::Item(id) => Ok(match tx.item(id)? {
            Some(item) => rows.brief(&item)?,
            None => Value::Null,
        }),
        Subject::Resource(name) => Ok(json!({ "resource": name })),
    }
}
