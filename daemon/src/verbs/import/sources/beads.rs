//! beads: one issue a line in `.beads/issues.jsonl`, which `bd export` writes.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::foreign::{Fields, Foreign, Item, Link, counterpart, time};
use crate::verbs::Trouble;

/// Longest line, in bytes.
const LONGEST_LINE: usize = 8 << 20;

const STATUS: [(&str, &str); 9] = [
    ("open", "queue"),
    ("deferred", "queue"),
    ("pinned", "queue"),
    ("in-progress", "work"),
    ("hooked", "work"),
    ("review", "review"),
    ("blocked", "blocked"),
    ("closed", "done"),
    ("done", "done"),
];
/// Statuses that are one here as they are one there; the others keep their word beside it.
const PLAIN: [&str; 4] = ["open", "in_progress", "blocked", "closed"];
const PRIORITY: [(&str, &str); 5] =
    [("0", "critical"), ("1", "high"), ("2", "medium"), ("3", "low"), ("4", "low")];
/// Links by which an issue waits for another. All others relate.
const BLOCKING: [&str; 3] = ["blocks", "waits-for", "conditional-blocks"];
/// Long texts, and the notes they become.
const TEXTS: [(&str, &str, &str); 5] = [
    ("design", "design", "queue"),
    ("acceptance_criteria", "acceptance-criteria", "queue"),
    ("notes", "notes", "work"),
    ("close_reason", "close-reason", "review"),
    ("delete_reason", "delete-reason", "review"),
];

/// Reads the issues.
pub(in crate::verbs::import) fn read(path: &Path, place: &str) -> Result<Foreign, Trouble> {
    convert(&super::read(path, super::LARGEST_FILE)?, place)
        .map_err(|why| Trouble::Said(format!("{}: {why}", path.display())))
}

/// Turns lines into items.
fn convert(text: &str, place: &str) -> Result<Foreign, String> {
    let mut foreign = Foreign::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = number + 1;
        if line.len() > LONGEST_LINE {
            let most = LONGEST_LINE >> 20;
            return Err(format!("line {number} has more than {most} MiB, which is no issue"));
        }
        let row: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| format!("line {number} is no issue: {error}"))?;
        issue(Fields(row), number, place, &mut foreign);
    }
    infer_parents(&mut foreign);
    Ok(foreign)
}

fn issue(mut fields: Fields, number: usize, place: &str, foreign: &mut Foreign) {
    let Some(name) = fields.text("id") else {
        return foreign.leave_out(&format!("line {number}"), "it has no id");
    };
    if let Some(kind) = fields.text("_type").filter(|kind| kind != "issue") {
        return foreign.leave_out(&name, format!("it is a {kind}, no issue"));
    }
    let status = fields.text("status");
    if status.as_deref() == Some("tombstone") {
        return foreign.remarks.changed(&name, "it was deleted there (a tombstone) and does not come");
    }
    let mut item = Item::new(&name, fields.text("title").unwrap_or_default());
    let remarks = &mut foreign.remarks;
    let ours = counterpart(&mut item, "status", status.as_deref(), &STATUS, "queue", remarks);
    if ours == "blocked" {
        item.set("previous_status", "queue");
    }
    item.set("status", ours);
    item.set_some("status_label", status.filter(|word| !PLAIN.contains(&word.as_str())));
    let priority = fields.text("priority");
    let ours = counterpart(&mut item, "priority", priority.as_deref(), &PRIORITY, "medium", remarks);
    item.set("priority", ours);
    if priority.as_deref() == Some("4") {
        item.origin.push("priority: 4".to_owned());
        remarks.changed(&name, "priority 4 came as low: there is nothing below it");
    }
    item.set_some("description", fields.text("description"));
    item.set_some("item_type", fields.text("issue_type"));
    item.set_some("created_by", fields.text("created_by"));
    item.set("tags", json!(fields.words("labels")));
    for (theirs, ours) in [
        ("created_at", "created_at"),
        ("updated_at", "updated_at"),
        ("closed_at", "role_changed_at"),
        ("due_at", "due_at"),
        ("defer_until", "not_before"),
    ] {
        let given = fields.text(theirs);
        item.set_time(ours, given, remarks);
    }
    for (theirs, key, role) in TEXTS {
        let body = fields.text(theirs);
        item.note(key, role, body);
    }
    let comments = fields.list("comments");
    item.note("comments", "work", comments_text(&comments));
    for link in fields.list("dependencies") {
        depend(&mut item, link, foreign);
    }
    item.keep_rest(fields.0);
    item.sign("beads", place);
    foreign.items.push(item);
}

/// Comments one below the other, each with who wrote it and when.
fn comments_text(comments: &[Value]) -> Option<String> {
    let text = |comment: &Value, field: &str| comment[field].as_str().unwrap_or_default().to_owned();
    let one = |comment: &Value| match comment {
        Value::String(text) => text.clone(),
        _ => {
            format!("{} {}:\n{}", text(comment, "created_at"), text(comment, "author"), text(comment, "text"))
        }
    };
    let all: Vec<String> = comments.iter().map(one).collect();
    (!all.is_empty()).then(|| all.join("\n\n"))
}

fn depend(item: &mut Item, link: Value, foreign: &mut Foreign) {
    let Value::Object(row) = link else {
        return foreign.remarks.changed(&item.name, "one of its dependencies is no object and does not come");
    };
    let mut fields = Fields(row);
    let Some(on) = fields.text("depends_on_id").or_else(|| fields.text("id")) else {
        return foreign
            .remarks
            .changed(&item.name, "one of its dependencies names no issue and does not come");
    };
    let kind = fields.text("type").unwrap_or_else(|| "blocks".to_owned());
    if kind == "parent-child" {
        if item.parent.is_none() {
            item.parent = Some(on);
            return;
        }
        foreign.remarks.changed(&item.name, format!("its second parent {on} came as relates_to"));
    }
    let mut made = match BLOCKING.contains(&kind.as_str()) {
        true => Link::blocks(on.clone(), item.name.clone()),
        false => Link::relates(on.clone(), item.name.clone()),
    };
    if let Some(at) = fields.text("created_at").and_then(|at| time(&at)) {
        made.row.insert("created_at".to_owned(), json!(at));
    }
    if kind != "blocks" && kind != "related" {
        // What the link means more than waiting or relating.
        item.origin.push(format!("{kind}: {on}"));
    }
    if kind == "waits-for" || kind == "conditional-blocks" {
        foreign.remarks.changed(&item.name, format!("its {kind} {on} came as blocks"));
    }
    foreign.links.push(made);
}

/// `bd-12.1` is below `bd-12`, also where no dependency says so.
fn infer_parents(foreign: &mut Foreign) {
    let names: std::collections::HashSet<String> =
        foreign.items.iter().map(|item| item.name.clone()).collect();
    for item in foreign.items.iter_mut().filter(|item| item.parent.is_none()) {
        let above = item.name.rsplit_once('.').map(|(above, _)| above);
        item.parent = above.filter(|above| names.contains(*above)).map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> (Item, Vec<String>) {
        let mut foreign = convert(line, "shop").unwrap();
        let remarks = foreign.remarks.changed.iter().map(|remark| remark.why.clone()).collect();
        (foreign.items.pop().unwrap(), remarks)
    }

    #[test]
    fn every_status_and_priority_has_its_counterpart() {
        for (theirs, ours, label) in [
            ("open", "queue", None),
            ("in_progress", "work", None),
            ("blocked", "blocked", None),
            ("closed", "done", None),
            ("deferred", "queue", Some("deferred")),
            ("hooked", "work", Some("hooked")),
            ("pinned", "queue", Some("pinned")),
            ("shipped", "queue", Some("shipped")),
        ] {
            let (item, remarks) = one(&json!({"id": "bd-1", "title": "t", "status": theirs}).to_string());
            assert_eq!(item.row["status"], ours, "{theirs}");
            assert_eq!(item.row.get("status_label").and_then(Value::as_str), label, "{theirs}");
            assert_eq!(remarks.is_empty(), theirs != "shipped", "{theirs}: {remarks:?}");
        }
        for (theirs, ours) in
            [(0, "critical"), (1, "high"), (2, "medium"), (3, "low"), (4, "low"), (9, "medium")]
        {
            let (item, _) = one(&json!({"id": "bd-1", "title": "t", "priority": theirs}).to_string());
            assert_eq!(item.row["priority"], ours, "{theirs}");
        }
    }

    #[test]
    fn nothing_of_an_issue_is_lost() {
        let line = json!({
            "id": "bd-7.1", "title": "t", "design": "D", "acceptance_criteria": "A", "notes": "N",
            "close_reason": "C", "assignee": "ann", "estimated_minutes": 30, "labels": ["a", "b,c"],
            "comments": [{"author": "bob", "text": "hm", "created_at": "2025-01-01T00:00:00Z"}],
            "dependencies": [
                {"issue_id": "bd-7.1", "depends_on_id": "bd-2", "type": "discovered-from"},
                {"issue_id": "bd-7.1", "depends_on_id": "bd-3", "type": "blocks"},
                {"issue_id": "bd-7.1", "depends_on_id": "bd-7", "type": "parent-child"},
            ],
        });
        let foreign = convert(&line.to_string(), "shop").unwrap();
        let item = &foreign.items[0];
        assert_eq!(item.parent.as_deref(), Some("bd-7"));
        let notes: Vec<(&str, &str)> =
            item.notes.iter().map(|note| (note.key.as_str(), note.body.as_str())).collect();
        assert_eq!(
            notes,
            [
                ("design", "D"),
                ("acceptance-criteria", "A"),
                ("notes", "N"),
                ("close-reason", "C"),
                ("comments", "2025-01-01T00:00:00Z bob:\nhm"),
                ("origin", "beads bd-7.1\ndiscovered-from: bd-2\nassignee: ann\nestimated_minutes: 30"),
            ]
        );
        let links: Vec<(&str, &str, bool)> =
            foreign.links.iter().map(|l| (l.from.as_str(), l.to.as_str(), l.blocks)).collect();
        assert_eq!(links, [("bd-2", "bd-7.1", false), ("bd-3", "bd-7.1", true)]);
    }

    #[test]
    fn hierarchical_ids_tombstones_and_other_rows() {
        let lines = [
            json!({"id": "bd-1", "title": "above"}),
            json!({"id": "bd-1.1", "title": "below"}),
            json!({"id": "bd-2", "title": "gone", "status": "tombstone"}),
            json!({"id": "m-1", "_type": "memory", "text": "x"}),
            json!({"title": "nameless"}),
        ];
        let text: String = lines.iter().map(|line| format!("{line}\n\n")).collect();
        let foreign = convert(&text, "shop").unwrap();
        assert_eq!(foreign.items.len(), 2);
        assert_eq!(foreign.items[1].parent.as_deref(), Some("bd-1"));
        assert_eq!(foreign.remarks.changed[0].name, "bd-2");
        let out: Vec<&str> = foreign.remarks.left_out.iter().map(|remark| remark.name.as_str()).collect();
        assert_eq!(out, ["m-1", "line 9"]);
    }

    #[test]
    fn what_is_no_issue_is_refused_with_its_line() {
        for (text, wanted) in [
            ("{\"id\":\"a\",\"title\":\"x\"}\n{\"id\"", "line 2 is no issue"),
            ("[1]", "line 1 is no issue"),
            (&format!("\n{{\"id\":\"{}\"}}", "x".repeat(LONGEST_LINE)), "line 2 has more than 8 MiB"),
            (&format!("{{\"id\":{}1", "[".repeat(10_000)), "line 1 is no issue"),
        ] {
            let refusal = convert(text, "shop").unwrap_err();
            assert!(refusal.contains(wanted), "{refusal}");
        }
    }
}
