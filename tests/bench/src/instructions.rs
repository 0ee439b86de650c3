//! How many instructions the hot paths take, against budgets that are checked in. The programs that ship run under callgrind,
//! which counts what each executes, and are called as clients call them. A count says more than a time on a machine that is
//! shared, and repeats to within a percent.

mod budgets;
mod callgrind;

use std::path::Path;

use serde_json::json;

use crate::{
    Outcome,
    calls::{Kind, Picks},
    chart::thousands,
    client::Client,
    say,
    world::Setup,
};
use budgets::{Budgets, Verdict};
use callgrind::Counted;

/// Items of the store.
const ITEMS: usize = 10_000;
/// Calls of each path before counting, so that statements are prepared, and while counting, so that what comes now and then
/// (a merge of the search text, a checkpoint) has its share.
const WARM: usize = 10;
const CALLS: usize = 100;

/// Where the budgets are.
const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/budgets.toml");

/// Counts every path, shows it beside its budget, and says whether all keep to theirs; or sets the budgets.
pub(crate) fn check(setup: &Setup, set: bool) -> Outcome<bool> {
    let mut counts = shim(setup)?;
    counts.extend(daemon(setup)?);
    let compilers = budgets::compilers()?;
    if set {
        Budgets::after(&compilers, &counts).write(Path::new(BUDGETS))?;
        say(&format!(
            "Written to {BUDGETS}. A budget that rose needs its reason in the commit: a line \"Budget: why\""
        ));
        return Ok(true);
    }
    let budgets = Budgets::read(Path::new(BUDGETS))?;
    let same = budgets.compilers == compilers;
    if !same {
        say(&format!(
            "The budgets are those of {}; this is {}: what is over them is told, not refused.",
            budgets.compilers, compilers
        ));
    }
    let mut kept = true;
    for (path, count) in &counts {
        let verdict = budgets.judge(path, *count);
        say(&format!("  {path:<16} {:>12} instructions a call, {verdict}", thousands(*count as f64)));
        kept &= matches!(verdict, Verdict::Within { .. });
    }
    for path in budgets.paths().filter(|path| !counts.iter().any(|(counted, _)| counted == path)) {
        say(&format!("  {path:<16} has a budget and is not counted"));
        kept = false;
    }
    if !kept && same {
        say(
            "Over budget. Find what got dearer; or raise the budget (--set-budgets), with the reason in the commit: a line \"Budget: why\"",
        );
    }
    Ok(kept || !same)
}

/// The shim's part of a call: an echo, which goes through it both ways.
fn shim(setup: &Setup) -> Outcome<Vec<(String, u64)>> {
    say("counting in the shim ...");
    let world = setup.world()?;
    let _keeps_the_daemon_up = world.session()?;
    let mut client = Client::open(callgrind::under(&world.shim(), world.data()))?;
    client.request("tools/list", json!({}))?;
    let counted = Counted::of(client.pid(), world.data());
    let mut echo = |n: usize| {
        client.call("echo", json!({"value": {"n": n % 10, "text": "What the chapter is about."}})).map(drop)
    };
    Ok(vec![("shim echo".to_owned(), count(&counted, &mut echo)?)])
}

/// Every call's part in the daemon, over the socket, on the same store.
fn daemon(setup: &Setup) -> Outcome<Vec<(String, u64)>> {
    say("counting in the daemon ...");
    let store = setup.store(ITEMS)?;
    let world = setup.world_of(&store)?;
    let mut serve = callgrind::under(&world.orchestrator(&["serve"]), world.data());
    let mut daemon = serve.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn()?;
    let counted = Counted::of(daemon.id(), world.data());
    world.wait_for_daemon()?;
    let mut client = world.session()?;
    let picks = Picks::of(ITEMS);
    let mut counts = Vec::new();
    for kind in Kind::ALL {
        let mut call = |n: usize| kind.call(&mut client, &picks, n).map(drop);
        counts.push((kind.name().to_owned(), count(&counted, &mut call)?));
    }
    let mut claim = |_: usize| client.call("get_next_item", json!({"claim": true})).map(drop);
    counts.push(("claim next".to_owned(), count(&counted, &mut claim)?));
    world.stop_daemon()?;
    daemon.wait()?;
    Ok(counts)
}

/// Instructions of one call.
fn count(counted: &Counted, call: &mut dyn FnMut(usize) -> Outcome) -> Outcome<u64> {
    (0..WARM).try_for_each(&mut *call)?;
    counted.begin()?;
    (WARM..WARM + CALLS).try_for_each(call)?;
    Ok(counted.end()? / CALLS as u64)
}
