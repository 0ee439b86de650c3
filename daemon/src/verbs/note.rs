//! `note ID [KEY [TEXT]]`: an item's notes: all, one, or one that is written.

use clap_complete::ArgValueCompleter;
use orc_core::status::Role;
use serde_json::Value;

use super::{
    Trouble,
    completions::{ids, note_keys},
    exit::Exit,
    input::{edited, text_or_stdin},
    items::{rows, text},
    paint::{plain, plain_lines},
    person::{Answer, Given, Person},
    remark, schemas,
    table::{Cell, Table},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The item
    #[arg(add = ArgValueCompleter::new(ids))]
    id: String,
    /// The note; without it all are listed
    #[arg(add = ArgValueCompleter::new(note_keys))]
    key: Option<String>,
    /// What it says; - reads stdin; without it the note is shown
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,
    /// Write it in VISUAL or EDITOR
    #[arg(long, short, conflicts_with = "body", requires = "key")]
    edit: bool,
    /// The phase it belongs to (default: as it is, else as the item's schema says, else queue)
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Role::WORDS))]
    role: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    match (&arguments.key, &arguments.body) {
        (None, _) => list(arguments, person),
        (Some(key), Some(body)) => write(arguments, person, key, &text_or_stdin(body)?),
        (Some(key), None) if arguments.edit => edit(arguments, person, key),
        (Some(key), None) => {
            let note = read(arguments, person, key)?;
            person.print(&note, |note| {
                let body = plain_lines(text(note, "body"));
                if body.ends_with('\n') { body } else { body + "\n" }
            });
            Ok(Exit::Fine)
        }
    }
}

fn list(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    let given = Given::default().with("item_id", arguments.id.as_str()).with("limit", 500);
    // Lengths in place of texts: a hundred long notes are no answer any more.
    let given = given.with("include_body", false).maybe("role", arguments.role.as_deref());
    let notes = person.call("query_notes", given.done())?;
    let found = rows(&notes.value, "items");
    person.print(&notes, |_| {
        let mut table = Table::new(person.paint, &["KEY", "ROLE", "CHARACTERS"]);
        for note in found {
            table.row([
                Cell::new(plain(text(note, "key")), |t| person.paint.bold(t)),
                Cell::plain(text(note, "role")),
                Cell::plain(note["length"].to_string()),
            ]);
        }
        if found.is_empty() { String::new() } else { table.lines() }
    });
    if found.is_empty() && !person.json {
        remark("No notes. `task-orchestrator note ID KEY TEXT` writes one.");
    }
    Ok(Exit::Fine)
}

fn read(arguments: &Arguments, person: &Person, key: &str) -> Result<Answer, Trouble> {
    person
        .call("query_notes", Given::default().with("item_id", arguments.id.as_str()).with("key", key).done())
}

fn edit(arguments: &Arguments, person: &Person, key: &str) -> Result<Exit, Trouble> {
    // The item must be there before somebody writes about it.
    let heads = Given::default().with("item_id", arguments.id.as_str()).with("limit", 1);
    person.call("query_notes", heads.with("include_body", false).done())?;
    let before = existing(arguments, person, key)?;
    // An editor may be open for long; the daemon may restart meanwhile.
    person.disconnect();
    match edited(text(&before, "body"), key)? {
        Some(after) => write(arguments, person, key, &after),
        None => {
            remark("Unchanged.");
            Ok(Exit::Fine)
        }
    }
}

fn write(arguments: &Arguments, person: &Person, key: &str, body: &str) -> Result<Exit, Trouble> {
    let role = match &arguments.role {
        Some(role) => Some(role.clone()),
        None => role_of(arguments, person, key)?,
    };
    let given = Given::operation("upsert")
        .with("item_id", arguments.id.as_str())
        .with("key", key)
        .with("body", body)
        .maybe("role", role);
    let answer = person.call("manage_notes", given.done())?;
    person.print(&answer, |note| {
        let reopened = if note["auto_reopened"] == true { "; the item is open again" } else { "" };
        format!(
            "{}  note {} ({}){reopened}\n",
            person.paint.id(text(note, "item_id")),
            plain(text(note, "key")),
            text(note, "role")
        )
    });
    Ok(Exit::Fine)
}

/// The phase of a note that is there, for to write it anew is not to move it; else the one that the item's schema gives its key.
fn role_of(arguments: &Arguments, person: &Person, key: &str) -> Result<Option<String>, Trouble> {
    let note = existing(arguments, person, key)?;
    match text(&note, "role") {
        "" => schemas::role_of_item(&arguments.id, key, person),
        role => Ok(Some(role.to_owned())),
    }
}

/// The note's row, or null.
fn existing(arguments: &Arguments, person: &Person, key: &str) -> Result<Value, Trouble> {
    match read(arguments, person, key) {
        Ok(note) => Ok(note.value),
        Err(Trouble::Refused(_)) => Ok(Value::Null),
        Err(other) => Err(other),
    }
}
