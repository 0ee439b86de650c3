//! The columns of an item's row that a change gives other values. SQLite writes every index that holds a column it is told to set,
//! whether or not the value is another.

use orc_core::time::Stamp;
use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{ToSql, params_from_iter};

use crate::error::Result;
use crate::tx::Tx;

/// Columns and their new values.
#[derive(Default)]
pub(super) struct Changed {
    columns: Vec<&'static str>,
    values: Vec<Value>,
}

impl Changed {
    /// A column, if its value changes.
    pub(super) fn set<T: PartialEq + ToSql>(&mut self, column: &'static str, before: &T, after: &T) {
        if before != after {
            self.columns.push(column);
            self.values.push(owned(after));
        }
    }

    /// A time: its text and its microseconds.
    pub(super) fn time(&mut self, columns: [&'static str; 2], before: Option<&Stamp>, after: Option<&Stamp>) {
        if before != after {
            self.columns.extend(columns);
            self.values.push(after.map_or(Value::Null, |at| Value::from(at.text().to_owned())));
            self.values.push(after.map_or(Value::Null, |at| Value::from(at.micros())));
        }
    }

    /// Writes them, if there are any.
    pub(super) fn write(self, tx: &Tx<'_>, rid: i64) -> Result<()> {
        if self.columns.is_empty() {
            return Ok(());
        }
        let set: Vec<String> = self.columns.iter().map(|column| format!("{column} = ?")).collect();
        let sql = format!("UPDATE items SET {} WHERE rid = ?", set.join(", "));
        tx.execute(&sql, params_from_iter(self.values.into_iter().chain([Value::from(rid)])))
    }
}

fn owned(value: &impl ToSql) -> Value {
    match value.to_sql() {
        Ok(ToSqlOutput::Owned(value)) => value,
        Ok(ToSqlOutput::Borrowed(value)) => value.try_into().unwrap_or(Value::Null),
        // Texts, numbers and nothing at all are all that items have; each of them has a value.
        _ => Value::Null,
    }
}
