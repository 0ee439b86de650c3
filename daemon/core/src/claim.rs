//! Claims: who works on what (contract.md §7). A subject has exactly one holder, a session and within it an agent.

use crate::id::ItemId;
use crate::time::Stamp;

/// Who makes a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// The session's public id; a command that a person runs uses one that never ends.
    pub session: String,
    /// The session's agent name.
    pub agent: String,
    /// The subagent that the call names, if any.
    pub subagent: Option<String>,
}

/// What the session of a person's commands begins with.
pub const PERSON: &str = "person:";

impl Actor {
    /// Whether a person acts through commands, whose claims do not end with the process.
    pub fn is_person(&self) -> bool {
        self.session.starts_with(PERSON)
    }

    /// The name that rows and refusals show: `alice`, or `alice/tests` for a subagent.
    pub fn name(&self) -> String {
        match &self.subagent {
            Some(sub) => format!("{}/{sub}", self.agent),
            None => self.agent.clone(),
        }
    }
}

/// What can be claimed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// An item.
    Item(ItemId),
    /// Anything else that agents agree on, such as `file:src/main.rs`.
    Resource(String),
}

/// One claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// What is held.
    pub subject: Subject,
    /// Who holds it.
    pub holder: Actor,
    /// Since when.
    pub since: Stamp,
    /// The deadline that the holder set.
    pub deadline: Option<Stamp>,
    /// Set once the holder's session has ended: until then the same agent's next session may take it over.
    pub grace_until: Option<Stamp>,
}

/// Why a claim ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The holder gave it back.
    Released,
    /// Its item came to review or blocked, so that others may go on.
    HandedOn,
    /// Its item reached a terminal status or was put back to the queue.
    Finished,
    /// Its session ended and the grace passed.
    SessionEnded,
    /// Its deadline passed.
    Expired,
    /// Someone forced it.
    Forced,
    /// Its item was deleted.
    Deleted,
}

impl Ending {
    /// The word that the history keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Ending::Released => "released",
            Ending::HandedOn => "handed_on",
            Ending::Finished => "finished",
            Ending::SessionEnded => "session_ended",
            Ending::Expired => "expired",
            Ending::Forced => "forced",
            Ending::Deleted => "deleted",
        }
    }
}

impl Claim {
    /// When it ends by itself: the earlier of its deadline and its grace. `None`: with its session, or when a person releases it.
    pub fn ends(&self) -> Option<&Stamp> {
        match (&self.deadline, &self.grace_until) {
            (Some(a), Some(b)) => Some(if a.micros() <= b.micros() { a } else { b }),
            (a, b) => a.as_ref().or(b.as_ref()),
        }
    }

    /// Whether it still counts.
    pub fn holds_at(&self, now: &Stamp) -> bool {
        self.ends().is_none_or(|end| end.micros() > now.micros())
    }

    /// Whether `actor` may act on what is held: the same session, and in it either the whole session (a call that names no
    /// subagent) or the very subagent that holds it.
    pub fn admits(&self, actor: &Actor) -> bool {
        self.holder.session == actor.session
            && (actor.subagent.is_none() || actor.subagent == self.holder.subagent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(session: &str, subagent: Option<&str>) -> Actor {
        Actor { session: session.into(), agent: "a".into(), subagent: subagent.map(Into::into) }
    }

    #[test]
    fn who_may_act_on_a_claim() {
        let cases = [
            // holder's subagent, caller, may act
            (None, actor("s", None), true),
            (None, actor("s", Some("x")), false),
            (None, actor("t", None), false),
            (Some("x"), actor("s", None), true),
            (Some("x"), actor("s", Some("x")), true),
            (Some("x"), actor("s", Some("y")), false),
            (Some("x"), actor("t", Some("x")), false),
        ];
        for (held_by, caller, want) in cases {
            let claim = Claim {
                subject: Subject::Resource("r".into()),
                holder: actor("s", held_by),
                since: Stamp::from_micros(0),
                deadline: None,
                grace_until: None,
            };
            assert_eq!(claim.admits(&caller), want, "{held_by:?} {caller:?}");
        }
    }
}
