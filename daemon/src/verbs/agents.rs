//! `agents`: who is connected, on what, since when.

use orc_core::time::Stamp;
use serde_json::Value;

use super::{
    Trouble,
    exit::Exit,
    items::{rows, text},
    paint::plain,
    person::{Given, Person},
    table::{Cell, Table},
    times::ago,
};

pub(crate) fn run(person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let answer = person.call("list_agents", Given::default().with("limit", 500).done())?;
    person.print(&answer, |document| {
        let mut table = Table::new(person.paint, &["AGENT", "CLIENT", "PROJECT", "PID", "SINCE", "HOLDS"]);
        for agent in rows(document, "items") {
            let you = if agent["you"] == true { " (you)" } else { "" };
            table.row([
                Cell::new(format!("{}{you}", plain(text(agent, "agent"))), |t| person.paint.name(t)),
                Cell::plain(plain(text(agent, "client"))),
                Cell::plain(plain(text(agent, "project"))),
                Cell::plain(agent["pid"].as_i64().map(|pid| pid.to_string()).unwrap_or_default()),
                Cell::plain(ago(text(agent, "since"), now)),
                Cell::plain(holds(agent)),
            ]);
        }
        table.lines()
    });
    Ok(Exit::Fine)
}

fn holds(agent: &Value) -> String {
    let claim = |claim: &Value| match claim["resource"].as_str() {
        Some(resource) => plain(resource),
        None => format!("{} {}", text(claim, "id"), plain(text(claim, "title"))),
    };
    let mut held: Vec<String> = rows(agent, "claims").iter().map(claim).collect();
    if let Some(more) = agent["more"]["claims"].as_u64() {
        held.push(format!("and {more} more"));
    }
    held.join(", ")
}
