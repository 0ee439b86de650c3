//! References that lead somewhere, and everything derived computed anew from what it is derived from.

use orc_core::Policies;
use orc_core::text::split_tags;
use rusqlite::{Connection, params};

use super::LINE_RULES;
use crate::error::Result;
use crate::tx::Tx;
use crate::write::COUNTED;

/// What refers to rows that are not there: what happens to it, and the statement that does it.
const REFERENCES: [(&str, &str); 6] = [
    (
        "items whose parent is gone, now at the root",
        "UPDATE items SET parent = NULL WHERE parent IS NOT NULL AND parent NOT IN (SELECT rid FROM items)",
    ),
    (
        "items whose project is gone, now in none",
        "UPDATE items SET project = NULL WHERE project IS NOT NULL AND project NOT IN (SELECT rid FROM projects)",
    ),
    ("notes of lost items, taken out", "DELETE FROM notes WHERE item NOT IN (SELECT rid FROM items)"),
    (
        "dependencies of lost items, taken out",
        "DELETE FROM edges WHERE source NOT IN (SELECT rid FROM items) OR target NOT IN (SELECT rid FROM items)",
    ),
    (
        "claims of lost items, taken out",
        "DELETE FROM claims WHERE item IS NOT NULL AND item NOT IN (SELECT rid FROM items)",
    ),
    ("tags of lost items, taken out", "DELETE FROM tagged WHERE item NOT IN (SELECT rid FROM items)"),
];

/// What follows from other columns by SQL alone, in this order.
const DERIVED: [&str; 12] = [
    "UPDATE edges SET met = (kind = 1 OR
         CASE (SELECT s.status FROM items s WHERE s.rid = source)
             WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 WHEN 5 THEN 3 WHEN 6 THEN 3 ELSE 0 END > unblock_at)",
    "UPDATE items SET unmet = (SELECT count(*) FROM edges e WHERE e.target = items.rid AND e.met = 0)",
    "UPDATE items SET open_children =
         (SELECT count(*) FROM items c WHERE c.parent = items.rid AND c.status NOT IN (3, 5, 6))",
    "UPDATE items SET waits = (status = 0 AND unmet > 0)",
    "DELETE FROM counts",
    "INSERT INTO counts (project, status, n) SELECT coalesce(project, 0), status, count(*) FROM items GROUP BY 1, 2",
    "INSERT INTO counts (project, status, n) SELECT coalesce(project, 0), 7, count(*) FROM items WHERE waits = 1 GROUP BY 1",
    "INSERT OR IGNORE INTO shared_shorts (short)
         SELECT substr(id, 1, 8) FROM items GROUP BY substr(id, 1, 8) HAVING count(*) > 1",
    "UPDATE claims SET ends_ts = CASE WHEN deadline_ts IS NULL THEN grace_ts WHEN grace_ts IS NULL THEN deadline_ts
         ELSE min(deadline_ts, grace_ts) END",
    "INSERT INTO item_text (item_text) VALUES ('delete-all')",
    "INSERT INTO item_text (rowid, title, description) SELECT rid, title, description FROM items",
    "INSERT INTO note_text (note_text) VALUES ('delete-all')",
];

/// Takes out, or sets free, what refers to nothing. Answers what was done how often.
pub(super) fn references(connection: &Connection) -> Result<Vec<(&'static str, usize)>> {
    let mut settled = Vec::new();
    for (what, sql) in REFERENCES {
        let rows = connection.execute(sql, [])?;
        settled.extend((rows > 0).then_some((what, rows)));
    }
    Ok(settled)
}

/// Computes everything derived anew. Places in line follow the default rules; a daemon with others settles them at its start.
pub(super) fn all(tx: &Tx<'_>, now: i64) -> Result<()> {
    for sql in DERIVED {
        tx.conn.execute(sql, [])?;
    }
    tx.conn.execute("INSERT INTO note_text (rowid, body) SELECT rid, body FROM notes", [])?;
    tags(tx)?;
    tx.conn.execute("DELETE FROM meta WHERE key = ?1", [LINE_RULES])?;
    tx.settle_all(&Policies::default(), now)
}

fn tags(tx: &Tx<'_>) -> Result<()> {
    tx.conn.execute("DELETE FROM tagged", [])?;
    let items = tx.rows(
        "SELECT rid, coalesce(project, 0), created_ts, tags FROM items WHERE tags <> ''",
        [],
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
            ))
        },
    )?;
    let sql = "INSERT OR IGNORE INTO tagged (tag, list, project, at, item) VALUES (?1, 10, ?2, ?3, ?4)";
    let mut insert = tx.conn.prepare(sql)?;
    for (rid, project, created, tags) in items {
        for tag in split_tags(&tags) {
            insert.execute(params![tag, project, created, rid])?;
        }
    }
    for sql in OF_TAGS {
        tx.conn.execute(sql, [])?;
    }
    tx.conn.execute(&format!("{COUNTED} GROUP BY 1, 2, 3"), [])?;
    Ok(())
}

/// What follows from the list of all items of each tag.
const OF_TAGS: [&str; 9] = [
    "INSERT INTO tagged SELECT t.tag, i.status, t.project, i.updated_ts, t.item FROM tagged t JOIN items i ON i.rid = t.item
         WHERE t.list = 10",
    "INSERT INTO tagged SELECT t.tag, 7, t.project, i.created_ts, t.item FROM tagged t JOIN items i ON i.rid = t.item
         WHERE t.list = 10 AND i.waits = 1",
    "INSERT INTO tagged SELECT t.tag, 8, t.project, i.due_ts, t.item FROM tagged t JOIN items i ON i.rid = t.item
         WHERE t.list = 10 AND i.due_ts IS NOT NULL AND i.status IN (0, 1, 2, 4)",
    "INSERT INTO tagged SELECT t.tag, 9, t.project, i.next_run_ts, t.item FROM tagged t JOIN items i ON i.rid = t.item
         WHERE t.list = 10 AND i.next_run_ts IS NOT NULL AND i.status IN (0, 1, 2, 4)",
    "DELETE FROM open_tags",
    "INSERT INTO open_tags (tag, project, n) SELECT tag, project, count(*) FROM tagged WHERE list IN (0, 1, 2, 4)
         GROUP BY tag, project",
    "DELETE FROM workspace_tags",
    "INSERT OR IGNORE INTO workspace_tags SELECT t.value, w.name FROM workspaces w, json_each(w.tags) t",
    "DELETE FROM workspace_counts",
];
