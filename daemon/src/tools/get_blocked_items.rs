//! get_blocked_items: what is blocked, and what waits in the queue for blockers.

use orc_core::status::Status;
use orc_store::Tx;
use orc_store::queries::Listed;
use serde_json::{Value, json};

use super::query_items::page_limit;
use crate::answer::Rows;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Tool};
use crate::page::Page;

const PARAMS: [Param; 3] = [
    Param::new("project", Kind::Text, "* = all"),
    Param::new("workspace", Kind::Text, ""),
    Param::new("limit", Kind::Integer, "1-500, default 50"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "get_blocked_items",
    description: "What is stuck: blocked items, and queued ones with unmet dependencies, each with blocked_by.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run,
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let scope = call.scope(tx, args)?;
    let filter = call.report_filter(tx, args, scope)?;
    let section = tx.held_back(&filter, page_limit(args)?, call.now())?;
    let rows = call.rows(tx)?;
    let items = section.rows.iter().map(|listed| stuck(tx, &rows, listed, 10)).collect::<Answer<Vec<_>>>()?;
    Ok(Page::first_of(section.total, items).document())
}

/// A list row with the blockers that hold it back, at most `most` of them, and the reason it was blocked for.
pub(super) fn stuck(tx: &Tx<'_>, rows: &Rows<'_, '_>, listed: &Listed, most: usize) -> Answer {
    let mut row = rows.listed(listed, None)?;
    let (blockers, all) = tx.blockers_of(listed, most)?;
    let blockers = blockers.iter().map(|b| rows.blocker(b)).collect::<Result<Vec<Value>, _>>()?;
    if all > blockers.len() {
        row["more"] = json!({"blocked_by": all - blockers.len()});
    }
    row["blocked_by"] = Value::Array(blockers);
    if listed.item.status == Status::Blocked
        && let Some(reason) = &listed.item.reason
    {
        row["reason"] = json!(reason);
    }
    Ok(row)
}
