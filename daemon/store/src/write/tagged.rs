//! The lists of each tag, and the counts of each workspace: what a report on a workspace shows is read from them, and not searched
//! for in the workspace.

use std::collections::BTreeSet;

use orc_core::item::Item;
use orc_core::status::Status;
use orc_core::text::split_tags;
use orc_core::workspace::Workspace;
use rusqlite::params;

use super::items::WAITING;
use crate::error::Result;
use crate::tx::Tx;

/// A list of a tag's items, in the order of a moment that they have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum List {
    /// Those in a status, by when they changed.
    In(Status),
    /// Those that wait in the queue for blockers, by when they were made.
    Waiting,
    /// Those that are open, by when they are due.
    Due,
    /// Those that are open, by when they run next.
    Scheduled,
    /// All, by when they were made.
    All,
}

impl List {
    /// As the table has it.
    pub(crate) const fn index(self) -> u8 {
        match self {
            Self::In(status) => status.index(),
            Self::Waiting => WAITING,
            Self::Due => 8,
            Self::Scheduled => 9,
            Self::All => 10,
        }
    }
}

/// The places of an item in the lists of its tags: tag, list, moment. Whether it waits is not the item's to say.
fn places(item: &Item) -> BTreeSet<(&str, u8, i64)> {
    let open = !item.status.is_terminal();
    let mut lists =
        vec![(List::In(item.status), item.updated_at.micros()), (List::All, item.created_at.micros())];
    lists.extend(item.due_at.as_ref().filter(|_| open).map(|at| (List::Due, at.micros())));
    lists.extend(item.next_run_at.as_ref().filter(|_| open).map(|at| (List::Scheduled, at.micros())));
    let each = |tag| lists.iter().map(move |(list, at)| (tag, list.index(), *at));
    split_tags(&item.tags).flat_map(each).collect()
}

/// Brings the places and counts of a row to what its item is now; `None` before it is made and after it is deleted.
pub(super) fn settle(
    tx: &Tx<'_>,
    rid: i64,
    project: Option<i64>,
    before: Option<&Item>,
    after: Option<&Item>,
) -> Result<()> {
    let was = before.map(places).unwrap_or_default();
    let is = after.map(places).unwrap_or_default();
    for place in was.difference(&is) {
        leave(tx, rid, project, *place)?;
    }
    for place in is.difference(&was) {
        enter(tx, rid, project, *place)?;
    }
    if let (Some(before), Some(after)) = (before, after)
        && (&before.tags, before.status) == (&after.tags, after.status)
    {
        return Ok(());
    }
    for (item, by) in [(before, -1), (after, 1)] {
        if let Some(item) = item {
            count(tx, project, &item.tags, item.status.index(), by)?;
        }
    }
    Ok(())
}

/// Puts a row that begins to wait for blockers into the lists of these tags, or takes it out.
pub(super) fn wait(
    tx: &Tx<'_>,
    rid: i64,
    project: Option<i64>,
    tags: &str,
    made: i64,
    waits: bool,
) -> Result<()> {
    for tag in split_tags(tags).collect::<BTreeSet<_>>() {
        let place = (tag, WAITING, made);
        if waits { enter(tx, rid, project, place)? } else { leave(tx, rid, project, place)? }
    }
    count(tx, project, tags, WAITING, if waits { 1 } else { -1 })
}

fn enter(tx: &Tx<'_>, rid: i64, project: Option<i64>, (tag, list, at): (&str, u8, i64)) -> Result<()> {
    let sql = "INSERT INTO tagged (tag, list, project, at, item) VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.execute(sql, params![tag, list, project.unwrap_or(0), at, rid])
}

fn leave(tx: &Tx<'_>, rid: i64, project: Option<i64>, (tag, list, at): (&str, u8, i64)) -> Result<()> {
    let sql = "DELETE FROM tagged WHERE tag = ?1 AND list = ?2 AND project = ?3 AND at = ?4 AND item = ?5";
    tx.execute(sql, params![tag, list, project.unwrap_or(0), at, rid])
}

/// Counts an item with these tags in every workspace that has one of them.
fn count(tx: &Tx<'_>, project: Option<i64>, tags: &str, status: u8, by: i64) -> Result<()> {
    let mut workspaces = BTreeSet::new();
    for tag in split_tags(tags) {
        let sql = "SELECT workspace FROM workspace_tags WHERE tag = ?1";
        workspaces.extend(tx.rows(sql, [tag], |row| row.get::<_, String>(0))?);
    }
    for workspace in workspaces {
        tx.execute(
            "INSERT INTO workspace_counts (workspace, project, status, n) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (workspace, project, status) DO UPDATE SET n = n + excluded.n",
            params![workspace, project.unwrap_or(0), status, by],
        )?;
    }
    Ok(())
}

/// Takes up the tags of a workspace, and counts its items: as many rows are read as it has.
pub(super) fn redefine(
    tx: &Tx<'_>,
    name: &str,
    before: Option<&Workspace>,
    after: Option<&Workspace>,
) -> Result<()> {
    let tags =
        |workspace: Option<&Workspace>| workspace.map(|workspace| workspace.tags.clone()).unwrap_or_default();
    let (before, after) = (tags(before), tags(after));
    if before == after {
        return Ok(());
    }
    tx.execute("DELETE FROM workspace_tags WHERE workspace = ?1", [name])?;
    for tag in after {
        tx.execute(
            "INSERT OR IGNORE INTO workspace_tags (tag, workspace) VALUES (?1, ?2)",
            [tag.as_str(), name],
        )?;
    }
    tx.execute("DELETE FROM workspace_counts WHERE workspace = ?1", [name])?;
    tx.execute(&format!("{COUNTED} WHERE w.workspace = ?1 GROUP BY 1, 2, 3"), [name])
}

/// Counts the items of workspaces, each once whatever tags it has; the condition and the groups come behind.
pub(crate) const COUNTED: &str = "INSERT INTO workspace_counts (workspace, project, status, n)
    SELECT w.workspace, t.project, t.list, count(DISTINCT t.item)
    FROM workspace_tags w CROSS JOIN tagged t ON t.tag = w.tag AND t.list BETWEEN 0 AND 7";
