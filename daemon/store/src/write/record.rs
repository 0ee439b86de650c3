//! The history row of a change.

use orc_core::Change;
use orc_core::ItemId;
use orc_core::claim::Actor;
use orc_core::status::Status;
use orc_core::time::Stamp;
use rusqlite::params;

use crate::error::Result;
use crate::history;
use crate::tx::{Event, Tx};

/// What a status change's row says beside its data: where from, where to, and how long it took, in microseconds.
#[derive(Default)]
pub(super) struct Move {
    from: Option<Status>,
    to: Option<Status>,
    spent: Option<i64>,
    lead: Option<i64>,
    cycle: Option<i64>,
}

/// Reads what is known before the change is written.
pub(super) fn prepare(tx: &Tx<'_>, change: &Change, now: &Stamp) -> Result<Move> {
    let Change::ItemChanged { before, after, .. } = change else { return Ok(Move::default()) };
    let completes = after.status == Status::Done
        || (after.next_run_at != before.next_run_at && after.status == Status::Queue);
    let same = before.status == after.status;
    if same && !(completes && change.kind() == "status_changed") {
        return Ok(Move::default());
    }
    let since = before.role_changed_at.as_ref().unwrap_or(&before.created_at);
    let mut row = Move {
        from: Some(before.status),
        // A scheduled item that completes goes back to the queue; the history says that it was done.
        to: Some(if completes { Status::Done } else { after.status }),
        spent: Some((now.micros() - since.micros()).max(0)),
        ..Move::default()
    };
    if completes {
        let sql = "SELECT started_ts FROM items WHERE id = ?1";
        let started: Option<i64> = tx.one(sql, [before.id.as_str()], |r| r.get(0))?.flatten();
        row.lead = Some((now.micros() - before.created_at.micros()).max(0));
        row.cycle = started.map(|at| (now.micros() - at).max(0));
    }
    Ok(row)
}

pub(super) fn insert(tx: &Tx<'_>, change: &Change, row: Move, actor: &Actor, now: &Stamp) -> Result<()> {
    let item = change.item().map(ItemId::as_str);
    let version = match change {
        Change::ItemCreated { item, .. } | Change::ItemDeleted { item, .. } => Some(item.version),
        Change::ItemChanged { after, .. } => Some(after.version),
        _ => None,
    };
    let root = match change {
        Change::ItemDeleted { root, .. } => Some(root.as_str()),
        _ => None,
    };
    tx.execute(
        "INSERT INTO history (call, at, ts, kind, item, session, agent, version, root, from_status, to_status, spent, lead, cycle,
             data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            tx.call,
            now.text(),
            now.micros(),
            change.kind(),
            item,
            actor.session,
            history::agent(actor),
            version,
            root,
            row.from.map(Status::index),
            row.to.map(Status::index),
            row.spent,
            row.lead,
            row.cycle,
            history::data(change).to_string(),
        ],
    )?;
    let event = Event {
        seq: tx.conn.last_insert_rowid(),
        kind: change.kind(),
        item: item.map(str::to_owned),
        shown_in: shown_in(tx, change)?,
        head: change.changes_head(),
    };
    tx.events.borrow_mut().push(event);
    Ok(())
}

/// The other items that show it. A child's row names its holder, and a claim does not know its item's parent.
fn shown_in(tx: &Tx<'_>, change: &Change) -> Result<Vec<String>> {
    let is_claim =
        matches!(change, Change::ClaimTaken { .. } | Change::ClaimChanged { .. } | Change::ClaimEnded { .. });
    match change.item().filter(|_| is_claim) {
        Some(item) => {
            let sql = "SELECT (SELECT p.id FROM items p WHERE p.rid = i.parent) FROM items i WHERE i.id = ?1";
            let parent: Option<Option<String>> = tx.one(sql, [item.as_str()], |r| r.get(0))?;
            Ok(parent.flatten().into_iter().collect())
        }
        None => Ok(change.shown_in().into_iter().map(|id| id.as_str().to_owned()).collect()),
    }
}
