//! What `status` tells of the calls since the start: how many each tool had, how long they took, and which failed last.
//!
//! Recording is on every call's way, so it is a search in a short list and one addition. Times are counted in buckets whose width
//! grows with the time: four to each doubling, so a figure is off by an eighth at most.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use orc_proto::wire::ToolAnswer;
use serde_json::{Map, Value, json};

use crate::{catalog, clock};

/// Buckets to each doubling, as a power of two.
const FINENESS: u32 = 2;
/// Up to nine minutes: longer than any call may take.
const BUCKETS: usize = 112;
/// Failures that are remembered.
const REMEMBERED: usize = 10;
/// Longest text of one, in characters.
const MESSAGE_CHARS: usize = 400;

/// Figures of one daemon.
#[derive(Debug)]
pub(crate) struct Figures {
    tools: Vec<(&'static str, Times)>,
    failures: Mutex<VecDeque<Failure>>,
}

/// A call that failed through no fault of its caller.
#[derive(Debug)]
struct Failure {
    at: String,
    what: String,
    code: &'static str,
    message: String,
}

impl Figures {
    /// Nothing has been called yet.
    pub(crate) fn new() -> Self {
        let tools = catalog::names().map(|name| (name, Times::default())).collect();
        Self { tools, failures: Mutex::default() }
    }

    /// Counts a call. A tool that nobody knows is not counted.
    pub(crate) fn record(&self, tool: &str, took: Duration, answer: &ToolAnswer) {
        if let Some((_, times)) = self.tools.iter().find(|(name, _)| *name == tool) {
            times.record(took);
        }
        if answer.is_error {
            self.record_failure(tool, answer.document.text());
        }
    }

    /// Remembers a refusal that is a fault of ours, or of the disk's.
    fn record_failure(&self, tool: &str, document: &str) {
        // Looked at before it is read: most refusals are answers like others.
        let failed = |code: &&&str| document.starts_with(&format!("{{\"error\":{{\"code\":\"{code}\""));
        let Some(code) = ["INTERNAL", "UNAVAILABLE"].iter().find(failed) else { return };
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        self.remember(tool, code, document["error"]["message"].as_str().unwrap_or_default());
    }

    /// Remembers a failure.
    pub(crate) fn remember(&self, what: &str, code: &'static str, message: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.truncate(REMEMBERED - 1);
        failures.push_front(Failure {
            at: clock::now().text().to_owned(),
            what: orc_core::text::cut(what, 80),
            code,
            message: orc_core::text::cut(message, MESSAGE_CHARS),
        });
    }

    /// The tools that were called, each with its number of calls and its times in milliseconds.
    pub(crate) fn tools(&self) -> Value {
        let called =
            self.tools.iter().filter_map(|(name, times)| Some(((*name).to_owned(), times.summary()?)));
        Value::Object(called.collect::<Map<String, Value>>())
    }

    /// The last failures, newest first.
    pub(crate) fn failures(&self) -> Vec<Value> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |f: &Failure| json!({"at": f.at, "tool": f.what, "code": f.code, "message": f.message});
        failures.iter().map(one).collect()
    }
}

/// How often a call took how long: 448 bytes.
#[derive(Debug)]
struct Times([AtomicU32; BUCKETS]);

impl Default for Times {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU32::new(0)))
    }
}

impl Times {
    fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0[bucket(micros)].fetch_add(1, Ordering::Relaxed);
    }

    /// Calls and times; `None` when there were none.
    fn summary(&self) -> Option<Value> {
        let counts: Vec<u64> = self.0.iter().map(|n| n.load(Ordering::Relaxed).into()).collect();
        let calls: u64 = counts.iter().sum();
        let at = |percent: u64| {
            let rank = (calls * percent).div_ceil(100);
            let mut seen = 0;
            let reached = counts.iter().position(|n| {
                seen += n;
                seen >= rank
            });
            middle(reached.unwrap_or(BUCKETS - 1))
        };
        (calls > 0).then(|| json!({"calls": calls, "p50_ms": at(50), "p95_ms": at(95), "p99_ms": at(99)}))
    }
}

/// Which bucket counts a time.
fn bucket(micros: u64) -> usize {
    let micros = micros.max(1 << FINENESS);
    let doublings = micros.ilog2() - FINENESS;
    let within = (micros >> doublings) & ((1 << FINENESS) - 1);
    // Both are below 256.
    (((u64::from(doublings) << FINENESS) + within) as usize).min(BUCKETS - 1)
}

/// The middle of a bucket, in milliseconds, to the microsecond.
fn middle(bucket: usize) -> f64 {
    let (doublings, within) = (bucket >> FINENESS, bucket & ((1 << FINENESS) - 1));
    let (least, width) = (((1 << FINENESS) + within) << doublings, 1_usize << doublings);
    // Below 2^30, so nothing is lost.
    (least + width / 2) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_counted_within_an_eighth_of_itself() {
        for micros in (4..5_000).chain([123_456, 60_000_000, 299_000_000]) {
            let told = middle(bucket(micros)) * 1_000.0;
            let off = (told - micros as f64).abs() / micros as f64;
            assert!(off <= 0.125, "{micros} µs is told as {told} µs");
        }
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        let buckets: Vec<usize> = (4..100_000).map(bucket).collect();
        assert!(buckets.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
    }

    #[test]
    fn percentiles_are_those_of_the_times() {
        let times = Times::default();
        assert_eq!(times.summary(), None);
        (1..=100).for_each(|ms| times.record(Duration::from_millis(ms)));
        let summary = times.summary().unwrap();
        assert_eq!(summary["calls"], 100);
        for (figure, ms) in [("p50_ms", 50.0), ("p95_ms", 95.0), ("p99_ms", 99.0)] {
            let told = summary[figure].as_f64().unwrap();
            assert!((told - ms).abs() <= ms / 8.0, "{figure} is {told}");
        }
    }

    #[test]
    fn faults_are_remembered_and_refusals_are_not() {
        let figures = Figures::new();
        for number in 0..REMEMBERED + 5 {
            let answer = ToolAnswer::refusal("INTERNAL", &format!("fault {number}"));
            figures.record("get_context", Duration::ZERO, &answer);
        }
        figures.record("get_context", Duration::ZERO, &ToolAnswer::refusal("CONFLICT", "no fault"));
        let failures = figures.failures();
        assert_eq!(failures.len(), REMEMBERED);
        assert_eq!(failures[0]["message"], "fault 14");
        assert_eq!(figures.tools()["get_context"]["calls"], 16);
    }
}
