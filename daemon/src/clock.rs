//! The present moment: the one place where it is read.

use std::time::{SystemTime, UNIX_EPOCH};

use orc_core::time::Stamp;

/// Now, to the microsecond.
pub(crate) fn now() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
