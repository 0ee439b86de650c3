//! Note gates: which required notes are missing before a status (contract.md §4).

use crate::note::NoteHead;
use crate::policy::Schema;
use crate::refusal::{Code, Details, MissingNote, Refusal};
use crate::status::{Role, Status};

/// The required notes of each role before `target` that have no text yet, in the order of the schema.
pub fn missing(schema: Option<&Schema>, notes: &[NoteHead], target: Status) -> Vec<MissingNote> {
    let Some(schema) = schema else { return Vec::new() };
    schema
        .notes
        .iter()
        .filter(|spec| spec.required && comes_before(spec.role, target))
        .filter(|spec| !notes.iter().any(|note| note.key == spec.key && !note.blank))
        .map(|spec| MissingNote {
            key: spec.key.clone(),
            role: spec.role,
            description: spec.description.clone(),
            guidance: spec.guidance.clone(),
        })
        .collect()
}

fn comes_before(role: Role, target: Status) -> bool {
    match target {
        Status::Work => role == Role::Queue,
        Status::Review => role != Role::Review,
        Status::Done => true,
        _ => false,
    }
}

/// The refusal for missing notes, in the contract's words.
pub fn refusal(missing: Vec<MissingNote>) -> Refusal {
    let keys: Vec<&str> = missing.iter().map(|m| m.key.as_str()).collect();
    let hint = guidance(&missing).map(|g| format!(". Hint: {g}")).unwrap_or_default();
    let message = format!("Missing required notes: {}{hint}", keys.join(", "));
    Refusal::new(Code::GateBlocked, message).field("item_id").details(Details::MissingNotes(missing))
}

/// What to tell the writer first: the first missing note's guidance, else its description.
pub fn guidance(missing: &[MissingNote]) -> Option<&str> {
    let first = missing.first()?;
    [&first.guidance, &first.description].into_iter().find(|t| !t.trim().is_empty()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Lifecycle, NoteSpec};

    fn spec(key: &str, role: Role, required: bool) -> NoteSpec {
        NoteSpec {
            key: key.into(),
            role,
            required,
            description: format!("about {key}"),
            guidance: String::new(),
        }
    }

    #[test]
    fn every_role_before_the_target_counts_and_blank_is_missing() {
        let schema = Schema {
            name: "task".into(),
            lifecycle: Lifecycle::Manual,
            notes: vec![
                spec("q", Role::Queue, true),
                spec("w", Role::Work, true),
                spec("r", Role::Review, true),
                spec("opt", Role::Queue, false),
            ],
        };
        let note = |key: &str, blank| NoteHead { key: key.into(), role: Role::Queue, blank };
        let cases: [(Status, Vec<NoteHead>, &[&str]); 6] = [
            (Status::Work, vec![], &["q"]),
            (Status::Review, vec![], &["q", "w"]),
            (Status::Done, vec![], &["q", "w", "r"]),
            (Status::Done, vec![note("q", false), note("w", true)], &["w", "r"]),
            (Status::Done, vec![note("q", false), note("w", false), note("r", false)], &[]),
            (Status::Cancelled, vec![], &[]),
        ];
        for (target, notes, want) in cases {
            let got: Vec<String> =
                missing(Some(&schema), &notes, target).into_iter().map(|m| m.key).collect();
            assert_eq!(got, want, "{target:?} {notes:?}");
        }
        let refusal = refusal(missing(Some(&schema), &[], Status::Review));
        assert_eq!(refusal.message, "Missing required notes: q, w. Hint: about q");
    }
}
