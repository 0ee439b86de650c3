//! A long run: many agents, every tool, sessions that come and go; and whether the daemon is afterwards as it was before.
//!
//! `cargo run --release -p e2e --example soak` lets 50 agents work for an hour and writes docs/soak.md. `--duration 10m`,
//! `--agents 20`, `--out FILE` (`-`: only shown) ask for something else. It ends with 1 when something failed.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a harness that cannot go on ends the run")]

mod agent;
mod calls;
mod page;
mod times;
mod watch;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use e2e::machine::{TestEnv, binaries};
use serde_json::{Value, json};

use agent::{Agent, Made};
use watch::{Look, Watch};

/// Items that are there before anybody works.
const ITEMS: usize = 2_000;
/// Windows that the page tells apart: of five minutes in an hour's run.
const WINDOWS: u32 = 12;
/// Looks at the daemon over the whole run.
const LOOKS: u32 = 720;

const USAGE: &str = "soak [--duration 90s|10m|1h] [--agents COUNT] [--out FILE]";

/// What is asked for.
#[derive(Debug, Clone)]
struct Plan {
    duration: Duration,
    agents: usize,
    /// Where the page goes; none: it is only shown.
    out: Option<PathBuf>,
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

fn main() -> ExitCode {
    let Some(plan) = Plan::read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    binaries();
    eprintln!("{} agents for {} s ...", plan.agents, plan.duration.as_secs());
    let run = work(plan);
    let page = page::write(&run);
    match &run.plan.out {
        Some(out) => std::fs::write(out, page).expect("the page is written"),
        None => eprintln!("{page}"),
    }
    run.faults.iter().for_each(|fault| eprintln!("{fault}"));
    ExitCode::from(u8::from(!run.faults.is_empty()))
}

fn work(plan: Plan) -> Run {
    let env = Arc::new(TestEnv::new());
    fill(&env);
    let pid = env.daemon_pid();
    let (begun, over) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let window = plan.duration / WINDOWS;
    let agents: Vec<_> = (0..plan.agents)
        .map(|number| {
            let (env, over) = (Arc::clone(&env), Arc::clone(&over));
            thread::spawn(move || Agent::new(&env, number, begun, window).work(&over))
        })
        .collect();
    let watch = Watch::of(pid, &env.database());
    let looks = watch.until(begun, plan.duration, plan.duration / LOOKS, || {
        agents.iter().any(thread::JoinHandle::is_finished)
    });
    over.store(true, Ordering::Relaxed);
    let (mut made, mut faults) = (Made::default(), Vec::new());
    for agent in agents {
        match agent.join() {
            Ok(one) => made.add(one),
            Err(_) => faults.push("an agent could not go on; what it met is above".to_owned()),
        }
    }
    if looks.is_empty() {
        faults.push("the daemon could not be looked at, or is gone".to_owned());
    }
    let broken =
        made.refusals.iter().filter(|(code, _)| ["INTERNAL", "UNAVAILABLE"].contains(&code.as_str()));
    faults.extend(broken.map(|(code, count)| format!("{count} calls were refused with {code}")));
    if env.status()["pid"] != pid {
        faults.push("the daemon is another one than at the beginning".to_owned());
    }
    Run { plan, made, looks, faults }
}

/// A store as it is after some weeks.
fn fill(env: &TestEnv) {
    let mut first = env.client();
    let status =
        |n: usize| ["queue", "work", "review", "done", "blocked", "queue", "archived", "queue"][n % 8];
    let item = |n: usize| {
        json!({
            "id": calls::shared(n), "title": format!("Write chapter {n} of the handbook"), "status": status(n),
            "description": "What the chapter is about, who reads it and where its figures come from. ".repeat(3),
            "tags": format!("book,part{}", n % 50), "created_at": "2024-01-01T00:00:00+00:00",
        })
    };
    let items: Vec<Value> = (0..ITEMS).map(item).collect();
    let (filled, refused) = first.call("import_graph", json!({"data": {"items": items}}));
    assert!(!refused, "{filled}");
    let (made, refused) =
        first.call("manage_workspaces", json!({"operation": "create", "name": "soak", "tags": "soak"}));
    assert!(!refused, "{made}");
}

impl Plan {
    /// The command line; `None` for one that makes no sense.
    fn read(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let page = e2e::workspace_root().join("docs/soak.md");
        let mut plan = Self { duration: Duration::from_secs(3_600), agents: 50, out: Some(page) };
        while let Some(word) = words.next() {
            let value = words.next()?;
            match word.as_str() {
                "--duration" => plan.duration = duration(&value)?,
                "--agents" => plan.agents = value.parse().ok().filter(|agents| *agents > 0)?,
                "--out" => plan.out = Some(PathBuf::from(value)).filter(|out| out.as_os_str() != "-"),
                _ => return None,
            }
        }
        Some(plan)
    }
}

/// `90s`, `10m`, `1h`; none is shorter than 10 s.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .filter(|time| time.as_secs() >= 10)
}
