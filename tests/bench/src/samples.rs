//! Times of one thing, and what to say of them.

use std::time::Duration;

/// Milliseconds, in the order in which they were taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1_000.0);
    }

    pub(crate) fn add_all(&mut self, other: Samples) {
        self.0.extend(other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// The 10th and the 90th percentile.
    pub(crate) fn spread(&self) -> (f64, f64) {
        (self.at(0.1), self.at(0.9))
    }

    /// The median and the spread, in a cell.
    pub(crate) fn range(&self) -> String {
        if self.0.is_empty() {
            return "-".to_owned();
        }
        let (low, high) = self.spread();
        format!("{} ({} to {})", ms(self.median()), ms(low), ms(high))
    }

    fn at(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a short list"
        )]
        let place = ((sorted.len().saturating_sub(1)) as f64 * part).round() as usize;
        sorted.get(place).copied().unwrap_or(f64::NAN)
    }
}

/// Milliseconds with as many digits as mean something.
pub(crate) fn ms(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0} ms"),
        v if v >= 1.0 => format!("{v:.1} ms"),
        v => format!("{:.0} µs", v * 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_tenths() {
        let mut samples = Samples::default();
        (0..=100).rev().for_each(|n| samples.add(Duration::from_millis(n)));
        assert_eq!((samples.median(), samples.spread()), (50.0, (10.0, 90.0)));
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn times_are_written_as_they_are_read() {
        assert_eq!([ms(0.0123), ms(1.234), ms(150.4)], ["12 µs", "1.2 ms", "150 ms"]);
    }
}
