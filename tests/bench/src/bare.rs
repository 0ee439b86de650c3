//! The limit: SQLite on a copy of the store, with the daemon's settings and the rows of its creates, and nobody in between.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params_from_iter, types::Value as Cell};
use serde_json::{Value, json};

use crate::{Outcome, world::World};

/// The tables that one create adds a row to, and the column that differs from row to row. Its other rows are in [`Bare::rows`]:
/// the search text, a tag, two counters. Columns that the daemon writes in a second step are in these rows from the first.
const TABLES: [(&str, &str); 3] = [("items", "id"), ("history", "item"), ("requests", "key")];
const TITLE: &str = "of the handbook";
const DESCRIPTION: &str = "What the chapter is about, who reads it and where its figures come from. ";

/// The arguments of the nth create, whose rows these are.
pub(crate) fn create(n: usize) -> Value {
    json!({
        "operation": "create", "title": title(n), "tags": "book", "priority": "high", "description": DESCRIPTION.repeat(3),
    })
}

fn title(n: usize) -> String {
    format!("Write chapter {n} {TITLE}")
}

/// A connection, and the rows that a create of the daemon left in its copy.
pub(crate) struct Bare {
    connection: Connection,
    inserts: Vec<Insert>,
    made: usize,
}

/// An INSERT that repeats a table's last row, but for the places that differ.
struct Insert {
    sql: String,
    cells: Vec<Cell>,
    differs: usize,
    /// The item's title and description are found by their words, so they are the create's own.
    title: Option<usize>,
    /// When the item was made: what indexes put it behind the others by.
    times: Vec<usize>,
}

impl Bare {
    /// On a copy of the world's database after one create, in the world's folder. The world's daemon is stopped for that.
    pub(crate) fn beside(world: &World) -> Outcome<Self> {
        world.session()?.call("manage_items", create(0))?;
        world.stop_daemon()?; // folds the WAL into the file, so that a copy of it is whole
        let copy = world.data().join("bare.db");
        std::fs::copy(world.database(), &copy)?;
        std::fs::File::open(&copy)?.sync_all()?;
        Self::open(&copy)
    }

    fn open(path: &Path) -> Outcome<Self> {
        let connection = Connection::open(path)?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA fullfsync = ON; \
             PRAGMA checkpoint_fullfsync = ON;",
        )?;
        connection.set_prepared_statement_cache_capacity(64);
        let inserts = TABLES.iter().map(|(table, differs)| Insert::of(&connection, table, differs));
        let inserts = inserts.collect::<Outcome<_>>()?;
        Ok(Self { connection, inserts, made: 0 })
    }

    /// One transaction with the rows of so many creates, flushed.
    pub(crate) fn commit(&mut self, creates: usize) -> Outcome {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for _ in 0..creates {
            self.made += 1;
            rows(&tx, &mut self.inserts, self.made)?;
        }
        Ok(tx.commit()?)
    }
}

/// The rows of the nth create.
fn rows(tx: &Connection, inserts: &mut [Insert], n: usize) -> Outcome {
    let (title, description) = (title(n), DESCRIPTION.repeat(3));
    for insert in inserts {
        insert.differ(n, &title);
        tx.prepare_cached(&insert.sql)?.execute(params_from_iter(insert.cells.iter()))?;
        if insert.title.is_some() {
            let rid = tx.last_insert_rowid();
            tx.prepare_cached("INSERT INTO item_text (rowid, title, description) VALUES (?1, ?2, ?3)")?
                .execute((rid, &title, &description))?;
            tx.prepare_cached(
                "INSERT INTO tagged (tag, list, project, at, item) VALUES ('book', 0, 0, ?1, ?2), ('book', 10, 0, ?1, ?2)",
            )?
            .execute((&insert.cells[insert.times[0]], rid))?;
        }
    }
    tx.prepare_cached("UPDATE open_tags SET n = n + 1 WHERE tag = 'book' AND project = 0")?.execute([])?;
    tx.prepare_cached("UPDATE counts SET n = n + 1 WHERE project = 0 AND status = 0")?.execute([])?;
    Ok(())
}

impl Insert {
    fn of(connection: &Connection, table: &str, differs: &str) -> Outcome<Self> {
        let mut columns = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        let names: Vec<String> = columns.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let names: Vec<String> = names.into_iter().filter(|name| name != "rid" && name != "seq").collect();
        let place = |wanted: &str| names.iter().position(|name| name == wanted);
        let differing = place(differs).ok_or_else(|| format!("{table} has no column {differs}"))?;
        let (list, marks) = (names.join(", "), vec!["?"; names.len()].join(", "));
        let cells = connection.query_row(
            &format!("SELECT {list} FROM {table} ORDER BY rowid DESC LIMIT 1"),
            [],
            |row| (0..names.len()).map(|index| row.get(index)).collect::<rusqlite::Result<_>>(),
        )?;
        Ok(Self {
            sql: format!("INSERT INTO {table} ({list}) VALUES ({marks})"),
            cells,
            differs: differing,
            title: place("title"),
            times: ["created_ts", "updated_ts"].iter().filter_map(|name| place(name)).collect(),
        })
    }

    fn differ(&mut self, n: usize, title: &str) {
        // As random as the ids are that items get, and none twice.
        let spread = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let id = format!("{:08x}-{:04x}-4000-8000-{n:012x}", spread >> 32, spread & 0xffff);
        self.cells[self.differs] = Cell::Text(id);
        if let Some(place) = self.title {
            self.cells[place] = Cell::Text(title.to_owned());
        }
        for place in &self.times {
            if let Cell::Integer(time) = &mut self.cells[*place] {
                *time += 1_000;
            }
        }
    }
}
