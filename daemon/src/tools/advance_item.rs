//! advance_item: move items through the workflow.

use orc_core::command::Guard;
use orc_core::limits;
use orc_core::refusal::{Details, Refusal};
use orc_store::Tx;
use serde_json::{Value, json};

use super::transition::{command, guard, moved, reopened_parent, unblocked};
use crate::args::{Args, Kind, Param, unwrapped};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::halt::Halt;

const TRIGGERS: [&str; 8] = ["start", "complete", "block", "hold", "resume", "cancel", "reopen", "archive"];

const PARAMS: [Param; 7] = [
    Param::new("item_id", Kind::Id, ""),
    Param::new("trigger", Kind::Word(&TRIGGERS), ""),
    Param::new("transitions", Kind::Objects, "Batch of {item_id,trigger,reason?}")
        .also(&["transitions_json"]),
    Param::new("atomic", Kind::Boolean, "Batch: all or nothing"),
    Param::new("reason", Kind::Text, "Kept in the history, shown to others"),
    Param::new("expected_version", Kind::Integer, "").hidden(),
    Param::new("force", Kind::Boolean, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "advance_item",
    description: "Move work through queue → work → review → done: start (next phase; from queue it claims the item for you), complete, block/hold, resume, cancel, reopen, archive. Dependencies and required notes are checked.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Mixed,
    access: |_| Ok(Access::Write),
    run: Run::Values(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    match args.batch("transitions", limits::TRANSITIONS, "item_id")? {
        Some(transitions) => batch(call, args, tx, transitions),
        None => one(call, args, tx),
    }
}

fn one(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let changes = call.act(tx, &command(args, Guard::default())?)?;
    let rows = call.rows(tx)?;
    let Some(item) = moved(&changes) else { return Ok(Value::Null) };
    let mut row = rows.item(item)?;
    if reopened_parent(&changes) {
        row.insert("parent_reopened".to_owned(), json!(true));
    }
    row.insert("unblocked_items".to_owned(), unblocked(tx, &rows, &changes)?.into());
    Ok(Value::Object(row))
}

fn batch(call: &Call<'_>, args: &Args, tx: &Tx<'_>, transitions: Vec<Value>) -> Answer {
    let (atomic, whole) = (args.flag("atomic")?, guard(args)?);
    let total = transitions.len();
    let rows = call.rows(tx)?;
    let (mut results, mut all_unblocked, mut succeeded) = (Vec::new(), Vec::new(), 0);
    for (index, raw) in transitions.into_iter().map(unwrapped).enumerate() {
        let named = |key: &str| raw.get(key).cloned().unwrap_or(Value::Null);
        let mut result = json!({"item_id": named("item_id"), "trigger": named("trigger")});
        let step = tx.step(|| {
            let entry = args.entry(&PARAMS, "transitions", index, raw)?;
            call.act(tx, &command(&entry, whole)?)
        });
        match step {
            Ok(changes) => {
                if let Some(item) = moved(&changes) {
                    result["item_id"] = rows.id(&item.id)?;
                    result["applied"] = json!(true);
                    result["new_status"] = json!(item.status.as_str());
                }
                all_unblocked.extend(unblocked(tx, &rows, &changes)?);
                succeeded += 1;
            }
            Err(Halt::Refused(refusal)) if atomic => return Err(whole_batch(refusal, index).into()),
            Err(Halt::Refused(refusal)) => {
                result["applied"] = json!(false);
                result["error"] = rows.refusal(&refusal)?;
            }
            Err(fault) => return Err(fault),
        }
        results.push(result);
    }
    Ok(json!({
        "results": results,
        "summary": {"total": total, "succeeded": succeeded, "failed": total - succeeded},
        "all_unblocked_items": all_unblocked,
    }))
}

/// With `atomic`, the first refusal refuses the batch; it says which entry it was.
fn whole_batch(refusal: Refusal, index: usize) -> Refusal {
    let message = format!("transitions[{index}]: {} (atomic: none was applied)", refusal.message);
    match refusal.details {
        Some(details) => Refusal { message, details: Some(details), ..refusal },
        None => Refusal { message, ..refusal }.details(Details::Entry(index)),
    }
}
