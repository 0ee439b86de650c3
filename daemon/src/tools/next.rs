//! Which items to do next, in the order of contract.md §6.

use orc_core::priority::{Candidate, rank};
use orc_core::status::Status;
use orc_store::Tx;
use orc_store::queries::{Asking, Filter, Listed};

use crate::call::{Answer, Call};

/// The first `limit` items to offer the caller. With `unclaimed`, the caller's own are left out too.
pub(super) fn best(
    call: &Call<'_>,
    tx: &Tx<'_>,
    filter: &Filter,
    limit: usize,
    unclaimed: bool,
) -> Answer<Vec<Listed>> {
    let now = call.now();
    let mut found = tx.candidates(filter, Asking { actor: &call.cx.actor, unclaimed, now, limit })?;
    found.sort_by(|a, b| key(call, a).cmp(&key(call, b)));
    found.truncate(limit);
    Ok(found)
}

/// No candidate is another holder's, so a claimed one is the caller's own.
fn key<'l>(call: &Call<'_>, listed: &'l Listed) -> impl Ord + 'l {
    let candidate = Candidate {
        priority: listed.priority,
        status: listed.status,
        due_at: listed.due_at.as_ref(),
        created_ts: listed.created_ts,
        id: listed.id.as_str(),
        mine: listed.claimed_by.is_some(),
    };
    rank(&candidate, call.policies().of(listed.project.as_deref()), &call.cx.now)
}

/// Why an item is offered, in words.
pub(super) fn reason(call: &Call<'_>, listed: &Listed) -> String {
    let now = call.now();
    let mut words = Vec::new();
    match listed.due_at.as_ref().map(|due| due.micros() - now) {
        Some(left) if left <= 0 => words.push("overdue".to_owned()),
        Some(left) if left <= call.policies().of(listed.project.as_deref()).due_within => {
            words.push("due soon".to_owned())
        }
        _ => {}
    }
    if listed.claimed_by.is_some() && listed.status == Status::Work {
        words.push("yours, in work".to_owned());
    }
    words.push(format!("{} priority", listed.priority.as_str()));
    words.push("nothing holds it back".to_owned());
    words.join(", ")
}
