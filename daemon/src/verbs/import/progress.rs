//! How far an import has come, on stderr: a bar for a person, a line now and then for a log.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::verbs::complain;

/// Between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);
const BAR: &str = "{bar:32} {percent} %  {human_pos} of {human_len} rows, {per_sec}, {eta} left  {msg}";

pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    said: Instant,
}

impl Progress {
    /// For so many rows.
    pub(super) fn over(rows: u64) -> Self {
        let bar = ProgressBar::new(rows);
        bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, begun: Instant::now(), said: Instant::now() }
    }

    /// So many rows more have been answered.
    pub(super) fn add(&mut self, rows: u64) {
        self.bar.inc(rows);
        if self.bar.is_hidden() && self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            let (done, all) = (HumanCount(self.rows()), HumanCount(self.bar.length().unwrap_or_default()));
            complain(&format!("{done} of {all} rows, {} a second", HumanCount(self.rate())));
        }
    }

    /// Says what is going on beside the rows.
    pub(super) fn note(&self, what: &'static str) {
        self.bar.set_message(what);
    }

    /// Rows answered so far.
    pub(super) fn rows(&self) -> u64 {
        self.bar.position()
    }

    /// Rows a second since the beginning.
    pub(super) fn rate(&self) -> u64 {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.rows().saturating_mul(1_000) / millis
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
