//! What the model cannot know beforehand: the ids that the product draws, and the moments at which its calls run.
//!
//! The model writes a symbol in their place, `‹s3›` for the third id cut to 8 characters. Whoever compares learns from the
//! product's answer what the symbol stands for ([`crate::compare`]), and from then on holds the product to it.

use std::collections::BTreeMap;

/// An item's, note's or edge's id: its number in the order in which ids came to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Id(pub usize);

/// A point in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stamp {
    /// When the call of that number ran.
    Call(u64),
    /// So many seconds after it.
    After(u64, i64),
    /// The next run of a schedule, whenever that is.
    NextRun,
    /// As a caller gave it.
    Given(String),
}

/// Text of any kind.
pub const ANYTHING: &str = "‹*›";
/// As a key of an object: it may have more keys than these.
pub const REST: &str = "‹rest›";

impl Id {
    /// Its first 8 characters.
    pub fn short(self) -> String {
        format!("‹s{}›", self.0)
    }

    /// All of it.
    pub fn whole(self) -> String {
        format!("‹f{}›", self.0)
    }
}

impl Stamp {
    /// As an answer shows it.
    pub fn shown(&self) -> String {
        match self {
            Self::Call(n) => format!("‹t{n}›"),
            Self::After(n, seconds) => format!("‹t{n}+{seconds}›"),
            Self::NextRun => ANYTHING.to_owned(),
            Self::Given(text) => text.clone(),
        }
    }

    /// Its place among all moments. Histories give times of the years before 2020 or after 2100 alone, so that every call comes
    /// between them.
    pub fn order(&self) -> (u8, u64, i64) {
        match self {
            Self::Call(n) => (1, *n, 0),
            Self::After(n, seconds) => (1, *n, *seconds),
            Self::NextRun => (2, 0, 0),
            Self::Given(text) => (if text.as_str() < "2020" { 0 } else { 3 }, digits(text), 0),
        }
    }

    /// Whether it has passed. What a history sets for later is hours away.
    pub fn is_past(&self) -> bool {
        match self {
            Self::Call(_) => true,
            Self::After(..) | Self::NextRun => false,
            Self::Given(text) => text.as_str() < "2020",
        }
    }
}

/// The digits of a date and, where there is one, its time: `2010-05-01` and `2010-05-01T00:00:00` are one number.
fn digits(text: &str) -> u64 {
    let mut digits: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
    while digits.len() < 14 {
        digits.push('0');
    }
    digits.parse().unwrap_or(0)
}

/// What is known of the symbols so far.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The beginning of each id, as far as any answer has shown it.
    pub ids: Vec<String>,
    /// The moments of calls, in microseconds.
    pub calls: BTreeMap<u64, i64>,
}

impl Known {
    /// A new id, of which nothing is known.
    pub fn draw(&mut self) -> Id {
        self.ids.push(String::new());
        Id(self.ids.len() - 1)
    }

    /// The id with that text, which came from elsewhere; known or new.
    pub fn given(&mut self, text: &str) -> Id {
        match self.ids.iter().position(|known| known == text) {
            Some(at) => Id(at),
            None => {
                self.ids.push(text.to_owned());
                Id(self.ids.len() - 1)
            }
        }
    }

    /// What is known of an id.
    pub fn text(&self, id: Id) -> &str {
        &self.ids[id.0]
    }
}
