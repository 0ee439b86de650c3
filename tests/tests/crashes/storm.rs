//! Daemons and shims that die at random while many of them work. `cargo run -p e2e --example storm` does it for minutes.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use e2e::Storm;

#[test]
fn deaths_at_random_under_load_lose_nothing() {
    let storm = Storm { seed: 20, shims: 12, time: Duration::from_secs(20), calm: (100, 1_500) };
    let report = storm.blow();
    assert!(report.daemons_killed >= 5, "{report:?}");
    assert!(report.shims_killed.load(SeqCst) >= 5, "{report:?}");
    assert!(report.answered.load(SeqCst) >= 100, "{report:?}");
}
