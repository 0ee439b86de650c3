//! One transaction: a snapshot to read, or the writer's.

use std::cell::{Cell, RefCell};

use rusqlite::Connection;

use crate::error::{Error, Result};

/// What happened, for whoever publishes it after the commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its row in the history: the only cursor there is.
    pub seq: i64,
    /// Its kind there.
    pub kind: &'static str,
    /// The item it is about.
    pub item: Option<String>,
    /// Other items in whose view it shows.
    pub shown_in: Vec<String>,
    /// Whether the item shows differently wherever it is named; see [`orc_core::Change::changes_head`].
    pub head: bool,
}

/// An open transaction on one connection. Dropping it undoes nothing by itself: whoever opened it commits or rolls back.
#[derive(Debug)]
pub struct Tx<'c> {
    pub(crate) conn: &'c Connection,
    /// Numbers the call, so that the history keeps together what belongs together.
    pub(crate) call: i64,
    pub(crate) events: RefCell<Vec<Event>>,
    /// Items whose place in line may not be what it was, until the change that touched them is written.
    pub(crate) touched: RefCell<Vec<i64>>,
    /// The earliest moment at which something that was written here happens by itself: an item moves in line, a claim ends.
    pub(crate) turn: Cell<Option<i64>>,
    /// Whether steps that stand alone have savepoints.
    savepoints: bool,
    /// A step without a savepoint has left something behind that must be undone.
    pub(crate) spoiled: Cell<bool>,
}

/// What a committed job did, for whoever publishes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Done {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The earliest moment, in microseconds, at which something that was written happens by itself.
    pub turn: Option<i64>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(conn: &'c Connection, call: i64) -> Self {
        Self {
            conn,
            call,
            events: RefCell::default(),
            touched: RefCell::default(),
            turn: Cell::new(None),
            savepoints: true,
            spoiled: Cell::new(false),
        }
    }

    /// One whose steps have no savepoints: [`Self::spoiled`] says whether one of them would have been needed.
    pub(crate) fn lightly(conn: &'c Connection, call: i64) -> Self {
        Self { savepoints: false, ..Self::new(conn, call) }
    }

    pub(crate) fn into_done(self) -> Done {
        Done { events: self.events.into_inner(), turn: self.turn.get() }
    }

    /// Runs one step that stands alone: it is kept whole, or undone whole when it answers an error.
    ///
    /// # Errors
    /// The step's own, or the store's when the savepoint itself fails.
    pub fn step<T, E: From<Error>>(
        &self,
        run: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let before = self.events.borrow().len();
        let outcome = if self.savepoints { self.in_savepoint(run) } else { self.watched(run) };
        if outcome.is_err() {
            self.events.borrow_mut().truncate(before);
        }
        outcome
    }

    fn in_savepoint<T, E: From<Error>>(
        &self,
        run: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        control(self.conn, "SAVEPOINT step")?;
        let outcome = run();
        if outcome.is_ok() {
            control(self.conn, "RELEASE step")?;
        } else if !self.conn.is_autocommit() {
            // Where SQLite has already undone the whole transaction there is no savepoint left to go back to.
            control(self.conn, "ROLLBACK TO step")?;
            control(self.conn, "RELEASE step")?;
        }
        outcome
    }

    fn watched<T, E>(&self, run: impl FnOnce() -> std::result::Result<T, E>) -> std::result::Result<T, E> {
        let before = self.conn.total_changes();
        let outcome = run();
        if outcome.is_err() && self.conn.total_changes() != before {
            self.spoiled.set(true);
        }
        outcome
    }

    /// The newest row of the history: the cursor of this state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor(&self) -> Result<i64> {
        let sql = "SELECT coalesce((SELECT seq FROM history ORDER BY seq DESC LIMIT 1), 0)";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

/// Begins or ends a transaction or savepoint. The statement is kept, as every call needs a few of these.
pub(crate) fn control(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
