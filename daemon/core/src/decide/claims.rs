//! How claims live and end with their sessions (contract.md §7).

use super::Decided;
use crate::change::Change;
use crate::claim::{Claim, Ending};
use crate::command::Cx;
use crate::policy::Policies;
use crate::refusal::Stop;
use crate::view::View;

/// Most claims that one step ends; whoever keeps time asks again while there are more.
const STEP: usize = 500;

/// The session is over: its claims stay for the grace, so that the same agent's next session can take them over.
pub(super) fn end_session<V: View>(view: &V, policies: &Policies, cx: &Cx) -> Decided<V> {
    let until = cx.now.plus(policies.claims.grace);
    let claims = view.claims_of(&cx.actor.session).map_err(Stop::Failed)?;
    let orphaned = claims.into_iter().filter(|claim| claim.grace_until.is_none()).map(|before| {
        let after = Claim { grace_until: Some(until.clone()), ..before.clone() };
        Change::ClaimChanged { before, after }
    });
    Ok(orphaned.collect())
}

/// The same agent is back: what its ended session held, and whose grace still runs, is this session's now.
pub(super) fn adopt<V: View>(view: &V, cx: &Cx) -> Decided<V> {
    let orphans = view.orphans_of(&cx.actor.agent).map_err(Stop::Failed)?;
    let adopted = orphans.into_iter().filter(|claim| claim.holds_at(&cx.now)).map(|before| {
        let mut after = before.clone();
        after.grace_until = None;
        after.holder.session.clone_from(&cx.actor.session);
        Change::ClaimChanged { before, after }
    });
    Ok(adopted.collect())
}

pub(super) fn expire<V: View>(view: &V, cx: &Cx) -> Decided<V> {
    let ended = view.claims_ended_by(&cx.now, STEP).map_err(Stop::Failed)?;
    Ok(ended.into_iter().map(lapse).collect())
}

/// The end of a claim whose time has passed: by the grace of its session or by its own deadline.
pub(super) fn lapse(claim: Claim) -> Change {
    let by_grace = claim.grace_until.as_ref().is_some_and(|end| Some(end) == claim.ends());
    let why = if by_grace { Ending::SessionEnded } else { Ending::Expired };
    Change::ClaimEnded { claim, why }
}
