//! The sections of reports: each a few rows, and how many more there are.

use orc_core::note::Note;
use orc_core::status::Status;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::{Filter, Scope};
use super::list::Listed;
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// A few rows of what matches, and how many there are in all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// The first of them.
    pub rows: Vec<Listed>,
    /// How many there are.
    pub total: usize,
}

impl Tx<'_> {
    /// How many items there are in each status; statuses without any are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn status_counts(&self, filter: &Filter, now: i64) -> Result<Vec<(Status, i64)>> {
        let read =
            |row: &rusqlite::Row<'_>| Ok((row::word(row, 0, Status::from_index)?, row.get::<_, i64>(1)?));
        if !filter.is_plain() {
            let w = filter.conditions(now);
            let sql = format!(
                "SELECT i.status, count(*) FROM items i {} GROUP BY i.status ORDER BY i.status",
                w.sql()
            );
            return self.rows(&sql, params_from_iter(w.values), read);
        }
        let (clause, name) = match &filter.scope {
            Scope::All => ("?1 IS NULL", None),
            Scope::Only(name) => ("project = (SELECT rid FROM projects WHERE name = ?1)", Some(name)),
            Scope::With(name) => {
                ("(project = 0 OR project = (SELECT rid FROM projects WHERE name = ?1))", Some(name))
            }
        };
        let sql = format!(
            "SELECT status, sum(n) FROM counts WHERE {clause} GROUP BY status HAVING sum(n) > 0 ORDER BY status"
        );
        self.rows(&sql, [name], read)
    }

    /// The open items of every other project: names with how many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_by_project(&self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT q.name, sum(c.n) FROM counts c JOIN projects q ON q.rid = c.project
                   WHERE c.status IN (0, 1, 2, 4) GROUP BY q.rid HAVING sum(c.n) > 0 ORDER BY 2 DESC, 1";
        self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The items that match the filter and a condition in SQL on `items i`, in an order given in SQL.
    fn section(
        &self,
        filter: &Filter,
        (clause, values): (&str, Vec<Value>),
        order: &str,
        limit: usize,
        now: i64,
    ) -> Result<Section> {
        let mut w = filter.conditions(now);
        w.and(clause, values);
        let mut rows = self.listed_where(w.clone(), order, 0, limit + 1, now)?;
        let mut total = rows.len();
        if total > limit {
            rows.truncate(limit);
            let sql = format!("SELECT count(*) FROM items i {}", w.sql());
            total = self
                .one(&sql, params_from_iter(w.values), |row| row.get::<_, i64>(0))?
                .unwrap_or(0)
                .unsigned_abs() as usize;
        }
        Ok(Section { rows, total })
    }

    /// What is in work or review, changed last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn active(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        self.section(filter, ("i.status IN (1, 2)", vec![]), "i.updated_ts DESC, i.rid DESC", limit, now)
    }

    /// What is in work, changed last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn in_work(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        self.section(filter, ("i.status = 1", vec![]), "i.updated_ts DESC, i.rid DESC", limit, now)
    }

    /// What was done or cancelled last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn recently_closed(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        // Each status by itself, by its index: the two together would be read and sorted whole.
        let order = "i.updated_ts DESC, i.rid DESC";
        let done = self.section(filter, ("i.status = 3", vec![]), order, limit, now)?;
        let cancelled = self.section(filter, ("i.status = 5", vec![]), order, limit, now)?;
        let total = done.total + cancelled.total;
        let mut rows: Vec<Listed> = done.rows.into_iter().chain(cancelled.rows).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.item.updated_at.micros()));
        rows.truncate(limit);
        Ok(Section { rows, total })
    }

    /// What is blocked, and what waits in the queue for blockers; the explicitly blocked first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn held_back(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        let blocked =
            self.section(filter, ("i.status = 4", vec![]), "i.updated_ts DESC, i.rid DESC", limit, now)?;
        let waiting = ("i.status = 0 AND i.unmet > 0", vec![]);
        let waiting = self.section(filter, waiting, "i.created_ts, i.rid", limit, now)?;
        let total = blocked.total + waiting.total;
        let rows = blocked.rows.into_iter().chain(waiting.rows).take(limit).collect();
        Ok(Section { rows, total })
    }

    /// What has not changed since `queue` (in queue) or `work` (in work), longest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stale(&self, filter: &Filter, queue: i64, work: i64, limit: usize, now: i64) -> Result<Section> {
        let in_queue = ("i.status = 0 AND i.updated_ts < ?", vec![Value::from(queue)]);
        let in_work = ("i.status = 1 AND i.updated_ts < ?", vec![Value::from(work)]);
        let queued = self.section(filter, in_queue, "i.updated_ts, i.rid", limit, now)?;
        let worked = self.section(filter, in_work, "i.updated_ts, i.rid", limit, now)?;
        let total = queued.total + worked.total;
        let mut rows: Vec<Listed> = queued.rows.into_iter().chain(worked.rows).collect();
        rows.sort_by_key(|row| row.item.updated_at.micros());
        rows.truncate(limit);
        Ok(Section { rows, total })
    }

    /// What is open and due after `from` and up to `to`, earliest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn due(&self, filter: &Filter, from: i64, to: i64, limit: usize, now: i64) -> Result<Section> {
        let clause = "i.due_ts > ? AND i.due_ts <= ? AND i.status IN (0, 1, 2, 4)";
        self.section(
            filter,
            (clause, vec![Value::from(from), Value::from(to)]),
            "i.due_ts, i.rid",
            limit,
            now,
        )
    }

    /// What is scheduled to run up to `to`, earliest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scheduled(&self, filter: &Filter, to: i64, limit: usize, now: i64) -> Result<Section> {
        let clause = "i.next_run_ts <= ? AND i.status NOT IN (3, 5, 6)";
        self.section(filter, (clause, vec![Value::from(to)]), "i.next_run_ts, i.rid", limit, now)
    }

    /// What is done and was changed before `before`, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn archivable(&self, filter: &Filter, before: i64, limit: usize, now: i64) -> Result<Section> {
        let clause = ("i.status = 3 AND i.updated_ts < ?", vec![Value::from(before)]);
        self.section(filter, clause, "i.updated_ts, i.rid", limit, now)
    }

    /// The notes whose key contains `decision`, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn decisions(&self, filter: &Filter, limit: usize, now: i64) -> Result<Vec<Note>> {
        let mut w = filter.conditions(now);
        w.and("n.key LIKE '%decision%'", []);
        let sql = format!(
            "SELECT {} FROM notes n JOIN items i ON i.rid = n.item {} ORDER BY n.updated_ts DESC, n.rid DESC LIMIT ?",
            row::NOTE,
            w.sql()
        );
        self.rows(&sql, params_from_iter(w.values.into_iter().chain([Value::from(count(limit))])), row::note)
    }
}
