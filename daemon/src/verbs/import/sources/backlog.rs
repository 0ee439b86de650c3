//! Backlog.md: a folder of Markdown files with front matter, one for each task, draft and milestone.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::foreign::{Fields, Foreign, Item, Link, counterpart};
use super::front_matter::{self, Page};
use crate::verbs::Trouble;

/// Largest file of a task, in bytes.
const LARGEST_PAGE: usize = 8 << 20;
/// Most files.
const MOST_PAGES: usize = 100_000;

const STATUS: [(&str, &str); 18] = [
    ("to-do", "queue"),
    ("todo", "queue"),
    ("backlog", "queue"),
    ("draft", "queue"),
    ("ready", "queue"),
    ("in-progress", "work"),
    ("doing", "work"),
    ("review", "review"),
    ("in-review", "review"),
    ("testing", "review"),
    ("blocked", "blocked"),
    ("on-hold", "blocked"),
    ("done", "done"),
    ("completed", "done"),
    ("complete", "done"),
    ("closed", "done"),
    ("cancelled", "cancelled"),
    ("canceled", "cancelled"),
];
/// Statuses that are one here as they are one there; the others keep their word beside it.
const PLAIN: [&str; 3] = ["to do", "in progress", "done"];
const PRIORITY: [(&str, &str); 5] = [
    ("critical", "critical"),
    ("urgent", "critical"),
    ("high", "high"),
    ("medium", "medium"),
    ("low", "low"),
];
/// Sections that belong to a phase; any other is a note of role queue.
const SECTIONS: [(&str, &str); 6] = [
    ("acceptance-criteria", "queue"),
    ("implementation-plan", "work"),
    ("implementation-notes", "work"),
    ("comments", "work"),
    ("definition-of-done", "review"),
    ("final-summary", "review"),
];

/// What a folder's files are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shelf {
    Live,
    Completed,
    Draft,
    Archived,
    Milestone,
    ArchivedMilestone,
}

const SHELVES: [(&str, Shelf); 7] = [
    ("milestones", Shelf::Milestone),
    ("archive/milestones", Shelf::ArchivedMilestone),
    ("tasks", Shelf::Live),
    ("completed", Shelf::Completed),
    ("drafts", Shelf::Draft),
    ("archive/tasks", Shelf::Archived),
    ("archive/drafts", Shelf::Archived),
];
/// Folders of pages that are no work.
const DOCUMENTS: [&str; 2] = ["docs", "decisions"];

/// Reads every file of the folder.
pub(in crate::verbs::import) fn read(folder: &Path, place: &str) -> Result<Foreign, Trouble> {
    let mut foreign = Foreign::default();
    let mut pages = Vec::new();
    for (shelf, kind) in SHELVES {
        for path in files(folder, shelf, &mut foreign)? {
            if pages.len() == MOST_PAGES {
                let shown = folder.display();
                return Err(Trouble::Said(format!("{shown} has more than {MOST_PAGES} files of tasks")));
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            let page = super::read(&path, LARGEST_PAGE)
                .map_err(|trouble| trouble.to_string())
                .and_then(|text| front_matter::read(&text));
            match page {
                Ok(page) => pages.push((kind, name, page)),
                Err(why) => foreign.leave_out(&name, why),
            }
        }
    }
    for documents in DOCUMENTS {
        let count = files(folder, documents, &mut foreign)?.len();
        if count > 0 {
            foreign.remarks.changed(documents, format!("its {count} pages are no work and do not come"));
        }
    }
    convert(pages, place, &mut foreign);
    Ok(foreign)
}

/// The Markdown files of one folder in the order of their names. No link is followed, so that none can lead around.
fn files(folder: &Path, shelf: &str, foreign: &mut Foreign) -> Result<Vec<PathBuf>, Trouble> {
    let place = folder.join(shelf);
    let Ok(found) = fs::symlink_metadata(&place) else { return Ok(Vec::new()) };
    if found.is_symlink() {
        foreign.remarks.changed(shelf, "it is a link, which is not followed");
        return Ok(Vec::new());
    }
    let failed = |error| Trouble::Said(format!("{}: {error}", place.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(&place).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "md") {
            continue;
        }
        match entry.file_type().map_err(failed)?.is_file() {
            true => files.push(path),
            false => {
                let name = format!("{shelf}/{}", entry.file_name().display());
                foreign.leave_out(&name, "it is a link or no file, and is not read");
            }
        }
    }
    files.sort();
    Ok(files)
}

fn convert(pages: Vec<(Shelf, String, Page)>, place: &str, foreign: &mut Foreign) {
    let mut used = HashSet::new();
    // Milestones by their ids and titles.
    let mut milestones: HashMap<String, String> = HashMap::new();
    for (shelf, file, page) in pages {
        let mut fields = Fields(page.fields);
        let Some(id) = fields.text("id") else {
            foreign.leave_out(&file, "its front matter has no id");
            continue;
        };
        let mut name = id.trim().to_uppercase();
        if !used.insert(name.clone()) && shelf == Shelf::Archived {
            // That program gives the id of what is archived to a new task.
            foreign
                .remarks
                .changed(&name, format!("{file} has the id of another task and came as ARCHIVE/{name}"));
            name = format!("ARCHIVE/{name}");
        }
        let mut item = Item::new(&name, fields.text("title").unwrap_or_default());
        match shelf {
            Shelf::Milestone | Shelf::ArchivedMilestone => {
                let title = item.row["title"].as_str().unwrap_or_default().to_uppercase();
                milestones.entry(title).or_insert_with(|| name.clone());
                milestones.insert(name.clone(), name.clone());
                item.set("item_type", "milestone");
            }
            _ => belong(&mut item, &mut fields, &milestones, foreign),
        }
        describe(&mut item, &mut fields, shelf, foreign);
        write_sections(&mut item, page.body, page.sections);
        item.keep_rest(fields.0);
        item.sign("Backlog.md", place);
        foreign.items.push(item);
    }
    let names: HashSet<String> = foreign.items.iter().map(|item| item.name.clone()).collect();
    for item in &mut foreign.items {
        // TASK-1.2 is below TASK-1, also where no field says so.
        let above = item.name.rsplit_once('.').map(|(above, _)| above).filter(|above| names.contains(*above));
        if let (None, Some(above)) = (&item.parent, above) {
            item.parent = Some(above.to_owned());
        }
    }
}

/// Its parent, its milestone, and what it waits for.
fn belong(item: &mut Item, fields: &mut Fields, milestones: &HashMap<String, String>, foreign: &mut Foreign) {
    let prefix = item.name.rsplit_once('-').map_or("TASK", |(prefix, _)| prefix).to_owned();
    let meant = |id: &str| match id.trim().chars().all(|c| c.is_ascii_digit() || c == '.') {
        true => format!("{prefix}-{}", id.trim()),
        false => id.trim().to_uppercase(),
    };
    item.parent = fields.text("parent_task_id").or_else(|| fields.text("parent")).map(|id| meant(&id));
    if let Some(milestone) = fields.text("milestone") {
        let found = milestones.get(&milestone.trim().to_uppercase());
        if item.parent.is_none() && !item.name.contains('.') {
            item.parent = found.cloned();
        }
        item.origin.push(format!("milestone: {milestone}"));
    }
    for on in fields.words("dependencies") {
        foreign.links.push(Link::blocks(meant(&on), item.name.clone()));
    }
    // They say so themselves.
    drop(fields.list("subtasks"));
}

fn describe(item: &mut Item, fields: &mut Fields, shelf: Shelf, foreign: &mut Foreign) {
    let remarks = &mut foreign.remarks;
    let status = fields.text("status");
    let mut ours = counterpart(item, "status", status.as_deref(), &STATUS, "queue", remarks);
    let mut label = status.filter(|word| !PLAIN.contains(&word.to_lowercase().as_str()));
    match shelf {
        Shelf::Completed => ours = "done".to_owned(),
        Shelf::ArchivedMilestone => ours = "archived".to_owned(),
        Shelf::Archived if ours == "done" => ours = "archived".to_owned(),
        Shelf::Archived => {
            ours = "cancelled".to_owned();
            label = Some("archived".to_owned());
            remarks.changed(&item.name, "it was archived there before it was done, and came as cancelled");
        }
        _ => {}
    }
    if ours == "blocked" {
        item.set("previous_status", "queue");
    }
    item.set("status", ours);
    item.set_some("status_label", label);
    let priority = fields.text("priority");
    let ours = counterpart(item, "priority", priority.as_deref(), &PRIORITY, "medium", remarks);
    item.set("priority", ours);
    item.set_some("item_type", fields.text("type"));
    let mut tags = fields.words("labels");
    if shelf == Shelf::Draft {
        tags.push("draft".to_owned());
    }
    item.set("tags", json!(tags));
    for (theirs, ours) in
        [("created_date", "created_at"), ("updated_date", "updated_at"), ("due_date", "due_at")]
    {
        let given = fields.text(theirs);
        item.set_time(ours, given, remarks);
    }
}

/// The description is a field; every other section is a note called like its heading.
fn write_sections(item: &mut Item, body: String, sections: Vec<(String, String)>) {
    item.note("body", "queue", Some(body).filter(|body| !body.is_empty()));
    for (heading, text) in sections {
        let key = key_of(&heading);
        if key == "description" && !item.row.contains_key("description") {
            item.set("description", text);
            continue;
        }
        let role = SECTIONS.iter().find(|(section, _)| *section == key).map_or("queue", |(_, role)| role);
        item.note(&key, role, Some(text));
    }
}

/// A heading as the key of a note: `Acceptance Criteria` is `acceptance-criteria`.
fn key_of(heading: &str) -> String {
    let plain: String =
        heading.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    plain.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(front: &str, body: &str) -> Page {
        front_matter::read(&format!("---\n{front}\n---\n{body}")).unwrap()
    }

    fn one(shelf: Shelf, front: &str, body: &str) -> Item {
        let mut foreign = Foreign::default();
        convert(vec![(shelf, "f.md".to_owned(), page(front, body))], "shop", &mut foreign);
        foreign.items.pop().unwrap()
    }

    #[test]
    fn statuses_come_from_words_and_folders() {
        for (shelf, theirs, ours, label) in [
            (Shelf::Live, "To Do", "queue", None),
            (Shelf::Live, "In Progress", "work", None),
            (Shelf::Live, "Done", "done", None),
            (Shelf::Live, "In Review", "review", Some("In Review")),
            (Shelf::Live, "Frozen", "queue", Some("Frozen")),
            (Shelf::Completed, "In Progress", "done", None),
            (Shelf::Draft, "Draft", "queue", Some("Draft")),
            (Shelf::Archived, "Done", "archived", None),
            (Shelf::Archived, "To Do", "cancelled", Some("archived")),
        ] {
            let item = one(shelf, &format!("id: task-1\ntitle: t\nstatus: {theirs}"), "");
            assert_eq!(item.row["status"], ours, "{shelf:?} {theirs}");
            let got = item.row.get("status_label").and_then(serde_json::Value::as_str);
            assert_eq!(got, label, "{shelf:?} {theirs}");
        }
    }

    #[test]
    fn nothing_of_a_task_is_lost() {
        let item = one(
            Shelf::Live,
            "id: TASK-1\ntitle: t\nassignee: ['@ann']\ndue_date: '2031-05-06'\nordinal: 1000\nlabels: [a]\nmilestone: m-9",
            "## Description\nD\n## Acceptance Criteria\n- [ ] #1 It sells\n## Odd One\nX",
        );
        assert_eq!(item.row["description"], "D");
        assert_eq!(item.row["due_at"], "2031-05-06");
        let notes: Vec<(&str, &str)> =
            item.notes.iter().map(|note| (note.key.as_str(), note.body.as_str())).collect();
        assert_eq!(
            notes,
            [
                ("acceptance-criteria", "- [ ] #1 It sells"),
                ("odd-one", "X"),
                ("origin", "Backlog.md TASK-1\nmilestone: m-9\nassignee: @ann\nordinal: 1000"),
            ]
        );
    }

    #[test]
    fn milestones_are_parents_and_ids_are_read_in_any_form() {
        let mut foreign = Foreign::default();
        let pages = [
            (Shelf::Milestone, "id: m-0\ntitle: Opening day"),
            (Shelf::Live, "id: TASK-1\ntitle: a\nmilestone: opening day"),
            (Shelf::Live, "id: task-1.1\ntitle: b\nmilestone: m-0\ndependencies: [task-2, 3]"),
            (Shelf::Archived, "id: TASK-1\ntitle: older"),
        ];
        let pages = pages.map(|(shelf, front)| (shelf, "f.md".to_owned(), page(front, "")));
        convert(pages.into(), "shop", &mut foreign);
        let names: Vec<(&str, Option<&str>)> =
            foreign.items.iter().map(|item| (item.name.as_str(), item.parent.as_deref())).collect();
        assert_eq!(
            names,
            [("M-0", None), ("TASK-1", Some("M-0")), ("TASK-1.1", Some("TASK-1")), ("ARCHIVE/TASK-1", None),]
        );
        let from: Vec<&str> = foreign.links.iter().map(|link| link.from.as_str()).collect();
        assert_eq!(from, ["TASK-2", "TASK-3"]);
    }
}
