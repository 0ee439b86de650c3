//! Claim rows.

use orc_core::claim::{Claim, Subject};
use orc_core::time::Stamp;
use rusqlite::params;

use crate::error::Result;
use crate::tx::Tx;

/// A claim that changes keeps its row, and so its place among the holder's.
pub(super) fn put(tx: &Tx<'_>, claim: &Claim) -> Result<()> {
    let (item, resource) = match &claim.subject {
        Subject::Item(id) => (Some(tx.rid_of(id)?), None),
        Subject::Resource(name) => (None, Some(name)),
    };
    item.into_iter().for_each(|rid| tx.touch(rid));
    tx.happens_at(claim.ends().map(Stamp::micros));
    let (deadline, grace) = (claim.deadline.as_ref(), claim.grace_until.as_ref());
    let column = if item.is_some() { "item" } else { "resource" };
    let sql = format!(
        "INSERT INTO claims (item, resource, session, agent, subagent, since, since_ts, deadline, deadline_ts, grace, grace_ts,
             ends_ts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT ({column}) DO UPDATE SET session = excluded.session, agent = excluded.agent, subagent = excluded.subagent,
             since = excluded.since, since_ts = excluded.since_ts, deadline = excluded.deadline,
             deadline_ts = excluded.deadline_ts, grace = excluded.grace, grace_ts = excluded.grace_ts,
             ends_ts = excluded.ends_ts"
    );
    tx.execute(
        &sql,
        params![
            item,
            resource,
            claim.holder.session,
            claim.holder.agent,
            claim.holder.subagent,
            claim.since.text(),
            claim.since.micros(),
            deadline.map(Stamp::text),
            deadline.map(Stamp::micros),
            grace.map(Stamp::text),
            grace.map(Stamp::micros),
            claim.ends().map(Stamp::micros),
        ],
    )
}

pub(super) fn delete(tx: &Tx<'_>, subject: &Subject) -> Result<()> {
    match subject {
        Subject::Item(id) => {
            let rid = tx.rid_of(id)?;
            tx.touch(rid);
            tx.execute("DELETE FROM claims WHERE item = ?1", [rid])
        }
        Subject::Resource(name) => tx.execute("DELETE FROM claims WHERE resource = ?1", [name]),
    }
}
