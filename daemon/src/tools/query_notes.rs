//! query_notes: an item's notes, with or without their text, or a search through all.

use orc_core::note::Note;
use orc_core::refusal::Refusal;
use orc_core::status::Role;
use orc_core::{View, note, resolve};
use orc_store::Tx;
use orc_store::queries::{NoteCursor, NoteFilter};
use serde_json::{Map, Value, json};

use super::query_items::{invalid_cursor, page_limit, searched};
use crate::answer::{Rows, written};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::page::Page;

const PARAMS: [Param; 7] = [
    Param::new("item_id", Kind::Id, ""),
    Param::new("key", Kind::Text, "One note"),
    Param::new("role", Kind::Word(Role::WORDS), ""),
    Param::new("include_body", Kind::Boolean, "false: lengths instead"),
    Param::new("search", Kind::Text, "Words in bodies; item_id optional"),
    Param::new("limit", Kind::Integer, "").hidden(),
    Param::new("cursor", Kind::Text, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "query_notes",
    description: "Read notes of an item, or search them.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Text(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
    let search = searched(args)?;
    let item = match (args.id("item_id")?, &search) {
        (Some(id), _) => Some(resolve(tx, &id, "item_id")?),
        (None, Some(_)) => None,
        (None, None) => return Err(Refusal::validation("item_id is required").field("item_id").into()),
    };
    let with_body = args.choice("include_body")?.unwrap_or(true);
    let rows = call.rows(tx)?;
    if let (Some(id), Some(key)) = (&item, args.text("key")?) {
        let key = note::check_key(key)?;
        return match tx.note(id, &key)? {
            Some(note) => written(&row(&rows, &note, with_body)?),
            None => {
                let message = format!("Note '{key}' not found on item {}", id.short());
                Err(Refusal::not_found(message).field("key").into())
            }
        };
    }
    let filter = NoteFilter {
        item,
        key: args.text("key")?.map(note::check_key).transpose()?,
        role: args.text("role")?.map(Role::parse).transpose()?,
        search,
    };
    written(&list(call, args, tx, &filter, with_body)?)
}

/// A page of notes, in the form of every list.
pub(super) fn list(
    call: &Call<'_>,
    args: &Args,
    tx: &Tx<'_>,
    filter: &NoteFilter,
    with_body: bool,
) -> Answer<Page> {
    let after =
        args.text("cursor")?.map(|text| NoteCursor::parse(text.trim()).ok_or_else(|| invalid_cursor(text)));
    let page = tx.note_page(filter, after.transpose()?, page_limit(args)?)?;
    let rows = call.rows(tx)?;
    let items = page.notes.iter().map(|note| Ok(rows.in_list(row(&rows, note, with_body)?)));
    let items = items.collect::<Answer<Vec<_>>>()?;
    Ok(Page {
        items,
        total: page.total,
        total_more: page.total_more,
        has_more: page.next.is_some(),
        next: page.next.map(|next| next.to_text()),
    })
}

fn row(rows: &Rows<'_, '_>, note: &Note, with_body: bool) -> Answer<Map<String, Value>> {
    let mut row = rows.note(note)?;
    if !with_body {
        row.shift_remove("body");
        row.insert("length".to_owned(), json!(note.body.chars().count()));
    }
    Ok(row)
}
