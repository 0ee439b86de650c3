//! Reading the history.

use orc_core::claim::{Actor, Claim};
use orc_core::status::Status;
use orc_core::time::HOUR;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::filter::{Scope, Where};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// One change, as it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryRow {
    /// Its number: the only cursor there is.
    pub seq: i64,
    /// When, in ISO 8601.
    pub at: String,
    /// What kind of change.
    pub kind: String,
    /// The item it is about, by its whole id.
    pub item: Option<String>,
    /// Whose session.
    pub session: String,
    /// Which agent.
    pub agent: String,
    /// Old and new, as JSON.
    pub data: String,
}

/// Changes in their order, and how it goes on behind them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryPage {
    /// What was found.
    pub rows: Vec<HistoryRow>,
    /// Where to go on, when there may be more: after this row, or before it when the newest come first. There may be more also
    /// where few rows or none were found: see [`Tx::history_page`].
    pub next: Option<i64>,
}

/// Which changes; the default is all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HistoryFilter {
    /// About this item, by its whole id.
    pub item: Option<String>,
    /// By this agent, or a subagent of it.
    pub agent: Option<String>,
    /// In this session.
    pub session: Option<String>,
    /// Of these kinds; empty: any.
    pub kinds: Vec<String>,
    /// Moves to this status. A scheduled item that completes comes to done, and at once back to the queue.
    pub reached: Option<Status>,
    /// At or after this many microseconds.
    pub since: Option<i64>,
    /// Before this many microseconds.
    pub until: Option<i64>,
    /// After this row, oldest first; without it the newest come first.
    pub after: Option<i64>,
    /// Before this row.
    pub before: Option<i64>,
    /// Of items of these projects, of items that are deleted, and what is about no item. Not asked where an item is named.
    pub scope: Scope,
}

/// Whose claims are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Held<'a> {
    /// All there are.
    ByAnyone,
    /// Those of a session and its subagents.
    InSession(&'a str),
    /// Those of the whole session, or of the one subagent that asks (contract.md §7).
    By(&'a Actor),
}

/// Rows that one page looks at where no index leads to those that match. Others' projects, agents or kinds may have nearly all.
const LOOKED_AT: i64 = if cfg!(test) { 7 } else { 20_000 };

impl HistoryFilter {
    fn conditions(&self) -> Where {
        let mut w = Where::default();
        if let Some(id) = &self.item {
            w.and("i.item = ?", [Value::from(id.clone())]);
        }
        if let Some(agent) = &self.agent {
            // `/` and the character behind it enclose exactly the names of its subagents.
            let clause = "(i.agent = ? OR (i.agent > ? AND i.agent < ?))";
            w.and(clause, [agent.clone(), format!("{agent}/"), format!("{agent}0")].map(Value::from));
        }
        if let Some(session) = &self.session {
            w.and("i.session = ?", [Value::from(session.clone())]);
        }
        if !self.kinds.is_empty() {
            let marks = vec!["?"; self.kinds.len()].join(", ");
            w.and(format!("i.kind IN ({marks})"), self.kinds.iter().cloned().map(Value::from));
        }
        if let Some(status) = self.reached {
            w.and("i.to_status = ?", [Value::from(status.index())]);
        }
        for (clause, bound) in [
            ("i.ts >= ?", self.since),
            ("i.ts < ?", self.until),
            ("i.seq > ?", self.after),
            ("i.seq < ?", self.before),
        ] {
            if let Some(bound) = bound {
                w.and(clause, [Value::from(bound)]);
            }
        }
        if let Some((clause, project)) = self.of_projects() {
            w.and(
                format!("NOT EXISTS (SELECT 1 FROM items t WHERE t.id = i.item AND {clause})"),
                [project.clone().into()],
            );
        }
        w
    }

    /// Whether what matches may lie far apart: few of many rows, and no index of them.
    fn is_sparse(&self) -> bool {
        let picks = self.agent.is_some() || self.session.is_some() || !self.kinds.is_empty();
        self.item.is_none() && (picks || self.of_projects().is_some())
    }

    /// The items that are left out, by their project; `None`: none is.
    fn of_projects(&self) -> Option<(&'static str, &String)> {
        match &self.scope {
            _ if self.item.is_some() => None,
            Scope::All => None,
            Scope::With(name) => Some((
                "t.project IS NOT NULL AND t.project IS NOT (SELECT rid FROM projects WHERE name = ?)",
                name,
            )),
            Scope::Only(name) => Some(("t.project IS NOT (SELECT rid FROM projects WHERE name = ?)", name)),
        }
    }
}

impl Tx<'_> {
    /// Up to `most` changes and where to go on. One page looks at so many rows and no more, so that a quiet project, agent or
    /// kind in a busy store costs little.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history_page(&self, filter: &HistoryFilter, most: usize) -> Result<HistoryPage> {
        let mut filter = filter.clone();
        let edge = if filter.is_sparse() { self.narrow(&mut filter)? } else { None };
        let least = edge.filter(|_| filter.after.is_none());
        let mut rows = self.history_from(&filter, least, most + 1)?;
        let next = if rows.len() > most {
            rows.truncate(most);
            rows.last().map(|row| row.seq)
        } else {
            edge
        };
        Ok(HistoryPage { rows, next })
    }

    /// Keeps a filter to the rows that one page looks at. Answers where the next page begins, if rows are left for it.
    fn narrow(&self, filter: &mut HistoryFilter) -> Result<Option<i64>> {
        // What lies outside the time asked for is not looked at; an hour to spare for clocks that were set back.
        let mut newest = self.cursor()?;
        if let Some(until) = filter.until {
            newest = newest.min(self.cursor_before(until.saturating_add(HOUR))?);
        }
        if let Some(after) = filter.after {
            let behind = after.saturating_add(LOOKED_AT);
            let end = filter.before.map_or(newest, |before| newest.min(before - 1));
            if behind >= end {
                return Ok(None);
            }
            filter.before = Some(behind + 1);
            return Ok(Some(behind));
        }
        let mut oldest: i64 =
            self.one("SELECT seq FROM history ORDER BY seq LIMIT 1", [], |row| row.get(0))?.unwrap_or(0);
        if let Some(since) = filter.since {
            oldest = oldest.max(self.cursor_before(since.saturating_sub(HOUR))? + 1);
        }
        let from = filter.before.map_or(newest + 1, |before| before.min(newest + 1)) - LOOKED_AT;
        Ok((from > oldest).then_some(from))
    }

    /// When the oldest row that is kept was written, if changes after the row `after`, or at or after the time `since` in
    /// microseconds, may have been forgotten.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn kept_since(&self, after: Option<i64>, since: Option<i64>) -> Result<Option<String>> {
        let sql = "SELECT seq, ts, at FROM history ORDER BY seq LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?));
        // Numbers begin with 1, and none is left out but what was forgotten.
        let Some((seq, ts, at)) = self.one(sql, [], read)?.filter(|(seq, ..)| *seq > 1) else {
            return Ok(None);
        };
        let asked_before =
            after.is_some_and(|after| after < seq - 1) || since.is_some_and(|since| since < ts);
        Ok(asked_before.then_some(at))
    }

    /// When the oldest row of the history was written, in microseconds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history_begins(&self) -> Result<Option<i64>> {
        self.one("SELECT ts FROM history ORDER BY seq LIMIT 1", [], |row| row.get(0))
    }

    /// Up to `most` changes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history(&self, filter: &HistoryFilter, most: usize) -> Result<Vec<HistoryRow>> {
        self.history_from(filter, None, most)
    }

    /// The same, of the row `least` and what came after it.
    fn history_from(
        &self,
        filter: &HistoryFilter,
        least: Option<i64>,
        most: usize,
    ) -> Result<Vec<HistoryRow>> {
        let mut w = filter.conditions();
        if let Some(least) = least {
            w.and("i.seq >= ?", [Value::from(least)]);
        }
        // Where time narrows it, what lies outside is not read; an hour to spare for clocks that were set back.
        if let Some(since) = filter.since {
            w.and("i.seq > ?", [Value::from(self.cursor_before(since.saturating_sub(HOUR))?)]);
        }
        if let Some(until) = filter.until {
            w.and("i.seq <= ?", [Value::from(self.cursor_before(until.saturating_add(HOUR))?)]);
        }
        let direction = if filter.after.is_some() { "ASC" } else { "DESC" };
        let sql = format!(
            "SELECT i.seq, i.at, i.kind, i.item, i.session, i.agent, i.data FROM history i {} ORDER BY i.seq {direction} LIMIT ?",
            w.sql()
        );
        let values = w.values.into_iter().chain([Value::from(count(most))]);
        self.rows(&sql, params_from_iter(values), |row| {
            Ok(HistoryRow {
                seq: row.get(0)?,
                at: row.get(1)?,
                kind: row.get(2)?,
                item: row.get(3)?,
                session: row.get(4)?,
                agent: row.get(5)?,
                data: row.get(6)?,
            })
        })
    }

    /// The newest change before a time in microseconds; 0 when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor_before(&self, at: i64) -> Result<i64> {
        // Rows are written in the order of their time, so that halving the numbers finds it. A clock that was set back makes the
        // answer one of the moments that had the time twice.
        let (mut before, mut behind) = (0, self.cursor()? + 1);
        while behind - before > 1 {
            let middle = before + (behind - before) / 2;
            let sql = "SELECT seq, ts FROM history WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1";
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            match self.one(sql, [middle], read)? {
                Some((seq, ts)) if ts >= at => behind = seq,
                _ => before = middle,
            }
        }
        Ok(before)
    }

    /// Forgets up to `most` rows from before a time in microseconds, the oldest first, and never the newest row of all. Answers how
    /// many.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn forget_history(&self, before: i64, most: usize) -> Result<usize> {
        let last = self.cursor_before(before)?.min(self.cursor()? - 1);
        let sql = "DELETE FROM history WHERE seq IN (SELECT seq FROM history WHERE seq <= ?1 ORDER BY seq LIMIT ?2)";
        Ok(self.conn.prepare_cached(sql)?.execute([last, count(most)])?)
    }

    /// Up to `most` claims that hold at `now`, oldest first; and how many there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn claims(&self, held: Held<'_>, most: usize, now: i64) -> Result<(Vec<Claim>, usize)> {
        let (session, subagent) = match held {
            Held::ByAnyone => (None, None),
            Held::InSession(session) => (Some(session), None),
            Held::By(actor) => (Some(actor.session.as_str()), actor.subagent.as_deref()),
        };
        let (index, of) = match session {
            Some(_) => {
                ("INDEXED BY claims_by_session", "c.session = ?2 AND (?3 IS NULL OR c.subagent IS ?3)")
            }
            None => ("", "?2 IS NULL AND ?3 IS NULL"),
        };
        let holds = format!("FROM claims c {index} WHERE {of} AND (c.ends_ts IS NULL OR c.ends_ts > ?1)");
        let sql = format!("SELECT {} {holds} ORDER BY c.since_ts, c.rid LIMIT ?4", row::CLAIM);
        let claims = self.rows(&sql, rusqlite::params![now, session, subagent, count(most)], row::claim)?;
        let all: i64 = match claims.len() < most {
            true => count(claims.len()),
            false => self
                .one(&format!("SELECT count(*) {holds}"), rusqlite::params![now, session, subagent], |r| {
                    r.get(0)
                })?
                .unwrap_or(0),
        };
        Ok((claims, usize::try_from(all).unwrap_or(0)))
    }
}
