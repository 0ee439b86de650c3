//! One agent: sessions one after the other, calls with pauses in between, and what it has seen.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use e2e::machine::{McpClient, TestEnv};

use crate::{
    calls::{self, Dice},
    times::Times,
};

/// Items of its own that an agent keeps; older ones it deletes, so that the store stays as large as it is.
const KEPT: usize = 30;
/// Shortest and longest pause between two calls, in milliseconds.
const PAUSE: (u64, u64) = (200, 600);
/// Fewest and most calls of one session.
const CALLS: (u64, u64) = (40, 160);

pub(crate) struct Agent<'e> {
    env: &'e TestEnv,
    number: usize,
    dice: Dice,
    mine: VecDeque<String>,
    begun: Instant,
    window: Duration,
    made: Made,
}

/// What agents did.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) by_tool: BTreeMap<&'static str, Times>,
    /// Of every tool but the one that waits.
    pub(crate) by_window: BTreeMap<u32, Times>,
    /// By their code.
    pub(crate) refusals: BTreeMap<String, usize>,
    pub(crate) sessions: usize,
}

impl Made {
    pub(crate) fn add(&mut self, other: Self) {
        for (tool, samples) in other.by_tool {
            self.by_tool.entry(tool).or_default().add_all(samples);
        }
        for (window, samples) in other.by_window {
            self.by_window.entry(window).or_default().add_all(samples);
        }
        for (code, count) in other.refusals {
            *self.refusals.entry(code).or_default() += count;
        }
        self.sessions += other.sessions;
    }

    pub(crate) fn calls(&self) -> usize {
        self.by_tool.values().map(Times::count).sum()
    }
}

impl<'e> Agent<'e> {
    pub(crate) fn new(env: &'e TestEnv, number: usize, begun: Instant, window: Duration) -> Self {
        let (dice, mine, made) = (Dice::of(number), VecDeque::new(), Made::default());
        Self { env, number, dice, mine, begun, window, made }
    }

    /// Session after session, until it is over.
    ///
    /// # Panics
    /// When the daemon or a shim does not answer.
    pub(crate) fn work(mut self, over: &AtomicBool) -> Made {
        while !over.load(Ordering::Relaxed) {
            let mut session = self.env.client();
            self.made.sessions += 1;
            for _ in 0..self.dice.roll(CALLS.1 - CALLS.0) + CALLS.0 {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                // What an agent does between two calls.
                thread::sleep(Duration::from_millis(self.dice.roll(PAUSE.1 - PAUSE.0) + PAUSE.0));
                self.one(&mut session);
            }
            // Every fourth ends as a crash ends it: when it is dropped.
            if self.dice.roll(4) > 0 {
                session.close();
            }
        }
        self.made
    }

    fn one(&mut self, session: &mut McpClient) {
        let delete = self.mine.len() > KEPT;
        let (tool, arguments) = match delete.then(|| self.mine.pop_front()).flatten() {
            Some(oldest) => {
                let call =
                    json!({"operation": "delete", "item_id": oldest, "recursive": true, "force": true});
                ("manage_items", call)
            }
            None => calls::next(&mut self.dice, self.mine.make_contiguous(), self.number),
        };
        let asked = Instant::now();
        let answer = session.request("tools/call", json!({"name": tool, "arguments": arguments}));
        let time = asked.elapsed();
        self.made.by_tool.entry(tool).or_default().add(time);
        if tool != "wait_for" {
            let window = self.begun.elapsed().as_millis() / self.window.as_millis().max(1);
            let window = u32::try_from(window).unwrap_or(u32::MAX);
            self.made.by_window.entry(window).or_default().add(time);
        }
        let (answer, refused) = McpClient::document(&answer);
        if refused {
            let code = answer["error"]["code"].as_str().unwrap_or_default().to_owned();
            *self.made.refusals.entry(code).or_default() += 1;
        } else if arguments["operation"] == "create" || tool == "create_work_tree" {
            let row = if tool == "create_work_tree" { &answer["root"] } else { &answer };
            self.mine.extend(row["id"].as_str().map(str::to_owned));
        }
    }
}
