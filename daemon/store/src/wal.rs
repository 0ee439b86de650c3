//! The write-ahead log's length.
//!
//! SQLite folds the log into the database by itself and then begins it anew, but only in a moment in which nobody reads from it.
//! Where reads overlap all the time there is none: the log grows for as long as that lasts, and every commit pays for another try.
//! So the writer looks now and then, and makes such a moment: it waits, writing nothing, until the reads that run have ended.
//! Reads that begin meanwhile need no log.

use std::time::Duration;

use rusqlite::Connection;

/// Commits between two looks.
const EVERY: u32 = 64;
/// Pages, of 4 KiB, from which on the log is too long: four times what it has when it is folded in time.
const LONG: i64 = 4_000;
/// How long the writer waits for such a moment. Whoever reads for longer is waited for another time.
const WAIT: Duration = Duration::from_millis(500);

/// How long the writer's connection waits for anything else ([`crate::open()`]).
const USUAL: Duration = Duration::from_secs(5);

/// Keeps the log short.
#[derive(Debug, Default)]
pub(crate) struct Folding {
    commits: u32,
}

impl Folding {
    /// After a commit, outside of any transaction. What fails here is tried again later: the log holds what was committed.
    pub(crate) fn after_a_commit(&mut self, connection: &Connection) {
        self.commits += 1;
        if self.commits < EVERY {
            return;
        }
        self.commits = 0;
        if pages(connection, "PASSIVE").is_some_and(|pages| pages > LONG) {
            let _ = connection.busy_timeout(WAIT);
            let _ = pages(connection, "RESTART");
            let _ = connection.busy_timeout(USUAL);
        }
    }
}

/// Folds what can be, and answers how many pages the log has.
fn pages(connection: &Connection, how: &str) -> Option<i64> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| row.get(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Readers;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn the_log_stays_short_while_reads_overlap_all_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.db");
        let connection = crate::open(&path).unwrap().connection;
        connection.execute_batch("CREATE TABLE filler (x BLOB)").unwrap();
        let (readers, over) = (Readers::new(&path), AtomicBool::new(false));
        let longest = std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        let read: crate::error::Result<i64> = readers.read(|tx| {
                            let found =
                                tx.conn.query_row("SELECT count(*) FROM filler", [], |row| row.get(0))?;
                            std::thread::sleep(Duration::from_millis(15)); // a read that takes its time
                            Ok(found)
                        });
                        read.unwrap();
                    }
                });
            }
            let (mut folding, mut longest) = (Folding::default(), 0);
            for _ in 0..12 * EVERY {
                connection.execute("INSERT INTO filler VALUES (zeroblob(100000))", []).unwrap();
                folding.after_a_commit(&connection);
                longest = longest.max(pages(&connection, "PASSIVE").unwrap());
            }
            over.store(true, Ordering::SeqCst);
            longest
        });
        assert!(longest < 3 * LONG, "{longest} pages");
    }
}
