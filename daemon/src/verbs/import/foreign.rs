//! What another program had, before it becomes rows of a graph document: items, notes and links under the names they have there.

use orc_core::{text, time::Stamp};
use serde_json::{Map, Value, json};

use super::{document::List, remarks::Remarks};

/// The note that says where an item came from, and holds what has no field here. Searching for its old name finds it.
const ORIGIN: &str = "origin";

/// Everything that is to come.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    /// Items with their notes.
    pub(super) items: Vec<Item>,
    /// What is between them.
    pub(super) links: Vec<Link>,
    /// What is different here, and what cannot come.
    pub(super) remarks: Remarks,
}

/// An item.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// Its name there, by which others refer to it: `bd-12.1`, `master 3.2`, `TASK-7`.
    pub(super) name: String,
    /// Its id, where it has one that can be kept.
    pub(super) id: Option<String>,
    /// The name of the item above it.
    pub(super) parent: Option<String>,
    /// Its fields as a document has them, without ids.
    pub(super) row: Map<String, Value>,
    /// Its notes.
    pub(super) notes: Vec<Note>,
    /// Lines of its note `origin`: what has no field here.
    pub(super) origin: Vec<String>,
}

/// A note of an item.
#[derive(Debug, Default)]
pub(super) struct Note {
    /// Its key.
    pub(super) key: String,
    /// Its text.
    pub(super) body: String,
    /// Its other fields as a document has them.
    pub(super) row: Map<String, Value>,
}

/// One item waits for another, or is related to it.
#[derive(Debug)]
pub(super) struct Link {
    /// The name of the item that blocks.
    pub(super) from: String,
    /// The name of the one that waits.
    pub(super) to: String,
    /// Whether it blocks.
    pub(super) blocks: bool,
    /// Its other fields as a document has them.
    pub(super) row: Map<String, Value>,
}

impl Link {
    /// `to` waits for `from`.
    pub(super) fn blocks(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into(), blocks: true, row: Map::new() }
    }

    /// The two have to do with each other.
    pub(super) fn relates(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { blocks: false, ..Self::blocks(from, to) }
    }
}

impl Item {
    /// An item of that name and title.
    pub(super) fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        let mut item = Self { name: name.into(), ..Self::default() };
        item.set("title", title.into());
        item
    }

    /// Sets a field of its row.
    pub(super) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.row.insert(field.to_owned(), value.into());
    }

    /// Sets a field where there is a value.
    pub(super) fn set_some(&mut self, field: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(field, value);
        }
    }

    /// Sets a time where there is one, and says so where it is none.
    pub(super) fn set_time(&mut self, field: &str, given: Option<String>, remarks: &mut Remarks) {
        let Some(given) = given else { return };
        match time(&given) {
            Some(time) => self.set(field, time),
            None => {
                let shown = text::cut(&given, 60);
                remarks
                    .changed(&self.name, format!("{field} '{shown}' is no time and is in the note {ORIGIN}"));
                self.origin.push(format!("{field}: {given}"));
            }
        }
    }

    /// Adds a note where there is a text.
    pub(super) fn note(&mut self, key: &str, role: &str, body: Option<String>) {
        if let Some(body) = body {
            let mut row = Map::new();
            row.insert("role".to_owned(), json!(role));
            self.notes.push(Note { key: key.to_owned(), body, row });
        }
    }

    /// Puts what is left of a foreign row into the note `origin`.
    pub(super) fn keep_rest(&mut self, rest: Map<String, Value>) {
        for (field, value) in rest {
            let shown = match &value {
                Value::Null | Value::Bool(false) => continue,
                Value::String(text) if text.trim().is_empty() => continue,
                Value::Array(entries) if entries.is_empty() => continue,
                Value::Object(entries) if entries.is_empty() => continue,
                Value::String(text) => text.clone(),
                Value::Array(entries) if entries.iter().all(Value::is_string) => {
                    entries.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
                }
                other => other.to_string(),
            };
            self.origin.push(format!("{field}: {shown}"));
        }
    }

    /// Writes down where it came from: for programs in `metadata`, for people and searches in a note.
    pub(super) fn sign(&mut self, program: &str, place: &str) {
        self.set("metadata", json!({"from": program, "in": place, "id": self.name}).to_string());
        let mut lines = vec![format!("{program} {}", self.name)];
        lines.append(&mut self.origin);
        self.note(ORIGIN, "queue", Some(lines.join("\n")));
    }
}

/// One row of a foreign program, from which fields are taken one after the other; what is left has no field here.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// Takes a text that is not blank; numbers and the like as they are written.
    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        match self.0.get(field)? {
            Value::Object(_) | Value::Array(_) => return None,
            _ => {}
        }
        match self.0.shift_remove(field)? {
            Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// Takes a list; a single value counts as one of it.
    pub(super) fn list(&mut self, field: &str) -> Vec<Value> {
        match self.0.shift_remove(field) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(Value::String(text)) if text.trim().is_empty() => Vec::new(),
            Some(single) => vec![single],
        }
    }

    /// Takes a list of words; entries that are none are left in the row.
    pub(super) fn words(&mut self, field: &str) -> Vec<String> {
        let (mut words, mut others) = (Vec::new(), Vec::new());
        for entry in self.list(field) {
            match word(&entry) {
                Some(word) => words.push(word),
                None => others.push(entry),
            }
        }
        if !others.is_empty() {
            self.0.insert(field.to_owned(), Value::Array(others));
        }
        words
    }
}

/// A value as one word, where it is a text or a number.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|word| !word.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A time as ISO 8601 has it. `2026-11-25 03:17`, which some programs write, is in UTC.
pub(super) fn time(given: &str) -> Option<String> {
    let given = given.trim();
    let Some((day, clock)) = given.split_once(' ') else {
        return Stamp::parse(given).map(|_| given.to_owned());
    };
    let clock = if clock.len() == "03:17".len() { format!("{clock}:00") } else { clock.to_owned() };
    let whole = format!("{day}T{clock}");
    Stamp::parse(&whole).map(|_| whole)
}

/// A status or priority that has a counterpart here, by table; else the last column's remark is made.
pub(super) fn counterpart(
    item: &mut Item,
    field: &str,
    given: Option<&str>,
    table: &[(&str, &str)],
    otherwise: &str,
    remarks: &mut Remarks,
) -> String {
    let Some(given) = given else { return otherwise.to_owned() };
    let plain = given.trim().to_lowercase().replace(['_', ' '], "-");
    if let Some((_, ours)) = table.iter().find(|(theirs, _)| *theirs == plain) {
        return (*ours).to_owned();
    }
    let shown = text::cut(given, 60);
    remarks.changed(&item.name, format!("{field} '{shown}' has no counterpart here and came as {otherwise}"));
    item.origin.push(format!("{field}: {given}"));
    otherwise.to_owned()
}

impl Foreign {
    /// Says that an item cannot come.
    pub(super) fn leave_out(&mut self, name: &str, why: impl Into<String>) {
        self.remarks.left_out(List::Items, name, why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_other_programs_are_read() {
        for (given, want) in [
            ("2025-01-15T10:00:00Z", Some("2025-01-15T10:00:00Z")),
            ("2025-01-10T10:00:00.123456789-08:00", Some("2025-01-10T10:00:00.123456789-08:00")),
            ("2026-11-25 03:17", Some("2026-11-25T03:17:00")),
            ("2026-11-25", Some("2026-11-25")),
            ("soon", None),
            ("25.11.2026 10:00", None),
        ] {
            assert_eq!(time(given).as_deref(), want, "{given}");
        }
        // Databases write a space between day and time.
        assert!(time("2026-01-02 03:04:05.678").is_some());
    }

    #[test]
    fn what_is_left_of_a_row_is_kept_in_words() {
        let mut item = Item::new("bd-1", "t");
        let rest = json!({"a": null, "b": "", "c": [], "d": ["x", "y"], "e": {"k": 1}, "f": 7, "g": false});
        item.keep_rest(rest.as_object().cloned().unwrap_or_default());
        item.sign("beads", "shop");
        assert_eq!(item.notes[0].body, "beads bd-1\nd: x, y\ne: {\"k\":1}\nf: 7");
        assert_eq!(item.row["metadata"], "{\"from\":\"beads\",\"in\":\"shop\",\"id\":\"bd-1\"}");
    }
}
