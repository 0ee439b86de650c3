//! What is settled can be placed, and is the same each time.

use orc_store::moving::{Kind as Database, Source};
use serde_json::Value;

use super::super::{
    kind::{Found, Kind},
    read,
};
use super::fit::UNTITLED;
use super::*;
use orc_core::limits;

const RULES: Rules<'static> = Rules { kind: "beads", place: "shop", levels: Some(3), project: None };

fn item(name: &str, parent: Option<&str>) -> Item {
    Item { parent: parent.map(str::to_owned), ..Item::new(name, name) }
}

fn parent_of<'s>(settled: &'s Settled, name: &str) -> Option<&'s str> {
    let named = |id: &str| settled.names.get(id).map(String::as_str);
    let row = settled.items.iter().find(|row| row["id"].as_str().and_then(named) == Some(name));
    named(row?["parent_id"].as_str()?)
}

#[test]
fn ids_follow_from_what_an_item_is_called_and_where() {
    let id = |kind, place, name| {
        let foreign = Foreign { items: vec![item(name, None)], ..Foreign::default() };
        let settled = settle(foreign, &Rules { kind, place, ..RULES });
        settled.items[0]["id"].as_str().map(str::to_owned)
    };
    let first = id("beads", "shop", "bd-1");
    assert_eq!(first, id("beads", "shop", "bd-1"));
    for other in [id("beads", "shop", "bd-2"), id("beads", "store", "bd-1"), id("backlog", "shop", "bd-1")] {
        assert_ne!(first, other);
    }
    // Whatever happens to this program: who imported once must find the same ids again.
    assert_eq!(first.as_deref(), Some("b76ee116-89b2-5056-9f50-4b36fc1a0eeb"));
}

#[test]
fn parents_that_cannot_be_are_said_and_deep_ones_are_moved_up() {
    let foreign = Foreign {
        items: vec![
            item("e", Some("d")),
            item("d", Some("c")),
            item("c", Some("b")),
            item("b", Some("a")),
            item("a", None),
            item("x", Some("y")),
            item("y", Some("x")),
            item("z", Some("gone")),
            item("a", None),
        ],
        ..Foreign::default()
    };
    let settled = settle(foreign, &RULES);
    let parents = ["a", "b", "c", "d", "e", "z"].map(|name| parent_of(&settled, name));
    assert_eq!(parents, [None, Some("a"), Some("b"), Some("b"), Some("b"), None]);
    let names: Vec<&str> = settled.remarks.changed.iter().map(|remark| remark.name.as_str()).collect();
    assert_eq!(names, ["z", "y", "d", "e"]);
    assert_eq!(settled.dependencies.len(), 2, "each is tied to its real parent");
    assert_eq!(settled.remarks.missing, [1, 0, 0]);
    let order: Vec<&str> = settled.items.iter().filter_map(|row| row["title"].as_str()).collect();
    assert_eq!(order, ["a", "b", "c", "d", "e", "y", "x", "z"]);
}

#[test]
fn links_that_cannot_be_are_said_and_cycles_become_relations() {
    let links = vec![
        Link::blocks("a", "b"),
        Link::blocks("b", "c"),
        Link::blocks("c", "a"),
        Link::relates("a", "c"),
        Link::blocks("a", "c"),
        Link::blocks("a", "a"),
        Link::blocks("a", "gone"),
    ];
    let items = ["a", "b", "c"].map(|name| item(name, None)).into();
    let settled = settle(Foreign { items, links, ..Foreign::default() }, &RULES);
    let kinds: Vec<&str> = settled.dependencies.iter().filter_map(|row| row["dep_type"].as_str()).collect();
    assert_eq!(kinds, ["blocks", "blocks", "relates_to", "blocks"]);
    assert_eq!(settled.remarks.changed[0].name, "c → a");
    assert_eq!(settled.remarks.missing, [0, 0, 2]);
}

#[test]
fn texts_beyond_the_limits_are_whole_in_notes() {
    let mut long = item("a", None);
    long.set("title", "ä".repeat(501));
    long.set("description", "ä".repeat(600_000));
    long.set("properties", format!("{{\"x\":\"{}\"}}", "y".repeat(70_000)));
    long.set("tags", (0..60).map(|n| format!("tag,{n}")).collect::<Vec<_>>());
    long.set("complexity", 40);
    long.set("schedule", "whenever");
    long.note("k", "work", Some("ö".repeat(600_000)));
    long.note("k", "work", Some("again".to_owned()));
    let settled = settle(Foreign { items: vec![long, item("", None)], ..Foreign::default() }, &RULES);
    let row = &settled.items[0];
    let length = |field: &str| row[field].as_str().unwrap_or_default().len();
    assert_eq!(row["title"].as_str().map(|title| title.chars().count()), Some(limits::TITLE_CHARS));
    assert!(length("description") <= limits::BODY_BYTES);
    assert_eq!(row["complexity"], 10);
    assert_eq!(row["tags"].as_str().unwrap_or_default().split(',').count(), 50);
    assert_eq!((row.get("properties"), row.get("schedule")), (None, None));
    assert_eq!(settled.items[1]["title"], UNTITLED);
    let notes: Vec<(&str, usize)> = settled
        .notes
        .iter()
        .map(|note| (note["key"].as_str().unwrap_or_default(), note["body"].as_str().map_or(0, str::len)))
        .collect();
    assert_eq!(
        notes,
        [
            ("k", 1_048_576),
            ("k-2", 151_424),
            ("k-3", 5),
            ("title", 1_002),
            ("description", 1_048_576),
            ("description-2", 151_424),
            ("properties", 70_008),
            ("schedule", 8),
            ("tags", 69),
        ]
    );
    assert!(settled.notes.iter().all(|note| note["item_id"] == row["id"]));
    let ids: std::collections::HashSet<&Value> = settled.notes.iter().map(|note| &note["id"]).collect();
    assert_eq!(ids.len(), settled.notes.len());
}

/// What must hold of rows that are sent, whatever they were made of.
fn can_be_placed(settled: &Settled) -> Result<(), String> {
    let text = |row: &Value, field: &str| row[field].as_str().map(str::to_owned);
    let mut ids = HashSet::new();
    for row in &settled.items {
        let title = text(row, "title").unwrap_or_default();
        if title.trim().is_empty() || title.chars().count() > limits::TITLE_CHARS {
            return Err(format!("a title that is refused: {row}"));
        }
        if text(row, "parent_id").is_some_and(|parent| !ids.contains(&parent)) {
            return Err(format!("a parent that has not come: {row}"));
        }
        if !ids.insert(text(row, "id").ok_or("an item without an id")?) {
            return Err(format!("an id that is there: {row}"));
        }
        text::parse_tags(row["tags"].as_str().unwrap_or_default()).map_err(|refusal| refusal.message)?;
    }
    let mut keys = HashSet::new();
    for row in &settled.notes {
        let item = text(row, "item_id").filter(|item| ids.contains(item));
        let key = text(row, "key").filter(|key| !key.trim().is_empty());
        let (Some(item), Some(key)) = (item, key) else { return Err(format!("a note of nothing: {row}")) };
        if !keys.insert((item, key)) {
            return Err(format!("a note that is there: {row}"));
        }
    }
    for row in &settled.dependencies {
        let ends = [text(row, "from_id"), text(row, "to_id")];
        if ends[0] == ends[1] || !ends.iter().all(|end| end.as_ref().is_some_and(|end| ids.contains(end))) {
            return Err(format!("a link to nothing: {row}"));
        }
    }
    Ok(())
}

/// Tries what a program kept: it is refused in words or settled, and the same each time.
fn try_all(name: &str, file: &str, kind: Kind) {
    orc_fuzz::fuzz(name, |input| {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let path = folder.path().join(file);
        let write = || {
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            std::fs::write(&path, input)
        };
        write().map_err(|e: std::io::Error| e.to_string())?;
        let source = if kind == Kind::Backlog { folder.path().to_owned() } else { path.clone() };
        // A database says itself whose it is.
        let kind = match Source::is_database(&path).then(|| Source::open(&path)) {
            Some(Ok(source)) if source.kind() == Database::Kotlin => Kind::Kotlin,
            _ => kind,
        };
        let once = || -> Result<Option<Settled>, String> {
            let found = Found { kind, path: source.clone(), place: "shop".to_owned() };
            match read(&found, "shop") {
                Ok(foreign) => Ok(Some(settle(foreign, &RULES))),
                Err(trouble) if trouble.to_string().is_empty() => Err("refused without words".to_owned()),
                Err(_) => Ok(None),
            }
        };
        let (Some(first), Some(again)) = (once()?, once()?) else { return Ok(()) };
        can_be_placed(&first)?;
        let ids = |settled: &Settled| -> Vec<Value> {
            let all = settled.items.iter().chain(&settled.notes).chain(&settled.dependencies);
            all.map(|row| row["id"].clone()).collect()
        };
        if ids(&first) == ids(&again) { Ok(()) } else { Err("other ids the second time".to_owned()) }
    });
}

#[test]
fn whatever_beads_kept_can_be_placed_or_is_refused() {
    try_all("beads", "issues.jsonl", Kind::Beads);
}

#[test]
fn whatever_taskmaster_kept_can_be_placed_or_is_refused() {
    try_all("taskmaster", "tasks.json", Kind::Taskmaster);
}

#[test]
fn whatever_a_page_of_backlog_says_can_be_placed_or_is_refused() {
    try_all("backlog", "tasks/task.md", Kind::Backlog);
}

#[test]
fn whatever_a_database_holds_can_be_placed_or_is_refused() {
    try_all("databases", "tasks.db", Kind::Original);
}
