//! In which order items are offered (contract.md §6, get_next_item).

use crate::policy::Policy;
use crate::status::{Priority, Status};
use crate::time::Stamp;

/// What the order looks at.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its own priority.
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// When it is due.
    pub due_at: Option<&'a Stamp>,
    /// When it was made, in microseconds.
    pub created_ts: i64,
    /// Its id, the last resort.
    pub id: &'a str,
    /// Whether the caller holds it.
    pub mine: bool,
}

/// The sort key: smaller is offered first. Overdue, then the caller's own in work, then effective priority, then age,
/// then id.
pub fn rank<'a>(candidate: &Candidate<'a>, policy: &Policy, now: &Stamp) -> (bool, bool, i8, i64, &'a str) {
    let overdue = candidate.due_at.is_some_and(|due| due.micros() <= now.micros());
    let mine_in_work = candidate.mine && candidate.status == Status::Work;
    (
        !overdue,
        !mine_in_work,
        effective(candidate.priority, candidate.due_at, policy, now),
        candidate.created_ts,
        candidate.id,
    )
}

/// The level an item counts at: its own, one up when it is due within the policy's time. One up from critical is still
/// before critical, so that the order among items that are due is that of their own priorities.
pub fn effective(priority: Priority, due_at: Option<&Stamp>, policy: &Policy, now: &Stamp) -> i8 {
    level(priority, due_at.map(Stamp::micros), policy, now.micros())
}

/// The same for times in microseconds.
pub(crate) fn level(priority: Priority, due: Option<i64>, policy: &Policy, now: i64) -> i8 {
    let own = priority as i8;
    match due.map(|due| due.saturating_sub(now)) {
        Some(left) if left <= 0 => policy.overdue.map_or(own - 1, |p| own.min(p as i8)),
        Some(left) if left <= policy.due_within => own - 1,
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR};

    #[test]
    fn overdue_then_mine_then_priority_then_age_then_id() {
        let now = Stamp::from_micros(100 * DAY);
        let past = Stamp::from_micros(99 * DAY);
        let soon = now.plus(HOUR);
        let later = now.plus(2 * DAY);
        let (old, young) = (DAY, 2 * DAY);
        let base = Candidate {
            priority: Priority::Medium,
            status: Status::Queue,
            due_at: None,
            created_ts: young,
            id: "m",
            mine: false,
        };
        // In the order in which they must be offered.
        let expected = [
            Candidate { due_at: Some(&past), priority: Priority::Critical, ..base },
            Candidate { due_at: Some(&past), priority: Priority::Low, created_ts: old, ..base },
            Candidate { mine: true, status: Status::Work, priority: Priority::Low, ..base },
            Candidate { due_at: Some(&soon), priority: Priority::Critical, ..base },
            Candidate { priority: Priority::Critical, created_ts: old, ..base },
            Candidate { due_at: Some(&soon), priority: Priority::High, ..base },
            Candidate { due_at: Some(&later), priority: Priority::High, ..base },
            Candidate { created_ts: old, ..base },
            Candidate { id: "a", ..base },
            base,
            Candidate { mine: true, priority: Priority::Low, ..base },
        ];
        let policy = Policy::default();
        let keys: Vec<_> = expected.iter().map(|c| rank(c, &policy, &now)).collect();
        for pair in keys.windows(2) {
            assert!(pair[0] < pair[1], "{:?} must come before {:?}", pair[0], pair[1]);
        }
    }

    #[test]
    fn config_can_lift_what_is_overdue() {
        let now = Stamp::from_micros(DAY);
        let policy = Policy { overdue: Some(Priority::Critical), ..Policy::default() };
        let past = Stamp::from_micros(0);
        assert_eq!(effective(Priority::Low, Some(&past), &policy, &now), Priority::Critical as i8);
        assert_eq!(effective(Priority::Low, None, &policy, &now), Priority::Low as i8);
    }
}
