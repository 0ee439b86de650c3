//! Databases of the original, taken over and compared with what SQLite reads from the originals themselves.

mod fixtures;
mod holding;
mod hostile;
mod large;
mod workspaces;

use std::path::{Path, PathBuf};

use orc_core::ItemId;
use orc_core::time::Stamp;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use super::{Report, TakeoverError, takeover};
use crate::open::OpenError;
use crate::tx::Tx;

/// A copy of an original in a folder of its own.
pub(super) struct Place {
    folder: TempDir,
}

impl Place {
    /// A copy of a fixture.
    fn of(fixture: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["tasks.db", "workspaces.json"] {
            let from = fixture_folder(fixture).join(name);
            if from.exists() {
                std::fs::copy(from, place.folder.path().join(name)).unwrap();
            }
        }
        place
    }

    /// An original with this schema and these rows.
    fn made(sql: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let connection = Connection::open(place.path()).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF;").unwrap();
        connection.execute_batch(sql).unwrap();
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tasks.db")
    }

    fn take(&self) -> Result<Report, TakeoverError> {
        takeover(&self.path(), &now(), None)
    }

    /// Takes it over, which must work, and opens it.
    fn taken(&self) -> (Report, Connection) {
        assert!(matches!(crate::open(&self.path()), Err(OpenError::Original { .. })), "it is an original");
        let report = self.take().unwrap();
        let connection = crate::open(&self.path()).unwrap().connection;
        let tx = Tx::new(&connection, 0);
        assert_eq!(tx.wrong_derivations(&orc_core::Policies::default(), i64::MAX).unwrap(), []);
        assert!(tx.is_sound().unwrap());
        assert_eq!(tx.totals().unwrap().0, i64::try_from(report.items).unwrap());
        (report, connection)
    }
}

fn fixture_folder(fixture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(fixture)
}

/// When the tests' take-overs happen.
fn now() -> Stamp {
    Stamp::parse("2026-11-23T09:31:00.000001+00:00").unwrap()
}

fn id(text: &str) -> ItemId {
    ItemId::new(text)
}

/// What was kept of a row that is not what it was: reason and row.
fn leftover(connection: &Connection, source: &str, id: Option<&str>) -> (String, Value) {
    let sql = "SELECT reason, row FROM take_over_leftovers WHERE source = ?1 AND id IS ?2";
    let found = connection
        .query_row(sql, (source, id), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let (reason, row) = found.unwrap_or_else(|error| panic!("no leftover of {source} {id:?}: {error}"));
    (reason, serde_json::from_str(&row).unwrap())
}
