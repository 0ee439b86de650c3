//! The domain's questions, answered by SQL. Each one's cost follows its answer.

use orc_core::View;
use orc_core::claim::{Claim, Subject};
use orc_core::edge::Edge;
use orc_core::id::{self, ItemId};
use orc_core::item::Item;
use orc_core::note::{Note, NoteHead};
use orc_core::refusal::Blocker;
use orc_core::status::{Role, Status, Threshold};
use orc_core::time::Stamp;
use orc_core::topo;
use orc_core::view::{Deleted, Waiting};
use orc_core::workspace::Workspace;
use rusqlite::{OptionalExtension, Row, params};

use crate::error::{Error, Result};
use crate::history;
use crate::row;
use crate::tx::Tx;

/// Sorts behind every text that begins with what stands before it.
const LAST: char = '\u{10FFFF}';

impl Tx<'_> {
    /// The integer that stands for an item inside this database.
    pub(crate) fn rid(&self, id: &ItemId) -> Result<Option<i64>> {
        let sql = "SELECT rid FROM items WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id.as_str()], |row| row.get(0)).optional()?)
    }

    pub(crate) fn rows<T, P: rusqlite::Params>(
        &self,
        sql: &str,
        params: P,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(crate) fn one<T, P: rusqlite::Params>(
        &self,
        sql: &str,
        params: P,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.conn.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    /// The one number that a query answers.
    pub(crate) fn number<P: rusqlite::Params>(&self, sql: &str, params: P) -> Result<usize> {
        let n: i64 = self.one(sql, params, |row| row.get(0))?.unwrap_or(0);
        Ok(usize::try_from(n).unwrap_or(0))
    }

    fn starting_with(&self, prefix: &str, most: usize) -> Result<Vec<ItemId>> {
        let sql = "SELECT id FROM items WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
        self.rows(sql, params![prefix, format!("{prefix}{LAST}"), count(most)], |row| {
            row.get::<_, String>(0).map(ItemId::new)
        })
    }

    fn parent_rid(&self, rid: i64) -> Result<Option<i64>> {
        Ok(self.one("SELECT parent FROM items WHERE rid = ?1", [rid], |row| row.get(0))?.flatten())
    }

    /// Up to `most` of the blockers that hold a row back, of which there are `unmet`.
    pub(crate) fn blockers_at(&self, rid: i64, unmet: i64, most: usize) -> Result<(Vec<Blocker>, usize)> {
        if unmet == 0 {
            return Ok((Vec::new(), 0));
        }
        let sql = "SELECT b.id, b.title, b.status, e.unblock_at FROM edges e JOIN items b ON b.rid = e.source
                   WHERE e.target = ?1 AND e.met = 0 ORDER BY e.rid LIMIT ?2";
        let blockers = self.rows(sql, params![rid, count(most)], |row| {
            Ok(Blocker {
                id: ItemId::new(row.get::<_, String>(0)?),
                title: row.get(1)?,
                status: row::word(row, 2, Status::from_index)?,
                needs: row::word(row, 3, Threshold::from_index)?,
            })
        })?;
        Ok((blockers, usize::try_from(unmet).unwrap_or(0)))
    }
}

/// A bound as SQLite takes it.
pub(crate) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl View for Tx<'_> {
    type Error = Error;

    fn find(&self, reference: &str, most: usize) -> Result<Vec<ItemId>> {
        let id = ItemId::new(reference);
        if self.rid(&id)?.is_some() {
            return Ok(vec![id]);
        }
        self.starting_with(reference, most)
    }

    fn item(&self, id: &ItemId) -> Result<Option<Item>> {
        let sql = format!("SELECT {} FROM items i WHERE i.id = ?1", row::ITEM);
        self.one(&sql, [id.as_str()], row::item)
    }

    fn short_taken(&self, short: &str) -> Result<bool> {
        Ok(!self.starting_with(short, 1)?.is_empty())
    }

    fn depth(&self, id: &ItemId) -> Result<u32> {
        let mut depth = 0;
        let mut at = self.rid(id)?;
        while let Some(rid) = at {
            at = self.parent_rid(rid)?;
            depth += u32::from(at.is_some());
        }
        Ok(depth)
    }

    fn height(&self, id: &ItemId) -> Result<u32> {
        let sql = "WITH RECURSIVE below(rid, level) AS (
                       SELECT rid, 0 FROM items WHERE id = ?1
                       UNION ALL SELECT i.rid, level + 1 FROM items i JOIN below ON i.parent = below.rid)
                   SELECT coalesce(max(level), 0) FROM below";
        Ok(self.one(sql, [id.as_str()], |row| row.get(0))?.unwrap_or(0))
    }

    fn is_within(&self, id: &ItemId, ancestor: &ItemId) -> Result<bool> {
        let Some(wanted) = self.rid(ancestor)? else { return Ok(false) };
        let mut at = self.rid(id)?;
        while let Some(rid) = at {
            if rid == wanted {
                return Ok(true);
            }
            at = self.parent_rid(rid)?;
        }
        Ok(false)
    }

    fn child_count(&self, id: &ItemId) -> Result<u64> {
        let sql = "SELECT count(*) FROM items WHERE parent = (SELECT rid FROM items WHERE id = ?1)";
        let n: i64 = self.one(sql, [id.as_str()], |row| row.get(0))?.unwrap_or(0);
        Ok(n.unsigned_abs())
    }

    fn descendants(&self, id: &ItemId) -> Result<Vec<Item>> {
        let sql = format!(
            "WITH RECURSIVE below(rid, level) AS (
                 SELECT c.rid, 1 FROM items c WHERE c.parent = (SELECT rid FROM items WHERE id = ?1)
                 UNION ALL SELECT c.rid, level + 1 FROM items c JOIN below ON c.parent = below.rid)
             SELECT {} FROM below JOIN items i ON i.rid = below.rid ORDER BY level DESC, i.created_ts, i.rid",
            row::ITEM
        );
        self.rows(&sql, [id.as_str()], row::item)
    }

    fn note_heads(&self, item: &ItemId) -> Result<Vec<NoteHead>> {
        let sql = "SELECT key, role, blank FROM notes WHERE item = (SELECT rid FROM items WHERE id = ?1)";
        self.rows(sql, [item.as_str()], |row| {
            Ok(NoteHead { key: row.get(0)?, role: row::word(row, 1, Role::from_index)?, blank: row.get(2)? })
        })
    }

    fn note(&self, item: &ItemId, key: &str) -> Result<Option<Note>> {
        let sql = format!(
            "SELECT {} FROM notes n WHERE n.item = (SELECT rid FROM items WHERE id = ?1) AND n.key = ?2",
            row::NOTE
        );
        self.one(&sql, [item.as_str(), key], row::note)
    }

    fn notes(&self, item: &ItemId) -> Result<Vec<Note>> {
        let sql = format!(
            "SELECT {}, n.rid FROM notes n WHERE n.item = (SELECT rid FROM items WHERE id = ?1)",
            row::NOTE
        );
        // Few enough to be sorted here; SQLite has them by key. Those of one moment come in the order of their rows.
        let read = |row: &Row<'_>| Ok((row::note(row)?, row.get::<_, i64>(row::NOTE_COLUMNS)?));
        let mut notes = self.rows(&sql, [item.as_str()], read)?;
        notes.sort_by_key(|(note, rid)| (note.created_at.micros(), *rid));
        Ok(notes.into_iter().map(|(note, _)| note).collect())
    }

    fn id_taken(&self, id: &ItemId) -> Result<bool> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM notes WHERE id = ?1) OR EXISTS (SELECT 1 FROM edges WHERE id = ?1)";
        Ok(self.one(sql, [id.as_str()], |row| row.get(0))?.unwrap_or(false))
    }

    fn edge(&self, from: &ItemId, to: &ItemId) -> Result<Option<Edge>> {
        let sql = format!(
            "SELECT {} FROM edges e WHERE e.source = (SELECT rid FROM items WHERE id = ?1)
                                      AND e.target = (SELECT rid FROM items WHERE id = ?2)",
            row::EDGE
        );
        self.one(&sql, [from.as_str(), to.as_str()], row::edge)
    }

    fn edges_of(&self, item: &ItemId) -> Result<Vec<Edge>> {
        let Some(rid) = self.rid(item)? else { return Ok(Vec::new()) };
        let edge = row::EDGE;
        let sql = format!(
            "SELECT {edge} FROM edges e WHERE e.source = ?1 UNION ALL SELECT {edge} FROM edges e WHERE e.target = ?1"
        );
        self.rows(&sql, [rid], row::edge)
    }

    fn unmet_blockers(&self, item: &ItemId, most: usize) -> Result<(Vec<Blocker>, usize)> {
        let known = "SELECT rid, unmet FROM items WHERE id = ?1";
        let known =
            self.one(known, [item.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        known.map_or(Ok((Vec::new(), 0)), |(rid, unmet)| self.blockers_at(rid, unmet, most))
    }

    fn waiting_for(&self, item: &ItemId) -> Result<Vec<Waiting>> {
        let sql = "SELECT w.id, w.status, e.unblock_at, w.unmet, e.rid FROM edges e JOIN items w ON w.rid = e.target
                   WHERE e.source = (SELECT rid FROM items WHERE id = ?1) AND e.kind = 0";
        let mut waiting = self.rows(sql, [item.as_str()], |row| {
            let waiting = Waiting {
                id: ItemId::new(row.get::<_, String>(0)?),
                status: row::word(row, 1, Status::from_index)?,
                needs: row::word(row, 2, Threshold::from_index)?,
                unmet: row.get(3)?,
            };
            Ok((row.get::<_, i64>(4)?, waiting))
        })?;
        waiting.sort_by_key(|(edge, _)| *edge);
        Ok(waiting.into_iter().map(|(_, waiting)| waiting).collect())
    }

    fn path(&self, from: &ItemId, to: &ItemId) -> Result<Option<Vec<(ItemId, String)>>> {
        let (Some(from), Some(to)) = (self.rid(from)?, self.rid(to)?) else { return Ok(None) };
        let sql = "SELECT target FROM edges WHERE source = ?1 AND kind = 0 ORDER BY rid";
        let found = topo::path(&from, &to, usize::MAX, |rid| self.rows(sql, [*rid], |row| row.get(0)))?;
        let Some(rids) = found else { return Ok(None) };
        let mut path = Vec::with_capacity(rids.len());
        for rid in rids {
            let title = self.one("SELECT id, title FROM items WHERE rid = ?1", [rid], |row| {
                Ok((ItemId::new(row.get::<_, String>(0)?), row.get(1)?))
            })?;
            path.extend(title);
        }
        Ok(Some(path))
    }

    fn claim(&self, subject: &Subject) -> Result<Option<Claim>> {
        let (column, value) = match subject {
            Subject::Item(id) => ("item = (SELECT rid FROM items WHERE id = ?1)", id.as_str()),
            Subject::Resource(name) => ("resource = ?1", name.as_str()),
        };
        self.one(&format!("SELECT {} FROM claims c WHERE c.{column}", row::CLAIM), [value], row::claim)
    }

    fn claims_of(&self, session: &str) -> Result<Vec<Claim>> {
        let sql = format!("SELECT {} FROM claims c WHERE c.session = ?1 ORDER BY c.rid", row::CLAIM);
        self.rows(&sql, [session], row::claim)
    }

    fn orphans_of(&self, agent: &str) -> Result<Vec<Claim>> {
        let sql = format!(
            "SELECT {} FROM claims c WHERE c.agent = ?1 AND c.grace_ts IS NOT NULL ORDER BY c.rid",
            row::CLAIM
        );
        self.rows(&sql, [agent], row::claim)
    }

    fn claims_ended_by(&self, now: &Stamp, most: usize) -> Result<Vec<Claim>> {
        let sql =
            format!("SELECT {} FROM claims c WHERE c.ends_ts <= ?1 ORDER BY c.ends_ts LIMIT ?2", row::CLAIM);
        self.rows(&sql, params![now.micros(), count(most)], row::claim)
    }

    fn workspace(&self, name: &str) -> Result<Option<Workspace>> {
        let sql = "SELECT tags, memory_tags, description, repos, conventions FROM workspaces WHERE name = ?1";
        self.one(sql, [name], workspace)
    }

    fn find_deleted(&self, reference: &str, most: usize) -> Result<Vec<ItemId>> {
        let sql = "SELECT DISTINCT h.item FROM history h
                   WHERE h.kind = 'item_deleted' AND h.item >= ?1 AND h.item < ?2
                     AND NOT EXISTS (SELECT 1 FROM items i WHERE i.id = h.item)
                   ORDER BY h.item LIMIT ?3";
        let found = self.rows(sql, params![reference, format!("{reference}{LAST}"), count(most)], |row| {
            row.get::<_, String>(0).map(ItemId::new)
        })?;
        Ok(match found.iter().find(|id| id.as_str() == reference) {
            Some(exact) => vec![exact.clone()],
            None => found,
        })
    }

    fn deletion(&self, id: &ItemId) -> Result<Vec<Deleted>> {
        let sql = "SELECT call, root FROM history WHERE kind = 'item_deleted' AND item = ?1 ORDER BY seq DESC LIMIT 1";
        let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?));
        let Some((call, root)) = self.one(sql, [id.as_str()], read)? else { return Ok(Vec::new()) };
        let sql = "SELECT h.data FROM history h WHERE h.kind = 'item_deleted' AND h.call = ?1 AND h.root IS ?2
                     AND NOT EXISTS (SELECT 1 FROM history later
                                     WHERE later.kind = 'item_deleted' AND later.item = h.item AND later.seq > h.seq)
                   ORDER BY h.seq";
        let rows = self.rows(sql, params![call, root], |row| row.get::<_, String>(0))?;
        rows.iter().map(|data| history::read_deleted(data)).collect()
    }

    fn changed_since(&self, id: &ItemId, version: i64) -> Result<Vec<String>> {
        let sql = "SELECT version, agent, data FROM history
                   WHERE item = ?1 AND version > ?2 AND kind IN ('item_updated', 'status_changed') ORDER BY seq LIMIT 20";
        let read =
            |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?));
        let rows = self.rows(sql, params![id.as_str(), version], read)?;
        let lines =
            rows.into_iter().flat_map(|(version, agent, data)| history::change_lines(version, &agent, &data));
        Ok(lines.take(20).collect())
    }
}

/// A workspace row: tags, memory_tags, description, repos, conventions.
pub(crate) fn workspace(row: &Row<'_>) -> rusqlite::Result<Workspace> {
    let list = |at| -> rusqlite::Result<Vec<String>> {
        let text: String = row.get(at)?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    };
    Ok(Workspace {
        tags: list(0)?,
        memory_tags: list(1)?,
        description: row.get(2)?,
        repos: list(3)?,
        conventions: list(4)?,
    })
}

/// The beginning of an id that new ids must not share.
pub(crate) fn short_of(id: &ItemId) -> &str {
    id::short(id.as_str())
}
