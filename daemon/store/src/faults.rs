//! Lets a test strike at every step of a write, of an opening and of an end: the process dies there, the disk refuses, or
//! the step takes its time. Part of no release: the feature `faults` compiles it in.
//!
//! `TASK_ORCHESTRATOR_FAULT=POINT:N[:KIND][,…]` strikes the Nth time that the process comes to a point. The kinds are `abort`
//! (the default: as `kill -9` there and then), `refuse` (the disk's own error) and `hold=MILLISECONDS`.
//! While the file that `TASK_ORCHESTRATOR_FAULT_GATE` names is there, a call that has written stands still before its commit;
//! `PATH.held` says that one does.
//! `TASK_ORCHESTRATOR_FAULT=list` prints every point there is, for the test that goes through all of them.

use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::ffi;

use crate::error::Result;

const VARIABLE: &str = "TASK_ORCHESTRATOR_FAULT";
const GATE: &str = "TASK_ORCHESTRATOR_FAULT_GATE";
/// Longest that a call stands still, for tests that forget it.
const HELD: Duration = Duration::from_secs(60);

/// What a process is at when it comes to a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// A tool's write. Passes count from the first call of a tool that writes.
    Write,
    /// Making the tables, or bringing them up to date.
    Opening,
    /// Taking over a database of the original.
    TakingOver,
    /// Writing out and closing.
    Ending,
}

/// Names each point once: the list that tests go through is made of the same words.
macro_rules! points {
    ($($(#[$doc:meta])* $point:ident, $name:literal, $stage:ident;)*) => {
        /// Where a fault can strike.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Point { $($(#[$doc])* $point,)* }

        impl Point {
            /// All of them.
            pub const ALL: &[Point] = &[$(Point::$point),*];

            /// Its name in the variable.
            pub fn name(self) -> &'static str {
                match self { $(Point::$point => $name),* }
            }

            /// What the process is at then.
            pub fn stage(self) -> Stage {
                match self { $(Point::$point => Stage::$stage),* }
            }
        }
    };
}

points! {
    /// A transaction was begun, and no job has run in it.
    TransactionBegun, "transaction-begun", Write;
    /// A job is about to run.
    JobBegins, "job-begins", Write;
    /// The rows of one change are written, its history is not.
    RowsWritten, "rows-written", Write;
    /// So is its history; other changes of the call are not.
    HistoryWritten, "history-written", Write;
    /// All changes are written, and what is derived from them.
    ChangesApplied, "changes-applied", Write;
    /// So is the answer, under the call's key.
    AnswerKept, "answer-kept", Write;
    /// One job of a group is done, others may come.
    JobDone, "job-done", Write;
    /// Nothing is on disk yet.
    BeforeCommit, "before-commit", Write;
    /// All is on disk, and nobody has been told.
    AfterCommit, "after-commit", Write;
    /// One caller of the group has been told, others have not.
    OneTold, "one-told", Write;
    /// The answer is about to leave.
    BeforeAnswer, "before-answer", Write;
    /// Tables are made, and not committed.
    Migrating, "migrating", Opening;
    /// They are committed.
    Migrated, "migrated", Opening;
    /// A backup's file is there, and empty.
    BackupBegun, "backup-begun", TakingOver;
    /// It is whole, and has not got its name.
    BackupCopied, "backup-copied", TakingOver;
    /// It has its name.
    BackupInPlace, "backup-in-place", TakingOver;
    /// The original's tables are gone, ours are empty, nothing is committed.
    ConversionBegun, "conversion-begun", TakingOver;
    /// Every row is converted, nothing is committed.
    Converted, "converted", TakingOver;
    /// The conversion is committed.
    TakenOver, "taken-over", TakingOver;
    /// The last job is done, the log is not folded into the database.
    BeforeCheckpoint, "before-checkpoint", Ending;
    /// It is; the database is not closed.
    AfterCheckpoint, "after-checkpoint", Ending;
}

/// One line of the variable.
struct Fault {
    point: String,
    number: u64,
    kind: Kind,
    passed: AtomicU64,
}

#[derive(Clone, Copy)]
enum Kind {
    Abort,
    Refuse,
    Hold(Duration),
}

/// The process has come to this point.
///
/// # Errors
/// What a disk that fails would make of it, where such a fault is wanted.
pub fn at(point: Point) -> Result<()> {
    if point.stage() == Stage::Write && !WRITING.load(Ordering::SeqCst) {
        return Ok(());
    }
    if point == Point::AnswerKept
        && let Some(gate) = std::env::var_os(GATE)
    {
        stand_still(Path::new(&gate));
    }
    let here = faults().iter().filter(|fault| fault.point == point.name());
    // All of them count, before one of them strikes.
    let struck = here.filter(|fault| fault.passed.fetch_add(1, Ordering::SeqCst) + 1 == fault.number);
    for fault in struck.collect::<Vec<_>>() {
        // For a test that waits for it; a daemon without stderr has nobody to tell.
        let _ = writeln!(std::io::stderr(), "struck at {}", point.name());
        match fault.kind {
            Kind::Abort => std::process::abort(),
            Kind::Hold(time) => std::thread::sleep(time),
            Kind::Refuse => {
                let said = Some("disk I/O error, asked for by a test".to_owned());
                return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR), said).into());
            }
        }
    }
    Ok(())
}

/// The same where nobody could be refused anything any more.
pub fn pass(point: Point) {
    // A test that wants a refusal here sees none, and fails.
    let _ = at(point);
}

/// Waits while the gate is there.
fn stand_still(gate: &Path) {
    let begun = Instant::now();
    while gate.exists() && begun.elapsed() < HELD {
        // Written again and again, so that it cannot fail for good.
        let _ = std::fs::write(gate.with_extension("held"), "");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a tool has been called that writes.
static WRITING: AtomicBool = AtomicBool::new(false);

/// A tool is called that writes.
pub fn a_write_begins() {
    WRITING.store(true, Ordering::SeqCst);
}

/// Every point with its stage, one a line, when that is asked for.
pub fn list() -> Option<String> {
    let wanted = std::env::var(VARIABLE).is_ok_and(|text| text == "list");
    wanted.then(|| Point::ALL.iter().map(|point| format!("{} {:?}\n", point.name(), point.stage())).collect())
}

fn faults() -> &'static [Fault] {
    static FAULTS: OnceLock<Vec<Fault>> = OnceLock::new();
    FAULTS.get_or_init(|| {
        let text = std::env::var(VARIABLE).unwrap_or_default();
        text.split(',').filter_map(parse).collect()
    })
}

fn parse(text: &str) -> Option<Fault> {
    let mut parts = text.splitn(3, ':');
    let (point, number) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
    let kind = match parts.next() {
        None | Some("abort") => Kind::Abort,
        Some("refuse") => Kind::Refuse,
        Some(word) => Kind::Hold(Duration::from_millis(word.strip_prefix("hold=")?.parse().ok()?)),
    };
    Some(Fault { point, number, kind, passed: AtomicU64::new(0) })
}
