//! Databases of every kind, opened.

use super::*;

#[test]
fn what_was_counted_of_a_young_store_chooses_no_way_in_an_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.db");
    let opened = open(&path).unwrap();
    let request = "INSERT INTO requests (key, hash, answer, ts) VALUES (?1, x'00', '{}', 0)";
    opened.connection.execute(request, ["first"]).unwrap();
    opened.connection.execute_batch("ANALYZE").unwrap();
    drop(opened);
    let opened = open(&path).unwrap();
    let counted = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat_'";
    let counted: i64 = opened.connection.query_row(counted, [], |row| row.get(0)).unwrap();
    assert_eq!(counted, 0);
}

const NEXT: &str = "CREATE TABLE later (x INTEGER) STRICT; INSERT INTO later VALUES (1);";

const KNOWN: usize = MIGRATIONS.len();

/// The migrations there are, and one more.
fn and(next: &'static str) -> Vec<&'static str> {
    [MIGRATIONS, &[next]].concat()
}

fn backups(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "bak")).collect()
}

fn version(connection: &Connection) -> usize {
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap() as usize
}

#[test]
fn an_older_database_is_backed_up_and_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    let opened = open(&path).unwrap();
    opened.connection.execute("INSERT INTO meta VALUES ('k', 'v')", []).unwrap();
    drop(opened);
    assert_eq!(backups(dir.path()), Vec::<std::path::PathBuf>::new(), "a new one needs none");

    let opened = open_with(&path, &and(NEXT), &|_| ()).unwrap();
    assert!(!opened.created);
    assert_eq!(version(&opened.connection), KNOWN + 1);
    drop(open_with(&path, &and(NEXT), &|_| ()).unwrap());
    let made = backups(dir.path());
    assert_eq!(made.len(), 1, "one migration, one backup: {made:?}");
    let name = made[0].file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with(&format!("tasks.db.v{KNOWN}-20")) && name.ends_with("Z.bak"), "{name}");
    let copy = backup::open_copy(&made[0]).unwrap();
    assert_eq!(version(&copy), KNOWN);
    let kept: String = copy.query_row("SELECT value FROM meta", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "v");
}

#[test]
fn an_answered_write_survives_a_loss_of_power() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(&dir.path().join("tasks.db")).unwrap();
    let setting = |name: &str| -> String {
        opened
            .connection
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|v| format!("{v:?}"))
            .unwrap()
    };
    let on = "Integer(1)";
    assert_eq!(setting("journal_mode"), "Text(\"wal\")");
    assert_eq!(setting("synchronous"), "Integer(2)", "2 is FULL: every commit is flushed");
    assert_eq!(
        [setting("foreign_keys"), setting("fullfsync"), setting("checkpoint_fullfsync")],
        [on, on, on]
    );
    assert_eq!(setting("busy_timeout"), "Integer(5000)");
    let loose = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite%'";
    let loose: i64 = opened.connection.query_row(loose, [], |row| row.get(0)).unwrap();
    assert_eq!(loose, 0, "every table is STRICT");
}

#[test]
fn a_file_system_without_shared_memory_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    // SQLite's own way for file systems that have neither locks nor shared memory.
    let connection =
        Connection::open_with_flags_and_vfs(&path, OpenFlags::default(), "unix-dotfile").unwrap();
    let refusal = set_up(connection, &path, MIGRATIONS, None, &|_| ()).unwrap_err();
    assert!(matches!(&refusal, OpenError::NoWal { mode, .. } if mode == "delete"), "{refusal:?}");
    assert!(refusal.to_string().contains("Put the database on a local disk"), "{refusal}");
    assert_eq!(std::fs::metadata(&path).map_or(0, |file| file.len()), 0, "and nothing was written");
}

#[test]
fn a_damaged_database_is_refused_with_its_newest_backup() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    drop(open(&path).unwrap());
    let whole = std::fs::read(&path).unwrap();
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 3] = [
        ("its head", |bytes| bytes[..100].fill(0x55)),
        ("the table of tables", |bytes| bytes[100..4_000].fill(0x55)),
        ("its end", |bytes| bytes.truncate(2 * 4_096 + 17)),
    ];
    for backup in [None, Some("tasks.db.v1-20260101T000000Z.bak")] {
        if let Some(name) = backup {
            std::fs::write(dir.path().join(name), &whole).unwrap();
        }
        for (what, damage) in damages {
            let mut bytes = whole.clone();
            damage(&mut bytes);
            std::fs::write(&path, &bytes).unwrap();
            let said = match open(&path) {
                Err(refusal) => refusal.to_string(),
                Ok(opened) => {
                    // What is further in shows once it is read.
                    let error = crate::Writer::start(opened.connection).unwrap_err();
                    OpenError::of(&path, error).to_string()
                }
            };
            assert!(said.contains("damaged") && said.contains("tasks.db"), "{what}: {said}");
            assert_eq!(said.contains("newest backup"), backup.is_some(), "{what}: {said}");
            assert!(backup.is_none_or(|name| said.contains(name)), "{what}: {said}");
            assert!(std::fs::read(&path).unwrap() == bytes, "{what}: it is left as it was");
        }
    }
}

#[test]
fn savepoints_of_a_large_call_do_not_pile_up_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(&dir.path().join("tasks.db")).unwrap();
    let kept: i64 = opened.connection.query_row("PRAGMA temp_store", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1, "1 is FILE");
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    drop(open(&path).unwrap());
    let broken = "CREATE TABLE half (x INTEGER) STRICT; SELECT nonsense;";
    open_with(&path, &and(broken), &|_| ()).unwrap_err();
    let opened = open(&path).unwrap();
    assert_eq!(version(&opened.connection), KNOWN);
    assert!(!opened.connection.table_exists(None, "half").unwrap());
}

#[test]
fn a_newer_database_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    drop(open_with(&path, &and(NEXT), &|_| ()).unwrap());
    let refusal = open(&path).unwrap_err();
    assert!(
        matches!(refusal, OpenError::Newer { found, known, .. } if (found, known) == (KNOWN + 1, KNOWN)),
        "{refusal:?}"
    );
    assert!(refusal.to_string().contains("update task-orchestrator"), "{refusal}");
    assert_eq!(backups(dir.path()), Vec::<std::path::PathBuf>::new(), "nothing was touched");
}
