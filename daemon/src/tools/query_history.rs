//! query_history: who changed what, when, from what to what (contract.md §8).

use orc_core::refusal::Refusal;
use orc_core::text;
use orc_core::{View, limits, resolve};
use orc_store::Tx;
use orc_store::queries::{HistoryFilter, HistoryRow};
use serde_json::{Map, Value, json};

use super::query_items::page_limit;
use crate::answer::{Level, Rows};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Tool};

const PARAMS: [Param; 9] = [
    Param::new("item_id", Kind::Id, "Deleted items too"),
    Param::new("agent", Kind::Text, ""),
    Param::new("session", Kind::Text, ""),
    Param::new("kind", Kind::Words, "e.g. status_changed, note_written"),
    Param::new("since", Kind::Time, ""),
    Param::new("until", Kind::Time, ""),
    Param::new("cursor", Kind::Integer, "Only what came after it, oldest first"),
    Param::new("before", Kind::Integer, "Only what came before it"),
    Param::new("limit", Kind::Integer, "1-500, default 50"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "query_history",
    description: "Every change: who, when, what, old → new; newest first, or oldest first from a cursor.",
    params: &PARAMS,
    required: &[],
    core: false,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run,
};

/// Every kind of change, as the history names it.
const KINDS: [&str; 15] = [
    "item_created",
    "item_imported",
    "item_restored",
    "item_updated",
    "status_changed",
    "item_deleted",
    "note_written",
    "note_deleted",
    "dependency_added",
    "dependency_removed",
    "item_unblocked",
    "claim_taken",
    "claim_changed",
    "claim_ended",
    "workspace_changed",
];

/// Characters of an old or new text that a compact answer shows.
const SHOWN: usize = 200;

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let limit = page_limit(args)?;
    let filter = HistoryFilter {
        reached: None,
        item: args.id("item_id")?.map(|id| item(tx, &id)).transpose()?,
        agent: args.text("agent")?.map(str::to_owned),
        session: args.text("session")?.map(str::to_owned),
        kinds: kinds(args)?,
        since: args.time("since")?.map(|t| t.micros()),
        until: args.time("until")?.map(|t| t.micros()),
        after: args.integer("cursor")?,
        before: args.integer("before")?,
    };
    let mut found = tx.history(&filter, limit + 1)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let rows = call.rows(tx)?;
    let items = found.iter().map(|row| shown(&rows, row, call.session.level)).collect::<Answer<Vec<_>>>()?;
    let cursor = match (&filter.after, found.last()) {
        (Some(_), Some(last)) => last.seq,
        (Some(after), None) => *after,
        (None, _) => tx.cursor()?,
    };
    let mut document = json!({"items": items, "has_more": has_more, "cursor": cursor});
    if filter.after.is_none() && has_more {
        document["next_before"] = json!(found.last().map(|row| row.seq));
    }
    Ok(document)
}

/// A live item, or one that was deleted: its history is still there.
fn item(tx: &Tx<'_>, reference: &str) -> Answer<String> {
    let halt = match resolve(tx, reference, "item_id") {
        Ok(id) => return Ok(id.as_str().to_owned()),
        Err(stop) => stop,
    };
    let mut deleted = tx.find_deleted(reference.trim(), limits::DETAILS)?;
    match deleted.len() {
        1 => Ok(deleted.remove(0).as_str().to_owned()),
        _ => Err(halt.into()),
    }
}

fn kinds(args: &Args) -> Result<Vec<String>, Refusal> {
    let kinds = args.words("kind")?.unwrap_or_default();
    match kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        None => Ok(kinds),
        Some(unknown) => {
            let message = format!("Invalid kind: {unknown}. Valid: {}", KINDS.join(", "));
            Err(Refusal::validation(message).field("kind"))
        }
    }
}

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
        shown.insert("item_id".to_owned(), rows.id(&orc_core::ItemId::new(id.as_str()))?);
    }
    if let Value::Object(data) = serde_json::from_str(&row.data).unwrap_or_default() {
        for (key, value) in data {
            shown.entry(key).or_insert_with(|| if level == Level::Full { value } else { trimmed(value) });
        }
    }
    Ok(Value::Object(shown))
}

/// Long texts cut, and what is null or empty left out of rows; `[old, new]` pairs stay pairs.
fn trimmed(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text::cut(&text, SHOWN)),
        Value::Array(entries) => Value::Array(entries.into_iter().map(trimmed).collect()),
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, v)| !v.is_null() && *v != json!(""));
            Value::Object(kept.map(|(key, value)| (key, trimmed(value))).collect())
        }
        other => other,
    }
}
