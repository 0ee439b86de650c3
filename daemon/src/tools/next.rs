//! Which items to do next, in the order of contract.md §6.

use orc_core::priority::{Candidate, rank};
use orc_core::status::Status;
use orc_core::time::DAY;
use orc_store::Tx;
use orc_store::queries::{Filter, Listed};

use crate::call::{Answer, Call};

/// The first `limit` items to offer the caller. With `unclaimed`, the caller's own are left out too.
pub(super) fn best(
    call: &Call<'_>,
    tx: &Tx<'_>,
    filter: &Filter,
    limit: usize,
    unclaimed: bool,
) -> Answer<Vec<Listed>> {
    let now = &call.cx.now;
    let policy = call.policies().of(call.session.project.as_deref());
    let horizon = now.micros().saturating_add(policy.due_within.clamp(0, 365 * DAY));
    // No session is called "": to nobody, every claim is another's.
    let session = if unclaimed { "" } else { call.cx.actor.session.as_str() };
    let mut found = tx.candidates(filter, session, now.micros(), horizon, limit)?;
    let name = call.cx.actor.name();
    found.sort_by(|a, b| key(call, a, &name).cmp(&key(call, b, &name)));
    found.truncate(limit);
    Ok(found)
}

/// Candidates hold no claims of other sessions, so a claimed one is this session's; a subagent counts only its own as its own.
fn key<'l>(call: &Call<'_>, listed: &'l Listed, name: &str) -> impl Ord + 'l {
    let mine = match &listed.claimed_by {
        Some(holder) => call.cx.actor.subagent.is_none() || holder == name,
        None => false,
    };
    let item = &listed.item;
    let candidate = Candidate {
        priority: item.priority,
        status: item.status,
        due_at: item.due_at.as_ref(),
        created_at: &item.created_at,
        id: item.id.as_str(),
        mine,
    };
    rank(&candidate, call.policies().of(item.project.as_deref()), &call.cx.now)
}

/// Why an item is offered, in words.
pub(super) fn reason(call: &Call<'_>, listed: &Listed) -> String {
    let item = &listed.item;
    let now = call.now();
    let mut words = Vec::new();
    match item.due_at.as_ref().map(|due| due.micros() - now) {
        Some(left) if left <= 0 => words.push("overdue".to_owned()),
        Some(left) if left <= call.policies().of(item.project.as_deref()).due_within => {
            words.push("due soon".to_owned())
        }
        _ => {}
    }
    if listed.claimed_by.is_some() && item.status == Status::Work {
        words.push("yours, in work".to_owned());
    }
    words.push(format!("{} priority", item.priority.as_str()));
    words.push("nothing holds it back".to_owned());
    words.join(", ")
}
