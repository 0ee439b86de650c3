//! The databases of `task-orchestrator-py`: taking one over, and pointing out the one that nobody has named yet.

use std::path::Path;

use orc_core::claim::Actor;
use orc_core::time::Stamp;
use orc_proto::Places;
use orc_store::open::{OpenError, Opened};
use orc_store::original_workspaces::WorkspacesFile;
use orc_store::{Tx, takeover};

use crate::boot::ServeOptions;
use crate::call::Answer;
use crate::clock;

/// Opens the database, taking it over where it is the original's (`daemon.md` rule 21). Answers also what people must be told
/// of that. The error's text says what to do.
pub(crate) fn open(options: &ServeOptions) -> Result<(Opened, Vec<String>), String> {
    let open = || orc_store::open_telling(&options.database, &|step| options.doing.step(step));
    match open() {
        Err(OpenError::Original { path }) => {
            tracing::info!(database = path, "a database of task-orchestrator-py: taking it over");
            options.doing.takes_over();
            let report = takeover(&options.database, &clock::now(), options.workspaces.as_deref())
                .map_err(|e| e.to_string())?;
            let opened = open().map_err(|e| e.to_string())?;
            let mut notices = vec![report.line()];
            notices.extend(report.notices);
            Ok((opened, notices))
        }
        opened => Ok((opened.map_err(|e| e.to_string())?, Vec::new())),
    }
}

/// Reads the original's workspaces.json into a database that has read none yet (contract.md §11). Answers what people must be
/// told.
pub(crate) fn read_workspaces(
    tx: &Tx<'_>,
    database: &Path,
    named: Option<&Path>,
    now: &Stamp,
) -> Answer<Option<String>> {
    if tx.has_read_workspaces()? {
        return Ok(None);
    }
    let beside = database.with_file_name("workspaces.json");
    let Some(file) = WorkspacesFile::read(named.unwrap_or(&beside)) else { return Ok(None) };
    let daemon = Actor { session: "daemon".to_owned(), agent: "daemon".to_owned(), subagent: None };
    file.take(tx, &daemon, now)?;
    Ok(file.notice())
}

/// How to take over the original's database where its user would expect it, if there is one.
pub(crate) fn hint(places: &Places) -> Option<String> {
    let original = places.original_database();
    original.is_file().then(|| {
        format!(
            "There is a database of task-orchestrator-py at {0}. To take it over (it is backed up first), set \
             TASK_ORCHESTRATOR_DB={0}",
            original.display()
        )
    })
}

/// The same for a daemon whose own database, at the default place, is still without items.
pub(crate) fn hint_while_empty(tx: &Tx<'_>, places: &Places, default_place: bool) -> Answer<Option<String>> {
    if !default_place || !tx.is_empty()? {
        return Ok(None);
    }
    Ok(hint(places))
}
