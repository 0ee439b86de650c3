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

/// A claim that holds now.
const CLAIMED: &str =
    "EXISTS (SELECT 1 FROM claims c WHERE c.item = i.rid AND (c.ends_ts IS NULL OR c.ends_ts > ?))";

/// A claim of the caller's that holds now: of the whole session, or of the one subagent that asks.
const MINE: &str =
    "EXISTS (SELECT 1 FROM claims c WHERE c.item = i.rid AND (c.ends_ts IS NULL OR c.ends_ts > ?)
     AND c.session = ? AND (? IS NULL OR c.subagent IS ?))";

/// The same, asked from the claims, which are few, rather than of every item.
const HELD: &str = "i.rid IN (SELECT c.item FROM claims c WHERE (c.ends_ts IS NULL OR c.ends_ts > ?)
     AND c.session = ? AND (? IS NULL OR c.subagent IS ?))";

/// So many due items are looked at one by one.
const FEW: usize = 64;

/// Who asks for candidates, and for which moment. Times in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The caller: other holders' claims are left out.
    pub actor: &'a Actor,
    /// Leave out the caller's own claims too: whoever is about to claim wants something new.
    pub unclaimed: bool,
    /// The present moment.
    pub now: i64,
    /// What is due up to then may be offered before its turn.
    pub horizon: i64,
    /// How many are wanted.
    pub limit: usize,
}

impl Asking<'_> {
    fn mine(&self) -> [Value; 4] {
        let subagent = || self.actor.subagent.clone().map_or(Value::Null, Value::from);
        [Value::from(self.now), Value::from(self.actor.session.clone()), subagent(), subagent()]
    }
}

impl Tx<'_> {
    /// Every item that can be among the first ones offered: the caller's own, and the oldest of each priority, of what is overdue,
    /// of what is due up to the horizon, and of all. Whoever asks ranks them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn candidates(&self, filter: &Filter, asking: Asking<'_>) -> Result<Vec<Listed>> {
        let mut found = self.due_heads(filter, asking)?;
        if !asking.unclaimed {
            let mut mine = free(filter, asking);
            mine.and(HELD, asking.mine());
            found.extend(self.listed_where(mine, "i.created_ts", 0, usize::MAX, asking.now)?);
        }
        for priority in Priority::ALL {
            let mut of = free(filter, asking);
            of.and(format!("i.priority = {}", priority.index()), []);
            found.extend(self.listed_where(of, "i.created_ts, i.id", 0, asking.limit, asking.now)?);
        }
        found.sort_by(|a, b| a.item.id.cmp(&b.item.id));
        found.dedup_by(|a, b| a.item.id == b.item.id);
        Ok(found)
    }

    /// Of what is due, the oldest of each priority among the overdue and among the rest: within these, age decides. Where few
    /// are due, all of them; where many are, they stand close in the order of age, so that the first ones are soon found.
    fn due_heads(&self, filter: &Filter, asking: Asking<'_>) -> Result<Vec<Listed>> {
        let mut found = Vec::new();
        for (from, to) in [(i64::MIN, asking.now), (asking.now, asking.horizon)] {
            let bounds = || [Value::from(from), Value::from(to)];
            if self.few_due(from, to)? {
                let mut due = free(filter, asking);
                due.and("i.due_ts IS NOT NULL AND i.due_ts > ? AND i.due_ts <= ?", bounds());
                found.extend(self.picked(due, "items_ready_due", usize::MAX, asking.now)?);
                continue;
            }
            for priority in Priority::ALL {
                let mut due = free(filter, asking);
                due.and(format!("i.priority = {}", priority.index()), []);
                due.and("i.due_ts IS NOT NULL AND i.due_ts > ? AND i.due_ts <= ?", bounds());
                found.extend(self.picked(due, "items_ready_aged", asking.limit, asking.now)?);
            }
        }
        Ok(found)
    }

    /// Whether at most [`FEW`] items that can be worked on are due between two moments.
    fn few_due(&self, from: i64, to: i64) -> Result<bool> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM items i INDEXED BY items_ready_due
                   WHERE i.status <= 1 AND i.unmet = 0 AND i.open_children = 0 AND i.due_ts IS NOT NULL
                     AND i.due_ts > ?1 AND i.due_ts <= ?2 LIMIT ?3)";
        let n: i64 =
            self.one(sql, rusqlite::params![from, to, count(FEW) + 1], |row| row.get(0))?.unwrap_or(0);
        Ok(n <= count(FEW))
    }

    /// The oldest `most` items that match, found through an index by name: the choice depends on how many are due, which the
    /// planner does not know.
    fn picked(&self, w: Where, index: &str, most: usize, now: i64) -> Result<Vec<Listed>> {
        let sql = format!(
            "SELECT {}, {HOLDER} FROM items i WHERE i.rid IN (
                 SELECT i.rid FROM items i INDEXED BY {index} {} ORDER BY i.created_ts, i.id LIMIT ?)",
            row::ITEM,
            w.sql()
        );
        let values = std::iter::once(Value::from(now)).chain(w.values).chain([Value::from(count(most))]);
        self.rows(&sql, params_from_iter(values), listed)
    }
}

/// What can be worked on and may be offered to whoever asks.
fn free(filter: &Filter, asking: Asking<'_>) -> Where {
    let now = || Value::from(asking.now);
    let mut w = filter.conditions(asking.now);
    w.and(ACTIONABLE, [now(), now()]);
    if asking.unclaimed {
        w.and(format!("NOT {CLAIMED}"), [now()]);
    } else {
        let values = std::iter::once(now()).chain(asking.mine());
        w.and(format!("(NOT {CLAIMED} OR {MINE})"), values);
    }
    w
}
