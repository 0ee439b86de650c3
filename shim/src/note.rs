//! Words on stderr, for whoever debugs a client's configuration. Silent unless `TASK_ORCHESTRATOR_LOG` is set.

use std::{io::Write, sync::LazyLock};

use orc_proto::settings::LOG;

static WANTED: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os(LOG).is_some_and(|level| !level.is_empty() && level != "off"));

/// Says it if anybody asked.
pub(crate) fn note(text: &str) {
    if *WANTED {
        always(text);
    }
}

/// Says it: the process cannot go on.
pub(crate) fn always(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "task-orchestrator-mcp: {text}");
}
