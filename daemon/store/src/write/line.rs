//! Where items stand in the line of what to do next: written with whatever moved them, and when their time has come.

use orc_core::Policies;
use orc_core::line::{Standing, place};
use orc_core::status::{Priority, Status};
use rusqlite::{Row, params};

use super::items::{WAITING, add_to_count};
use super::tagged;
use crate::error::Result;
use crate::row::word;
use crate::tx::Tx;
use crate::view::count;

/// Settles every item that the changes just written have touched.
pub(super) fn settle(tx: &Tx<'_>, policies: &Policies, now: i64) -> Result<()> {
    let mut touched = tx.touched.take();
    touched.sort_unstable();
    touched.dedup();
    for rid in touched {
        settle_one(tx, rid, policies, now)?;
    }
    Ok(())
}

/// What is kept of one item.
struct Kept {
    standing: Standing,
    project: Option<i64>,
    project_name: Option<String>,
    unmet: i64,
    line: Option<u8>,
    turn: Option<i64>,
    waits: bool,
}

const KEPT: &str = "SELECT i.status, i.priority, i.unmet, i.open_children, EXISTS (SELECT 1 FROM claims c WHERE c.item = i.rid),
         i.due_ts, i.next_run_ts, i.not_before_ts, i.project, (SELECT q.name FROM projects q WHERE q.rid = i.project), i.line, i.turn_ts, i.waits, i.id
     FROM items i";

fn settle_one(tx: &Tx<'_>, rid: i64, policies: &Policies, now: i64) -> Result<()> {
    // Deleted by the same changes: nothing is left to settle.
    let Some(kept) = tx.one(&format!("{KEPT} WHERE i.rid = ?1"), [rid], kept)? else { return Ok(()) };
    let place = place(&kept.standing, policies.of(kept.project_name.as_deref()), now);
    let waits = kept.standing.status == Status::Queue && kept.unmet > 0;
    tx.happens_at(place.turn);
    if (place.line, place.turn, waits) == (kept.line, kept.turn, kept.waits) {
        return Ok(());
    }
    if waits != kept.waits {
        add_to_count(tx, kept.project, WAITING, if waits { 1 } else { -1 })?;
        let sql = "SELECT tags, created_ts FROM items WHERE rid = ?1";
        let of = tx.one(sql, [rid], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let (tags, made) = of.unwrap_or_default();
        tagged::wait(tx, rid, kept.project, &tags, made, waits)?;
    }
    let sql = "UPDATE items SET line = ?2, turn_ts = ?3, waits = ?4 WHERE rid = ?1";
    tx.execute(sql, params![rid, place.line, place.turn, waits])
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let (unmet, open_children): (i64, i64) = (row.get(2)?, row.get(3)?);
    let (next_run, not_before): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(Kept {
        standing: Standing {
            status: word(row, 0, Status::from_index)?,
            priority: word(row, 1, Priority::from_index)?,
            held: unmet > 0 || open_children > 0 || row.get(4)?,
            due: row.get(5)?,
            not_before: next_run.max(not_before),
        },
        project: row.get(8)?,
        project_name: row.get(9)?,
        unmet,
        line: row.get(10)?,
        turn: row.get(11)?,
        waits: row.get(12)?,
    })
}

impl Tx<'_> {
    /// Remembers that something is to happen then by itself, for whoever keeps time.
    pub(crate) fn happens_at(&self, at: Option<i64>) {
        self.turn.set(self.turn.get().into_iter().chain(at).min());
    }

    /// Remembers that an item's place in line may have changed.
    pub(crate) fn touch(&self, rid: i64) {
        self.touched.borrow_mut().push(rid);
    }

    /// Moves up to `most` items whose time has come by `now`, in microseconds. Answers how many; nothing of it is history, for
    /// nobody did it.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn move_in_line(&self, policies: &Policies, now: i64, most: usize) -> Result<usize> {
        let sql = "SELECT rid FROM items WHERE turn_ts <= ?1 ORDER BY turn_ts LIMIT ?2";
        let due: Vec<i64> = self.rows(sql, [now, count(most)], |row| row.get(0))?;
        for rid in &due {
            settle_one(self, *rid, policies, now)?;
        }
        Ok(due.len())
    }

    /// Settles every item, whatever it says of its place.
    pub(crate) fn settle_all(&self, policies: &Policies, now: i64) -> Result<()> {
        for rid in self.rows("SELECT rid FROM items", [], |row| row.get(0))? {
            settle_one(self, rid, policies, now)?;
        }
        Ok(())
    }

    /// Up to 20 items that stand elsewhere than they should. Where time has moved one since the writer looked last, it has not been
    /// asked yet.
    pub(crate) fn wrong_places(&self, policies: &Policies, now: i64) -> Result<Vec<String>> {
        let all = self.rows(KEPT, [], |row| Ok((row.get::<_, String>(13)?, kept(row)?)))?;
        let wrong = all.into_iter().filter(|(_, kept)| {
            let place = place(&kept.standing, policies.of(kept.project_name.as_deref()), now);
            kept.turn.is_none_or(|at| at > now) && (place.line, place.turn) != (kept.line, kept.turn)
        });
        Ok(wrong.map(|(id, _)| id).take(20).collect())
    }

    /// When time alone moves an item the next time, in microseconds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn next_turn(&self) -> Result<Option<i64>> {
        Ok(self.one("SELECT min(turn_ts) FROM items WHERE turn_ts IS NOT NULL", [], |r| r.get(0))?.flatten())
    }

    /// Settles up to `most` open items with a due time behind the row `after`, for rules that changed. Answers the last one's row
    /// while there may be more.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn settle_due(&self, policies: &Policies, now: i64, after: i64, most: usize) -> Result<Option<i64>> {
        let sql = "SELECT rid FROM items INDEXED BY items_due
                   WHERE rid > ?1 AND due_ts IS NOT NULL AND status IN (0, 1, 2, 4) ORDER BY rid LIMIT ?2";
        let some: Vec<i64> = self.rows(sql, [after, count(most)], |row| row.get(0))?;
        for rid in &some {
            settle_one(self, *rid, policies, now)?;
        }
        Ok(some.last().copied().filter(|_| some.len() == most))
    }
}
