//! Rows of the history as agents are shown them, and the cursors that count them (contract.md §8).

use orc_core::ItemId;
use orc_core::refusal::Refusal;
use orc_core::text;
use orc_store::Tx;
use orc_store::queries::HistoryRow;
use serde_json::{Map, Value, json};

use crate::answer::{Level, Rows};
use crate::call::Answer;

/// Characters of an old or new text that a compact answer shows.
const SHOWN: usize = 200;
/// What a compact answer leaves out of an item, note, edge or claim: the row around it says it already, or it is nobody's business.
const LEFT_OUT: [&str; 9] = [
    "id",
    "item_id",
    "session",
    "version",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
    "role_changed_at",
];
/// Fields that hold the id of an item.
const IDS: [&str; 4] = ["parent_id", "from_id", "to_id", "by"];

/// Seq, when, who, what, and what the row kept of old and new.
pub(super) fn shown(rows: &Rows<'_, '_>, row: &HistoryRow, level: Level) -> Answer {
    let mut shown = Map::new();
    shown.insert("seq".to_owned(), json!(row.seq));
    shown.insert("at".to_owned(), json!(row.at));
    shown.insert("agent".to_owned(), json!(row.agent));
    if level == Level::Full {
        shown.insert("session".to_owned(), json!(row.session));
    }
    shown.insert("kind".to_owned(), json!(row.kind));
    if let Some(id) = &row.item {
        shown.insert("item_id".to_owned(), rows.id(&ItemId::new(id.as_str()))?);
    }
    if let Value::Object(data) = serde_json::from_str(&row.data).unwrap_or_default() {
        for (key, value) in data {
            if !shown.contains_key(&key) {
                let value = if level == Level::Full { value } else { compact(rows, &key, value)? };
                shown.insert(key, value);
            }
        }
    }
    Ok(Value::Object(shown))
}

/// Long texts cut, ids shortened, and what is null, empty or said already left out of rows; `[old, new]` pairs stay pairs.
fn compact(rows: &Rows<'_, '_>, key: &str, value: Value) -> Answer {
    Ok(match value {
        Value::String(id) if IDS.contains(&key) => rows.id(&ItemId::new(id.as_str()))?,
        Value::String(text) => Value::String(text::cut(&text, SHOWN)),
        Value::Array(entries) => {
            entries.into_iter().map(|entry| compact(rows, key, entry)).collect::<Answer<_>>()?
        }
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, value) in fields {
                let says_nothing = value.is_null() || value == json!("");
                if !says_nothing && !LEFT_OUT.contains(&key.as_str()) {
                    let value = compact(rows, &key, value)?;
                    kept.insert(key, value);
                }
            }
            Value::Object(kept)
        }
        other => other,
    })
}

/// A cursor that an earlier answer gave. One ahead of all there is comes from another database, and with it nothing would ever be
/// new.
pub(super) fn known_cursor(tx: &Tx<'_>, field: &'static str, cursor: i64) -> Answer<i64> {
    let newest = tx.cursor()?;
    if cursor < 0 {
        return Err(Refusal::validation(format!("{field} must be 0 or more, got {cursor}"))
            .field(field)
            .into());
    }
    if cursor > newest {
        let message = format!(
            "{field} {cursor} is ahead of the newest change, {newest}: it is not from this database. get_context() gives a new cursor"
        );
        return Err(Refusal::conflict(message).field(field).into());
    }
    Ok(cursor)
}
