//! Rows and refusals as the documents that clients read (contract.md §1).

use std::borrow::Cow;
use std::cell::Cell;

use orc_core::claim::{Claim, Subject};
use orc_core::edge::Edge;
use orc_core::id::ItemId;
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::refusal::{Code, Details, MissingNote, Refusal};
use orc_core::time::Stamp;
use orc_core::view::View;
use orc_store::fields::{self, Field};
use orc_store::history;
use orc_store::queries::SharedShorts;
use orc_store::{Error, Tx};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::call::Answer;

mod list_row;

pub(crate) use list_row::{BlockerRow, ListRow};

/// A document, written.
pub(crate) fn written(document: &impl Serialize) -> Answer<String> {
    // Not by a `Display`, which checks each piece of the text once more.
    Ok(serde_json::to_string(document).map_err(|e| Refusal::new(Code::Internal, e.to_string()))?)
}

/// How much of a row an answer shows; chosen by the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Level {
    /// Drops null and empty fields, and timestamps in lists; 8-character ids.
    #[default]
    Compact,
    /// The original's exact row.
    Full,
}

/// Every field that a list may be asked for.
pub(crate) const FIELDS: [&str; fields::FIELDS.len() + 1] = {
    let mut all = ["claimed_by"; fields::FIELDS.len() + 1];
    let mut at = 0;
    while at < fields::FIELDS.len() {
        all[at] = fields::FIELDS[at];
        at += 1;
    }
    all
};

/// Makes rows of one transaction's values.
pub(crate) struct Rows<'a, 'c> {
    tx: &'a Tx<'c>,
    level: Level,
    now: &'a Stamp,
    /// Which ids share their first 8 characters, so that showing 8 is not enough.
    shared: Option<SharedShorts>,
}

impl<'a, 'c> Rows<'a, 'c> {
    pub(crate) fn new(tx: &'a Tx<'c>, level: Level, now: &'a Stamp) -> Result<Self, Error> {
        let shared = if level == Level::Compact { Some(tx.shared_shorts()?) } else { None };
        Ok(Self { tx, level, now, shared })
    }

    /// An id as this answer shows it.
    pub(crate) fn id(&self, id: &ItemId) -> Result<Value, Error> {
        Ok(Value::from(self.shown_id(id)?))
    }

    /// The same, not yet a value.
    fn shown_id<'i>(&self, id: &'i ItemId) -> Result<Cow<'i, str>, Error> {
        match &self.shared {
            Some(shared) => self.tx.shortest(id, shared),
            None => Ok(Cow::Borrowed(id.as_str())),
        }
    }

    fn ids_in(&self, row: &mut Map<String, Value>, keys: &[&str]) -> Result<(), Error> {
        for key in keys {
            if let Some(Value::String(text)) = row.get(*key) {
                let shown = self.id(&ItemId::new(text.as_str()))?;
                row.insert((*key).to_owned(), shown);
            }
        }
        Ok(())
    }

    /// A single item's row, with its holder.
    pub(crate) fn item(&self, item: &Item) -> Result<Map<String, Value>, Error> {
        let claim = self.tx.claim(&Subject::Item(item.id.clone()))?.filter(|claim| claim.holds_at(self.now));
        self.row(item, claim.map(|claim| claim.holder.name()).as_deref(), FIELDS.into_iter())
    }

    /// The fields of these names, as far as there is anything in them. The original's row has a place for each of its own
    /// fields, also where there is nothing.
    fn row<'n>(
        &self,
        item: &Item,
        claimed_by: Option<&str>,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Map<String, Value>, Error> {
        let mut row = Map::with_capacity(names.size_hint().0);
        for name in names {
            let field = match name {
                "claimed_by" => claimed_by.into(),
                name => Field::of(item, name),
            };
            let shown = match self.level {
                Level::Full => field != Field::Null || !["reason", "claimed_by"].contains(&name),
                Level::Compact => !field.is_empty(),
            };
            if shown {
                row.insert(name.to_owned(), self.value(name, field)?);
            }
        }
        Ok(row)
    }

    /// A field as it is shown.
    fn value(&self, name: &str, field: Field<'_>) -> Result<Value, Error> {
        match field {
            Field::Text(id) if ["id", "parent_id"].contains(&name) => self.id(&ItemId::new(id)),
            field => Ok(field.into()),
        }
    }

    /// The fields of a row that a call picked.
    pub(crate) fn pick(&self, row: &Map<String, Value>, fields: &[String]) -> Map<String, Value> {
        let mut picked =
            fields.iter().map(|f| (f.clone(), row.get(f).cloned().unwrap_or(Value::Null))).collect();
        if self.level == Level::Compact {
            drop_empty(&mut picked);
        }
        picked
    }

    /// A row of a list whatever it is about: a compact one has no timestamps (contract.md §1).
    pub(crate) fn in_list(&self, mut row: Map<String, Value>) -> Value {
        if self.level == Level::Compact {
            for key in ["created_at", "updated_at", "role_changed_at"] {
                row.shift_remove(key);
            }
        }
        Value::Object(row)
    }

    /// Id, title and status.
    pub(crate) fn brief(&self, item: &Item) -> Result<Value, Error> {
        Ok(json!({"id": self.id(&item.id)?, "title": item.title, "status": item.status.as_str()}))
    }

    /// A note's row.
    pub(crate) fn note(&self, note: &Note) -> Result<Map<String, Value>, Error> {
        let Value::Object(mut row) = history::note_json(note) else { return Ok(Map::new()) };
        self.ids_in(&mut row, &["id", "item_id"])?;
        if self.level == Level::Compact {
            drop_empty(&mut row);
        }
        Ok(row)
    }

    /// An edge's row.
    pub(crate) fn edge(&self, edge: &Edge) -> Result<Map<String, Value>, Error> {
        let Value::Object(mut row) = history::edge_json(edge) else { return Ok(Map::new()) };
        row.shift_remove("created_by");
        self.ids_in(&mut row, &["id", "from_id", "to_id"])?;
        if self.level == Level::Compact {
            drop_empty(&mut row);
        }
        Ok(row)
    }

    /// What stands under `error`, its ids as this answer shows them.
    pub(crate) fn refusal(&self, refusal: &Refusal) -> Result<Value, Error> {
        let failed = Cell::new(None);
        let body = body(refusal, &|id| {
            self.id(id).unwrap_or_else(|error| {
                failed.set(Some(error));
                Value::Null
            })
        });
        failed.into_inner().map_or(Ok(body), Err)
    }
}

/// Removes what is null or empty: nothing is said by it.
fn drop_empty(row: &mut Map<String, Value>) {
    row.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(entries) => !entries.is_empty(),
        _ => true,
    });
}

/// A missing note, as details and reports show it.
pub(crate) fn missing_note(note: &MissingNote) -> Value {
    let mut row = Map::new();
    row.insert("key".to_owned(), json!(note.key));
    row.insert("role".to_owned(), json!(note.role.as_str()));
    row.insert("description".to_owned(), json!(note.description));
    row.insert("guidance".to_owned(), json!(note.guidance));
    drop_empty(&mut row);
    Value::Object(row)
}

/// Who holds a claim, and until when.
pub(crate) fn holder(claim: &Claim) -> Value {
    let mut row = Map::new();
    row.insert("agent".to_owned(), json!(claim.holder.name()));
    row.insert("since".to_owned(), json!(claim.since.text()));
    match claim.ends() {
        Some(end) => row.insert("ends".to_owned(), json!(end.text())),
        None if claim.holder.is_person() => row.insert("ends".to_owned(), json!("when released")),
        None => row.insert("ends".to_owned(), json!("with its session")),
    };
    Value::Object(row)
}

/// The document of a refusal: `{"error":{"code","message","field"?,"details"?}}`.
pub(crate) fn refusal(refusal: &Refusal, level: Level) -> Value {
    json!({ "error": refusal_body(refusal, level) })
}

/// What stands under `error`, where no store is at hand that tells which ids share their first characters.
pub(crate) fn refusal_body(refusal: &Refusal, level: Level) -> Value {
    body(refusal, &|id| json!(shown_id(id, level)))
}

fn body(refusal: &Refusal, shown: &dyn Fn(&ItemId) -> Value) -> Value {
    let mut body = Map::new();
    body.insert("code".to_owned(), json!(refusal.code.as_str()));
    body.insert("message".to_owned(), json!(refusal.message));
    if let Some(field) = &refusal.field {
        body.insert("field".to_owned(), json!(field));
    }
    if let Some(details) = &refusal.details {
        body.insert("details".to_owned(), details_json(details, shown));
    }
    Value::Object(body)
}

fn details_json(details: &Details, shown: &dyn Fn(&ItemId) -> Value) -> Value {
    let named = |(id, title): &(ItemId, String)| json!({"id": id.as_str(), "title": title});
    match details {
        Details::Blockers(blockers, more) => {
            let rows: Vec<Value> = blockers
                .iter()
                .map(|b| {
                    json!({"id": shown(&b.id), "title": b.title, "status": b.status.as_str(), "needs": b.needs.as_str()})
                })
                .collect();
            with_more(json!({ "blockers": rows }), "blockers", *more)
        }
        Details::MissingNotes(notes) => {
            json!({ "missing_notes": notes.iter().map(missing_note).collect::<Vec<_>>() })
        }
        Details::Holder(claim) => json!({ "holder": holder(claim) }),
        Details::Candidates(candidates, more) => {
            json!({ "candidates": candidates.iter().map(named).collect::<Vec<_>>(), "has_more": more })
        }
        Details::Path(path) => {
            let steps = path.iter().map(|(id, title)| json!({"id": shown(id), "title": title}));
            json!({ "path": steps.collect::<Vec<_>>() })
        }
        Details::Version { present, changed } => json!({ "version": present, "changed": changed }),
        Details::Valid(words) => json!({ "valid": words }),
        Details::Reason(reason) => json!({ "reason": reason }),
        Details::Entry(index) => json!({ "index": index }),
    }
}

fn shown_id(id: &ItemId, level: Level) -> &str {
    match level {
        Level::Compact => id.short(),
        Level::Full => id.as_str(),
    }
}

fn with_more(mut document: Value, key: &str, more: usize) -> Value {
    if more > 0 {
        document["more"] = json!({ key: more });
    }
    document
}
