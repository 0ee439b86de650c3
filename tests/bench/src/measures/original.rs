//! The same calls on the same items, put to task-orchestrator-py by its own stdio server and to this program, in turns.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    Outcome,
    client::Client,
    items,
    reference::Reference,
    report::Row,
    samples::Samples,
    say,
    world::{Setup, World},
};

const STARTS: usize = 8;
const CALLS: usize = 150;
const SIZES: [usize; 2] = [1_000, 5_000];
const CONTEXTS: usize = 15;

/// Times of theirs and of ours.
#[derive(Default)]
struct Pair {
    theirs: Samples,
    ours: Samples,
}

pub(crate) fn measure(setup: &Setup, python: &Path, reference: &mut Reference) -> Outcome<Vec<Row>> {
    say("the original: starts ...");
    let (their_world, our_world) = (setup.world()?, setup.world()?);
    let python =
        if python.components().count() > 1 { std::path::absolute(python)? } else { python.to_owned() };
    let _keeps_the_daemon_up = our_world.session()?;
    let (mut start, mut list) = (Pair::default(), Pair::default());
    for _ in reference.rounds(STARTS, 1) {
        for ours in [false, true] {
            let mut client = Client::start(command(&their_world, &our_world, &python, ours))?;
            start.of(ours).add(client.initialize()?.since_start);
            list.of(ours).add(client.request("tools/list", json!({}))?.since_start);
        }
    }
    say("the original: calls ...");
    let mut clients = [
        Client::open(command(&their_world, &our_world, &python, false))?,
        Client::open(command(&their_world, &our_world, &python, true))?,
    ];
    let (mut create, mut get) = (Pair::default(), Pair::default());
    for round in reference.rounds(CALLS, 25) {
        for ours in [false, true] {
            let client = &mut clients[usize::from(ours)];
            let arguments =
                json!({"operation": "create", "title": format!("Write chapter {round}"), "priority": "high"});
            let made = client.call("manage_items", arguments)?;
            create.of(ours).add(made.time);
            let made: Value = serde_json::from_str(made.result.as_str().unwrap_or_default())?;
            let id = made["id"].as_str().ok_or_else(|| format!("no id in {made}"))?;
            get.of(ours).add(client.call("query_items", json!({"operation": "get", "item_id": id}))?.time);
        }
    }
    let mut rows = vec![
        start.row("server's start to `initialize`"),
        list.row("server's start to `tools/list`"),
        create.row("`manage_items` create"),
        get.row("`query_items` get"),
    ];
    let mut have = 0;
    for size in SIZES {
        say(&format!("the original: get_context at {size} items ..."));
        let mut context = Pair::default();
        let mut bytes = [0; 2];
        for ours in [false, true] {
            items::fill(&mut clients[usize::from(ours)], have, size, !ours)?;
        }
        have = size;
        for _ in reference.rounds(CONTEXTS, 5) {
            for ours in [false, true] {
                let answer = clients[usize::from(ours)].call("get_context", json!({}))?;
                bytes[usize::from(ours)] = answer.result.as_str().unwrap_or_default().len();
                context.of(ours).add(answer.time);
            }
        }
        let sizes = format!("`get_context`, {size} items more: {} bytes, ours {}", bytes[0], bytes[1]);
        rows.push(context.row(&sizes));
    }
    Ok(rows)
}

/// The server's command: the original's, or our shim.
fn command(their_world: &World, our_world: &World, python: &Path, ours: bool) -> std::process::Command {
    if ours {
        return our_world.shim();
    }
    let mut command = their_world.command(python);
    command.args(["-m", "task_orchestrator.server"]);
    command
}

impl Pair {
    fn of(&mut self, ours: bool) -> &mut Samples {
        if ours { &mut self.ours } else { &mut self.theirs }
    }

    fn row(&self, what: &str) -> Row {
        Row::pair(what, &self.theirs, &self.ours)
    }
}
