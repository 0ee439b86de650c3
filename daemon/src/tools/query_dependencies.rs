//! query_dependencies: the neighbours of an item in the dependency graph, near or far.

use std::collections::{HashSet, VecDeque};

use orc_core::refusal::Refusal;
use orc_core::{ItemId, limits, resolve};
use orc_store::Tx;
use orc_store::queries::Neighbour;
use serde_json::json;

use crate::answer::Rows;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::page::Page;
use crate::report::Report;

const PARAMS: [Param; 4] = [
    Param::new("item_id", Kind::Id, ""),
    Param::new(
        "direction",
        Kind::Word(&["outbound", "inbound", "both"]),
        "outbound (default): what it blocks",
    ),
    Param::new("neighbors_only", Kind::Boolean, "false: the whole graph from here"),
    Param::new("max_depth", Kind::Integer, "Default 10"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "query_dependencies",
    description: "What an item blocks and what blocks it; neighbors_only=false walks the graph.",
    params: &PARAMS,
    required: &["item_id"],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Values(run),
};

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let item = resolve(tx, &args.need_id("item_id")?, "item_id")?;
    let direction = args.text("direction")?.unwrap_or("outbound");
    if args.choice("neighbors_only")?.unwrap_or(true) {
        return direct(call, tx, &item, direction);
    }
    let max_depth = args.bounded("max_depth", 10, 1, 1_000)?;
    walk(call, tx, &item, directions(direction)?, max_depth)
}

/// Whether to look out, in, or both ways.
fn directions(word: &str) -> Result<&'static [bool], Refusal> {
    match word.trim().to_ascii_lowercase().as_str() {
        "outbound" => Ok(&[true]),
        "inbound" => Ok(&[false]),
        "both" => Ok(&[true, false]),
        _ => {
            let message = format!("Invalid direction: {word}. Valid: inbound, outbound, both");
            Err(Refusal::validation(message).field("direction"))
        }
    }
}

/// `{"blocks","blocked_by"}`: the edges out of and into an item, with what stands at their far ends.
pub(super) fn direct(call: &Call<'_>, tx: &Tx<'_>, item: &ItemId, direction: &str) -> Answer {
    let wanted = directions(direction)?;
    let rows = call.rows(tx)?;
    let mut report = Report::default();
    for (key, outbound, end) in [("blocks", true, "to"), ("blocked_by", false, "from")] {
        let (found, total) = if wanted.contains(&outbound) {
            (tx.neighbours(item, outbound, limits::LIST)?, tx.neighbour_count(item, outbound)?)
        } else {
            (Vec::new(), 0)
        };
        let edges = found.iter().map(|neighbour| {
            let mut row = rows.edge(&neighbour.edge)?;
            row.insert(format!("{end}_title"), json!(neighbour.title));
            row.insert(format!("{end}_status"), json!(neighbour.status.as_str()));
            Ok(rows.in_list(row))
        });
        report.section(key, &edges.collect::<Answer<Vec<_>>>()?, total)?;
    }
    report.document()
}

/// Every edge within reach, breadth first, each once, with how far away it is.
fn walk(call: &Call<'_>, tx: &Tx<'_>, item: &ItemId, directions: &[bool], max_depth: i64) -> Answer {
    let rows = call.rows(tx)?;
    let (mut items, mut total) = (Vec::new(), 0);
    let mut seen_items = HashSet::from([item.clone()]);
    let mut seen_edges: HashSet<ItemId> = HashSet::new();
    let mut queue = VecDeque::from([(item.clone(), 1)]);
    'walk: while let Some((at, depth)) = queue.pop_front() {
        for outbound in directions {
            for neighbour in tx.neighbours(&at, *outbound, limits::LIST + 1)? {
                if !seen_edges.insert(neighbour.edge.id.clone()) {
                    continue;
                }
                total += 1;
                if total > limits::TOTAL_EXACT {
                    break 'walk;
                }
                if total <= limits::LIST {
                    items.push(far(&rows, &neighbour, depth)?);
                }
                if seen_items.insert(neighbour.id.clone()) && depth < max_depth {
                    queue.push_back((neighbour.id, depth + 1));
                }
            }
        }
    }
    Page::first_of(total, items).document()
}

fn far(rows: &Rows<'_, '_>, neighbour: &Neighbour, depth: i64) -> Answer {
    let mut row = rows.edge(&neighbour.edge)?;
    row.insert("title".to_owned(), json!(neighbour.title));
    row.insert("status".to_owned(), json!(neighbour.status.as_str()));
    row.insert("priority".to_owned(), json!(neighbour.priority.as_str()));
    row.insert("depth".to_owned(), json!(depth));
    Ok(rows.in_list(row))
}
