//! The one thread that writes. Jobs that wait are committed together; a job never waits for others to arrive
//! (`daemon.md` rule 19).
//!
//! Each job is kept whole or undone whole, whatever becomes of the others. What that needs is a savepoint around every job and
//! every step of one, and those are dear: SQLite keeps the former contents of each page for them, and the search text is written
//! out at each. But nearly every refusal comes before its job has written anything. So a group runs without savepoints first;
//! should one of its jobs have to be undone after all, the whole transaction is, and the group runs again with them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::place::Place;
use crate::revoke::revoked;
use crate::tidying::Tidying;
use crate::tx::{Done, Tx, control};
use crate::wal::Folding;

/// Most jobs that share one commit, so that the first of them does not wait for ever.
const GROUP: usize = 64;

/// How a job ended.
#[derive(Debug)]
pub enum Outcome<T, E> {
    /// It is on disk.
    Committed(T, Done),
    /// It answered an error: nothing of it was kept.
    Refused(E),
    /// It panicked: nothing of it was kept.
    Panicked,
    /// It was run but the commit failed: nothing of it was kept.
    Failed(String),
    /// It was run, the commit failed, and it could not be taken back: it is not there now, and may be for the next daemon.
    InDoubt(String),
}

trait Job: Send {
    /// Runs the job; answers whether what it wrote is kept.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Whether it can run again from the start.
    fn repeats(&self) -> bool;
    /// Tells whoever waits. `commit_failed` holds the error of a failed commit.
    fn finish(self: Box<Self>, done: Done, commit_failed: Option<&Error>);
}

/// The work of a job.
enum Work<O, R> {
    /// Runs at most once.
    Once(Option<O>),
    /// Runs as often as need be; what it wrote is undone before it runs again.
    Repeats(R),
}

struct Call<O, R, D, T, E> {
    work: Work<O, R>,
    done: D,
    result: Option<std::result::Result<T, E>>,
}

impl<O, R, D, T, E> Job for Call<O, R, D, T, E>
where
    O: FnOnce(&Tx<'_>) -> std::result::Result<T, E> + Send,
    R: FnMut(&Tx<'_>) -> std::result::Result<T, E> + Send,
    D: FnOnce(Outcome<T, E>) + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let work = &mut self.work;
        let run = || match work {
            Work::Once(work) => work.take().map(|work| work(tx)),
            Work::Repeats(work) => Some(work(tx)),
        };
        // What the call had written is undone, so nothing half done is seen after a panic.
        self.result = catch_unwind(AssertUnwindSafe(run)).ok().flatten();
        matches!(self.result, Some(Ok(_)))
    }

    fn repeats(&self) -> bool {
        matches!(self.work, Work::Repeats(_))
    }

    fn finish(self: Box<Self>, done: Done, commit_failed: Option<&Error>) {
        let outcome = match (self.result, commit_failed) {
            (Some(Err(error)), _) => Outcome::Refused(error),
            (_, Some(error @ Error::InDoubt(_))) => Outcome::InDoubt(error.to_string()),
            (_, Some(error)) => Outcome::Failed(error.to_string()),
            (Some(Ok(value)), None) => Outcome::Committed(value, done),
            (None, None) => Outcome::Panicked,
        };
        (self.done)(outcome);
    }
}

/// Stands for the kind of work that a job is not.
type Never<T, E> = fn(&Tx<'_>) -> std::result::Result<T, E>;

/// The handle to the writer thread. Dropping the last one ends the thread after the jobs that wait.
pub struct Writer {
    /// Jobs that wait, or run.
    waiting: Arc<AtomicUsize>,
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Starts the thread on the connection that [`crate::open`] answered.
    ///
    /// # Errors
    /// When the database cannot be read, or no thread can be had.
    pub fn start(connection: Connection) -> Result<Self> {
        // Calls are numbered as their rows are, so the last row has the highest; a maximum would read the whole history.
        let sql = "SELECT coalesce((SELECT call FROM history ORDER BY seq DESC LIMIT 1), 0)";
        let call: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        let (jobs, inbox) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                // Past this point a panic is not a call's: state on disk is safe in the WAL, state in memory is not.
                if catch_unwind(AssertUnwindSafe(|| serve(connection, &inbox, &left, call))).is_err() {
                    std::process::abort();
                }
            })
            .map_err(|_| Error::Stopped)?;
        Ok(Self { waiting, jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues `work`; `done` is called on the writer thread once its commit, or its refusal, is certain. It must not block.
    /// The work runs once, and in a commit of its own.
    ///
    /// # Errors
    /// [`Error::Stopped`] after [`Self::stop`]; `done` is not called then.
    pub fn submit<T, E, W, D>(&self, work: W, done: D) -> Result<()>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnOnce(&Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
        D: FnOnce(Outcome<T, E>) + Send + 'static,
    {
        let work: Work<W, Never<T, E>> = Work::Once(Some(work));
        self.queue(Box::new(Call { work, done, result: None }))
    }

    /// The same for work that may run again from the start, and so shares its commit with others that wait.
    ///
    /// # Errors
    /// See [`Self::submit`].
    pub fn submit_repeatable<T, E, W, D>(&self, work: W, done: D) -> Result<()>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: FnMut(&Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
        D: FnOnce(Outcome<T, E>) + Send + 'static,
    {
        let work: Work<Never<T, E>, W> = Work::Repeats(work);
        self.queue(Box::new(Call { work, done, result: None }))
    }

    fn queue(&self, job: Box<dyn Job>) -> Result<()> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let queued = jobs.as_ref().map(|jobs| jobs.send(job));
        if !matches!(queued, Some(Ok(()))) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::Stopped);
        }
        Ok(())
    }

    /// How many jobs wait or run just now.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Finishes what waits, folds the WAL into the database, closes it. Blocks until that is done.
    pub fn stop(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The thread aborts the process rather than panic, so there is no error to pass on.
            let _ = thread.join();
        }
    }
}

fn serve(connection: Connection, inbox: &Receiver<Box<dyn Job>>, waiting: &AtomicUsize, mut call: i64) {
    let place = Place::of(&connection);
    let (mut folding, mut tidying) = (Folding::default(), Tidying::default());
    let mut next = inbox.recv().ok();
    while let Some(first) = next.take() {
        let mut group = vec![first];
        while group.len() < GROUP && group.iter().all(|job| job.repeats()) {
            match inbox.try_recv() {
                Ok(job) if job.repeats() => group.push(job),
                Ok(job) => {
                    next = Some(job);
                    break;
                }
                Err(_) => break,
            }
        }
        let jobs = group.len();
        run_group(&connection, place.as_ref(), group, &mut call);
        waiting.fetch_sub(jobs, Ordering::Relaxed);
        folding.after_a_commit(&connection);
        tidying.after_a_commit();
        next = next.or_else(|| wait(&connection, inbox, &mut tidying));
    }
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::BeforeCheckpoint);
    // Nobody can write any more: leave one file behind instead of three.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::AfterCheckpoint);
}

/// The next job. Where none comes for a while, the search text is tidied until one does.
fn wait(
    connection: &Connection,
    inbox: &Receiver<Box<dyn Job>>,
    tidying: &mut Tidying,
) -> Option<Box<dyn Job>> {
    while let Some(patience) = tidying.due() {
        match inbox.recv_timeout(patience) {
            Err(RecvTimeoutError::Timeout) => tidying.merge(connection),
            came => return came.ok(),
        }
    }
    inbox.recv().ok()
}

fn run_group(connection: &Connection, place: Option<&Place>, mut group: Vec<Box<dyn Job>>, call: &mut i64) {
    let lightly = if group.iter().all(|job| job.repeats()) {
        attempt(connection, place, &mut group, call, Care::Lightly)
    } else {
        Ok(None)
    };
    let outcome = match lightly {
        Ok(None) => attempt(connection, place, &mut group, call, Care::WithSavepoints),
        outcome => outcome,
    };
    let (mut done, failure) = match outcome {
        Ok(done) => (done.unwrap_or_default(), None),
        Err(error) => (Vec::new(), Some(error)),
    };
    // A job that has not run because the transaction failed before it has nothing to tell.
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::AfterCommit);
    done.resize_with(group.len(), Done::default);
    for (job, done) in group.into_iter().zip(done) {
        job.finish(done, failure.as_ref());
        #[cfg(feature = "faults")]
        crate::faults::pass(crate::faults::Point::OneTold);
    }
}

/// How much care a group takes that a job can be undone by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// None: should it be needed, the group has to run again.
    Lightly,
    /// Every job and every step that stands alone is in a savepoint.
    WithSavepoints,
}

/// Runs a group in one transaction, and commits it. `None`: something has to be undone that only savepoints can undo; the
/// transaction was rolled back. An error means that the whole of it is lost.
fn attempt(
    connection: &Connection,
    place: Option<&Place>,
    group: &mut [Box<dyn Job>],
    call: &mut i64,
    care: Care,
) -> Result<Option<Vec<Done>>> {
    control(connection, "BEGIN IMMEDIATE")?;
    let ran = run_all(connection, group, call, care).and_then(|ran| match ran {
        Some(done) => commit(connection, place).map(|()| Some(done)),
        None => Ok(None),
    });
    if !connection.is_autocommit() {
        // Also after a failed commit, which leaves the transaction open: it must not leak into the next group.
        let _ = control(connection, "ROLLBACK");
    }
    ran
}

/// The one flush to disk for all that a group wrote, into the file that the next daemon will open.
fn commit(connection: &Connection, place: Option<&Place>) -> Result<()> {
    #[cfg(feature = "faults")]
    crate::faults::at(crate::faults::Point::BeforeCommit)?;
    control(connection, "COMMIT").map_err(|error| revoked(connection, error))?;
    if place.is_none_or(Place::holds) { Ok(()) } else { Err(Error::Replaced) }
}

fn run_all(
    connection: &Connection,
    group: &mut [Box<dyn Job>],
    call: &mut i64,
    care: Care,
) -> Result<Option<Vec<Done>>> {
    let mut done = Vec::with_capacity(group.len());
    #[cfg(feature = "faults")]
    crate::faults::at(crate::faults::Point::TransactionBegun)?;
    for job in group {
        *call += 1;
        #[cfg(feature = "faults")]
        crate::faults::at(crate::faults::Point::JobBegins)?;
        let ran = match care {
            Care::Lightly => run_lightly(connection, job, *call)?,
            Care::WithSavepoints => Some(run_in_savepoint(connection, job, *call)?),
        };
        match ran {
            Some(this) => done.push(this),
            None => return Ok(None),
        }
        #[cfg(feature = "faults")]
        crate::faults::at(crate::faults::Point::JobDone)?;
    }
    Ok(Some(done))
}

/// `None` when the job has left something behind that must be undone.
fn run_lightly(connection: &Connection, job: &mut Box<dyn Job>, call: i64) -> Result<Option<Done>> {
    let tx = Tx::lightly(connection, call);
    let before = connection.total_changes();
    let kept = job.run(&tx);
    if connection.is_autocommit() {
        return Err(Error::Lost);
    }
    let spoiled = tx.spoiled.get() || (!kept && connection.total_changes() != before);
    Ok(match (spoiled, kept) {
        (true, _) => None,
        (false, true) => Some(tx.into_done()),
        (false, false) => Some(Done::default()),
    })
}

fn run_in_savepoint(connection: &Connection, job: &mut Box<dyn Job>, call: i64) -> Result<Done> {
    let tx = Tx::new(connection, call);
    control(connection, "SAVEPOINT job")?;
    let kept = job.run(&tx);
    if connection.is_autocommit() {
        return Err(Error::Lost);
    }
    if kept {
        control(connection, "RELEASE job")?;
        Ok(tx.into_done())
    } else {
        control(connection, "ROLLBACK TO job")?;
        control(connection, "RELEASE job")?;
        Ok(Done::default())
    }
}

#[cfg(test)]
mod tests;
