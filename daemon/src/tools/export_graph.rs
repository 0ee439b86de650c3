//! export_graph: the graph, or a part of it, as one document.

use orc_core::limits;
use orc_core::refusal::{Code, Refusal};
use orc_store::Tx;
use std::io::{Error, Write};

use super::transfer::write_document;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::halt::Halt;

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
    access: |_| Ok(Access::Export),
    run: Run::Values(run),
};

/// The document, as it is sent.
pub(crate) fn text(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
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
    String::from_utf8(document.text).map_err(|error| internal(&error))
}

/// The same as a value, for whoever looks into it.
fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    serde_json::from_str(&text(call, args, tx)?).map_err(|error| internal(&error))
}

fn internal(error: &dyn std::error::Error) -> Halt {
    Refusal::new(Code::Internal, error.to_string()).into()
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
