//! The history against asking every row, and what is forgotten of it.

use orc_core::claim::{Actor, Claim, Subject};
use orc_core::time::Stamp;
use orc_core::{Change, Policies};

use super::filled::{Known, NOW, filled};
use crate::queries::{HistoryFilter, HistoryRow, Scope};

#[test]
fn old_history_is_forgotten_but_for_its_newest_row() {
    let (tx, _) = filled();
    let rows = || tx.number("SELECT count(*) FROM history", []).unwrap();
    let all = rows();
    assert_eq!(tx.forget_history(NOW - 1_000_000, 100).unwrap(), 0, "nothing is as old");
    assert_eq!(tx.forget_history(i64::MAX, 10).unwrap(), 10);
    while tx.forget_history(i64::MAX, 100).unwrap() > 0 {}
    assert_eq!((rows(), all > 400), (1, true));
    let newest = tx.cursor().unwrap();
    let actor = Actor { session: "s".into(), agent: "a".into(), subagent: None };
    let claim = Claim {
        subject: Subject::Resource("r".into()),
        holder: actor.clone(),
        since: Stamp::from_micros(NOW),
        deadline: None,
        grace_until: None,
    };
    tx.commit(&[Change::ClaimTaken { claim }], &actor, &Stamp::from_micros(NOW), &Policies::default())
        .unwrap();
    assert_eq!(tx.cursor().unwrap(), newest + 1, "no number is used twice");
}

#[test]
fn what_was_forgotten_is_told_to_whoever_asks_for_it() {
    let (tx, _) = filled();
    let begins = tx.history_begins().unwrap();
    assert_eq!(tx.kept_since(Some(0), begins.map(|at| at - 1)).unwrap(), None, "nothing was forgotten");
    assert_eq!(tx.forget_history(i64::MAX, 10).unwrap(), 10);
    let oldest = tx.history(&HistoryFilter { after: Some(0), ..HistoryFilter::default() }, 1).unwrap();
    let told = Some(oldest[0].at.clone());
    assert_eq!(tx.kept_since(Some(9), None).unwrap(), told);
    assert_eq!(tx.kept_since(Some(10), None).unwrap(), None, "the next row is there");
    let begins = tx.history_begins().unwrap();
    assert_eq!(tx.kept_since(None, begins.map(|at| at - 1)).unwrap(), told);
    assert_eq!(tx.kept_since(None, begins).unwrap(), None);
    assert_eq!(tx.kept_since(None, None).unwrap(), None, "the newest are there");
}

#[test]
fn a_page_of_an_agent_or_kind_looks_at_so_many_rows_and_no_more() {
    let (tx, _) = filled();
    let newest = tx.cursor().unwrap();
    tx.execute("UPDATE history SET agent = 'rare', kind = 'claim_ended', session = 'r' WHERE seq = 3", [])
        .unwrap();
    let picked: [fn(&mut HistoryFilter); 3] = [
        |f| f.agent = Some("rare".into()),
        |f| f.session = Some("r".into()),
        |f| f.kinds = vec!["claim_ended".into()],
    ];
    for pick in picked {
        let mut filter = HistoryFilter::default();
        pick(&mut filter);
        let page = tx.history_page(&filter, 50).unwrap();
        assert_eq!(
            (page.rows.len(), page.next),
            (0, Some(newest + 1 - 7)),
            "seven rows were looked at: {filter:?}"
        );
        let mut found = Vec::new();
        filter.before = page.next;
        while filter.before.is_some() {
            let page = tx.history_page(&filter, 50).unwrap();
            found.extend(page.rows.iter().map(|row| row.seq));
            filter.before = page.next;
        }
        assert_eq!(found, [3], "{filter:?}");
    }
}

#[test]
fn pages_of_a_projects_history_have_what_asking_every_row_finds() {
    let (tx, all) = filled();
    // What is about no item is in every project, and so is what a deleted item left.
    let actor = Actor { session: "s".into(), agent: "a".into(), subagent: None };
    let claim = Claim {
        subject: Subject::Resource("r".into()),
        holder: actor.clone(),
        since: Stamp::from_micros(NOW),
        deadline: None,
        grace_until: None,
    };
    tx.commit(&[Change::ClaimTaken { claim }], &actor, &Stamp::from_micros(NOW), &Policies::default())
        .unwrap();
    tx.execute("UPDATE history SET item = 'gone' WHERE seq = 77", []).unwrap();
    let every = tx.history(&HistoryFilter { after: Some(0), ..HistoryFilter::default() }, 10_000).unwrap();
    let project = |row: &HistoryRow| {
        let of = |known: &&Known| row.item.as_deref() == Some(known.item.id.as_str());
        all.iter().find(of).map(|known| known.item.project.clone())
    };
    type Wanted = fn(Option<Option<String>>) -> bool;
    let scopes: [(Scope, Wanted); 4] = [
        (Scope::All, |_| true),
        (Scope::With("two".into()), |of| of.flatten().is_none_or(|name| name == "two")),
        (Scope::Only("two".into()), |of| of.is_none_or(|name| name.as_deref() == Some("two"))),
        (Scope::With("unheard of".into()), |of| of.flatten().is_none()),
    ];
    for (scope, wanted) in scopes {
        let naive: Vec<i64> = every.iter().filter(|row| wanted(project(row))).map(|row| row.seq).collect();
        let pages = |mut filter: HistoryFilter, most: usize| {
            let mut seqs = Vec::new();
            loop {
                let page = tx.history_page(&filter, most).unwrap();
                assert!(page.rows.len() <= most);
                seqs.extend(page.rows.iter().map(|row| row.seq));
                match (page.next, filter.after) {
                    (None, _) => return seqs,
                    (next, Some(_)) => filter.after = next,
                    (next, None) => filter.before = next,
                }
            }
        };
        for most in [1, 3, 50] {
            let filter = HistoryFilter { scope: scope.clone(), ..HistoryFilter::default() };
            let mut back = pages(filter.clone(), most);
            back.reverse();
            assert_eq!(back, naive, "{scope:?}, the newest first, {most} a page");
            assert_eq!(
                pages(HistoryFilter { after: Some(0), ..filter.clone() }, most),
                naive,
                "{scope:?} {most}"
            );
            let within = HistoryFilter { after: Some(20), before: Some(60), ..filter };
            let naive: Vec<i64> = naive.iter().copied().filter(|seq| (21..60).contains(seq)).collect();
            assert_eq!(pages(within, most), naive, "{scope:?} between two rows");
        }
    }
}
