//! What happened lately, numbered.

use std::collections::{HashSet, VecDeque};

use super::Topic;

/// News kept. Sessions poll again within milliseconds of being woken, so this is far more than one misses.
const KEPT: usize = 4_096;

/// The last news, oldest first.
#[derive(Debug)]
pub(super) struct News {
    /// The number of the newest.
    latest: u64,
    /// Nothing is known of numbers below and at this one.
    forgotten: u64,
    recent: VecDeque<(u64, Topic)>,
}

impl News {
    pub(super) fn new(start: u64) -> Self {
        Self { latest: start, forgotten: start, recent: VecDeque::new() }
    }

    pub(super) fn latest(&self) -> u64 {
        self.latest
    }

    /// Takes in what happened at once, under one number.
    pub(super) fn add(&mut self, topics: Vec<Topic>) {
        self.latest += 1;
        self.recent.extend(topics.into_iter().map(|topic| (self.latest, topic)));
        while self.recent.len() > KEPT {
            if let Some((number, _)) = self.recent.pop_front() {
                self.forgotten = number;
            }
        }
    }

    /// Whether one of `topics` is among what came after the number `after`; yes, when that is no longer known.
    pub(super) fn touched(&self, topics: &HashSet<Topic>, after: u64) -> bool {
        if after < self.forgotten || after > self.latest {
            return true;
        }
        let newer = self.recent.partition_point(|(number, _)| *number <= after);
        self.recent.range(newer..).any(|(_, topic)| topics.contains(topic))
    }
}
