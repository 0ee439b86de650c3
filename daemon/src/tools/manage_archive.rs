//! manage_archive: put away what has been done for a while.

use orc_core::command::{Command, Guard};
use orc_core::limits;
use orc_core::status::Status;
use orc_core::time::DAY;
use orc_core::workflow::Trigger;
use orc_store::Tx;
use orc_store::queries::{Order, Sort};
use serde_json::{Value, json};

use super::query_items::list;
use crate::answer::written;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 7] = [
    Param::new("operation", Kind::Word(&["run", "stats", "list"]), ""),
    Param::new("archive_after_days", Kind::Integer, "Default 30"),
    Param::new("workspace", Kind::Text, ""),
    Param::new("project", Kind::Text, "").hidden(),
    Param::new("limit", Kind::Integer, "").hidden(),
    Param::new("offset", Kind::Integer, "").hidden(),
    Param::new("cursor", Kind::Text, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "manage_archive",
    description: "Archive items done for archive_after_days: run, stats, list.",
    params: &PARAMS,
    required: &["operation"],
    core: false,
    effect: Effect::Mixed,
    access: |args| Ok(Access::write_if(matches!(args.operation(&OPERATIONS, None)?, Operation::Run))),
    run: Run::Text(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Run,
    Stats,
    List,
}

const OPERATIONS: [(&str, Operation); 3] =
    [("run", Operation::Run), ("stats", Operation::Stats), ("list", Operation::List)];

/// Most items that one call archives; the answer says how many are left.
const RUN: usize = 10_000;

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
    let operation = *args.operation(&OPERATIONS, None)?;
    let scope = call.whole_store(tx, args)?;
    let filter = call.report_filter(tx, args, scope)?;
    let days = args.bounded("archive_after_days", 30, 0, 36_500)?;
    let before = call.now() - days * DAY;
    match operation {
        Operation::Run => {
            let eligible = tx.archivable(&filter, before, RUN, call.now())?;
            let rows = call.rows(tx)?;
            let mut ids: Vec<Value> = Vec::with_capacity(eligible.rows.len());
            for listed in &eligible.rows {
                let command = Command::Advance {
                    item: listed.id.as_str().to_owned(),
                    trigger: Trigger::Archive,
                    reason: None,
                    guard: Guard::default(),
                };
                call.act(tx, &command)?;
                ids.push(rows.id(&listed.id)?);
            }
            let (archived, left) = (ids.len(), eligible.total - eligible.rows.len());
            ids.truncate(limits::LIST);
            let mut document = json!({"archived_count": archived, "archived_ids": ids});
            if archived > limits::LIST {
                document["more"] = json!({"archived_ids": archived - limits::LIST});
            }
            if left > 0 {
                document["eligible_left"] = json!(left);
            }
            written(&document)
        }
        Operation::Stats => {
            let counts = tx.status_counts(&filter, call.now())?;
            let archived = counts.iter().find(|(s, _)| *s == Status::Archived).map_or(0, |(_, n)| *n);
            let eligible = tx.archivable(&filter, before, 0, call.now())?.total;
            written(
                &json!({"archived_count": archived, "eligible_count": eligible, "archive_after_days": days}),
            )
        }
        Operation::List => {
            let filter = filter.in_status(&[Status::Archived]);
            let order = Order { sort: Sort::Updated, ascending: false };
            list(call, args, tx, &filter, order)
        }
    }
}
