//! Times of calls, and what to say of them.

use std::time::Duration;

/// Milliseconds, in the order in which they were taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1_000.0);
    }

    pub(crate) fn add_all(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// How many there are, and within what time the half of them, 90 %, 99 % and all were answered: cells of a table.
    pub(crate) fn cells(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |part: usize| {
            let place = sorted.len().saturating_sub(1) * part / 100;
            sorted.get(place).map_or_else(String::new, |time| ms(*time))
        };
        format!("{} | {} | {} | {} | {}", sorted.len(), at(50), at(90), at(99), at(100))
    }
}

/// Milliseconds with as many digits as mean something.
fn ms(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0} ms"),
        v if v >= 1.0 => format!("{v:.1} ms"),
        v => format!("{:.0} µs", v * 1_000.0),
    }
}
