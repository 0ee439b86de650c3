//! Claim rows.

use orc_core::claim::{Claim, Subject};
use orc_core::time::Stamp;
use rusqlite::params;

use crate::error::Result;
use crate::tx::Tx;

pub(super) fn put(tx: &Tx<'_>, claim: &Claim) -> Result<()> {
    delete(tx, &claim.subject)?;
    let (item, resource) = match &claim.subject {
        Subject::Item(id) => (Some(tx.rid_of(id)?), None),
        Subject::Resource(name) => (None, Some(name)),
    };
    let (deadline, grace) = (claim.deadline.as_ref(), claim.grace_until.as_ref());
    tx.execute(
        "INSERT INTO claims (item, resource, session, agent, subagent, since, since_ts, deadline, deadline_ts, grace, grace_ts,
             ends_ts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
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
            tx.execute("DELETE FROM claims WHERE item = (SELECT rid FROM items WHERE id = ?1)", [id.as_str()])
        }
        Subject::Resource(name) => tx.execute("DELETE FROM claims WHERE resource = ?1", [name]),
    }
}
