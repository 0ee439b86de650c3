//! export_graph and import_graph (contract.md §6).

use serde_json::{Map, Value, json};

use crate::args::{Args, word};
use crate::refusal::{Answer, Refusal};
use crate::store::{Edge, Item, Note, PRIORITIES, STATUSES};
use crate::symbol::{Id, Stamp};
use crate::{Call, Name};

/// A row of a document.
struct Row<'r>(&'r Map<String, Value>);

impl Row<'_> {
    fn text(&self, field: &str) -> Option<String> {
        let text = self.0.get(field).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn stamp(&self, field: &str) -> Answer<Option<Stamp>> {
        match self.text(field) {
            Some(text) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
                Err(Refusal::validation(field, format!("{field} is no ISO 8601 time: {text}")))
            }
            text => Ok(text.map(Stamp::Given)),
        }
    }

    fn word(&self, field: &str, valid: &[&'static str], default: &'static str) -> Answer<&'static str> {
        self.text(field).map_or(Ok(default), |text| word(field, &text, valid))
    }
}

impl Call<'_> {
    /// Always whole rows; notes and edges of the items that match.
    pub(crate) fn export_graph(&mut self, args: &Args) -> Answer {
        let scope = self.whole_store(args)?;
        let mut filter = self.report_filter(args, scope)?;
        filter.tags = args.words("tags");
        let store = &self.model.store;
        let mut items = self.matching(&filter);
        items.sort_by_key(|item| item.created_at.order());
        let within: Vec<Id> = items.iter().map(|item| item.id).collect();
        let mut notes: Vec<&Note> = store.notes.iter().filter(|n| within.contains(&n.item)).collect();
        notes.sort_by_key(|note| (note.created_at.order(), store.place(note.item)));
        let both = |edge: &&Edge| within.contains(&edge.from) && within.contains(&edge.to);
        let mut edges: Vec<&Edge> = store.edges.iter().filter(both).collect();
        edges.sort_by_key(|edge| edge.created_at.order());
        Ok(json!({
            "items": items.iter().map(|item| item.row()).collect::<Vec<_>>(),
            "notes": notes.iter().map(|note| note.row()).collect::<Vec<_>>(),
            "dependencies": edges.iter().map(|edge| edge.row()).collect::<Vec<_>>(),
            "exported_at": self.now().shown(),
            "version": "0.8.0",
        }))
    }

    /// Ids and times are kept as given; what cannot be placed is in `skipped`.
    pub(crate) fn import_graph(&mut self, args: &Args) -> Answer {
        let Some(document) = args.value("data").and_then(Value::as_object).cloned() else {
            let message = "data is required: the document that export_graph answered";
            return Err(Refusal::validation("data", message));
        };
        let mode = word("mode", args.text("mode")?.unwrap_or("merge"), &["merge", "replace"])?;
        if mode == "replace" {
            let mut roots: Vec<&Item> =
                self.model.store.items.iter().filter(|item| item.parent.is_none()).collect();
            roots.sort_by_key(|item| item.created_at.order());
            for id in roots.into_iter().map(|item| item.id).collect::<Vec<Id>>() {
                self.delete(&Name::Id(id), true, None, args.flag("force")?).map_err(|mut refusal| {
                    if refusal.message.contains(" is claimed by ") {
                        refusal.message += ". To replace it all the same, give force=true, which is recorded";
                    }
                    refusal
                })?;
            }
        }
        let rows = |list: &str| -> Vec<Map<String, Value>> {
            let rows = document.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
            rows.into_iter().filter_map(|row| row.as_object().cloned()).collect()
        };
        let mut skipped = Vec::new();
        let mut skip = |kind: &str, row: &Map<String, Value>, refusal: Refusal| {
            skipped.push(json!({"kind": kind, "id": row.get("id"), "reason": refusal.message}));
        };
        for row in parents_first(rows("items")) {
            self.import_item(&Row(&row)).unwrap_or_else(|refusal| skip("item", &row, refusal));
        }
        for row in rows("notes") {
            self.import_note(&Row(&row)).unwrap_or_else(|refusal| skip("note", &row, refusal));
        }
        for row in rows("dependencies") {
            self.import_edge(&Row(&row)).unwrap_or_else(|refusal| skip("dependency", &row, refusal));
        }
        let store = &self.model.store;
        let counts = json!({
            "items": store.items.len(), "notes": store.notes.len(), "dependencies": store.edges.len(),
        });
        Ok(json!({"imported": true, "mode": mode, "counts": counts, "skipped": skipped}))
    }

    fn import_item(&mut self, row: &Row<'_>) -> Answer<()> {
        let title = row.text("title").unwrap_or_default();
        if title.trim().is_empty() {
            return Err(Refusal::validation("title", "title is required and must not be blank"));
        }
        let created_at = row.stamp("created_at")?.unwrap_or_else(|| self.now());
        let updated_at = row.stamp("updated_at")?.unwrap_or_else(|| created_at.clone());
        let status = row.word("status", &STATUSES, "queue")?;
        let priority = row.word("priority", &PRIORITIES, "medium")?;
        let id = match row.text("id") {
            Some(id) => self.model.known.given(&id),
            None => self.model.known.draw(),
        };
        if self.model.store.item(id).is_some() {
            return Ok(());
        }
        let parent = row.text("parent_id").map(|parent| self.there(&parent)).transpose()?;
        let completed = ["done", "archived"].contains(&status).then(|| updated_at.clone());
        self.model.made.push(id);
        let item = Item {
            id,
            parent,
            title,
            description: row.text("description").unwrap_or_default(),
            summary: row.text("summary").unwrap_or_default(),
            status,
            label: row.text("status_label"),
            previous: None,
            priority,
            complexity: row.0.get("complexity").and_then(Value::as_i64),
            item_type: row.text("item_type").unwrap_or_default(),
            tags: row.text("tags").unwrap_or_default(),
            metadata: row.text("metadata"),
            properties: row.text("properties"),
            due_at: row.stamp("due_at")?,
            schedule: row.text("schedule"),
            next_run_at: row.stamp("next_run_at")?,
            not_before: row.stamp("not_before")?,
            reason: row.text("reason"),
            project: row.text("project"),
            version: row.0.get("version").and_then(Value::as_i64).unwrap_or(1),
            created_by: row.text("created_by"),
            updated_by: row.text("updated_by"),
            created_at,
            updated_at,
            role_changed_at: row.stamp("role_changed_at")?,
            completed,
        };
        self.add_item(item, "item_imported");
        Ok(())
    }

    /// An item that must be here by its whole id.
    fn there(&self, text: &str) -> Answer<Id> {
        // Of an id that was drawn, 8 characters are not the whole.
        let whole = |item: &&Item| self.model.known.text(item.id) == text && text.len() != 8;
        let found = self.model.store.items.iter().find(whole);
        found
            .map(|item| item.id)
            .ok_or_else(|| Refusal::not_found("", format!("Item {text} is neither here nor in the import")))
    }

    /// A note's or edge's id, which no other of them may have.
    fn own_id(&mut self, row: &Row<'_>) -> Answer<Id> {
        let Some(text) = row.text("id") else { return Ok(self.model.known.draw()) };
        let id = self.model.known.given(&text);
        let store = &self.model.store;
        if store.notes.iter().any(|note| note.id == id) || store.edges.iter().any(|edge| edge.id == id) {
            return Err(Refusal::conflict("id", format!("Id {text} belongs to another row")));
        }
        Ok(id)
    }

    fn import_note(&mut self, row: &Row<'_>) -> Answer<()> {
        let created_at = row.stamp("created_at")?.unwrap_or_else(|| self.now());
        let item = row.text("item_id");
        let item = item.ok_or_else(|| Refusal::validation("item_id", "item_id is missing"))?;
        let key = row.text("key").unwrap_or_default().trim().to_owned();
        if key.is_empty() {
            let message = "key is required: the name the note is kept under";
            return Err(Refusal::validation("key", message));
        }
        let role = row.word("role", &["queue", "work", "review"], "queue")?;
        let updated_at = row.stamp("updated_at")?.unwrap_or_else(|| created_at.clone());
        let item = self.there(&item)?;
        if self.model.store.note(item, &key).is_some() {
            return Ok(());
        }
        let id = self.own_id(row)?;
        let (body, created_by) = (row.text("body").unwrap_or_default(), row.text("created_by"));
        self.record("note_written", Some(item));
        self.store().notes.push(Note { id, item, key, role, body, created_by, created_at, updated_at });
        Ok(())
    }

    fn import_edge(&mut self, row: &Row<'_>) -> Answer<()> {
        let end = |field: &str| {
            row.text(field).ok_or_else(|| Refusal::validation(field, format!("{field} is missing")))
        };
        let (from, to) = (end("from_id")?, end("to_id")?);
        let kind = row.word("dep_type", &["blocks", "relates_to"], "blocks")?;
        let unblock_at = row.word("unblock_at", &["work", "review", "done"], "done")?;
        let created_at = row.stamp("created_at")?.unwrap_or_else(|| self.now());
        let (from, to) = (self.there(&from)?, self.there(&to)?);
        if from == to {
            return Err(Refusal::validation("from_id", "Cannot depend on self"));
        }
        if self.model.store.edges.iter().any(|edge| edge.from == from && edge.to == to) {
            return Ok(());
        }
        let id = self.own_id(row)?;
        self.may_stand(from, to, kind)?;
        self.record("dependency_added", Some(to));
        let created_by = row.text("created_by");
        self.store().edges.push(Edge { id, from, to, kind, unblock_at, created_by, created_at });
        Ok(())
    }
}

/// Parents before children at any depth; what is on a circle in its turn.
fn parents_first(rows: Vec<Map<String, Value>>) -> Vec<Map<String, Value>> {
    let mut left: Vec<usize> = (0..rows.len()).collect();
    let mut order = Vec::new();
    while let Some(start) = left.first().copied() {
        let mut chain = vec![start];
        loop {
            let parent = rows[chain[chain.len() - 1]].get("parent_id").filter(|id| id.is_string());
            let first = |id: &Value| rows.iter().position(|row| row.get("id") == Some(id));
            match parent.and_then(first).filter(|at| left.contains(at) && !chain.contains(at)) {
                Some(at) => chain.push(at),
                None => break,
            }
        }
        left.retain(|at| !chain.contains(at));
        order.extend(chain.into_iter().rev());
    }
    order.into_iter().map(|at| rows[at].clone()).collect()
}
