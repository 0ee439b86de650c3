//! Applying changes: the rows, the columns derived from them, and the history, in the writer's transaction.

mod changed;
mod claims;
mod edges;
mod items;
mod line;
mod notes;
mod record;
mod tagged;

pub(crate) use items::WAITING;
pub(crate) use notes::PER_ITEM as NOTES_PER_ITEM;
use orc_core::claim::Actor;
use orc_core::time::Stamp;
use orc_core::workspace::Workspace;
use orc_core::{Change, Policies};
use rusqlite::params;
pub(crate) use tagged::{COUNTED, List};

use crate::apply::Apply;
use crate::error::{Error, Result};
use crate::tx::Tx;

impl Apply for Tx<'_> {
    fn apply(&mut self, changes: &[Change], actor: &Actor, now: &Stamp) -> Result<()> {
        // The changes of one application belong together; the daemon gives each call its own transaction instead.
        self.call += 1;
        self.commit(changes, actor, now, &Policies::default())
    }
}

impl Tx<'_> {
    /// Applies the changes of one step and records each. See [`Apply::apply`]. The policies say where items stand in line.
    ///
    /// # Errors
    /// When SQLite fails, or a change does not fit this state; the caller undoes the call.
    pub fn commit(&self, changes: &[Change], actor: &Actor, now: &Stamp, policies: &Policies) -> Result<()> {
        for change in changes {
            // What a completion's row says of its past must be read before the change is written.
            let row = record::prepare(self, change, now)?;
            self.write(change)?;
            #[cfg(feature = "faults")]
            crate::faults::at(crate::faults::Point::RowsWritten)?;
            record::insert(self, change, row, actor, now)?;
            #[cfg(feature = "faults")]
            crate::faults::at(crate::faults::Point::HistoryWritten)?;
        }
        line::settle(self, policies, now.micros())?;
        #[cfg(feature = "faults")]
        crate::faults::at(crate::faults::Point::ChangesApplied)?;
        Ok(())
    }

    fn write(&self, change: &Change) -> Result<()> {
        match change {
            Change::ItemCreated { item, origin } => items::insert(self, item, *origin),
            Change::ItemChanged { before, after, .. } => items::update(self, before, after),
            Change::ItemDeleted { item, edges, notes, .. } => items::delete(self, item, notes, edges),
            Change::NoteWritten { after, .. } => notes::write(self, after),
            Change::NoteDeleted { note } => notes::delete(self, note),
            Change::EdgeAdded { edge, .. } => edges::insert(self, edge),
            Change::EdgeRemoved { edge } => edges::delete(self, edge),
            Change::Unblocked { .. } => Ok(()),
            Change::ClaimTaken { claim } | Change::ClaimChanged { after: claim, .. } => {
                claims::put(self, claim)
            }
            Change::ClaimEnded { claim, .. } => claims::delete(self, &claim.subject),
            Change::WorkspaceChanged { name, before, after } => {
                tagged::redefine(self, name, before.as_ref(), after.as_ref())?;
                self.put_workspace(name, after.as_ref())
            }
        }
    }

    fn put_workspace(&self, name: &str, workspace: Option<&Workspace>) -> Result<()> {
        let Some(w) = workspace else {
            return self.execute("DELETE FROM workspaces WHERE name = ?1", [name]);
        };
        let list = |entries: &[String]| serde_json::Value::from(entries.to_vec()).to_string();
        self.execute(
            "INSERT OR REPLACE INTO workspaces (name, tags, memory_tags, description, repos, conventions)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                name,
                list(&w.tags),
                list(&w.memory_tags),
                w.description,
                list(&w.repos),
                list(&w.conventions)
            ],
        )
    }

    pub(crate) fn execute<P: rusqlite::Params>(&self, sql: &str, params: P) -> Result<()> {
        self.conn.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }

    /// The row number of an item that a change says is there.
    pub(crate) fn rid_of(&self, id: &orc_core::ItemId) -> Result<i64> {
        self.rid(id)?.ok_or_else(|| Error::Damaged(format!("a change names item {id}, which is not there")))
    }
}
