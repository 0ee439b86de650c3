//! wait_for: wait until an item comes to a status, is unblocked, or anything changes (contract.md §7).
//!
//! The call itself only looks: [`look`] says on a snapshot whether the wait is over. The engine calls it again whenever a change
//! that may end the wait has been committed, so that a wait costs nothing while nothing happens.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use orc_core::refusal::Refusal;
use orc_core::status::Status;
use orc_core::{ItemId, View, resolve};
use orc_store::Tx;
use orc_store::queries::HistoryFilter;
use serde_json::{Value, json};

use super::history::{known_cursor, shown};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 5] = [
    Param::new("item_id", Kind::Id, ""),
    Param::new("until", Kind::Text, "A status, or unblocked; without it any change"),
    Param::new("cursor", Kind::Integer, "Any change after it; item_id optional"),
    Param::new("timeout_seconds", Kind::Integer, "Default 60, at most 300"),
    Param::new("project", Kind::Text, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "wait_for",
    description: "Wait until an item reaches a status or is unblocked, or until anything changes after a cursor. met:false when the time is over.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Wait),
    run: Run::Values(run),
};

/// Longest and usual wait (contract.md §12).
const LONGEST: i64 = 300;
const USUAL: i64 = 60;
/// Changes that an answer shows.
const EVENTS: usize = 50;

/// What is waited for.
#[derive(Debug)]
pub(crate) struct Wait {
    /// The item, by its whole id; `None` is anything in the call's projects.
    pub item: Option<ItemId>,
    until: Until,
    /// Up to this row of the history there is nothing, so that no look reads again what the last one read.
    looked: AtomicI64,
    /// For how long.
    pub patience: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Until {
    /// The item is in this status, or was meanwhile.
    Reaches(Status, i64),
    /// Nothing holds the item back any more.
    Unblocked,
    /// Anything changed after this row of the history.
    ChangeAfter(i64),
}

/// Reads what is waited for; a wait without a cursor begins now, or at `began`, in microseconds, if it was begun before.
pub(crate) fn begin(call: &Call<'_>, args: &Args, tx: &Tx<'_>, began: Option<i64>) -> Answer<Wait> {
    let seconds = args.bounded("timeout_seconds", USUAL, 0, LONGEST)?;
    let item = args.id("item_id")?.map(|id| resolve(tx, &id, "item_id")).transpose()?;
    let cursor = args.integer("cursor")?.map(|cursor| known_cursor(tx, "cursor", cursor)).transpose()?;
    let from = match (cursor, began) {
        (Some(cursor), _) => cursor,
        (None, Some(began)) => tx.cursor_before(began)?,
        (None, None) => tx.cursor()?,
    };
    let until = match args.text("until")?.map(str::trim) {
        None if item.is_none() && cursor.is_none() => {
            return Err(Refusal::validation("item_id or cursor is required").field("item_id").into());
        }
        None => Until::ChangeAfter(from),
        Some(_) if item.is_none() => {
            return Err(Refusal::validation("until needs item_id").field("item_id").into());
        }
        Some("unblocked") => Until::Unblocked,
        Some(word) => Until::Reaches(Status::parse(word).map_err(|_| unknown(word))?, from),
    };
    // Refused now, if it cannot be meant.
    call.scope(tx, args)?;
    let patience = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    Ok(Wait { item, until, looked: AtomicI64::new(from), patience })
}

fn unknown(word: &str) -> Refusal {
    let message = format!("Invalid until: {word}. Valid: unblocked, {}", Status::WORDS.join(", "));
    Refusal::validation(message).field("until")
}

/// The answer when the wait is over on this snapshot, or when it cannot end well any more; else nothing.
pub(crate) fn look(call: &Call<'_>, args: &Args, tx: &Tx<'_>, wait: &Wait) -> Answer<Option<Value>> {
    match (&wait.item, wait.until) {
        (_, Until::ChangeAfter(cursor)) => changes(call, args, tx, wait, cursor),
        (Some(id), until) => {
            let Some(item) = tx.item(id)? else {
                return answer(call, tx, false, Some(id), Some("the item was deleted")).map(Some);
            };
            let (met, lost) = match until {
                Until::Unblocked => {
                    let free = item.status != Status::Blocked && tx.unmet_blockers(id, 1)?.1 == 0;
                    (free, (item.status.is_terminal() && !free).then_some("the item is terminal"))
                }
                Until::Reaches(wanted, from) => {
                    let met = item.status == wanted || was_in(tx, id, wanted, from)?;
                    // Back to the queue is where a closed item may go.
                    let open = matches!(wanted, Status::Work | Status::Review | Status::Blocked);
                    let closed = item.status.is_terminal() && open;
                    let otherwise = item.status == Status::Cancelled && wanted == Status::Done;
                    (met, (!met && (closed || otherwise)).then_some("the item was closed before"))
                }
                Until::ChangeAfter(_) => (false, None),
            };
            if met || lost.is_some() { answer(call, tx, met, Some(id), lost).map(Some) } else { Ok(None) }
        }
        (None, _) => Ok(None),
    }
}

/// Whether the item came to that status since the wait began, and has gone on.
fn was_in(tx: &Tx<'_>, id: &ItemId, wanted: Status, from: i64) -> Answer<bool> {
    let filter = HistoryFilter {
        item: Some(id.as_str().to_owned()),
        reached: Some(wanted),
        after: Some(from),
        ..HistoryFilter::default()
    };
    Ok(!tx.history(&filter, 1)?.is_empty())
}

fn changes(call: &Call<'_>, args: &Args, tx: &Tx<'_>, wait: &Wait, cursor: i64) -> Answer<Option<Value>> {
    let mut filter = HistoryFilter {
        item: wait.item.as_ref().map(|id| id.as_str().to_owned()),
        after: Some(wait.looked.load(Ordering::Relaxed).max(cursor)),
        // Asked at each look: the project may have got another name.
        scope: call.scope(tx, args)?,
        ..HistoryFilter::default()
    };
    let found = loop {
        let page = tx.history_page(&filter, EVENTS)?;
        match page.next {
            Some(next) if page.rows.is_empty() => filter.after = Some(next),
            _ => break page,
        }
    };
    let Some(last) = found.rows.last() else {
        wait.looked.fetch_max(tx.cursor()?, Ordering::Relaxed);
        return Ok(None);
    };
    let rows = call.rows(tx)?;
    let events =
        found.rows.iter().map(|row| shown(&rows, row, call.session.level)).collect::<Answer<Vec<_>>>()?;
    let mut document = json!({"met": true, "events": events, "cursor": found.next.unwrap_or(last.seq)});
    if found.next.is_some() {
        document["has_more"] = json!(true);
    }
    Ok(Some(document))
}

/// The answer of a wait whose time is over.
pub(crate) fn over(call: &Call<'_>, tx: &Tx<'_>, wait: &Wait) -> Answer {
    match wait.until {
        Until::ChangeAfter(cursor) => {
            // Of one item nothing came; of others something may have, which a later wait for anything has to find.
            let cursor = if wait.item.is_some() { cursor } else { wait.looked.load(Ordering::Relaxed) };
            Ok(json!({"met": false, "events": [], "cursor": cursor}))
        }
        _ => answer(call, tx, false, wait.item.as_ref(), None),
    }
}

fn answer(call: &Call<'_>, tx: &Tx<'_>, met: bool, id: Option<&ItemId>, why: Option<&str>) -> Answer {
    let mut document = json!({ "met": met });
    if let Some(why) = why {
        document["reason"] = json!(why);
    }
    if let Some(id) = id
        && let Some(item) = tx.item(id)?
    {
        document["item"] = Value::Object(call.rows(tx)?.item(&item)?);
    }
    document["cursor"] = json!(tx.cursor()?);
    Ok(document)
}

/// One look, for whoever does not wait.
fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let wait = begin(call, args, tx, None)?;
    match look(call, args, tx, &wait)? {
        Some(document) => Ok(document),
        None => over(call, tx, &wait),
    }
}
