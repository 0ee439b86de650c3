//! The search text's segments.
//!
//! Every commit adds a small segment to the search text, and segments that have become many are merged into larger ones. SQLite does
//! that by parts within later commits, so that one create in fifty takes twenty times as long as the others, and whoever comes after
//! an import pays for all of it. Agents pause between their calls for longer than a part takes: in such a lull the writer merges,
//! and where there is none, SQLite does as before.

use std::time::{Duration, Instant};

use rusqlite::Connection;

/// How long nobody wrote, when a lull begins. Agents that write one after the other pause for less.
pub(crate) const LULL: Duration = Duration::from_millis(200);
/// Commits that leave enough to merge: SQLite merges four segments at a time.
const ENOUGH: u32 = 4;
/// Pages that one part writes, for which a call may have to wait: about a millisecond. SQLite does not stop within a word, so that
/// among a million items one part in a hundred takes fifty.
const PART: i64 = 8;
/// So many times as long as the last part took nothing is merged: few calls meet a part.
const REST: u32 = 4;

/// What is to be merged.
#[derive(Debug, Default)]
pub(crate) struct Tidying {
    commits: u32,
    /// Within a lull that has begun: how long until the next part.
    rest: Option<Duration>,
}

impl Tidying {
    /// After a commit of a call.
    pub(crate) fn after_a_commit(&mut self) {
        self.commits = self.commits.saturating_add(1);
        self.rest = None;
    }

    /// How long to wait for a call before the next part; none: there is nothing to merge.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.rest.or((self.commits >= ENOUGH).then_some(LULL))
    }

    /// Merges a part, outside of any transaction. What fails here is tried again in a later lull: unmerged is slower, not wrong.
    pub(crate) fn merge(&mut self, connection: &Connection) {
        let begun = Instant::now();
        let parts = ["item_text", "note_text"].map(|text| merge_part(connection, text));
        let merged = parts.iter().any(|part| matches!(part, Ok(true)));
        self.rest = merged.then(|| begun.elapsed() * REST);
        // What a call interrupts goes on in the next lull, however short the burst was.
        self.commits = if merged { ENOUGH } else { 0 };
    }
}

/// Whether anything was merged.
fn merge_part(connection: &Connection, text: &str) -> rusqlite::Result<bool> {
    let before = connection.total_changes();
    let sql = format!("INSERT INTO {text} ({text}, rank) VALUES ('merge', ?1)");
    connection.prepare_cached(&sql)?.execute([PART])?;
    // The statement itself counts for one change (FTS5's documentation).
    Ok(connection.total_changes() - before >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 8] = ["harbour", "harvest", "handbook", "hay", "wall", "write", "repair", "drum"];

    /// What FTS5's own record says: behind two words come the number of levels and that of segments, here below 128.
    fn segments(connection: &Connection, text: &str) -> u8 {
        let sql = format!("SELECT block FROM {text}_data WHERE id = 10");
        let record: Vec<u8> = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        record[9]
    }

    fn found(connection: &Connection, word: &str) -> Vec<i64> {
        let sql = "SELECT rowid FROM item_text WHERE item_text MATCH ?1";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([word], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn in_a_lull_segments_are_merged_until_there_are_few_and_what_is_found_stays() {
        let folder = tempfile::tempdir().unwrap();
        let connection = crate::open(&folder.path().join("tasks.db")).unwrap().connection;
        // Without SQLite's own merging, as after a burst of which nothing has been merged yet.
        for text in ["item_text", "note_text"] {
            let sql = format!("INSERT INTO {text} ({text}, rank) VALUES ('automerge', 0)");
            connection.execute(&sql, []).unwrap();
        }
        let mut tidying = Tidying::default();
        for n in 0..15_u32 {
            assert_eq!(tidying.due(), (n >= 4).then_some(LULL), "after {n}");
            let title = format!("{} {} {n}", WORDS[n as usize % 8], WORDS[n as usize / 8 % 8]);
            connection
                .execute("INSERT INTO item_text (rowid, title, description) VALUES (?1, ?2, ?2)", (n, title))
                .unwrap();
            tidying.after_a_commit();
        }
        let before = found(&connection, "harbour");
        let many = segments(&connection, "item_text");
        assert!(many > 12, "{many}");
        let mut parts = 0;
        while tidying.due().is_some() {
            tidying.merge(&connection);
            parts += 1;
            assert!(parts < 1_000, "it ends");
        }
        assert!(segments(&connection, "item_text") < 4, "{}", segments(&connection, "item_text"));
        assert_eq!(found(&connection, "harbour"), before);
        assert!(!before.is_empty());
    }

    #[test]
    fn a_call_ends_a_lull() {
        let folder = tempfile::tempdir().unwrap();
        let connection = crate::open(&folder.path().join("tasks.db")).unwrap().connection;
        let rest = Duration::from_millis(7);
        let mut tidying = Tidying { commits: 9, rest: Some(rest) };
        assert_eq!(tidying.due(), Some(rest));
        tidying.after_a_commit();
        assert_eq!(tidying.due(), Some(LULL));
        tidying.merge(&connection);
        assert_eq!(tidying.due(), None, "an empty text has nothing to merge");
    }
}
