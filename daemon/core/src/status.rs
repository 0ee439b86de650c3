//! The words with a fixed set of values: status, priority, role, threshold.

use crate::refusal::Refusal;

/// Declares a closed set of words: its spelling, its order, and how it is read.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $field:literal { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every value, in its order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// Every word, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($text),+];

            /// The word clients use.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// Its place in [`Self::ALL`], which is also how stores keep it.
            pub const fn index(self) -> u8 {
                self as u8
            }

            /// The value at that place.
            pub fn from_index(index: u8) -> Option<Self> {
                Self::ALL.get(usize::from(index)).copied()
            }

            /// Reads the word in any case, with `_` and `-` alike. Refuses an unknown one with the valid ones.
            pub fn parse(text: &str) -> Result<Self, Refusal> {
                let plain = text.trim().to_ascii_lowercase();
                let wanted = plain.replace('-', "_");
                match Self::ALL.iter().find(|v| v.as_str().replace('-', "_") == wanted) {
                    Some(value) => Ok(*value),
                    None => Err(Refusal::validation(format!(
                        concat!("Invalid ", $field, ": {}. Valid: {}"), text, Self::WORDS.join(", ")
                    )).field($field)),
                }
            }
        }
    };
}

words! {
    /// Where an item stands (contract.md §4).
    Status, "status" {
        /// Waiting to be started.
        Queue = "queue",
        /// Being worked on.
        Work = "work",
        /// Worked on, waiting for a look.
        Review = "review",
        /// Finished.
        Done = "done",
        /// Set aside; remembers where from.
        Blocked = "blocked",
        /// Given up.
        Cancelled = "cancelled",
        /// Done and put away.
        Archived = "archived",
    }
}

words! {
    /// How much an item matters. The first is the most urgent.
    Priority, "priority" {
        /// Before everything else.
        Critical = "critical",
        /// Before most.
        High = "high",
        /// The default.
        Medium = "medium",
        /// When nothing else is left.
        Low = "low",
    }
}

words! {
    /// The phase of work that a note belongs to and gates.
    Role, "role" {
        /// Before work starts.
        Queue = "queue",
        /// While working.
        Work = "work",
        /// While looking it over.
        Review = "review",
    }
}

words! {
    /// How far a blocker must have come for its dependents to go on.
    Threshold, "unblock_at" {
        /// It is being worked on, or further.
        Work = "work",
        /// It is in review, or further.
        Review = "review",
        /// It is done, cancelled or archived.
        Done = "done",
    }
}

words! {
    /// What an edge means.
    DepKind, "dep_type" {
        /// `from` has to reach the threshold before `to` leaves the queue.
        Blocks = "blocks",
        /// The two have to do with each other; nothing is enforced.
        RelatesTo = "relates_to",
    }
}

impl Status {
    /// Done, cancelled or archived: nothing is left to do.
    pub fn is_terminal(self) -> bool {
        matches!(self, Status::Done | Status::Cancelled | Status::Archived)
    }

    /// How far the work has come: queue < work < review < done; cancelled and archived count as done, blocked as
    /// nothing.
    pub fn progress(self) -> u8 {
        match self {
            Status::Queue | Status::Blocked => 0,
            Status::Work => 1,
            Status::Review => 2,
            Status::Done | Status::Cancelled | Status::Archived => 3,
        }
    }

    /// Whether a blocker in this status lets its dependents go on.
    pub fn meets(self, threshold: Threshold) -> bool {
        self.progress() > threshold.index()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_met_by_progress_alone() {
        use Status::*;
        let cases = [
            (Queue, [false, false, false]),
            (Work, [true, false, false]),
            (Review, [true, true, false]),
            (Done, [true, true, true]),
            (Blocked, [false, false, false]),
            (Cancelled, [true, true, true]),
            (Archived, [true, true, true]),
        ];
        for (status, want) in cases {
            let got = [Threshold::Work, Threshold::Review, Threshold::Done].map(|t| status.meets(t));
            assert_eq!(got, want, "{status:?}");
        }
    }

    #[test]
    fn words_are_read_leniently_and_refused_with_the_valid_ones() {
        assert_eq!(Priority::parse(" HIGH "), Ok(Priority::High));
        assert_eq!(DepKind::parse("Relates-To"), Ok(DepKind::RelatesTo));
        let refusal = Priority::parse("urgent").unwrap_err();
        assert_eq!(refusal.message, "Invalid priority: urgent. Valid: critical, high, medium, low");
    }
}
