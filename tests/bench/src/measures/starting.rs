//! From a shim's start to its first answers, with a daemon that is up and with none.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::json;

use crate::{
    Outcome,
    client::Client,
    reference::Reference,
    report::Row,
    samples::Samples,
    say,
    world::{Setup, World},
};

const ROUNDS: usize = 40;

#[derive(Default)]
struct Times {
    initialize: Samples,
    first_list: Samples,
}

pub(crate) fn measure(setup: &Setup, reference: &mut Reference) -> Outcome<Vec<Row>> {
    say("starting ...");
    let (up, none) = (setup.world()?, setup.world()?);
    let mut floor = Samples::default();
    let (mut with_daemon, mut without) = (Times::default(), Times::default());
    let _keeps_the_daemon_up = up.session()?;
    drop(none.session()?); // the database exists, as it does on every day but the first
    for _ in reference.rounds(ROUNDS, 1) {
        floor.add_all(start_and_end()?);
        with_daemon.add(&up)?;
        none.stop_daemon()?;
        without.add(&none)?;
    }
    let first = first_day(setup)?;
    let ratio = |samples: &Samples| samples.median() / floor.median();
    let within = |samples: &Samples, limit: f64| samples.median() <= limit;
    Ok(vec![
        Row::time("start and end `true` (the floor)", &floor),
        Row::time("shim's start to `initialize`, daemon up", &with_daemon.initialize)
            .beside("`true`", ratio(&with_daemon.initialize))
            .at_most("3 x `true`", ratio(&with_daemon.initialize) <= 3.0),
        Row::time("shim's start to `initialize`, no daemon", &without.initialize)
            .beside("`true`", ratio(&without.initialize))
            .at_most("3 x `true`", ratio(&without.initialize) <= 3.0),
        Row::time("shim's start to `tools/list`, daemon up", &with_daemon.first_list)
            .beside("`true`", ratio(&with_daemon.first_list))
            .wanted("40 ms", within(&with_daemon.first_list, 40.0)),
        Row::time("shim's start to `tools/list`, no daemon", &without.first_list)
            .beside("`true`", ratio(&without.first_list))
            .wanted("150 ms", within(&without.first_list, 150.0)),
        Row::time("shim's start to `tools/list`, no daemon and no database", &first)
            .beside("`true`", ratio(&first))
            .wanted("150 ms", within(&first, 150.0)),
    ])
}

impl Times {
    fn add(&mut self, world: &World) -> Outcome {
        let mut client = Client::start(world.shim())?;
        self.initialize.add(client.initialize()?.since_start);
        self.first_list.add(client.request("tools/list", json!({}))?.since_start);
        Ok(())
    }
}

/// The very first start: everything is made.
fn first_day(setup: &Setup) -> Outcome<Samples> {
    let mut times = Samples::default();
    for _ in 0..ROUNDS / 4 {
        let world = setup.world()?;
        let mut client = Client::open(world.shim())?;
        times.add(client.request("tools/list", json!({}))?.since_start);
    }
    Ok(times)
}

fn start_and_end() -> Outcome<Samples> {
    let mut times = Samples::default();
    let begun = Instant::now();
    Command::new("true").stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    times.add(begun.elapsed());
    Ok(times)
}
