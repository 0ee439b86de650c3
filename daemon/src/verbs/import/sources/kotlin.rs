//! The Kotlin task-orchestrator 3: the tables of its database, which `orc_store::moving` reads.

use std::collections::{HashMap, HashSet};

use orc_store::moving::Tables;
use serde_json::{Map, Value, json};

use super::super::{
    document::List,
    foreign::{Fields, Foreign, Item, Link, Note, counterpart},
    remarks::Remarks,
};

const STATUS: [(&str, &str); 6] = [
    ("queue", "queue"),
    ("work", "work"),
    ("review", "review"),
    ("blocked", "blocked"),
    ("terminal", "done"),
    ("done", "done"),
];
const PRIORITY: [(&str, &str); 4] =
    [("critical", "critical"), ("high", "high"), ("medium", "medium"), ("low", "low")];
/// Columns that follow from others here, or mean nothing outside of that database.
const DERIVED: [&str; 7] = [
    "depth",
    "root_id",
    "version",
    "claimed_at",
    "claim_expires_at",
    "original_claimed_at",
    "role_changed_at",
];

/// Makes items of the tables.
pub(in crate::verbs::import) fn convert(tables: Tables) -> Foreign {
    let mut foreign = Foreign::default();
    let mut notes: HashMap<String, Vec<Map<String, Value>>> = HashMap::new();
    let known: HashSet<String> =
        tables.items.iter().filter_map(|row| row.get("id")?.as_str().map(str::to_owned)).collect();
    for row in tables.notes {
        match row.get("work_item_id").and_then(Value::as_str).filter(|id| known.contains(*id)) {
            Some(item) => notes.entry(item.to_owned()).or_default().push(row.clone()),
            None => {
                let id = row.get("id").and_then(Value::as_str).unwrap_or("?");
                foreign.remarks.left_out(List::Notes, id, "its item is not there");
            }
        }
    }
    for row in tables.items {
        item(Fields(row), &mut notes, &mut foreign);
    }
    for row in tables.dependencies {
        link(Fields(row), &mut foreign);
    }
    for (table, rows) in tables.others {
        foreign.remarks.changed(&table, format!("its {rows} rows have no place here and do not come"));
    }
    foreign
}

fn item(mut fields: Fields, notes: &mut HashMap<String, Vec<Map<String, Value>>>, foreign: &mut Foreign) {
    let Some(id) = fields.text("id") else {
        return foreign.leave_out("a row of work_items", "it has no id");
    };
    let mut item = Item::new(&id, fields.text("title").unwrap_or_default());
    item.id = Some(id.clone());
    item.parent = fields.text("parent_id");
    let remarks = &mut foreign.remarks;
    status(&mut item, &mut fields, remarks);
    let priority = fields.text("priority");
    let ours = counterpart(&mut item, "priority", priority.as_deref(), &PRIORITY, "medium", remarks);
    item.set("priority", ours);
    for (theirs, ours) in [
        ("description", "description"),
        ("summary", "summary"),
        ("type", "item_type"),
        ("tags", "tags"),
        // Kept as they are, whatever JSON is in them: traits too.
        ("metadata", "metadata"),
        ("properties", "properties"),
    ] {
        item.set_some(ours, fields.text(theirs));
    }
    if let Some(given) = fields.0.shift_remove("complexity").and_then(|given| given.as_i64()) {
        item.set("complexity", given);
    }
    for (theirs, ours) in
        [("created_at", "created_at"), ("modified_at", "updated_at"), ("role_changed_at", "role_changed_at")]
    {
        let given = fields.text(theirs).map(as_utc);
        item.set_time(ours, given, remarks);
    }
    if let Some(holder) = fields.text("claimed_by") {
        remarks.changed(&id, format!("it was claimed by {holder}; claims do not come"));
        item.origin.push(format!("claimed_by: {holder}"));
    }
    fields.0.retain(|field, value| !DERIVED.contains(&field.as_str()) && *value != json!(0));
    item.keep_rest(fields.0);
    for row in notes.remove(&id).unwrap_or_default() {
        note(&mut item, Fields(row), remarks);
    }
    if !item.origin.is_empty() {
        let mut lines = vec![format!("task-orchestrator 3 {id}")];
        lines.append(&mut item.origin);
        item.note("origin", "queue", Some(lines.join("\n")));
    }
    foreign.items.push(item);
}

/// A terminal item was given up when its label says so.
fn status(item: &mut Item, fields: &mut Fields, remarks: &mut Remarks) {
    let role = fields.text("role");
    let label = fields.text("status_label");
    let mut ours = counterpart(item, "role", role.as_deref(), &STATUS, "queue", remarks);
    if ours == "done" {
        match label.as_deref().map(str::to_lowercase).as_deref() {
            Some("cancelled" | "canceled") => ours = "cancelled".to_owned(),
            Some("archived") => ours = "archived".to_owned(),
            _ => {}
        }
    }
    let previous = fields.text("previous_role");
    if let Some(previous) = previous {
        let ours = counterpart(item, "previous_role", Some(&previous), &STATUS, "queue", remarks);
        item.set("previous_status", ours);
    } else if ours == "blocked" {
        item.set("previous_status", "queue");
    }
    item.set("status", ours);
    item.set_some("status_label", label);
}

fn note(item: &mut Item, mut fields: Fields, remarks: &mut Remarks) {
    let key = fields.text("key").unwrap_or_default();
    let role = fields.text("role").unwrap_or_default();
    let ours = match role.as_str() {
        "queue" | "work" | "review" => role.clone(),
        _ => {
            remarks.changed(&item.name, format!("its note '{key}' of role '{role}' came with role queue"));
            "queue".to_owned()
        }
    };
    let mut row = Map::new();
    row.insert("role".to_owned(), json!(ours));
    for (theirs, ours) in [("created_at", "created_at"), ("modified_at", "updated_at")] {
        if let Some(at) = fields.text(theirs).and_then(|at| super::super::foreign::time(&as_utc(at))) {
            row.insert(ours.to_owned(), json!(at));
        }
    }
    if let Some(id) = fields.text("id") {
        row.insert("id".to_owned(), json!(id));
    }
    if let Some(author) = fields.text("actor_id") {
        row.insert("created_by".to_owned(), json!(author));
    }
    item.notes.push(Note { key, body: fields.text("body").unwrap_or_default(), row });
}

fn link(mut fields: Fields, foreign: &mut Foreign) {
    let id = fields.text("id");
    let name = id.clone().unwrap_or_else(|| "a row of dependencies".to_owned());
    let (Some(from), Some(to)) = (fields.text("from_item_id"), fields.text("to_item_id")) else {
        return foreign.remarks.left_out(List::Dependencies, &name, "an end of it is missing");
    };
    let kind = fields.text("type").unwrap_or_default().to_lowercase();
    let mut link = match kind.as_str() {
        "relates_to" => Link::relates(from, to),
        "is_blocked_by" => Link::blocks(to, from),
        "blocks" | "" => Link::blocks(from, to),
        other => {
            foreign
                .remarks
                .changed(&name, format!("type '{other}' has no counterpart here and came as relates_to"));
            Link::relates(from, to)
        }
    };
    if let Some(threshold) = fields.text("unblock_at").filter(|_| link.blocks) {
        let ours = match threshold.as_str() {
            "work" | "review" => threshold.clone(),
            "terminal" | "done" => "done".to_owned(),
            // An item in the queue blocks nobody: the link never holds anything up.
            "queue" => {
                foreign.remarks.changed(&name, "unblock_at queue holds nothing up: it came as relates_to");
                link.blocks = false;
                "done".to_owned()
            }
            other => {
                foreign.remarks.changed(&name, format!("unblock_at '{other}' came as done"));
                "done".to_owned()
            }
        };
        link.row.insert("unblock_at".to_owned(), json!(ours));
    }
    if let Some(at) = fields.text("created_at").and_then(|at| super::super::foreign::time(&as_utc(at))) {
        link.row.insert("created_at".to_owned(), json!(at));
    }
    if let Some(id) = id {
        link.row.insert("id".to_owned(), json!(id));
    }
    foreign.links.push(link);
}

/// That program writes UTC without saying so, or milliseconds since 1970.
fn as_utc(given: String) -> String {
    match given.parse::<i64>() {
        Ok(millis) => orc_core::time::Stamp::from_micros(millis.saturating_mul(1_000)).text().to_owned(),
        Err(_) if given.len() >= "2026-01-02 03:04".len() && !given.contains(['Z', '+']) => {
            format!("{}+00:00", given.replacen(' ', "T", 1))
        }
        Err(_) => given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn roles_and_labels_make_statuses() {
        for (role, label, previous, want, before) in [
            ("queue", None, None, "queue", None),
            ("work", Some("in-progress"), None, "work", None),
            ("terminal", None, None, "done", None),
            ("terminal", Some("cancelled"), None, "cancelled", None),
            ("terminal", Some("Archived"), None, "archived", None),
            ("blocked", None, Some("work"), "blocked", Some("work")),
            ("blocked", None, None, "blocked", Some("queue")),
        ] {
            let item = row(
                json!({"id": "a", "title": "t", "role": role, "status_label": label, "previous_role": previous}),
            );
            let foreign = convert(Tables { items: vec![item], ..Tables::default() });
            let got = &foreign.items[0].row;
            assert_eq!(got["status"], want, "{role} {label:?}");
            assert_eq!(got.get("previous_status").and_then(Value::as_str), before, "{role}");
            assert_eq!(got.get("status_label").and_then(Value::as_str), label, "{role}");
        }
    }

    #[test]
    fn links_of_every_type_and_threshold() {
        for (kind, unblock_at, from, blocks, threshold) in [
            ("BLOCKS", None, "a", true, None),
            ("IS_BLOCKED_BY", Some("work"), "b", true, Some("work")),
            ("BLOCKS", Some("terminal"), "a", true, Some("done")),
            ("RELATES_TO", Some("work"), "a", false, None),
            ("BLOCKS", Some("queue"), "a", false, Some("done")),
            ("ODD", None, "a", false, None),
        ] {
            let link = row(
                json!({"id": "e", "from_item_id": "a", "to_item_id": "b", "type": kind, "unblock_at": unblock_at}),
            );
            let foreign = convert(Tables { dependencies: vec![link], ..Tables::default() });
            let got = &foreign.links[0];
            assert_eq!((got.from.as_str(), got.blocks), (from, blocks), "{kind} {unblock_at:?}");
            assert_eq!(got.row.get("unblock_at").and_then(Value::as_str), threshold, "{kind} {unblock_at:?}");
        }
    }

    #[test]
    fn times_are_in_utc() {
        for (given, want) in [
            ("2026-01-02 03:04:05.678", "2026-01-02T03:04:05.678+00:00"),
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("1767323045678", "2026-01-02T03:04:05.678000+00:00"),
        ] {
            assert_eq!(as_utc(given.to_owned()), want);
        }
    }

    #[test]
    fn what_has_no_field_is_in_the_note_origin() {
        let item = row(json!({"id": "a", "title": "t", "role": "work", "claimed_by": "ann", "depth": 2,
            "root_id": "r", "version": 7, "requires_verification": 0, "later_column": "x"}));
        let notes = vec![row(json!({"id": "n", "work_item_id": "gone", "key": "k", "role": "queue"}))];
        let foreign = convert(Tables { items: vec![item], notes, ..Tables::default() });
        assert_eq!(foreign.items[0].notes[0].body, "task-orchestrator 3 a\nclaimed_by: ann\nlater_column: x");
        assert_eq!(foreign.remarks.left_out[0].why, "its item is not there");
    }
}
