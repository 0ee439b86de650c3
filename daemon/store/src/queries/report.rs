//! The sections of reports: each a few rows, and how many more there are.

use orc_core::limits;
use orc_core::note::Note;
use orc_core::status::Status;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::census::Census;
use super::filter::{Filter, Scope, Where, marks};
use super::list::Listed;
use super::stretch::{Stretch, Stretches};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// A few rows of what matches, and how many there are in all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// The first of them.
    pub rows: Vec<Listed>,
    /// How many there are, as far as they were counted: up to [`limits::TOTAL_EXACT`], unless counting them costs nothing.
    pub total: usize,
}

/// What a section shows: stretches of one index.
struct Cut<'a> {
    /// The table with the index.
    from: &'static str,
    /// The order in which the index has them.
    order: &'static [&'static str],
    falling: &'static [bool],
    /// The statuses that the index holds apart; none where it does not.
    statuses: &'a [Status],
    /// What else they have in common.
    clause: (&'static str, Vec<Value>),
    /// Most that are counted.
    most: usize,
}

const BY_CHANGE: &str = "items i INDEXED BY items_by_change";
const CHANGED: &[&str] = &["i.updated_ts", "i.rid"];
const LAST_FIRST: &[bool] = &[true, true];
const FIRST_FIRST: &[bool] = &[false, false];

impl<'a> Cut<'a> {
    /// Items in these statuses, changed last first.
    fn changed_last(statuses: &'a [Status]) -> Self {
        Self {
            from: BY_CHANGE,
            order: CHANGED,
            falling: LAST_FIRST,
            statuses,
            clause: ("", Vec::new()),
            most: limits::TOTAL_EXACT,
        }
    }

    /// Items in that status that have not changed since, longest first.
    fn unchanged_since(statuses: &'a [Status], since: i64) -> Self {
        let clause = ("i.updated_ts < ?", vec![Value::from(since)]);
        Self { falling: FIRST_FIRST, clause, ..Self::changed_last(statuses) }
    }

    fn stretches(&self, census: &Census, rest: &Where) -> Stretches {
        let mut parts = Vec::new();
        let mut add = |project: Option<i64>, status: Option<Status>| {
            let mut w = Where::default();
            w.and("i.project IS ?", [Value::from(project)]);
            if let Some(status) = status {
                w.and("i.status = ?", [Value::from(status.index())]);
            }
            w.and_all(self.condition());
            w.and_all(rest.clone());
            parts.push(Stretch { from: self.from, order: self.order, w });
        };
        if self.statuses.is_empty() {
            census.projects().for_each(|project| add(project, None));
        }
        for status in self.statuses {
            census.with(*status).for_each(|project| add(project, Some(*status)));
        }
        Stretches { parts, falling: self.falling, overlap: false }
    }

    fn condition(&self) -> Where {
        let mut w = Where::default();
        if !self.clause.0.is_empty() {
            w.and(self.clause.0, self.clause.1.clone());
        }
        w
    }

    /// The same for items that are found by what they are tagged with, or by a search.
    fn of_found(&self, filter: &Filter, now: i64) -> (Where, String) {
        let mut w = filter.conditions(now);
        if !self.statuses.is_empty() {
            let statuses = self.statuses.iter().map(|status| Value::from(status.index()));
            w.and(format!("i.status IN ({})", marks(self.statuses.len())), statuses);
        }
        w.and_all(self.condition());
        let by = std::iter::zip(self.order, self.falling)
            .map(|(column, falls)| format!("+{column} {}", if *falls { "DESC" } else { "ASC" }));
        (w, by.collect::<Vec<_>>().join(", "))
    }
}

impl Tx<'_> {
    /// How many items there are in each status; statuses without any are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn status_counts(&self, filter: &Filter, now: i64) -> Result<Vec<(Status, i64)>> {
        if filter.is_plain() {
            return Ok(self.census(&filter.scope)?.by_status());
        }
        let w = filter.conditions(now);
        let sql =
            format!("SELECT i.status, count(*) FROM items i {} GROUP BY i.status ORDER BY i.status", w.sql());
        self.rows(&sql, params_from_iter(w.values), |row| {
            Ok((row::word(row, 0, Status::from_index)?, row.get(1)?))
        })
    }

    /// The open items of every other project: names with how many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_by_project(&self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT q.name, sum(k.n) FROM counts k JOIN projects q ON q.rid = k.project
                   WHERE k.status IN (0, 1, 2, 4) GROUP BY k.project HAVING sum(k.n) > 0";
        let mut open: Vec<(String, i64)> = self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        open.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        Ok(open)
    }

    /// The first `limit` items of a cut that match the filter, and how many there are.
    fn section(&self, filter: &Filter, cut: &Cut<'_>, limit: usize, now: i64) -> Result<Section> {
        self.section_of(filter, cut, limit, now, None)
    }

    /// The same where it may be known how many there are.
    fn section_of(
        &self,
        filter: &Filter,
        cut: &Cut<'_>,
        limit: usize,
        now: i64,
        known: Option<usize>,
    ) -> Result<Section> {
        let (rids, total) = if filter.search.is_some() || self.few_tagged(filter)? {
            let (w, order) = cut.of_found(filter, now);
            let rids = self.gathered(&w, &order, 0, limit + 1)?;
            let total = if rids.len() > limit { self.count_up_to(&w, cut.most)? } else { rids.len() };
            (rids, total)
        } else {
            let census = self.census(&filter.scope)?;
            let rest = Filter { scope: Scope::All, ..filter.clone() }.checked(now);
            let stretches = cut.stretches(&census, &rest);
            let rids = stretches.first(self, 0, limit + 1)?;
            let total = match rids.len() > limit {
                true if known.is_some() => known.unwrap_or_default(),
                true if filter.is_plain() && cut.clause.0.is_empty() => census.count(cut.statuses),
                true => stretches.count(self, cut.most)?,
                false => rids.len(),
            };
            (rids, total)
        };
        Ok(Section { rows: self.listed_at(&rids[..rids.len().min(limit)], now)?, total })
    }

    /// What is in work or review, changed last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn active(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        self.section(filter, &Cut::changed_last(&[Status::Work, Status::Review]), limit, now)
    }

    /// What is in work, changed last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn in_work(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        self.section(filter, &Cut::changed_last(&[Status::Work]), limit, now)
    }

    /// What was done or cancelled last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn recently_closed(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        self.section(filter, &Cut::changed_last(&[Status::Done, Status::Cancelled]), limit, now)
    }

    /// What is blocked, and what waits in the queue for blockers; the explicitly blocked first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn held_back(&self, filter: &Filter, limit: usize, now: i64) -> Result<Section> {
        let blocked = self.section(filter, &Cut::changed_last(&[Status::Blocked]), limit, now)?;
        let cut = Cut {
            from: "items i INDEXED BY items_waiting",
            order: &["i.created_ts", "i.rid"],
            falling: FIRST_FIRST,
            statuses: &[],
            clause: ("i.waits = 1", Vec::new()),
            most: limits::TOTAL_EXACT,
        };
        let known = if filter.is_plain() { Some(self.census(&filter.scope)?.waiting()) } else { None };
        let room = limit - blocked.rows.len();
        let waiting = self.section_of(filter, &cut, room, now, known)?;
        let rows = blocked.rows.into_iter().chain(waiting.rows).collect();
        Ok(Section { rows, total: blocked.total + waiting.total })
    }

    /// What has not changed since `queue` (in queue) or `work` (in work), longest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stale(&self, filter: &Filter, queue: i64, work: i64, limit: usize, now: i64) -> Result<Section> {
        let queued = self.section(filter, &Cut::unchanged_since(&[Status::Queue], queue), limit, now)?;
        let worked = self.section(filter, &Cut::unchanged_since(&[Status::Work], work), limit, now)?;
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
        const DUE: &str = "i.due_ts > ? AND i.due_ts <= ? AND i.status IN (0, 1, 2, 4)";
        let cut = Cut {
            from: "items i INDEXED BY items_due",
            order: &["i.due_ts", "i.rid"],
            falling: FIRST_FIRST,
            statuses: &[],
            clause: (DUE, vec![Value::from(from), Value::from(to)]),
            most: limits::TOTAL_EXACT,
        };
        self.section(filter, &cut, limit, now)
    }

    /// What is scheduled to run up to `to`, earliest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scheduled(&self, filter: &Filter, to: i64, limit: usize, now: i64) -> Result<Section> {
        const SCHEDULED: &str = "i.next_run_ts <= ? AND i.status IN (0, 1, 2, 4)";
        let cut = Cut {
            from: "items i INDEXED BY items_scheduled",
            order: &["i.next_run_ts", "i.rid"],
            falling: FIRST_FIRST,
            statuses: &[],
            clause: (SCHEDULED, vec![Value::from(to)]),
            most: limits::TOTAL_EXACT,
        };
        self.section(filter, &cut, limit, now)
    }

    /// What is done and was changed before `before`, oldest first; all of it is counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn archivable(&self, filter: &Filter, before: i64, limit: usize, now: i64) -> Result<Section> {
        let cut = Cut { most: usize::MAX, ..Cut::unchanged_since(&[Status::Done], before) };
        self.section(filter, &cut, limit, now)
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
