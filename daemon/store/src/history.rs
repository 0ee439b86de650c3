//! The history: one row per change, with old and new, written in the change's own transaction (contract.md §8).
//!
//! A row's `data` is JSON. Changes of an item keep `{"changes": {FIELD: [OLD, NEW]}}`; a deletion keeps the whole rows, so
//! that it can be undone.

use orc_core::change::{Cause, Change};
use orc_core::claim::{Actor, Claim, Subject};
use orc_core::edge::Edge;
use orc_core::id::ItemId;
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::status::{DepKind, Priority, Role, Status, Threshold};
use orc_core::time::Stamp;
use orc_core::view::Deleted;
use orc_core::workspace::Workspace;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::fields::differences;
pub use crate::fields::item_json;

/// What a change's row keeps.
pub(crate) fn data(change: &Change) -> Value {
    match change {
        Change::ItemCreated { item, .. } => json!({ "item": item_json(item) }),
        Change::ItemChanged { before, after, cause } => {
            let mut data = Map::new();
            data.insert("changes".to_owned(), Value::Object(differences(before, after)));
            add_cause(&mut data, cause);
            Value::Object(data)
        }
        Change::ItemDeleted { item, notes, edges, .. } => json!({
            "item": item_json(item),
            "notes": notes.iter().map(note_json).collect::<Vec<_>>(),
            "edges": edges.iter().map(edge_json).collect::<Vec<_>>(),
        }),
        Change::NoteWritten { before, after, .. } => json!({
            "key": after.key,
            "role": after.role.as_str(),
            "changes": {"body": [before.as_ref().map(|n| n.body.as_str()), after.body]},
        }),
        Change::NoteDeleted { note } => json!({ "key": note.key, "note": note_json(note) }),
        Change::EdgeAdded { edge, .. } | Change::EdgeRemoved { edge } => json!({ "edge": edge_json(edge) }),
        Change::Unblocked { by, .. } => json!({ "by": by.as_str() }),
        Change::ClaimTaken { claim } => json!({ "claim": claim_json(claim) }),
        Change::ClaimChanged { before, after } => {
            json!({ "changes": {"claim": [claim_json(before), claim_json(after)]} })
        }
        Change::ClaimEnded { claim, why } => json!({ "claim": claim_json(claim), "why": why.as_str() }),
        Change::WorkspaceChanged { name, before, after } => json!({
            "workspace": name,
            "changes": {"workspace": [before.as_ref().map(workspace_json), after.as_ref().map(workspace_json)]},
        }),
    }
}

fn add_cause(data: &mut Map<String, Value>, cause: &Cause) {
    let forced = match cause {
        Cause::Edited { forced } => *forced,
        Cause::Moved { trigger, reason, forced } => {
            data.insert("trigger".to_owned(), json!(trigger.as_str()));
            if let Some(reason) = reason {
                data.insert("reason".to_owned(), json!(reason));
            }
            *forced
        }
        Cause::ChildReopened => {
            data.insert("cause".to_owned(), json!("child_reopened"));
            false
        }
        Cause::NoteWritten => {
            data.insert("cause".to_owned(), json!("note_written"));
            false
        }
    };
    if forced {
        data.insert("forced".to_owned(), json!(true));
    }
}

/// Lines such as `v3 priority: medium → high (by alice)`.
pub(crate) fn change_lines(version: i64, agent: &str, data: &str) -> Vec<String> {
    let data: Value = serde_json::from_str(data).unwrap_or_default();
    let Some(changes) = data.get("changes").and_then(Value::as_object) else { return Vec::new() };
    let said = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "none".to_owned(),
        Some(Value::String(text)) => orc_core::text::cut(text, 80).replace(['\n', '\r'], " "),
        Some(other) => other.to_string(),
    };
    changes
        .iter()
        .map(|(field, pair)| {
            format!("v{version} {field}: {} → {} (by {agent})", said(pair.get(0)), said(pair.get(1)))
        })
        .collect()
}

/// A whole note.
pub fn note_json(note: &Note) -> Value {
    json!({
        "id": note.id.as_str(),
        "item_id": note.item.as_str(),
        "key": note.key,
        "role": note.role.as_str(),
        "body": note.body,
        "created_by": note.created_by,
        "created_at": note.created_at.text(),
        "updated_at": note.updated_at.text(),
    })
}

/// A whole edge.
pub fn edge_json(edge: &Edge) -> Value {
    json!({
        "id": edge.id.as_str(),
        "from_id": edge.from.as_str(),
        "to_id": edge.to.as_str(),
        "dep_type": edge.kind.as_str(),
        "unblock_at": edge.unblock_at.as_str(),
        "created_by": edge.created_by,
        "created_at": edge.created_at.text(),
    })
}

fn claim_json(claim: &Claim) -> Value {
    let (kind, subject) = match &claim.subject {
        Subject::Item(id) => ("item_id", id.as_str()),
        Subject::Resource(name) => ("resource", name.as_str()),
    };
    json!({
        kind: subject,
        "agent": claim.holder.name(),
        "session": claim.holder.session,
        "since": claim.since.text(),
        "ends": claim.ends().map(|s| s.text().to_owned()),
    })
}

fn workspace_json(workspace: &Workspace) -> Value {
    json!({
        "tags": workspace.tags,
        "memory_tags": workspace.memory_tags,
        "description": workspace.description,
        "repos": workspace.repos,
        "conventions": workspace.conventions,
    })
}

/// Who made a change, as its row shows it.
pub(crate) fn agent(actor: &Actor) -> String {
    actor.name()
}

/// Reads back what a deletion kept.
pub(crate) fn read_deleted(data: &str) -> Result<Deleted> {
    let value: Value = serde_json::from_str(data).map_err(|e| Error::Damaged(format!("history row: {e}")))?;
    let list = |key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(Deleted {
        item: read_item(value.get("item").unwrap_or(&Value::Null))?,
        notes: list("notes").iter().map(read_note).collect::<Result<_>>()?,
        edges: list("edges").iter().map(read_edge).collect::<Result<_>>()?,
    })
}

fn read_item(value: &Value) -> Result<Item> {
    let row = Fields(value);
    Ok(Item {
        id: ItemId::new(row.text("id")?),
        parent: row.optional("parent_id").map(ItemId::new),
        title: row.text("title")?,
        description: row.text("description")?,
        summary: row.text("summary")?,
        status: row.word("status", Status::parse)?,
        label: row.optional("status_label"),
        previous: row.optional("previous_status").and_then(|s| Status::parse(&s).ok()),
        priority: row.word("priority", Priority::parse)?,
        complexity: value.get("complexity").and_then(Value::as_u64).and_then(|n| u8::try_from(n).ok()),
        item_type: row.text("item_type")?,
        tags: row.text("tags")?,
        metadata: row.optional("metadata"),
        properties: row.optional("properties"),
        due_at: row.optional_stamp("due_at"),
        schedule: row.optional("schedule"),
        next_run_at: row.optional_stamp("next_run_at"),
        not_before: row.optional_stamp("not_before"),
        reason: row.optional("reason"),
        project: row.optional("project"),
        version: value.get("version").and_then(Value::as_i64).unwrap_or(1),
        created_by: row.optional("created_by"),
        updated_by: row.optional("updated_by"),
        created_at: row.stamp("created_at")?,
        updated_at: row.stamp("updated_at")?,
        role_changed_at: row.optional_stamp("role_changed_at"),
    })
}

fn read_note(value: &Value) -> Result<Note> {
    let row = Fields(value);
    Ok(Note {
        id: ItemId::new(row.text("id")?),
        item: ItemId::new(row.text("item_id")?),
        key: row.text("key")?,
        role: row.word("role", Role::parse)?,
        body: row.text("body")?,
        created_by: row.optional("created_by"),
        created_at: row.stamp("created_at")?,
        updated_at: row.stamp("updated_at")?,
    })
}

fn read_edge(value: &Value) -> Result<Edge> {
    let row = Fields(value);
    Ok(Edge {
        id: ItemId::new(row.text("id")?),
        from: ItemId::new(row.text("from_id")?),
        to: ItemId::new(row.text("to_id")?),
        kind: row.word("dep_type", DepKind::parse)?,
        unblock_at: row.word("unblock_at", Threshold::parse)?,
        created_by: row.optional("created_by"),
        created_at: row.stamp("created_at")?,
    })
}

/// The fields of a row that this module wrote.
struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn optional(&self, key: &str) -> Option<String> {
        self.0.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    fn text(&self, key: &str) -> Result<String> {
        self.optional(key).ok_or_else(|| Error::Damaged(format!("history row without {key}")))
    }

    fn word<T>(&self, key: &str, parse: fn(&str) -> Result<T, orc_core::Refusal>) -> Result<T> {
        parse(&self.text(key)?).map_err(|refusal| Error::Damaged(refusal.message))
    }

    fn optional_stamp(&self, key: &str) -> Option<Stamp> {
        self.optional(key).as_deref().and_then(Stamp::parse)
    }

    fn stamp(&self, key: &str) -> Result<Stamp> {
        self.optional_stamp(key).ok_or_else(|| Error::Damaged(format!("history row with a bad {key}")))
    }
}
