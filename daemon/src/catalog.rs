//! The tools as data: what `tools/list` shows, and where a call of a name goes.

use std::sync::LazyLock;

use orc_core::refusal::{Code, Refusal};
use orc_store::Tx;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::answer::written;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::near::nearest;
use crate::{prompts, resources, tools};

pub(crate) mod needs;
pub(crate) mod reference;

/// A tool: one file under `tools/`, one entry in [`TOOLS`].
pub(crate) struct Tool {
    /// The name clients call.
    pub name: &'static str,
    /// What it does, for agents: every one of them pays for these words.
    pub description: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// Which of them are required in every operation.
    pub required: &'static [&'static str],
    /// Whether the default set lists it.
    pub core: bool,
    /// What it can do.
    pub effect: Effect,
    /// What this call of it needs.
    pub access: fn(&Args) -> Result<Access, Refusal>,
    /// Does it, on the writer's transaction when it writes, else on a snapshot.
    pub run: Run,
}

/// How a tool makes its document.
pub(crate) enum Run {
    /// It answers values.
    Values(fn(&Call<'_>, &Args, &Tx<'_>) -> Answer),
    /// It writes the document itself: with many rows, that is half the work.
    Text(fn(&Call<'_>, &Args, &Tx<'_>) -> Answer<String>),
}

impl Tool {
    /// Does it, and writes the document.
    pub(crate) fn answer(&self, call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
        match self.run {
            Run::Values(run) => written(&run(call, args, tx)?),
            Run::Text(run) => run(call, args, tx),
        }
    }
}

/// What one call needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// Nothing of the store.
    Nothing,
    /// A snapshot.
    Read,
    /// A snapshot for something long in any case, or other files besides.
    Report,
    /// A snapshot, for a document that is written as text.
    Export,
    /// A snapshot, and it leaves a file: a read-only session may not do that.
    ReadAndLeaveFile,
    /// Snapshots, until what it waits for has happened.
    Wait,
    /// The writer's transaction.
    Write,
}

impl Access {
    /// [`Access::Write`] when it writes.
    pub(crate) fn write_if(writes: bool) -> Self {
        if writes { Access::Write } else { Access::Read }
    }
}

/// What a tool can do, as MCP's annotations say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Only reads.
    Reads,
    /// Reads, and writes in some operations or with some arguments; never takes anything away.
    Mixed,
    /// Writes, in every operation or some, and may take something away.
    Destroys,
    /// Only writes, never takes anything away.
    Adds,
}

/// Bytes that the names of schemas may take in the catalogue.
const NAMING: usize = 200;

/// Every tool, in the order in which they are listed.
pub(crate) static TOOLS: &[&Tool] = &[
    &tools::advance_item::TOOL,
    &tools::claim_item::TOOL,
    &tools::complete_tree::TOOL,
    &tools::create_work_tree::TOOL,
    &tools::get_blocked_items::TOOL,
    &tools::get_context::TOOL,
    &tools::get_next_item::TOOL,
    &tools::get_next_status::TOOL,
    &tools::manage_dependencies::TOOL,
    &tools::manage_items::TOOL,
    &tools::manage_notes::TOOL,
    &tools::manage_schemas::TOOL,
    &tools::query_dependencies::TOOL,
    &tools::query_items::TOOL,
    &tools::query_notes::TOOL,
    &tools::wait_for::TOOL,
    &tools::get_metrics::TOOL,
    &tools::get_workspace_context::TOOL,
    &tools::list_agents::TOOL,
    &tools::manage_archive::TOOL,
    &tools::manage_checkpoints::TOOL,
    &tools::manage_workspaces::TOOL,
    &tools::query_history::TOOL,
    &tools::export_graph::TOOL,
    &tools::import_graph::TOOL,
];

/// Tools for whoever measures: they are called by name, and neither listed nor suggested.
static UNLISTED: &[&Tool] = &[&tools::echo::TOOL];

/// Which tools a session lists, and whether it may write (contract.md §10).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum ToolSet {
    /// The original's page and what concurrent agents need.
    #[default]
    Core,
    /// Everything.
    Full,
    /// What cannot write; every write is refused.
    Read,
}

impl ToolSet {
    /// Every set by its word.
    pub(crate) const WORDS: &'static [(&'static str, ToolSet)] =
        &[("core", ToolSet::Core), ("full", ToolSet::Full), ("read", ToolSet::Read)];

    /// Whether `tools/list` shows a tool. A tool that can write in some operations stays in the read set for the others.
    fn lists(self, tool: &Tool) -> bool {
        match self {
            ToolSet::Core => tool.core,
            ToolSet::Full => true,
            ToolSet::Read => !only_writes(tool),
        }
    }
}

/// Tools without any operation that only reads.
fn only_writes(tool: &Tool) -> bool {
    matches!(
        tool.name,
        "advance_item" | "complete_tree" | "create_work_tree" | "import_graph" | "manage_items"
    )
}

/// The names of all tools, those of no set included.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TOOLS.iter().chain(UNLISTED).map(|tool| tool.name)
}

/// The tool of that name, or a refusal with the nearest one.
pub(crate) fn find(name: &str) -> Result<&'static Tool, Refusal> {
    if let Some(tool) = TOOLS.iter().chain(UNLISTED).find(|tool| tool.name == name) {
        return Ok(tool);
    }
    let hint = match nearest(name, TOOLS.iter().map(|tool| tool.name)) {
        Some(near) => format!(" Did you mean {near}?"),
        None => String::new(),
    };
    Err(Refusal::validation(format!("Unknown tool: {}.{hint}", orc_core::text::cut(name, 80))).field("name"))
}

/// Whether a call would write into the store; one that cannot be read would not.
pub(crate) fn writes(name: &str, arguments: &Value) -> bool {
    let access = |tool: &Tool| (tool.access)(&Args::read(tool.params, arguments.clone())?);
    find(name).and_then(access) == Ok(Access::Write)
}

/// Whether a tool's calls last until something happens.
pub(crate) fn waits(name: &str) -> bool {
    name == tools::wait_for::TOOL.name
}

/// Refuses a write in a session that may only read.
pub(crate) fn admit(set: ToolSet, tool: &Tool, access: Access) -> Result<(), Refusal> {
    if set == ToolSet::Read
        && !matches!(access, Access::Nothing | Access::Read | Access::Report | Access::Export | Access::Wait)
    {
        let message =
            format!("This session may only read (TASK_ORCHESTRATOR_TOOLS=read); {} would write", tool.name);
        return Err(Refusal::new(Code::Forbidden, message));
    }
    Ok(())
}

/// The result of MCP's `tools/list` for a set, where `schemas` are the note schemas in force.
pub(crate) fn list(set: ToolSet, schemas: &[String]) -> Value {
    let listed = TOOLS.iter().filter(|tool| set.lists(tool));
    let tools: Vec<Value> = listed.map(|tool| entry(tool, schemas)).collect();
    json!({ "tools": tools })
}

/// A number that changes when any of a session's lists reads differently: those of tools, prompts and resources. It follows
/// from their texts alone, so that it stays the same over restarts of the same daemon, and a new version's is another one.
pub(crate) fn revision(set: ToolSet, schemas: &[String]) -> u64 {
    static TEXTS: LazyLock<[u8; 32]> = LazyLock::new(|| {
        let lists = [list(ToolSet::Full, &[]), prompts::list(), resources::list(), resources::templates()];
        Sha256::digest(lists.map(|list| list.to_string()).concat()).into()
    });
    let mut hash = Sha256::new();
    hash.update(*TEXTS);
    hash.update([set as u8]);
    hash.update(naming(schemas).unwrap_or_default());
    // 48 bits, which every JSON reader keeps; 0 means unknown.
    hash.finalize().iter().take(6).fold(0, |number, byte| number << 8 | u64::from(*byte)).max(1)
}

/// What manage_items says of item_type: which schemas there are, as far as there is room.
fn naming(schemas: &[String]) -> Option<String> {
    let mut text = "Selects the note schema: ".to_owned();
    for (n, schema) in schemas.iter().enumerate() {
        if text.len() + schema.len() > NAMING {
            text.push('…');
            return Some(text);
        }
        text.push_str(if n == 0 { "" } else { ", " });
        text.push_str(schema);
    }
    (!schemas.is_empty()).then_some(text)
}

fn entry(tool: &Tool, schemas: &[String]) -> Value {
    let shown = tool.params.iter().filter(|p| p.shown);
    let mut properties: Map<String, Value> = shown.map(|p| (p.name.to_owned(), property(p))).collect();
    if tool.name == "manage_items"
        && let (Some(item_type), Some(text)) = (properties.get_mut("item_type"), naming(schemas))
    {
        item_type["description"] = json!(text);
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !tool.required.is_empty() {
        schema.insert("required".to_owned(), json!(tool.required));
    }
    json!({
        "name": tool.name,
        "description": tool.description,
        "inputSchema": schema,
        "annotations": annotations(tool.effect),
    })
}

fn property(param: &Param) -> Value {
    let mut property = Map::new();
    let (name, extra) = match param.kind {
        Kind::Text | Kind::Opaque | Kind::Id | Kind::Time | Kind::Words => ("string", None),
        Kind::Word(words) => ("string", Some(("enum", json!(words)))),
        Kind::Integer => ("integer", None),
        Kind::Boolean => ("boolean", None),
        Kind::Ids => ("array", Some(("items", json!({"type": "string"})))),
        Kind::Objects => ("array", Some(("items", json!({"type": "object"})))),
        Kind::Object => ("object", None),
    };
    property.insert("type".to_owned(), json!(name));
    if let Some((key, value)) = extra {
        property.insert(key.to_owned(), value);
    }
    if !param.doc.is_empty() {
        property.insert("description".to_owned(), json!(param.doc));
    }
    Value::Object(property)
}

fn annotations(effect: Effect) -> Value {
    match effect {
        Effect::Reads => json!({"readOnlyHint": true, "openWorldHint": false}),
        Effect::Mixed | Effect::Adds => {
            json!({"readOnlyHint": false, "destructiveHint": false, "idempotentHint": false, "openWorldHint": false})
        }
        Effect::Destroys => {
            json!({"readOnlyHint": false, "destructiveHint": true, "idempotentHint": false, "openWorldHint": false})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_keeps_to_its_size() {
        for (set, most) in [(ToolSet::Core, 14_000), (ToolSet::Full, 24_000), (ToolSet::Read, 14_000)] {
            let schemas: Vec<String> = (0..50).map(|n| format!("schema-{n}")).collect();
            let size = list(set, &schemas).to_string().len();
            assert!(size <= most, "{set:?} has {size} bytes, at most {most} are allowed");
        }
    }

    #[test]
    fn every_property_has_a_plain_type_and_every_required_name_exists() {
        for tool in TOOLS {
            let entry = entry(tool, &[]);
            let properties = entry["inputSchema"]["properties"].as_object().unwrap();
            for (name, property) in properties {
                assert!(property["type"].is_string(), "{} {name}", tool.name);
            }
            for name in tool.required {
                assert!(properties.contains_key(*name), "{} requires {name}", tool.name);
            }
        }
    }

    #[test]
    fn the_schemas_in_force_are_named_and_change_the_revision() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
        let (none, some) = (names(&[]), names(&["bug", "task"]));
        assert_eq!(naming(&none), None);
        assert_eq!(naming(&some).as_deref(), Some("Selects the note schema: bug, task"));
        assert!(naming(&names(&["x".repeat(90).as_str(); 9])).is_some_and(|text| text.len() <= NAMING + 3));
        assert!(list(ToolSet::Core, &some).to_string().contains("schema: bug, task"));
        assert_ne!(revision(ToolSet::Core, &none), revision(ToolSet::Core, &some));
        assert_eq!(revision(ToolSet::Core, &some), revision(ToolSet::Core, &some));
    }

    #[test]
    fn a_mistyped_tool_is_answered_with_the_nearest() {
        let message = find("manage_item").err().unwrap().message;
        assert_eq!(message, "Unknown tool: manage_item. Did you mean manage_items?");
        assert_eq!(
            find("ech").err().unwrap().message,
            "Unknown tool: ech.",
            "what is not listed is not suggested"
        );
    }
}
