//! manage_dependencies: draw, remove and show edges.

use orc_core::change::Change;
use orc_core::command::Command;
use orc_core::edge::Edge;
use orc_core::refusal::{Details, Refusal};
use orc_core::status::{DepKind, Threshold};
use orc_core::{limits, resolve};
use orc_store::Tx;
use serde_json::{Value, json};

use super::query_dependencies::direct;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 10] = [
    Param::new("operation", Kind::Word(&["add", "remove", "query", "pattern"]), ""),
    Param::new("from_id", Kind::Id, "The blocker").also(&["from"]),
    Param::new("to_id", Kind::Id, "The one that waits").also(&["to"]),
    Param::new("dep_type", Kind::Word(&["blocks", "is_blocked_by", "relates_to"]), "").also(&["type"]),
    Param::new("unblock_at", Kind::Word(Threshold::WORDS), "Default done"),
    Param::new("item_id", Kind::Id, "query"),
    Param::new("direction", Kind::Word(&["inbound", "outbound", "both"]), "query"),
    Param::new("item_ids", Kind::Ids, "pattern: 2 or more"),
    Param::new("pattern", Kind::Word(&["linear", "fan-out", "fan-in"]), ""),
    Param::new("edges", Kind::Objects, "add: batch of {from_id,to_id,dep_type?,unblock_at?}, all or nothing"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "manage_dependencies",
    description: "Dependencies: add (from_id blocks to_id until from_id reaches unblock_at), remove, query, or a pattern over several items. Cycles are refused.",
    params: &PARAMS,
    required: &["operation"],
    core: true,
    effect: Effect::Destroys,
    access: |args| Ok(Access::write_if(!matches!(args.operation(&OPERATIONS, None)?, Operation::Query))),
    run: Run::Values(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Add,
    Remove,
    Query,
    Pattern,
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("add", Operation::Add),
    ("remove", Operation::Remove),
    ("query", Operation::Query),
    ("pattern", Operation::Pattern),
];

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    match args.operation(&OPERATIONS, None)? {
        Operation::Add => match args.array("edges", limits::BATCH)? {
            Some(edges) => add_batch(call, args, tx, edges),
            None => {
                let changes = call.act(tx, &link(args)?)?;
                let rows = call.rows(tx)?;
                let row = added(&changes).next().map(|edge| rows.edge(edge)).transpose()?;
                Ok(row.map_or(Value::Null, Value::Object))
            }
        },
        Operation::Remove => {
            let (kind, from, to) = ends(args)?;
            let kind = args.has("dep_type").then_some(kind);
            let changes = call.act(tx, &Command::Unlink { from, to, kind })?;
            Ok(json!({"removed": changes.iter().any(|c| matches!(c, Change::EdgeRemoved { .. }))}))
        }
        Operation::Query => {
            let item = match args.id("item_id")?.or(args.id("from_id")?) {
                Some(item) => resolve(tx, &item, "item_id")?,
                None => return Err(Refusal::validation("item_id is required").field("item_id").into()),
            };
            direct(call, tx, &item, args.text("direction")?.unwrap_or("both"))
        }
        Operation::Pattern => pattern(call, args, tx),
    }
}

/// The edges that the changes drew.
pub(super) fn added(changes: &[Change]) -> impl Iterator<Item = &Edge> {
    changes.iter().filter_map(|change| match change {
        Change::EdgeAdded { edge, .. } => Some(edge),
        _ => None,
    })
}

/// `is_blocked_by` is `blocks` the other way around.
pub(super) fn kind_and_ends(
    word: Option<&str>,
    from: String,
    to: String,
) -> Result<(DepKind, String, String), Refusal> {
    let plain = word.unwrap_or("blocks").trim().to_ascii_lowercase().replace('-', "_");
    match plain.as_str() {
        "is_blocked_by" => Ok((DepKind::Blocks, to, from)),
        "blocks" => Ok((DepKind::Blocks, from, to)),
        "relates_to" => Ok((DepKind::RelatesTo, from, to)),
        _ => {
            let message = format!(
                "Invalid dep_type: {}. Valid: blocks, is_blocked_by, relates_to",
                word.unwrap_or_default()
            );
            Err(Refusal::validation(message).field("dep_type"))
        }
    }
}

fn ends(args: &Args) -> Result<(DepKind, String, String), Refusal> {
    kind_and_ends(args.text("dep_type")?, args.need_id("from_id")?, args.need_id("to_id")?)
}

fn link(args: &Args) -> Result<Command, Refusal> {
    let (kind, from, to) = ends(args)?;
    let unblock_at = args.text("unblock_at")?.map_or(Ok(Threshold::Done), Threshold::parse)?;
    Ok(Command::Link { from, to, kind, unblock_at })
}

fn add_batch(call: &Call<'_>, args: &Args, tx: &Tx<'_>, edges: Vec<Value>) -> Answer {
    let mut commands = Vec::with_capacity(edges.len());
    for (index, raw) in edges.into_iter().enumerate() {
        commands.push(link(&args.entry(&PARAMS[1..5], "edges", index, raw)?)?);
    }
    add_all(call, tx, commands, "edges")
}

fn pattern(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let ids = args.words("item_ids")?.unwrap_or_default();
    if ids.len() < 2 {
        let message = "Need at least 2 items for a dependency pattern";
        return Err(Refusal::validation(message).field("item_ids").into());
    }
    if ids.len() > limits::BATCH {
        let message = format!("item_ids has {} entries; at most {} are allowed", ids.len(), limits::BATCH);
        return Err(Refusal::validation(message).field("item_ids").into());
    }
    let (first, last) = (&ids[0], &ids[ids.len() - 1]);
    let pattern = args.text("pattern")?.unwrap_or("linear").trim().to_ascii_lowercase().replace('_', "-");
    let pairs: Vec<(&String, &String)> = match pattern.as_str() {
        "linear" => ids.windows(2).map(|pair| (&pair[0], &pair[1])).collect(),
        "fan-out" => ids[1..].iter().map(|to| (first, to)).collect(),
        "fan-in" => ids[..ids.len() - 1].iter().map(|from| (from, last)).collect(),
        _ => {
            let message = format!("Invalid pattern: {pattern}. Valid: linear, fan-out, fan-in");
            return Err(Refusal::validation(message).field("pattern").into());
        }
    };
    let unblock_at = args.text("unblock_at")?.map_or(Ok(Threshold::Done), Threshold::parse)?;
    let word = args.text("dep_type")?;
    let link = |(from, to): (&String, &String)| {
        let (kind, from, to) = kind_and_ends(word, from.clone(), to.clone())?;
        Ok(Command::Link { from, to, kind, unblock_at })
    };
    let links = pairs.into_iter().map(link).collect::<Result<Vec<Command>, Refusal>>()?;
    add_all(call, tx, links, "item_ids")
}

/// All edges or none; a refusal says which one it was.
fn add_all(call: &Call<'_>, tx: &Tx<'_>, commands: Vec<Command>, list: &str) -> Answer {
    let rows = call.rows(tx)?;
    let mut edges = Vec::with_capacity(commands.len());
    for (index, command) in commands.iter().enumerate() {
        let changes = call.act(tx, command).map_err(|halt| {
            halt.map_refusal(|refusal| match refusal.details {
                Some(_) => refusal,
                None => refusal.details(Details::Entry(index)),
            })
        });
        let changes = changes
            .map_err(|halt| halt.map_refusal(|r| Refusal { field: Some(format!("{list}[{index}]")), ..r }))?;
        for edge in added(&changes) {
            edges.push(Value::Object(rows.edge(edge)?));
        }
    }
    Ok(json!({ "dependencies": edges }))
}
