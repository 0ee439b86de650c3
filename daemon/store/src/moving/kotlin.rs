//! The tables of the Kotlin task-orchestrator 3, as they are: rows of JSON, their 16-byte ids as UUIDs.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::{Map, Number, Value, json};

use crate::backup::{quoted, row_tables};
use crate::takeover::old_row::columns;

/// Everything that is read of such a database.
#[derive(Debug, Default)]
pub struct Tables {
    /// `work_items`, in the order in which they were made.
    pub items: Vec<Map<String, Value>>,
    /// `notes`.
    pub notes: Vec<Map<String, Value>>,
    /// `dependencies`.
    pub dependencies: Vec<Map<String, Value>>,
    /// Other tables that hold rows, and how many.
    pub others: Vec<(String, i64)>,
}

/// Tables that keep no work: the migrations' own, and what makes searching fast.
const INNER: [&str; 2] = ["flyway_schema_history", "data_steps"];

/// Items have a role instead of a status, and say when they were modified.
pub(super) fn is_kotlin(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM pragma_table_info('work_items') WHERE name IN ('id', 'title', 'role', 'modified_at')";
    let columns: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(columns == 4)
}

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Tables> {
    let mut tables = Tables::default();
    for table in row_tables(connection)? {
        match table.as_str() {
            "work_items" => tables.items = rows(connection, &table)?,
            "notes" => tables.notes = rows(connection, &table)?,
            "dependencies" => tables.dependencies = rows(connection, &table)?,
            inner if INNER.contains(&inner) || inner.contains("_fts_") => {}
            _ => {
                let count = crate::backup::count_rows(connection, &table)?;
                tables.others.extend((count > 0).then_some((table, count)));
            }
        }
    }
    Ok(tables)
}

fn rows(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Map<String, Value>>> {
    // Asked as rows are, so that a name which is no UTF-8 is an error and no panic.
    let names = columns(connection, table)?;
    let mut query = connection.prepare(&format!("SELECT * FROM {} ORDER BY rowid", quoted(table)))?;
    query.query_map([], |row| read_row(&names, row))?.collect()
}

fn read_row(names: &[String], row: &Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    let mut cells = Map::new();
    for (at, name) in names.iter().enumerate() {
        let value = match row.get_ref(at)? {
            ValueRef::Null => continue,
            ValueRef::Integer(n) => json!(n),
            ValueRef::Real(n) => Number::from_f64(n).map_or(Value::Null, Value::Number),
            ValueRef::Text(bytes) => json!(String::from_utf8_lossy(bytes)),
            ValueRef::Blob(bytes) => json!(uuid_text(bytes)),
        };
        cells.insert(name.clone(), value);
    }
    Ok(cells)
}

/// 16 bytes as a UUID is written; other bytes as they are, in hexadecimal.
fn uuid_text(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match bytes.len() {
        16 => format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]),
        _ => hex,
    }
}
