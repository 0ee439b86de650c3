//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// How long anything may take before a test fails: far longer than it ever takes, as machines can be busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Asks again and again until `look` finds something; past the deadline panics with `what` and the last thing seen.
///
/// # Panics
/// When the deadline passes.
#[track_caller]
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => {
                assert!(begun.elapsed() < DEADLINE, "waited {DEADLINE:?} for: {what}\nlast seen: {seen}");
            }
        }
        // The pause between two looks; what ends the wait is the look.
        std::thread::sleep(Duration::from_millis(10));
    }
}
