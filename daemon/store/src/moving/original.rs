//! A database of the original as rows of a graph document: read as a take-over reads it, and left where it is.

use std::collections::HashSet;

use orc_core::id::{Ids, ItemId};
use orc_core::status::DepKind;
use orc_core::time::Stamp;
use rusqlite::Connection;
use serde_json::Value;

use crate::backup::{count_rows, quoted, row_tables};
use crate::history::{edge_json, item_json, note_json};
use crate::takeover::cycles::closing;
use crate::takeover::old_row::{OldRow, Reading, columns};
use crate::takeover::plan::Plan;
use crate::takeover::rows;

/// What a database of the original holds.
#[derive(Debug, Default)]
pub struct Moved {
    /// Its items, parents before their children.
    pub items: Vec<Value>,
    /// Its notes.
    pub notes: Vec<Value>,
    /// Its dependencies.
    pub dependencies: Vec<Value>,
    /// Rows that are not what they were.
    pub changed: Vec<Odd>,
    /// Rows that cannot come.
    pub left_out: Vec<Odd>,
    /// Other tables that hold rows, and how many.
    pub others: Vec<(String, i64)>,
}

/// A row that needs a word.
#[derive(Debug, PartialEq, Eq)]
pub struct Odd {
    /// Its table.
    pub table: &'static str,
    /// Its id there.
    pub id: String,
    /// Why.
    pub why: String,
}

/// Rows without an id get the same one each time the same database is read.
const SEED: u128 = 0x6f72_6967_696e_616c;

pub(super) fn read(connection: &Connection, now: &Stamp) -> rusqlite::Result<Moved> {
    let plan = Plan::read(connection, Ids::new(SEED))?;
    let mut reader = Reader { connection, now, plan, moved: Moved::default() };
    reader.items()?;
    reader.notes()?;
    reader.edges()?;
    for table in row_tables(connection)? {
        if !["work_items", "notes", "dependencies"].contains(&table.as_str())
            && !table.starts_with("items_fts")
        {
            let count = count_rows(connection, &table)?;
            reader.moved.others.extend((count > 0).then_some((table, count)));
        }
    }
    Ok(reader.moved)
}

struct Reader<'c> {
    connection: &'c Connection,
    now: &'c Stamp,
    plan: Plan,
    moved: Moved,
}

impl Reader<'_> {
    fn items(&mut self) -> rusqlite::Result<()> {
        let columns = columns(self.connection, "work_items")?;
        let mut query = self.connection.prepare("SELECT rowid, * FROM work_items WHERE rowid = ?1")?;
        for at in self.plan.parents_first() {
            let planned = self.plan.item(at);
            let row = query.query_row([planned.rowid], |row| OldRow::read(&columns, row))?;
            let mut reading = Reading::of(&row);
            reading.changed.extend_from_slice(self.plan.changed(at));
            let item = rows::item(&mut reading, &planned.id, self.plan.parent(at), self.now);
            rows::say_unknown_columns(&mut reading, "work_items");
            self.moved.items.push(item_json(&item));
            changed(&mut self.moved, "work_items", &planned.id, &reading);
        }
        Ok(())
    }

    fn notes(&mut self) -> rusqlite::Result<()> {
        let (mut ids, mut keys) = (HashSet::new(), HashSet::new());
        self.each("notes", |this, _, row| {
            let mut reading = Reading::of(row);
            let id = row.key("id").filter(|id| !id.trim().is_empty()).unwrap_or_default();
            let found = row.key("item_id").and_then(|item| this.plan.find(&item));
            let Some(item) = found.map(|at| this.plan.item(at).id.clone()) else {
                return this.leave_out("notes", id, "its item is not there");
            };
            let note = rows::note(&mut reading, ItemId::new(id.as_str()), &item, this.now, |key| {
                Ok::<_, std::convert::Infallible>(keys.contains(&(item.clone(), key.to_owned())))
            });
            let Ok(note) = note;
            keys.insert((item, note.key.clone()));
            let mut value = note_json(&note);
            if id.is_empty() || !ids.insert(id.clone()) {
                // An import gives it one.
                value["id"] = Value::Null;
            }
            this.moved.notes.push(value);
            changed(&mut this.moved, "notes", &note.id, &reading);
        })
    }

    fn edges(&mut self) -> rusqlite::Result<()> {
        let (mut ids, mut between) = (HashSet::new(), HashSet::new());
        let closing = self.closing_edges()?;
        self.each("dependencies", |this, rowid, row| {
            let mut reading = Reading::of(row);
            let id = row.key("id").filter(|id| !id.trim().is_empty()).unwrap_or_default();
            let (mut kind, exchanged) = rows::kind(&mut reading);
            let (from, to) = match this.ends(row, exchanged) {
                Ok(ends) => ends,
                Err(why) => return this.leave_out("dependencies", id, why),
            };
            if !between.insert((from, to)) {
                let why = "the two items have a dependency in this direction already";
                return this.leave_out("dependencies", id, why);
            }
            if closing.contains(&rowid) {
                reading.change("it closed a cycle, in which no item could ever start, and became relates_to");
                kind = DepKind::RelatesTo;
            }
            let (from, to) = (this.plan.item(from).id.clone(), this.plan.item(to).id.clone());
            let edge = rows::edge(&mut reading, ItemId::new(id.as_str()), (&from, &to), kind, this.now);
            let mut value = edge_json(&edge);
            if id.is_empty() || !ids.insert(id) {
                value["id"] = Value::Null;
            }
            this.moved.dependencies.push(value);
            changed(&mut this.moved, "dependencies", &edge.id, &reading);
        })
    }

    /// The row numbers of blocking edges without which there is no cycle.
    fn closing_edges(&mut self) -> rusqlite::Result<HashSet<i64>> {
        let (mut rowids, mut edges) = (Vec::new(), Vec::new());
        self.each("dependencies", |this, rowid, row| {
            let (kind, exchanged) = rows::kind(&mut Reading::of(row));
            if let (DepKind::Blocks, Ok(ends)) = (kind, this.ends(row, exchanged)) {
                rowids.push(rowid);
                edges.push(ends);
            }
        })?;
        let marked = closing(self.plan.len(), &edges);
        Ok(rowids.into_iter().zip(marked).filter(|(_, marked)| *marked).map(|(rowid, _)| rowid).collect())
    }

    fn ends(&self, row: &OldRow, exchanged: bool) -> Result<(usize, usize), &'static str> {
        let end = |column| row.key(column).and_then(|id| self.plan.find(&id));
        match (end("from_id"), end("to_id")) {
            (Some(from), Some(to)) if from == to => Err("an item cannot wait for itself"),
            (Some(from), Some(to)) => Ok(if exchanged { (to, from) } else { (from, to) }),
            _ => Err("an item at one of its ends is not there"),
        }
    }

    fn leave_out(&mut self, table: &'static str, id: String, why: &str) {
        self.moved.left_out.push(Odd { table, id, why: why.to_owned() });
    }

    /// Calls `take` with every row of a table and its number. A table that this original lacks has none.
    fn each(&mut self, table: &str, mut take: impl FnMut(&mut Self, i64, &OldRow)) -> rusqlite::Result<()> {
        let columns = columns(self.connection, table)?;
        if columns.is_empty() {
            return Ok(());
        }
        let sql = format!("SELECT rowid, * FROM {} ORDER BY rowid", quoted(table));
        let mut query = self.connection.prepare(&sql)?;
        let mut found = query.query([])?;
        while let Some(row) = found.next()? {
            take(self, row.get(0)?, &OldRow::read(&columns, row)?);
        }
        Ok(())
    }
}

fn changed(moved: &mut Moved, table: &'static str, id: &ItemId, reading: &Reading<'_>) {
    if !reading.changed.is_empty() {
        moved.changed.push(Odd { table, id: id.to_string(), why: reading.changed.join("; ") });
    }
}
