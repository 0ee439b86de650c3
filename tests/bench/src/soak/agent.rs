//! One agent: sessions one after the other, calls with pauses in between, and what it has seen.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::calls::{self, Dice};
use crate::{Outcome, client::Client, samples::Samples, world::World};

/// Items of its own that an agent keeps; older ones it deletes, so that the store stays as large as it is.
const KEPT: usize = 30;
/// Shortest and longest pause between two calls, in milliseconds.
const PAUSE: (u64, u64) = (200, 600);
/// Fewest and most calls of one session.
const CALLS: (u64, u64) = (40, 160);

pub(super) struct Agent<'w> {
    world: &'w World,
    number: usize,
    dice: Dice,
    mine: VecDeque<String>,
    begun: Instant,
    window: Duration,
    made: Made,
}

/// What agents did.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) by_tool: BTreeMap<&'static str, Samples>,
    /// Of every tool but the one that waits.
    pub(super) by_window: BTreeMap<u32, Samples>,
    /// By their code.
    pub(super) refusals: BTreeMap<String, usize>,
    pub(super) sessions: usize,
}

impl Made {
    pub(super) fn add(&mut self, other: Self) {
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

    pub(super) fn calls(&self) -> usize {
        self.by_tool.values().map(Samples::count).sum()
    }
}

impl<'w> Agent<'w> {
    pub(super) fn new(world: &'w World, number: usize, begun: Instant, window: Duration) -> Self {
        let (dice, mine, made) = (Dice::of(number), VecDeque::new(), Made::default());
        Self { world, number, dice, mine, begun, window, made }
    }

    /// Session after session, until it is over.
    pub(super) fn work(mut self, over: &AtomicBool) -> Outcome<Made> {
        while !over.load(Ordering::Relaxed) {
            let mut session = self.world.session()?;
            self.made.sessions += 1;
            for _ in 0..self.dice.roll(CALLS.1 - CALLS.0) + CALLS.0 {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                thread::sleep(Duration::from_millis(self.dice.roll(PAUSE.1 - PAUSE.0) + PAUSE.0));
                self.one(&mut session)?;
            }
            // Every fourth ends as a crash ends it; the others close their stdin.
            if self.dice.roll(4) == 0 {
                session.kill();
            }
        }
        Ok(self.made)
    }

    fn one(&mut self, session: &mut Client) -> Outcome {
        let delete = self.mine.len() > KEPT;
        let (tool, arguments) = match delete.then(|| self.mine.pop_front()).flatten() {
            Some(oldest) => (
                "manage_items",
                json!({"operation": "delete", "item_id": oldest, "recursive": true, "force": true}),
            ),
            None => calls::next(&mut self.dice, self.mine.make_contiguous(), self.number),
        };
        let timed = session.request("tools/call", json!({"name": tool, "arguments": arguments}))?;
        self.made.by_tool.entry(tool).or_default().add(timed.time);
        if tool != "wait_for" {
            let window = self.begun.elapsed().as_millis() / self.window.as_millis().max(1);
            self.made.by_window.entry(u32::try_from(window)?).or_default().add(timed.time);
        }
        let text = timed.result["content"][0]["text"].as_str().unwrap_or_default();
        let answer: Value = serde_json::from_str(text)?;
        if let Some(code) = answer["error"]["code"].as_str() {
            *self.made.refusals.entry(code.to_owned()).or_default() += 1;
        } else if arguments["operation"] == "create" || tool == "create_work_tree" {
            let row = if tool == "create_work_tree" { &answer["root"] } else { &answer };
            self.mine.extend(row["id"].as_str().map(str::to_owned));
        }
        Ok(())
    }
}
