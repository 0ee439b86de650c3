//! What a change leaves odd above or below an item, a line each. The rules allow it; a person should know.

use serde_json::Value;

use super::{
    Trouble,
    items::{head, rows, text},
    list::OPEN,
    paint::plain,
    person::{Given, Person},
};

/// What is still open below an item that was closed.
pub(crate) fn open_below(closed: &Value, person: &Person) -> Result<String, Trouble> {
    if !is_closed(closed) {
        return Ok(String::new());
    }
    let id = text(closed, "id");
    let wanted = Given::operation("list").with("parent_id", id).with("status", OPEN).with("project", "*");
    let found = person.call("query_items", wanted.with("limit", 1).done())?.value;
    Ok(match found["total"].as_u64() {
        None | Some(0) => String::new(),
        Some(1) => format!("  1 of its children is still open: task-orchestrator tree {id}\n"),
        Some(count) => format!("  {count} of its children are still open: task-orchestrator tree {id}\n"),
    })
}

/// That the parent of something new is closed.
pub(crate) fn closed_above(item: &Value, person: &Person) -> Result<String, Trouble> {
    let parent = item["parent_id"].as_str().map(|id| head(person, id)).transpose()?.flatten();
    Ok(match parent.filter(is_closed) {
        Some(parent) => {
            let (id, title, status) =
                (text(&parent, "id"), plain(text(&parent, "title")), text(&parent, "status"));
            format!("  its parent {id} {title} is {status}\n")
        }
        None => String::new(),
    })
}

/// That items wait for what they are below of: nothing below an item is finished before it, and none with something unfinished
/// below it is offered.
pub(crate) fn waits_for_what_is_above(
    item: &str,
    blockers: &[&str],
    person: &Person,
) -> Result<String, Trouble> {
    let wanted = Given::operation("get").with("item_id", item).flag("include_ancestors", true);
    let found = person.call("query_items", wanted.done())?.value;
    let above = rows(&found, "ancestors").iter().filter(|row| blockers.contains(&text(row, "id")));
    let line = |row: &Value| {
        let (id, title) = (text(row, "id"), plain(text(row, "title")));
        format!(
            "  it is below {id} {title}, which comes after all that is below it: neither will be offered\n"
        )
    };
    Ok(above.map(line).collect())
}

fn is_closed(item: &Value) -> bool {
    matches!(text(item, "status"), "done" | "cancelled" | "archived")
}
