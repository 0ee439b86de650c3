//! Items to fill a store with: every status, every section of a report, some edges.

use serde_json::{Value, json};

use crate::{Outcome, client::Client};

/// Rows of one import.
const CHUNK: usize = 5_000;

/// Brings the store to `count` items, by the tool that both programs have. `as_text`: the original's string argument.
pub(crate) fn fill(client: &mut Client, from: usize, count: usize, as_text: bool) -> Outcome {
    let mut at = from;
    while at < count {
        let end = (at + CHUNK).min(count);
        let data = json!({
            "items": (at..end).map(item).collect::<Vec<_>>(), "notes": [], "version": "0.8.0",
            "dependencies": (at..end).filter_map(edge).collect::<Vec<_>>(),
        });
        let arguments = if as_text { json!({"data_json": data.to_string()}) } else { json!({"data": data}) };
        client.call("import_graph", arguments)?;
        at = end;
    }
    Ok(())
}

/// The whole id of the nth item.
pub(crate) fn id(n: usize) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

/// One item a customer's tracker could hold. Every tenth has a date that has passed.
fn item(n: usize) -> Value {
    let status = ["queue", "work", "review", "done", "blocked", "queue", "archived", "queue"][n % 8];
    let priority = ["critical", "high", "medium", "low"][n % 4];
    let due = n.is_multiple_of(10).then_some("2024-03-01T00:00:00+00:00");
    json!({
        "id": id(n), "parent_id": null, "title": format!("Write chapter {n} of the handbook"), "status": status,
        "description": "What the chapter is about, who reads it and where its figures come from. ".repeat(3),
        "summary": "", "previous_status": null, "priority": priority, "complexity": 3, "item_type": "task",
        "tags": format!("book,part{}", n % 50), "metadata": null, "properties": null, "due_at": due,
        "created_at": "2024-01-01T00:00:00+00:00", "updated_at": "2024-02-01T00:00:00+00:00",
        "role_changed_at": "2024-02-01T00:00:00+00:00",
    })
}

/// Every eighth item waits for the one before it.
fn edge(n: usize) -> Option<Value> {
    (n % 8 == 5).then(|| {
        json!({
            "id": format!("{n:08x}-0000-4000-9000-000000000000"), "from_id": id(n - 1), "to_id": id(n), "dep_type": "blocks", "unblock_at": "done",
            "created_at": "2024-01-01T00:00:00+00:00",
        })
    })
}
