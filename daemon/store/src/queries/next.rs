//! The candidates for "what should I do next": the heads of a few indexes, so that the cost does not follow the store.

use orc_core::status::Priority;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::Filter;
use super::list::{HOLDER, Listed, listed};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// An item that can be worked on: in queue or work, nothing holds it back, and its time has come.
const ACTIONABLE: &str = "i.status <= 1 AND i.unmet = 0 AND i.open_children = 0
     AND (i.next_run_ts IS NULL OR i.next_run_ts <= ?) AND (i.not_before_ts IS NULL OR i.not_before_ts <= ?)";

/// Nobody holds it but, perhaps, this session.
const NOT_OTHERS: &str =
    "NOT EXISTS (SELECT 1 FROM claims c WHERE c.item = i.rid AND (c.ends_ts IS NULL OR c.ends_ts > ?)
     AND c.session <> ?)";

/// This session holds it.
const MINE: &str =
    "EXISTS (SELECT 1 FROM claims c WHERE c.item = i.rid AND (c.ends_ts IS NULL OR c.ends_ts > ?)
     AND c.session = ?)";

impl Tx<'_> {
    /// Every item that can be among the first `limit` offered to `session`: all that are due up to `horizon`, the session's own,
    /// and the oldest of each priority. Times in microseconds. Whoever asks ranks them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn candidates(
        &self,
        filter: &Filter,
        session: &str,
        now: i64,
        horizon: i64,
        limit: usize,
    ) -> Result<Vec<Listed>> {
        let own = || [Value::from(now), Value::from(session.to_owned())];
        let due = "i.due_ts <= ? AND i.status IN (0, 1, 2, 4)";
        let mut found =
            self.actionable(filter, now, (due, vec![Value::from(horizon)]), own(), "i.due_ts", None)?;
        found.extend(self.actionable(filter, now, (MINE, own().into()), own(), "i.created_ts", None)?);
        for priority in Priority::ALL {
            let clause = format!("i.priority = {}", priority.index());
            found.extend(self.actionable(
                filter,
                now,
                (&clause, vec![]),
                own(),
                "i.created_ts, i.id",
                Some(limit),
            )?);
        }
        found.sort_by(|a, b| a.item.id.cmp(&b.item.id));
        found.dedup_by(|a, b| a.item.id == b.item.id);
        Ok(found)
    }

    fn actionable(
        &self,
        filter: &Filter,
        now: i64,
        (clause, values): (&str, Vec<Value>),
        own: [Value; 2],
        order: &str,
        limit: Option<usize>,
    ) -> Result<Vec<Listed>> {
        let mut w = filter.conditions(now);
        w.and(ACTIONABLE, [Value::from(now), Value::from(now)]);
        w.and(NOT_OTHERS, own);
        w.and(clause, values);
        let sql = format!("SELECT {}, {HOLDER} FROM items i {} ORDER BY {order} LIMIT ?", row::ITEM, w.sql());
        let limit = limit.map_or(-1, count);
        let values = std::iter::once(Value::from(now)).chain(w.values).chain([Value::from(limit)]);
        self.rows(&sql, params_from_iter(values), listed)
    }
}
