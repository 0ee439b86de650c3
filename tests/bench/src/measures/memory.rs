//! Resident memory of the two processes.

use serde_json::json;

use crate::{
    Outcome,
    calls::{Kind, Picks},
    machine,
    report::Row,
    say,
    stores::Store,
    world::Setup,
};

const ROUNDS: usize = 100;
const DAEMON_KIB: u64 = 30 << 10;
const SHIM_KIB: u64 = 4 << 10;

pub(crate) fn measure(setup: &Setup, store: &Store) -> Outcome<Vec<Row>> {
    say("memory ...");
    let empty = setup.world()?;
    let shim = empty.session()?;
    let mut rows = vec![
        row("shim, after `tools/list`", shim.pid(), Some(SHIM_KIB)),
        row("daemon, empty store, one session", empty.daemon_pid()?, None),
    ];
    let world = setup.world_of(store)?;
    let mut shim = world.session()?;
    shim.call("get_context", json!({}))?;
    rows.push(row(
        "daemon, 100,000 items, after its first get_context",
        world.daemon_pid()?,
        Some(DAEMON_KIB),
    ));
    // An everyday session: reads and writes of every kind.
    let picks = Picks::of(store.size);
    for n in 0..ROUNDS.min(picks.rounds()) {
        for kind in Kind::ALL {
            kind.call(&mut shim, &picks, n)?;
        }
    }
    let calls = ROUNDS * Kind::ALL.len();
    rows.push(row(
        &format!("daemon, 100,000 items, after {calls} calls of every kind"),
        world.daemon_pid()?,
        Some(DAEMON_KIB),
    ));
    rows.push(row(&format!("shim, after those {calls} calls"), shim.pid(), Some(SHIM_KIB)));
    Ok(rows)
}

/// One process, beside its limit in KiB.
fn row(what: &str, pid: u32, limit: Option<u64>) -> Row {
    let Some((resident, proportional)) = machine::memory(pid) else {
        return Row::value(what, "not told by this system");
    };
    let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1_024.0);
    let row = Row::value(what, format!("{} RSS, {} PSS", mib(resident), mib(proportional)));
    match limit {
        Some(limit) => row.wanted(&format!("{} MiB RSS", limit >> 10), resident < limit),
        None => row,
    }
}
