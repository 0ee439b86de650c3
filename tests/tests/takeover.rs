//! Databases of the original, opened by path (`daemon.md` 21): backed up, converted, complete.
//!
//! The fixtures were made by the real `task-orchestrator-py`; `expected.json` is what its SQLite file held. With
//! `E2E_ORIGINALS` set to a folder, every folder in it is taken over too: `.ci/run` makes fresh ones there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use e2e::{TestEnv, Value, json, workspace_root};
use rusqlite::Connection;

/// A folder with tasks.db and expected.json.
struct Original {
    folder: PathBuf,
    expected: Value,
}

fn originals() -> Vec<Original> {
    let mut places = vec![workspace_root().join("tests/fixtures")];
    places.extend(std::env::var_os("E2E_ORIGINALS").map(PathBuf::from));
    let folders = places.iter().flat_map(|place| fs::read_dir(place).expect("the originals").flatten());
    let mut found: Vec<Original> = folders
        .map(|entry| entry.path())
        // Beside them are databases of our own earlier schemas.
        .filter(|folder| {
            !folder.to_string_lossy().contains("/schema-") && folder.join("expected.json").exists()
        })
        .map(|folder| {
            let text = fs::read_to_string(folder.join("expected.json")).expect("what is expected");
            Original { expected: serde_json::from_str(&text).expect("JSON"), folder }
        })
        .collect();
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    assert!(found.len() >= 3, "the fixtures are there");
    found
}

fn original(name: &str) -> Original {
    originals().into_iter().find(|original| original.folder.ends_with(name)).expect("that fixture")
}

impl Original {
    /// Puts a copy where a test's database is.
    fn put_into(&self, env: &TestEnv) {
        for name in ["tasks.db", "workspaces.json"] {
            let from = self.folder.join(name);
            if from.exists() {
                fs::copy(from, env.database().with_file_name(name)).expect("a copy");
            }
        }
    }

    fn rows(&self, table: &str) -> &[Value] {
        self.expected[table].as_array().map_or(&[], Vec::as_slice)
    }

    fn name(&self) -> String {
        self.folder.display().to_string()
    }
}

fn tag_set(tags: &Value) -> BTreeSet<&str> {
    tags.as_str().unwrap_or_default().split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect()
}

/// Every column of `want` is in `got`; a NULL may have become an empty string.
fn assert_same_row(want: &Value, got: &Value, context: &str) {
    for (column, value) in want.as_object().expect("a row") {
        let found = &got[column];
        let same = match column.as_str() {
            "tags" => tag_set(value) == tag_set(found),
            _ => value == found || (value.is_null() && found == ""),
        };
        assert!(same, "{context}: `{column}` was {value}, is {found}");
    }
}

fn by_id<'a>(rows: &'a Value, id: &Value, context: &str) -> &'a Value {
    let mut rows = rows.as_array().expect("rows").iter();
    rows.find(|row| row["id"] == *id).unwrap_or_else(|| panic!("{context}: {id} is lost"))
}

#[test]
fn every_row_is_still_there() {
    for original in originals() {
        let env = TestEnv::new();
        original.put_into(&env);
        let export = env.full().ok("export_graph", json!({}));
        for (table, section) in
            [("work_items", "items"), ("notes", "notes"), ("dependencies", "dependencies")]
        {
            let context = format!("{} {section}", original.name());
            let count = export[section].as_array().map_or(0, Vec::len);
            assert_eq!(count, original.rows(table).len(), "{context}: as many rows as before");
            for want in original.rows(table) {
                assert_same_row(want, by_id(&export[section], &want["id"], &context), &context);
            }
        }
        for edge in export["dependencies"].as_array().expect("edges") {
            assert!(edge["unblock_at"].is_string(), "a missing threshold is `done`: {edge}");
        }
    }
}

#[test]
fn workspaces_come_along() {
    for original in originals() {
        let env = TestEnv::new();
        original.put_into(&env);
        let list = env.connect().ok("manage_workspaces", json!({"operation": "list"}));
        let want = original.expected.get("workspaces").cloned().unwrap_or_else(|| json!({}));
        assert_eq!(list["workspaces"], want, "{}", original.name());
    }
}

#[test]
fn sessions_and_claims_come_along() {
    for original in originals() {
        let env = TestEnv::new();
        original.put_into(&env);
        let agent = env.full();
        for claim in original.rows("claims") {
            if claim["subject_type"] != "work_item" {
                continue;
            }
            let context = agent.ok("get_context", json!({"item_id": claim["subject_ref"]}));
            assert!(
                context["claim"].is_object(),
                "{}: the claim on {} is lost: {context}",
                original.name(),
                claim["subject_ref"]
            );
            if let Some(holder) = claim["agent_id"].as_str() {
                assert!(context["claim"].to_string().contains(holder), "{}: {context}", original.name());
            }
        }
        agent.end();
        env.kill_daemon();
        let everything = all_text(&env.database());
        for claim in original.rows("claims") {
            let subject = claim["subject_ref"].as_str().unwrap_or_default();
            assert!(everything.contains(subject), "{}: {subject} is lost", original.name());
        }
        for session in original.rows("sessions") {
            let id = session["id"].as_str().unwrap_or_default();
            assert!(everything.contains(id), "{}: session {id} is lost", original.name());
        }
    }
}

/// Every text in every table of ours.
fn all_text(database: &Path) -> String {
    let connection = Connection::open(database).expect("the database");
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").expect("a query");
    let names: Vec<String> =
        tables.query_map([], |row| row.get(0)).expect("tables").collect::<Result<_, _>>().expect("names");
    let mut text = String::new();
    for name in names.iter().filter(|name| !name.contains("fts")) {
        let mut all = connection.prepare(&format!("SELECT * FROM \"{name}\"")).expect("a query");
        let columns = all.column_count();
        let mut rows = all.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..columns {
                if let Ok(value) = row.get_ref(column).expect("a column").as_str() {
                    text.push_str(value);
                    text.push('\n');
                }
            }
        }
    }
    text
}

/// How many items the original's table holds.
fn items_in(original: &Connection) -> usize {
    let count: i64 =
        original.query_row("SELECT count(*) FROM work_items", [], |row| row.get(0)).expect("a count");
    usize::try_from(count).expect("a count")
}

#[test]
fn the_backup_is_the_whole_original() {
    for original in originals() {
        let env = TestEnv::new();
        original.put_into(&env);
        env.connect().total();
        let beside = fs::read_dir(env.database().parent().expect("a folder")).expect("the folder").flatten();
        let backups: Vec<PathBuf> = beside
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "bak"))
            .collect();
        assert_eq!(backups.len(), 1, "{}: one backup, {backups:?}", original.name());
        let name = backups[0].file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(name.starts_with("tasks.db."), "{name}");
        let backup = Connection::open(&backups[0]).expect("the backup opens");
        let count = items_in(&backup);
        assert_eq!(count, original.rows("work_items").len(), "{}", original.name());
        let ok: String = backup.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
        assert_eq!(ok, "ok", "{}", original.name());
    }
}

#[test]
fn an_original_still_running_fails_loudly() {
    let env = TestEnv::new();
    original("original-1.5.1").put_into(&env);
    env.connect().total();
    let connection = Connection::open(env.database()).expect("the database");
    let kind: String = connection
        .query_row("SELECT type FROM sqlite_master WHERE name = 'work_items'", [], |row| row.get(0))
        .expect("work_items stands there");
    assert_eq!(kind, "view");
    let written = connection.execute(
        "INSERT INTO work_items (id, title, status, priority, created_at, updated_at) VALUES ('x', 'x', 'queue', 'medium', 'x', 'x')",
        [],
    );
    assert!(written.is_err(), "a write beside us fails");
}

#[test]
fn it_is_refused_while_the_original_has_it_open() {
    let env = TestEnv::new();
    let original = original("original-1.0.0");
    original.put_into(&env);
    let open = Connection::open(env.database()).expect("the database");
    assert_eq!(items_in(&open), original.rows("work_items").len());
    let agent = env.connect();
    let refusal = agent.refused("get_context", json!({}), "UNAVAILABLE");
    assert!(refusal.message.contains("tasks.db"), "{refusal:?}");
    assert_eq!(items_in(&open), original.rows("work_items").len(), "it is as it was");
    drop(open);
    e2e::eventually("the take-over once nobody has it open", || {
        let answer = agent.call("get_context", json!({}));
        if answer.is_error { Err(answer.raw_text) } else { Ok(()) }
    });
}

#[test]
fn what_was_only_in_the_wal_comes_along() {
    let (making, env) = (TestEnv::new(), TestEnv::new());
    let original = original("original-1.0.0");
    original.put_into(&making);
    original.put_into(&env);
    let connection = Connection::open(making.database()).expect("the database");
    connection.execute("UPDATE work_items SET summary = 'only in the WAL'", []).expect("an update");
    for end in ["", "-wal"] {
        let name = |env: &TestEnv| PathBuf::from(format!("{}{end}", env.database().display()));
        fs::copy(name(&making), name(&env)).expect("a copy of what a crash leaves");
    }
    let export = env.full().ok("export_graph", json!({}));
    assert_eq!(export["items"][0]["summary"], "only in the WAL", "{}", export["items"][0]);
}

#[test]
fn taken_over_items_can_be_worked_on() {
    for original in originals() {
        let env = TestEnv::new();
        original.put_into(&env);
        let agent = env.connect();
        for row in original.rows("work_items").iter().filter(|row| row["status"] == "blocked") {
            let id = row["id"].as_str().expect("an id");
            assert_eq!(agent.advance(id, "resume")["status"], "work", "{}", original.name());
        }
        let first = original.rows("work_items")[0]["title"].as_str().unwrap_or_default();
        let word = first.split(' ').next().unwrap_or_default();
        let found = agent.ok("query_items", json!({"operation": "list", "search": word}));
        assert!(
            e2e::titles(&found["items"]).iter().any(|title| title == first),
            "{}: {found}",
            original.name()
        );
    }
}

#[test]
fn nothing_is_taken_over_twice() {
    let env = TestEnv::new();
    original("original-1.0.0").put_into(&env);
    let before = env.connect().total();
    env.kill_daemon();
    assert_eq!(env.connect().total(), before);
    let backups = fs::read_dir(env.database().parent().expect("a folder")).expect("the folder").flatten();
    assert_eq!(backups.filter(|entry| entry.path().extension().is_some_and(|end| end == "bak")).count(), 1);
}

#[test]
fn the_originals_default_place_is_pointed_out() {
    let env = TestEnv::new();
    let place = env.home().join(".task-orchestrator");
    fs::create_dir(&place).expect("a folder");
    fs::copy(original("original-1.0.0").folder.join("tasks.db"), place.join("tasks.db")).expect("a copy");
    // Without TASK_ORCHESTRATOR_DB, as it is the default place that is empty.
    let agent = env.client().set("TASK_ORCHESTRATOR_DB", "").connect();
    let instructions = agent.opened()["instructions"].to_string();
    assert!(instructions.contains(".task-orchestrator/tasks.db"), "the instructions say so: {instructions}");
    let context = agent.ok("get_context", json!({}));
    assert!(context.to_string().contains(".task-orchestrator/tasks.db"), "get_context says so: {context}");
    let connection = Connection::open(place.join("tasks.db")).expect("the original");
    let kind: String = connection
        .query_row("SELECT type FROM sqlite_master WHERE name='work_items'", [], |row| row.get(0))
        .expect("it");
    assert_eq!(kind, "table", "and it is left alone");
}

#[test]
fn status_and_the_first_sessions_say_what_came_along() {
    let env = TestEnv::new();
    let original = original("original-1.5.1");
    original.put_into(&env);
    let context = env.connect().ok("get_context", json!({}));
    assert!(context["notices"].to_string().contains(".bak"), "where the original is: {context}");
    let status = env.cli(&["status", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let taken = &status["engine"]["taken_over"];
    for (part, table) in
        [("items", "work_items"), ("notes", "notes"), ("dependencies", "dependencies"), ("claims", "claims")]
    {
        assert_eq!(taken[part], original.rows(table).len(), "{taken}");
    }
    assert_eq!((&taken["workspaces"], &taken["leftovers"]), (&json!(2), &json!(0)), "{taken}");
    env.kill_daemon();
    let context = env.connect().ok("get_context", json!({}));
    assert!(!context["notices"].to_string().contains(".bak"), "and it is said once: {context}");
    assert!(env.cli(&["status"]).stdout.contains("taken over"), "but for status");
}

#[test]
fn a_database_of_ours_reads_the_originals_workspaces_once() {
    let env = TestEnv::new();
    let file = env.database().with_file_name("workspaces.json");
    fs::write(&file, "{\"web\": {\"tags\": [").expect("half a file");
    let agent = env.connect();
    let context = agent.ok("get_context", json!({}));
    assert!(context["notices"].to_string().contains("workspaces.json"), "what is wrong with it: {context}");
    agent.end();
    env.kill_daemon();
    fs::write(&file, r#"{"web": {"tags": ["shop"]}}"#).expect("a whole file");
    let list = |agent: &e2e::McpClient| agent.ok("manage_workspaces", json!({"operation": "list"}));
    let agent = env.client().tools("full").connect();
    assert_eq!(list(&agent)["workspaces"]["web"]["tags"], json!(["shop"]));
    agent.ok("manage_workspaces", json!({"operation": "delete", "name": "web"}));
    agent.end();
    env.kill_daemon();
    assert_eq!(list(&env.connect())["workspaces"], json!({}), "what was deleted stays deleted");
    assert_eq!(fs::read_to_string(&file).expect("it"), r#"{"web": {"tags": ["shop"]}}"#, "never written");
}
