//! get_context: where the work stands, for the whole store or one item.

mod brief;
mod global;
mod item;
mod since;

use orc_store::Tx;

use crate::answer::written;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 8] = [
    Param::new("item_id", Kind::Id, "Only this item, in detail"),
    Param::new("include_ancestors", Kind::Boolean, ""),
    Param::new("project", Kind::Text, "* = all"),
    Param::new("workspace", Kind::Text, ""),
    Param::new("include_archived", Kind::Boolean, "In counts"),
    Param::new("since", Kind::Text, "A cursor or time: what changed since, yours first"),
    Param::new("brief", Kind::Boolean, "One screen of text"),
    Param::new("limit", Kind::Integer, "Rows a section, default 10"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "get_context",
    description: "Start here. Dashboard: counts, active, blocked, recent, next, stale, due, overdue. With item_id: that item with children, notes, blockers, missing notes, claim.",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Text(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
    match args.id("item_id")? {
        Some(id) => written(&item::context(call, args, tx, &id)?),
        None if args.flag("brief")? => written(&brief::context(call, args, tx)?),
        None if args.has("since") => written(&since::context(call, args, tx)?),
        None => written(&global::context(call, args, tx)?),
    }
}
