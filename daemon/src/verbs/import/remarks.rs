//! What somebody must know who moves in: rows that are not what they were, and rows that did not come.

use orc_core::text;

use super::document::List;

/// Most remarks of a kind that are kept in words; what is beyond is counted.
const MOST: usize = 10_000;
/// Longest name and reason, in characters.
const NAME: usize = 200;
const WHY: usize = 500;

/// One row and a reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remark {
    /// How the row is called where it comes from.
    pub(super) name: String,
    /// Why.
    pub(super) why: String,
}

impl Remark {
    /// Cut to what fits a line or two: names and reasons have texts of others in them.
    fn new(name: &str, why: impl Into<String>) -> Self {
        Self { name: text::cut(name, NAME), why: text::cut(&why.into(), WHY) }
    }
}

/// All remarks about an import.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// Rows that are not what they were, and other things to know.
    pub(super) changed: Vec<Remark>,
    /// How many more of those there are.
    pub(super) more_changed: u64,
    /// Rows that could not come.
    pub(super) left_out: Vec<Remark>,
    /// How many could not come, by [`List`].
    pub(super) missing: [u64; 3],
}

impl Remarks {
    /// Says that a row is not what it was.
    pub(super) fn changed(&mut self, name: &str, why: impl Into<String>) {
        match self.changed.len() < MOST {
            true => self.changed.push(Remark::new(name, why)),
            false => self.more_changed += 1,
        }
    }

    /// Says that a row could not come.
    pub(super) fn left_out(&mut self, list: List, name: &str, why: impl Into<String>) {
        self.missing[list as usize] += 1;
        if self.left_out.len() < MOST {
            self.left_out.push(Remark::new(name, why));
        }
    }

    /// Adds rows that are counted and not named.
    pub(super) fn left_out_unnamed(&mut self, list: List, count: u64) {
        self.missing[list as usize] += count;
    }
}
