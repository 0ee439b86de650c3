//! Snapshots: connections that only read, and never wait for the writer.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::open::open_reader;
use crate::tx::{Tx, control};

/// Connections kept open between reads; more are opened while more reads run at once, and closed behind them.
const KEPT: usize = 4;
/// Steps of SQLite's machine between two looks at what is left.
const STRIDE: i32 = 1_000;
/// What a glance may take, in strides: about two milliseconds.
const GLANCE: i64 = 30;

/// A pool of read-only connections to one database.
#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

#[derive(Debug)]
struct Reader {
    connection: Connection,
    /// Strides that the present read may still take; below zero it has been broken off.
    left: Arc<AtomicI64>,
}

impl Readers {
    /// The pool for a database that has been opened for writing before.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::new(Vec::new()) }
    }

    /// Runs `read` on a snapshot of the present state. It blocks on disk reads alone.
    ///
    /// # Errors
    /// What `read` answers, or the store's own error when no snapshot can be had.
    pub fn read<T, E: From<Error>>(
        &self,
        read: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.read_within(i64::MAX, read).map(|(answer, _)| answer)?
    }

    /// The same for whoever has no time: a read that turns out long is broken off, and the answer is `None`.
    ///
    /// # Errors
    /// As [`Readers::read`].
    pub fn glance<T, E: From<Error>>(
        &self,
        read: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<Option<T>, E> {
        match self.read_within(GLANCE, read)? {
            (_, Broken(true)) => Ok(None),
            (answer, _) => answer.map(Some),
        }
    }

    fn read_within<T, E: From<Error>>(
        &self,
        strides: i64,
        read: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> Result<(std::result::Result<T, E>, Broken)> {
        let reader = self.take()?;
        reader.left.store(strides, Ordering::Relaxed);
        control(&reader.connection, "BEGIN")?;
        let answer = read(&Tx::new(&reader.connection, 0));
        let broken = Broken(reader.left.load(Ordering::Relaxed) < 0);
        // A reader that cannot end its transaction is not used again.
        if control(&reader.connection, "COMMIT").is_ok() {
            self.give_back(reader);
        }
        Ok((answer, broken))
    }

    fn take(&self) -> Result<Reader> {
        // The lock guards a list of connections, which a panic elsewhere cannot leave half changed.
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(reader) => Ok(reader),
            None => {
                let (mut connection, left) = (open_reader(&self.path)?, Arc::new(AtomicI64::new(i64::MAX)));
                let strides = Arc::clone(&left);
                let is_over = move || strides.fetch_sub(1, Ordering::Relaxed) <= 0;
                connection.progress_handler(STRIDE, Some(is_over))?;
                Ok(Reader { connection, left })
            }
        }
    }

    fn give_back(&self, reader: Reader) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(reader);
        }
    }
}

/// Whether a read was broken off. What it answered then means nothing.
struct Broken(bool);

#[cfg(test)]
mod tests {
    use super::*;

    /// As many steps as it is told.
    const COUNT: &str =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?1) SELECT count(*) FROM n";

    #[test]
    fn a_glance_at_something_long_is_broken_off_and_nothing_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.db");
        drop(crate::open::open(&path).unwrap());
        let readers = Readers::new(&path);
        let count = |tx: &Tx<'_>, rows: i64| -> Result<i64> {
            Ok(tx.conn.query_row(COUNT, [rows], |row| row.get(0))?)
        };
        for _ in 0..3 {
            assert_eq!(readers.glance(|tx| count(tx, 10)).unwrap(), Some(10));
            assert_eq!(readers.glance(|tx| count(tx, 100_000)).unwrap(), None);
            // Also where the reader made something of the error.
            assert_eq!(readers.glance(|tx| Ok::<_, Error>(count(tx, 100_000).is_ok())).unwrap(), None);
            assert_eq!(readers.read(|tx| count(tx, 100_000)).unwrap(), 100_000);
        }
    }
}
