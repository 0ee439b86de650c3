//! Taskmaster: `.taskmaster/tasks/tasks.json`, a list of tasks for each tag, or the one list that older releases kept.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};

use super::super::foreign::{Fields, Foreign, Item, Link, counterpart, word};
use crate::verbs::Trouble;

/// The tag of a list without one.
const MASTER: &str = "master";
const STATUS: [(&str, &str); 10] = [
    ("pending", "queue"),
    ("todo", "queue"),
    ("deferred", "queue"),
    ("in-progress", "work"),
    ("review", "review"),
    ("blocked", "blocked"),
    ("done", "done"),
    ("completed", "done"),
    ("cancelled", "cancelled"),
    ("canceled", "cancelled"),
];
const PRIORITY: [(&str, &str); 4] =
    [("critical", "critical"), ("high", "high"), ("medium", "medium"), ("low", "low")];

/// Reads the tasks of every tag.
pub(in crate::verbs::import) fn read(path: &Path, place: &str) -> Result<Foreign, Trouble> {
    let said = |why: String| Trouble::Said(format!("{}: {why}", path.display()));
    let text = super::read(path, super::LARGEST_FILE)?;
    let document = serde_json::from_str(&text).map_err(|error| said(format!("no JSON: {error}")))?;
    convert(document, place).map_err(|why| said(why.to_owned()))
}

/// Whether a document has tasks where Taskmaster keeps them.
pub(in crate::verbs::import) fn is_one(document: &Value) -> bool {
    let has_tasks = |value: &Value| value.get("tasks").is_some_and(Value::is_array);
    has_tasks(document) || document.as_object().is_some_and(|tags| tags.values().any(has_tasks))
}

fn convert(document: Value, place: &str) -> Result<Foreign, &'static str> {
    if !is_one(&document) {
        return Err("it has no tasks: neither {\"tasks\": [...]} nor {\"TAG\": {\"tasks\": [...]}}");
    }
    let Value::Object(mut document) = document else { return Err("it is no object") };
    let mut foreign = Foreign::default();
    if let Some(Value::Array(tasks)) = document.get_mut("tasks").map(Value::take) {
        list(MASTER, tasks, place, &mut foreign);
        return Ok(foreign);
    }
    for (tag, value) in &mut document {
        if let Some(Value::Array(tasks)) = value.get_mut("tasks").map(Value::take) {
            list(tag, tasks, place, &mut foreign);
        }
    }
    Ok(foreign)
}

/// What is known of the list that a task stands in.
struct Around<'a> {
    tag: &'a str,
    place: &'a str,
    /// Its parent's id, for a subtask.
    above: Option<&'a str>,
    /// The ids of its siblings.
    siblings: &'a HashSet<String>,
}

impl Around<'_> {
    /// The name of a task by its whole id: `master 3.2`.
    fn name(&self, id: &str) -> String {
        format!("{} {id}", self.tag)
    }

    fn whole(&self, id: &str) -> String {
        self.above.map_or_else(|| id.to_owned(), |above| format!("{above}.{id}"))
    }

    /// Whom a dependency means: `3.2` whole; a number beside subtasks the sibling, where there is one.
    fn meant(&self, dependency: &str) -> String {
        match self.above {
            Some(_) if !dependency.contains('.') && self.siblings.contains(dependency) => {
                self.name(&self.whole(dependency))
            }
            _ => self.name(dependency),
        }
    }
}

fn list(tag: &str, tasks: Vec<Value>, place: &str, foreign: &mut Foreign) {
    let siblings = ids(&tasks);
    let around = Around { tag, place, above: None, siblings: &siblings };
    for row in tasks {
        task(row, &around, foreign);
    }
}

fn ids(tasks: &[Value]) -> HashSet<String> {
    tasks.iter().filter_map(|task| word(&task["id"])).collect()
}

fn task(row: Value, around: &Around<'_>, foreign: &mut Foreign) {
    let Value::Object(row) = row else {
        return foreign.leave_out(around.tag, "an entry of its tasks is no object");
    };
    let mut fields = Fields(row);
    let Some(id) = fields.text("id") else {
        return foreign.leave_out(around.tag, "one of its tasks has no id");
    };
    // A subtask may be named whole already.
    let id = match around.above {
        Some(above) => id.strip_prefix(&format!("{above}.")).unwrap_or(&id).to_owned(),
        None => id,
    };
    let whole = around.whole(&id);
    let mut item = Item::new(around.name(&whole), fields.text("title").unwrap_or_default());
    item.parent = around.above.map(|above| around.name(above));
    for field in ["parentId", "parentTaskId"] {
        drop(fields.text(field));
    }
    describe(&mut item, &mut fields, around, foreign);
    for dependency in fields.list("dependencies") {
        match word(&dependency) {
            Some(on) => foreign.links.push(Link::blocks(around.meant(&on), item.name.clone())),
            None => foreign.remarks.changed(&item.name, "one of its dependencies is no id and does not come"),
        }
    }
    let subtasks = fields.list("subtasks");
    item.keep_rest(fields.0);
    item.sign("Taskmaster", around.place);
    foreign.items.push(item);
    let siblings = ids(&subtasks);
    let below = Around { above: Some(&whole), siblings: &siblings, ..*around };
    for row in subtasks {
        task(row, &below, foreign);
    }
}

fn describe(item: &mut Item, fields: &mut Fields, around: &Around<'_>, foreign: &mut Foreign) {
    let remarks = &mut foreign.remarks;
    let status = fields.text("status");
    let ours = counterpart(item, "status", status.as_deref(), &STATUS, "queue", remarks);
    match ours.as_str() {
        "blocked" => item.set("previous_status", "queue"),
        "cancelled" => item.set("status_label", "cancelled"),
        "queue" => item.set_some("status_label", status.filter(|word| word != "pending" && word != "todo")),
        _ => {}
    }
    item.set("status", ours);
    let priority = fields.text("priority");
    let ours = counterpart(item, "priority", priority.as_deref(), &PRIORITY, "medium", remarks);
    item.set("priority", ours);
    item.set_some("description", fields.text("description"));
    if let Some(Value::Number(given)) = fields.0.shift_remove("complexity") {
        item.set_some("complexity", given.as_i64().or_else(|| given.as_f64().map(|n| n.round() as i64)));
    }
    let mut tags = fields.words("tags");
    if around.tag != MASTER {
        tags.insert(0, around.tag.to_owned());
    }
    item.set("tags", json!(tags));
    for (theirs, ours) in [("createdAt", "created_at"), ("updatedAt", "updated_at")] {
        let given = fields.text(theirs);
        item.set_time(ours, given, remarks);
    }
    let details = fields.text("details");
    item.note("details", "work", details);
    let strategy = fields.text("testStrategy");
    item.note("test-strategy", "review", strategy);
    let criteria = fields.text("acceptanceCriteria");
    item.note("acceptance-criteria", "queue", criteria);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tag: &str, tasks: Value) -> Value {
        json!({ tag: {"tasks": tasks, "metadata": {"created": "x"}} })
    }

    #[test]
    fn both_forms_make_the_same_tasks() {
        let tasks = json!([{"id": 1, "title": "a"}, {"id": "2", "title": "b", "dependencies": [1]}]);
        let old = convert(json!({"tasks": tasks, "metadata": {}}), "shop").unwrap();
        let new = convert(tagged("master", tasks), "shop").unwrap();
        let names = |foreign: &Foreign| foreign.items.iter().map(|i| i.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&old), ["master 1", "master 2"]);
        assert_eq!(names(&old), names(&new));
        assert_eq!(new.links[0].from, "master 1");
    }

    #[test]
    fn a_subtasks_dependency_means_its_sibling_first() {
        let tasks = json!([
            {"id": 1, "title": "a", "subtasks": [
                {"id": 1, "title": "x"},
                {"id": 2, "title": "y", "dependencies": [1, "1.1", "3.1", 3]},
            ]},
            {"id": 3, "title": "c", "subtasks": [{"id": 1, "title": "z"}]},
        ]);
        let foreign = convert(tagged("web", tasks), "shop").unwrap();
        let from: Vec<&str> = foreign.links.iter().map(|link| link.from.as_str()).collect();
        assert_eq!(from, ["web 1.1", "web 1.1", "web 3.1", "web 3"]);
        assert_eq!(foreign.items[1].parent.as_deref(), Some("web 1"));
        assert_eq!(foreign.items[1].row["tags"], json!(["web"]));
    }

    #[test]
    fn every_status_has_its_counterpart() {
        for (theirs, ours, label) in [
            ("pending", "queue", None),
            ("in-progress", "work", None),
            ("review", "review", None),
            ("done", "done", None),
            ("completed", "done", None),
            ("deferred", "queue", Some("deferred")),
            ("cancelled", "cancelled", Some("cancelled")),
            ("blocked", "blocked", None),
            ("odd", "queue", Some("odd")),
        ] {
            let tasks =
                json!([{"id": 1, "title": "t", "status": theirs, "details": "D", "testStrategy": "S"}]);
            let foreign = convert(tagged("master", tasks), "shop").unwrap();
            let row = &foreign.items[0].row;
            assert_eq!(row["status"], ours, "{theirs}");
            assert_eq!(row.get("status_label").and_then(Value::as_str), label, "{theirs}");
            assert_eq!(foreign.remarks.changed.len(), usize::from(theirs == "odd"), "{theirs}");
            let keys: Vec<&str> = foreign.items[0].notes.iter().map(|note| note.key.as_str()).collect();
            assert_eq!(keys, ["details", "test-strategy", "origin"]);
        }
    }

    #[test]
    fn what_has_no_tasks_is_refused() {
        for document in [json!([]), json!({}), json!({"master": {"tasks": 7}}), json!("x")] {
            assert!(convert(document.clone(), "shop").is_err(), "{document}");
        }
    }
}
