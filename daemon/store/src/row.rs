//! Rows and domain values, converted by hand.

use orc_core::claim::{Actor, Claim, Subject};
use orc_core::edge::Edge;
use orc_core::id::ItemId;
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::status::{DepKind, Priority, Role, Status, Threshold};
use orc_core::time::Stamp;
use rusqlite::Row;
use rusqlite::types::Type;

/// What [`item`] reads, from `items i`.
pub(crate) const ITEM: &str = "i.id, (SELECT p.id FROM items p WHERE p.rid = i.parent), i.title, i.description, i.summary, \
     i.status, i.label, i.previous, i.priority, i.complexity, i.item_type, i.tags, i.metadata, i.properties, \
     i.due_at, i.due_ts, i.schedule, i.next_run_at, i.next_run_ts, i.not_before, i.not_before_ts, i.reason, \
     (SELECT q.name FROM projects q WHERE q.rid = i.project), i.version, i.created_by, i.updated_by, \
     i.created_at, i.created_ts, i.updated_at, i.updated_ts, i.role_changed_at, i.role_changed_ts";

/// What [`note`] reads, from `notes n`.
pub(crate) const NOTE: &str = "n.id, (SELECT i.id FROM items i WHERE i.rid = n.item), n.key, n.role, n.body, \
     n.created_by, n.created_at, n.created_ts, n.updated_at, n.updated_ts";

/// How many columns [`NOTE`] has.
pub(crate) const NOTE_COLUMNS: usize = 10;

/// What [`edge`] reads, from `edges e`.
pub(crate) const EDGE: &str = "e.id, (SELECT i.id FROM items i WHERE i.rid = e.source), \
     (SELECT i.id FROM items i WHERE i.rid = e.target), e.kind, e.unblock_at, e.created_by, e.created_at, e.created_ts";

/// What [`claim`] reads, from `claims c`.
pub(crate) const CLAIM: &str = "(SELECT i.id FROM items i WHERE i.rid = c.item), c.resource, c.session, c.agent, c.subagent, \
     c.since, c.since_ts, c.deadline, c.deadline_ts, c.grace, c.grace_ts";

pub(crate) fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: ItemId::new(row.get::<_, String>(0)?),
        parent: row.get::<_, Option<String>>(1)?.map(ItemId::new),
        title: row.get(2)?,
        description: row.get(3)?,
        summary: row.get(4)?,
        status: word(row, 5, Status::from_index)?,
        label: row.get(6)?,
        previous: optional_word(row, 7, Status::from_index)?,
        priority: word(row, 8, Priority::from_index)?,
        complexity: row.get(9)?,
        item_type: row.get(10)?,
        tags: row.get(11)?,
        metadata: row.get(12)?,
        properties: row.get(13)?,
        due_at: optional_stamp(row, 14)?,
        schedule: row.get(16)?,
        next_run_at: optional_stamp(row, 17)?,
        not_before: optional_stamp(row, 19)?,
        reason: row.get(21)?,
        project: row.get(22)?,
        version: row.get(23)?,
        created_by: row.get(24)?,
        updated_by: row.get(25)?,
        created_at: stamp(row, 26)?,
        updated_at: stamp(row, 28)?,
        role_changed_at: optional_stamp(row, 30)?,
    })
}

pub(crate) fn note(row: &Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        id: ItemId::new(row.get::<_, String>(0)?),
        item: ItemId::new(row.get::<_, String>(1)?),
        key: row.get(2)?,
        role: word(row, 3, Role::from_index)?,
        body: row.get(4)?,
        created_by: row.get(5)?,
        created_at: stamp(row, 6)?,
        updated_at: stamp(row, 8)?,
    })
}

pub(crate) fn edge(row: &Row<'_>) -> rusqlite::Result<Edge> {
    Ok(Edge {
        id: ItemId::new(row.get::<_, String>(0)?),
        from: ItemId::new(row.get::<_, String>(1)?),
        to: ItemId::new(row.get::<_, String>(2)?),
        kind: word(row, 3, DepKind::from_index)?,
        unblock_at: word(row, 4, Threshold::from_index)?,
        created_by: row.get(5)?,
        created_at: stamp(row, 6)?,
    })
}

pub(crate) fn claim(row: &Row<'_>) -> rusqlite::Result<Claim> {
    let subject = match row.get::<_, Option<String>>(0)? {
        Some(id) => Subject::Item(ItemId::new(id)),
        None => Subject::Resource(row.get(1)?),
    };
    Ok(Claim {
        subject,
        holder: Actor { session: row.get(2)?, agent: row.get(3)?, subagent: row.get(4)? },
        since: stamp(row, 5)?,
        deadline: optional_stamp(row, 7)?,
        grace_until: optional_stamp(row, 9)?,
    })
}

/// A word kept as its index.
pub(crate) fn word<T>(row: &Row<'_>, at: usize, from_index: fn(u8) -> Option<T>) -> rusqlite::Result<T> {
    let index: i64 = row.get(at)?;
    u8::try_from(index)
        .ok()
        .and_then(from_index)
        .ok_or_else(|| rusqlite::Error::IntegralValueOutOfRange(at, index))
}

pub(crate) fn optional_word<T>(
    row: &Row<'_>,
    at: usize,
    from_index: fn(u8) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(at)?.data_type() {
        Type::Null => Ok(None),
        _ => word(row, at, from_index).map(Some),
    }
}

/// A time kept as its text and, in the next column, its microseconds.
pub(crate) fn stamp(row: &Row<'_>, at: usize) -> rusqlite::Result<Stamp> {
    Ok(Stamp::from_parts(row.get(at)?, row.get(at + 1)?))
}

pub(crate) fn optional_stamp(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Stamp>> {
    match row.get::<_, Option<String>>(at)? {
        Some(text) => Ok(Some(Stamp::from_parts(text, row.get(at + 1)?))),
        None => Ok(None),
    }
}
