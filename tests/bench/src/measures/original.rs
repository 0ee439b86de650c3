//! The same calls on the same items, put to task-orchestrator-py by its own stdio server and to this program, in turns.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{latencies::colour, throughput::race};
use crate::{
    Outcome, bare,
    calls::{Kind, Picks},
    chart::{Line, thousands},
    client::Client,
    machine,
    recipe::Recipe,
    reference::Reference,
    report::{Aim, Report, Table},
    samples::Samples,
    say,
    stores::Store,
    world::{Setup, World},
};

const STARTS: usize = 8;
/// Rounds on the smaller store and on the larger one, where one of theirs takes seconds.
const ROUNDS: [usize; 2] = [30, 5];
/// Rows of one import.
const CHUNK: usize = 5_000;
const LASTS: Duration = Duration::from_secs(3);
/// Servers that start together, and how long all of them may take.
const STARTED: usize = 8;
const UP_WITHIN: Duration = Duration::from_secs(90);
/// How far ahead of it everything should be.
const AHEAD: f64 = 20.0;

/// What was measured beside the original.
pub(crate) struct Original {
    rows: Vec<Beside>,
    /// Their medians by size, for the charts.
    pub(crate) lines: Vec<Line>,
    /// Their creates a second, by the number of agents.
    pub(crate) rates: Vec<(usize, f64)>,
}

/// One figure of both.
struct Beside {
    what: String,
    theirs: Samples,
    ours: Samples,
}

/// Their server's command.
struct Server {
    python: PathBuf,
}

impl Server {
    fn start(&self, world: &World) -> Outcome<Client> {
        let mut command = world.command(&self.python);
        command.args(["-m", "task_orchestrator.server"]);
        Client::start(command)
    }

    fn open(&self, world: &World) -> Outcome<Client> {
        let mut client = self.start(world)?;
        client.initialize()?;
        Ok(client)
    }
}

/// On the smallest and the largest of these stores; with each of these numbers of agents on the latter.
pub(crate) fn measure(
    setup: &Setup,
    python: &Path,
    reference: &mut Reference,
    stores: [&Store; 2],
    agents: &[usize],
) -> Outcome<Original> {
    let python =
        if python.components().count() > 1 { std::path::absolute(python)? } else { python.to_owned() };
    let server = Server { python };
    let mut original = Original { rows: Vec::new(), lines: Vec::new(), rates: Vec::new() };
    say("the original: starts ...");
    original.rows.extend(starts(setup, &server, reference)?);
    let world = setup.world()?;
    let mut client = server.open(&world)?;
    let mut have = 0;
    for (store, rounds) in stores.into_iter().zip(ROUNDS) {
        say(&format!("the original: {} items ...", thousands(store.size as f64)));
        fill(&mut client, have, store.size)?;
        have = store.size;
        let rows = calls(setup, &mut client, reference, store, rounds)?;
        original.add(rows, store.size);
    }
    let kib = machine::memory(client.pid()).map_or(0, |(resident, _)| resident);
    say(&format!("the original: a server holds {} MiB", kib >> 10));
    drop(client);
    for count in agents {
        say(&format!("the original: {count} agents at once ..."));
        original.rates.extend(rate(&server, &world, *count)?.map(|rate| (*count, rate)));
    }
    Ok(original)
}

fn starts(setup: &Setup, server: &Server, reference: &mut Reference) -> Outcome<[Beside; 2]> {
    let (their_world, our_world) = (setup.world()?, setup.world()?);
    let _keeps_the_daemon_up = our_world.session()?;
    let mut start = Beside::new("server's start to `initialize`");
    let mut list = Beside::new("server's start to `tools/list`");
    for _ in reference.rounds(STARTS, 1) {
        for ours in [false, true] {
            let mut client =
                if ours { Client::start(our_world.shim())? } else { server.start(&their_world)? };
            start.of(ours).add(client.initialize()?.since_start);
            list.of(ours).add(client.request("tools/list", json!({}))?.since_start);
        }
    }
    Ok([start, list])
}

/// Their import has no command, and takes the document as text.
fn fill(client: &mut Client, from: usize, to: usize) -> Outcome {
    let recipe = Recipe::of(to);
    let mut at = from;
    while at < to {
        let end = (at + CHUNK).min(to);
        client.call("import_graph", json!({"data_json": recipe.part(at, end).to_string()}))?;
        at = end;
    }
    Ok(())
}

/// Every tool that both have, in turns.
fn calls(
    setup: &Setup,
    theirs: &mut Client,
    reference: &mut Reference,
    store: &Store,
    rounds: usize,
) -> Outcome<Vec<(Kind, Beside)>> {
    let world = setup.world_of(store)?;
    let mut ours = world.session()?;
    let (their_picks, our_picks) = (Picks::of_original(store.size, theirs)?, Picks::of(store.size));
    let what = |kind: Kind| format!("{}, {} items", kind.meaning(), thousands(store.size as f64));
    let mut all: Vec<(Kind, Beside)> =
        Kind::ALL.into_iter().map(|kind| (kind, Beside::new(&what(kind)))).collect();
    for round in reference.rounds(rounds, 5) {
        for (kind, beside) in &mut all {
            if let Some(called) = kind.call(theirs, &their_picks, round)? {
                beside.theirs.add(called.time);
                if let Some(called) = kind.call(&mut ours, &our_picks, round)? {
                    beside.ours.add(called.time);
                }
            }
        }
    }
    all.retain(|(_, beside)| beside.theirs.count() > 0);
    Ok(all)
}

/// Creates a second by so many agents, each with a server of its own on one database, as users run it. A call that is refused,
/// because another server holds the database, counts for none. None: so many servers do not come up in time.
fn rate(server: &Server, world: &World, agents: usize) -> Outcome<Option<f64>> {
    let begun = Instant::now();
    let mut sessions = Vec::new();
    while sessions.len() < agents {
        let few = (0..STARTED.min(agents - sessions.len())).map(|_| server.start(world));
        let mut few = few.collect::<Outcome<Vec<_>>>()?;
        few.iter_mut().try_for_each(|session| session.initialize().map(drop))?;
        sessions.append(&mut few);
        if begun.elapsed() > UP_WITHIN {
            return Ok(None);
        }
    }
    let (rate, _) = race(&mut sessions, LASTS, |session, agent, n| {
        let arguments = bare::create(agent * 10_000 + n);
        Ok(session.call("manage_items", arguments).ok().map(|made| made.time))
    })?;
    Ok(Some(rate))
}

impl Beside {
    fn new(what: &str) -> Self {
        Self { what: what.to_owned(), theirs: Samples::default(), ours: Samples::default() }
    }

    fn of(&mut self, ours: bool) -> &mut Samples {
        if ours { &mut self.ours } else { &mut self.theirs }
    }
}

impl Original {
    fn add(&mut self, rows: Vec<(Kind, Beside)>, size: usize) {
        for (kind, beside) in rows {
            let (name, point) =
                (format!("task-orchestrator-py {}", kind.name()), (size as f64, beside.theirs.median()));
            match self.lines.iter_mut().find(|line| line.name == name) {
                Some(line) => line.points.push(point),
                None => {
                    self.lines.push(Line { name, colour: colour(kind), dashed: true, points: vec![point] })
                }
            }
            self.rows.push(beside);
        }
    }

    pub(crate) fn report(&self, report: &mut Report) {
        let header = ["", "task-orchestrator-py 1.5.1", "here", "ahead"].map(str::to_owned);
        let mut table = Table::new("Beside task-orchestrator-py", header.into());
        table.note = "As its users run it: its own server over stdio, one for each agent. It has no flush in the way of its \
             writes that ours have not: SQLite's default is FULL in both. Its stores hold the same items."
            .to_owned();
        for Beside { what, theirs, ours } in &self.rows {
            let ahead = theirs.median() / ours.median();
            let cell = table.aim(Aim::new(
                &format!("ahead of task-orchestrator-py: {what}"),
                &format!("{ahead:.0} x"),
                "20 x",
                ahead >= AHEAD,
            ));
            table.rows.push(vec![what.clone(), theirs.range(), ours.range(), cell]);
        }
        report.table(table);
    }

    /// Medians of theirs and ours for a figure, in milliseconds.
    pub(crate) fn medians(&self) -> impl Iterator<Item = (&str, f64, f64)> {
        self.rows.iter().map(|row| (row.what.as_str(), row.theirs.median(), row.ours.median()))
    }
}
