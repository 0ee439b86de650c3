//! What every store can do with changes.

use orc_core::Change;
use orc_core::claim::Actor;
use orc_core::time::Stamp;

/// A store that changes can be applied to.
///
/// Applying writes what the changes say, in their order, keeps everything that is derived from it, and records each change as
/// one row of the history. It decides nothing: a change that `decide` made on this very state always fits.
pub trait Apply: orc_core::View {
    /// Applies the changes of one step, made by `actor` at `now`.
    ///
    /// # Errors
    /// When the store itself fails; the caller then undoes the whole call.
    fn apply(&mut self, changes: &[Change], actor: &Actor, now: &Stamp) -> Result<(), Self::Error>;
}
