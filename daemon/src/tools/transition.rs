//! What a transition came to, as answers show it.

use orc_core::change::Cause;
use orc_core::command::{Command, Guard};
use orc_core::item::Item;
use orc_core::refusal::Refusal;
use orc_core::workflow::Trigger;
use orc_core::{Change, ItemId, View};
use orc_store::Tx;
use serde_json::Value;

use crate::answer::Rows;
use crate::args::Args;
use crate::call::Answer;

/// What the arguments say of version and force.
pub(super) fn guard(args: &Args) -> Result<Guard, Refusal> {
    Ok(Guard { expected_version: args.integer("expected_version")?, force: args.flag("force")? })
}

/// The command that the arguments of one transition make. `whole`: what is said for the whole batch.
pub(super) fn command(args: &Args, whole: Guard) -> Result<Command, Refusal> {
    let own = guard(args)?;
    let expected_version = own.expected_version.or(whole.expected_version);
    let guard = Guard { expected_version, force: own.force || whole.force };
    Ok(Command::Advance {
        item: args.need_id("item_id")?,
        trigger: Trigger::parse(args.need("trigger")?)?,
        reason: args.text("reason")?.map(str::to_owned),
        guard,
    })
}

/// The item that the transition was about, as it is afterwards.
pub(super) fn moved(changes: &[Change]) -> Option<&Item> {
    changes.iter().find_map(|change| match change {
        Change::ItemChanged { after, cause: Cause::Moved { .. }, .. } => Some(after.as_ref()),
        _ => None,
    })
}

/// Whether a terminal parent went back to work.
pub(super) fn reopened_parent(changes: &[Change]) -> bool {
    changes.iter().any(|change| matches!(change, Change::ItemChanged { cause: Cause::ChildReopened, .. }))
}

/// The items whose last unmet threshold was met: id, title, status.
pub(super) fn unblocked(tx: &Tx<'_>, rows: &Rows<'_, '_>, changes: &[Change]) -> Answer<Vec<Value>> {
    let ids = changes.iter().filter_map(|change| match change {
        Change::Unblocked { item, .. } => Some(item),
        _ => None,
    });
    let mut found = Vec::new();
    for id in ids.collect::<Vec<&ItemId>>() {
        if let Some(item) = tx.item(id)? {
            found.push(rows.brief(&item)?);
        }
    }
    Ok(found)
}
