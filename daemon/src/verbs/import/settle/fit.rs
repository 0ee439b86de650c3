//! Texts within the limits (`contract.md` §12): what is beyond them is whole in notes.

use orc_core::{limits, text};
use serde_json::Value;

use super::shown;
use crate::verbs::import::{
    foreign::{Item, Note},
    remarks::Remarks,
};

/// What an item without a title is called.
pub(super) const UNTITLED: &str = "(untitled)";
/// Parts a text that is too long is cut into; a document's row must stay small.
const PART: usize = limits::BODY_BYTES;

/// Brings an item within the limits; what does not fit becomes notes.
pub(super) fn fit(item: &mut Item, remarks: &mut Remarks) {
    let title = item.row.get("title").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if title.is_empty() {
        remarks.changed(&item.name, format!("it had no title and is called {UNTITLED}"));
        item.set("title", UNTITLED);
    } else if title.chars().count() > limits::TITLE_CHARS {
        let most = limits::TITLE_CHARS;
        remarks.changed(
            &item.name,
            format!("its title is cut to {most} characters; the note title has it whole"),
        );
        item.set("title", text::cut(&title, most));
        item.note("title", "queue", Some(title));
    } else {
        item.set("title", title);
    }
    for (field, most) in [
        ("description", limits::BODY_BYTES),
        ("summary", limits::SMALL_TEXT_BYTES),
        ("metadata", limits::SMALL_TEXT_BYTES),
        ("properties", limits::SMALL_TEXT_BYTES),
    ] {
        fit_text(item, field, most, remarks);
    }
    fit_word(item, "item_type", remarks);
    fit_schedule(item, remarks);
    fit_tags(item, remarks);
    let complexity = item.row.get("complexity").and_then(Value::as_i64);
    if let Some(given) = complexity.filter(|given| !(1..=10).contains(given)) {
        let near = given.clamp(1, 10);
        remarks.changed(&item.name, format!("complexity {given} became {near}"));
        item.set("complexity", near);
    }
}

fn fit_text(item: &mut Item, field: &str, most: usize, remarks: &mut Remarks) {
    let Some(whole) = item.row.get(field).and_then(Value::as_str).filter(|whole| whole.len() > most) else {
        return;
    };
    let whole = whole.to_owned();
    remarks.changed(
        &item.name,
        format!("its {field} is longer than {most} bytes; the note {field} has it whole"),
    );
    // What is cut out of JSON is none any more.
    match field {
        "description" | "summary" => item.set(field, &whole[..boundary(&whole, most)]),
        _ => drop(item.row.remove(field)),
    }
    item.note(field, "queue", Some(whole));
}

fn fit_word(item: &mut Item, field: &str, remarks: &mut Remarks) {
    let Some(word) = item.row.get(field).and_then(Value::as_str).map(str::to_owned) else { return };
    if word.chars().count() > limits::KEY_CHARS {
        remarks.changed(&item.name, format!("its {field} is cut to {} characters", limits::KEY_CHARS));
        item.set(field, text::cut(&word, limits::KEY_CHARS));
    }
}

/// A schedule that can never run would be refused, and its item with it.
fn fit_schedule(item: &mut Item, remarks: &mut Remarks) {
    let Some(schedule) = item.row.get("schedule").and_then(Value::as_str).map(str::to_owned) else { return };
    if !schedule.trim().is_empty() && orc_core::schedule::next_run(&schedule, &crate::clock::now()).is_err() {
        let cut = shown(&schedule);
        remarks.changed(
            &item.name,
            format!("its schedule '{cut}' is no cron expression; the note schedule has it"),
        );
        item.row.remove("schedule");
        item.note("schedule", "queue", Some(schedule));
    }
}

/// Tags are words between commas: within their limits, the rest in a note.
fn fit_tags(item: &mut Item, remarks: &mut Remarks) {
    let given = match item.row.get("tags") {
        Some(Value::Array(tags)) => {
            tags.iter().filter_map(Value::as_str).map(|tag| tag.replace(',', ";")).collect::<Vec<_>>()
        }
        Some(Value::String(tags)) => tags.split(',').map(str::to_owned).collect(),
        _ => return,
    };
    let mut kept: Vec<String> = Vec::new();
    let mut over = Vec::new();
    for tag in given.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()) {
        if kept.iter().any(|known| known == tag) {
            continue;
        }
        match kept.len() < limits::TAGS && tag.chars().count() <= limits::TAG_CHARS {
            true => kept.push(tag.to_owned()),
            false => over.push(tag.to_owned()),
        }
    }
    item.set("tags", kept.join(","));
    if !over.is_empty() {
        let (tags, chars) = (limits::TAGS, limits::TAG_CHARS);
        remarks.changed(
            &item.name,
            format!(
                "{} of its tags are beyond {tags} or longer than {chars} characters: the note tags has them",
                over.len()
            ),
        );
        item.note("tags", "queue", Some(over.join("\n")));
    }
}

/// A note, or several where its text is too long for one.
pub(super) fn parts(note: Note, item: &str, remarks: &mut Remarks) -> Vec<Note> {
    let key = match note.key.trim() {
        "" => "note".to_owned(),
        key => text::cut(key, limits::KEY_CHARS - 10),
    };
    if key != note.key.trim() {
        remarks.changed(item, format!("the key of its note '{}' became '{key}'", shown(&note.key)));
    }
    if note.body.len() <= PART {
        return vec![Note { key, ..note }];
    }
    let mut parts = Vec::new();
    let mut rest = note.body.as_str();
    while !rest.is_empty() {
        let (part, more) = rest.split_at(boundary(rest, PART));
        let mut row = note.row.clone();
        if !parts.is_empty() {
            row.remove("id");
        }
        let key = if parts.is_empty() { key.clone() } else { format!("{key}-{}", parts.len() + 1) };
        parts.push(Note { key, body: part.to_owned(), row });
        rest = more;
    }
    remarks
        .changed(item, format!("its note '{key}' is longer than {PART} bytes and came as {}", parts.len()));
    parts
}

/// The last place at or before a byte where a text can be cut.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
