//! A row of the original, whatever is in it: SQLite lets any column hold any kind of value.

use std::rc::Rc;

use orc_core::time::Stamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::{Map, Number, Value, json};

/// One value.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Old {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    /// Bytes, or text that is no UTF-8.
    Bytes(Vec<u8>),
}

/// One row, by column. A column that an older original lacks reads as NULL.
#[derive(Clone, Debug)]
pub(crate) struct OldRow {
    columns: Rc<[String]>,
    values: Vec<Old>,
}

/// The columns of a table that this original has.
pub(crate) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Rc<[String]>> {
    let mut query = connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    query.query_map([table], |row| row.get(0))?.collect()
}

impl OldRow {
    /// Reads the row of a `SELECT rowid, *` over these columns.
    pub(crate) fn read(columns: &Rc<[String]>, row: &Row<'_>) -> rusqlite::Result<Self> {
        let values = (1..=columns.len()).map(|at| Ok(Old::from(row.get_ref(at)?)));
        Ok(Self { columns: Rc::clone(columns), values: values.collect::<rusqlite::Result<_>>()? })
    }

    pub(crate) fn value(&self, column: &str) -> &Old {
        let at = self.columns.iter().position(|name| name.eq_ignore_ascii_case(column));
        at.and_then(|at| self.values.get(at)).unwrap_or(&Old::Null)
    }

    /// What another row would refer to this one by.
    pub(crate) fn key(&self, column: &str) -> Option<String> {
        self.value(column).key()
    }

    /// The whole row, so that nothing of it is lost.
    pub(crate) fn json(&self) -> Value {
        let cells = self.columns.iter().zip(&self.values);
        Value::Object(cells.map(|(name, value)| (name.clone(), value.json())).collect::<Map<_, _>>())
    }
}

impl Old {
    pub(crate) fn key(&self) -> Option<String> {
        match self {
            Old::Text(text) => Some(text.clone()),
            Old::Integer(n) => Some(n.to_string()),
            Old::Real(n) => Some(n.to_string()),
            Old::Null | Old::Bytes(_) => None,
        }
    }

    fn json(&self) -> Value {
        match self {
            Old::Null => Value::Null,
            Old::Integer(n) => json!(n),
            Old::Real(n) => Number::from_f64(*n).map_or_else(|| json!(n.to_string()), Value::Number),
            Old::Text(text) => json!(text),
            Old::Bytes(bytes) => {
                json!({ "bytes": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() })
            }
        }
    }
}

impl From<ValueRef<'_>> for Old {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Old::Null,
            ValueRef::Integer(n) => Old::Integer(n),
            ValueRef::Real(n) => Old::Real(n),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Old::Text(text.to_owned()),
                Err(_) => Old::Bytes(bytes.to_owned()),
            },
            ValueRef::Blob(bytes) => Old::Bytes(bytes.to_owned()),
        }
    }
}

/// Reads a row's values as ours, and says what had to become another value on the way.
pub(crate) struct Reading<'r> {
    row: &'r OldRow,
    pub(crate) changed: Vec<String>,
}

impl<'r> Reading<'r> {
    pub(crate) fn of(row: &'r OldRow) -> Self {
        Self { row, changed: Vec::new() }
    }

    /// Says what had to change.
    pub(crate) fn change(&mut self, what: impl Into<String>) {
        self.changed.push(what.into());
    }

    pub(crate) fn value(&self, column: &str) -> &'r Old {
        self.row.value(column)
    }

    /// The columns that are not among `known` and hold something.
    pub(crate) fn filled_beyond(&self, known: &[&str]) -> Vec<String> {
        let cells = self.row.columns.iter().zip(&self.row.values);
        let beyond = cells.filter(|(name, value)| {
            **value != Old::Null && !known.iter().any(|known| name.eq_ignore_ascii_case(known))
        });
        beyond.map(|(name, _)| name.clone()).collect()
    }

    /// Text as it stands; `None` for NULL.
    pub(crate) fn text(&mut self, column: &str) -> Option<String> {
        match self.row.value(column) {
            Old::Bytes(bytes) => {
                self.changed.push(format!("{column} was no text in UTF-8"));
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            other => other.key(),
        }
    }

    /// Text where there is any.
    pub(crate) fn filled(&mut self, column: &str) -> Option<String> {
        self.text(column).filter(|text| !text.trim().is_empty())
    }

    /// One of a few words. `None` where there is none, or an unknown one, which is said with what it becomes.
    pub(crate) fn word<T>(
        &mut self,
        column: &str,
        parse: fn(&str) -> Result<T, orc_core::Refusal>,
        becomes: &str,
    ) -> Option<T> {
        let word = self.filled(column)?;
        let parsed = parse(&word).ok();
        if parsed.is_none() {
            self.change(format!("{column} '{}' is unknown and became {becomes}", shown(&word)));
        }
        parsed
    }

    /// A time, as it was given.
    pub(crate) fn stamp(&mut self, column: &str, becomes: &str) -> Option<Stamp> {
        let text = self.filled(column)?;
        let stamp = Stamp::parse(&text);
        if stamp.is_none() {
            self.change(format!("{column} '{}' is no time and became {becomes}", shown(&text)));
        }
        stamp
    }

    /// When the row was made and changed, each standing in for the other, or the present moment for both.
    pub(crate) fn times(&mut self, now: &Stamp) -> (Stamp, Stamp) {
        let before = self.changed.len();
        let created = self.stamp("created_at", "updated_at, or the time of the take-over");
        let updated = self.stamp("updated_at", "created_at, or the time of the take-over");
        if before == self.changed.len() && (created.is_none() || updated.is_none()) {
            self.change("a time was missing: it is the other one, or that of the take-over");
        }
        let created_or = created.clone().or_else(|| updated.clone()).unwrap_or_else(|| now.clone());
        let updated_or = updated.or(created).unwrap_or_else(|| now.clone());
        (created_or, updated_or)
    }
}

/// As much of a value as a reason shows; the whole row is kept beside it.
pub(crate) fn shown(text: &str) -> String {
    orc_core::text::cut(text, 60)
}
