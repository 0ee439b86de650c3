//! Items in words: a table of them, one as a card, many pages as one list.

use indicatif::{ProgressBar, ProgressStyle};
use orc_core::time::Stamp;
use serde_json::{Value, json};

use super::{
    Trouble,
    paint::{Paint, plain},
    person::{Given, Person},
    table::{Cell, Table},
    times,
};

/// Rows of one page.
const PAGE: u64 = 500;
const BAR: &str = "{spinner} {human_pos} of {human_len} items";

/// A text field of a row; empty where there is none.
pub(crate) fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

/// The rows of a document.
pub(crate) fn rows<'v>(document: &'v Value, key: &str) -> &'v [Value] {
    document[key].as_array().map_or(&[], Vec::as_slice)
}

/// Rows of a list, one a line.
pub(crate) fn table(items: &[Value], paint: Paint, now: &Stamp) -> String {
    let mut table = Table::new(paint, &["ID", "STATUS", "PRIORITY", "DUE", "HELD BY", "TITLE"]);
    for row in items {
        table.row([
            Cell::new(text(row, "id"), |t| paint.id(t)),
            Cell::new(text(row, "status"), |t| paint.status(t)),
            Cell::new(text(row, "priority"), |t| paint.priority(t)),
            due(row, paint, now),
            Cell::new(plain(text(row, "claimed_by")), |t| paint.name(t)),
            title(row, paint),
        ]);
    }
    table.lines()
}

fn due(row: &Value, paint: Paint, now: &Stamp) -> Cell {
    let due = text(row, "due_at");
    if due.is_empty() {
        return Cell::plain("");
    }
    let closed = matches!(text(row, "status"), "done" | "cancelled" | "archived");
    let said = times::ago(due, now);
    match times::is_past(due, now) && !closed {
        true => Cell::new(said, |t| paint.alarm(t)),
        false => Cell::plain(said),
    }
}

/// The title with its tags behind.
fn title(row: &Value, paint: Paint) -> Cell {
    let (title, tags) = (plain(text(row, "title")), tags(row));
    if tags.is_empty() {
        return Cell::plain(title);
    }
    let whole = format!("{title}  {tags}");
    Cell::new(whole, |_| format!("{title}  {}", paint.dim(&tags)))
}

/// `#ui #build`.
pub(crate) fn tags(row: &Value) -> String {
    let tags = text(row, "tags").split(',').map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(|tag| format!("#{}", plain(tag))).collect::<Vec<_>>().join(" ")
}

/// One line about an item: id, status, title.
pub(crate) fn line(row: &Value, paint: Paint) -> String {
    let (id, status) = (paint.id(text(row, "id")), paint.status(text(row, "status")));
    format!("{id}  {status}  {}", plain(text(row, "title")))
}

/// When a claim ends: a time, or the daemon's words for one that has none.
pub(crate) fn claim_end(claim: &Value, now: &Stamp) -> String {
    times::ago(text(claim, "ends"), now)
}

/// An item with its facts, one a line.
pub(crate) fn card(row: &Value, paint: Paint, now: &Stamp) -> String {
    let mut out = format!("{}  {}\n", paint.id(text(row, "id")), paint.bold(&plain(text(row, "title"))));
    let mut fact = |label: &str, said: String| {
        if !said.is_empty() {
            out.push_str(&format!("{} {said}\n", paint.dim(&format!("{label:<10}"))));
        }
    };
    let at = |key: &str| match text(row, key) {
        "" => String::new(),
        time => format!("{} ({})", times::minute(time), times::ago(time, now)),
    };
    let by = |time: &str, name: &str| match (at(time), plain(text(row, name))) {
        (at, name) if at.is_empty() || name.is_empty() => at,
        (at, name) => format!("{at} by {}", paint.name(&name)),
    };
    fact("status", paint.status(text(row, "status")));
    fact("reason", plain(text(row, "reason")));
    fact("priority", paint.priority(text(row, "priority")));
    fact("complexity", row["complexity"].as_u64().map(|n| n.to_string()).unwrap_or_default());
    fact("type", plain(text(row, "item_type")));
    fact("tags", tags(row));
    fact("project", plain(text(row, "project")));
    let late = times::is_past(text(row, "due_at"), now)
        && !matches!(text(row, "status"), "done" | "cancelled" | "archived");
    fact("due", if late { format!("{} {}", at("due_at"), paint.alarm("overdue")) } else { at("due_at") });
    fact("not before", at("not_before"));
    fact("schedule", plain(text(row, "schedule")));
    fact("next run", at("next_run_at"));
    fact("held by", paint.name(&plain(text(row, "claimed_by"))));
    fact("why", plain(text(row, "why")));
    fact("created", by("created_at", "created_by"));
    fact("changed", by("updated_at", "updated_by"));
    out
}

/// A list of any length, page by page, with a bar on a terminal once it takes more than one.
pub(crate) fn pages(person: &Person, wanted: &Value, most: u64) -> Result<Value, Trouble> {
    let (mut items, mut cursor, mut bar) = (Vec::new(), None::<String>, None);
    loop {
        let limit = PAGE.min(most - items.len() as u64);
        let mut arguments = wanted.clone();
        arguments["limit"] = json!(limit);
        if let Some(cursor) = &cursor {
            arguments["cursor"] = json!(cursor);
        }
        let mut page = person.call("query_items", arguments)?.value;
        match page["items"].take() {
            Value::Array(rows) => items.extend(rows),
            _ => break Ok(page),
        }
        let more = page["has_more"] == true && (items.len() as u64) < most;
        cursor = page["next_cursor"].as_str().map(str::to_owned).filter(|_| more);
        if cursor.is_none() {
            page["items"] = Value::Array(items);
            break Ok(page);
        }
        let bar = bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(page["total"].as_u64().unwrap_or_default());
            bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        bar.set_length(bar.length().unwrap_or_default().max(items.len() as u64));
        bar.set_position(items.len() as u64);
    }
}

/// One item's head: id, title, status; nothing when it is gone.
pub(crate) fn head(person: &Person, id: &str) -> Result<Option<Value>, Trouble> {
    let fields = "id,title,status,priority,parent_id,tags,due_at";
    let wanted = Given::operation("get").with("item_id", id).with("fields", fields).done();
    match person.call("query_items", wanted) {
        Ok(answer) => Ok(Some(answer.value)),
        Err(Trouble::Refused(_)) => Ok(None),
        Err(other) => Err(other),
    }
}
