//! get_workspace_context: where the work of one workspace stands.

use orc_core::refusal::Refusal;
use orc_core::{View, limits};
use orc_store::Tx;
use orc_store::queries::{Filter, Within};
use serde_json::{Map, Value, json};

use super::get_blocked_items::Stuck;
use super::next::best;
use crate::answer::written;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::report::Report;

const PARAMS: [Param; 3] = [
    Param::new("workspace_name", Kind::Text, "").also(&["workspace"]),
    Param::new("verbosity", Kind::Word(&["minimal", "standard", "full"]), "Default standard"),
    Param::new("project", Kind::Text, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "get_workspace_context",
    description: "A workspace's brief, counts, next item; standard adds active and blocked items, full recent decisions.",
    params: &PARAMS,
    required: &["workspace_name"],
    core: false,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Text(run),
};

/// Notes of decisions that `full` shows (contract.md §6).
const DECISIONS: usize = 20;

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
    let verbosity = args.text("verbosity")?.unwrap_or("standard");
    if !["minimal", "standard", "full"].contains(&verbosity) {
        let message = format!("Invalid verbosity: {verbosity}. Valid: minimal, standard, full");
        return Err(Refusal::validation(message).field("verbosity").into());
    }
    let name = args.need("workspace_name")?.trim();
    let Some(workspace) = tx.workspace(name)? else {
        return Err(Refusal::not_found(format!("Workspace '{name}' not found"))
            .field("workspace_name")
            .into());
    };
    let scope = call.scope(tx, args)?;
    let within = Within { name: name.to_owned(), tags: workspace.tags.clone() };
    let filter = Filter { workspace: Some(within), ..Filter::of(scope) };
    let (rows, now) = (call.rows(tx)?, call.now());
    let mut report = Report::default();
    report.put("workspace", name);
    report.put("brief", workspace.description);
    let counts: Map<String, Value> =
        tx.status_counts(&filter, now)?.into_iter().map(|(s, n)| (s.as_str().to_owned(), json!(n))).collect();
    report.put("status_counts", counts);
    report.put("memory_tags", workspace.memory_tags);
    let next = best(call, tx, &filter, 1, false)?;
    report.row("next_item", next.first().map(|listed| rows.listed(listed, None)).transpose()?.as_ref())?;
    if verbosity != "minimal" {
        report.items("active_items", &rows, &tx.in_work(&filter, limits::SECTION, now)?)?;
        let blocked = tx.held_back(&filter, limits::SECTION, now)?;
        let stuck =
            blocked.rows.into_iter().map(|listed| Stuck::of(tx, listed, 3)).collect::<Answer<Vec<_>>>()?;
        let shown = stuck.iter().map(|stuck| stuck.row(&rows)).collect::<Answer<Vec<_>>>()?;
        report.section("blocked_items", &shown, blocked.total)?;
    }
    if verbosity == "full" {
        let notes = tx.decisions(&filter, DECISIONS, now)?;
        let notes =
            notes.iter().map(|note| Ok(rows.in_list(rows.note(note)?))).collect::<Answer<Vec<_>>>()?;
        report.put("recent_decisions", notes);
    }
    written(&report)
}
