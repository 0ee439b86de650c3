//! `history [ID]`: every change, newest first.

use clap_complete::ArgValueCompleter;
use orc_core::time::Stamp;

use super::{
    Trouble,
    completions::ids,
    events::{Titles, events, gathered},
    exit::Exit,
    items::rows,
    person::{Given, Person},
    remark, tell,
    times::{self, When},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Of this item; deleted ones too
    #[arg(add = ArgValueCompleter::new(ids))]
    id: Option<String>,
    /// Since a time, or for so long: 2026-11-23, 2d
    #[arg(long, value_name = "TIME", value_parser = times::back)]
    since: Option<When>,
    /// By this agent, or person:USER
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Of this kind, such as status_changed or note_written
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<String>,
    /// Of items of this project; * is all
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// At most so many
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=500))]
    limit: u64,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let since = arguments.since.as_ref().map(|when| when.back(now));
    let given = Given::default()
        .maybe("item_id", arguments.id.as_deref())
        .maybe("since", since)
        .maybe("agent", arguments.agent.as_deref())
        .words("kind", &arguments.kind)
        .maybe("project", arguments.project.as_deref())
        .with("limit", arguments.limit);
    let answer = person.call("query_history", given.done())?;
    if person.json {
        person.print(&answer, |_| String::new());
        return Ok(Exit::Fine);
    }
    let changes = rows(&answer.value, "items");
    if changes.is_empty() {
        remark("No changes.");
        return Ok(Exit::Fine);
    }
    let mut titles = if arguments.id.is_some() { Titles::none() } else { Titles::asked() };
    tell(&events(&gathered(changes), &mut titles, person, now)?);
    if answer.value["has_more"] == true {
        remark(&format!("The newest {} changes; --limit N shows more.", changes.len()));
    }
    Ok(Exit::Fine)
}
