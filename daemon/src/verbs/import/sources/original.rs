//! `task-orchestrator-py`: the rows that `orc_store::moving` reads of its database.

use std::collections::HashMap;

use orc_store::moving::{Moved, Odd};
use serde_json::{Map, Value};

use super::super::{
    document::List,
    foreign::{Foreign, Item, Link, Note},
};

/// Makes items of its rows. Ids, times and links are theirs.
pub(in crate::verbs::import) fn convert(moved: Moved) -> Foreign {
    let mut foreign = Foreign::default();
    let mut notes: HashMap<String, Vec<Note>> = HashMap::new();
    for row in moved.notes.into_iter().filter_map(object) {
        let (row, item) = (row.clone(), text(&row, "item_id"));
        notes.entry(item).or_default().push(note(row));
    }
    for mut row in moved.items.into_iter().filter_map(object) {
        let id = text(&row, "id");
        let parent = row.get("parent_id").and_then(Value::as_str).map(str::to_owned);
        row.retain(|field, value| {
            !["id", "parent_id", "version"].contains(&field.as_str()) && !value.is_null()
        });
        let notes = notes.remove(&id).unwrap_or_default();
        foreign.items.push(Item { name: id.clone(), id: Some(id), parent, row, notes, ..Item::default() });
    }
    for mut row in moved.dependencies.into_iter().filter_map(object) {
        let (from, to) = (text(&row, "from_id"), text(&row, "to_id"));
        let blocks = text(&row, "dep_type") != "relates_to";
        row.retain(|field, value| {
            !["from_id", "to_id", "dep_type"].contains(&field.as_str()) && !value.is_null()
        });
        if !blocks {
            row.remove("unblock_at");
        }
        foreign.links.push(Link { from, to, blocks, row });
    }
    for Odd { id, why, .. } in moved.changed {
        foreign.remarks.changed(&id, why);
    }
    for Odd { table, id, why } in moved.left_out {
        let list = if table == "notes" { List::Notes } else { List::Dependencies };
        foreign.remarks.left_out(list, &id, why);
    }
    for (table, rows) in moved.others {
        foreign.remarks.changed(&table, format!("its {rows} rows have no place here and do not come"));
    }
    foreign
}

fn note(mut row: Map<String, Value>) -> Note {
    let (key, body) = (text(&row, "key"), text(&row, "body"));
    row.retain(|field, value| !["item_id", "key", "body"].contains(&field.as_str()) && !value.is_null());
    Note { key, body, row }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(row) => Some(row),
        _ => None,
    }
}

fn text(row: &Map<String, Value>, field: &str) -> String {
    row.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
