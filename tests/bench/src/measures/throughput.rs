//! Several agents, each with a shim of its own, creating items as fast as they are answered.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    Outcome, client::Client, reference::Reference, report::Row, samples::Samples, say, world::Setup,
};

const AGENTS: [usize; 3] = [1, 8, 32];
const ROUNDS: usize = 3;
const LASTS: Duration = Duration::from_millis(1_500);

pub(crate) fn measure(setup: &Setup, reference: &mut Reference) -> Outcome<Vec<Row>> {
    let world = setup.world()?;
    let _keeps_the_daemon_up = world.session()?;
    let mut rates: [Vec<f64>; 3] = Default::default();
    let mut waits: [Samples; 3] = Default::default();
    for round in 1..=ROUNDS {
        say(&format!("agents at once, round {round} of {ROUNDS} ..."));
        for (place, agents) in AGENTS.into_iter().enumerate() {
            reference.repeat();
            let sessions = (0..agents).map(|_| world.session()).collect::<Outcome<Vec<_>>>()?;
            let (rate, times) = race(sessions)?;
            rates[place].push(rate);
            waits[place].add_all(times);
        }
    }
    let mut rows = Vec::new();
    let middle = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let one = middle(&mut rates[0]);
    for (place, agents) in AGENTS.into_iter().enumerate() {
        let rate = middle(&mut rates[place]);
        let agents = if agents == 1 { "1 agent".to_owned() } else { format!("{agents} agents") };
        rows.push(
            Row::time(&format!("{agents}: {rate:.0} items a second; one create"), &waits[place])
                .beside("the rate of 1 agent", rate / one),
        );
    }
    Ok(rows)
}

/// Everyone creates until the time is over; items a second, and how long each create took.
fn race(sessions: Vec<Client>) -> Outcome<(f64, Samples)> {
    let line = Barrier::new(sessions.len());
    let ran: Vec<Outcome<(Samples, Client)>> = thread::scope(|scope| {
        let agents: Vec<_> = sessions
            .into_iter()
            .map(|mut session| {
                let line = &line;
                scope.spawn(move || {
                    line.wait();
                    let (begun, mut times) = (Instant::now(), Samples::default());
                    while begun.elapsed() < LASTS {
                        let arguments = json!({"operation": "create", "title": "Write a chapter"});
                        times.add(session.call("manage_items", arguments)?.time);
                    }
                    Ok((times, session))
                })
            })
            .collect();
        agents
            .into_iter()
            .map(|agent| agent.join().unwrap_or_else(|_| Err("an agent panicked".into())))
            .collect()
    });
    let mut all = Samples::default();
    for agent in ran {
        all.add_all(agent?.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
    let rate = all.count() as f64 / LASTS.as_secs_f64();
    Ok((rate, all))
}
