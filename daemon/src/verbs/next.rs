//! `next`: what to do next, and why.

use orc_core::time::Stamp;
use serde_json::Value;

use super::{
    Trouble,
    exit::Exit,
    input::Within,
    items::{card, rows, text},
    paint::plain,
    person::{Given, Person},
    remark,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many
    #[arg(long, short = 'n', default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=500))]
    limit: u64,
    /// Any of these tags
    #[arg(long, short, value_name = "TAG", value_delimiter = ',')]
    tag: Vec<String>,
    /// Of this type
    #[arg(long = "type", value_name = "TYPE")]
    item_type: Option<String>,
    /// Take it, so that nobody else gets it
    #[arg(long)]
    claim: bool,
    #[command(flatten)]
    within: Within,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let given = Given::default()
        .with("limit", arguments.limit)
        .words("tags", &arguments.tag)
        .maybe("item_type", arguments.item_type.clone())
        .flag("claim", arguments.claim)
        .flag("explain", true);
    let answer = person.call("get_next_item", arguments.within.add_to(given).done())?;
    let one = std::slice::from_ref(&answer.value);
    let found = match &answer.value {
        value if value.get("items").is_some() => rows(value, "items"),
        value if value.get("id").is_some() => one,
        _ => &[],
    };
    person.print(&answer, |_| {
        found.iter().map(|row| card(row, person.paint, now)).collect::<Vec<_>>().join("\n")
    });
    if arguments.claim
        && !person.json
        && let Some(line) = held(found, person)?
    {
        remark(&line);
    }
    if found.is_empty() {
        if !person.json {
            remark(
                "Nothing to do next. `task-orchestrator list` has what is open, `task-orchestrator show ID` what it waits for.",
            );
        }
        return Ok(Exit::Refused);
    }
    Ok(Exit::Fine)
}

/// What they held before: those are not offered again, and a claim of a person ends with no process.
fn held(found: &[Value], person: &Person) -> Result<Option<String>, Trouble> {
    let mine = Given::operation("list").flag("mine", true).with("limit", 500).done();
    let answer = person.call("claim_item", mine)?;
    let is_new = |claim: &&Value| found.iter().any(|row| row["id"] == claim["item_id"]);
    let items = rows(&answer.value, "items").iter().filter(|claim| claim["item_id"].is_string());
    let mut items = items.filter(|claim| !is_new(claim));
    let Some(first) = items.next() else { return Ok(None) };
    let (id, status) = (text(first, "item_id"), text(first, "status"));
    let named = format!("{id} {} ({status})", plain(text(first, "title")));
    Ok(Some(match items.count() {
        0 => format!("You already hold {named}."),
        more => format!("You already hold {named} and {more} more; `task-orchestrator claim` lists them."),
    }))
}
