//! The candidates for "what should I do next": the heads of a few indexes, so that the cost does not follow the store.

use orc_core::claim::Actor;
use orc_core::status::Priority;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::{Filter, Where};
use super::list::{HOLDER, Listed, listed};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// An item that can be worked on: in queue or work, nothing holds it back, and its time has come.
const ACTIONABLE: &str = "i.status <= 1 AND i.unmet = 0 AND i.open_children = 0
     AND (i.next_run_ts IS NULL OR i.next_run_ts <= ?) AND (i.not_before_ts IS NULL OR i.not_before_ts <= ?)";

/// Nobody holds it but, perhaps, whoever asks: a session, and in it one subagent or, where none is named, all of them. The
/// values are now, the session, and the subagent twice; a session of null is nobody's.
const NOT_OTHERS: &str =
    "NOT EXISTS (SELECT 1 FROM claims c WHERE c.item = i.rid AND (c.ends_ts IS NULL OR c.ends_ts > ?)
     AND NOT (c.session IS ? AND (? IS NULL OR c.subagent IS ?)))";

/// Whoever asks holds it; the values are the same.
const OWN: &str = "i.rid IN (SELECT c.item FROM claims c WHERE (c.ends_ts IS NULL OR c.ends_ts > ?)
     AND c.session = ? AND (? IS NULL OR c.subagent IS ?))";

impl Tx<'_> {
    /// Every item that can be among the first `limit` offered to `asks`: all it holds, and the oldest of each priority, of
    /// what is overdue, of what is due up to `horizon`, and of the rest. What others hold is left out, and when nobody in
    /// particular asks, whatever is held. Times in microseconds. Whoever calls ranks them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn candidates(
        &self,
        filter: &Filter,
        asks: Option<&Actor>,
        now: i64,
        horizon: i64,
        limit: usize,
    ) -> Result<Vec<Listed>> {
        let who = || {
            let session = Value::from(asks.map(|actor| actor.session.clone()));
            let subagent = Value::from(asks.and_then(|actor| actor.subagent.clone()));
            [Value::from(now), session, subagent.clone(), subagent]
        };
        let free = |clause: &str, values: Vec<Value>| {
            let mut w = filter.conditions(now);
            w.and(ACTIONABLE, [Value::from(now), Value::from(now)]);
            w.and(NOT_OTHERS, who());
            w.and(clause, values);
            w
        };
        let due = free("i.due_ts <= ? AND i.status IN (0, 1, 2, 4)", vec![Value::from(horizon)]);
        let mut found = self.due_heads(due, now, limit)?;
        if asks.is_some() {
            found.extend(self.listed_where(free(OWN, who().into()), "i.created_ts", 0, usize::MAX, now)?);
        }
        for priority in Priority::ALL {
            let w = free(&format!("i.priority = {}", priority.index()), vec![]);
            found.extend(self.listed_where(w, "i.created_ts, i.id", 0, limit, now)?);
        }
        found.sort_by(|a, b| a.item.id.cmp(&b.item.id));
        found.dedup_by(|a, b| a.item.id == b.item.id);
        Ok(found)
    }

    /// Of what is due, the oldest `limit` of each priority among the overdue and among the rest: within these, age decides. A
    /// neglected store has thousands of overdue items, of which only these are read whole.
    fn due_heads(&self, w: Where, now: i64, limit: usize) -> Result<Vec<Listed>> {
        let sql = format!(
            "SELECT {}, {HOLDER} FROM items i WHERE i.rid IN (SELECT rid FROM (
                 SELECT i.rid AS rid, row_number() OVER (PARTITION BY i.priority, i.due_ts <= ? ORDER BY i.created_ts, i.id) AS place
                 FROM items i {}) WHERE place <= ?)",
            row::ITEM,
            w.sql()
        );
        let moments = [Value::from(now), Value::from(now)];
        let values = moments.into_iter().chain(w.values).chain([Value::from(count(limit))]);
        self.rows(&sql, params_from_iter(values), listed)
    }
}
