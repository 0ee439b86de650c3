//! Jobs that share a commit: each is kept whole or undone whole, however the others end.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use super::{Outcome, Writer};
use crate::error::Error;
use crate::tx::Tx;

/// What a job does with the key it is given.
#[derive(Clone, Copy, Debug)]
enum Plan {
    Keeps,
    RefusesBeforeWriting,
    RefusesAfterWriting,
    Panics,
    /// One step is undone, and the job goes on.
    UndoesAStep,
    /// The same, of which nothing has to be undone.
    RefusesAStepBeforeWriting,
}

type Answer = Outcome<&'static str, Error>;

fn put(tx: &Tx<'_>, key: &str) -> Result<(), Error> {
    tx.remember(key, "there")
}

fn work(plan: Plan, tx: &Tx<'_>, key: &str) -> Result<&'static str, Error> {
    match plan {
        Plan::Keeps => put(tx, key)?,
        Plan::RefusesBeforeWriting => return Err(Error::Stopped),
        Plan::RefusesAfterWriting => {
            put(tx, key)?;
            return Err(Error::Stopped);
        }
        Plan::Panics => {
            put(tx, key)?;
            panic!("as planned");
        }
        Plan::UndoesAStep | Plan::RefusesAStepBeforeWriting => {
            put(tx, key)?;
            let undone: Result<(), Error> = tx.step(|| {
                if matches!(plan, Plan::UndoesAStep) {
                    put(tx, &format!("{key} of the step"))?;
                }
                Err(Error::Stopped)
            });
            assert!(undone.is_err());
        }
    }
    Ok("done")
}

/// Queues all of them while the writer is held up, so that they share a group.
fn together(writer: &Writer, plans: &[Plan]) -> Vec<Receiver<Answer>> {
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let hold = move |_: &Tx<'_>| -> Result<(), Error> {
        begun.send(()).map_err(|_| Error::Stopped)?;
        may_go_on.recv().map_err(|_| Error::Stopped)
    };
    writer.submit(hold, |_| ()).unwrap();
    has_begun.recv().unwrap();
    let answers = plans.iter().enumerate().map(|(n, plan)| {
        let (tell, told) = channel();
        let (plan, key) = (*plan, format!("key {n}"));
        writer
            .submit_repeatable(
                move |tx: &Tx<'_>| work(plan, tx, &key),
                move |answer| tell.send(answer).unwrap_or(()),
            )
            .unwrap();
        told
    });
    let answers = answers.collect();
    go_on.send(()).unwrap();
    answers
}

fn kept(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut keys = connection.prepare("SELECT key FROM meta WHERE key LIKE 'key%' ORDER BY key").unwrap();
    keys.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn of_jobs_that_share_a_commit_each_is_kept_whole_or_undone_whole() {
    use Plan::*;
    let all =
        [Keeps, RefusesBeforeWriting, RefusesAfterWriting, Panics, UndoesAStep, RefusesAStepBeforeWriting];
    // Every two of them, in both orders, and all at once.
    let mut groups: Vec<Vec<Plan>> =
        all.iter().flat_map(|a| all.iter().map(move |b| vec![*a, *b, Keeps])).collect();
    groups.push(all.to_vec());
    for plans in groups {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.db");
        let writer = Writer::start(crate::open(&path).unwrap().connection).unwrap();
        let answers: Vec<Answer> =
            together(&writer, &plans).into_iter().map(|told| told.recv().unwrap()).collect();
        writer.stop();
        let mut wanted = Vec::new();
        for (n, (plan, answer)) in std::iter::zip(&plans, answers).enumerate() {
            let fits = match plan {
                Keeps | UndoesAStep | RefusesAStepBeforeWriting => {
                    matches!(answer, Outcome::Committed("done", _))
                }
                RefusesBeforeWriting | RefusesAfterWriting => {
                    matches!(answer, Outcome::Refused(Error::Stopped))
                }
                Panics => matches!(answer, Outcome::Panicked),
            };
            assert!(fits, "{plan:?} in {plans:?}: {answer:?}");
            if matches!(plan, Keeps | UndoesAStep | RefusesAStepBeforeWriting) {
                wanted.push(format!("key {n}"));
            }
        }
        assert_eq!(kept(&path), wanted, "{plans:?}");
    }
}

#[test]
fn what_waits_is_counted_until_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::start(crate::open(&folder.path().join("tasks.db")).unwrap().connection).unwrap();
    assert_eq!(writer.waiting(), 0);
    let (go, gate) = channel::<()>();
    let first = move |_: &Tx<'_>| -> Result<(), Error> {
        let _ = gate.recv();
        Ok(())
    };
    writer.submit(first, |_: Outcome<(), Error>| {}).unwrap();
    for _ in 0..3 {
        writer.submit(|_: &Tx<'_>| Ok(()), |_: Outcome<(), Error>| {}).unwrap();
    }
    assert_eq!(writer.waiting(), 4);
    go.send(()).unwrap();
    writer.stop();
    assert_eq!(writer.waiting(), 0);
    assert!(writer.submit(|_: &Tx<'_>| Ok(()), |_: Outcome<(), Error>| {}).is_err());
    assert_eq!(writer.waiting(), 0, "what was not taken does not wait");
}
