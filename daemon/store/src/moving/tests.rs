//! Databases of other programs are recognised, read whole, and left alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use orc_core::time::Stamp;
use rusqlite::Connection;

use super::{Kind, MovingError, Source};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name).join("tasks.db")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn now() -> Stamp {
    Stamp::parse("2026-01-02T03:04:05+00:00").unwrap()
}

#[test]
fn originals_are_read_whole_and_nothing_is_written() {
    for version in ["original-0.6", "original-1.0.0", "original-1.5.1"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a ?#%.db");
        fs::copy(fixture(version), &path).unwrap();
        let before = fs::read(&path).unwrap();
        let source = Source::open(&path).unwrap();
        assert_eq!(source.kind(), Kind::Original);
        let moved = source.original(&now()).unwrap();
        let text = fs::read_to_string(fixture(version).with_file_name("expected.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        let count = |table: &str| expected[table].as_array().unwrap().len();
        assert_eq!(moved.items.len(), count("work_items"), "{version}");
        assert_eq!(moved.notes.len(), count("notes"), "{version}");
        assert_eq!(moved.dependencies.len(), count("dependencies"), "{version}");
        assert_eq!(moved.left_out, [], "{version}");
        assert_eq!(names(folder.path()), BTreeSet::from(["a ?#%.db".to_owned()]), "{version}");
        assert_eq!(fs::read(&path).unwrap(), before, "{version}");
    }
}

#[test]
fn the_kotlin_programs_ids_are_uuids() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/moving/kotlin");
    for version in ["first.db", "newest.db"] {
        let source = Source::open(&place.join(version)).unwrap();
        assert_eq!(source.kind(), Kind::Kotlin, "{version}");
        let tables = source.kotlin().unwrap();
        assert_eq!(
            (tables.items.len(), tables.notes.len(), tables.dependencies.len()),
            (8, 3, 7),
            "{version}"
        );
        assert_eq!(tables.items[0]["id"], "6b6f746c-0001-4000-8000-000000000001");
        assert_eq!(tables.items[1]["parent_id"], tables.items[0]["id"]);
        assert_eq!(tables.others, [("role_transitions".to_owned(), 1)]);
    }
}

#[test]
fn what_is_still_in_the_log_is_read_whether_somebody_has_it_open_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.db");
    fs::copy(fixture("original-1.5.1"), &path).unwrap();
    let user = Connection::open(&path).unwrap();
    user.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;").unwrap();
    user.execute("UPDATE work_items SET title = 'changed just now'", []).unwrap();
    let title = |path: &Path| {
        let moved = Source::open(path).unwrap().original(&now()).unwrap();
        moved.items[0]["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title(&path), "changed just now");
    // As a crash leaves it: the log without the shared memory.
    let left = folder.path().join("left.db");
    fs::copy(&path, &left).unwrap();
    fs::copy(folder.path().join("tasks.db-wal"), folder.path().join("left.db-wal")).unwrap();
    let before = names(folder.path());
    assert_eq!(title(&left), "changed just now");
    assert_eq!(names(folder.path()), before);
}

#[test]
fn what_is_neither_is_refused_with_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, sql: &str| {
        let path = folder.path().join(name);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        path
    };
    let ours = folder.path().join("ours.db");
    drop(crate::open(&ours).unwrap());
    assert!(matches!(Source::open(&ours).unwrap_err(), MovingError::Ours { .. }));
    let other = made("other.db", "CREATE TABLE t (x);");
    assert!(matches!(Source::open(&other).unwrap_err(), MovingError::Foreign { .. }));
    let old = made("old.db", "CREATE TABLE tasks (x); CREATE TABLE features (x); CREATE TABLE projects (x);");
    assert!(Source::open(&old).unwrap_err().to_string().contains("before version 3"));
    let view = made("view.db", "CREATE VIEW work_items AS SELECT 1 AS id, 2 AS title, 3 AS status;");
    assert!(matches!(Source::open(&view).unwrap_err(), MovingError::Foreign { .. }));
    let text = folder.path().join("text.db");
    fs::write(&text, "no database").unwrap();
    assert!(matches!(Source::open(&text).unwrap_err(), MovingError::NotDatabase { .. }));
    let huge = folder.path().join("huge.db");
    fs::write(&huge, b"SQLite format 3\0").unwrap();
    fs::File::options().write(true).open(&huge).unwrap().set_len(3 << 30).unwrap();
    assert!(Source::open(&huge).unwrap_err().to_string().contains("more than 2 GiB"));
    let torn = folder.path().join("torn.db");
    fs::write(&torn, [b"SQLite format 3\0".as_slice(), &[7; 4_000]].concat()).unwrap();
    assert!(matches!(Source::open(&torn).unwrap_err(), MovingError::NotDatabase { .. }));
}
