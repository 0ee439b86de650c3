//! A write that is on disk before it is answered, beside one flush of the same disk and beside SQLite writing the same
//! rows without anybody in between.

use std::{fs, path::Path, time::Instant};

use rusqlite::{Connection, params_from_iter, types::Value as Cell};
use serde_json::json;

use crate::{
    Outcome,
    machine::Disk,
    reference::Reference,
    report::Row,
    samples::{Samples, ms},
    say,
    world::Setup,
};

const ROUNDS: usize = 400;
/// What one create adds a row to, and the column that has to differ from row to row. `item_text` and `counts` follow.
const TABLES: [(&str, &str); 3] = [("items", "id"), ("history", "kind"), ("requests", "key")];

pub(crate) fn measure(setup: &Setup, reference: &mut Reference) -> Outcome<Vec<Row>> {
    say("a durable write ...");
    let world = setup.world()?;
    let mut shim = world.session()?;
    let create = |n: usize| {
        json!({
            "operation": "create", "title": format!("Write chapter {n} of the handbook"), "tags": "book", "priority": "high",
            "description": "What the chapter is about, who reads it and where its figures come from. ".repeat(3),
        })
    };
    shim.call("manage_items", create(0))?;
    world.stop_daemon()?; // folds the WAL into the file, so that a copy of it is whole
    let copy = world.data().join("bare.db");
    fs::copy(world.database(), &copy)?;
    let mut bare = Bare::open(&copy)?;
    let mut disk = Disk::open(world.data())?;
    let (mut flush, mut direct, mut through) = (Samples::default(), Samples::default(), Samples::default());
    shim.call("manage_items", create(1))?; // starts the daemon again
    for round in reference.rounds(ROUNDS, 20) {
        disk.flush(&mut flush)?;
        let begun = Instant::now();
        bare.create(round)?;
        direct.add(begun.elapsed());
        through.add(shim.call("manage_items", create(round + 2))?.time);
    }
    let ratio = |samples: &Samples, floor: &Samples| samples.median() / floor.median();
    Ok(vec![
        Row::time("4 KiB appended and flushed (one disk flush)", &flush),
        Row::time("bare SQLite, the same rows, synchronous=FULL", &direct)
            .beside("one flush", ratio(&direct, &flush)),
        Row::time("`manage_items` create through shim and daemon", &through)
            .beside("bare SQLite", ratio(&through, &direct)),
        Row::value("of it, what is neither SQLite nor the disk", ms(through.median() - direct.median())),
    ])
}

/// SQLite on a copy of the store, with the statements of a create and the daemon's settings.
struct Bare {
    connection: Connection,
    inserts: Vec<(String, Vec<Cell>, usize)>,
    title: String,
}

impl Bare {
    fn open(path: &Path) -> Outcome<Self> {
        let connection = Connection::open(path)?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA fullfsync = ON; \
             PRAGMA checkpoint_fullfsync = ON;",
        )?;
        connection.set_prepared_statement_cache_capacity(64);
        let inserts = TABLES.iter().map(|(table, unique)| last_row(&connection, table, unique));
        let inserts = inserts.collect::<Outcome<_>>()?;
        Ok(Self { connection, inserts, title: "Write a chapter of the handbook".to_owned() })
    }

    /// One transaction with the rows of one create.
    fn create(&mut self, round: usize) -> Outcome {
        let tx = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for (index, (sql, cells, unique)) in self.inserts.iter_mut().enumerate() {
            if TABLES[index].0 != "history" {
                cells[*unique] = Cell::Text(format!("{:08x}-0000-4000-8000-000000000000", round * 7_919 + 1));
            }
            tx.prepare_cached(sql)?.execute(params_from_iter(cells.iter()))?;
            if TABLES[index].0 == "items" {
                let rid = tx.last_insert_rowid();
                tx.prepare_cached("INSERT INTO item_text (rowid, title, description) VALUES (?1, ?2, ?2)")?
                    .execute((rid, &self.title))?;
                tx.prepare_cached("INSERT OR IGNORE INTO item_tags (tag, item) VALUES ('book', ?1)")?
                    .execute([rid])?;
            }
        }
        tx.prepare_cached("UPDATE counts SET n = n + 1 WHERE project = 0 AND status = 0")?.execute([])?;
        Ok(tx.commit()?)
    }
}

/// An INSERT that repeats a table's last row, its cells, and the place of the column that differs.
fn last_row(connection: &Connection, table: &str, unique: &str) -> Outcome<(String, Vec<Cell>, usize)> {
    let mut columns = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
    let names: Vec<String> = columns.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let names: Vec<String> = names.into_iter().filter(|name| name != "rid" && name != "seq").collect();
    let place =
        names.iter().position(|name| name == unique).ok_or_else(|| format!("{table} has no {unique}"))?;
    let list = names.join(", ");
    let marks = vec!["?"; names.len()].join(", ");
    let cells = connection.query_row(
        &format!("SELECT {list} FROM {table} ORDER BY {unique} DESC LIMIT 1"),
        [],
        |row| (0..names.len()).map(|index| row.get(index)).collect::<rusqlite::Result<_>>(),
    )?;
    Ok((format!("INSERT INTO {table} ({list}) VALUES ({marks})"), cells, place))
}
