//! A call that reads, beside an echo of a line, a ping that the shim answers, and a call that the daemon answers by echo.

use std::process::Command;

use serde_json::json;

use crate::{
    Outcome, client::Client, recipe, reference::Reference, report::Row, samples::Samples, say, stores::Store,
    world::Setup,
};

const ROUNDS: usize = 1_000;
/// Beside the echo.
const LIMIT: f64 = 1.5;

pub(crate) fn measure(setup: &Setup, reference: &mut Reference, store: &Store) -> Outcome<Vec<Row>> {
    say("a call ...");
    let world = setup.world_of(store)?;
    let mut shim = world.session()?;
    let mut cat = Client::start(Command::new("cat"))?;
    let (mut line, mut ping, mut echo) = (Samples::default(), Samples::default(), Samples::default());
    let (mut get, mut context) = (Samples::default(), Samples::default());
    for round in reference.rounds(ROUNDS, 50) {
        let item = recipe::id(round % store.size);
        let arguments = json!({"operation": "get", "item_id": item});
        line.add(cat.echo(&json!({"name": "query_items", "arguments": arguments}))?);
        ping.add(shim.request("ping", json!({}))?.time);
        echo.add(shim.call("echo", json!({"value": arguments}))?.time);
        get.add(shim.call("query_items", arguments)?.time);
        context.add(shim.call("get_context", json!({"item_id": item}))?.time);
    }
    let beside = |samples: &Samples, floor: &Samples| samples.median() / floor.median();
    let read = |name: &str, samples: &Samples| {
        let ratio = beside(samples, &echo);
        Row::time(name, samples).beside("`echo`", ratio).at_most("1.5 x", ratio <= LIMIT)
    };
    Ok(vec![
        Row::time("a line through `cat` (the floor of two pipes)", &line),
        Row::time("`ping`, answered by the shim", &ping).beside("`cat`", beside(&ping, &line)),
        Row::time("`echo`, through shim and daemon", &echo).beside("`cat`", beside(&echo, &line)),
        read("`query_items` get", &get),
        read("`get_context` of one item", &context),
    ])
}
