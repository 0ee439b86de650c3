//! Resident memory of the two processes.

use serde_json::json;

use crate::{Outcome, items, machine, report::Row, say, world::Setup};

const ITEMS: usize = 10_000;

pub(crate) fn measure(setup: &Setup) -> Outcome<Vec<Row>> {
    say("memory ...");
    let world = setup.world()?;
    let mut shim = world.session()?;
    let mut rows = vec![row("daemon, empty store, one session", world.daemon_pid()?, None)];
    items::fill(&mut shim, 0, ITEMS, false)?;
    let after_import =
        row("daemon, right after the import of 10,000 items", world.daemon_pid()?, Some(40 << 10));
    drop(shim);
    world.stop_daemon()?;
    // An everyday session: reads of every kind, some writes.
    let mut shim = world.session()?;
    for n in 0..200 {
        shim.call("get_context", json!({}))?;
        shim.call("query_items", json!({"operation": "list", "limit": 50}))?;
        shim.call("query_items", json!({"operation": "get", "item_id": items::id(n)}))?;
        shim.call("query_items", json!({"operation": "list", "search": "chapter"}))?;
        shim.call(
            "manage_notes",
            json!({"operation": "upsert", "item_id": items::id(n), "key": "log", "body": "A line."}),
        )?;
    }
    rows.push(row("daemon, 10,000 items, after 1,000 calls", world.daemon_pid()?, Some(40 << 10)));
    rows.push(after_import);
    rows.push(row("shim, after those 1,000 calls", shim.pid(), Some(8 << 10)));
    let idle = world.session()?;
    rows.push(row("shim, after `tools/list`", idle.pid(), Some(8 << 10)));
    Ok(rows)
}

fn row(what: &str, pid: u32, limit_kib: Option<u64>) -> Row {
    let Some((resident, proportional)) = machine::memory(pid) else {
        return Row::value(what, "not told by this system");
    };
    #[expect(clippy::cast_precision_loss, reason = "memory of a process")]
    let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1_024.0);
    let row = Row::value(what, format!("{} RSS, {} PSS", mib(resident), mib(proportional)));
    match limit_kib {
        Some(limit) => row.wanted(&format!("{} MiB RSS", limit >> 10), resident < limit),
        None => row,
    }
}
