//! `add TITLE`: a new item with its notes and what it waits for, all or nothing.

use clap_complete::ArgValueCompleter;
use orc_core::{status::Priority, time::Stamp};
use serde_json::{Map, Value, json};

use super::{
    Trouble,
    completions::ids,
    exit::Exit,
    input::text_or_stdin,
    items::{line, rows},
    person::{Given, Person},
    times::{self, From},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What is to be done, in a line
    title: String,
    /// More about it; - reads stdin
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,
    /// Hang it under this item
    #[arg(long, value_name = "ID", add = ArgValueCompleter::new(ids))]
    parent: Option<String>,
    /// A tag; may be given again
    #[arg(long, short, value_name = "TAG", value_delimiter = ',')]
    tag: Vec<String>,
    /// Its type, which selects the notes it needs
    #[arg(long = "type", value_name = "TYPE")]
    item_type: Option<String>,
    /// critical, high, medium or low
    #[arg(long, short, value_parser = clap::builder::PossibleValuesParser::new(Priority::WORDS))]
    priority: Option<String>,
    /// When it must be done: 2026-12-01, 2026-12-01T18:00, or in so long: 3d
    #[arg(long, value_name = "TIME")]
    due: Option<String>,
    /// Not offered before this time, or for so long
    #[arg(long, value_name = "TIME")]
    not_before: Option<String>,
    /// Again and again: five cron fields, in UTC
    #[arg(long, value_name = "CRON")]
    schedule: Option<String>,
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
    let notes = notes(arguments)?;
    let fields = fields(arguments, now)?;
    let answer = if notes.is_empty() && arguments.after.is_empty() {
        let given = Given::operation("create").maybe("parent_id", arguments.parent.as_deref());
        person.call("manage_items", with_fields(given, fields, ""))?
    } else {
        let deps: Vec<Value> = arguments.after.iter().map(|id| json!({"from": id, "to": "root"})).collect();
        let given = Given::default()
            .maybe("parent_id", arguments.parent.as_deref())
            .with("notes", notes)
            .with("deps", deps);
        person.call("create_work_tree", with_fields(given, fields, "root_"))?
    };
    person.print(&answer, |document| {
        let item = if document.get("root").is_some() { &document["root"] } else { document };
        let mut out = line(item, person.paint);
        let noted = rows(document, "notes").len();
        if noted > 0 {
            out.push_str(&format!("  with {noted} note{}", if noted == 1 { "" } else { "s" }));
        }
        out + "\n"
    });
    Ok(Exit::Fine)
}

fn fields(arguments: &Arguments, now: &Stamp) -> Result<Map<String, Value>, Trouble> {
    let time = |text: &Option<String>| text.as_deref().map(|text| times::read(text, From::Ahead, now));
    let description = arguments.description.as_deref().map(text_or_stdin).transpose()?;
    let fields = Given::default()
        .with("title", arguments.title.as_str())
        .maybe("description", description)
        .words("tags", &arguments.tag)
        .maybe("item_type", arguments.item_type.as_deref())
        .maybe("priority", arguments.priority.as_deref())
        .maybe("due_at", time(&arguments.due))
        .maybe("not_before", time(&arguments.not_before))
        .maybe("schedule", arguments.schedule.as_deref())
        .maybe("project", arguments.project.as_deref());
    match fields.done() {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

fn with_fields(given: Given, fields: Map<String, Value>, prefix: &str) -> Value {
    fields
        .into_iter()
        .fold(given, |given, (name, value)| given.with(&format!("{prefix}{name}"), value))
        .done()
}

fn notes(arguments: &Arguments) -> Result<Vec<Value>, Trouble> {
    let stdins = arguments.note.iter().filter(|note| note.ends_with("=-")).count();
    if stdins + usize::from(arguments.description.as_deref() == Some("-")) > 1 {
        return Err(Trouble::Usage("stdin can be read once: give - in one place".to_owned()));
    }
    let mut notes = Vec::new();
    for note in &arguments.note {
        let Some((key, body)) = note.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Trouble::Usage(format!("'{note}' is no KEY=TEXT")));
        };
        notes.push(json!({"ref": "root", "key": key, "body": text_or_stdin(body)?}));
    }
    Ok(notes)
}
