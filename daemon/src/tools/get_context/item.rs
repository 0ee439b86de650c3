//! get_context of one item.

use orc_core::claim::Subject;
use orc_core::command::{Command, Guard};
use orc_core::note::Note;
use orc_core::workflow::{self, Trigger};
use orc_core::{View, gate, limits, resolve, text};
use orc_store::Tx;
use serde_json::{Value, json};

use super::super::query_items::page_limit;
use crate::answer::{Level, Rows, holder, missing_note};
use crate::args::Args;
use crate::call::{Answer, Call};
use crate::halt::Halt;
use crate::report::Report;

/// Characters of a note's body that a compact answer shows; query_notes has the rest.
const BODY_SHOWN: usize = 1_000;

pub(super) fn context(call: &Call<'_>, args: &Args, tx: &Tx<'_>, reference: &str) -> Answer<Report> {
    let id = resolve(tx, reference, "item_id")?;
    let Some(item) = tx.item(&id)? else {
        return Err(orc_core::Refusal::not_found(format!("No item matching prefix '{id}'")).into());
    };
    let rows = call.rows(tx)?;
    let limit = if args.has("limit") { page_limit(args)? } else { limits::LIST_DEFAULT };
    let mut report = Report::default();
    report.put("item", Value::Object(rows.item(&item)?));

    let children = tx.children(&id, limit, call.now())?;
    let all = usize::try_from(tx.child_count(&id)?).unwrap_or(usize::MAX);
    report.section("children", &rows.list(&children)?, all)?;

    let notes = tx.notes(&id)?;
    let shown =
        notes.iter().take(limit).map(|note| note_row(call, &rows, note)).collect::<Answer<Vec<_>>>()?;
    report.section("notes", &shown, notes.len())?;

    let (blockers, all) = tx.unmet_blockers(&id, limits::DETAILS)?;
    let shown = blockers.iter().map(|b| rows.blocker(b)).collect::<Result<Vec<_>, _>>()?;
    report.section("blockers", &shown, all)?;

    let start = Command::Advance {
        item: id.as_str().to_owned(),
        trigger: Trigger::Start,
        reason: None,
        guard: Guard::default(),
    };
    let can_advance = match call.preview(tx, &start) {
        Ok(_) => true,
        Err(Halt::Refused(_)) => false,
        Err(fault) => return Err(fault),
    };
    report.put("can_advance", can_advance);

    let schema = call.policies().of(item.project.as_deref()).schema_of(&item);
    let missing = match workflow::target(Trigger::Start, item.status, item.previous, schema) {
        Ok(target) => gate::missing(schema, &tx.note_heads(&id)?, target),
        Err(_) => Vec::new(),
    };
    report.put("missing_notes", missing.iter().map(missing_note).collect::<Vec<_>>());
    report.put("guidance", json!(gate::guidance(&missing)));

    let claim = tx.claim(&Subject::Item(id.clone()))?.filter(|claim| claim.holds_at(&call.cx.now));
    report.put("claim", json!(claim.as_ref().map(holder)));
    let ancestors = tx.ancestors(&item)?;
    let ancestors = ancestors.iter().map(|a| match args.flag("include_ancestors")? {
        true => Ok(rows.in_list(rows.item(a)?)),
        false => Ok(rows.brief(a)?),
    });
    report.put("ancestors", ancestors.collect::<Answer<Vec<_>>>()?);
    Ok(report)
}

/// A compact answer shows the beginning of a long body, and how long it is.
fn note_row(call: &Call<'_>, rows: &Rows<'_, '_>, note: &Note) -> Answer {
    let mut row = rows.note(note)?;
    if call.session.level == Level::Compact {
        row.shift_remove("item_id");
        if note.body.len() > BODY_SHOWN {
            row.insert("body".to_owned(), json!(text::cut(&note.body, BODY_SHOWN)));
            row.insert("length".to_owned(), json!(note.body.chars().count()));
        }
    }
    Ok(rows.in_list(row))
}
