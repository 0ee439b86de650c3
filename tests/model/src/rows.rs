//! Rows as answers show them, at a session's level (contract.md §1).

use serde_json::{Map, Value, json};

use crate::store::{Claim, Edge, Item, Note, Store, Subject};
use crate::symbol::Id;

/// How much of a row is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// No nulls, nothing empty, no timestamps in lists; ids of 8 characters.
    Compact,
    /// The original's exact row.
    Full,
}

/// A compact list row.
const LIST: [&str; 8] = ["id", "title", "status", "priority", "parent_id", "tags", "due_at", "claimed_by"];

impl Level {
    pub(crate) fn id(self, id: Id) -> Value {
        json!(if self == Self::Full { id.whole() } else { id.short() })
    }

    /// Ids at this level; in a compact row no null and nothing empty.
    fn trim(self, row: &mut Map<String, Value>) {
        if self == Self::Full {
            return;
        }
        for key in ["id", "parent_id", "item_id", "from_id", "to_id"] {
            if let Some(Value::String(id)) = row.get_mut(key) {
                *id = id.replace('f', "s");
            }
        }
        row.retain(|_, value| !value.is_null() && *value != "" && *value != json!([]));
    }

    /// A list has no timestamps when it is compact.
    pub(crate) fn in_list(self, mut row: Map<String, Value>) -> Value {
        if self == Self::Compact {
            row.retain(|key, _| !["created_at", "updated_at", "role_changed_at"].contains(&key.as_str()));
        }
        Value::Object(row)
    }

    /// A single item with its holder.
    pub(crate) fn item(self, store: &Store, item: &Item) -> Map<String, Value> {
        let mut row = item.row();
        if item.reason.is_none() {
            row.remove("reason");
        }
        if let Some(claim) = store.holder(item.id) {
            row.insert("claimed_by".into(), json!(claim.holder.name()));
        }
        self.trim(&mut row);
        row
    }

    /// A row of a list.
    pub(crate) fn listed(self, store: &Store, item: &Item) -> Value {
        let mut row = self.item(store, item);
        if self == Self::Compact {
            row.retain(|key, _| LIST.contains(&key.as_str()));
        }
        Value::Object(row)
    }

    /// The fields that a call picked.
    pub(crate) fn picked(self, store: &Store, item: &Item, fields: &[String]) -> Map<String, Value> {
        let row = self.item(store, item);
        let mut picked: Map<String, Value> =
            fields.iter().map(|f| (f.clone(), row.get(f).cloned().unwrap_or_default())).collect();
        if self == Self::Compact {
            picked.retain(|_, value| !value.is_null());
        }
        picked
    }

    /// Id, title and status.
    pub(crate) fn brief(self, item: &Item) -> Value {
        json!({"id": self.id(item.id), "title": item.title, "status": item.status})
    }

    pub(crate) fn note(self, note: &Note) -> Map<String, Value> {
        let mut row = note.row();
        self.trim(&mut row);
        row
    }

    pub(crate) fn edge(self, edge: &Edge) -> Map<String, Value> {
        let mut row = edge.row();
        row.remove("created_by");
        self.trim(&mut row);
        row
    }

    /// Which, where it stands, how far it must come.
    pub(crate) fn blocker(self, edge: &Edge, item: &Item) -> Value {
        json!({"id": self.id(item.id), "title": item.title, "status": item.status, "needs": edge.unblock_at})
    }

    /// The first `most` blockers of an item.
    pub(crate) fn blockers(self, store: &Store, item: Id, most: usize) -> Vec<Value> {
        store.unmet(item).into_iter().take(most).map(|(edge, item)| self.blocker(edge, item)).collect()
    }

    /// What is held, by whom, since when and until when.
    pub(crate) fn claim(self, store: &Store, claim: &Claim) -> Value {
        let mut row = self.subject(&claim.subject);
        if let Subject::Item(id) = claim.subject
            && let Some(item) = store.item(id)
        {
            row.insert("title".into(), json!(item.title));
            row.insert("status".into(), json!(item.status));
        }
        row.extend(claim.shown().as_object().cloned().unwrap_or_default());
        Value::Object(row)
    }

    pub(crate) fn subject(self, subject: &Subject) -> Map<String, Value> {
        let (key, value) = match subject {
            Subject::Item(id) => ("item_id", self.id(*id)),
            Subject::Resource(name) => ("resource", json!(name)),
        };
        Map::from_iter([(key.to_owned(), value)])
    }
}

/// `{"items","total","has_more"}`, of which `skip` and `limit` show a part.
pub(crate) fn page(all: Vec<Value>, skip: usize, limit: usize) -> Value {
    let total = all.len();
    let items: Vec<Value> = all.into_iter().skip(skip).take(limit).collect();
    let has_more = skip.saturating_add(items.len()) < total;
    json!({"items": items, "total": total, "has_more": has_more})
}

/// Sections of a report, each cut to `limit`; beside them, under `more`, what was cut.
pub(crate) fn report(sections: Vec<(&str, Vec<Value>)>, limit: usize) -> Map<String, Value> {
    let (mut report, mut more) = (Map::new(), Map::new());
    for (key, mut rows) in sections {
        if rows.len() > limit {
            more.insert(key.to_owned(), json!(rows.len() - limit));
            rows.truncate(limit);
        }
        report.insert(key.to_owned(), Value::Array(rows));
    }
    if !more.is_empty() {
        report.insert("more".to_owned(), Value::Object(more));
    }
    report
}
