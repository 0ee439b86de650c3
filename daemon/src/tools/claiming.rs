//! How a tool claims an item for the caller.

use orc_core::ItemId;
use orc_core::claim::Subject;
use orc_core::command::Command;

/// Claims an item, whose whole id is given, until its session ends.
pub(super) fn command(id: &str) -> Command {
    Command::Claim { subject: Subject::Item(ItemId::new(id)), deadline: None, force: false }
}
