//! `dep add|rm|show`: which item waits for which.

use clap::Subcommand;
use clap_complete::ArgValueCompleter;
use orc_core::status::Threshold;
use serde_json::Value;

use super::{
    Trouble,
    completions::ids,
    exit::Exit,
    family::waits_for_what_is_above,
    items::{head, line, rows, text},
    paint::plain,
    person::{Given, Person},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// ITEM waits for BLOCKER
    Add {
        /// The one that waits
        #[arg(add = ArgValueCompleter::new(ids))]
        item: String,
        /// The one that must come first
        #[arg(add = ArgValueCompleter::new(ids))]
        blocker: String,
        /// How far BLOCKER must come (default: done)
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Threshold::WORDS), conflicts_with = "relates")]
        unblock_at: Option<String>,
        /// Only related: neither waits
        #[arg(long)]
        relates: bool,
    },
    /// ITEM no longer waits for BLOCKER
    Rm {
        /// The one that waited
        #[arg(add = ArgValueCompleter::new(ids))]
        item: String,
        /// The one it waited for
        #[arg(add = ArgValueCompleter::new(ids))]
        blocker: String,
        /// The relation between the two, in place of the wait
        #[arg(long)]
        relates: bool,
    },
    /// What an item waits for, and what waits for it
    Show {
        /// The item
        #[arg(add = ArgValueCompleter::new(ids))]
        item: String,
    },
}

pub(crate) fn run(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    match &arguments.what {
        What::Add { item, blocker, unblock_at, relates } => {
            let given = edge("add", item, blocker, *relates).maybe("unblock_at", unblock_at.as_deref());
            let answer = person.call("manage_dependencies", given.done())?;
            let (from, to) = ends(&answer.value, person)?;
            let odd = match person.json || *relates {
                true => String::new(),
                false => {
                    let [item, blocker] = ["to_id", "from_id"].map(|end| text(&answer.value, end));
                    waits_for_what_is_above(item, &[blocker], person)?
                }
            };
            person.print(&answer, |edge| match relates {
                true => format!("{to}\n  is related to {from}\n"),
                false => format!("{to}\n  waits for {from} ({})\n{odd}", threshold(edge)),
            });
            Ok(Exit::Fine)
        }
        What::Rm { item, blocker, relates } => {
            let answer =
                person.call("manage_dependencies", edge("remove", item, blocker, *relates).done())?;
            let removed = answer.value["removed"] == true;
            person.print(&answer, |_| match removed {
                true => "Removed.\n".to_owned(),
                false => "There is no such dependency.\n".to_owned(),
            });
            Ok(if removed { Exit::Fine } else { Exit::Refused })
        }
        What::Show { item } => {
            let given = Given::operation("query").with("item_id", item.as_str()).with("direction", "both");
            let answer = person.call("manage_dependencies", given.done())?;
            person.print(&answer, |edges| {
                let waits = section("waits for", rows(edges, "blocked_by"), "from", person);
                let out = waits + &section("blocks", rows(edges, "blocks"), "to", person);
                if out.is_empty() { "Waits for nothing, and nothing waits for it.\n".to_owned() } else { out }
            });
            Ok(Exit::Fine)
        }
    }
}

fn edge(operation: &str, item: &str, blocker: &str, relates: bool) -> Given {
    let kind = if relates { "relates_to" } else { "blocks" };
    Given::operation(operation).with("from_id", blocker).with("to_id", item).with("dep_type", kind)
}

/// Both ends of an edge, a line each.
fn ends(edge: &Value, person: &Person) -> Result<(String, String), Trouble> {
    let end = |key: &str| {
        let id = text(edge, key);
        let head = head(person, id)?;
        Ok::<_, Trouble>(head.map_or_else(|| plain(id), |head| line(&head, person.paint)))
    };
    if person.json {
        return Ok(Default::default());
    }
    Ok((end("from_id")?, end("to_id")?))
}

fn section(label: &str, edges: &[Value], end: &str, person: &Person) -> String {
    let paint = person.paint;
    edges
        .iter()
        .map(|edge| {
            let label = if text(edge, "dep_type") == "relates_to" { "related to" } else { label };
            let (id, title) = (text(edge, &format!("{end}_id")), plain(text(edge, &format!("{end}_title"))));
            let status = paint.status(text(edge, &format!("{end}_status")));
            format!(
                "{}  {}  {status}  {title} ({})\n",
                paint.dim(&format!("{label:<10}")),
                paint.id(id),
                threshold(edge)
            )
        })
        .collect()
}

fn threshold(edge: &Value) -> String {
    match text(edge, "dep_type") {
        "relates_to" => "neither waits".to_owned(),
        _ => format!("until {}", text(edge, "unblock_at")),
    }
}
