//! Item rows and what is derived from them: counts, open children, met edges, tags, search text.

use orc_core::change::Origin;
use orc_core::edge::Edge;
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::status::{Status, Threshold};
use orc_core::text::split_tags;
use orc_core::time::Stamp;
use rusqlite::params;

use super::changed::Changed;
use super::{edges, tagged};
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::short_of;

fn micros(stamp: Option<&Stamp>) -> Option<i64> {
    stamp.map(Stamp::micros)
}

fn text(stamp: Option<&Stamp>) -> Option<&str> {
    stamp.map(Stamp::text)
}

pub(super) fn insert(tx: &Tx<'_>, item: &Item, origin: Origin) -> Result<()> {
    note_shared_short(tx, item)?;
    let parent = item.parent.as_ref().map(|id| tx.rid_of(id)).transpose()?;
    let project = project(tx, item)?;
    // What came done from elsewhere was completed, as far as anyone knows, when it was changed last.
    let completed = (origin != Origin::Made && matches!(item.status, Status::Done | Status::Archived))
        .then(|| item.updated_at.micros());
    tx.execute(
        "INSERT INTO items (id, parent, project, title, description, summary, status, label, previous, priority, complexity,
             item_type, tags, metadata, properties, due_at, due_ts, schedule, next_run_at, next_run_ts, not_before,
             not_before_ts, reason, version, created_by, updated_by, created_at, created_ts, updated_at, updated_ts,
             role_changed_at, role_changed_ts, completed_ts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
             ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)",
        params![
            item.id.as_str(),
            parent,
            project,
            item.title,
            item.description,
            item.summary,
            item.status.index(),
            item.label,
            item.previous.map(Status::index),
            item.priority.index(),
            item.complexity,
            item.item_type,
            item.tags,
            item.metadata,
            item.properties,
            text(item.due_at.as_ref()),
            micros(item.due_at.as_ref()),
            item.schedule,
            text(item.next_run_at.as_ref()),
            micros(item.next_run_at.as_ref()),
            text(item.not_before.as_ref()),
            micros(item.not_before.as_ref()),
            item.reason,
            item.version,
            item.created_by,
            item.updated_by,
            item.created_at.text(),
            item.created_at.micros(),
            item.updated_at.text(),
            item.updated_at.micros(),
            text(item.role_changed_at.as_ref()),
            micros(item.role_changed_at.as_ref()),
            completed,
        ],
    )?;
    let rid = tx.conn.last_insert_rowid();
    tx.touch(rid);
    tagged::settle(tx, rid, project, None, Some(item))?;
    put_text(tx, rid, item)?;
    add_to_count(tx, project, item.status.index(), 1)?;
    if !item.status.is_terminal() {
        add_open_child(tx, parent, 1)?;
        add_open_tags(tx, project, &item.tags, 1)?;
    }
    Ok(())
}

pub(super) fn update(tx: &Tx<'_>, before: &Item, after: &Item) -> Result<()> {
    let rid = tx.rid_of(&before.id)?;
    let parent_before = before.parent.as_ref().map(|id| tx.rid_of(id)).transpose()?;
    let parent_after = after.parent.as_ref().map(|id| tx.rid_of(id)).transpose()?;
    let mut row = Changed::default();
    row.set("parent", &parent_before, &parent_after);
    row.set("title", &before.title, &after.title);
    row.set("description", &before.description, &after.description);
    row.set("summary", &before.summary, &after.summary);
    row.set("status", &before.status.index(), &after.status.index());
    row.set("label", &before.label, &after.label);
    row.set("previous", &before.previous.map(Status::index), &after.previous.map(Status::index));
    row.set("priority", &before.priority.index(), &after.priority.index());
    row.set("complexity", &before.complexity, &after.complexity);
    row.set("item_type", &before.item_type, &after.item_type);
    row.set("tags", &before.tags, &after.tags);
    row.set("metadata", &before.metadata, &after.metadata);
    row.set("properties", &before.properties, &after.properties);
    row.time(["due_at", "due_ts"], before.due_at.as_ref(), after.due_at.as_ref());
    row.set("schedule", &before.schedule, &after.schedule);
    row.time(["next_run_at", "next_run_ts"], before.next_run_at.as_ref(), after.next_run_at.as_ref());
    row.time(["not_before", "not_before_ts"], before.not_before.as_ref(), after.not_before.as_ref());
    row.set("reason", &before.reason, &after.reason);
    row.set("version", &before.version, &after.version);
    row.set("updated_by", &before.updated_by, &after.updated_by);
    row.time(["updated_at", "updated_ts"], Some(&before.updated_at), Some(&after.updated_at));
    row.time(
        ["role_changed_at", "role_changed_ts"],
        before.role_changed_at.as_ref(),
        after.role_changed_at.as_ref(),
    );
    row.write(tx, rid)?;
    tx.touch(rid);
    settle_tags(tx, rid, before, after)?;
    let open_tags = |item: &Item| if item.status.is_terminal() { String::new() } else { item.tags.clone() };
    let (tags_before, tags_after) = (open_tags(before), open_tags(after));
    if tags_before != tags_after {
        let project = project(tx, after)?;
        add_open_tags(tx, project, &tags_before, -1)?;
        add_open_tags(tx, project, &tags_after, 1)?;
    }
    if before.title != after.title || before.description != after.description {
        tx.execute("DELETE FROM item_text WHERE rowid = ?1", [rid])?;
        put_text(tx, rid, after)?;
    }
    if !before.status.is_terminal() {
        add_open_child(tx, parent_before, -1)?;
    }
    if !after.status.is_terminal() {
        add_open_child(tx, parent_after, 1)?;
    }
    if before.status != after.status {
        let project = project(tx, after)?;
        add_to_count(tx, project, before.status.index(), -1)?;
        add_to_count(tx, project, after.status.index(), 1)?;
        settle_edges(tx, rid, after.status)?;
        note_times(tx, rid, after)?;
    }
    Ok(())
}

/// First start and last completion, which reports need without reading the history.
fn note_times(tx: &Tx<'_>, rid: i64, after: &Item) -> Result<()> {
    let now = after.updated_at.micros();
    match after.status {
        Status::Work => tx.execute(
            "UPDATE items SET started_ts = coalesce(started_ts, ?2), completed_ts = NULL WHERE rid = ?1
                 AND (started_ts IS NULL OR completed_ts IS NOT NULL)",
            [rid, now],
        ),
        Status::Done => tx.execute("UPDATE items SET completed_ts = ?2 WHERE rid = ?1", [rid, now]),
        Status::Archived => Ok(()),
        _ => tx.execute(
            "UPDATE items SET completed_ts = NULL WHERE rid = ?1 AND completed_ts IS NOT NULL",
            [rid],
        ),
    }
}

/// Marks the edges out of an item as met or unmet by its new status, and counts that at their targets.
fn settle_edges(tx: &Tx<'_>, rid: i64, status: Status) -> Result<()> {
    let sql = "SELECT rid, target, unblock_at, met FROM edges WHERE source = ?1 AND kind = 0";
    let edges = tx.rows(sql, [rid], |r| {
        Ok((
            r.get::<_, i64>(0)?,
            r.get::<_, i64>(1)?,
            row::word(r, 2, Threshold::from_index)?,
            r.get::<_, bool>(3)?,
        ))
    })?;
    for (edge, target, needs, was_met) in edges {
        let met = status.meets(needs);
        if met != was_met {
            tx.execute("UPDATE edges SET met = ?2 WHERE rid = ?1", params![edge, met])?;
            edges::add_unmet(tx, target, if met { -1 } else { 1 })?;
        }
    }
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, item: &Item, notes: &[Note], edges: &[Edge]) -> Result<()> {
    let rid = tx.rid_of(&item.id)?;
    for edge in edges {
        edges::delete(tx, edge)?;
    }
    for note in notes {
        super::notes::delete(tx, note)?;
    }
    let parent = item.parent.as_ref().map(|id| tx.rid_of(id)).transpose()?;
    if !item.status.is_terminal() {
        add_open_child(tx, parent, -1)?;
    }
    let project = project(tx, item)?;
    if !item.status.is_terminal() {
        add_open_tags(tx, project, &item.tags, -1)?;
    }
    add_to_count(tx, project, item.status.index(), -1)?;
    if waits(tx, rid)? {
        add_to_count(tx, project, WAITING, -1)?;
        tagged::wait(tx, rid, project, &item.tags, item.created_at.micros(), false)?;
    }
    tagged::settle(tx, rid, project, Some(item), None)?;
    tx.execute("DELETE FROM item_text WHERE rowid = ?1", [rid])?;
    tx.execute("DELETE FROM items WHERE rid = ?1", [rid])
}

impl Tx<'_> {
    /// Takes away the search text of all items and notes, which are about to be deleted. One by one, FTS5 would note each as deleted,
    /// look through these notes for every row it reads, and merge what is left whenever a tenth of it has gone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn empty_search_text(&self) -> Result<()> {
        for text in ["item_text", "note_text"] {
            self.execute(&format!("INSERT INTO {text} ({text}) VALUES ('delete-all')"), [])?;
        }
        Ok(())
    }
}

fn waits(tx: &Tx<'_>, rid: i64) -> Result<bool> {
    Ok(tx.one("SELECT waits FROM items WHERE rid = ?1", [rid], |row| row.get(0))? == Some(true))
}

/// The lists of the item's tags; where it has none, before and after, there is nothing to look up.
fn settle_tags(tx: &Tx<'_>, rid: i64, before: &Item, after: &Item) -> Result<()> {
    if before.tags.is_empty() && after.tags.is_empty() {
        return Ok(());
    }
    let project = project(tx, after)?;
    if before.tags != after.tags && waits(tx, rid)? {
        let made = after.created_at.micros();
        tagged::wait(tx, rid, project, &before.tags, made, false)?;
        tagged::wait(tx, rid, project, &after.tags, made, true)?;
    }
    tagged::settle(tx, rid, project, Some(before), Some(after))
}

fn add_open_tags(tx: &Tx<'_>, project: Option<i64>, tags: &str, by: i64) -> Result<()> {
    let sql = "INSERT INTO open_tags (tag, project, n) VALUES (?1, ?2, ?3)
               ON CONFLICT (tag, project) DO UPDATE SET n = n + excluded.n";
    // A tag that an item names twice is one tag of it.
    let tags: std::collections::BTreeSet<&str> = split_tags(tags).collect();
    for tag in tags {
        tx.execute(sql, params![tag, project.unwrap_or(0), by])?;
    }
    Ok(())
}

fn put_text(tx: &Tx<'_>, rid: i64, item: &Item) -> Result<()> {
    tx.execute(
        "INSERT INTO item_text (rowid, title, description) VALUES (?1, ?2, ?3)",
        params![rid, item.title, item.description],
    )
}

fn add_open_child(tx: &Tx<'_>, parent: Option<i64>, by: i64) -> Result<()> {
    match parent {
        Some(rid) => {
            tx.touch(rid);
            tx.execute("UPDATE items SET open_children = open_children + ?2 WHERE rid = ?1", [rid, by])
        }
        None => Ok(()),
    }
}

/// In the counts, the place after the statuses is that of the items that wait in the queue for blockers.
pub(crate) const WAITING: u8 = 7;

pub(super) fn add_to_count(tx: &Tx<'_>, project: Option<i64>, status: u8, by: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO counts (project, status, n) VALUES (?1, ?2, ?3)
         ON CONFLICT (project, status) DO UPDATE SET n = n + excluded.n",
        params![project.unwrap_or(0), status, by],
    )
}

/// The row of the item's project, made when an item is the first to name it.
fn project(tx: &Tx<'_>, item: &Item) -> Result<Option<i64>> {
    let Some(name) = &item.project else { return Ok(None) };
    let sql = "SELECT rid FROM projects WHERE name = ?1";
    if let Some(rid) = tx.one(sql, [name], |row| row.get(0))? {
        return Ok(Some(rid));
    }
    tx.execute("INSERT INTO projects (name) VALUES (?1)", [name])?;
    Ok(Some(tx.conn.last_insert_rowid()))
}

/// Remembers when an id that came from elsewhere shares its first characters, so that answers show more of them.
fn note_shared_short(tx: &Tx<'_>, item: &Item) -> Result<()> {
    use orc_core::View;
    let short = short_of(&item.id);
    if tx.short_taken(short)? {
        tx.execute("INSERT OR IGNORE INTO shared_shorts (short) VALUES (?1)", [short])?;
    }
    Ok(())
}
