//! manage_notes and query_notes (contract.md §4, §5).

use serde_json::{Map, Value, json};

use crate::Call;
use crate::args::{Args, word};
use crate::lists::{has_words, searched};
use crate::refusal::{Answer, Refusal};
use crate::rows::page;
use crate::rules::schema_of;
use crate::store::Note;
use crate::symbol::Id;

const ROLES: [&str; 3] = ["queue", "work", "review"];

impl Call<'_> {
    pub(crate) fn manage_notes(&mut self, operation: &str, args: &Args) -> Answer {
        match operation {
            "upsert" => match args.batch("notes", "key")? {
                Some(entries) => self.upsert_batch(args, &entries),
                None => self.upsert(args, None),
            },
            "delete" => {
                args.need("item_id")?;
                args.need("key")?;
                let item = self.named(args, "item_id")?;
                let key = checked_key(args.need("key")?)?;
                let there = self.model.store.note(item, &key).is_some();
                if there {
                    self.record("note_deleted", Some(item));
                    self.store().notes.retain(|note| note.item != item || note.key != key);
                }
                Ok(json!({"deleted": there}))
            }
            _ => {
                let item = self.named(args, "item_id")?;
                let notes: Vec<Note> = self.model.store.notes_of(item).into_iter().cloned().collect();
                self.note_list(args, &notes, true)
            }
        }
    }

    fn upsert_batch(&mut self, args: &Args, entries: &[Value]) -> Answer {
        let common = args.text("item_id")?;
        let (mut rows, mut failures) = (Vec::new(), Vec::new());
        for (index, raw) in entries.iter().enumerate() {
            match self.step(|call| call.upsert(&Args::entry(raw, "notes", index)?, common)) {
                Ok(Value::Object(row)) => rows.push(self.level().in_list(row)),
                Ok(nothing) => rows.push(nothing),
                Err(refusal) => failures.push(json!({"index": index, "error": refusal.body()})),
            }
        }
        Ok(json!({"written": rows.len(), "failed": failures.len(), "items": rows, "failures": failures}))
    }

    fn upsert(&mut self, args: &Args, item: Option<&str>) -> Answer {
        let item = match (args.text("item_id")?, item) {
            (Some(own), _) => own,
            (None, Some(common)) => common,
            (None, None) => args.need("item_id")?,
        };
        let Some(body) = args.text("body")? else {
            let place = args.place("body");
            let message = format!("{place} is required; an empty one makes a blank note");
            return Err(Refusal::validation(&place, message));
        };
        let key = args.need("key")?;
        let role = args.text("role")?.map(|text| word("role", text, &ROLES)).transpose()?;
        let item = self.resolve(item, "item_id")?;
        let (note, reopened) = self.write_note(item, key, role, body)?;
        let mut row = self.level().note(&note);
        if reopened {
            row.insert("auto_reopened".into(), json!(true));
        }
        Ok(row.into())
    }

    /// A note comes to be there, or another text under its key; whether that put its item back to the queue.
    pub(crate) fn write_note(
        &mut self,
        item: Id,
        key: &str,
        role: Option<&'static str>,
        body: &str,
    ) -> Answer<(Note, bool)> {
        let key = checked_key(key)?;
        let now = self.now();
        let place = self.model.store.notes.iter().position(|note| note.item == item && note.key == key);
        let note = match place {
            Some(at) => {
                let note = &mut self.model.store.notes[at];
                note.role = role.unwrap_or(note.role);
                body.clone_into(&mut note.body);
                note.updated_at = now;
                note.clone()
            }
            None => {
                let note = Note {
                    id: self.model.known.draw(),
                    item,
                    key,
                    role: role.unwrap_or("queue"),
                    body: body.to_owned(),
                    created_by: Some(self.actor.name()),
                    created_at: now.clone(),
                    updated_at: now,
                };
                self.store().notes.push(note.clone());
                note
            }
        };
        self.record("note_written", Some(item));
        let mut of = self.item(item);
        let reopens = schema_of(&of.item_type, &of.tags).is_some_and(|s| s.lifecycle == "auto-reopen")
            && ["done", "cancelled"].contains(&of.status);
        if reopens {
            of.status = "queue";
            of.label = None;
            of.previous = None;
            of.reason = None;
            of.role_changed_at = Some(self.now());
            self.change(of, "status_changed", json!({"cause": "note_written"}));
        }
        Ok((note, reopens))
    }

    fn note_list(&self, args: &Args, notes: &[Note], with_body: bool) -> Answer {
        let limit = args.bounded("limit", 50, 1, 500)?;
        let rows = notes.iter().map(|note| self.level().in_list(self.note_row(note, with_body))).collect();
        let mut answer = page(rows, 0, limit);
        if answer["has_more"] == true {
            answer["next_cursor"] = json!(crate::symbol::ANYTHING);
        }
        Ok(answer)
    }

    fn note_row(&self, note: &Note, with_body: bool) -> Map<String, Value> {
        let mut row = self.level().note(note);
        if !with_body {
            row.remove("body");
            row.insert("length".into(), json!(note.body.chars().count()));
        }
        row
    }

    pub(crate) fn query_notes(&mut self, args: &Args) -> Answer {
        let search = searched(args)?;
        let item = match (args.text("item_id")?, &search) {
            (Some(id), _) => Some(self.resolve(id, "item_id")?),
            (None, Some(_)) => None,
            (None, None) => return Err(Refusal::validation("item_id", "item_id is required")),
        };
        let with_body = args.choice("include_body")?.unwrap_or(true);
        let key = args.text("key")?.map(checked_key).transpose()?;
        if let (Some(item), Some(key)) = (item, &key) {
            return match self.model.store.note(item, key) {
                Some(note) => Ok(self.note_row(note, with_body).into()),
                None => {
                    let message = format!("Note '{key}' not found on item {}", item.short());
                    Err(Refusal::not_found("key", message))
                }
            };
        }
        let role = args.text("role")?.map(|text| word("role", text, &ROLES)).transpose()?;
        let store = &self.model.store;
        let mut notes: Vec<Note> = store.notes.clone();
        notes.retain(|note| {
            item.is_none_or(|item| note.item == item)
                && key.as_ref().is_none_or(|key| note.key == *key)
                && role.is_none_or(|role| note.role == role)
                && search.is_none_or(|words| has_words(words, &[&note.body]))
        });
        // Oldest first; what a search finds, changed last first. Of one moment, in the order of arrival.
        let place = |note: &Note| (store.place(note.item), store.notes.iter().position(|n| n.id == note.id));
        match search {
            None => notes.sort_by_key(|note| (note.created_at.order(), place(note))),
            Some(_) => notes.sort_by_key(|note| std::cmp::Reverse((note.updated_at.order(), place(note)))),
        }
        self.note_list(args, &notes, with_body)
    }
}

fn checked_key(key: &str) -> Answer<String> {
    match key.trim() {
        "" => Err(Refusal::validation("key", "key is required: the name the note is kept under")),
        key => Ok(key.to_owned()),
    }
}
