//! `undelete ITEM`: a deleted item with what was deleted below it, its notes and its dependencies.

use clap_complete::ArgValueCompleter;
use serde_json::Value;

use super::{
    Trouble,
    completions::deleted_ids,
    exit::Exit,
    items::{line, rows},
    paint::Paint,
    person::{Given, Person},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The item, by its id or 4 or more first characters; `history --kind item_deleted` lists them
    #[arg(add = ArgValueCompleter::new(deleted_ids))]
    id: String,
}

pub(crate) fn run(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    let given = Given::operation("restore").with("item_id", arguments.id.as_str());
    let answer = person.call("manage_items", given.done())?;
    person.print(&answer, |item| back(item, person.paint));
    Ok(Exit::Fine)
}

fn back(item: &Value, paint: Paint) -> String {
    let mut out = line(item, paint) + "\n";
    if let Some(below @ 1..) = item["descendants_restored"].as_u64() {
        out.push_str(&format!("  with {below} below it\n"));
    }
    let left_out = &item["left_out"];
    if !left_out["parent_id"].is_null() {
        out.push_str("  not under its former parent, which is deleted\n");
    }
    let edges = rows(left_out, "edges").len() as u64 + left_out["more"]["edges"].as_u64().unwrap_or(0);
    match edges {
        0 => {}
        1 => out.push_str("  without a dependency on an item that is deleted\n"),
        _ => out.push_str(&format!("  without {edges} dependencies on items that are deleted\n")),
    }
    out
}
