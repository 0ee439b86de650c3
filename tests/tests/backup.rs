//! `backup` and `restore`; backups that the daemon makes by itself; a damaged file (`daemon.md` rules 1 and 20).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use e2e::machine::{McpClient, TestEnv, eventually};
use rusqlite::Connection;
use serde_json::json;

fn create(client: &mut McpClient, title: &str) {
    let (made, is_error) = client.call("manage_items", json!({"operation": "create", "title": title}));
    assert!(!is_error, "{made}");
}

/// The titles in a database file, which must be sound.
fn titles(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let ok: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(ok, "ok", "{}", path.display());
    let mut select = connection.prepare("SELECT title FROM items ORDER BY rid").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Files in a folder whose name contains a word.
fn files(folder: &Path, word: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(word)))
        .collect()
}

fn backups(env: &TestEnv) -> PathBuf {
    env.database().with_file_name("backups")
}

/// Lets the store look as if all of it had happened two days ago.
fn age(env: &TestEnv) {
    let days = "UPDATE history SET ts = ts - 172800000000";
    Connection::open(env.database()).unwrap().execute(days, []).unwrap();
}

#[test]
fn a_backup_under_writes_is_one_whole_moment() {
    let env = TestEnv::new();
    let mut client = env.client();
    create(&mut client, "first");
    let copy = env.home().join("copy.db");
    let words = copy.display().to_string();
    let made = std::thread::scope(|scope| {
        let backing_up = scope.spawn(|| env.run(&["backup", &words]));
        let mut written = 0;
        while !backing_up.is_finished() {
            create(&mut client, &format!("n{written}"));
            written += 1;
        }
        backing_up.join().unwrap()
    });
    assert_eq!(made.code, Some(0), "{made:?}");
    let copied = titles(&copy);
    assert_eq!(copied[0], "first");
    assert!(copied[1..].iter().enumerate().all(|(n, title)| *title == format!("n{n}")), "{copied:?}");
    assert_eq!(files(env.home(), "copy.db"), std::slice::from_ref(&copy), "one file and nothing beside it");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);

    // Nothing is overwritten, nothing followed.
    let link = env.home().join("link.db");
    std::os::unix::fs::symlink(env.home().join("target.db"), &link).unwrap();
    for taken in ["copy.db", "link.db", "."] {
        let refused = env.run(&["backup", taken]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("exists already"), "{refused:?}");
    }
    assert!(!env.home().join("target.db").exists());
    assert_eq!(titles(&copy), copied);
    let lost = env.run(&["backup", "no/such/folder/x.db"]);
    assert_eq!(lost.code, Some(1), "{lost:?}");

    // Without a name it goes where they all are, and `status` knows.
    let usual = env.run(&["backup", "--json"]);
    assert_eq!(usual.code, Some(0), "{usual:?}");
    let usual: serde_json::Value = serde_json::from_str(&usual.stdout).unwrap();
    let path = usual["path"].as_str().unwrap();
    assert_eq!(Path::new(path).parent(), Some(backups(&env).as_path()));
    assert_eq!(env.status()["engine"]["backups"]["newest"], path);
}

#[test]
fn a_restore_brings_back_what_was_and_keeps_what_is() {
    let env = TestEnv::new();
    let mut client = env.client();
    create(&mut client, "then");
    assert_eq!(env.run(&["backup", "copy.db"]).code, Some(0));
    create(&mut client, "since");
    let pid = env.daemon_pid().to_string();
    let refused = env.run(&["restore", "copy.db"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains(&pid) && refused.stderr.contains("stop"), "{refused:?}");
    assert_eq!(env.run(&["stop"]).code, Some(0));
    let restored = env.run(&["restore", "copy.db"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let folder = env.database().parent().unwrap().to_owned();
    let kept = files(&folder, "before-restore");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(restored.stdout.contains(&kept[0].display().to_string()), "{restored:?}");
    assert_eq!(
        (titles(&env.database()), titles(&kept[0])),
        (vec!["then".to_owned()], vec!["then".to_owned(), "since".to_owned()])
    );
    // The session that was there goes on, with what there is now.
    create(&mut client, "afterwards");
    let (list, _) = client.call("query_items", json!({"operation": "list"}));
    assert_eq!(list["total"], 2, "{list}");
    assert_eq!(env.run(&["doctor"]).code, Some(0));
}

#[test]
fn what_a_killed_daemon_left_is_kept_with_its_last_write() {
    let env = TestEnv::new();
    let mut client = env.client();
    create(&mut client, "then");
    assert_eq!(env.run(&["backup", "copy.db"]).code, Some(0));
    create(&mut client, "since");
    let pid = env.daemon_pid();
    drop(client);
    env.signal("KILL", pid);
    let restored = env.run(&["restore", "copy.db"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let kept = files(env.database().parent().unwrap(), "before-restore");
    assert_eq!(titles(&kept[0]), ["then", "since"]);
    assert_eq!(titles(&env.database()), ["then"]);
}

#[test]
fn what_is_no_backup_is_refused_and_nothing_changes() {
    let env = TestEnv::new();
    let mut client = env.client();
    create(&mut client, "mine");
    drop(client);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    std::fs::write(env.home().join("text"), "no database").unwrap();
    let before = std::fs::read(env.database()).unwrap();
    std::fs::write(env.home().join("document.json"), " {\"items\": []}").unwrap();
    std::fs::write(env.home().join("empty"), "").unwrap();
    let kotlin = e2e::workspace_root().join("tests/fixtures/moving/kotlin/newest.db");
    let database = env.database();
    let none = format!("would be in {}; there are none.", database.with_file_name("backups").display());
    let cases = [
        ("text", "text is no backup: a backup is a SQLite database"),
        ("none.db", "There is no file none.db."),
        (database.to_str().unwrap(), "is the database itself"),
        ("/", "/ is a folder; name the backup in it."),
        (
            "document.json",
            "is a JSON document, no backup of a database; `task-orchestrator import 'document.json'`",
        ),
        ("empty", "empty is empty"),
        (
            kotlin.to_str().unwrap(),
            "is a database of another program, no backup; `task-orchestrator import '",
        ),
    ];
    for (wrong, words) in cases {
        let refused = env.run(&["restore", wrong]);
        assert_eq!(refused.code, Some(1), "{wrong}: {refused:?}");
        for words in ["Nothing was restored", words, &none] {
            assert!(refused.stderr.contains(words), "{words}: {refused:?}");
        }
        assert!(!refused.stderr.contains("TASK_ORCHESTRATOR_DB"), "{refused:?}");
    }
    assert_eq!(std::fs::read(&database).unwrap(), before);
    assert_eq!(env.run(&["backup"]).code, Some(0));
    assert_eq!(env.run(&["stop"]).code, Some(0));
    let backup = files(&database.with_file_name("backups"), "manual").remove(0);
    let refused = env.run(&["restore", "none.db"]);
    assert!(
        refused.stderr.contains(&format!("newest backup of this database is {}", backup.display())),
        "{refused:?}"
    );
    let before = std::fs::read(env.database()).unwrap();
    assert_eq!(env.run(&["restore", "none.db"]).code, Some(1));
    assert_eq!(std::fs::read(env.database()).unwrap(), before);
    assert_eq!(files(env.database().parent().unwrap(), "restore"), Vec::<PathBuf>::new());
}

#[test]
fn killed_at_any_moment_a_restore_leaves_the_old_or_the_new() {
    let env = TestEnv::new();
    let mut client = env.client();
    create(&mut client, "then");
    let filler = |n: usize| json!({"title": format!("f{n}"), "description": "x".repeat(4_000)});
    let items: Vec<_> = (0..500).map(filler).collect();
    client.call("manage_items", json!({"operation": "create", "items": items}));
    assert_eq!(env.run(&["backup", "copy.db"]).code, Some(0));
    create(&mut client, "since");
    drop(client);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    let (copy, database) = (env.home().join("copy.db"), env.database());
    let (new, old) = (titles(&copy), titles(&database));
    let original = std::fs::read(&database).unwrap();
    let mut whole = 0;
    for round in 0..12_u64 {
        for left in files(database.parent().unwrap(), "restore") {
            std::fs::remove_file(left).unwrap();
        }
        std::fs::write(&database, &original).unwrap();
        let mut restoring = env.orchestrator(&["restore", "copy.db"]).spawn().unwrap();
        // Spread over the time that a restore takes; whenever it strikes, the same must hold.
        std::thread::sleep(Duration::from_millis(4 * round));
        let _ = restoring.kill();
        whole += u32::from(restoring.wait().unwrap().success());
        let found = titles(&database);
        assert!(found == new || found == old, "round {round}: {} items", found.len());
    }
    // And then it works, whatever the killed ones left.
    assert_eq!(env.run(&["restore", "copy.db"]).code, Some(0), "{whole} were faster than the kill");
    assert_eq!(titles(&database), new);
    assert_eq!(files(database.parent().unwrap(), "unfinished"), Vec::<PathBuf>::new());
}

#[test]
fn a_backup_is_made_by_itself_when_one_is_due_and_something_changed() {
    let env = TestEnv::new();
    create(&mut env.client(), "old");
    eventually("the session's end is kept", || (env.status()["sessions"] == 0).then_some(()));
    assert_eq!(env.run(&["stop"]).code, Some(0));
    assert!(!backups(&env).exists(), "a day after the first change");
    age(&env);
    let mut client = env.client();
    create(&mut client, "new");
    let made = eventually("the backup that is due", || files(&backups(&env), ".bak").first().cloned());
    assert!(made.to_string_lossy().contains("tasks.db.scheduled-"), "{made:?}");
    assert_eq!(titles(&made)[0], "old");
    create(&mut client, "newer");
    drop(client);
    let status = env.status();
    assert_eq!(status["engine"]["backups"]["newest"], made.display().to_string());
    assert_eq!(status["engine"]["backups"]["trouble"], json!(null));
    assert_eq!(env.run(&["stop"]).code, Some(0));
    create(&mut env.client(), "newest");
    assert_eq!(env.run(&["stop"]).code, Some(0));
    assert_eq!(files(&backups(&env), "").len(), 1, "the next one is due in a day");
}

#[test]
fn backups_can_be_switched_off() {
    let env = TestEnv::new();
    let path = env.home().join(".config/task-orchestrator/config.yaml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "backup: {every: never}\n").unwrap();
    create(&mut env.client(), "old");
    assert_eq!(env.run(&["stop"]).code, Some(0));
    age(&env);
    create(&mut env.client(), "new");
    assert_eq!(env.status()["engine"]["backups"]["next_after"], json!(null));
    assert_eq!(env.run(&["stop"]).code, Some(0));
    assert!(!backups(&env).exists());
}

#[test]
fn a_damaged_file_found_after_a_crash_is_read_and_not_written() {
    let env = TestEnv::new();
    let mut client = env.client();
    let items: Vec<_> =
        (0..400).map(|n| json!({"title": format!("item {n}"), "description": "x".repeat(900)})).collect();
    client.call("manage_items", json!({"operation": "create", "items": items}));
    assert_eq!(env.run(&["backup"]).code, Some(0));
    drop(client);
    assert_eq!(env.run(&["stop"]).code, Some(0));
    // A page in the midst is overwritten, and the last daemon was killed.
    let mut bytes = std::fs::read(env.database()).unwrap();
    let at = bytes.windows(8).position(|window| window == b"item 200").unwrap() / 4096 * 4096;
    bytes[at..at + 4096].fill(0xa5);
    std::fs::write(env.database(), &bytes).unwrap();
    let mut daemon = env.serve(&[]);
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    let mut client = env.client();
    let said = eventually("the damage is found", || {
        let (answer, is_error) = client.call(
            "manage_notes",
            json!({"operation": "upsert", "item_id": "00000000", "key": "k", "body": "b"}),
        );
        (is_error && answer.to_string().contains("nothing is written")).then(|| answer.to_string())
    });
    let backup = files(&backups(&env), "manual")[0].display().to_string();
    for word in ["UNAVAILABLE", "damaged", "restore", &backup] {
        assert!(said.contains(word), "{word} is missing: {said}");
    }
    let status = env.status();
    assert!(
        status["engine"]["damage"].is_string() && status["errors"][0]["code"] == "UNAVAILABLE",
        "{status}"
    );
    let doctor = env.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.stdout.contains("problem  integrity"), "{doctor:?}");
    let copied = env.run(&["backup", "spoiled.db"]);
    assert!(
        copied.code == Some(1) && copied.stderr.contains("damaged"),
        "a damaged file is no backup: {copied:?}"
    );
    drop(client);
    assert_eq!(env.run(&["stop"]).code, Some(0));

    let repaired = env.run(&["repair"]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert_eq!(files(env.database().parent().unwrap(), "damaged-").len(), 1, "{repaired:?}");
    let left = titles(&env.database()).len();
    assert!((380..400).contains(&left), "{left} of 400: {repaired:?}");
    assert_eq!(env.run(&["doctor"]).code, Some(0));
    assert_eq!(env.run(&["restore", &backup]).code, Some(0));
    assert_eq!(titles(&env.database()).len(), 400);
}
