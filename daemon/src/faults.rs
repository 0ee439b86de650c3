//! Makes the daemon die, or a call stand still, at a chosen point: for tests of what a crash or a change of mind leaves behind.
//! Part of no release: the feature `faults` compiles it in.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// `POINT:N`: the process aborts the Nth time that a call comes to that point, as a crash would.
const VARIABLE: &str = "TASK_ORCHESTRATOR_FAULT";
/// A path: while a file is there, a call that has written stands still before its commit. `PATH.held` says that one does.
const GATE: &str = "TASK_ORCHESTRATOR_FAULT_GATE";
/// Longest that a call stands still, for tests that forget it.
const HELD: Duration = Duration::from_secs(60);

/// Where a call can be struck.
#[derive(Clone, Copy)]
pub(crate) enum Point {
    /// It has written, and nothing is on disk.
    BeforeCommit,
    /// It is on disk, and nobody has been told.
    AfterCommit,
}

/// A call has come to this point.
pub(crate) fn at(point: Point) {
    if matches!(point, Point::BeforeCommit)
        && let Some(gate) = std::env::var_os(GATE)
    {
        stand_still(&PathBuf::from(gate));
    }
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let word = match point {
        Point::BeforeCommit => "before-commit",
        Point::AfterCommit => "after-commit",
    };
    let wanted = std::env::var(VARIABLE).unwrap_or_default();
    let Some((_, number)) = wanted.split_once(':').filter(|(name, _)| *name == word) else { return };
    let passed = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if number.parse() == Ok(passed) {
        std::process::abort();
    }
}

/// Waits while the gate is there.
fn stand_still(gate: &std::path::Path) {
    let begun = Instant::now();
    while gate.exists() && begun.elapsed() < HELD {
        // Written again and again, so that it cannot fail for good.
        let _ = std::fs::write(gate.with_extension("held"), "");
        std::thread::sleep(Duration::from_millis(2));
    }
}
