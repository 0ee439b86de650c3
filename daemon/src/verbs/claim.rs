//! `claim`: who holds what; take, give back, pass on.
//!
//! A person's claim does not end with the command: it stays until it is released, handed over, or past its deadline.

use clap_complete::ArgValueCompleter;
use orc_core::time::{SECOND, Stamp, parse_span};
use serde_json::Value;

use super::{
    Trouble,
    completions::ids,
    exit::Exit,
    items::{claim_end, rows, text},
    paint::plain,
    person::{Given, Person},
    remark,
    table::{Cell, Table},
    times::ago,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The item; without one and without --resource all claims are listed
    #[arg(conflicts_with = "resource", add = ArgValueCompleter::new(ids))]
    id: Option<String>,
    /// Anything else that two should not use at once, such as file:src/main.rs
    #[arg(long, value_name = "NAME")]
    resource: Option<String>,
    /// It ends after so long: 30m, 2h, 1d
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    ttl: Option<i64>,
    /// Give it back
    #[arg(long, group = "what")]
    release: bool,
    /// Begin its time anew: it ends after --ttl, or without one when it is released
    #[arg(long, group = "what")]
    renew: bool,
    /// Pass it on to a connected agent
    #[arg(long, group = "what", value_name = "AGENT")]
    handoff: Option<String>,
    /// Over somebody else's claim; recorded
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    if arguments.id.is_none() && arguments.resource.is_none() {
        if arguments.release || arguments.renew || arguments.handoff.is_some() || arguments.ttl.is_some() {
            return Err(Trouble::Usage("name the item, or --resource".to_owned()));
        }
        return list(person, now);
    }
    let operation = match arguments {
        Arguments { release: true, .. } => "release",
        Arguments { renew: true, .. } => "renew",
        Arguments { handoff: Some(_), .. } => "handoff",
        _ => "claim",
    };
    let given = Given::operation(operation)
        .maybe("item_id", arguments.id.as_deref())
        .maybe("resource", arguments.resource.as_deref())
        .maybe("ttl_seconds", arguments.ttl)
        .maybe("to", arguments.handoff.as_deref())
        .flag("force", arguments.force);
    let answer = person.call("claim_item", given.done())?;
    let released = answer.value["released"] != false;
    person.print(&answer, |claim| match operation {
        "release" if released => format!("{} is free\n", subject(claim)),
        "release" => format!("{} was held by nobody\n", subject(claim)),
        _ => format!(
            "{} is held by {}; ends {}\n",
            subject(claim),
            person.paint.name(&plain(text(claim, "agent"))),
            claim_end(claim, now)
        ),
    });
    Ok(if released { Exit::Fine } else { Exit::Refused })
}

fn list(person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let answer = person.call("claim_item", Given::operation("list").with("limit", 500).done())?;
    let claims = rows(&answer.value, "items");
    person.print(&answer, |_| {
        let mut table = Table::new(person.paint, &["ID", "STATUS", "HELD BY", "SINCE", "ENDS", "WHAT"]);
        for claim in claims {
            table.row([
                Cell::new(text(claim, "item_id"), |t| person.paint.id(t)),
                Cell::new(text(claim, "status"), |t| person.paint.status(t)),
                Cell::new(plain(text(claim, "agent")), |t| person.paint.name(t)),
                Cell::plain(ago(text(claim, "since"), now)),
                Cell::plain(claim_end(claim, now)),
                Cell::plain(plain(claim["resource"].as_str().unwrap_or_else(|| text(claim, "title")))),
            ]);
        }
        if claims.is_empty() { String::new() } else { table.lines() }
    });
    if claims.is_empty() && !person.json {
        remark("Nobody holds anything.");
    }
    Ok(Exit::Fine)
}

fn subject(claim: &Value) -> String {
    let id = claim["item_id"].as_str().or_else(|| claim["resource"].as_str()).unwrap_or_default();
    format!("{} {}", plain(id), plain(text(claim, "title"))).trim_end().to_owned()
}

/// `30m` as seconds.
fn seconds(text: &str) -> Result<i64, String> {
    parse_span(text)
        .map(|micros| micros / SECOND)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| "give a length of time, such as 30m, 2h or 1d".to_owned())
}
