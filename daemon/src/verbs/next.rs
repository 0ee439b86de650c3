//! `next`: what to do next, and why.

use orc_core::time::Stamp;

use super::{
    Trouble,
    exit::Exit,
    input::Within,
    items::{card, rows},
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
