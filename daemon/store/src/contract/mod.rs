//! What every store must do: scenarios that decide commands on it, apply the changes and look at the answers.
//!
//! A store's own tests need one line: `contract::suite(|| Store::fresh())`. Each scenario gets a fresh store inside a
//! [`world::World`], which plays the part of the daemon: it keeps the rules, the clock and who speaks.

mod claims;
mod deletion;
mod dependencies;
mod import;
mod items;
mod notes;
mod references;
mod restore;
mod tree;
mod workflow;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Apply;
use world::World;

/// What must hold, and the play that shows it.
type Scenario<S> = (&'static str, fn(&mut World<S>));

/// Runs every scenario on a store of its own.
///
/// # Panics
/// When a scenario fails, after all have run; names those that failed.
pub fn suite<S: Apply>(fresh: impl Fn() -> S) {
    let scenarios = [
        items::scenarios(),
        tree::scenarios(),
        deletion::scenarios(),
        restore::scenarios(),
        workflow::scenarios(),
        dependencies::scenarios(),
        claims::scenarios(),
        notes::scenarios(),
        import::scenarios(),
        references::scenarios(),
    ];
    let failed: Vec<&str> = scenarios
        .into_iter()
        .flatten()
        .filter(|(_, play)| catch_unwind(AssertUnwindSafe(|| play(&mut World::new(fresh())))).is_err())
        .map(|(name, _)| name)
        .collect();
    assert!(failed.is_empty(), "what does not hold:\n- {}", failed.join("\n- "));
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_model_passes() {
        super::suite(crate::memory::Memory::default);
    }
}
