//! Snapshots: connections that only read, and never wait for the writer.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::open::open_reader;
use crate::tx::{Tx, control};

/// Connections kept open between reads; more are opened while more reads run at once, and closed behind them.
const KEPT: usize = 4;

/// A pool of read-only connections to one database.
#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
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
        let connection = self.take()?;
        control(&connection, "BEGIN")?;
        let answer = read(&Tx::new(&connection, 0));
        // A reader that cannot end its transaction is not used again.
        if control(&connection, "COMMIT").is_ok() {
            self.give_back(connection);
        }
        answer
    }

    fn take(&self) -> Result<Connection> {
        // The lock guards a list of connections, which a panic elsewhere cannot leave half changed.
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => open_reader(&self.path),
        }
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(connection);
        }
    }
}
