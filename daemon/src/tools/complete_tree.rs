//! complete_tree: complete everything below an item, in the order in which it can be done.

use orc_core::command::{Command, Guard};
use orc_core::workflow::Trigger;
use orc_core::{ItemId, View, limits, resolve, topo};
use orc_store::Tx;
use serde_json::json;
use std::collections::HashMap;

use super::transition::moved;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::halt::Halt;
use crate::report::Report;

const PARAMS: [Param; 2] = [
    Param::new("parent_id", Kind::Id, "").also(&["item_id"]),
    Param::new("force", Kind::Boolean, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "complete_tree",
    description: "Complete all open descendants of an item in dependency order, with the same checks as advance_item; says what was skipped and why.",
    params: &PARAMS,
    required: &["parent_id"],
    core: true,
    effect: Effect::Mixed,
    access: |_| Ok(Access::Write),
    run: Run::Values(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let parent = resolve(tx, &args.need_id("parent_id")?, "parent_id")?;
    let guard = Guard { expected_version: None, force: args.flag("force")? };
    let below = tx.descendants(&parent)?;
    let ids: Vec<ItemId> = below.iter().map(|item| item.id.clone()).collect();
    let rows = call.rows(tx)?;
    let (mut completed, mut skipped) = (Vec::new(), Vec::new());
    for index in dependency_order(tx, &ids)? {
        let item = &below[index];
        let mut entry = json!({"id": rows.id(&item.id)?, "title": item.title});
        if item.status.is_terminal() {
            entry["status"] = json!(item.status.as_str());
            skipped.push(entry);
            continue;
        }
        let command = Command::Advance {
            item: item.id.as_str().to_owned(),
            trigger: Trigger::Complete,
            reason: None,
            guard,
        };
        match tx.step(|| call.act(tx, &command)) {
            Ok(changes) => {
                entry["new_status"] = json!(moved(&changes).map(|after| after.status.as_str()));
                completed.push(entry);
            }
            Err(Halt::Refused(refusal)) => {
                entry["status"] = json!(item.status.as_str());
                entry["code"] = json!(refusal.code.as_str());
                entry["reason"] = json!(refusal.message);
                skipped.push(entry);
            }
            Err(fault) => return Err(fault),
        }
    }
    let mut report = Report::default();
    for (key, entries) in [("completed", completed), ("skipped", skipped)] {
        report.section(key, &entries, entries.len())?;
    }
    report.cut(limits::BATCH);
    report.document()
}

/// Blockers before what they block; else children before parents, which is the order the descendants come in.
fn dependency_order(tx: &Tx<'_>, ids: &[ItemId]) -> Answer<Vec<usize>> {
    let place: HashMap<&ItemId, usize> = ids.iter().enumerate().map(|(i, id)| (id, i)).collect();
    let edges = tx.edges_among(ids)?;
    let edges: Vec<(usize, usize)> =
        edges.iter().filter_map(|(from, to)| Some((*place.get(from)?, *place.get(to)?))).collect();
    Ok(topo::order(ids.len(), &edges))
}
