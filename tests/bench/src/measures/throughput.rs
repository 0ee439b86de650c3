//! Several agents, each with a shim of its own, calling as fast as they are answered: creates, echoes, and SQLite alone with as
//! many creates in each commit as there are agents.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    Outcome,
    bare::{self, Bare},
    chart::{Chart, Line, Unit, thousands},
    client::Client,
    reference::Reference,
    report::{Aim, Report, Table},
    samples::Samples,
    say,
    stores::Store,
    world::Setup,
};

pub(crate) const AGENTS: [usize; 4] = [1, 8, 32, 128];
const ROUNDS: usize = 3;
const LASTS: Duration = Duration::from_millis(1_200);
/// With so many agents, this share of the smaller of both limits is wanted.
const JUDGED: usize = 32;
const SHARE: f64 = 0.5;

/// What so many agents reached: rates of the rounds, in calls a second.
#[derive(Debug, Default)]
struct Count {
    agents: usize,
    writes: Vec<f64>,
    echoes: Vec<f64>,
    bare: Vec<f64>,
    waits: Samples,
}

/// For every number of agents.
pub(crate) struct Throughput(Vec<Count>);

pub(crate) fn measure(setup: &Setup, reference: &mut Reference, store: &Store) -> Outcome<Throughput> {
    let world = setup.world_of(store)?;
    let mut bare = Bare::beside(&world)?;
    let _keeps_the_daemon_up = world.session()?;
    let open = |agents: usize| (0..agents).map(|_| world.session()).collect::<Outcome<Vec<_>>>();
    let mut sessions = AGENTS.into_iter().map(open).collect::<Outcome<Vec<_>>>()?;
    let mut counts = AGENTS.map(|agents| Count { agents, ..Count::default() });
    for round in 1..=ROUNDS {
        say(&format!("agents at once, round {round} of {ROUNDS} ..."));
        for (count, sessions) in counts.iter_mut().zip(&mut sessions) {
            reference.repeat();
            let (rate, times) = race(sessions, LASTS, |session, _, n| {
                Ok(Some(session.call("manage_items", bare::create(n))?.time))
            })?;
            count.writes.push(rate);
            count.waits.add_all(times);
            let (rate, _) = race(sessions, LASTS, |session, _, n| {
                Ok(Some(session.call("echo", json!({"value": {"n": n}}))?.time))
            })?;
            count.echoes.push(rate);
            count.bare.push(commits(&mut bare, count.agents)?);
        }
    }
    Ok(Throughput(counts.into()))
}

/// Everyone makes the call until the time is over: calls a second, and how long each took. None: a call that counts for none.
pub(crate) fn race(
    sessions: &mut [Client],
    lasts: Duration,
    call: impl Fn(&mut Client, usize, usize) -> Outcome<Option<Duration>> + Sync,
) -> Outcome<(f64, Samples)> {
    let (line, call) = (&Barrier::new(sessions.len()), &call);
    let run = |agent: usize, session: &mut Client| {
        line.wait();
        let (begun, mut times, mut made) = (Instant::now(), Samples::default(), 0);
        while begun.elapsed() < lasts {
            if let Some(time) = call(session, agent, made)? {
                times.add(time);
            }
            made += 1;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((times, begun.elapsed()))
    };
    let run = &run;
    let ran: Vec<Outcome<(Samples, Duration)>> = thread::scope(|scope| {
        let agents: Vec<_> = sessions
            .iter_mut()
            .enumerate()
            .map(|(agent, session)| scope.spawn(move || run(agent, session)))
            .collect();
        let joined =
            agents.into_iter().map(|agent| agent.join().unwrap_or_else(|_| Err("an agent panicked".into())));
        joined.collect()
    });
    let (mut all, mut longest) = (Samples::default(), lasts);
    for ran in ran {
        let (times, took) = ran?;
        all.add_all(times);
        longest = longest.max(took);
    }
    Ok((all.count() as f64 / longest.as_secs_f64(), all))
}

/// Creates a second that SQLite reaches alone, so many in each commit.
fn commits(bare: &mut Bare, creates: usize) -> Outcome<f64> {
    let (begun, mut made) = (Instant::now(), 0);
    while begun.elapsed() < LASTS / 2 {
        bare.commit(creates)?;
        made += creates;
    }
    Ok(made as f64 / begun.elapsed().as_secs_f64())
}

fn middle(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Throughput {
    /// The table and the chart. `theirs`: rates of the original, for the numbers of agents it was run with.
    pub(crate) fn report(&self, report: &mut Report, theirs: &[(usize, f64)]) -> Outcome {
        let header = [
            "agents",
            "creates a second",
            "one create",
            "the floor of the path: echoes a second",
            "the limit: bare SQLite, creates a second",
            "of the smaller",
            "task-orchestrator-py",
        ];
        let mut table = Table::new("Agents at once", header.map(str::to_owned).into());
        table.note = "All call as fast as they are answered, on a store of 100,000 items. Bare SQLite writes the rows of as many creates in each \
             commit as there are agents: the largest group that the daemon can form of them. The clients share the cores with the \
             daemon. Of the original, \"-\": it was not run, or so many of its servers did not come up within 90 s."
            .to_owned();
        for count in &self.0 {
            let (writes, echoes, bare) = (middle(&count.writes), middle(&count.echoes), middle(&count.bare));
            let share = writes / echoes.min(bare);
            let cell = format!("{:.0} %", share * 100.0);
            let share = match count.agents {
                JUDGED => {
                    let what = format!(
                        "{JUDGED} agents' writes, of the smaller of SQLite's batch limit and the echo's rate"
                    );
                    table.aim(Aim::new(&what, &cell, "50 %", share >= SHARE))
                }
                _ => cell,
            };
            let original = theirs.iter().find(|(agents, _)| *agents == count.agents);
            table.rows.push(vec![
                count.agents.to_string(),
                thousands(writes),
                count.waits.range(),
                thousands(echoes),
                thousands(bare),
                share,
                original.map_or("-".to_owned(), |(_, rate)| format!("{rate:.1} ({:.0} x)", writes / rate)),
            ]);
        }
        report.draw("agents", &self.chart(theirs))?;
        report.table(table);
        Ok(())
    }

    fn chart(&self, theirs: &[(usize, f64)]) -> Chart {
        let line = |name: &str, colour, dashed, of: fn(&Count) -> f64| Line {
            name: name.to_owned(),
            colour,
            dashed,
            points: self.0.iter().map(|count| (count.agents as f64, of(count))).collect(),
        };
        let mut lines = vec![
            line("echo: the floor of the path", 0, true, |count| middle(&count.echoes)),
            line("bare SQLite: the limit", 7, true, |count| middle(&count.bare)),
            line("create", 1, false, |count| middle(&count.writes)),
        ];
        let points: Vec<(f64, f64)> = theirs.iter().map(|(agents, rate)| (*agents as f64, *rate)).collect();
        if !points.is_empty() {
            lines.push(Line {
                name: "task-orchestrator-py create".to_owned(),
                colour: 4,
                dashed: true,
                points,
            });
        }
        let places = self.0.iter().map(|count| count.agents as f64).collect();
        Chart {
            title: "Calls a second, 100,000 items",
            below: "agents at once",
            places,
            unit: Unit::Rate,
            lines,
        }
    }

    /// Creates a second with so many agents, for the short table.
    pub(crate) fn rate(&self, agents: usize) -> f64 {
        self.0.iter().find(|count| count.agents == agents).map_or(f64::NAN, |count| middle(&count.writes))
    }
}
