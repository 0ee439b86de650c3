//! The sections of reports: each a few rows, and how many more there are.

use orc_core::limits;
use orc_core::note::Note;
use orc_core::status::Status;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::census::Census;
use super::filter::{Filter, Scope, Where, marks};
use super::list::Listed;
use super::stretch::{LISTED_AT, Stretch, Stretches, TAGGED};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;
use crate::write::List;

/// A few rows of what matches, and how many there are in all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// The first of them.
    pub rows: Vec<Listed>,
    /// How many there are, as far as they were counted: up to [`limits::TOTAL_EXACT`], unless counting them costs nothing.
    pub total: usize,
}

/// What a section shows: a part of the items, in the order of a moment that they have.
struct Cut<'a> {
    part: Part<'a>,
    /// Of the moment, in microseconds: behind this,
    after: Option<i64>,
    /// and before this.
    before: Option<i64>,
    falling: &'static [bool],
    /// Most that are counted.
    most: usize,
}

/// A part of the items that an index has by itself, and every tag a list of.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// Those in any of these statuses, by when they changed.
    In(&'a [Status]),
    /// Those that wait in the queue for blockers, by when they were made.
    Waiting,
    /// Those that are open, by when they are due.
    Due,
    /// Those that are open, by when they run next.
    Scheduled,
}

const LAST_FIRST: &[bool] = &[true, true];
const FIRST_FIRST: &[bool] = &[false, false];

impl Part<'_> {
    /// Its index, its order, and the condition by which SQLite sees that the index has all of it.
    fn index(self) -> (&'static str, &'static [&'static str; 2], &'static str) {
        match self {
            Self::In(_) => ("items i INDEXED BY items_by_change", &["i.updated_ts", "i.rid"], "i.status = ?"),
            Self::Waiting => ("items i INDEXED BY items_waiting", &["i.created_ts", "i.rid"], "i.waits = 1"),
            Self::Due => (
                "items i INDEXED BY items_due",
                &["i.due_ts", "i.rid"],
                "i.status IN (0, 1, 2, 4) AND i.due_ts IS NOT NULL",
            ),
            Self::Scheduled => (
                "items i INDEXED BY items_scheduled",
                &["i.next_run_ts", "i.rid"],
                "i.status IN (0, 1, 2, 4) AND i.next_run_ts IS NOT NULL",
            ),
        }
    }

    fn lists(self) -> Vec<List> {
        match self {
            Self::In(statuses) => statuses.iter().map(|status| List::In(*status)).collect(),
            Self::Waiting => vec![List::Waiting],
            Self::Due => vec![List::Due],
            Self::Scheduled => vec![List::Scheduled],
        }
    }

    /// How many there are.
    fn count(self, census: &Census) -> Option<usize> {
        match self {
            Self::In(statuses) => Some(census.count(statuses)),
            Self::Waiting => Some(census.waiting()),
            Self::Due | Self::Scheduled => None,
        }
    }
}

impl<'a> Cut<'a> {
    fn of(part: Part<'a>) -> Self {
        Self { part, after: None, before: None, falling: FIRST_FIRST, most: limits::TOTAL_EXACT }
    }

    /// Items in these statuses, changed last first.
    fn changed_last(statuses: &'a [Status]) -> Self {
        Self { falling: LAST_FIRST, ..Self::of(Part::In(statuses)) }
    }

    /// Items in that status that have not changed since, longest first.
    fn unchanged_since(statuses: &'a [Status], since: i64) -> Self {
        Self { before: Some(since), ..Self::of(Part::In(statuses)) }
    }

    /// Stretches of the index, one for each project and status.
    fn stretches(&self, census: &Census, rest: &Where) -> Stretches {
        let (from, order, condition) = self.part.index();
        let mut parts = Vec::new();
        for list in self.part.lists() {
            let (projects, status): (Vec<_>, _) = match list {
                List::In(status) => (census.with(status).collect(), Some(Value::from(status.index()))),
                _ => (census.projects().collect(), None),
            };
            for project in projects {
                let mut w = Where::default();
                w.and("i.project IS ?", [Value::from(project)]);
                w.and(condition, status.clone());
                self.bound(&mut w, order[0]);
                w.and_all(rest.clone());
                parts.push(Stretch { from, order, w });
            }
        }
        Stretches { parts, falling: self.falling, overlap: false }
    }

    /// Stretches of the lists of these tags.
    fn of_tags(&self, tags: &[String], census: &Census, rest: &Where) -> Stretches {
        let from = if rest.is_empty() { "tagged t" } else { TAGGED };
        let mut parts = Vec::new();
        for (tag, list) in
            tags.iter().flat_map(|tag| self.part.lists().into_iter().map(move |list| (tag, list)))
        {
            for project in census.projects() {
                let mut w = Where::default();
                let key =
                    [Value::from(tag.clone()), Value::from(list.index()), Value::from(project.unwrap_or(0))];
                w.and("t.tag = ? AND t.list = ? AND t.project = ?", key);
                self.bound(&mut w, LISTED_AT[0]);
                w.and_all(rest.clone());
                parts.push(Stretch { from, order: LISTED_AT, w });
            }
        }
        Stretches { parts, falling: self.falling, overlap: tags.len() > 1 }
    }

    /// All conditions on a row, and the order.
    fn of_found(&self, filter: &Filter, now: i64) -> (Where, String) {
        let (_, order, condition) = self.part.index();
        let mut w = filter.conditions(now);
        match self.part {
            Part::In(statuses) => {
                let values = statuses.iter().map(|status| Value::from(status.index()));
                w.and(format!("i.status IN ({})", marks(statuses.len())), values);
            }
            _ => w.and(condition, []),
        }
        self.bound(&mut w, order[0]);
        let by = std::iter::zip(order, self.falling)
            .map(|(column, falls)| format!("+{column} {}", if *falls { "DESC" } else { "ASC" }));
        (w, by.collect::<Vec<_>>().join(", "))
    }

    fn bound(&self, w: &mut Where, moment: &str) {
        if let Some(after) = self.after {
            w.and(format!("{moment} > ?"), [Value::from(after)]);
        }
        if let Some(before) = self.before {
            w.and(format!("{moment} < ?"), [Value::from(before)]);
        }
    }
}

impl Tx<'_> {
    /// How many items there are in each status; statuses without any are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn status_counts(&self, filter: &Filter, now: i64) -> Result<Vec<(Status, i64)>> {
        if filter.is_counted() {
            return Ok(self.census_of(filter)?.by_status());
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

    /// The census of the filter's scope and workspace.
    fn census_of(&self, filter: &Filter) -> Result<Census> {
        match &filter.workspace {
            None => self.census(&filter.scope),
            Some(within) => self.census_within(&filter.scope, &within.name),
        }
    }

    /// The first `limit` items of a cut that match the filter, and how many there are.
    fn section(&self, filter: &Filter, cut: &Cut<'_>, limit: usize, now: i64) -> Result<Section> {
        if filter.search.is_some() {
            return self.section_of_found(filter, cut, limit, now);
        }
        let census = self.census_of(filter)?;
        let rest = Filter { scope: Scope::All, workspace: None, ..filter.clone() }.checked(now);
        let stretches = match &filter.workspace {
            None => cut.stretches(&census, &rest),
            Some(within) => cut.of_tags(&within.tags, &census, &rest),
        };
        let rids = stretches.first(self, 0, limit + 1)?;
        let whole = filter.is_counted() && cut.after.is_none() && cut.before.is_none();
        let total = match cut.part.count(&census).filter(|_| whole) {
            _ if rids.len() <= limit => rids.len(),
            Some(known) => known,
            None => stretches.count(self, cut.most)?,
        };
        Ok(Section { rows: self.listed_at(&rids[..rids.len().min(limit)], now)?, total })
    }

    /// The same of what a search finds, which no index has in an order.
    fn section_of_found(&self, filter: &Filter, cut: &Cut<'_>, limit: usize, now: i64) -> Result<Section> {
        let (w, order) = cut.of_found(filter, now);
        let rids = self.gathered(&w, &order, 0, limit + 1)?;
        let total = if rids.len() > limit { self.count_up_to(&w, cut.most)? } else { rids.len() };
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
        let room = limit - blocked.rows.len();
        let waiting = self.section(filter, &Cut::of(Part::Waiting), room, now)?;
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
        rows.sort_by_key(|row| row.updated_ts);
        rows.truncate(limit);
        Ok(Section { rows, total })
    }

    /// What is open and due after `from` and up to `to`, earliest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn due(&self, filter: &Filter, from: i64, to: i64, limit: usize, now: i64) -> Result<Section> {
        let cut = Cut { after: Some(from), before: Some(to + 1), ..Cut::of(Part::Due) };
        self.section(filter, &cut, limit, now)
    }

    /// What is scheduled to run up to `to`, earliest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scheduled(&self, filter: &Filter, to: i64, limit: usize, now: i64) -> Result<Section> {
        let cut = Cut { before: Some(to + 1), ..Cut::of(Part::Scheduled) };
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
