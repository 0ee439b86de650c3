//! What every store can do with changes.

use std::fmt::Debug;

use orc_core::claim::Actor;
use orc_core::time::Stamp;
use orc_core::{Change, View};

/// A state that changes can be applied to.
///
/// Applying means, for the whole list or not at all:
/// - **rows**: afterwards every question of [`View`] is answered as if the changes had been made one after the other. An
///   `ItemDeleted` takes the item, the notes and the edges it carries; whatever else hung on the item (a claim) was ended by
///   a change before it.
/// - **history**: each change is one row, in its order, with `actor` and `now`. Rows outlive what they are about:
///   [`View::find_deleted`], [`View::deletion`] and [`View::changed_since`] are answered from them.
/// - **groups**: the changes of one call of `apply` belong together. What one deletion took is the `ItemDeleted` changes of
///   one group with one `root`.
///
/// A store need not check a change against the state: [`orc_core::decide`] made it from that very state. The model
/// (`memory`) does check, and so finds decisions that contradict what they were made from.
pub trait Apply: View<Error: Debug> {
    /// Applies a decision's changes, made by `actor` at `now`.
    ///
    /// # Errors
    /// When the store cannot be written. Nothing is changed then.
    fn apply(&mut self, changes: &[Change], actor: &Actor, now: &Stamp) -> Result<(), Self::Error>;
}
