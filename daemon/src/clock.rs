//! The present moment: the one place where it is read.

use std::time::{SystemTime, UNIX_EPOCH};

use orc_core::time::Stamp;

/// Now, to the microsecond.
pub(crate) fn now() -> Stamp {
    Stamp::from_micros(micros())
}

/// Now, in microseconds since 1970, for comparing only: it costs less than a [`Stamp`].
pub(crate) fn micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    #[cfg(feature = "faults")]
    let micros = micros.saturating_add(set_by_a_test());
    micros
}

/// By how many microseconds a test has set the clock: the seconds in the file that `TASK_ORCHESTRATOR_CLOCK` names, read anew
/// each time.
#[cfg(feature = "faults")]
fn set_by_a_test() -> i64 {
    let file = std::env::var_os("TASK_ORCHESTRATOR_CLOCK");
    let text = file.and_then(|file| std::fs::read_to_string(file).ok());
    text.and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(0).saturating_mul(1_000_000)
}
