//! A take-over that is killed on the way leaves the untouched original or the complete conversion (`daemon.md` 21).
//!
//! `E2E_KILLED_ITEMS` sets the original's size (5,000), `E2E_KILLS` how often it is killed (8).

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use e2e::{Daemon, TestEnv, fault_points, json, workspace_root};
use rusqlite::Connection;

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A fixture with more items, notes and edges in it.
fn make(database: &Path, items: u32) {
    fs::copy(workspace_root().join("tests/fixtures/original-1.5.1/tasks.db"), database).expect("a copy");
    let connection = Connection::open(database).expect("the original");
    let rows = format!(
        "BEGIN;
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {items} - 1)
         INSERT INTO work_items (id, parent_id, title, status, priority, created_at, updated_at)
         SELECT printf('%08x-made', i), CASE WHEN i % 50 THEN printf('%08x-made', i - i % 50) END, 'made ' || i, 'queue', 'low',
                '2025-01-01T00:00:00', '2025-01-01T00:00:00' FROM n;
         INSERT INTO notes (id, item_id, key, role, body, created_at, updated_at)
         SELECT 'note-' || id, id, 'k', 'queue', title, created_at, updated_at FROM work_items WHERE id LIKE '%-made';
         INSERT INTO dependencies (id, from_id, to_id, created_at)
         SELECT 'edge-' || a.id, a.id, b.id, a.created_at FROM work_items a JOIN work_items b ON b.rowid = a.rowid + 1
         WHERE a.id LIKE '%-made' AND b.id LIKE '%-made';
         COMMIT;"
    );
    connection.execute_batch(&rows).expect("more rows");
}

fn count(connection: &Connection, table: &str) -> u32 {
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{table}: {error}"))
}

fn is_view(connection: &Connection) -> bool {
    let sql = "SELECT type FROM sqlite_schema WHERE name = 'work_items'";
    connection.query_row(sql, [], |row| row.get::<_, String>(0)).expect("work_items stands there") == "view"
}

/// Looks at a copy of what a killed process left, as whoever opens it next finds it. Answers whether it is converted.
fn look(env: &TestEnv, items: u32, notes: u32) -> bool {
    let copy = env.folder().join("look.db");
    for end in ["", "-wal", "-journal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        let _ = fs::remove_file(name(&copy));
        if name(&env.database()).exists() {
            fs::copy(name(&env.database()), name(&copy)).expect("a copy");
        }
    }
    let connection = Connection::open(&copy).expect("what was left");
    let ok: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(ok, "ok");
    assert_eq!(count(&connection, "work_items"), items, "all of the original, or all of ours");
    assert_eq!(count(&connection, "notes"), notes);
    let converted = is_view(&connection);
    let (theirs, ours) = (["dependencies", "items_fts"], ["edges", "history", "take_over_leftovers"]);
    let (there, gone): (&[&str], &[&str]) = if converted { (&ours, &theirs) } else { (&theirs, &ours) };
    assert!(there.iter().all(|name| connection.table_exists(None, *name).expect("a look")));
    assert!(!gone.iter().any(|name| connection.table_exists(None, *name).expect("a look")));
    converted
}

#[test]
fn killed_at_every_step_it_is_all_or_nothing() {
    for point in fault_points("TakingOver") {
        let env = TestEnv::new();
        make(&env.database(), 200);
        let original = Connection::open(env.database()).expect("the original");
        let (items, notes) = (count(&original, "work_items"), count(&original, "notes"));
        drop(original);
        Daemon::struck(&env, &format!("{point}:1")).ended();
        assert_eq!(
            look(&env, items, notes),
            point == "taken-over",
            "{point}: converted once it is committed"
        );
        env.connect().total();
        env.kill_daemon();
        assert!(look(&env, items, notes), "{point}: the next start just works");
    }
}

fn taken(env: &TestEnv) -> Duration {
    let begun = Instant::now();
    Daemon::start(env, &[]).kill();
    begun.elapsed()
}

#[test]
fn killed_at_any_moment_it_is_all_or_nothing() {
    let (items, kills) = (number("E2E_KILLED_ITEMS", 5_000), number("E2E_KILLS", 8));
    let undisturbed = TestEnv::new();
    make(&undisturbed.database(), items);
    let whole = taken(&undisturbed);

    let env = TestEnv::new();
    make(&env.database(), items);
    let original = Connection::open(env.database()).expect("the original");
    let (items, notes) = (count(&original, "work_items"), count(&original, "notes"));
    drop(original);
    let mut converted = false;
    for kill in 0..kills {
        let daemon = Daemon::begin(&env, &[]);
        // Not to wait for anything: the moment of death is what differs.
        std::thread::sleep(whole * (2 * kill + 1) / (2 * kills));
        daemon.kill();
        let now = look(&env, items, notes);
        assert!(now || !converted, "what is converted stays so");
        converted = now;
    }

    // The next start just works.
    taken(&env);
    let agent = env.connect();
    let found = agent.ok("query_items", json!({"operation": "list", "search": "made 4321", "limit": 5}));
    assert!(found["items"].as_array().is_some_and(|rows| !rows.is_empty()), "{found}");
    agent.end();
    env.kill_daemon();
    assert!(look(&env, items, notes));
    let files = fs::read_dir(env.database().parent().expect("a folder")).expect("the folder").flatten();
    let backups: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end == "bak"))
        .collect();
    assert!(!backups.is_empty());
    for backup in backups {
        let connection = Connection::open(&backup).expect("a backup");
        assert_eq!(
            (count(&connection, "work_items"), count(&connection, "notes")),
            (items, notes),
            "{backup:?}"
        );
        assert!(!is_view(&connection), "{backup:?} is the original");
    }
}
