//! What the daemon keeps beside the graph: sessions, projects, answered requests, the last good configuration.

use orc_core::time::Stamp;
use orc_core::workspace::Workspace;
use rusqlite::params;

use crate::error::Result;
use crate::tx::Tx;
use crate::view::workspace;

/// Answers that are kept whatever the clock says: a call among them may be repeated right now.
const NEWEST: i64 = 1_000;

/// A session, as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionRow {
    /// Its public id.
    pub id: String,
    /// The secret by which a shim resumes it.
    pub token: String,
    /// Its agent's name.
    pub agent: String,
    /// The client's name and version.
    pub client: String,
    /// The shim's process.
    pub pid: Option<i64>,
    /// The shim's folder.
    pub folder: Option<String>,
    /// The project of that folder.
    pub project: Option<String>,
}

/// Whether a project that is to be called `wanted` may keep its name: that one, or `wanted-2` and so on where others had it first.
pub fn is_name_of(name: &str, wanted: &str) -> bool {
    let number = name.strip_prefix(wanted).map(|rest| rest.strip_prefix('-').map(str::parse::<u32>));
    name == wanted || matches!(number, Some(Some(Ok(2..))))
}

impl Tx<'_> {
    /// All workspaces, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn workspaces(&self) -> Result<Vec<(String, Workspace)>> {
        let sql =
            "SELECT tags, memory_tags, description, repos, conventions, name FROM workspaces ORDER BY name";
        self.rows(sql, [], |row| Ok((row.get(5)?, workspace(row)?)))
    }

    /// Whether a project of that name has been seen.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_project(&self, name: &str) -> Result<bool> {
        Ok(self.one("SELECT 1 FROM projects WHERE name = ?1", [name], |_| Ok(true))?.unwrap_or(false))
    }

    /// The names of all projects.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn project_names(&self) -> Result<Vec<String>> {
        self.rows("SELECT name FROM projects ORDER BY name", [], |row| row.get(0))
    }

    /// What the project at `root` is called now, if it is known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn project_at(&self, root: &str) -> Result<Option<String>> {
        self.one("SELECT name FROM projects WHERE root = ?1", [root], |row| row.get(0))
    }

    /// The name of the project at `root`, which is `wanted` unless another project has that name: then `wanted-2` and so on.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn name_project(&self, root: &str, wanted: &str) -> Result<String> {
        let known: Option<(i64, String)> =
            self.one("SELECT rid, name FROM projects WHERE root = ?1", [root], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })?;
        if let Some((_, name)) = &known
            && is_name_of(name, wanted)
        {
            return Ok(name.clone());
        }
        let mut name = wanted.to_owned();
        let mut n = 1;
        while let Some(owner) =
            self.one("SELECT root FROM projects WHERE name = ?1", [&name], |r| r.get::<_, Option<String>>(0))?
        {
            // A name that only items brought along belongs to the first folder that is called so.
            if owner.is_none() && known.is_none() {
                self.execute("UPDATE projects SET root = ?1 WHERE name = ?2", [root, &name])?;
                return Ok(name);
            }
            n += 1;
            name = format!("{wanted}-{n}");
        }
        match known {
            Some((rid, _)) => {
                self.execute("UPDATE projects SET name = ?2 WHERE rid = ?1", params![rid, name])?
            }
            None => self.execute("INSERT INTO projects (name, root) VALUES (?1, ?2)", [&name, root])?,
        }
        Ok(name)
    }

    /// Every project whose folder is known: name and folder.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn projects(&self) -> Result<Vec<(String, String)>> {
        self.rows("SELECT name, root FROM projects WHERE root IS NOT NULL ORDER BY rid", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
    }

    /// Keeps a session that begins, or begins again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn keep_session(&self, session: &SessionRow, now: &Stamp) -> Result<()> {
        self.execute(
            "INSERT INTO sessions (id, token, agent, client, pid, folder, project, started_at, started_ts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, client = excluded.client, pid = excluded.pid,
                 folder = excluded.folder, project = excluded.project, ended_ts = NULL",
            params![
                session.id,
                session.token,
                session.agent,
                session.client,
                session.pid,
                session.folder,
                session.project,
                now.text(),
                now.micros()
            ],
        )
    }

    /// Marks a session as ended, and forgets those that ended before `forget`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn end_session(&self, id: &str, now: &Stamp, forget: i64) -> Result<()> {
        self.execute("UPDATE sessions SET ended_ts = ?2 WHERE id = ?1", params![id, now.micros()])?;
        self.execute("DELETE FROM sessions WHERE ended_ts < ?1", [forget])
    }

    /// The session of a token, ended or not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn session_by_token(&self, token: &str) -> Result<Option<SessionRow>> {
        let sql = "SELECT id, token, agent, client, pid, folder, project FROM sessions WHERE token = ?1";
        self.one(sql, [token], session)
    }

    /// The sessions that had not ended when the daemon stopped.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_sessions(&self) -> Result<Vec<SessionRow>> {
        let sql =
            "SELECT id, token, agent, client, pid, folder, project FROM sessions WHERE ended_ts IS NULL";
        self.rows(sql, [], session)
    }

    /// When the first claim ends by itself, in microseconds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_claim_end(&self) -> Result<Option<i64>> {
        Ok(self.one("SELECT min(ends_ts) FROM claims WHERE ends_ts IS NOT NULL", [], |r| r.get(0))?.flatten())
    }

    /// The answer that a key was given at or after `since`, with the hash of what was asked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn answered(&self, key: &str, since: i64) -> Result<Option<(Vec<u8>, String)>> {
        let sql = "SELECT hash, answer FROM requests WHERE key = ?1 AND ts >= ?2";
        self.one(sql, params![key, since], |r| Ok((r.get(0)?, r.get(1)?)))
    }

    /// Keeps the answer of a key, and forgets those before `forget`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn keep_answer(&self, key: &str, hash: &[u8], answer: &str, now: i64, forget: i64) -> Result<()> {
        // A few at a time, oldest first: two go for each that comes, so that none stays behind. A time that lies far ahead is
        // of a clock that was wrong, and so may the present one be: the newest stay in any case.
        // Written as a range: for a list of rows SQLite may go through the whole table.
        let oldest = "DELETE FROM requests WHERE rid <= (SELECT max(rid) FROM (SELECT rid FROM requests ORDER BY rid LIMIT 2))
                      AND (ts < ?1 OR ts > ?2) AND rid <= (SELECT max(rid) FROM requests) - ?3";
        self.execute(oldest, params![forget, now.saturating_add(now - forget), NEWEST])?;
        let sql = "INSERT OR REPLACE INTO requests (key, hash, answer, ts) VALUES (?1, ?2, ?3, ?4)";
        self.execute(sql, params![key, hash, answer, now])?;
        #[cfg(feature = "faults")]
        crate::faults::at(crate::faults::Point::AnswerKept)?;
        Ok(())
    }

    /// The last good text of a configuration file.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn good_config(&self, path: &str) -> Result<Option<String>> {
        self.one("SELECT text FROM config_good WHERE path = ?1", [path], |r| r.get(0))
    }

    /// Keeps or forgets the last good text of a configuration file.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn keep_config(&self, path: &str, text: Option<&str>) -> Result<()> {
        match text {
            Some(text) => {
                self.execute("INSERT OR REPLACE INTO config_good (path, text) VALUES (?1, ?2)", [path, text])
            }
            None => self.execute("DELETE FROM config_good WHERE path = ?1", [path]),
        }
    }

    /// A value kept under a name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn remembered(&self, key: &str) -> Result<Option<String>> {
        self.one("SELECT value FROM meta WHERE key = ?1", [key], |r| r.get(0))
    }

    /// Keeps a value under a name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remember(&self, key: &str, value: &str) -> Result<()> {
        self.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [key, value])
    }
}

fn session(row: &rusqlite::Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        id: row.get(0)?,
        token: row.get(1)?,
        agent: row.get(2)?,
        client: row.get(3)?,
        pid: row.get(4)?,
        folder: row.get(5)?,
        project: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use orc_core::time::DAY;

    const KEPT: i64 = 7 * DAY;

    #[test]
    fn answers_are_kept_for_a_while_and_no_longer() {
        let tx = crate::tests::fresh();
        let rows = || tx.one("SELECT count(*) FROM requests", [], |row| row.get::<_, i64>(0)).unwrap();
        let keep = |key: &str, now: i64| tx.keep_answer(key, b"h", "{}", now, now - KEPT).unwrap();
        let answered = |key: &str, now: i64| tx.answered(key, now - KEPT).unwrap().is_some();
        keep("first", 0);
        assert!(answered("first", KEPT) && !answered("other", KEPT));
        assert!(!answered("first", KEPT + 1), "also where nothing was written since");
        (1..super::NEWEST).for_each(|n| keep(&n.to_string(), KEPT));
        keep("second", KEPT);
        assert_eq!(rows(), Some(super::NEWEST + 1));
        keep("third", KEPT + 1);
        assert_eq!(rows(), Some(super::NEWEST + 1), "the first has made room");
        assert!(answered("second", KEPT + 1));
        keep("second", 2 * KEPT);
        assert!(answered("second", 3 * KEPT), "a key that is used anew counts from then");
    }

    #[test]
    fn a_clock_that_jumps_forgets_no_answer_that_may_be_repeated_right_now() {
        let tx = crate::tests::fresh();
        let keep = |key: &str, now: i64| tx.keep_answer(key, b"h", "{}", now, now - KEPT).unwrap();
        let kept = |key: &str| tx.answered(key, i64::MIN).unwrap().is_some();
        keep("before", 0);
        for n in 0..super::NEWEST - 1 {
            keep(&n.to_string(), 100 * KEPT);
            assert!(kept("before"));
        }
        // And those of a clock that was ahead do not stay for ever.
        (0..4).for_each(|n| keep(&format!("back {n}"), n));
        assert!(kept("before") && !kept("0") && kept("500"));
    }
}
