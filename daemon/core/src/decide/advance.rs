//! Moving an item through the workflow (contract.md §4).

use super::claims::lapse;
use super::items::touch;
use super::{Decided, guard_claim, guard_version, load};
use crate::change::{Cause, Change};
use crate::claim::{Claim, Ending, Subject};
use crate::command::{Cx, Guard};
use crate::gate;
use crate::item::Item;
use crate::limits;
use crate::policy::Policies;
use crate::refusal::{Code, Details, Refusal, Stop};
use crate::schedule;
use crate::status::Status;
use crate::view::View;
use crate::workflow::{self, Trigger};

pub(super) fn advance<V: View>(
    view: &V,
    policies: &Policies,
    reference: &str,
    trigger: Trigger,
    reason: Option<&str>,
    guard: Guard,
    cx: &Cx,
) -> Decided<V> {
    if let Some(reason) = reason {
        limits::chars("reason", reason, limits::REASON_CHARS)?;
    }
    let before = load(view, reference, "item_id")?;
    let forced = guard_claim(view, &before, guard, cx)?;
    guard_version(view, &before, guard)?;
    let schema = policies.of(before.project.as_deref()).schema_of(&before);
    let target = workflow::target(trigger, before.status, before.previous, schema)
        .map_err(|refusal| with_reason(refusal, &before))?;
    if trigger.advances() {
        if before.status == Status::Queue {
            no_unmet_blockers(view, &before)?;
        }
        let notes = view.note_heads(&before.id).map_err(Stop::Failed)?;
        let missing = gate::missing(schema, &notes, target);
        if !missing.is_empty() {
            return Err(gate::refusal(missing).into());
        }
    }

    let after = moved(&before, target, trigger, reason, cx)?;
    let mut changes = Vec::new();
    let cause = Cause::Moved { trigger, reason: reason.map(str::to_owned), forced };
    changes.push(Change::ItemChanged {
        before: Box::new(before.clone()),
        after: Box::new(after.clone()),
        cause,
    });
    settle_claim(view, &before, &after, trigger, cx, &mut changes)?;
    if trigger == Trigger::Reopen {
        reopen_parent(view, &after, cx, &mut changes)?;
    }
    report_unblocked(view, &before, &after, &mut changes)?;
    Ok(changes)
}

/// The item after the move.
fn moved(
    before: &Item,
    target: Status,
    trigger: Trigger,
    reason: Option<&str>,
    cx: &Cx,
) -> Result<Item, Refusal> {
    let mut after = before.clone();
    after.status = target;
    after.label = (target == Status::Cancelled).then(|| "cancelled".to_owned());
    after.previous = (target == Status::Blocked).then_some(before.status);
    after.reason = reason.map(str::to_owned);
    after.role_changed_at = Some(cx.now.clone());
    if target == Status::Done
        && trigger.advances()
        && let Some(cron) = &before.schedule
    {
        // A scheduled item is never done: it waits for its next run.
        after.status = Status::Queue;
        after.next_run_at = Some(schedule::next_run(cron, &cx.now)?);
    }
    touch(&mut after, cx);
    Ok(after)
}

/// "Cannot start from blocked" with the reason it was blocked for.
fn with_reason(refusal: Refusal, item: &Item) -> Refusal {
    match &item.reason {
        Some(reason) => refusal.details(Details::Reason(reason.clone())),
        None => refusal,
    }
}

fn no_unmet_blockers<V: View>(view: &V, item: &Item) -> Decided<V, ()> {
    let (blockers, all) = view.unmet_blockers(&item.id, limits::DETAILS).map_err(Stop::Failed)?;
    if blockers.is_empty() {
        return Ok(());
    }
    let titles: Vec<&str> = blockers.iter().map(|b| b.title.as_str()).collect();
    let more = all - blockers.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("Blocked by unfinished items: {}{rest}", titles.join(", "));
    let details = Details::Blockers(blockers, more);
    Err(Refusal::new(Code::DependencyUnsatisfied, message).field("item_id").details(details).into())
}

/// Start from queue and resume claim the item; review, blocked, terminal and a return to the queue let it go. A claim whose
/// time has passed is ended here when nobody has come by to end it.
fn settle_claim<V: View>(
    view: &V,
    before: &Item,
    after: &Item,
    trigger: Trigger,
    cx: &Cx,
    changes: &mut Vec<Change>,
) -> Decided<V, ()> {
    let subject = Subject::Item(after.id.clone());
    let (kept, lapsed) = match view.claim(&subject).map_err(Stop::Failed)? {
        Some(claim) if !claim.holds_at(&cx.now) => (None, Some(claim)),
        kept => (kept, None),
    };
    changes.extend(lapsed.map(lapse));
    let takes = (trigger == Trigger::Start && before.status == Status::Queue && after.status == Status::Work)
        || (trigger == Trigger::Resume && after.status != Status::Review);
    if takes {
        match kept {
            Some(claim) if claim.admits(&cx.actor) => {}
            other => {
                changes.extend(other.map(|claim| Change::ClaimEnded { claim, why: Ending::Forced }));
                changes.push(Change::ClaimTaken { claim: fresh_claim(subject, cx) });
            }
        }
        return Ok(());
    }
    let why = match after.status {
        Status::Review | Status::Blocked => Ending::HandedOn,
        Status::Done | Status::Cancelled | Status::Archived | Status::Queue => Ending::Finished,
        Status::Work => return Ok(()),
    };
    changes.extend(kept.map(|claim| Change::ClaimEnded { claim, why }));
    Ok(())
}

fn fresh_claim(subject: Subject, cx: &Cx) -> Claim {
    Claim { subject, holder: cx.actor.clone(), since: cx.now.clone(), deadline: None, grace_until: None }
}

/// Puts the parent of a reopened item back to work when it is terminal. What is above the parent stays as it is, as in the
/// original.
fn reopen_parent<V: View>(view: &V, item: &Item, cx: &Cx, changes: &mut Vec<Change>) -> Decided<V, ()> {
    let Some(id) = &item.parent else { return Ok(()) };
    let parent = view.item(id).map_err(Stop::Failed)?;
    let Some(before) = parent.filter(|parent| parent.status.is_terminal()) else { return Ok(()) };
    let mut after = before.clone();
    after.status = Status::Work;
    after.label = None;
    after.previous = None;
    after.reason = None;
    after.role_changed_at = Some(cx.now.clone());
    touch(&mut after, cx);
    changes.push(Change::ItemChanged {
        before: Box::new(before),
        after: Box::new(after),
        cause: Cause::ChildReopened,
    });
    Ok(())
}

/// Names every open item whose last unmet threshold this move met, at whatever threshold.
fn report_unblocked<V: View>(
    view: &V,
    before: &Item,
    after: &Item,
    changes: &mut Vec<Change>,
) -> Decided<V, ()> {
    if after.status.progress() <= before.status.progress() {
        return Ok(());
    }
    for waiting in view.waiting_for(&after.id).map_err(Stop::Failed)? {
        let met_now = !before.status.meets(waiting.needs) && after.status.meets(waiting.needs);
        if met_now && waiting.unmet == 1 && !waiting.status.is_terminal() {
            changes.push(Change::Unblocked { item: waiting.id, by: after.id.clone() });
        }
    }
    Ok(())
}
