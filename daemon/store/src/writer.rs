//! The one thread that writes. Jobs that wait are committed together; a job never waits for others to arrive
//! (`daemon.md` rule 19).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::tx::{Done, Tx};

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
}

trait Job: Send {
    /// Runs the job; answers whether its savepoint is kept.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Tells whoever waits. `commit_failed` holds the error of a failed commit.
    fn finish(self: Box<Self>, done: Done, commit_failed: Option<&str>);
}

struct Call<W, D, T, E> {
    work: Option<W>,
    done: D,
    result: Option<std::result::Result<T, E>>,
}

impl<W, D, T, E> Job for Call<W, D, T, E>
where
    W: FnOnce(&Tx<'_>) -> std::result::Result<T, E> + Send,
    D: FnOnce(Outcome<T, E>) + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        // The savepoint undoes whatever the call had written, so nothing half done is seen after a panic.
        self.result = catch_unwind(AssertUnwindSafe(|| work(tx))).ok();
        matches!(self.result, Some(Ok(_)))
    }

    fn finish(self: Box<Self>, done: Done, commit_failed: Option<&str>) {
        let outcome = match (self.result, commit_failed) {
            (Some(Err(error)), _) => Outcome::Refused(error),
            (_, Some(why)) => Outcome::Failed(why.to_owned()),
            (Some(Ok(value)), None) => Outcome::Committed(value, done),
            (None, None) => Outcome::Panicked,
        };
        (self.done)(outcome);
    }
}

/// The handle to the writer thread. Dropping the last one ends the thread after the jobs that wait.
pub struct Writer {
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
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                // Past this point a panic is not a call's: state on disk is safe in the WAL, state in memory is not.
                if catch_unwind(AssertUnwindSafe(|| serve(connection, &inbox, call))).is_err() {
                    std::process::abort();
                }
            })
            .map_err(|_| Error::Stopped)?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues `work`; `done` is called on the writer thread once its commit, or its refusal, is certain. It must not block.
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
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = jobs.as_ref().ok_or(Error::Stopped)?;
        sender.send(Box::new(Call { work: Some(work), done, result: None })).map_err(|_| Error::Stopped)
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

fn serve(connection: Connection, inbox: &Receiver<Box<dyn Job>>, mut call: i64) {
    while let Ok(first) = inbox.recv() {
        let group = std::iter::once(first).chain(inbox.try_iter().take(GROUP - 1));
        run_group(&connection, group, &mut call);
    }
    // Nobody can write any more: leave one file behind instead of three.
    let _ = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);");
}

fn run_group(connection: &Connection, group: impl Iterator<Item = Box<dyn Job>>, call: &mut i64) {
    let mut ran: Vec<(Box<dyn Job>, Done)> = Vec::new();
    let mut failure: Option<String> =
        connection.execute_batch("BEGIN IMMEDIATE").err().map(|e| e.to_string());
    for mut job in group {
        let mut done = Done::default();
        if failure.is_none() {
            *call += 1;
            match run_one(connection, &mut job, *call) {
                Ok(this) => done = this,
                Err(error) => failure = Some(error.to_string()),
            }
        }
        ran.push((job, done));
    }
    if failure.is_none() {
        failure = connection.execute_batch("COMMIT").err().map(|e| e.to_string());
    }
    if !connection.is_autocommit() {
        // A failed commit leaves the transaction open; it must not leak into the next group.
        let _ = connection.execute_batch("ROLLBACK");
    }
    for (job, done) in ran {
        job.finish(done, failure.as_deref());
    }
}

/// Runs a job in a savepoint of its own. An error means that the whole transaction is lost.
fn run_one(connection: &Connection, job: &mut Box<dyn Job>, call: i64) -> Result<Done> {
    let tx = Tx::new(connection, call);
    connection.execute_batch("SAVEPOINT job")?;
    if job.run(&tx) {
        connection.execute_batch("RELEASE job")?;
        Ok(tx.into_done())
    } else {
        connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
        Ok(Done::default())
    }
}
