//! get_next_status: what a trigger would do, without doing it.

use orc_core::claim::Claim;
use orc_core::command::Guard;
use orc_core::refusal::{Details, Refusal};
use orc_core::{View, gate, resolve};
use orc_store::Tx;
use serde_json::{Map, Value, json};

use super::transition::{command, moved};
use crate::answer::{holder, missing_note};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::halt::Halt;

const PARAMS: [Param; 2] =
    [Param::new("item_id", Kind::Id, ""), Param::new("trigger", Kind::Text, "As in advance_item")];

pub(crate) static TOOL: Tool = Tool {
    name: "get_next_status",
    description: "Preview a trigger: can_advance, current, next, or the reason with blockers, missing notes or holder. Changes nothing.",
    params: &PARAMS,
    required: &["item_id", "trigger"],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Values(run),
};

/// The parameters of a transition that a preview does not take are simply not given.
fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let command = command(args, Guard::default())?;
    let id = resolve(tx, &args.need_id("item_id")?, "item_id")?;
    let Some(item) = tx.item(&id)? else {
        return Err(Refusal::not_found(format!("No item matching prefix '{id}'")).field("item_id").into());
    };
    let trigger = args.need("trigger")?.trim().to_ascii_lowercase();
    let current = item.status.as_str();
    match call.preview(tx, &command) {
        Ok(changes) => {
            let next = moved(&changes).map(|after| after.status.as_str());
            Ok(json!({"can_advance": true, "current": current, "next": next, "trigger": trigger}))
        }
        Err(Halt::Refused(refusal)) => {
            let mut document = Map::new();
            document.insert("can_advance".to_owned(), json!(false));
            document.insert("current".to_owned(), json!(current));
            document.insert("trigger".to_owned(), json!(trigger));
            document.insert("reason".to_owned(), json!(refusal.message));
            document.insert("code".to_owned(), json!(refusal.code.as_str()));
            explain(call, tx, refusal, &mut document)?;
            Ok(Value::Object(document))
        }
        Err(fault) => Err(fault),
    }
}

fn explain(call: &Call<'_>, tx: &Tx<'_>, refusal: Refusal, document: &mut Map<String, Value>) -> Answer<()> {
    let rows = call.rows(tx)?;
    match refusal.details.map(|details| *details) {
        Some(Details::Blockers(blockers, more)) => {
            let blockers = blockers.iter().map(|b| rows.blocker(b)).collect::<Result<Vec<_>, _>>()?;
            document.insert("blockers".to_owned(), json!(blockers));
            if more > 0 {
                document.insert("more".to_owned(), json!({ "blockers": more }));
            }
        }
        Some(Details::MissingNotes(missing)) => {
            document.insert("guidance".to_owned(), json!(gate::guidance(&missing)));
            document
                .insert("missing".to_owned(), missing.iter().map(missing_note).collect::<Vec<_>>().into());
        }
        Some(Details::Holder(claim)) => {
            let claim: Claim = claim;
            document.insert("holder".to_owned(), holder(&claim));
        }
        _ => {}
    }
    Ok(())
}
