//! A call that reads, beside an echo of a line, a ping that the shim answers, and a request that the daemon answers
//! without its store.

use std::process::Command;

use serde_json::json;

use crate::{
    Outcome, client::Client, items, reference::Reference, report::Row, samples::Samples, say, world::Setup,
};

const ROUNDS: usize = 1_000;
const ITEMS: usize = 1_000;

pub(crate) fn measure(setup: &Setup, reference: &mut Reference) -> Outcome<Vec<Row>> {
    say("a call ...");
    let world = setup.world()?;
    let mut shim = world.session()?;
    items::fill(&mut shim, 0, ITEMS, false)?;
    let mut cat = Client::start(Command::new("cat"))?;
    let (mut echo, mut ping, mut prompts) = (Samples::default(), Samples::default(), Samples::default());
    let (mut get, mut context) = (Samples::default(), Samples::default());
    for round in reference.rounds(ROUNDS, 50) {
        let item = items::id(round % ITEMS);
        echo.add(
            cat.echo(&json!({"name": "query_items", "arguments": {"operation": "get", "item_id": item}}))?,
        );
        ping.add(shim.request("ping", json!({}))?.time);
        prompts.add(shim.request("prompts/list", json!({}))?.time);
        get.add(shim.call("query_items", json!({"operation": "get", "item_id": item}))?.time);
        context.add(shim.call("get_context", json!({"item_id": item}))?.time);
    }
    let ratio = |samples: &Samples| samples.median() / echo.median();
    let kept = |samples: &Samples| samples.median() < 0.5;
    Ok(vec![
        Row::time("a line through `cat` (the floor of two pipes)", &echo),
        Row::time("`ping`, answered by the shim", &ping).beside("`cat`", ratio(&ping)),
        Row::time("`prompts/list`, answered by the daemon without its store", &prompts)
            .beside("`cat`", ratio(&prompts)),
        Row::time("`query_items` get", &get).beside("`cat`", ratio(&get)).wanted("0.5 ms", kept(&get)),
        Row::time("`get_context` of one item", &context)
            .beside("`cat`", ratio(&context))
            .wanted("0.5 ms", kept(&context)),
    ])
}
