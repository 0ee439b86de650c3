//! How quiet the run was: the same work for the processor again and again between the rounds.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::{
    machine,
    samples::{Samples, ms},
};

/// Steps of the fixed work: a few milliseconds of one core.
const STEPS: u64 = 2_000_000;
/// Longest time of one loop of rounds, so that a busy machine gives fewer samples and not a longer run.
const LONGEST: Duration = Duration::from_secs(12);

#[derive(Debug)]
pub(crate) struct Reference {
    times: Samples,
    load_before: Option<f64>,
}

impl Reference {
    pub(crate) fn new() -> Self {
        Self { times: Samples::default(), load_before: machine::load() }
    }

    /// The rounds of a measure: `count` of them, or fewer when time is up. The work is done before every `each`th.
    pub(crate) fn rounds(&mut self, count: usize, each: usize) -> impl Iterator<Item = usize> {
        let begun = Instant::now();
        (0..count).take_while(move |_| begun.elapsed() < LONGEST).inspect(move |round| {
            if round % each == 0 {
                self.repeat();
            }
        })
    }

    /// Does the work once.
    pub(crate) fn repeat(&mut self) {
        let begun = Instant::now();
        let mut state = black_box(1_u64);
        for step in 0..STEPS {
            state = (state ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        }
        black_box(state);
        self.times.add(begun.elapsed());
    }

    /// One sentence on the noise.
    pub(crate) fn verdict(&self) -> String {
        let (median, (_, high)) = (self.times.median(), self.times.spread());
        let over = (high / median - 1.0) * 100.0;
        let word = match over {
            o if o < 10.0 => "quiet",
            o if o < 30.0 => "a little noisy",
            _ => "noisy; the medians are too high rather than too low",
        };
        let load = |load: Option<f64>| load.map_or("unknown".to_owned(), |load| format!("{load:.1}"));
        format!(
            "The run was {word}: a fixed piece of work, repeated {} times between the rounds, took {} at the median and \
             {over:.0} % more at its 90th percentile. Load over the last minute: {} before, {} after.",
            self.times.count(),
            ms(median),
            load(self.load_before),
            load(machine::load()),
        )
    }
}
