//! `delete ITEM…`: items out of the graph, from where `undelete` brings them back.

use clap_complete::ArgValueCompleter;
use serde_json::{Value, json};

use super::{
    Trouble, complain,
    completions::ids,
    exit::Exit,
    items::{head, rows, text},
    paint::plain,
    person::{Given, Person},
    refusal::Refused,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The items, each by its id or 4 or more first characters
    #[arg(required = true, add = ArgValueCompleter::new(ids))]
    ids: Vec<String>,
    /// What is below them too
    #[arg(long)]
    recursive: bool,
    /// Over somebody else's claim; recorded
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    let given =
        Given::operation("delete").flag("recursive", arguments.recursive).flag("force", arguments.force);
    match &arguments.ids[..] {
        [id] => one(id, given, person),
        ids => several(ids, given, person),
    }
}

fn one(id: &str, given: Given, person: &Person) -> Result<Exit, Trouble> {
    let head = named(id, person)?;
    let answer = person.call("manage_items", given.with("item_id", id).done())?;
    person.print(&answer, |document| {
        let id = text(&head, "id");
        let below = below(document).map(|count| format!(", with {count} below it")).unwrap_or_default();
        format!("{}{below}\n  task-orchestrator undelete {id} brings it back\n", line(&head, person))
    });
    Ok(Exit::Fine)
}

/// Each stands alone.
fn several(ids: &[String], given: Given, person: &Person) -> Result<Exit, Trouble> {
    let heads = ids.iter().map(|id| named(id, person)).collect::<Result<Vec<_>, _>>()?;
    let answer = person.call("manage_items", given.with("ids", json!(ids)).done())?;
    let failures = rows(&answer.value, "failures");
    let failed = |index: usize| failures.iter().find(|failure| failure["index"] == index);
    let mut out = String::new();
    for (index, (id, head)) in ids.iter().zip(&heads).enumerate() {
        match failed(index) {
            None => out.push_str(&(line(head, person) + "\n")),
            Some(failure) if !person.json => {
                complain(&format!("{}: {}", plain(id), Refused::entry(&failure["error"], id)));
            }
            Some(_) => {}
        }
    }
    person.print(&answer, |document| match out.is_empty() {
        true => out,
        false => {
            let below = below(document).map(|count| format!("with {count} below them; ")).unwrap_or_default();
            format!("{out}  {below}task-orchestrator undelete ID brings each back\n")
        }
    });
    Ok(if failures.is_empty() { Exit::Fine } else { Exit::Refused })
}

/// What the item is called: nobody can be asked once it is gone.
fn named(id: &str, person: &Person) -> Result<Value, Trouble> {
    let found = if person.json { None } else { head(person, id)? };
    Ok(found.unwrap_or_else(|| json!({ "id": id })))
}

fn line(head: &Value, person: &Person) -> String {
    format!("{}  deleted  {}", person.paint.id(&plain(text(head, "id"))), plain(text(head, "title")))
}

/// How many went with what was named.
fn below(document: &Value) -> Option<u64> {
    document["descendants_deleted"].as_u64().filter(|count| *count > 0)
}
