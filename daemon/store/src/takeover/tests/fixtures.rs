//! Databases that the real programs made.

use std::path::Path;

use orc_core::View;
use orc_core::claim::Subject;
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::super::TakeoverError;
use super::super::old_row::{OldRow, columns};
use super::{Place, id, now};
use crate::backup::open_copy;
use crate::history::{edge_json, item_json, note_json};
use crate::tx::Tx;

const FIXTURES: [&str; 3] = ["original-0.6", "original-1.0.0", "original-1.5.1"];

/// Every row of a table, as SQLite has it.
fn rows(database: &Path, table: &str) -> Vec<Map<String, Value>> {
    let connection = open_copy(database).unwrap();
    let columns = columns(&connection, table).unwrap();
    if columns.is_empty() {
        return Vec::new();
    }
    let mut query = connection.prepare(&format!("SELECT rowid, * FROM {table} ORDER BY rowid")).unwrap();
    let rows = query.query_map([], |row| OldRow::read(&columns, row)).unwrap();
    rows.map(|row| row.unwrap().json().as_object().unwrap().clone()).collect()
}

/// Every column is what it was; NULL may be an empty text now.
fn assert_same(was: &Map<String, Value>, is: &Value, context: &str) {
    for (column, value) in was {
        let found = is.get(column).unwrap_or(&Value::Null);
        let same = value == found || (value.is_null() && (found == "" || column == "unblock_at"));
        assert!(same, "{context}: {column} of {} was {value}, is {found}", was["id"]);
    }
}

#[test]
fn every_row_of_the_graph_is_what_it_was() {
    for fixture in FIXTURES {
        let place = Place::of(fixture);
        let (report, connection) = place.taken();
        let tx = Tx::new(&connection, 0);
        // The backup is plain enough to be read without writing anything beside it; the fixture would not be.
        let items = rows(&report.backup, "work_items");
        assert!(items.len() >= 4, "{fixture}");
        assert_eq!(report.items, items.len(), "{fixture}");
        for row in &items {
            let item = tx.item(&id(row["id"].as_str().unwrap())).unwrap().unwrap();
            assert_same(row, &item_json(&item), fixture);
        }
        let notes = rows(&report.backup, "notes");
        assert_eq!(report.notes, notes.len(), "{fixture}");
        for row in &notes {
            let item = id(row["item_id"].as_str().unwrap());
            let note = tx.note(&item, row["key"].as_str().unwrap()).unwrap().unwrap();
            assert_same(row, &note_json(&note), fixture);
        }
        let edges = rows(&report.backup, "dependencies");
        assert_eq!(report.dependencies, edges.len(), "{fixture}");
        for row in &edges {
            let end = |name: &str| id(row[name].as_str().unwrap());
            let edge = tx.edge(&end("from_id"), &end("to_id")).unwrap().unwrap();
            assert_same(row, &edge_json(&edge), fixture);
        }
        assert_eq!(report.leftovers, 0, "{fixture}: nothing had to change");
        let history: i64 = connection
            .query_row("SELECT count(*) FROM history WHERE session = 'take-over'", [], |row| row.get(0))
            .unwrap();
        let changes = report.items + report.notes + report.dependencies + report.workspaces + report.claims;
        assert_eq!(history, i64::try_from(changes).unwrap(), "{fixture}: one row of history each");
    }
}

#[test]
fn claims_wait_for_their_agents_and_sessions_are_on_record() {
    let place = Place::of("original-1.5.1");
    let (report, connection) = place.taken();
    let tx = Tx::new(&connection, 0);
    let (claims, sessions) = (rows(&report.backup, "claims"), rows(&report.backup, "sessions"));
    assert_eq!((report.claims, report.sessions), (claims.len(), sessions.len()));
    assert!(claims.len() >= 3);
    for row in &claims {
        let name = row["subject_ref"].as_str().unwrap();
        let subject = if row["subject_type"] == "work_item" {
            Subject::Item(id(name))
        } else {
            Subject::Resource(name.into())
        };
        let claim = tx.claim(&subject).unwrap().unwrap();
        assert_eq!(row["session_id"], claim.holder.session);
        let session = sessions.iter().find(|session| session["id"] == row["session_id"]).unwrap();
        let agent = row["agent_id"].as_str().or(session["agent_id"].as_str());
        let machine = format!("@{}", session["hostname"].as_str().unwrap());
        match agent {
            Some(agent) => assert_eq!(claim.holder.agent, agent),
            None => assert!(claim.holder.agent.ends_with(&machine), "{claim:?}"),
        }
        assert_eq!(row["expires_at"].as_str(), claim.deadline.as_ref().map(|stamp| stamp.text()));
        assert_eq!(row["claimed_at"], claim.since.text());
        assert_eq!(claim.grace_until, Some(now().plus(2 * orc_core::time::MINUTE)), "it ends by itself");
    }
    let agents: Vec<_> = tx.orphans_of("ann").unwrap();
    assert_eq!(agents.len(), 2, "an agent that returns finds what it held");
    for row in &sessions {
        let (_, kept) = super::leftover(&connection, "sessions", row["id"].as_str());
        assert_eq!(kept, Value::Object(row.clone()));
    }
}

#[test]
fn the_backup_is_whole_and_private() {
    let place = Place::of("original-1.0.0");
    // What is only in the write-ahead log, as a crash leaves it.
    let making = Place::of("original-1.0.0");
    let open = Connection::open(making.path()).unwrap();
    open.execute("UPDATE work_items SET summary = 'only in the log'", []).unwrap();
    for end in ["", "-wal"] {
        let name = |place: &Place| format!("{}{end}", place.path().display());
        std::fs::copy(name(&making), name(&place)).unwrap();
    }
    let (report, connection) = place.taken();
    let name = report.backup.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(name, "tasks.db.original-20261123T093100Z.bak");
    assert!(rows(&report.backup, "work_items").iter().all(|row| row["summary"] == "only in the log"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&report.backup).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let kept: String = connection
        .query_row("SELECT value FROM meta WHERE key = 'taken_over'", [], |row| row.get(0))
        .unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept, report.json());
    assert_eq!(kept["items"], rows(&report.backup, "work_items").len());
    let found: i64 = open_copy(&report.backup)
        .unwrap()
        .query_row("SELECT count(*) FROM items_fts WHERE items_fts MATCH 'catalogue'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, 1, "also the original's search still works on it");
    let files = std::fs::read_dir(place.path().parent().unwrap()).unwrap();
    let left: Vec<String> = files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("tasks.db-") && !name.ends_with(".json"))
        .collect();
    assert_eq!(left.len(), 2, "the database, the backup and nothing else: {left:?}");
}

#[test]
fn what_the_original_does_next_fails() {
    let place = Place::of("original-1.5.1");
    let (_, connection) = place.taken();
    drop(connection);
    let original = Connection::open(place.path()).unwrap();
    // What its newest version runs when it starts, and what it writes when it runs already.
    for sql in [
        "CREATE INDEX IF NOT EXISTS idx_items_parent ON work_items(parent_id)",
        "INSERT INTO work_items (id, title, status, priority, created_at, updated_at) VALUES ('x', 'x', 'queue', 'medium', 'x', 'x')",
        "UPDATE work_items SET status = 'done'",
        "DELETE FROM work_items",
        "INSERT INTO notes (id, item_id, key, role, body, created_at, updated_at) VALUES ('x', 'x', 'x', 'x', 'x', 'x', 'x')",
        "INSERT INTO dependencies (id, from_id, to_id, created_at) VALUES ('x', 'x', 'x', 'x')",
        "INSERT INTO sessions (id, hostname, started_at, heartbeat_at) VALUES ('x', 'x', 'x', 'x')",
        "INSERT INTO claims (id, subject_type, subject_ref, session_id, claimed_at) VALUES ('x', 'x', 'x', 'x', 'x')",
    ] {
        assert!(original.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn ours_is_not_taken_over_again() {
    let place = Place::of("original-1.0.0");
    drop(place.taken());
    assert!(matches!(place.take(), Err(TakeoverError::NotOriginal { .. })));
    let again = crate::open(&place.path()).unwrap();
    assert!(!Tx::new(&again.connection, 0).is_empty().unwrap(), "and nothing happened to it");
}

#[test]
fn passwords_stay_in_the_backup() {
    let place = Place::of("original-1.5.1");
    let add = "INSERT INTO users (id, username, password_hash, created_at) VALUES ('u', 'ann', 'scrypt$secret', 'x')";
    Connection::open(place.path()).unwrap().execute(add, []).unwrap();
    let (report, connection) = place.taken();
    assert_eq!(report.in_backup_only, [("users".to_owned(), 1)]);
    assert!(report.line().contains("users (1 rows)"), "{}", report.line());
    drop(connection);
    assert_eq!(rows(&report.backup, "users").len(), 1);
    let ours = Connection::open(place.path()).unwrap();
    assert!(!ours.table_exists(None, "users").unwrap());
}
