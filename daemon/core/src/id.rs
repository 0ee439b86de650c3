//! Ids: random UUIDs whose first 8 characters are unique in the store; ids from elsewhere are kept as they are.

use std::fmt;

use uuid::Uuid;

/// Characters of an id that a compact answer shows, and that are unique among the ids drawn here.
pub const SHORT: usize = 8;
/// Fewest characters by which an item may be named (contract.md §2).
pub const SHORTEST_PREFIX: usize = 4;

/// The public id of an item, a note or an edge: a UUID of ours, or whatever text an import brought.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(String);

impl ItemId {
    /// Takes an id as it is; whoever reads it from outside has checked it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 characters, which name an item of this store in most cases.
    pub fn short(&self) -> &str {
        short(&self.0)
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first 8 characters of any id, or all of a shorter one.
pub fn short(id: &str) -> &str {
    match id.char_indices().nth(SHORT) {
        Some((end, _)) => &id[..end],
        None => id,
    }
}

/// A bounded supply of ids for one call, all from one random seed drawn beforehand, so that a decision that is
/// made again from the start makes the same ids.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    seed: u128,
}

impl Ids {
    /// `seed` is 128 random bits.
    pub fn new(seed: u128) -> Self {
        Self { seed }
    }

    /// The supply for the `step`th step of a call: other ids than any other step's.
    pub fn step(&self, step: u64) -> Self {
        let high = mix((self.seed >> 64) as u64 ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let low = mix((self.seed as u64).wrapping_add(step) ^ high);
        Self { seed: (u128::from(high) << 64) | u128::from(low) }
    }

    /// The `n`th id of this supply.
    pub fn draw(&self, n: u64) -> Uuid {
        let next = self.step(n ^ 0x5bd1_e995_0000_0000);
        uuid::Builder::from_random_bytes(next.seed.to_be_bytes()).into_uuid()
    }
}

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_supply_repeats_itself_and_no_two_draws_are_equal() {
        let ids = Ids::new(42);
        let mut seen = HashSet::new();
        for step in 0..50 {
            for n in 0..50 {
                let id = ids.step(step).draw(n);
                assert_eq!(id, ids.step(step).draw(n));
                assert_eq!(id.get_version_num(), 4);
                assert!(seen.insert(id), "step {step} draw {n} repeats an id");
            }
        }
    }

    #[test]
    fn short_cuts_at_characters_not_bytes() {
        for (id, want) in [("0123456789", "01234567"), ("abc", "abc"), ("ééééééééé", "éééééééé")]
        {
            assert_eq!(short(id), want);
        }
    }
}
