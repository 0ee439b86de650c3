//! What it took to make the stores: a document of any size, by the `import` command.

use crate::{chart::thousands, report::Row, stores::Store};

/// The highest resident memory that is wanted of the daemon meanwhile.
const DAEMON_MIB: u64 = 64;
const COMMAND_MIB: u64 = 32;

pub(crate) fn rows(stores: &[Store]) -> Vec<Row> {
    let mib = |kib: u64| format!("{:.1} MiB RSS", kib as f64 / 1_024.0);
    let mut rows = Vec::new();
    for Store { size, cost, database } in stores {
        let (document, file) =
            (cost.document_bytes >> 20, std::fs::metadata(database).map_or(0, |file| file.len() >> 20));
        let items = thousands(*size as f64);
        let took =
            format!("{:.1} s, {} items a second", cost.seconds, thousands(*size as f64 / cost.seconds));
        rows.push(Row::value(
            &format!("{items} items: a document of {document} MiB, a database of {file} MiB"),
            took,
        ));
        let (daemon, command) =
            (format!("{items} items: the daemon's highest memory"), format!("{items} items: the command's"));
        let within = |kib: u64, limit: u64| kib < limit << 10;
        rows.push(
            Row::value(&daemon, mib(cost.daemon_kib))
                .wanted(&format!("{DAEMON_MIB} MiB"), within(cost.daemon_kib, DAEMON_MIB)),
        );
        rows.push(
            Row::value(&command, mib(cost.command_kib))
                .wanted(&format!("{COMMAND_MIB} MiB"), within(cost.command_kib, COMMAND_MIB)),
        );
    }
    rows
}
