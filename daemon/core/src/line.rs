//! Where an item stands in the line of what to do next, and when time alone moves it.
//!
//! The place is kept beside the item and written with its cause, so that whoever asks for the next item reads the head of a line
//! instead of the store. [`crate::priority::rank`] says the same for one moment; this is its part that many can share: it
//! knows no caller.

use crate::policy::Policy;
use crate::priority;
use crate::status::{Priority, Status};

/// What the place follows from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Where it is in the workflow.
    pub status: Status,
    /// Its own priority.
    pub priority: Priority,
    /// Whether a blocker has not come far enough, a child is open, or somebody holds it.
    pub held: bool,
    /// When it is due, in microseconds.
    pub due: Option<i64>,
    /// Not offered before then: its next run or its `not_before`, whichever is later. In microseconds.
    pub not_before: Option<i64>,
}

/// A place in the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Smaller comes first; `None` is not in line. Ties are settled by age.
    pub line: Option<u8>,
    /// When time alone changes `line`, in microseconds.
    pub turn: Option<i64>,
}

/// Levels of effective priority: from one above critical to low.
const LEVELS: u8 = 5;

/// The place at `now`, under the rules of the item's project.
pub fn place(standing: &Standing, policy: &Policy, now: i64) -> Place {
    if !matches!(standing.status, Status::Queue | Status::Work) || standing.held {
        return Place { line: None, turn: None };
    }
    if let Some(at) = standing.not_before.filter(|at| *at > now) {
        return Place { line: None, turn: Some(at) };
    }
    let level = priority::level(standing.priority, standing.due, policy, now) + 1;
    let level = u8::try_from(level).unwrap_or(0).min(LEVELS - 1);
    let overdue = standing.due.is_some_and(|due| due <= now);
    let line = if overdue { level } else { LEVELS + level };
    let moments = standing.due.into_iter().flat_map(|due| [due.saturating_sub(policy.due_within), due]);
    Place { line: Some(line), turn: moments.filter(|at| *at > now).min() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::priority::{Candidate, rank};
    use crate::time::{DAY, HOUR, Stamp};

    const NOW: i64 = 100 * DAY;
    const FREE: Standing = Standing {
        status: Status::Queue,
        priority: Priority::Medium,
        held: false,
        due: None,
        not_before: None,
    };

    fn at(standing: Standing, now: i64) -> Place {
        place(&standing, &Policy::default(), now)
    }

    #[test]
    fn only_what_can_be_worked_on_is_in_line() {
        assert!(at(FREE, NOW).line.is_some());
        assert!(at(Standing { status: Status::Work, ..FREE }, NOW).line.is_some());
        let due = Some(NOW + DAY);
        for out in [
            Standing { status: Status::Review, due, ..FREE },
            Standing { status: Status::Blocked, due, ..FREE },
            Standing { status: Status::Done, due, ..FREE },
            Standing { held: true, due, ..FREE },
        ] {
            assert_eq!(at(out, NOW), Place { line: None, turn: None }, "{out:?}");
        }
    }

    #[test]
    fn time_moves_it_at_the_moments_it_names_and_at_no_other() {
        let waits = Standing { not_before: Some(NOW + HOUR), due: Some(NOW + 3 * DAY), ..FREE };
        let mut now = NOW;
        let mut places = vec![at(waits, now)];
        while let Some(turn) = places.last().and_then(|place| place.turn) {
            assert_eq!(
                at(waits, turn - 1).line,
                places.last().and_then(|place| place.line),
                "just before {turn}"
            );
            assert!(turn > now);
            now = turn;
            places.push(at(waits, now));
        }
        let lines: Vec<_> = places.iter().map(|place| place.line).collect();
        // Waiting; in line; due soon; overdue.
        assert_eq!(lines, [None, Some(LEVELS + 3), Some(LEVELS + 2), Some(2)]);
        assert_eq!(now, NOW + 3 * DAY);
    }

    #[test]
    fn the_line_is_the_order_of_rank_for_a_caller_who_holds_nothing() {
        let dues = [None, Some(NOW - DAY), Some(NOW), Some(NOW + HOUR), Some(NOW + 5 * DAY)];
        for overdue in [None, Some(Priority::Critical), Some(Priority::Low)] {
            let policy = Policy { overdue, ..Policy::default() };
            let mut all = Vec::new();
            for &priority in Priority::ALL {
                for due in dues {
                    let line = place(&Standing { priority, due, ..FREE }, &policy, NOW).line;
                    let due_at = due.map(Stamp::from_micros);
                    let candidate = Candidate {
                        priority,
                        status: Status::Queue,
                        due_at: due_at.as_ref(),
                        created_ts: 0,
                        id: "",
                        mine: false,
                    };
                    let (not_overdue, _, level, ..) = rank(&candidate, &policy, &Stamp::from_micros(NOW));
                    all.push((line, (not_overdue, level)));
                }
            }
            for (line, rank) in &all {
                for (other_line, other_rank) in &all {
                    assert_eq!(line.cmp(other_line), rank.cmp(other_rank), "{rank:?} {other_rank:?}");
                }
            }
        }
    }
}
