//! `add TITLE`: a new item with its notes and what it waits for, all or nothing.

use clap_complete::ArgValueCompleter;
use orc_core::time::Stamp;
use serde_json::{Value, json};

use super::{
    Trouble,
    completions::ids,
    exit::Exit,
    family::{closed_above, waits_for_what_is_above},
    fields::Fields,
    input::text_or_stdin,
    items::{line, rows, text},
    person::{Given, Person},
    schemas::in_force,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What is to be done, in a line
    title: String,
    /// Hang it under this item
    #[arg(long, value_name = "ID", add = ArgValueCompleter::new(ids))]
    parent: Option<String>,
    #[command(flatten)]
    fields: Fields,
    /// A note, KEY=TEXT; - as the text reads stdin; may be given again
    #[arg(long, value_name = "KEY=TEXT")]
    note: Vec<String>,
    /// It waits until this item is done; may be given again
    #[arg(long, value_name = "ID", add = ArgValueCompleter::new(ids))]
    after: Vec<String>,
    /// The project, in place of the folder's
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let notes = notes(arguments, person)?;
    let (tool, given, prefix) = match notes.is_empty() && arguments.after.is_empty() {
        true => ("manage_items", Given::operation("create"), ""),
        false => {
            let deps: Vec<Value> =
                arguments.after.iter().map(|id| json!({"from": id, "to": "root"})).collect();
            ("create_work_tree", Given::default().with("notes", notes).with("deps", deps), "root_")
        }
    };
    let given = given
        .with(&format!("{prefix}title"), arguments.title.as_str())
        .maybe(&format!("{prefix}project"), arguments.project.as_deref())
        .maybe("parent_id", arguments.parent.as_deref());
    let answer = person.call(tool, arguments.fields.add_to(given, prefix, now)?.done())?;
    let odd = if person.json { String::new() } else { odd(arguments, &answer.value, person)? };
    person.print(&answer, |document| {
        let mut out = line(item(document), person.paint);
        let noted = rows(document, "notes").len();
        if noted > 0 {
            out.push_str(&format!("  with {noted} note{}", if noted == 1 { "" } else { "s" }));
        }
        out + "\n" + &odd
    });
    Ok(Exit::Fine)
}

/// The new item of either tool's answer.
fn item(document: &Value) -> &Value {
    if document.get("root").is_some() { &document["root"] } else { document }
}

/// What is odd about its place.
fn odd(arguments: &Arguments, document: &Value, person: &Person) -> Result<String, Trouble> {
    if arguments.parent.is_none() {
        return Ok(String::new());
    }
    let mut odd = closed_above(item(document), person)?;
    let blockers: Vec<&str> =
        rows(document, "dependencies").iter().map(|edge| text(edge, "from_id")).collect();
    if !blockers.is_empty() {
        odd.push_str(&waits_for_what_is_above(text(item(document), "id"), &blockers, person)?);
    }
    Ok(odd)
}

fn notes(arguments: &Arguments, person: &Person) -> Result<Vec<Value>, Trouble> {
    let stdins = arguments.note.iter().filter(|note| note.ends_with("=-")).count();
    if stdins + usize::from(arguments.fields.reads_stdin()) > 1 {
        return Err(Trouble::Usage("stdin can be read once: give - in one place".to_owned()));
    }
    let mut given = Vec::new();
    for note in &arguments.note {
        match note.split_once('=').filter(|(key, _)| !key.is_empty()) {
            Some(note) => given.push(note),
            None => return Err(Trouble::Usage(format!("'{note}' is no KEY=TEXT"))),
        }
    }
    let schemas = if given.is_empty() { Value::Null } else { in_force(person)? };
    let note = |(key, body): (&str, &str)| {
        let role = arguments.fields.role_of_note(&schemas, key);
        let note = Given::default().with("ref", "root").with("key", key).with("body", text_or_stdin(body)?);
        Ok(note.maybe("role", role).done())
    };
    given.into_iter().map(note).collect()
}
