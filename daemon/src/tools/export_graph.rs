//! export_graph: the graph, or a part of it, as one document.

use orc_core::limits;
use orc_core::refusal::Refusal;
use orc_store::Tx;
use serde_json::Value;
use std::io::{Error, Write};

use super::transfer::write_document;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Tool};

const PARAMS: [Param; 3] = [
    Param::new("workspace", Kind::Text, ""),
    Param::new("tags", Kind::Words, ""),
    Param::new("project", Kind::Text, ""),
];

pub(crate) static TOOL: Tool = Tool {
    name: "export_graph",
    description: "Items, notes and dependencies as one JSON document (up to 8 MiB), for import_graph.",
    params: &PARAMS,
    required: &[],
    core: false,
    effect: Effect::Reads,
    access: |_| Ok(Access::Report),
    run,
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let scope = call.whole_store(tx, args)?;
    let mut filter = call.report_filter(tx, args, scope)?;
    filter.tags = args.words("tags")?.filter(|tags| !tags.is_empty());
    let mut document = Bounded { text: Vec::new(), over: false };
    let written = write_document(call, tx, &filter, &mut document);
    if document.over {
        let message = format!(
            "The export is larger than {} MiB. Use manage_checkpoints(operation=\"create\"), which writes a file, the command `task-orchestrator export`, or narrow it with workspace, tags or project",
            limits::ANSWER_BYTES >> 20
        );
        return Err(Refusal::validation(message).into());
    }
    written?;
    let internal = |e: serde_json::Error| Refusal::new(orc_core::Code::Internal, e.to_string());
    Ok(serde_json::from_slice::<Value>(&document.text).map_err(internal)?)
}

/// Text up to the size of an answer.
struct Bounded {
    text: Vec<u8>,
    over: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.text.len() + bytes.len() > limits::ANSWER_BYTES {
            self.over = true;
            return Err(Error::other("too large"));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
