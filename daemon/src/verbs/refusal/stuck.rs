//! What leads on from a status in which a trigger is not allowed.

/// What a person should know and what they may type, where a sentence says "Cannot TRIGGER from STATUS".
pub(super) struct Stuck {
    /// Why it cannot be, where the sentence leaves that open.
    pub(super) why: Option<&'static str>,
    /// The verb that leads on.
    pub(super) verb: &'static str,
}

pub(super) fn stuck(sentence: &str) -> Option<Stuck> {
    // A batch names the item before it and says behind it what became of the others.
    let (_, words) = sentence.split_once("Cannot ")?;
    let mut words = words.split_whitespace();
    let (Some(trigger), Some("from"), Some(status)) = (words.next(), words.next(), words.next()) else {
        return None;
    };
    let (why, verb) = match (trigger, status) {
        ("start" | "complete", "blocked") => (None, "resume"),
        ("block" | "hold", "blocked") => (Some("it is blocked already"), "show"),
        ("resume", "queue") => (Some("it is not blocked"), "start"),
        ("resume", "work" | "review") => (Some("it is not blocked, and goes on"), "show"),
        ("complete" | "cancel", "done") => (Some("it is done already"), "show"),
        ("cancel", "cancelled") => (Some("it is cancelled already"), "show"),
        (_, "done" | "cancelled") => (None, "reopen"),
        ("reopen", "queue" | "work" | "review" | "blocked") => (Some("it is open already"), "show"),
        (_, "archived") => (Some("it is archived, and nothing leads back from there"), "show"),
        _ => return None,
    };
    Some(Stuck { why, verb })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_every_status_there_is_a_way_or_a_reason() {
        for (sentence, why, verb) in [
            ("Cannot start from blocked", None, "resume"),
            ("b2c3: Cannot complete from blocked (none was changed)", None, "resume"),
            ("Cannot complete from done", Some("it is done already"), "show"),
            ("Cannot start from done", None, "reopen"),
            ("Cannot block from cancelled", None, "reopen"),
            ("Cannot reopen from work", Some("it is open already"), "show"),
            ("Cannot resume from queue", Some("it is not blocked"), "start"),
            (
                "Cannot reopen from archived",
                Some("it is archived, and nothing leads back from there"),
                "show",
            ),
        ] {
            let found = stuck(sentence).unwrap_or_else(|| panic!("{sentence}"));
            assert_eq!((found.why, found.verb), (why, verb), "{sentence}");
        }
        for other in ["Cannot depend on self", "Cannot cancel: item has permanent lifecycle", "No", ""] {
            assert!(stuck(other).is_none(), "{other}");
        }
    }
}
