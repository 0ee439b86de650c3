//! Edges between items: `from` blocks `to`, or the two merely relate.

use crate::id::ItemId;
use crate::status::{DepKind, Threshold};
use crate::time::Stamp;

/// One edge. A store holds at most one between the same two ends in the same direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Its public id.
    pub id: ItemId,
    /// The blocker.
    pub from: ItemId,
    /// The one that waits.
    pub to: ItemId,
    /// What it means.
    pub kind: DepKind,
    /// How far `from` must come.
    pub unblock_at: Threshold,
    /// Who drew it.
    pub created_by: Option<String>,
    /// When it was drawn.
    pub created_at: Stamp,
}

impl Edge {
    /// Whether it can hold an item back at all.
    pub fn blocks(&self) -> bool {
        self.kind == DepKind::Blocks
    }
}
