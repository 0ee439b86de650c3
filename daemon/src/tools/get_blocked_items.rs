//! get_blocked_items: what is blocked, and what waits in the queue for blockers.

use orc_core::refusal::Blocker;
use orc_core::status::Status;
use orc_store::Tx;
use orc_store::queries::Listed;
use serde::Serialize;
use serde_json::{Value, json};

use super::query_items::page_limit;
use crate::answer::{BlockerRow, ListRow, Rows, written};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::page::Page;

const PARAMS: [Param; 3] = [
    Param::new("project", Kind::Text, "* = all"),
    Param::new("workspace", Kind::Text, ""),
    Param::new("limit", Kind::Integer, "1-500, default 50"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "get_blocked_items",
    description: "What is stuck: blocked items, and queued ones with unmet dependencies, each with blocked_by.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Text(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
    let scope = call.scope(tx, args)?;
    let filter = call.report_filter(tx, args, scope)?;
    let section = tx.held_back(&filter, page_limit(args)?, call.now())?;
    let rows = call.rows(tx)?;
    let stuck =
        section.rows.into_iter().map(|listed| Stuck::of(tx, listed, 10)).collect::<Answer<Vec<_>>>()?;
    let items = stuck.iter().map(|stuck| stuck.row(&rows)).collect::<Answer<Vec<_>>>()?;
    written(&Page::first_of(section.total, items))
}

/// An item that is held back, and by what.
pub(super) struct Stuck {
    pub(super) listed: Listed,
    /// The first of its blockers.
    pub(super) blockers: Vec<Blocker>,
    /// How many there are.
    all: usize,
}

/// A list row with the blockers that hold it back, and the reason it was blocked for.
#[derive(Serialize)]
pub(super) struct StuckRow<'s> {
    #[serde(flatten)]
    row: ListRow<'s>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<Value>,
    blocked_by: Vec<BlockerRow<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'s str>,
}

impl Stuck {
    /// With at most `most` of its blockers.
    pub(super) fn of(tx: &Tx<'_>, listed: Listed, most: usize) -> Answer<Self> {
        let (blockers, all) = tx.blockers_of(&listed, most)?;
        Ok(Self { listed, blockers, all })
    }

    pub(super) fn row(&self, rows: &Rows<'_, '_>) -> Answer<StuckRow<'_>> {
        let cut = self.all - self.blockers.len();
        Ok(StuckRow {
            row: rows.listed(&self.listed, None)?,
            more: (cut > 0).then(|| json!({ "blocked_by": cut })),
            blocked_by: self
                .blockers
                .iter()
                .map(|blocker| rows.blocker(blocker))
                .collect::<Result<_, _>>()?,
            reason: self.listed.reason.as_deref().filter(|_| self.listed.status == Status::Blocked),
        })
    }
}
