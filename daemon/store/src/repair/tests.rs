//! Files that were spoiled on purpose, and what is left of them.

use super::*;
use crate::open::open;

fn now() -> Stamp {
    Stamp::parse("2026-11-23T09:00:00Z").unwrap()
}

/// A database with some items, each with a note, and every tenth below the first.
fn filled(path: &Path, items: i64) {
    let connection = open(path).unwrap().connection;
    connection
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF;
             WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {items})
             INSERT INTO items (id, parent, title, description, summary, status, priority, item_type, tags, version,
                 created_at, created_ts, updated_at, updated_ts)
             SELECT printf('%08x-0000-4000-8000-000000000000', x), CASE WHEN x > 1 AND x % 10 = 0 THEN 1 END, 'item ' || x,
                 hex(zeroblob(200)), '', 0, 2, '', CASE x % 2 WHEN 0 THEN 'even,two' ELSE '' END, 1, 't', x, 't', x FROM n;
             INSERT INTO notes (rid, id, item, key, role, body, blank, created_at, created_ts, updated_at, updated_ts)
             SELECT rid * 1048576, 'n' || rid, rid, 'k', 0, 'body of ' || title, 0, 't', 1, 't', 1 FROM items;
             INSERT INTO edges (id, source, target, kind, unblock_at, created_at, created_ts, met)
             SELECT 'e' || rid, rid, rid + 1, 0, 2, 't', 1, 0 FROM items WHERE rid < {items} AND rid % 7 = 0;
             INSERT INTO history (seq, call, at, ts, kind, session, agent, data)
             SELECT rid, rid, 't', rid, 'item_created', 's', 'a', '{{}}' FROM items;"
        ))
        .unwrap();
    let mut connection = connection;
    settle(&mut connection, &now()).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn count(path: &Path, sql: &str) -> i64 {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_sound_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    filled(&path, 50);
    let before = std::fs::read(&path).unwrap();
    assert_eq!(repair(&path, &now()).unwrap(), Repaired::Nothing);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(check_still(&path, now().micros()).unwrap().is_sound());
}

#[test]
fn wrong_columns_and_dangling_rows_are_mended_after_a_backup() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    filled(&path, 50);
    let spoil = "PRAGMA foreign_keys = OFF;
         UPDATE items SET unmet = 9, open_children = 4, waits = 1, line = 1 WHERE rid = 3;
         UPDATE edges SET met = 1 WHERE rid = 1;
         UPDATE counts SET n = n + 5;
         DELETE FROM open_tags;
         DELETE FROM tagged WHERE item = 4;
         DELETE FROM item_text WHERE rowid = 5;
         DELETE FROM items WHERE rid = 20;";
    Connection::open(&path).unwrap().execute_batch(spoil).unwrap();
    let found = check_still(&path, now().micros()).unwrap();
    assert!(found.derived.len() >= 6 && !found.dangling.is_empty(), "{found:?}");
    let Repaired::Mended { backup, settled, .. } = repair(&path, &now()).unwrap() else {
        panic!("it was whole")
    };
    assert_eq!(count(&backup, "SELECT unmet FROM items WHERE rid = 3"), 9, "the backup is as it was");
    assert!(settled.contains(&("notes of lost items, taken out", 1)), "{settled:?}");
    assert!(check_still(&path, now().micros()).unwrap().is_sound());
    assert_eq!(count(&path, "SELECT count(*) FROM items"), 49);
}

#[test]
fn a_damaged_file_is_kept_and_its_readable_rows_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    filled(&path, 2_000);
    let size = count(&path, "PRAGMA page_size");
    // A page of the items, one of the notes.
    let pages = [page_of(&path, size, b"item 1000"), page_of(&path, size, b"body of item 500")];
    let mut bytes = std::fs::read(&path).unwrap();
    for page in &pages {
        let at = usize::try_from((page - 1) * size).unwrap();
        bytes[at..at + usize::try_from(size).unwrap()].fill(0xa5);
    }
    std::fs::write(&path, &bytes).unwrap();
    let damaged = check_still(&path, now().micros()).unwrap();
    assert!(!damaged.damage.is_empty());
    let Repaired::Salvaged { kept, salvaged, .. } = repair(&path, &now()).unwrap() else { panic!("damaged") };
    assert!(
        std::fs::read(&kept).unwrap()[100..] == bytes[100..],
        "but for its head the damaged file is as it was"
    );
    assert!(check_still(&path, now().micros()).unwrap().is_sound());
    let left = count(&path, "SELECT count(*) FROM items");
    assert!((1_900..2_000).contains(&left), "all but what lay on the lost pages: {left}, {salvaged:?}");
    assert_eq!(count(&path, "SELECT count(*) FROM history"), 2_000, "a table without a lost page is whole");
    assert!(salvaged.incomplete.contains(&"items".to_owned()), "{salvaged:?}");
    assert!(
        !dir.path().join("tasks.db-wal").exists() && !dir.path().join("tasks.db.unfinished-repair").exists()
    );
}

/// The first page on which some text stands.
fn page_of(path: &Path, size: i64, text: &[u8]) -> i64 {
    let bytes = std::fs::read(path).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
    i64::try_from(at).unwrap() / size + 1
}

#[test]
fn what_is_not_ours_is_refused_and_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tasks.db");
    std::fs::write(&path, vec![b'x'; 5_000]).unwrap();
    let refusal = repair(&path, &now()).unwrap_err();
    assert!(refusal.to_string().contains("restore"), "{refusal}");
    assert_eq!(std::fs::read(&path).unwrap(), vec![b'x'; 5_000]);
}
