//! query_history: who changed what, when, from what to what (contract.md §8).

use orc_core::refusal::Refusal;
use orc_core::{View, limits, resolve};
use orc_store::Tx;
use orc_store::queries::HistoryFilter;
use serde_json::json;

use super::history::{known_cursor, shown};
use super::query_items::page_limit;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 10] = [
    Param::new("item_id", Kind::Id, "Deleted items too"),
    Param::new("agent", Kind::Text, ""),
    Param::new("session", Kind::Text, ""),
    Param::new("kind", Kind::Words, "e.g. status_changed, note_written"),
    Param::new("since", Kind::Time, ""),
    Param::new("until", Kind::Time, ""),
    Param::new("cursor", Kind::Integer, "Only what came after it, oldest first"),
    Param::new("before", Kind::Integer, "Only what came before it"),
    Param::new("limit", Kind::Integer, "1-500, default 50"),
    Param::new("project", Kind::Text, "* = all"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "query_history",
    description: "Every change: who, when, what, old → new; newest first, or oldest first from a cursor.",
    params: &PARAMS,
    required: &[],
    core: false,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Values(run),
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
        after: args.integer("cursor")?.map(|cursor| known_cursor(tx, "cursor", cursor)).transpose()?,
        before: args.integer("before")?,
        scope: call.scope(tx, args)?,
    };
    let found = tx.history_page(&filter, limit)?;
    let rows = call.rows(tx)?;
    let items =
        found.rows.iter().map(|row| shown(&rows, row, call.session.level)).collect::<Answer<Vec<_>>>()?;
    let cursor = match (filter.after, found.next) {
        (Some(_), Some(next)) => next,
        (Some(after), None) if filter.until.is_some() || filter.before.is_some() => {
            found.rows.last().map_or(after, |last| last.seq)
        }
        _ => tx.cursor()?,
    };
    let mut document = json!({"items": items, "has_more": found.next.is_some(), "cursor": cursor});
    if let Some(at) = tx.kept_since(filter.after, filter.since)? {
        document["kept_since"] = json!(at);
    }
    if filter.after.is_none() && found.next.is_some() {
        document["next_before"] = json!(found.next);
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
