//! query_notes: an item's notes, with or without their text, or a search through all.

use orc_core::note::Note;
use orc_core::refusal::Refusal;
use orc_core::status::Role;
use orc_core::{View, limits, note, resolve};
use orc_store::Tx;
use serde_json::{Map, Value, json};

use super::query_items::page_limit;
use crate::answer::Rows;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Tool};

const PARAMS: [Param; 6] = [
    Param::new("item_id", Kind::Id, ""),
    Param::new("key", Kind::Text, "One note"),
    Param::new("role", Kind::Word(Role::WORDS), ""),
    Param::new("include_body", Kind::Boolean, "false: lengths instead"),
    Param::new("search", Kind::Text, "Words in bodies; item_id optional"),
    Param::new("limit", Kind::Integer, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "query_notes",
    description: "Read notes of an item, or search them.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run,
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let search = args.text("search")?;
    let item = match (args.id("item_id")?, search) {
        (Some(id), _) => Some(resolve(tx, &id, "item_id")?),
        (None, Some(_)) => None,
        (None, None) => return Err(Refusal::validation("item_id is required").field("item_id").into()),
    };
    let with_body = args.choice("include_body")?.unwrap_or(true);
    let rows = call.rows(tx)?;
    if let (Some(id), Some(key)) = (&item, args.text("key")?) {
        let key = note::check_key(key)?;
        return match tx.note(id, &key)? {
            Some(note) => Ok(Value::Object(row(&rows, &note, with_body)?)),
            None => {
                let message = format!("Note '{key}' not found on item {}", id.short());
                Err(Refusal::not_found(message).field("key").into())
            }
        };
    }
    let mut notes = match search {
        Some(text) => tx.search_notes(item.as_ref(), text, limits::LIST + 1)?,
        None => item.as_ref().map_or(Ok(Vec::new()), |id| tx.notes(id))?,
    };
    if let Some(role) = args.text("role")? {
        let role = Role::parse(role)?;
        notes.retain(|note| note.role == role);
    }
    let (total, limit) = (notes.len(), if args.has("limit") { page_limit(args)? } else { limits::LIST });
    let items = notes
        .iter()
        .take(limit)
        .map(|note| Ok(rows.in_list(row(&rows, note, with_body)?)))
        .collect::<Answer<Vec<_>>>()?;
    Ok(json!({"items": items, "total": total, "has_more": total > limit}))
}

fn row(rows: &Rows<'_, '_>, note: &Note, with_body: bool) -> Answer<Map<String, Value>> {
    let mut row = rows.note(note)?;
    if !with_body {
        row.remove("body");
        row.insert("length".to_owned(), json!(note.body.chars().count()));
    }
    Ok(row)
}
