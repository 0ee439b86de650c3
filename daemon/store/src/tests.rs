//! The SQLite store against the contract that every store passes, and against the naive model.

use orc_core::claim::{Actor, Subject};
use orc_core::item::Item;
use orc_core::policy::Policy;
use orc_core::priority::{Candidate, rank};
use orc_core::status::Status;
use orc_core::time::{DAY, HOUR, Stamp};
use orc_core::{ItemId, Policies, View};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::queries::{Asking, Filter, Order, Start};
use crate::random::{random_history, run_against};
use crate::tx::Tx;
use crate::{contract, open};

/// A database of its own, open for the rest of the test process: a [`Tx`] borrows its connection.
pub(crate) fn fresh() -> Tx<'static> {
    Tx::new(connection(), 0)
}

fn connection() -> &'static Connection {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder.path().join("tasks.db")).unwrap();
    // The open connection keeps the unlinked file; nothing is left behind.
    let connection: &'static Connection = Box::leak(Box::new(opened.connection));
    connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
    connection
}

#[test]
fn sqlite_passes_the_contract() {
    contract::suite(fresh);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_every_question_as_the_model_does(history in random_history()) {
        let connection = connection();
        let now = run_against(&history, Tx::new(connection, 0));
        let (tx, rules) = (Tx::new(connection, 0), Policies::default());
        let wrong = tx.wrong_derivations(&rules, now).unwrap();
        prop_assert!(wrong.is_empty(), "derived columns differ from their recomputation: {wrong:?}");
        offers_the_first(&tx, now);
        let later = now + 2 * DAY;
        while tx.move_in_line(&rules, later, 2).unwrap() > 0 {}
        let wrong = tx.wrong_derivations(&rules, later).unwrap();
        prop_assert!(wrong.is_empty(), "what time moved differs from its recomputation: {wrong:?}");
        prop_assert!(tx.next_turn().unwrap().is_none_or(|at| at > later));
        offers_the_first(&tx, later);
    }
}

/// What every item says, asked one by one: the order of contract.md §6 for a caller, at a moment.
fn naive_next(tx: &Tx<'_>, actor: &Actor, unclaimed: bool, now: i64) -> Vec<ItemId> {
    let all = tx.page(&Filter::default(), Order::default(), Start::Skip(0), usize::MAX - 1, now).unwrap();
    let mine = |item: &Item| {
        tx.claim(&Subject::Item(item.id.clone()))
            .unwrap()
            .filter(|c| c.ends().is_none_or(|at| at.micros() > now))
            .map(|claim| {
                claim.holder.session == actor.session
                    && (actor.subagent.is_none() || actor.subagent == claim.holder.subagent)
            })
    };
    let ready = |item: &Item| {
        matches!(item.status, Status::Queue | Status::Work)
            && tx.unmet_blockers(&item.id, 1).unwrap().1 == 0
            && tx
                .descendants(&item.id)
                .unwrap()
                .iter()
                .all(|d| d.parent.as_ref() != Some(&item.id) || d.status.is_terminal())
            && item.next_run_at.iter().chain(&item.not_before).all(|at| at.micros() <= now)
    };
    let policy = Policy::default();
    let now_stamp = Stamp::from_micros(now);
    let mut ranked: Vec<_> = all
        .items
        .iter()
        .map(|listed| tx.whole(listed).unwrap())
        .filter(|item| ready(item))
        .filter_map(|item| match mine(&item) {
            None => Some((item, false)),
            Some(true) if !unclaimed => Some((item, true)),
            Some(_) => None,
        })
        .collect();
    ranked.sort_by(|(a, mine_a), (b, mine_b)| {
        key(a, *mine_a, &policy, &now_stamp).cmp(&key(b, *mine_b, &policy, &now_stamp))
    });
    ranked.into_iter().map(|(item, _)| item.id).collect()
}

fn key<'i>(item: &'i Item, mine: bool, policy: &Policy, now: &Stamp) -> impl Ord + 'i {
    let candidate = Candidate {
        priority: item.priority,
        status: item.status,
        due_at: item.due_at.as_ref(),
        created_ts: item.created_at.micros(),
        id: item.id.as_str(),
        mine,
    };
    rank(&candidate, policy, now)
}

fn first_offered(tx: &Tx<'_>, actor: &Actor, unclaimed: bool, now: i64, limit: usize) -> Vec<ItemId> {
    let mut found = tx.candidates(&Filter::default(), Asking { actor, unclaimed, now, limit }).unwrap();
    let (policy, now) = (Policy::default(), Stamp::from_micros(now));
    let whole = found.drain(..).map(|listed| (tx.whole(&listed).unwrap(), listed.claimed_by.is_some()));
    let mut whole: Vec<(Item, bool)> = whole.collect();
    whole.sort_by(|(a, mine_a), (b, mine_b)| {
        key(a, *mine_a, &policy, &now).cmp(&key(b, *mine_b, &policy, &now))
    });
    whole.into_iter().map(|(item, _)| item.id).take(limit).collect()
}

/// Whoever asks is offered what asking every item comes to, whether or not the writer has seen to what time moved.
fn offers_the_first(tx: &Tx<'_>, now: i64) {
    let actors = [("s1", None), ("s1", Some("tests")), ("s2", None), ("nobody", None)];
    for later in [0, HOUR, DAY, 30 * DAY, 1000 * DAY] {
        for (session, subagent) in actors {
            let actor =
                Actor { session: session.into(), agent: "a".into(), subagent: subagent.map(Into::into) };
            for (unclaimed, limit) in [(true, 1), (false, 1), (true, 3), (false, 20)] {
                let mut naive = naive_next(tx, &actor, unclaimed, now + later);
                naive.truncate(limit);
                assert_eq!(
                    first_offered(tx, &actor, unclaimed, now + later, limit),
                    naive,
                    "{actor:?} after {later}"
                );
            }
        }
    }
}
