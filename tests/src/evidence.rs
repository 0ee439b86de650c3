//! What a database shows, held against what clients were answered: nothing lost, nothing twice, nothing half done, and what is
//! derived as it would be computed anew.
//!
//! The one place of the harness that knows code under test: it asks the store's own recomputation.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use orc_core::Policies;
use orc_store::Readers;
use rusqlite::{Connection, OpenFlags, Params, Row};

use crate::journal::{Deed, Entry, Outcome};

/// A database, read without its daemon, or beside it.
#[derive(Debug)]
pub struct Evidence {
    path: PathBuf,
    connection: Connection,
}

/// How often each thing is there, by its mark.
struct Found {
    titles: BTreeMap<String, i64>,
    children: BTreeMap<String, i64>,
    edges: BTreeMap<String, i64>,
    notes: BTreeMap<String, i64>,
    notes_in_history: BTreeMap<String, i64>,
    created: BTreeMap<String, Vec<i64>>,
    moves: BTreeMap<(String, i64), i64>,
    answers: BTreeMap<String, i64>,
}

/// What there is of one call.
struct Trace {
    times: i64,
    whole: bool,
}

impl Evidence {
    /// Looks at a database where it lies.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn of(database: &Path) -> Self {
        let connection = Connection::open_with_flags(
            database,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .expect("the database");
        connection.busy_timeout(crate::DEADLINE).expect("a timeout");
        Self { path: database.to_owned(), connection }
    }

    /// Fails unless all is well.
    ///
    /// # Panics
    /// When something is lost, doubled, half done or damaged; says what.
    #[track_caller]
    pub fn bears_out(&self, journal: &[Entry]) {
        let wrong = self.wrong(journal);
        assert!(wrong.is_empty(), "{}:\n{}", self.path.display(), wrong.join("\n"));
    }

    /// Everything that is not as it must be, in words.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub fn wrong(&self, journal: &[Entry]) -> Vec<String> {
        self.connection.execute_batch("BEGIN").expect("a snapshot");
        let mut wrong = self.damage();
        let found = self.found();
        for entry in journal {
            let trace = found.of(entry);
            let kept = found.answers.get(&entry.mark).copied().unwrap_or(0);
            let times = match entry.outcome {
                Outcome::Answered => 1..=1,
                Outcome::Refused => 0..=0,
                Outcome::Unknown => 0..=1,
            };
            if !times.contains(&trace.times) || !trace.whole || kept != trace.times {
                let whole = if trace.whole { "" } else { ", not whole" };
                wrong.push(format!("{entry:?}: there {} times{whole}, its key {kept} times", trace.times));
            }
        }
        self.connection.execute_batch("COMMIT").expect("the end of the snapshot");
        wrong.extend(self.wrongly_derived());
        wrong
    }

    /// Whether each call has left what it was to leave.
    pub fn shows(&self, journal: &[Entry]) -> Vec<bool> {
        let found = self.found();
        journal.iter().map(|entry| found.of(entry).times > 0).collect()
    }

    /// How many rows the history has.
    pub fn history(&self) -> i64 {
        self.rows("SELECT count(*) FROM history", [], |row| row.get(0)).first().copied().unwrap_or(0)
    }

    fn damage(&self) -> Vec<String> {
        let text = |row: &Row<'_>| row.get::<_, String>(0);
        let mut wrong = self.rows("PRAGMA integrity_check", [], text);
        wrong.retain(|line| line != "ok");
        let dangling =
            "SELECT \"table\" || ' ' || rowid || ' refers to nothing' FROM pragma_foreign_key_check";
        wrong.extend(self.rows(dangling, [], text));
        // The claim is taken in the same call as the start.
        let unclaimed = "SELECT 'started without a claim: ' || m.item FROM history m
             WHERE m.kind = 'status_changed' AND m.from_status = 0 AND m.to_status = 1 AND NOT EXISTS
                 (SELECT 1 FROM history c WHERE c.call = m.call AND c.item = m.item AND c.kind = 'claim_taken')";
        wrong.extend(self.rows(unclaimed, [], text));
        let holes = "SELECT 'the history lacks ' || (max(seq) - count(*)) || ' rows' FROM history
             HAVING max(seq) <> count(*)";
        wrong.extend(self.rows(holes, [], text));
        wrong
    }

    fn wrongly_derived(&self) -> Vec<String> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        let readers = Readers::new(&self.path);
        let wrong: Result<_, orc_store::Error> =
            readers.read(|tx| tx.wrong_derivations(&Policies::default(), now));
        match wrong {
            Ok(wrong) => wrong.into_iter().map(|(what, ids)| format!("{what}: {ids:?}")).collect(),
            Err(error) => vec![format!("what is derived cannot be computed anew: {error}")],
        }
    }

    fn found(&self) -> Found {
        let mut created: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let sql = "SELECT i.title, h.call FROM history h JOIN items i ON i.id = h.item WHERE h.kind = 'item_created'";
        for (title, call) in self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?))) {
            created.entry(title).or_default().push(call);
        }
        let moves =
            "SELECT item, to_status, count(*) FROM history WHERE kind = 'status_changed' GROUP BY 1, 2";
        let moves = self.rows(moves, [], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)));
        Found {
            titles: self.counts("SELECT title, count(*) FROM items GROUP BY 1"),
            children: self.counts(
                "SELECT p.title, count(*) FROM items c JOIN items p ON p.rid = c.parent GROUP BY 1",
            ),
            edges: self.counts(
                "SELECT replace(s.title, '/a', ''), count(*) FROM edges e JOIN items s ON s.rid = e.source
                 JOIN items t ON t.rid = e.target WHERE t.title = replace(s.title, '/a', '/b') GROUP BY 1",
            ),
            notes: self.counts("SELECT key, count(*) FROM notes GROUP BY 1"),
            notes_in_history: self.counts(
                "SELECT json_extract(data, '$.key'), count(*) FROM history WHERE kind = 'note_written' GROUP BY 1",
            ),
            created,
            moves: moves.into_iter().collect(),
            // request:AGENT:MARK
            answers: self.counts(
                "SELECT substr(key, instr(substr(key, 9), ':') + 9), count(*) FROM requests
                 WHERE key LIKE 'request:%' GROUP BY 1",
            ),
        }
    }

    fn counts(&self, sql: &str) -> BTreeMap<String, i64> {
        self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).into_iter().collect()
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let mut query = self.connection.prepare(sql).expect(sql);
        query.query_map(params, read).and_then(Iterator::collect).expect(sql)
    }
}

impl Found {
    fn of(&self, entry: &Entry) -> Trace {
        let mark = &entry.mark;
        match &entry.deed {
            Deed::Tree => {
                let times = count(&self.titles, mark);
                let calls: BTreeSet<i64> = ["", "/a", "/b"]
                    .iter()
                    .flat_map(|end| self.created.get(&format!("{mark}{end}")).cloned().unwrap_or_default())
                    .collect();
                let whole = [
                    count(&self.titles, &format!("{mark}/a")),
                    count(&self.titles, &format!("{mark}/b")),
                    count(&self.edges, mark),
                    count(&self.notes, mark),
                    count(&self.notes_in_history, mark),
                ];
                let whole = whole.iter().all(|n| *n == times)
                    && count(&self.children, mark) == 2 * times
                    && calls.len() == usize::from(times > 0);
                Trace { times, whole }
            }
            Deed::Batch(items) => {
                let there = count(&self.titles, mark);
                let calls = self.created.get(mark).cloned().unwrap_or_default();
                let one_call = calls.iter().all(|call| Some(call) == calls.first());
                Trace { times: there / items, whole: there % items == 0 && one_call }
            }
            Deed::Note(_) => {
                let times = count(&self.notes_in_history, mark);
                Trace { times, whole: count(&self.notes, mark) == times }
            }
            Deed::Start(item) => Trace { times: self.moved(item, 1), whole: self.moved(item, 2) == 0 },
            Deed::Complete(item) => Trace { times: self.moved(item, 3), whole: true },
        }
    }

    /// How often an item came to a status.
    fn moved(&self, item: &str, status: i64) -> i64 {
        self.moves.get(&(item.to_owned(), status)).copied().unwrap_or(0)
    }
}

fn count(found: &BTreeMap<String, i64>, mark: &str) -> i64 {
    found.get(mark).copied().unwrap_or(0)
}
