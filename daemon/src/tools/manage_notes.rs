//! manage_notes: write, delete and list an item's notes.

use orc_core::change::{Cause, Change};
use orc_core::command::Command;
use orc_core::refusal::Refusal;
use orc_core::status::Role;
use orc_core::{limits, resolve};
use orc_store::Tx;
use orc_store::queries::NoteFilter;
use serde_json::{Value, json};

use super::query_notes::list;
use crate::answer::refusal_body;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::halt::Halt;

const PARAMS: [Param; 8] = [
    Param::new("operation", Kind::Word(&["upsert", "delete", "list"]), ""),
    Param::new("item_id", Kind::Id, ""),
    Param::new("key", Kind::Text, "Unique on the item"),
    Param::new("body", Kind::Text, ""),
    Param::new("role", Kind::Word(Role::WORDS), "Phase; default queue"),
    Param::new("limit", Kind::Integer, "").hidden(),
    Param::new("cursor", Kind::Text, "").hidden(),
    Param::new("notes", Kind::Objects, "upsert: batch of {item_id,key,body,role?}"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "manage_notes",
    description: "Write (upsert), delete or list notes on items: requirements, decisions, handoffs. Gates check required keys.",
    params: &PARAMS,
    required: &["operation"],
    core: true,
    effect: Effect::Destroys,
    access: |args| Ok(Access::write_if(!matches!(args.operation(&OPERATIONS, None)?, Operation::List))),
    run: Run::Values(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Upsert,
    Delete,
    List,
}

const OPERATIONS: [(&str, Operation); 3] =
    [("upsert", Operation::Upsert), ("delete", Operation::Delete), ("list", Operation::List)];

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    match args.operation(&OPERATIONS, None)? {
        Operation::Upsert => match args.batch("notes", limits::BATCH, "key")? {
            Some(notes) => upsert_batch(call, args, tx, notes),
            None => upsert(call, args, tx, None),
        },
        Operation::Delete => {
            let command =
                Command::DeleteNote { item: args.need_id("item_id")?, key: args.need("key")?.to_owned() };
            let changes = call.act(tx, &command)?;
            Ok(json!({"deleted": changes.iter().any(|c| matches!(c, Change::NoteDeleted { .. }))}))
        }
        Operation::List => {
            let item = Some(resolve(tx, &args.need_id("item_id")?, "item_id")?);
            list(call, args, tx, &NoteFilter { item, ..NoteFilter::default() }, true)?.document()
        }
    }
}

fn upsert(call: &Call<'_>, args: &Args, tx: &Tx<'_>, item: Option<&str>) -> Answer {
    let item = match (args.id("item_id")?, item) {
        (Some(own), _) => own,
        (None, Some(common)) => common.to_owned(),
        (None, None) => args.need_id("item_id")?,
    };
    if args.is_null("body") || args.text("body")?.is_none() {
        let message = format!("{} is required; an empty one makes a blank note", args.place("body"));
        return Err(Refusal::validation(message).field(args.place("body")).into());
    }
    let command = Command::WriteNote {
        item,
        key: args.need("key")?.to_owned(),
        role: args.text("role")?.map(Role::parse).transpose()?,
        body: args.text("body")?.unwrap_or_default().to_owned(),
    };
    let changes = call.act(tx, &command)?;
    let rows = call.rows(tx)?;
    let note = changes.iter().find_map(|change| match change {
        Change::NoteWritten { after, .. } => Some(after),
        _ => None,
    });
    let Some(note) = note else { return Ok(Value::Null) };
    let mut row = rows.note(note)?;
    if changes.iter().any(|c| matches!(c, Change::ItemChanged { cause: Cause::NoteWritten, .. })) {
        row.insert("auto_reopened".to_owned(), json!(true));
    }
    Ok(Value::Object(row))
}

/// Each note stands alone.
fn upsert_batch(call: &Call<'_>, args: &Args, tx: &Tx<'_>, notes: Vec<Value>) -> Answer {
    let common = args.id("item_id")?;
    let shown = call.rows(tx)?;
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for (index, raw) in notes.into_iter().enumerate() {
        let written = tx.step(|| {
            let entry = args.entry(&PARAMS[1..5], "notes", index, raw)?;
            upsert(call, &entry, tx, common.as_deref())
        });
        match written {
            Ok(Value::Object(row)) => rows.push(shown.in_list(row)),
            Ok(nothing) => rows.push(nothing),
            Err(Halt::Refused(refusal)) => {
                failures.push(json!({"index": index, "error": refusal_body(&refusal, call.session.level)}))
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(json!({"written": rows.len(), "failed": failures.len(), "items": rows, "failures": failures}))
}
