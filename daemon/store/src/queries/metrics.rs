//! The raw numbers of get_metrics. Their cost follows the period, not the store.

use std::collections::{BTreeMap, BTreeSet};

use orc_core::status::{Priority, Status};
use orc_core::text::split_tags;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::Filter;
use super::list::{Order, Sort};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;

/// What happened in a period.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Metrics {
    /// (when, priority) of each completion, in microseconds.
    pub completions: Vec<(i64, Priority)>,
    /// From creation to completion, in microseconds.
    pub lead: Vec<i64>,
    /// From the first start to completion, in microseconds.
    pub cycle: Vec<i64>,
    /// Microseconds spent in each status that was left in the period.
    pub spent: Vec<(Status, i64)>,
    /// Items in work.
    pub wip: i64,
    /// Items that are not terminal.
    pub open: i64,
    /// Of those, how many were not changed since the given time.
    pub stale: i64,
    /// All items.
    pub total: i64,
    /// The most used tags of items that are not terminal.
    pub tags: Vec<(String, i64)>,
}

impl Tx<'_> {
    /// What happened since `since` among the items that match; `stale_before` decides what is stale. In microseconds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn metrics(&self, filter: &Filter, since: i64, stale_before: i64, now: i64) -> Result<Metrics> {
        let mut metrics = Metrics::default();
        self.completions(filter, since, now, &mut metrics)?;
        self.recurring(filter, since, now, &mut metrics)?;
        metrics.spent = self.spent(filter, since, now)?;
        for (status, n) in self.status_counts(filter, now)? {
            metrics.total += n;
            metrics.open += if status.is_terminal() { 0 } else { n };
            metrics.wip += if status == Status::Work { n } else { 0 };
        }
        metrics.stale = metrics.open - self.open_and_changed(filter, stale_before, now)?;
        metrics.tags = self.most_used_tags(filter, now)?;
        Ok(metrics)
    }

    /// The ten tags that most items carry which are not terminal.
    fn most_used_tags(&self, filter: &Filter, now: i64) -> Result<Vec<(String, i64)>> {
        let read = |r: &rusqlite::Row<'_>| Ok((r.get(0)?, r.get(1)?));
        if filter.is_plain() {
            let projects: Vec<i64> =
                self.census(&filter.scope)?.projects().map(Option::unwrap_or_default).collect();
            let sql = "SELECT tag, sum(n) FROM open_tags WHERE project IN (SELECT value FROM json_each(?1))
                       GROUP BY tag HAVING sum(n) > 0 ORDER BY 2 DESC, 1 LIMIT 10";
            return self.rows(sql, [serde_json::Value::from(projects).to_string()], read);
        }
        let mut w = filter.conditions(now);
        w.and("i.status IN (0, 1, 2, 4)", []);
        let sql = format!("SELECT i.tags FROM items i {}", w.sql());
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for tags in self.rows(&sql, params_from_iter(w.values), |r| r.get::<_, String>(0))? {
            for tag in split_tags(&tags).collect::<BTreeSet<_>>() {
                *counts.entry(tag.to_owned()).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        counts.truncate(10);
        Ok(counts)
    }

    /// How many items that are not terminal were changed since then: the period's cost, where what was not changed is the store's.
    fn open_and_changed(&self, filter: &Filter, since: i64, now: i64) -> Result<i64> {
        let open = vec![Status::Queue, Status::Work, Status::Review, Status::Blocked];
        let filter = Filter { statuses: open, updated_since: Some(since), ..filter.clone() };
        let order = Order { sort: Sort::Updated, ascending: false };
        let way = self.way(&filter, order, None, now)?;
        Ok(crate::view::count(self.counted(&way, usize::MAX)?))
    }

    /// Items that are done or archived now, by when they were completed.
    fn completions(&self, filter: &Filter, since: i64, now: i64, metrics: &mut Metrics) -> Result<()> {
        let mut w = filter.conditions(now);
        w.and("i.completed_ts >= ? AND i.status IN (3, 6)", [Value::from(since)]);
        let sql =
            format!("SELECT i.completed_ts, i.priority, i.created_ts, i.started_ts FROM items i {}", w.sql());
        let rows = self.rows(&sql, params_from_iter(w.values), |r| {
            Ok((
                r.get::<_, i64>(0)?,
                row::word(r, 1, Priority::from_index)?,
                r.get::<_, i64>(2)?,
                r.get::<_, Option<i64>>(3)?,
            ))
        })?;
        for (at, priority, created, started) in rows {
            metrics.completions.push((at, priority));
            metrics.lead.push((at - created).max(0));
            metrics.cycle.extend(started.map(|s| (at - s).max(0)));
        }
        Ok(())
    }

    /// Completions of scheduled items, which are back in the queue by now.
    fn recurring(&self, filter: &Filter, since: i64, now: i64, metrics: &mut Metrics) -> Result<()> {
        let mut w = filter.conditions(now);
        // A completion that led to done was no round: the item got its schedule later, and was reopened.
        w.and(
            "h.ts >= ? AND h.to_status = 3 AND h.from_status IS NOT NULL AND i.schedule IS NOT NULL
             AND i.status NOT IN (3, 6) AND json_extract(h.data, '$.changes.status[1]') IS NOT 'done'",
            [Value::from(since)],
        );
        let sql = format!(
            "SELECT h.ts, i.priority, h.lead, h.cycle FROM history h JOIN items i ON i.id = h.item {}",
            w.sql()
        );
        let rows = self.rows(&sql, params_from_iter(w.values), |r| {
            Ok((
                r.get::<_, i64>(0)?,
                row::word(r, 1, Priority::from_index)?,
                r.get::<_, Option<i64>>(2)?,
                r.get::<_, Option<i64>>(3)?,
            ))
        })?;
        for (at, priority, lead, cycle) in rows {
            metrics.completions.push((at, priority));
            metrics.lead.extend(lead);
            metrics.cycle.extend(cycle);
        }
        Ok(())
    }

    fn spent(&self, filter: &Filter, since: i64, now: i64) -> Result<Vec<(Status, i64)>> {
        let mut w = filter.conditions(now);
        w.and("h.ts >= ? AND h.from_status IS NOT NULL", [Value::from(since)]);
        let sql = format!(
            "SELECT h.from_status, sum(h.spent) FROM history h JOIN items i ON i.id = h.item {} GROUP BY h.from_status",
            w.sql()
        );
        self.rows(&sql, params_from_iter(w.values), |r| Ok((row::word(r, 0, Status::from_index)?, r.get(1)?)))
    }
}
