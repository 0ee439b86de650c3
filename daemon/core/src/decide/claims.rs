//! How claims live and end with their sessions (contract.md §7).

use super::{Decided, load};
use crate::change::Change;
use crate::claim::{Actor, Claim, Ending, Subject};
use crate::command::Cx;
use crate::policy::Policies;
use crate::refusal::{Refusal, Stop};
use crate::text;
use crate::time::Stamp;
use crate::view::View;

/// Most claims that one step ends; whoever keeps time asks again while there are more.
const STEP: usize = 500;

pub(super) fn take<V: View>(
    view: &V,
    subject: &Subject,
    deadline: Option<&Stamp>,
    force: bool,
    cx: &Cx,
) -> Decided<V> {
    let what = claimable(view, subject)?;
    let before = view.claim(subject).map_err(Stop::Failed)?;
    let fresh = Claim {
        subject: subject.clone(),
        holder: cx.actor.clone(),
        since: cx.now.clone(),
        deadline: deadline.cloned(),
        grace_until: None,
    };
    match before {
        None => Ok(vec![Change::ClaimTaken { claim: fresh }]),
        Some(before) if !before.holds_at(&cx.now) => {
            Ok(vec![lapse(before), Change::ClaimTaken { claim: fresh }])
        }
        Some(before) if before.admits(&cx.actor) => {
            let after = Claim { deadline: deadline.cloned(), ..before.clone() };
            Ok(if after == before { Vec::new() } else { vec![Change::ClaimChanged { before, after }] })
        }
        Some(before) if force => Ok(vec![
            Change::ClaimEnded { claim: before, why: Ending::Forced },
            Change::ClaimTaken { claim: fresh },
        ]),
        Some(claim) => Err(super::held_by_another(&what, claim, cx).into()),
    }
}

/// What a claim is on, in words. A terminal item holds no claim.
fn claimable<V: View>(view: &V, subject: &Subject) -> Decided<V, String> {
    match subject {
        Subject::Item(id) => {
            let item = load(view, id.as_str(), "item_id")?;
            if item.status.is_terminal() {
                let message =
                    format!("Item '{}' is {}: there is nothing to claim", item.title, item.status.as_str());
                return Err(Refusal::conflict(message).field("item_id").into());
            }
            Ok(format!("Item '{}'", text::cut(&item.title, 80)))
        }
        Subject::Resource(name) => Ok(format!("Resource '{name}'")),
    }
}

/// The claim that still holds, if the actor may end or change it; `None` when there is none.
fn own<V: View>(view: &V, subject: &Subject, force: bool, cx: &Cx) -> Decided<V, Option<(Claim, bool)>> {
    let claim = view.claim(subject).map_err(Stop::Failed)?.filter(|claim| claim.holds_at(&cx.now));
    match claim {
        Some(claim) if claim.admits(&cx.actor) => Ok(Some((claim, false))),
        Some(claim) if force => Ok(Some((claim, true))),
        Some(claim) => Err(super::held_by_another(&named(subject), claim, cx).into()),
        None => Ok(None),
    }
}

pub(super) fn release<V: View>(view: &V, subject: &Subject, force: bool, cx: &Cx) -> Decided<V> {
    let ended = own(view, subject, force, cx)?.map(|(claim, forced)| Change::ClaimEnded {
        claim,
        why: if forced { Ending::Forced } else { Ending::Released },
    });
    Ok(ended.into_iter().collect())
}

pub(super) fn renew<V: View>(view: &V, subject: &Subject, deadline: Option<&Stamp>, cx: &Cx) -> Decided<V> {
    match own(view, subject, false, cx)? {
        Some((before, _)) => {
            let after = Claim { deadline: deadline.cloned(), ..before.clone() };
            Ok(if after == before { Vec::new() } else { vec![Change::ClaimChanged { before, after }] })
        }
        None => Err(not_held(subject).into()),
    }
}

pub(super) fn hand_off<V: View>(view: &V, subject: &Subject, to: &Actor, force: bool, cx: &Cx) -> Decided<V> {
    claimable(view, subject)?;
    match own(view, subject, force, cx)? {
        Some((before, _)) if before.holder == *to => Ok(Vec::new()),
        Some((before, forced)) => {
            let after =
                Claim { holder: to.clone(), since: cx.now.clone(), grace_until: None, ..before.clone() };
            Ok(if forced {
                // The holder did not give it: for the holder it ended.
                vec![
                    Change::ClaimEnded { claim: before, why: Ending::Forced },
                    Change::ClaimTaken { claim: after },
                ]
            } else {
                vec![Change::ClaimChanged { before, after }]
            })
        }
        None => Err(not_held(subject).into()),
    }
}

fn not_held(subject: &Subject) -> Refusal {
    let field = match subject {
        Subject::Item(_) => "item_id",
        Subject::Resource(_) => "resource",
    };
    let what = named(subject);
    Refusal::conflict(format!("{what} is not claimed: there was no claim, or it has ended. Claim it first"))
        .field(field)
}

fn named(subject: &Subject) -> String {
    match subject {
        Subject::Item(id) => format!("Item {}", id.short()),
        Subject::Resource(name) => format!("Resource '{name}'"),
    }
}

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

/// The same agent is back: what it held, and whose grace still runs, is this session's now. A session that comes back itself
/// takes its own alone: another of the same name may be about to come back too.
pub(super) fn adopt<V: View>(view: &V, resumed: bool, cx: &Cx) -> Decided<V> {
    let held = match resumed {
        true => view.claims_of(&cx.actor.session),
        false => view.orphans_of(&cx.actor.agent),
    };
    let orphans = held.map_err(Stop::Failed)?.into_iter().filter(|claim| claim.grace_until.is_some());
    let adopted = orphans.filter(|claim| claim.holds_at(&cx.now)).map(|before| {
        let mut after = before.clone();
        after.grace_until = None;
        after.holder.session.clone_from(&cx.actor.session);
        after.holder.agent.clone_from(&cx.actor.agent);
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
