//! The rows of a damaged database that can still be read, in a new file.
//!
//! A page that is lost breaks off a walk through its table. So a table is walked from its beginning to the break, from its end back
//! to the break, and what lies between is halved and tried again, as often as is reasonable.

use std::path::Path;

use orc_core::time::Stamp;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use super::settle;
use crate::backup::{quoted, remove_if_there};
use crate::error::{Error, Result};
use crate::open::{open, open_still};

/// Tables whose rows have a number of their own, by which a table can be entered anywhere.
const NUMBERED: [(&str, &str); 7] = [
    ("projects", "rid"),
    ("items", "rid"),
    ("notes", "rid"),
    ("edges", "rid"),
    ("claims", "rid"),
    ("history", "seq"),
    ("requests", "rid"),
];
/// Tables that are found by a word.
const NAMED: [(&str, &str); 5] = [
    ("sessions", "id"),
    ("workspaces", "name"),
    ("config_good", "path"),
    ("meta", "key"),
    ("shared_shorts", "short"),
];
/// A table of [`crate::takeover()`], where there was one.
const LEFTOVERS: &str = "take_over_leftovers";
/// Times that one table is entered anew.
const ENTRIES: usize = 4_000;

/// What came along.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Salvaged {
    /// How many rows of each table.
    pub rows: Vec<(String, usize)>,
    /// Tables of which something could not be read, or did not fit. How much cannot be known.
    pub incomplete: Vec<String>,
    /// What referred to rows that did not come along, and how often.
    pub settled: Vec<(&'static str, usize)>,
}

/// Makes a database of what can be read of `damaged` at `fresh`: one closed file, sound, on disk.
pub(super) fn into(damaged: &Path, fresh: &Path, now: &Stamp) -> Result<Salvaged> {
    for ending in ["", "-wal", "-shm"] {
        let mut name = fresh.as_os_str().to_owned();
        name.push(ending);
        // What an interrupted try left.
        remove_if_there(Path::new(&name)).map_err(|error| Error::Damaged(error.to_string()))?;
    }
    let from = open_still(damaged)?;
    let mut to = open(fresh).map_err(|error| Error::Damaged(error.to_string()))?.connection;
    to.execute_batch("PRAGMA foreign_keys = OFF; BEGIN")?;
    let mut salvaged = Salvaged::default();
    for (table, key) in NUMBERED {
        let mut walk = Walk::of(&from, &to, table, key)?;
        walk.numbered(i64::MIN, i64::MAX)?;
        walk.end(&mut salvaged);
    }
    for (table, key) in NAMED {
        let mut walk = Walk::of(&from, &to, table, key)?;
        walk.named()?;
        walk.end(&mut salvaged);
    }
    leftovers(&from, &to, &mut salvaged)?;
    to.execute_batch("COMMIT")?;
    salvaged.settled = settle(&mut to, now)?;
    let _: String = to.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    to.close().map_err(|(_, error)| error)?;
    Ok(salvaged)
}

fn leftovers(from: &Connection, to: &Connection, salvaged: &mut Salvaged) -> Result<()> {
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let Ok(create) = from.query_row(sql, [LEFTOVERS], |row| row.get::<_, String>(0)) else { return Ok(()) };
    to.execute_batch(&create)?;
    let mut walk = Walk::of(from, to, LEFTOVERS, "rowid")?;
    walk.named()?;
    walk.end(salvaged);
    Ok(())
}

/// One table on its way.
struct Walk<'c> {
    from: &'c Connection,
    to: &'c Connection,
    table: &'static str,
    key: &'static str,
    columns: String,
    insert: String,
    entries: usize,
    copied: usize,
    complete: bool,
}

impl<'c> Walk<'c> {
    /// The columns are those of the new table: a damaged one is asked for nothing else.
    fn of(from: &'c Connection, to: &'c Connection, table: &'static str, key: &'static str) -> Result<Self> {
        let mut names = to.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names: Vec<String> =
            names.query_map([table], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<_>>()?;
        let columns = names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let places = vec!["?"; names.len()].join(", ");
        let insert = format!("INSERT INTO {table} ({columns}) VALUES ({places})");
        Ok(Self { from, to, table, key, columns, insert, entries: 0, copied: 0, complete: true })
    }

    fn end(self, salvaged: &mut Salvaged) {
        salvaged.rows.push((self.table.to_owned(), self.copied));
        if !self.complete {
            salvaged.incomplete.push(self.table.to_owned());
        }
    }

    /// Rows numbered from `low` to `high`, both included.
    fn numbered(&mut self, low: i64, high: i64) -> Result<()> {
        let (mut stretches, key) = (vec![(low, high)], self.key);
        let within = format!("{key} BETWEEN ?1 AND ?2");
        while let Some((low, high)) = stretches.pop() {
            if self.entries >= ENTRIES {
                return Ok(());
            }
            let number = |row: &Row<'_>| row.get::<_, i64>(key);
            let Broken(up) = self.rows(&format!("{within} ORDER BY {key}"), &[low, high], number)? else {
                continue;
            };
            let low = up.map_or(low, |last| last.saturating_add(1));
            let Broken(down) = self.rows(&format!("{within} ORDER BY {key} DESC"), &[low, high], number)?
            else {
                continue;
            };
            let high = down.map_or(high, |last| last.saturating_sub(1));
            if low < high {
                // Without overflow, also over all numbers there are.
                let middle = low.midpoint(high);
                stretches.extend([(low, middle), (middle + 1, high)]);
            }
        }
        Ok(())
    }

    /// Rows from the first to the break, then from the last back to it.
    fn named(&mut self) -> Result<()> {
        let key = self.key;
        if matches!(self.rows(&format!("true ORDER BY {key}"), &[], |_| Ok(()))?, Broken(_)) {
            // What the first walk has brought is there already.
            self.rows(&format!("true ORDER BY {key} DESC"), &[], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Copies rows until the walk breaks off.
    fn rows<N>(
        &mut self,
        which: &str,
        bounds: &[i64],
        number: impl Fn(&Row<'_>) -> rusqlite::Result<N>,
    ) -> Result<End<N>> {
        self.entries += 1;
        let sql = format!("SELECT {} FROM {} NOT INDEXED WHERE {which}", self.columns, self.table);
        let Ok(mut select) = self.from.prepare(&sql) else {
            self.complete = false;
            return Ok(Whole);
        };
        let mut insert = self.to.prepare_cached(&self.insert)?;
        let (width, mut last) = (select.column_count(), None);
        let mut rows = select.query(params_from_iter(bounds))?;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    last = number(row).ok().or(last);
                    let values: rusqlite::Result<Vec<Value>> =
                        (0..width).map(|column| Ok(owned(row.get_ref(column)?))).collect();
                    match values.and_then(|values| insert.execute(params_from_iter(values))) {
                        Ok(_) => self.copied += 1,
                        Err(error) if is_there_already(&error) => {}
                        Err(error) if is_the_rows_fault(&error) => self.complete = false,
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(None) => return Ok(Whole),
                Err(_) => {
                    self.complete = false;
                    return Ok(Broken(last));
                }
            }
        }
    }
}

/// How a walk ended.
enum End<N> {
    /// At its end.
    Whole,
    /// Behind the row of that number, if it came to any.
    Broken(Option<N>),
}
use End::{Broken, Whole};

/// Text that is none any more is kept as far as it can be read.
fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

fn is_there_already(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID};
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID))
}

fn is_the_rows_fault(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code().is_none_or(|code| {
        matches!(code, rusqlite::ErrorCode::ConstraintViolation | rusqlite::ErrorCode::TypeMismatch)
    })
}
