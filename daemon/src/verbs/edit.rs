//! `edit ITEM`: an item's fields and its place. What is not given stays as it is.

use clap::builder::PossibleValuesParser;
use clap_complete::ArgValueCompleter;
use orc_core::time::Stamp;
use serde_json::{Map, Value};

use super::{
    Trouble,
    completions::ids,
    exit::Exit,
    fields::Fields,
    items::{card, head, line},
    person::{Given, Person},
};

/// What can be emptied, by the options' words, and the tools' names for it.
const CLEARED: [(&str, &str); 8] = [
    ("description", "description"),
    ("tag", "tags"),
    ("type", "item_type"),
    ("priority", "priority"),
    ("due", "due_at"),
    ("not-before", "not_before"),
    ("schedule", "schedule"),
    ("parent", "parent_id"),
];
/// In a parent's place: under none.
const ROOT: &str = "root";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The item, by its id or 4 or more first characters
    #[arg(add = ArgValueCompleter::new(ids))]
    id: String,
    /// What is to be done, in a line
    #[arg(long)]
    title: Option<String>,
    #[command(flatten)]
    fields: Fields,
    /// Move it, with all below it, under this item; root for under none
    #[arg(long, value_name = "ID", add = ArgValueCompleter::new(ids))]
    parent: Option<String>,
    /// Empty this field; may be given again
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = PossibleValuesParser::new(CLEARED.map(|(word, _)| word)))]
    clear: Vec<String>,
    /// Over somebody else's claim; recorded
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let edits = edits(arguments, now)?;
    let given = Given::operation("update").with("item_id", arguments.id.as_str());
    let given = edits.into_iter().fold(given, |given, (name, value)| given.with(&name, value));
    let answer = person.call("manage_items", given.flag("force", arguments.force).done())?;
    let place = if person.json { String::new() } else { place(arguments, &answer.value, person)? };
    person.print(&answer, |item| card(item, person.paint, now) + &place);
    Ok(Exit::Fine)
}

/// The fields and what they become; null empties one.
fn edits(arguments: &Arguments, now: &Stamp) -> Result<Map<String, Value>, Trouble> {
    let given = Given::default()
        .maybe("title", arguments.title.as_deref())
        .maybe("parent_id", arguments.parent.as_deref().filter(|parent| *parent != ROOT));
    let mut edits = arguments.fields.add_to(given, "", now)?.fields();
    for (_, value) in edits.iter_mut().filter(|(_, value)| value.as_str() == Some("")) {
        *value = Value::Null;
    }
    if arguments.parent.as_deref() == Some(ROOT) {
        edits.insert("parent_id".to_owned(), Value::Null);
    }
    for (word, name) in CLEARED.iter().filter(|(word, _)| arguments.clear.iter().any(|named| named == word)) {
        if edits.insert((*name).to_owned(), Value::Null).is_some_and(|value| !value.is_null()) {
            return Err(Trouble::Usage(format!("--{word} and --clear {word} cannot both be")));
        }
    }
    if edits.is_empty() {
        let words = "say what is to change, such as --title TEXT, --due TIME or --parent ID";
        return Err(Trouble::Usage(words.to_owned()));
    }
    Ok(edits)
}

/// Where it is after it was moved.
fn place(arguments: &Arguments, item: &Value, person: &Person) -> Result<String, Trouble> {
    let moved = arguments.parent.is_some() || arguments.clear.iter().any(|word| word == "parent");
    if !moved {
        return Ok(String::new());
    }
    Ok(match item["parent_id"].as_str().map(|id| head(person, id)).transpose()?.flatten() {
        // Its line says that it is closed, should it be.
        Some(parent) => format!("  now under {}\n", line(&parent, person.paint)),
        None => "  now under no other item\n".to_owned(),
    })
}
