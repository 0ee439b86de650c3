//! What must hold, whoever does what in which order. Written from contract.md §7, not from the code that decides.

use orc_core::change::{Cause, Change};
use orc_core::claim::{Actor, Claim, Ending, Subject};
use orc_core::refusal::Details;
use orc_core::time::MINUTE;
use orc_core::{Code, Refusal};

use super::action::{Action, Deed};
use super::world::{World, speaker};

/// Minutes that a claim outlives its session.
const GRACE: i64 = 2;

/// Whether the claim counts now: neither its deadline nor its grace has passed.
fn holds(world: &World, claim: &Claim) -> bool {
    let now = world.now().micros();
    [&claim.deadline, &claim.grace_until].into_iter().flatten().all(|end| end.micros() > now)
}

/// A session acts for its subagents, they do not act for each other, nor for the session.
fn may_act(who: &Actor, claim: &Claim) -> bool {
    let holder = &claim.holder;
    who.session == holder.session && (who.subagent.is_none() || who.subagent == holder.subagent)
}

/// Nobody acts on another's claim without force, and nobody is kept off by a claim whose time has passed.
pub(super) fn decided_rightly(world: &World, action: Action, outcome: &Result<Vec<Change>, Refusal>) {
    let Action::Do(who, place, _) = action else {
        assert!(outcome.is_ok(), "{action:?} was refused: {outcome:?}");
        return;
    };
    let held = world.claim(&world.subjects[place]).filter(|claim| holds(world, claim));
    let strange = held.filter(|claim| !may_act(&speaker(who), claim));
    let holder = match outcome {
        Err(Refusal { details: Some(details), .. }) => match &**details {
            Details::Holder(claim) => Some(claim),
            _ => None,
        },
        _ => None,
    };
    match strange {
        Some(claim) if !action.is_forced() => {
            let refusal = outcome.as_ref().err();
            let Some(refusal) = refusal else { panic!("{action:?} went over {claim:?}") };
            // What is terminal, or what a status forbids, may be said first; but a claimed item is not terminal.
            assert_eq!(refusal.code, Code::Conflict, "{action:?}: {refusal:?}");
            assert_eq!(holder, Some(claim), "the refusal names the holder: {refusal:?}");
        }
        _ => assert_eq!(holder, None, "{action:?} was kept off by a claim that does not count: {outcome:?}"),
    }
}

/// What holds after a step, and what the step did to every claim.
pub(super) fn kept(before: &World, action: Action, changes: &[Change], after: &World) {
    for subject in &before.subjects {
        one_end_for_every_claim(before, changes, after, subject);
        what_happened_to(before, action, changes, after, subject);
        stands(after, subject);
    }
    if action == Action::Expire {
        let left = after.graph.claims().iter().find(|claim| !holds(after, claim));
        assert_eq!(left, None, "its time has passed, and it was not ended");
    }
    if action.is_forced() {
        going_over_is_recorded(before, action, changes);
    }
}

/// In every world: one holder; a terminal item has none; only a session that has ended has a grace, and never a longer one.
fn stands(world: &World, subject: &Subject) {
    let claims: Vec<&Claim> = world.graph.claims().iter().filter(|claim| claim.subject == *subject).collect();
    assert!(claims.len() <= 1, "more than one holder: {claims:?}");
    let Some(claim) = claims.first() else { return };
    let terminal = world.status(subject).is_some_and(|status| status.is_terminal());
    assert!(!terminal, "a terminal item is claimed: {claim:?}");
    let lives = world.is_live(&claim.holder.session);
    let ending = claim.grace_until.is_some();
    assert!(lives || ending, "its session has ended, and it would stay for ever: {claim:?}");
    // A session that came back too late finds it as it was, until whoever keeps time comes by.
    assert!(!(lives && ending && holds(world, claim)), "its session lives, and it would end: {claim:?}");
    let most = world.now().plus(GRACE * MINUTE).micros();
    assert!(claim.grace_until.as_ref().is_none_or(|end| end.micros() <= most), "too long a grace: {claim:?}");
}

/// A claim that is gone was ended by one row, a claim that is there was taken by one; none is ended twice or unseen.
fn one_end_for_every_claim(before: &World, changes: &[Change], after: &World, subject: &Subject) {
    let count = |fits: fn(&Change) -> Option<&Claim>| {
        changes.iter().filter_map(fits).filter(|claim| claim.subject == *subject).count()
    };
    let taken = count(|change| match change {
        Change::ClaimTaken { claim } => Some(claim),
        _ => None,
    });
    let ended = count(|change| match change {
        Change::ClaimEnded { claim, .. } => Some(claim),
        _ => None,
    });
    let (was, is) = (before.claim(subject).is_some(), after.claim(subject).is_some());
    assert!(taken <= 1 && ended <= 1, "{changes:?}");
    assert_eq!(usize::from(was) + taken, usize::from(is) + ended, "{subject:?}: {changes:?}");
}

/// Each way in which a claim may end or change, and no other.
fn what_happened_to(before: &World, action: Action, changes: &[Change], after: &World, subject: &Subject) {
    let (Some(was), is) = (before.claim(subject), after.claim(subject)) else { return };
    let why = changes.iter().find_map(|change| match change {
        Change::ClaimEnded { claim, why } if claim == was => Some(*why),
        _ => None,
    });
    if !holds(before, was) {
        let by_grace = was.grace_until.as_ref().is_some_and(|grace| Some(grace) == was.ends());
        let word = if by_grace { Ending::SessionEnded } else { Ending::Expired };
        assert!(why.is_none_or(|why| why == word), "{action:?} ended {was:?} as {why:?}");
        // Taken anew or left for whoever keeps time; never given to another as it is.
        assert!(why.is_some() || is.is_none_or(|is| is.holder == was.holder), "{action:?} revived {was:?}");
        return;
    }
    match action {
        Action::Minute | Action::Expire => assert_eq!(is, Some(was), "{action:?} ended what still holds"),
        Action::Begin(session) => {
            let newcomer = speaker((session, false));
            let adopted = was.grace_until.is_some() && was.holder.agent == newcomer.agent;
            let mut expected = was.clone();
            if adopted {
                expected.holder.session = newcomer.session;
                expected.grace_until = None;
            }
            assert_eq!(is, Some(&expected), "{action:?} took over what is not its agent's, or not what is");
        }
        Action::End(session) => {
            let own = was.holder.session == speaker((session, false)).session;
            let mut expected = was.clone();
            if own {
                expected.grace_until = Some(before.now().plus(GRACE * MINUTE));
            }
            assert_eq!(is, Some(&expected), "{action:?}");
        }
        Action::Do(who, place, _) if before.subjects[place] == *subject => {
            let allowed = may_act(&speaker(who), was) || action.is_forced();
            assert!(allowed || is == Some(was), "{action:?} changed another's {was:?} to {is:?}");
        }
        Action::Do(..) => assert_eq!(is, Some(was), "{action:?} reached another subject"),
    }
}

/// Whoever goes over a claim leaves a row that says so.
fn going_over_is_recorded(before: &World, action: Action, changes: &[Change]) {
    let Action::Do(who, place, deed) = action else { return };
    let Some(was) = before.claim(&before.subjects[place]).filter(|claim| holds(before, claim)) else {
        return;
    };
    if may_act(&speaker(who), was) {
        return;
    }
    let said = changes.iter().any(|change| {
        matches!(
            change,
            Change::ClaimEnded { why: Ending::Forced, .. }
                | Change::ItemChanged { cause: Cause::Moved { forced: true, .. }, .. }
        )
    });
    // To whom it belongs already, nothing is handed.
    let nothing = matches!(deed, Deed::Handoff { to, .. } if speaker(to) == was.holder);
    assert!(said || nothing, "{action:?} went over {was:?} unsaid: {changes:?}");
}
