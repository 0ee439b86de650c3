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
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
