//! Rows that the original's tables allow and our rules do not.

use orc_core::View;
use orc_core::claim::Subject;
use orc_core::item::Item;
use orc_core::status::{DepKind, Priority, Role, Status, Threshold};
use rusqlite::Connection;
use serde_json::json;

use super::{Place, id, leftover, now};
use crate::tx::Tx;

/// Tables with the original's columns and none of its constraints: SQLite checks no types, and foreign keys only when asked.
const TABLES: &str = "
CREATE TABLE work_items (id, parent_id, title, description, summary, status, status_label, previous_status, priority, complexity,
    item_type, tags, metadata, properties, role_changed_at, due_at, schedule, next_run_at, created_at, updated_at, created_by,
    updated_by);
CREATE TABLE notes (id, item_id, key, role, body, created_at, updated_at, created_by);
CREATE TABLE dependencies (id, from_id, to_id, dep_type, unblock_at, created_at, created_by);
CREATE TABLE sessions (id, agent_id, hostname, pid, cli, theme, status, started_at, heartbeat_at);
CREATE TABLE claims (id, subject_type, subject_ref, session_id, agent_id, resource_type, claimed_at, expires_at);
INSERT INTO work_items (id, title, status, priority, created_at, updated_at)
SELECT 'item-' || value, 'title ' || value, 'queue', 'medium', '2025-01-01T00:00:00', '2025-01-02T00:00:00'
FROM json_each('[1, 2, 3, 4]');";

fn made(rows: &str) -> Place {
    Place::made(&format!("{TABLES}\n{rows}"))
}

fn item(connection: &Connection, name: &str) -> Item {
    Tx::new(connection, 0).item(&id(name)).unwrap().unwrap_or_else(|| panic!("{name} is lost"))
}

#[test]
fn values_of_items_become_the_nearest_valid_ones() {
    type Check = fn(&Item) -> bool;
    let cases: [(&str, Check, &str); 21] = [
        ("status = 'waiting'", |i| i.status == Status::Queue, "status 'waiting' is unknown and became queue"),
        ("status = NULL", |i| i.status == Status::Queue, ""),
        ("status = 'DONE'", |i| i.status == Status::Done, ""),
        ("previous_status = 'x'", |i| i.previous.is_none(), "previous_status 'x' is unknown"),
        ("previous_status = 'review'", |i| i.previous == Some(Status::Review), ""),
        ("priority = 'urgent'", |i| i.priority == Priority::Medium, "priority 'urgent' is unknown"),
        ("title = printf('%.*c', 5000, 'x')", |i| i.title.len() == 5000, ""),
        ("title = NULL", |i| i.title == "(untitled)", "it had no title"),
        ("complexity = 42", |i| i.complexity == Some(42), ""),
        ("complexity = -5", |i| i.complexity == Some(0), "complexity -5 became 0"),
        ("complexity = 'hard'", |i| i.complexity.is_none(), "complexity hard became none"),
        ("complexity = 99999999999", |i| i.complexity == Some(255), "became 255"),
        ("due_at = 'tomorrow'", |i| i.due_at.is_none(), "due_at 'tomorrow' is no time"),
        ("due_at = ''", |i| i.due_at.is_none(), ""),
        (
            "created_at = 'long ago'",
            |i| i.created_at.text() == "2025-01-02T00:00:00" && i.updated_at.text() == "2025-01-02T00:00:00",
            "created_at 'long ago' is no time",
        ),
        (
            "created_at = NULL, updated_at = ''",
            |i| i.created_at == now() && i.updated_at == now(),
            "a time was missing",
        ),
        (
            "schedule = 'now and then'",
            |i| i.schedule.as_deref() == Some("now and then"),
            "no cron expression",
        ),
        ("schedule = ''", |i| i.schedule.is_none(), ""),
        ("description = x'00ff'", |i| i.description == "\0\u{fffd}", "description was no text in UTF-8"),
        ("tags = ' a,, b ,a'", |i| i.tags == " a,, b ,a", ""),
        ("status_label = '', metadata = 'no json'", |i| i.metadata.as_deref() == Some("no json"), ""),
    ];
    for (set, check, reason) in cases {
        let place = made(&format!("UPDATE work_items SET {set} WHERE id = 'item-1'"));
        let (report, connection) = place.taken();
        assert!(check(&item(&connection, "item-1")), "{set}: {:?}", item(&connection, "item-1"));
        assert_eq!(report.items, 4, "{set}");
        assert_eq!(report.leftovers, usize::from(!reason.is_empty()), "{set}: {}", report.line());
        if !reason.is_empty() {
            let (said, row) = leftover(&connection, "work_items", Some("item-1"));
            assert!(said.contains(reason), "{set}: {said}");
            assert_eq!(row["id"], "item-1", "{set}: the whole row is there");
        }
    }
}

#[test]
fn bytes_are_kept_as_they_were() {
    let (_, connection) = made("UPDATE work_items SET metadata = x'00ff7f' WHERE id = 'item-1'").taken();
    let (_, row) = leftover(&connection, "work_items", Some("item-1"));
    assert_eq!(row["metadata"], json!({ "bytes": "00ff7f" }));
}

#[test]
fn items_without_a_usable_id_get_one_and_keep_what_hangs_on_them() {
    let place = made(
        "UPDATE work_items SET id = 'x' WHERE id = 'item-1';
         UPDATE work_items SET id = NULL WHERE id = 'item-2';
         UPDATE work_items SET id = 'item-4' WHERE id = 'item-3';
         UPDATE work_items SET parent_id = 'x' WHERE title = 'title 4';
         INSERT INTO notes (id, item_id, key, body, created_at, updated_at) VALUES ('n', 'x', 'k', 'text', '2025-01-01', '2025-01-01');",
    );
    let (report, connection) = place.taken();
    assert_eq!((report.items, report.notes, report.leftovers), (4, 1, 3));
    let tx = Tx::new(&connection, 0);
    let find = |title: &str| -> String {
        connection.query_row("SELECT id FROM items WHERE title = ?1", [title], |row| row.get(0)).unwrap()
    };
    let renamed = find("title 1");
    assert_eq!(renamed.len(), 36);
    assert_eq!(find("title 2").len(), 36);
    assert_eq!(find("title 3"), "item-4", "the first of two keeps the id");
    let child = tx.item(&id(&find("title 4"))).unwrap().unwrap();
    assert_eq!(child.parent, Some(id(&renamed)));
    assert!(tx.note(&id(&renamed), "k").unwrap().is_some());
    let (reason, _) = leftover(&connection, "work_items", Some("x"));
    assert!(reason.contains(&format!("it is {renamed} now")), "{reason}");
}

#[test]
fn parents_that_are_missing_or_below_are_let_go() {
    let place = made(
        "UPDATE work_items SET parent_id = 'nowhere' WHERE id = 'item-1';
         UPDATE work_items SET parent_id = 'item-3' WHERE id = 'item-2';
         UPDATE work_items SET parent_id = 'item-2' WHERE id = 'item-3';
         UPDATE work_items SET parent_id = 'item-4' WHERE id = 'item-4';",
    );
    let (report, connection) = place.taken();
    assert_eq!((report.items, report.leftovers), (4, 3));
    let parent = |name: &str| item(&connection, name).parent;
    assert_eq!((parent("item-1"), parent("item-4")), (None, None));
    assert_eq!((parent("item-2"), parent("item-3")), (Some(id("item-3")), None), "one of a circle is cut");
    assert!(leftover(&connection, "work_items", Some("item-1")).0.contains("'nowhere' is not there"));
    assert!(leftover(&connection, "work_items", Some("item-3")).0.contains("is below it"));
}

#[test]
fn edges_that_cannot_stand_are_kept_aside() {
    let edges = [
        ("a", "item-1", "item-2", "blocks", "done"),
        ("b", "item-2", "item-3", "blocks", "done"),
        ("closes", "item-3", "item-1", "blocks", "work"),
        ("self", "item-1", "item-1", "blocks", "done"),
        ("dangling", "item-1", "nowhere", "blocks", "done"),
        ("twice", "item-1", "item-2", "relates_to", "done"),
        ("words", "item-1", "item-4", "needs", "soon"),
        ("turned", "item-2", "item-4", "is_blocked_by", "review"),
        ("back", "item-2", "item-1", "relates-to", "done"),
        ("a", "item-3", "item-4", "blocks", "done"),
    ];
    let rows: String = edges
        .iter()
        .map(|(id, from, to, kind, at)| {
            format!("INSERT INTO dependencies VALUES ('{id}', '{from}', '{to}', '{kind}', '{at}', '2025-01-01', NULL);")
        })
        .collect();
    let (report, connection) = made(&rows).taken();
    assert_eq!((report.dependencies, report.leftovers), (7, 7), "{}", report.line());
    let tx = Tx::new(&connection, 0);
    let edge = |from: &str, to: &str| tx.edge(&id(from), &id(to)).unwrap().unwrap();
    assert_eq!(edge("item-1", "item-2").kind, DepKind::Blocks);
    assert_eq!(edge("item-3", "item-1").kind, DepKind::RelatesTo, "what closes a cycle blocks no more");
    assert_eq!(edge("item-3", "item-1").unblock_at, Threshold::Work);
    assert_eq!(edge("item-1", "item-4").kind, DepKind::Blocks, "the original lets an unknown word block");
    assert_eq!(edge("item-4", "item-2").unblock_at, Threshold::Review, "turned round");
    assert_eq!(edge("item-2", "item-1").kind, DepKind::RelatesTo);
    assert_ne!(edge("item-3", "item-4").id, id("a"));
    for (name, reason) in [
        ("closes", "closed a cycle"),
        ("self", "wait for itself"),
        ("dangling", "is not there"),
        ("twice", "already"),
        ("words", "dep_type 'needs' is unknown and became blocks; unblock_at 'soon'"),
        ("turned", "the other way round"),
        ("a", "is another's"),
    ] {
        let (said, row) = leftover(&connection, "dependencies", Some(name));
        assert!(said.contains(reason), "{name}: {said}");
        assert_eq!(row["id"], name);
    }
}

#[test]
fn notes_find_a_place() {
    let place = made(
        "INSERT INTO notes (id, item_id, key, role, body, created_at, updated_at) VALUES
             ('first', 'item-1', 'k', 'queue', 'one', '2025-01-01', '2025-01-01'),
             ('second', 'item-1', 'k', 'queue', 'two', '2025-01-01', '2025-01-01'),
             ('nameless', 'item-1', NULL, 'later', NULL, '2025-01-01', '2025-01-01'),
             ('dangling', 'nowhere', 'k', 'queue', 'lost?', '2025-01-01', '2025-01-01'),
             ('long', 'item-1', printf('%.*c', 300, 'k'), 'queue', '', '2025-01-01', '2025-01-01');",
    );
    let (report, connection) = place.taken();
    assert_eq!((report.notes, report.leftovers), (4, 4));
    let tx = Tx::new(&connection, 0);
    let body = |key: &str| tx.note(&id("item-1"), key).unwrap().unwrap().body;
    assert_eq!((body("k"), body("k-2"), body("note")), ("one".into(), "two".into(), String::new()));
    assert_eq!(tx.note(&id("item-1"), "note").unwrap().unwrap().role, Role::Queue);
    assert_eq!(leftover(&connection, "notes", Some("dangling")).1["body"], "lost?");
    assert_eq!(leftover(&connection, "notes", Some("long")).1["key"], "k".repeat(300));
}

#[test]
fn claims_of_all_kinds() {
    let place = made(
        "UPDATE work_items SET status = 'done' WHERE id = 'item-2';
         INSERT INTO sessions (id, agent_id, hostname, cli, started_at) VALUES ('s', NULL, 'laptop', 'cli', '2025-01-01');
         INSERT INTO claims VALUES
             ('c1', 'work_item', 'item-1', 's', NULL, NULL, '2025-01-01', 'never'),
             ('c2', 'work_item', 'item-2', 's', NULL, NULL, '2025-01-01', NULL),
             ('c3', 'work_item', 'nowhere', 's', NULL, NULL, '2025-01-01', NULL),
             ('c4', 'resource', 'file:x', 'unknown session', 'ann', 'file', '2025-01-01', NULL),
             ('c5', 'resource', 'file:x', 's', 'bob', 'file', '2025-01-01', NULL),
             ('c6', 'resource', NULL, 's', 'bob', 'file', '2025-01-01', NULL);",
    );
    let (report, connection) = place.taken();
    assert_eq!((report.claims, report.sessions, report.leftovers), (2, 1, 5), "{}", report.line());
    let tx = Tx::new(&connection, 0);
    let claim = tx.claim(&Subject::Item(id("item-1"))).unwrap().unwrap();
    assert_eq!((claim.holder.agent.as_str(), claim.deadline), ("cli@laptop", None));
    assert_eq!(tx.claim(&Subject::Item(id("item-2"))).unwrap(), None, "a finished item is nobody's");
    assert_eq!(tx.claim(&Subject::Resource("file:x".into())).unwrap().unwrap().holder.agent, "ann");
    assert_eq!(leftover(&connection, "claims", Some("c4")).1["resource_type"], "file");
}

#[test]
fn what_has_no_place_here_is_said() {
    let place = made(
        "ALTER TABLE work_items ADD COLUMN colour;
         UPDATE work_items SET colour = 'blue' WHERE id = 'item-1';
         CREATE TABLE mine (x); INSERT INTO mine VALUES (1);
         CREATE VIEW of_mine AS SELECT * FROM mine;
         CREATE TRIGGER t AFTER DELETE ON work_items BEGIN INSERT INTO mine VALUES (OLD.id); END;",
    );
    let (report, connection) = place.taken();
    assert_eq!(report.in_backup_only, [("mine".to_owned(), 1)]);
    let (reason, row) = leftover(&connection, "work_items", Some("item-1"));
    assert_eq!((reason.as_str(), &row["colour"]), ("there is no place here for colour", &json!("blue")));
}

#[test]
fn a_chain_of_a_thousand_parents_in_reverse() {
    let rows = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
        INSERT INTO work_items (id, parent_id, title, status, priority, created_at, updated_at)
        SELECT printf('deep-%04d', i), CASE WHEN i < 999 THEN printf('deep-%04d', i + 1) END, 't', 'queue', 'low', '2025-01-01',
               '2025-01-01' FROM n;";
    let (report, connection) = made(rows).taken();
    assert_eq!((report.items, report.leftovers), (1_004, 0));
    assert_eq!(Tx::new(&connection, 0).depth(&id("deep-0000")).unwrap(), 999);
}
