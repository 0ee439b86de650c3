//! The workflow table of contract.md §4: what each trigger does from each status.

use crate::policy::{Lifecycle, Schema};
use crate::refusal::Refusal;
use crate::status::{Role, Status};

/// What moves an item. `hold` is read as [`Trigger::Block`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trigger {
    /// To the next phase.
    Start,
    /// Straight to done.
    Complete,
    /// Set aside.
    Block,
    /// Back to where it was set aside.
    Resume,
    /// Given up.
    Cancel,
    /// Done or cancelled, once more from the queue.
    Reopen,
    /// Done, put away.
    Archive,
}

impl Trigger {
    /// The words that are read, `hold` among them.
    pub const WORDS: &'static [(&'static str, Trigger)] = &[
        ("start", Trigger::Start),
        ("complete", Trigger::Complete),
        ("block", Trigger::Block),
        ("hold", Trigger::Block),
        ("resume", Trigger::Resume),
        ("cancel", Trigger::Cancel),
        ("reopen", Trigger::Reopen),
        ("archive", Trigger::Archive),
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, t)| *t == self).map_or("start", |(word, _)| word)
    }

    /// Reads a trigger. Refuses an unknown one with the valid ones.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let wanted = text.trim().to_ascii_lowercase();
        match Self::WORDS.iter().find(|(word, _)| *word == wanted) {
            Some((_, trigger)) => Ok(*trigger),
            None => {
                let valid: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
                Err(Refusal::validation(format!("Invalid trigger: {text}. Valid: {}", valid.join(", ")))
                    .field("trigger"))
            }
        }
    }

    /// Whether dependencies and gates are looked at.
    pub fn advances(self) -> bool {
        matches!(self, Trigger::Start | Trigger::Complete)
    }
}

/// Where `trigger` leads from `status`, or a `CONFLICT` in the contract's words. `previous` is where a blocked item came
/// from; dependencies, gates and claims are not looked at here.
pub fn target(
    trigger: Trigger,
    status: Status,
    previous: Option<Status>,
    schema: Option<&Schema>,
) -> Result<Status, Refusal> {
    use Status::*;
    let next = match (trigger, status) {
        (Trigger::Start, Queue) => Work,
        (Trigger::Start, Work) if skips_review(schema) => Done,
        (Trigger::Start, Work) => Review,
        (Trigger::Start, Review) => Done,
        (Trigger::Complete, Queue | Work | Review) => Done,
        (Trigger::Block, Queue | Work | Review) => Blocked,
        (Trigger::Resume, Blocked) => previous.unwrap_or(Work),
        (Trigger::Cancel, Queue | Work | Review | Blocked) => Cancelled,
        (Trigger::Reopen, Done | Cancelled) => Queue,
        (Trigger::Archive, Done) => Archived,
        _ => {
            let (trigger, status) = (trigger.as_str(), status.as_str());
            return Err(Refusal::conflict(format!("Cannot {trigger} from {status}")).field("trigger"));
        }
    };
    if trigger == Trigger::Cancel && schema.is_some_and(|s| s.lifecycle == Lifecycle::Permanent) {
        return Err(Refusal::conflict("Cannot cancel: item has permanent lifecycle").field("trigger"));
    }
    Ok(next)
}

/// An `auto` schema without a review note has nothing to review.
fn skips_review(schema: Option<&Schema>) -> bool {
    schema.is_some_and(|s| s.lifecycle == Lifecycle::Auto && !s.notes.iter().any(|n| n.role == Role::Review))
}

/// Whether a note written on an item in this status puts it back to the queue.
pub fn reopens_on_note(status: Status, schema: Option<&Schema>) -> bool {
    matches!(status, Status::Done | Status::Cancelled)
        && schema.is_some_and(|s| s.lifecycle == Lifecycle::AutoReopen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::NoteSpec;

    #[test]
    fn the_whole_table() {
        use Status::*;
        // One row a trigger; columns in the order of Status::ALL; None is "Cannot … from …".
        let table: [(Trigger, [Option<Status>; 7]); 7] = [
            (Trigger::Start, [Some(Work), Some(Review), Some(Done), None, None, None, None]),
            (Trigger::Complete, [Some(Done), Some(Done), Some(Done), None, None, None, None]),
            (Trigger::Block, [Some(Blocked), Some(Blocked), Some(Blocked), None, None, None, None]),
            (Trigger::Resume, [None, None, None, None, Some(Review), None, None]),
            (
                Trigger::Cancel,
                [Some(Cancelled), Some(Cancelled), Some(Cancelled), None, Some(Cancelled), None, None],
            ),
            (Trigger::Reopen, [None, None, None, Some(Queue), None, Some(Queue), None]),
            (Trigger::Archive, [None, None, None, Some(Archived), None, None, None]),
        ];
        for (trigger, row) in table {
            for (status, want) in Status::ALL.iter().zip(row) {
                let got = target(trigger, *status, Some(Review), None);
                match want {
                    Some(next) => assert_eq!(got, Ok(next), "{trigger:?} from {status:?}"),
                    None => {
                        let message = got.unwrap_err().message;
                        assert_eq!(message, format!("Cannot {} from {}", trigger.as_str(), status.as_str()));
                    }
                }
            }
        }
    }

    #[test]
    fn lifecycles_bend_the_table() {
        let schema = |lifecycle, roles: &[Role]| Schema {
            name: "s".into(),
            lifecycle,
            notes: roles
                .iter()
                .map(|role| NoteSpec {
                    key: "k".into(),
                    role: *role,
                    required: true,
                    description: String::new(),
                    guidance: String::new(),
                })
                .collect(),
        };
        let auto = schema(Lifecycle::Auto, &[Role::Work]);
        let reviewed = schema(Lifecycle::Auto, &[Role::Review]);
        let manual = schema(Lifecycle::Manual, &[]);
        let permanent = schema(Lifecycle::Permanent, &[]);
        let reopening = schema(Lifecycle::AutoReopen, &[]);
        assert_eq!(target(Trigger::Start, Status::Work, None, Some(&auto)), Ok(Status::Done));
        assert_eq!(target(Trigger::Start, Status::Work, None, Some(&reviewed)), Ok(Status::Review));
        assert_eq!(target(Trigger::Start, Status::Work, None, Some(&manual)), Ok(Status::Review));
        assert_eq!(target(Trigger::Resume, Status::Blocked, None, Some(&manual)), Ok(Status::Work));
        assert!(target(Trigger::Cancel, Status::Queue, None, Some(&permanent)).is_err());
        for status in Status::ALL {
            let want = matches!(status, Status::Done | Status::Cancelled);
            assert_eq!(reopens_on_note(*status, Some(&reopening)), want);
            assert!(!reopens_on_note(*status, Some(&manual)));
        }
    }

    #[test]
    fn triggers_are_read_by_every_word() {
        assert_eq!(Trigger::parse("hold"), Ok(Trigger::Block));
        assert_eq!(Trigger::parse(" Start "), Ok(Trigger::Start));
        assert!(
            Trigger::parse("begin")
                .unwrap_err()
                .message
                .starts_with("Invalid trigger: begin. Valid: start, complete")
        );
    }
}
