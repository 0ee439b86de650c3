//! import_graph: place the rows of an exported document.

use orc_core::limits;
use orc_core::refusal::Refusal;
use orc_store::Tx;

use super::transfer::{Mode, import, lists};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 3] = [
    Param::new("data", Kind::Object, "As export_graph answers it").also(&["data_json"]),
    Param::new(
        "mode",
        Kind::Word(&["merge", "replace"]),
        "Default merge; replace deletes what is there first",
    ),
    Param::new("force", Kind::Boolean, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "import_graph",
    description: "Import an exported document; ids and times are kept, what cannot be placed is listed in skipped.",
    params: &PARAMS,
    required: &["data"],
    core: false,
    effect: Effect::Destroys,
    access: |_| Ok(Access::Write),
    run: Run::Values(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let Some(document) = args.object("data")? else {
        return Err(Refusal::validation("data is required: the document that export_graph answered")
            .field("data")
            .into());
    };
    let mode = match args.text("mode")?.unwrap_or("merge").trim() {
        "merge" => Mode::Merge,
        "replace" => Mode::Replace { force: args.flag("force")? },
        other => {
            let message = format!("Invalid mode: {other}. Valid: merge, replace");
            return Err(Refusal::validation(message).field("mode").into());
        }
    };
    let lists = lists(&document)?;
    let rows: usize = lists.iter().map(|list| list.len()).sum();
    if rows > limits::IMPORT_ROWS {
        let message = format!(
            "data has {rows} rows; at most {} are taken in one call. Import it in parts, or put it into a file and use manage_checkpoints(operation=\"restore\")",
            limits::IMPORT_ROWS
        );
        return Err(Refusal::validation(message).field("data").into());
    }
    import(call, tx, lists.each_ref().map(AsRef::as_ref), mode)
}
