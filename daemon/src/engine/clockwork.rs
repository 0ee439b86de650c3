//! Time as an event: claims that end, items whose time has come, rules that change what is due soon, and history that is old.
//!
//! One timer, for the earliest; nothing runs while nothing can happen by itself. What is due goes through the writer like
//! anything else. Whoever reads meanwhile asks the clock too, so that a late timer makes no wrong answer.

use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use orc_core::Policies;
use orc_core::claim::Actor;
use orc_core::command::Command;
use orc_core::policy::Policy;
use orc_core::refusal::Refusal;
use orc_store::Tx;
use orc_store::repair::LINE_RULES;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Shared, lifetime};
use crate::call::Answer;
use crate::clock;
use crate::reload::InForce;

/// Longest time between two looks while something is to happen: a timer does not run on while the machine sleeps, nor does it
/// notice that its clock was set.
const LOOK_EVERY: Duration =
    if cfg!(feature = "faults") { Duration::from_millis(200) } else { Duration::from_secs(120) };
/// After a failure, the next try.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// Where history is not kept for ever, how often what is too old goes.
const FORGET_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Items that one job moves, so that others wait for no longer than it takes to move so many.
const STEP: usize = 500;

/// Does what time brings, until the engine is gone.
pub(super) async fn keep_time(engine: Weak<Shared>, mut config: watch::Receiver<Arc<InForce>>) {
    let mut rules_may_differ = true;
    let mut forget_next = Instant::now();
    loop {
        let Some(shared) = engine.upgrade() else { return };
        let looked = if rules_may_differ { follow_config(&shared).await } else { Ok(()) };
        let looked = match looked {
            Ok(()) => look(&shared).await,
            Err(refusal) => Err(refusal),
        };
        if rules_may_differ {
            forget_next = Instant::now() + FORGET_EVERY;
        }
        rules_may_differ = looked.is_err();
        let forgets = shared.book.in_force().history_keep.is_some();
        let wait = match looked {
            Ok(Some(at)) => {
                let left = at.saturating_sub(clock::now().micros());
                Some(Duration::from_micros(u64::try_from(left).unwrap_or(0)).min(LOOK_EVERY))
            }
            Ok(None) => None,
            Err(refusal) => {
                tracing::warn!(
                    message = refusal.message,
                    "what is due now could not be done; it is tried again"
                );
                Some(TRY_AGAIN)
            }
        };
        tokio::select! {
            () = shared.look_again.notified() => {}
            changed = config.changed() => match changed {
                Ok(()) => rules_may_differ = true,
                Err(_) => return,
            },
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            () = tokio::time::sleep_until(forget_next), if forgets => rules_may_differ = true,
        }
    }
}

/// What the configuration asks for once.
async fn follow_config(shared: &Arc<Shared>) -> Result<(), Refusal> {
    name_projects(shared).await?;
    follow_rules(shared, &Arc::clone(&shared.book.in_force().policies)).await?;
    forget_history(shared).await
}

/// A project whose file gives it another name is called so from now on, in every session (daemon.md rules 24 and 25).
async fn name_projects(shared: &Arc<Shared>) -> Result<(), Refusal> {
    for root in shared.book.misnamed() {
        let naming = Arc::clone(shared);
        shared.submit(move |tx: &Tx<'_>| lifetime::name_project(tx, &naming, &root).map(drop)).await?;
    }
    Ok(())
}

/// Does all that is due. Answers when something is due next, in microseconds.
async fn look(shared: &Arc<Shared>) -> Result<Option<i64>, Refusal> {
    let policies = Arc::clone(&shared.book.in_force().policies);
    loop {
        // From here on whoever writes something that is due earlier rings, whatever is read below.
        shared.next_look.store(i64::MAX, Ordering::Relaxed);
        let next = shared.read(|tx| Ok(tx.next_claim_end()?.into_iter().chain(tx.next_turn()?).min()))?;
        shared.next_look.store(next.unwrap_or(i64::MAX), Ordering::Relaxed);
        if next.is_none_or(|at| at > clock::now().micros()) {
            return Ok(next);
        }
        let policies = Arc::clone(&policies);
        shared.submit(move |tx: &Tx<'_>| do_what_is_due(tx, &policies)).await?;
    }
}

fn do_what_is_due(tx: &Tx<'_>, policies: &Policies) -> Answer<()> {
    let daemon = Actor { session: "daemon".to_owned(), agent: "daemon".to_owned(), subagent: None };
    lifetime::run(tx, policies, &Command::ExpireClaims, &daemon)?;
    tx.move_in_line(policies, clock::now().micros(), STEP)?;
    Ok(())
}

/// Where the user's file says how long history is kept, what is older goes: when the daemon starts, when a file
/// changes, and every day.
async fn forget_history(shared: &Arc<Shared>) -> Result<(), Refusal> {
    let Some(keep) = shared.book.in_force().history_keep else { return Ok(()) };
    let before = clock::now().micros().saturating_sub(keep);
    let forget = move |tx: &Tx<'_>| Ok(tx.forget_history(before, STEP)?);
    while shared.submit(forget).await? == STEP {}
    Ok(())
}

/// Where other rules say what is due soon than those that the items stand in line by, the items with a due time stand anew.
async fn follow_rules(shared: &Arc<Shared>, policies: &Arc<Policies>) -> Result<(), Refusal> {
    let rules = rules(policies);
    let kept = shared
        .read(|tx| Ok(tx.remembered(LINE_RULES)?))?
        .unwrap_or_else(|| self::rules(&Policies::default()));
    if kept == rules {
        return Ok(());
    }
    let mut after = Some(0);
    while let Some(row) = after {
        let policies = Arc::clone(policies);
        let settle = move |tx: &Tx<'_>| Ok(tx.settle_due(&policies, clock::now().micros(), row, STEP)?);
        after = shared.submit(settle).await?;
    }
    shared.submit(move |tx: &Tx<'_>| Ok(tx.remember(LINE_RULES, &rules)?)).await
}

/// What of the rules decides the line, as text.
fn rules(policies: &Policies) -> String {
    let mut text = String::new();
    let all = policies.projects.iter().map(|(name, policy)| (name.as_str(), policy));
    let user = &policies.user;
    let differs = |policy: &Policy| (policy.due_within, policy.overdue) != (user.due_within, user.overdue);
    for (name, policy) in std::iter::once(("", user)).chain(all.filter(|(_, policy)| differs(policy))) {
        let overdue = policy.overdue.map_or("", |priority| priority.as_str());
        // Writing to a text does not fail.
        let _ = writeln!(text, "{name}\t{}\t{overdue}", policy.due_within);
    }
    text
}
