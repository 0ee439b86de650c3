//! `start`, `done`, `block`, `resume`, `cancel`, `reopen`: items through the workflow.

use clap_complete::ArgValueCompleter;
use serde_json::{Value, json};

use super::{
    Trouble, complain,
    completions::ids,
    exit::Exit,
    family::open_below,
    items::{head, line, rows, text},
    paint::plain,
    person::{Given, Person},
    refusal::Refused,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The items, each by its id or 4 or more first characters
    #[arg(required = true, add = ArgValueCompleter::new(ids))]
    ids: Vec<String>,
    /// Why; kept in the history and shown to others
    #[arg(long, short, value_name = "TEXT")]
    reason: Option<String>,
    /// All of them or none
    #[arg(long)]
    atomic: bool,
    /// Over somebody else's claim; recorded
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(trigger: &str, arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    match &arguments.ids[..] {
        [id] => one(trigger, id, arguments, person),
        _ => several(trigger, arguments, person),
    }
}

fn one(trigger: &str, id: &str, arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    let given = Given::default()
        .with("item_id", id)
        .with("trigger", trigger)
        .maybe("reason", arguments.reason.as_deref())
        .flag("force", arguments.force);
    let answer = person.call("advance_item", given.done())?;
    let below = if person.json { String::new() } else { open_below(&answer.value, person)? };
    person.print(&answer, |row| {
        let mut out = line(row, person.paint) + "\n" + &below;
        if row["parent_reopened"] == true {
            out.push_str("  its parent is open again\n");
        }
        out + &unblocked(rows(row, "unblocked_items"), person)
    });
    Ok(Exit::Fine)
}

fn several(trigger: &str, arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    let transition = |id: &String| {
        let given = Given::default().with("item_id", id.as_str()).with("trigger", trigger);
        given.maybe("reason", arguments.reason.as_deref()).done()
    };
    let transitions: Vec<Value> = arguments.ids.iter().map(transition).collect();
    let given = Given::default().with("transitions", json!(transitions));
    let given = given.flag("atomic", arguments.atomic).flag("force", arguments.force);
    let answer = person.call("advance_item", given.done()).map_err(|trouble| match trouble {
        Trouble::Refused(refused) => Trouble::from(Box::new(refused.of_batch("transitions", &arguments.ids))),
        other => other,
    })?;
    let (mut out, mut refused) = (String::new(), 0);
    for result in rows(&answer.value, "results") {
        let id = text(result, "item_id");
        if let Some(error) = result.get("error") {
            refused += 1;
            if !person.json {
                complain(&format!("{}: {}", plain(id), Refused::entry(error, id)));
            }
        } else if !person.json {
            let head = head(person, id)?.unwrap_or_else(|| json!({"id": id, "status": result["new_status"]}));
            out.push_str(&(line(&head, person.paint) + "\n" + &open_below(&head, person)?));
        }
    }
    person.print(&answer, |document| out + &unblocked(rows(document, "all_unblocked_items"), person));
    Ok(if refused == 0 { Exit::Fine } else { Exit::Refused })
}

fn unblocked(items: &[Value], person: &Person) -> String {
    items.iter().map(|row| format!("  unblocked {}\n", line(row, person.paint))).collect()
}
