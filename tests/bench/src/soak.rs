//! A long run: many agents, every tool, sessions that come and go; and whether the daemon is afterwards as it was before.
//!
//! `cargo run --release -p bench -- --soak 1h --agents 50` writes docs/soak.md.

mod agent;
mod calls;
mod page;
mod watch;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    Outcome, items, say,
    world::{Setup, World},
};
use agent::{Agent, Made};
use watch::{Look, Watch};

/// Items that are there before anybody works.
const ITEMS: usize = 2_000;
/// Windows that the page tells apart: of five minutes in an hour's run.
const WINDOWS: u32 = 12;
/// Looks at the daemon over the whole run.
const LOOKS: u32 = 720;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) duration: Duration,
    pub(crate) agents: usize,
    /// Where the page goes; none: nowhere.
    pub(crate) out: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug)]
struct Run {
    plan: Plan,
    made: Made,
    looks: Vec<Look>,
    /// What must not happen, in words.
    faults: Vec<String>,
}

/// Runs it and writes the page.
pub(crate) fn run(setup: &Setup, plan: Plan) -> Outcome {
    let world = Arc::new(setup.world()?);
    let mut first = world.session()?;
    items::fill(&mut first, 0, ITEMS, false)?;
    first.call("manage_workspaces", json!({"operation": "create", "name": "soak", "tags": "soak"}))?;
    drop(first);
    say(&format!("{} agents for {} s ...", plan.agents, plan.duration.as_secs()));
    let run = work(&world, plan)?;
    let page = page::write(&run);
    match &run.plan.out {
        Some(out) => {
            std::fs::write(out, page)?;
            say(&format!("Written to {}", out.display()));
        }
        None => say(&page),
    }
    match run.faults.is_empty() {
        true => Ok(()),
        false => Err(run.faults.join("\n").into()),
    }
}

fn work(world: &Arc<World>, plan: Plan) -> Outcome<Run> {
    let pid = world.daemon_pid()?;
    let (begun, over) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let window = plan.duration / WINDOWS;
    let agents: Vec<_> = (0..plan.agents)
        .map(|number| {
            let (world, over) = (Arc::clone(world), Arc::clone(&over));
            thread::spawn(move || Agent::new(&world, number, begun, window).work(&over))
        })
        .collect();
    let mut watch = Watch::of(pid, &world.database());
    let looked = watch.until(begun, plan.duration, plan.duration / LOOKS, || {
        agents.iter().any(thread::JoinHandle::is_finished)
    });
    over.store(true, Ordering::Relaxed);
    let mut made = Made::default();
    let mut faults = Vec::new();
    for agent in agents {
        match agent.join() {
            Ok(Ok(one)) => made.add(one),
            Ok(Err(why)) => faults.push(format!("an agent could not go on: {why}")),
            Err(_) => faults.push("an agent panicked".to_owned()),
        }
    }
    let looks = looked.unwrap_or_else(|why| {
        faults.push(why.to_string());
        Vec::new()
    });
    let broken =
        made.refusals.iter().filter(|(code, _)| ["INTERNAL", "UNAVAILABLE"].contains(&code.as_str()));
    faults.extend(broken.map(|(code, count)| format!("{count} calls were refused with {code}")));
    if world.daemon_pid().ok() != Some(pid) {
        faults.push("the daemon is another one than at the beginning".to_owned());
    }
    Ok(Run { plan, made, looks, faults })
}
