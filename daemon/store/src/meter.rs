//! What SQLite did for a piece of work, for tests that hold cost without a clock: instructions of its virtual machine, and the
//! statements that were run.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

static METERED: Mutex<Option<Metered>> = Mutex::new(None);

/// The database whose statements are counted. One at a time: the callback that SQLite calls takes nothing along.
struct Metered {
    path: PathBuf,
    /// Instructions that a statement had run when it ended last. SQLite counts them up while the statement is kept.
    seen: HashMap<String, i64>,
    spent: Spent,
}

/// What was spent since it was asked last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spent {
    /// Instructions of SQLite's virtual machine.
    pub steps: i64,
    /// The statements, each once.
    pub statements: BTreeSet<String>,
}

/// From now on, statements on connections to this database that are opened later are counted, and those of no other.
pub fn watch(path: &Path) {
    *metered() = Some(Metered { path: path.to_owned(), seen: HashMap::new(), spent: Spent::default() });
}

/// What was spent since it was asked last.
pub fn spent() -> Spent {
    metered().as_mut().map(|metered| std::mem::take(&mut metered.spent)).unwrap_or_default()
}

/// The steps by which SQLite carries out a statement; none where it is no query.
pub fn plan(path: &Path, statement: &str) -> Vec<String> {
    let steps = || -> rusqlite::Result<Vec<String>> {
        let connection = Connection::open(path)?;
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}"))?;
        explain.raw_query().mapped(|row| row.get(3)).collect()
    };
    steps().unwrap_or_default()
}

/// Counts on a connection that has just been opened, if its database is watched.
pub(crate) fn attach(connection: &mut Connection, path: &Path) {
    if metered().as_ref().is_some_and(|metered| metered.path == path) {
        connection
            .trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(count))
            .unwrap_or_else(|error| panic!("nothing can be counted: {error}"));
    }
}

fn count(event: TraceEvent<'_>) {
    let TraceEvent::Profile(statement, _) = event else { return };
    let (sql, now) = (statement.sql().into_owned(), i64::from(statement.get_status(StatementStatus::VmStep)));
    if let Some(metered) = metered().as_mut() {
        let before = metered.seen.insert(sql.clone(), now).filter(|before| *before <= now).unwrap_or(0);
        metered.spent.steps += now - before;
        metered.spent.statements.insert(sql);
    }
}

fn metered() -> MutexGuard<'static, Option<Metered>> {
    METERED.lock().unwrap_or_else(PoisonError::into_inner)
}
