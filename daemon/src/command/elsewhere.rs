//! What verbs are called elsewhere, and here. By its letters alone `new` would be taken for `next`, and `remove` for `restore`.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Verbs of other programs, and what does the same here.
const ELSEWHERE: [(&[&str], &str); 14] = [
    (&["rm", "remove", "del", "erase", "destroy"], "delete ITEM"),
    (&["restore-item", "recover", "undo"], "undelete ITEM"),
    (&["update", "modify", "change", "set", "rename", "retitle"], "edit ITEM"),
    (&["move", "mv", "reparent"], "edit ITEM --parent ITEM"),
    (&["create", "new", "insert"], "add TITLE"),
    (&["ls", "items", "all"], "list"),
    (&["find", "search", "grep"], "list --search WORDS"),
    (&["get", "view", "info", "describe", "cat"], "show ITEM"),
    (&["close", "finish", "resolve", "check"], "done ITEM"),
    (&["comment", "annotate", "notes"], "note ITEM KEY TEXT"),
    (&["hold", "pause", "wait"], "block ITEM"),
    (&["assign", "take", "release", "unclaim", "claims"], "claim"),
    (&["depend", "depends", "link", "after"], "dep add ITEM BLOCKER"),
    (&["log", "events", "changes"], "history"),
];

/// The error with a tip that knows what was meant.
pub(super) fn known(mut error: clap::Error) -> clap::Error {
    let here = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(typed)) if error.kind() == ErrorKind::InvalidSubcommand => here(typed),
        _ => None,
    };
    if let Some(words) = here {
        error.remove(ContextKind::SuggestedSubcommand);
        let tip = format!("here this is 'task-orchestrator {words}'");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

fn here(typed: &str) -> Option<&'static str> {
    let typed = typed.to_lowercase();
    ELSEWHERE.iter().find(|(words, _)| words.contains(&typed.as_str())).map(|(_, here)| *here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::definitions;

    #[test]
    fn what_is_offered_is_a_verb_and_what_is_known_elsewhere_is_none() {
        let definitions = definitions();
        let is_verb = |word: &str| {
            definitions
                .get_subcommands()
                .any(|verb| verb.get_name() == word || verb.get_all_aliases().any(|alias| alias == word))
        };
        for (elsewhere, here) in ELSEWHERE {
            assert!(here.split(' ').next().is_some_and(is_verb), "{here}");
            assert!(!elsewhere.iter().any(|word| is_verb(word)), "{elsewhere:?}");
        }
    }
}
