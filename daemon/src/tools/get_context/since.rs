//! get_context since a cursor or a time: what changed, one row an item, the caller's own items first.

use std::collections::{BTreeMap, BTreeSet};

use orc_core::claim::Subject;
use orc_core::refusal::Refusal;
use orc_core::time::Stamp;
use orc_core::{ItemId, View, text};
use orc_store::Tx;
use orc_store::queries::{Held, HistoryFilter, HistoryRow};
use serde_json::{Map, Value, json};

use super::super::history::known_cursor;
use super::super::query_items::page_limit;
use crate::args::Args;
use crate::call::{Answer, Call};
use crate::report::{Report, add_config_state};

/// Most changes that one call looks at; with more, the answered cursor leads to the rest.
const LOOKED_AT: usize = 500;
/// Rows shown unless the call says otherwise.
const SHOWN: usize = 20;
/// Characters of a title.
const TITLE: usize = 90;

/// What happened to one item.
#[derive(Default)]
struct Changed {
    kinds: BTreeSet<String>,
    by: BTreeSet<String>,
    last: i64,
    at: String,
    title: Option<String>,
}

/// What changed since then.
pub(super) struct Changes {
    /// Where it was begun from.
    pub after: i64,
    /// Since when the history is kept, if what was asked for goes further back (`history.keep`).
    pub kept_since: Option<String>,
    /// One row an item, the caller's own first, then the latest.
    pub rows: Vec<Value>,
    /// Where to go on from.
    pub cursor: i64,
    /// Whether there are more changes than one call looks at.
    pub has_more: bool,
}

pub(super) fn context(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<Report> {
    let Changes { after, kept_since, mut rows, cursor, has_more } = changes(call, args, tx)?;
    let total = rows.len();
    rows.truncate(if args.has("limit") { page_limit(args)? } else { SHOWN });

    let mut report = Report::default();
    report.put("since", after);
    if let Some(at) = kept_since {
        report.put("kept_since", at);
    }
    report.section("changes", &rows, total)?;
    report.put("cursor", cursor);
    if has_more {
        report.put("has_more", true);
    }
    add_config_state(call, tx, &mut report)?;
    Ok(report)
}

/// Everything that changed since `since`.
pub(super) fn changes(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<Changes> {
    let (after, time) = start(args, tx)?;
    let kept_since = tx.kept_since(time.is_none().then_some(after), time)?;
    let filter =
        HistoryFilter { after: Some(after), scope: call.scope(tx, args)?, ..HistoryFilter::default() };
    let found = tx.history_page(&filter, LOOKED_AT)?;
    let cursor = found.next.map_or_else(|| tx.cursor(), Ok)?;

    let mine: BTreeSet<String> = tx
        .claims(Held::By(&call.cx.actor), LOOKED_AT, call.now())?
        .0
        .into_iter()
        .filter_map(|claim| match claim.subject {
            Subject::Item(id) => Some(id.as_str().to_owned()),
            Subject::Resource(_) => None,
        })
        .collect();
    let mut rows = rows(call, tx, &by_item(&found.rows), &mine)?;
    rows.sort_by_key(|(is_mine, last, _)| (!is_mine, std::cmp::Reverse(*last)));
    let rows = rows.into_iter().map(|(_, _, row)| row).collect();
    Ok(Changes { after, kept_since, rows, cursor, has_more: found.next.is_some() })
}

/// `since` as a cursor; where it is a time, the change before it and the time.
fn start(args: &Args, tx: &Tx<'_>) -> Answer<(i64, Option<i64>)> {
    let wrong = |given: &str| {
        let given = text::cut(given, 60);
        let message =
            format!("Invalid since: {given}. Give the cursor of an earlier answer, or an ISO 8601 time");
        Refusal::validation(message).field("since")
    };
    match args.raw("since") {
        Some(Value::Number(n)) => {
            let cursor = n.as_i64().filter(|n| *n >= 0).ok_or_else(|| wrong(&n.to_string()))?;
            Ok((known_cursor(tx, "since", cursor)?, None))
        }
        Some(Value::String(given)) => match (given.trim().parse::<i64>(), Stamp::parse(given)) {
            (Ok(cursor), _) if cursor >= 0 => Ok((known_cursor(tx, "since", cursor)?, None)),
            (_, Some(time)) => Ok((tx.cursor_before(time.micros())?, Some(time.micros()))),
            _ => Err(wrong(given).into()),
        },
        other => Err(wrong(&other.map(Value::to_string).unwrap_or_default()).into()),
    }
}

fn by_item(found: &[HistoryRow]) -> BTreeMap<String, Changed> {
    let mut changed: BTreeMap<String, Changed> = BTreeMap::new();
    for row in found {
        let Some(id) = &row.item else { continue };
        let entry = changed.entry(id.clone()).or_default();
        entry.kinds.insert(row.kind.clone());
        entry.by.insert(row.agent.clone());
        entry.last = row.seq;
        entry.at.clone_from(&row.at);
        if row.kind == "item_deleted" {
            let data: Value = serde_json::from_str(&row.data).unwrap_or_default();
            entry.title = data["item"]["title"].as_str().map(str::to_owned);
        }
    }
    changed
}

/// (mine, last change, row) of every item; of a deleted one too.
fn rows(
    call: &Call<'_>,
    tx: &Tx<'_>,
    changed: &BTreeMap<String, Changed>,
    mine: &BTreeSet<String>,
) -> Answer<Vec<(bool, i64, Value)>> {
    let rows = call.rows(tx)?;
    let mut found = Vec::new();
    for (id, change) in changed {
        let item_id = ItemId::new(id.as_str());
        let item = tx.item(&item_id)?;
        let mut row = Map::new();
        row.insert("id".to_owned(), rows.id(&item_id)?);
        let title =
            item.as_ref().map(|i| i.title.clone()).or_else(|| change.title.clone()).unwrap_or_default();
        row.insert("title".to_owned(), json!(text::cut(&title, TITLE)));
        row.insert("status".to_owned(), json!(item.as_ref().map_or("deleted", |i| i.status.as_str())));
        row.insert("kinds".to_owned(), json!(change.kinds));
        row.insert("by".to_owned(), json!(change.by));
        row.insert("at".to_owned(), json!(change.at));
        let is_mine = mine.contains(id);
        if is_mine {
            row.insert("mine".to_owned(), json!(true));
        }
        found.push((is_mine, change.last, Value::Object(row)));
    }
    Ok(found)
}
