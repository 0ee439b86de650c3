//! Makes the daemon die at a chosen point, for tests of what a crash leaves behind. Part of no release: the feature `faults`
//! compiles it in.

use std::sync::atomic::{AtomicU64, Ordering};

/// `POINT:N`: the process aborts the Nth time that a call comes to that point, as a crash would.
const VARIABLE: &str = "TASK_ORCHESTRATOR_FAULT";

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
