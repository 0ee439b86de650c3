//! The candidates for "what should I do next": the head of the line, so that the cost does not follow the store.

use orc_core::claim::Actor;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::{Filter, Scope, Where};
use super::list::Listed;
use super::way::FEW;
use crate::error::Result;
use crate::tx::Tx;
use crate::view::count;

/// In queue or work, and nothing holds it back but perhaps a claim or its time.
const READY: &str = "i.status <= 1 AND i.unmet = 0 AND i.open_children = 0
     AND (i.next_run_ts IS NULL OR i.next_run_ts <= ?) AND (i.not_before_ts IS NULL OR i.not_before_ts <= ?)";

/// No claim holds it now. An ended claim may still be there: the clock runs a little behind.
const UNCLAIMED: &str =
    "NOT EXISTS (SELECT 1 FROM claims c WHERE c.item = i.rid AND (c.ends_ts IS NULL OR c.ends_ts > ?))";

/// Held by the caller now: by the whole session, or by the one subagent that asks.
const HELD: &str = "i.rid IN (SELECT c.item FROM claims c INDEXED BY claims_by_session
     WHERE (c.ends_ts IS NULL OR c.ends_ts > ?) AND c.session = ? AND (? IS NULL OR c.subagent IS ?))";

/// Its time has come, or its claim has ended, and the writer has not seen to it yet.
const TURNED: &str =
    "i.rid IN (SELECT t.rid FROM items t INDEXED BY items_turning WHERE t.turn_ts <= ? UNION ALL
     SELECT e.item FROM claims e INDEXED BY claims_ending WHERE e.ends_ts <= ? AND e.item IS NOT NULL)";

/// Who asks for candidates, and for which moment. Times in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The caller: other holders' claims are left out.
    pub actor: &'a Actor,
    /// Leave out the caller's own claims too: whoever is about to claim wants something new.
    pub unclaimed: bool,
    /// The present moment.
    pub now: i64,
    /// How many are wanted.
    pub limit: usize,
}

impl Tx<'_> {
    /// Every item that can be among the first ones offered: the head of the line, what time has moved since the writer looked
    /// last, and the caller's own. Whoever asks ranks them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn candidates(&self, filter: &Filter, asking: Asking<'_>) -> Result<Vec<Listed>> {
        let mut rids = self.heads(filter, asking)?;
        rids.extend(self.turned(filter, asking)?);
        if !asking.unclaimed {
            rids.extend(self.held(filter, asking)?);
        }
        rids.sort_unstable();
        rids.dedup();
        self.listed_at(&rids, asking.now)
    }

    /// The head of every project's line.
    fn heads(&self, filter: &Filter, asking: Asking<'_>) -> Result<Vec<i64>> {
        if self.few_tagged(filter)? {
            let mut w = filter.conditions(asking.now);
            w.and("i.line IS NOT NULL", []);
            return self.gathered(&w, "+i.line, i.created_ts, i.id", 0, asking.limit);
        }
        let rest = Filter { scope: Scope::All, ..filter.clone() }.checked(asking.now);
        let mut heads = Vec::new();
        for project in self.census(&filter.scope)?.projects() {
            let mut w = Where::default();
            w.and("i.project IS ? AND i.line IS NOT NULL", [Value::from(project)]);
            w.and_all(rest.clone());
            let sql = format!(
                "SELECT i.rid FROM items i INDEXED BY items_in_line {} ORDER BY i.line, i.created_ts, i.id LIMIT ?",
                w.sql()
            );
            let values = w.values.into_iter().chain([Value::from(count(asking.limit))]);
            heads.extend(self.rows(&sql, params_from_iter(values), |row| row.get::<_, i64>(0))?);
        }
        Ok(heads)
    }

    fn turned(&self, filter: &Filter, asking: Asking<'_>) -> Result<Vec<i64>> {
        let mut w = ready(filter, asking.now);
        w.and(UNCLAIMED, [Value::from(asking.now)]);
        w.and(TURNED, [Value::from(asking.now), Value::from(asking.now)]);
        self.any(&w, FEW.max(asking.limit))
    }

    fn held(&self, filter: &Filter, asking: Asking<'_>) -> Result<Vec<i64>> {
        let subagent = || Value::from(asking.actor.subagent.clone());
        let mut w = ready(filter, asking.now);
        let session = Value::from(asking.actor.session.clone());
        w.and(HELD, [Value::from(asking.now), session, subagent(), subagent()]);
        self.any(&w, usize::MAX)
    }

    /// Up to `most` of the rows that match, in no order: whoever asks ranks them.
    fn any(&self, w: &Where, most: usize) -> Result<Vec<i64>> {
        let sql = format!("SELECT i.rid FROM items i {} LIMIT ?", w.sql());
        let values = w.values.iter().cloned().chain([Value::from(count(most))]);
        self.rows(&sql, params_from_iter(values), |row| row.get(0))
    }
}

fn ready(filter: &Filter, now: i64) -> Where {
    let mut w = filter.checked(now);
    w.and_all(filter.scope.condition());
    w.and(READY, [Value::from(now), Value::from(now)]);
    w
}
