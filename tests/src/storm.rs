//! Many real shims that write, while the daemon is killed again and again at random, and shims in the middle of calls. After
//! each death the database is held against all that was answered so far.
//!
//! The seed says who does what and when somebody is struck; what the system's scheduler makes of it differs each time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    answer::Answer,
    client::McpClient,
    env::TestEnv,
    evidence::Evidence,
    journal::{Deed, Journal, Outcome},
};

/// How hard it blows.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Where chance begins.
    pub seed: u64,
    /// How many shims write at once.
    pub shims: u64,
    /// For how long.
    pub time: Duration,
    /// Between two deaths of the daemon, at least and at most, in milliseconds.
    pub calm: (u64, u64),
}

/// What happened in it.
#[derive(Debug, Default)]
pub struct Report {
    /// Daemons that were killed.
    pub daemons_killed: u64,
    /// Shims that were killed in the middle of a call.
    pub shims_killed: AtomicU64,
    /// Calls that were answered.
    pub answered: AtomicU64,
    /// Calls that were refused.
    pub refused: AtomicU64,
    /// Calls of which their caller does not know.
    pub unknown: AtomicU64,
    /// Calls that were made again after their shim had died, and answered then.
    pub repeated: AtomicU64,
    /// How long the longest call took, in milliseconds.
    pub longest_ms: AtomicU64,
    /// How often the database was looked at.
    pub looks: u64,
    /// Rows of the history in the end.
    pub history: i64,
}

impl Storm {
    /// Lets it blow in a world of its own.
    ///
    /// # Panics
    /// When something is lost, doubled, half done or damaged, a call gets no answer, or a daemon panics.
    pub fn blow(self) -> Report {
        let env = TestEnv::new();
        let common = env.full().item("common");
        let (journal, over) = (Journal::default(), Arc::new(AtomicBool::new(false)));
        let mut report = Report::default();
        let (mut killed, mut looks) = (0, 0);
        std::thread::scope(|scope| {
            let agents: Vec<_> = (0..self.shims)
                .map(|number| {
                    let (env, journal, over, report) = (&env, &journal, &over, &report);
                    let chance = Chance(self.seed.wrapping_mul(1_000_003).wrapping_add(number));
                    let common = common.clone();
                    scope.spawn(move || {
                        // A failed agent ends the storm: the others would go on for its whole time.
                        let _end = EndsTheStorm(over);
                        Agent::new(env, number, chance, common, journal, report).work(over);
                    })
                })
                .collect();
            let mut chance = Chance(self.seed);
            let begun = Instant::now();
            while begun.elapsed() < self.time && !over.load(SeqCst) {
                // The moments of death are the test's input, not something it waits for.
                std::thread::sleep(Duration::from_millis(chance.between(self.calm.0, self.calm.1)));
                killed += env.daemon_pids().len() as u64;
                env.kill_daemon();
                let answered = journal.so_far();
                Evidence::of(&env.database()).bears_out(&answered);
                looks += 1;
            }
            over.store(true, SeqCst);
            for agent in agents {
                if let Err(panic) = agent.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
        env.kill_daemon();
        let evidence = Evidence::of(&env.database());
        evidence.bears_out(&journal.so_far());
        (report.daemons_killed, report.looks, report.history) = (killed, looks + 1, evidence.history());
        let log = env.daemon_log();
        assert!(!log.contains("panicked"), "a daemon panicked:\n{log}");
        report
    }
}

struct EndsTheStorm<'a>(&'a AtomicBool);

impl Drop for EndsTheStorm<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// One client with its shim.
struct Agent<'a> {
    env: &'a TestEnv,
    name: String,
    client: McpClient,
    chance: Chance,
    journal: &'a Journal,
    report: &'a Report,
    /// An item that everybody writes notes on.
    common: String,
    /// Items of its own that can be started, and completed.
    queued: Vec<String>,
    started: Vec<String>,
    calls: u64,
}

impl<'a> Agent<'a> {
    fn new(
        env: &'a TestEnv,
        number: u64,
        chance: Chance,
        common: String,
        journal: &'a Journal,
        report: &'a Report,
    ) -> Self {
        let name = format!("agent{number}");
        let client = env.client().agent(&name).responses("full").connect();
        let (queued, started) = (Vec::new(), Vec::new());
        Self { env, name, client, chance, journal, report, common, queued, started, calls: 0 }
    }

    fn work(mut self, over: &AtomicBool) {
        while !over.load(SeqCst) {
            let deed = self.next_deed();
            self.calls += 1;
            let mark = format!("{}-{}", self.name, self.calls);
            let number = self.journal.begin(&mark, &deed);
            let begun = Instant::now();
            let answer = self.perform(&deed, &mark);
            let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.report.longest_ms.fetch_max(took, SeqCst);
            self.journal.end(number, self.judge(&deed, answer));
        }
    }

    fn next_deed(&mut self) -> Deed {
        match self.chance.between(0, 9) {
            0..=1 => Deed::Note(self.common.clone()),
            2 => Deed::Batch(1 + i64::try_from(self.chance.between(0, 20)).unwrap_or(0)),
            3..=5 if !self.queued.is_empty() => Deed::Start(self.queued.remove(0)),
            6..=7 if !self.started.is_empty() => Deed::Complete(self.started.remove(0)),
            _ => Deed::Tree,
        }
    }

    /// Makes the call. `None`: its shim died, and nobody asked again.
    fn perform(&mut self, deed: &Deed, mark: &str) -> Option<Answer> {
        let (tool, arguments) = deed.call(mark);
        let params = json!({"name": tool, "arguments": arguments});
        let mut id = self.client.send("tools/call", params.clone());
        if self.chance.between(0, 24) == 0 {
            std::thread::sleep(Duration::from_micros(self.chance.between(0, 3_000)));
            let fresh = self.env.client().agent(&self.name).responses("full").connect();
            std::mem::replace(&mut self.client, fresh).kill();
            self.report.shims_killed.fetch_add(1, SeqCst);
            if self.chance.between(0, 1) == 0 {
                return None;
            }
            id = self.client.send("tools/call", params);
            self.report.repeated.fetch_add(1, SeqCst);
        }
        let answer = self.client.receive(id);
        assert!(answer.get("error").is_none(), "{mark}: wanted a tool's answer, got {answer}");
        Some(Answer::read(answer["result"].clone()))
    }

    fn judge(&mut self, deed: &Deed, answer: Option<Answer>) -> Outcome {
        let Some(answer) = answer else {
            self.report.unknown.fetch_add(1, SeqCst);
            return Outcome::Unknown;
        };
        if !answer.is_error {
            self.report.answered.fetch_add(1, SeqCst);
            match deed {
                Deed::Tree => self.queued.extend(answer.doc["ref_map"]["a"].as_str().map(str::to_owned)),
                Deed::Start(item) => self.started.push(item.clone()),
                _ => {}
            }
            return Outcome::Answered;
        }
        match answer.doc["error"]["code"].as_str() {
            Some("UNAVAILABLE") => {
                self.report.unknown.fetch_add(1, SeqCst);
                Outcome::Unknown
            }
            // Its claim may still be with the session of the shim that died.
            Some("CONFLICT") if matches!(deed, Deed::Complete(_)) => {
                self.report.refused.fetch_add(1, SeqCst);
                Outcome::Refused
            }
            _ => panic!("{deed:?} was refused: {}", Value::to_string(&answer.doc)),
        }
    }
}

/// A source of numbers that a seed decides (splitmix64).
struct Chance(u64);

impl Chance {
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        least + (z ^ (z >> 31)) % (most - least + 1)
    }
}
