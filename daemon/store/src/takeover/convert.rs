//! The conversion: one transaction in which the original's tables go, ours come, and every row is applied as an import's
//! change, so that whatever is derived from rows, and the history, are right.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use orc_core::change::{Change, Origin};
use orc_core::claim::{Actor, Subject};
use orc_core::id::{Ids, ItemId};
use orc_core::policy::ClaimPolicy;
use orc_core::status::DepKind;
use orc_core::time::Stamp;
use orc_core::{Policies, View};
use rusqlite::Connection;

use super::leftovers::Leftovers;
use super::old_row::{OldRow, Reading, columns, shown};
use super::plan::Plan;
use super::{Report, cycles, rows};
use crate::backup::quoted;
use crate::error::{Error, Result};
use crate::original_workspaces::WorkspacesFile;
use crate::tx::Tx;
use crate::{open, schema};

/// Under whose name the take-over stands in the history.
pub(super) const TAKER: &str = "take-over";

/// One conversion under way.
pub(super) struct Conversion<'c> {
    /// The copy of the original, which is read while its tables go.
    original: &'c Connection,
    tx: Tx<'c>,
    leftovers: Leftovers<'c>,
    plan: Plan,
    actor: Actor,
    now: &'c Stamp,
    ids: Ids,
    /// How many ids were drawn for rows that had none.
    drawn: u64,
}

/// Converts the database of `connection`, of which `original` is a copy, and commits.
///
/// # Errors
/// When SQLite fails, or the result is not what it must be. Nothing is changed then.
pub(super) fn convert(
    connection: &Connection,
    original: &Connection,
    workspaces: &Path,
    now: &Stamp,
    report: &mut Report,
) -> Result<()> {
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    let converted = fill(connection, original, workspaces, now, report)
        .and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if converted.is_err() && !connection.is_autocommit() {
        // The first error is the one to be told; a connection that is closed undoes what is open.
        let _ = connection.execute_batch("ROLLBACK");
    }
    converted
}

fn fill(
    connection: &Connection,
    original: &Connection,
    workspaces: &Path,
    now: &Stamp,
    report: &mut Report,
) -> Result<()> {
    drop_everything(connection)?;
    for migration in schema::MIGRATIONS {
        connection.execute_batch(migration)?;
    }
    open::mark_as_ours(connection, schema::MIGRATIONS.len())?;
    #[cfg(feature = "faults")]
    crate::faults::at(crate::faults::Point::ConversionBegun)?;
    // Ids are drawn for rows without one; the present moment is random enough for that.
    let ids = Ids::new(u128::from(now.micros().unsigned_abs()));
    let mut conversion = Conversion {
        original,
        tx: Tx::new(connection, 1),
        leftovers: Leftovers::begin(connection)?,
        plan: Plan::read(original, ids.step(0))?,
        actor: Actor { session: TAKER.to_owned(), agent: TAKER.to_owned(), subagent: None },
        now,
        ids: ids.step(1),
        drawn: 0,
    };
    report.items = conversion.items()?;
    report.notes = conversion.notes()?;
    report.dependencies = conversion.edges()?;
    (report.sessions, report.claims) = conversion.sessions_and_claims()?;
    if let Some(file) = WorkspacesFile::read(workspaces) {
        report.workspaces = file.take(&conversion.tx, &conversion.actor, now)?;
        report.notices.extend(file.notice());
    }
    report.leftovers = conversion.leftovers.count();
    conversion.tx.remember(super::META, &report.json().to_string())?;
    check(connection)?;
    #[cfg(feature = "faults")]
    crate::faults::at(crate::faults::Point::Converted)?;
    Ok(())
}

impl Conversion<'_> {
    fn items(&mut self) -> Result<usize> {
        let original = self.original;
        let columns = columns(original, "work_items")?;
        let mut query = original.prepare("SELECT rowid, * FROM work_items WHERE rowid = ?1")?;
        let order = self.plan.parents_first();
        for at in &order {
            let planned = self.plan.item(*at);
            let row = query.query_row([planned.rowid], |row| OldRow::read(&columns, row))?;
            let mut reading = Reading::of(&row);
            reading.changed.extend_from_slice(self.plan.changed(*at));
            let item = rows::item(&mut reading, &planned.id, self.plan.parent(*at), self.now);
            rows::say_unknown_columns(&mut reading, "work_items");
            self.leftovers.keep_changed("work_items", &row, &reading.changed)?;
            self.apply(Change::ItemCreated { item: Box::new(item), origin: Origin::Imported })?;
        }
        Ok(order.len())
    }

    fn notes(&mut self) -> Result<usize> {
        let mut taken = 0;
        self.each("notes", |this, _, row| {
            let mut reading = Reading::of(row);
            let Some(item) = this.item_named(row, "item_id") else {
                return Ok(this.leftovers.keep("notes", row, "its item is not there")?);
            };
            let id = this.own_id(row, &mut reading, "SELECT 1 FROM notes WHERE id = ?1")?;
            let tx = &this.tx;
            let note = rows::note(&mut reading, id, &item, this.now, |key| {
                Ok::<_, Error>(tx.note(&item, key)?.is_some())
            })?;
            rows::say_unknown_columns(&mut reading, "notes");
            this.leftovers.keep_changed("notes", row, &reading.changed)?;
            taken += 1;
            this.apply(Change::NoteWritten { before: None, after: Box::new(note), origin: Origin::Imported })
        })?;
        Ok(taken)
    }

    fn edges(&mut self) -> Result<usize> {
        let closing = self.closing_edges()?;
        let mut between = HashSet::new();
        let mut taken = 0;
        self.each("dependencies", |this, rowid, row| {
            let mut reading = Reading::of(row);
            let (mut kind, exchanged) = rows::kind(&mut reading);
            let (from, to) = match this.ends(row, exchanged) {
                Ok(ends) => ends,
                Err(why) => return Ok(this.leftovers.keep("dependencies", row, why)?),
            };
            if !between.insert((from, to)) {
                let why = "the two items have a dependency in this direction already";
                return Ok(this.leftovers.keep("dependencies", row, why)?);
            }
            if closing.contains(&rowid) {
                reading.change("it closed a cycle, in which no item could ever start, and became relates_to");
                kind = DepKind::RelatesTo;
            }
            let id = this.own_id(row, &mut reading, "SELECT 1 FROM edges WHERE id = ?1")?;
            let (from, to) = (this.plan.item(from).id.clone(), this.plan.item(to).id.clone());
            let edge = rows::edge(&mut reading, id, (&from, &to), kind, this.now);
            rows::say_unknown_columns(&mut reading, "dependencies");
            this.leftovers.keep_changed("dependencies", row, &reading.changed)?;
            taken += 1;
            this.apply(Change::EdgeAdded { edge, origin: Origin::Imported })
        })?;
        Ok(taken)
    }

    /// The row numbers of blocking edges without which there is no cycle.
    fn closing_edges(&mut self) -> Result<HashSet<i64>> {
        let (mut rowids, mut edges) = (Vec::new(), Vec::new());
        self.each("dependencies", |this, rowid, row| {
            let (kind, exchanged) = rows::kind(&mut Reading::of(row));
            if let (DepKind::Blocks, Ok(ends)) = (kind, this.ends(row, exchanged)) {
                rowids.push(rowid);
                edges.push(ends);
            }
            Ok(())
        })?;
        let marked = cycles::closing(self.plan.len(), &edges);
        Ok(rowids.into_iter().zip(marked).filter(|(_, marked)| *marked).map(|(rowid, _)| rowid).collect())
    }

    fn ends(&self, row: &OldRow, exchanged: bool) -> std::result::Result<(usize, usize), &'static str> {
        let end = |column| row.key(column).and_then(|id| self.plan.find(&id));
        match (end("from_id"), end("to_id")) {
            (Some(from), Some(to)) if from == to => Err("an item cannot wait for itself"),
            (Some(from), Some(to)) => Ok(if exchanged { (to, from) } else { (from, to) }),
            _ => Err("an item at one of its ends is not there"),
        }
    }

    fn sessions_and_claims(&mut self) -> Result<(usize, usize)> {
        let (mut agents, mut sessions, mut claims) = (HashMap::new(), 0, 0);
        self.each("sessions", |this, _, row| {
            sessions += 1;
            if let Some(id) = row.key("id") {
                agents.insert(id, rows::agent_of_session(row));
            }
            Ok(this.leftovers.record("sessions", row, "the original's sessions are over")?)
        })?;
        let grace = self.now.plus(ClaimPolicy::default().grace);
        self.each("claims", |this, _, row| {
            let mut reading = Reading::of(row);
            let subject = match this.subject(row) {
                Ok(subject) => subject,
                Err(why) => return Ok(this.leftovers.keep("claims", row, why)?),
            };
            let agent = row.key("session_id").and_then(|id| agents.get(&id));
            let claim = rows::claim(&mut reading, subject, agent.map(String::as_str), &grace, this.now);
            match reading.changed.is_empty() {
                true => this.leftovers.record("claims", row, "it came along as a claim")?,
                false => this.leftovers.keep_changed("claims", row, &reading.changed)?,
            }
            claims += 1;
            this.apply(Change::ClaimTaken { claim })
        })?;
        Ok((sessions, claims))
    }

    fn subject(&self, row: &OldRow) -> Result<Subject, &'static str> {
        let reference = row.key("subject_ref").filter(|name| !name.trim().is_empty());
        let reference = reference.ok_or("it names nothing that is claimed")?;
        let subject = match row.key("subject_type").as_deref() {
            Some("work_item") => {
                let at = self.plan.find(&reference).ok_or("its item is not there")?;
                Subject::Item(self.plan.item(at).id.clone())
            }
            _ => Subject::Resource(reference),
        };
        if let Subject::Item(id) = &subject {
            match self.tx.item(id) {
                Ok(Some(item)) if !item.status.is_terminal() => {}
                _ => return Err("its item is finished, and its claim with it"),
            }
        }
        match self.tx.claim(&subject) {
            Ok(None) => Ok(subject),
            _ => Err("what it names is claimed by another row"),
        }
    }

    /// Calls `take` with every row of a table and its number, in their order. A table that this original lacks has none.
    fn each(
        &mut self,
        table: &str,
        mut take: impl FnMut(&mut Self, i64, &OldRow) -> Result<()>,
    ) -> Result<()> {
        let original = self.original;
        let columns = columns(original, table)?;
        if columns.is_empty() {
            return Ok(());
        }
        let sql = format!("SELECT rowid, * FROM {} ORDER BY rowid", quoted(table));
        let mut query = original.prepare(&sql)?;
        let mut found = query.query([])?;
        while let Some(row) = found.next()? {
            take(self, row.get(0)?, &OldRow::read(&columns, row)?)?;
        }
        Ok(())
    }

    fn item_named(&self, row: &OldRow, column: &str) -> Option<ItemId> {
        let at = self.plan.find(&row.key(column)?)?;
        Some(self.plan.item(at).id.clone())
    }

    /// The id of a note or an edge, or a fresh one when it has none or one that `taken` finds.
    fn own_id(&mut self, row: &OldRow, reading: &mut Reading<'_>, taken: &str) -> Result<ItemId> {
        let given = row.key("id").filter(|id| !id.trim().is_empty());
        if let Some(id) = &given
            && self.tx.one(taken, [id], |_| Ok(()))?.is_none()
        {
            return Ok(ItemId::new(id.as_str()));
        }
        let fresh = self.ids.draw(self.drawn).to_string();
        self.drawn += 1;
        let was =
            given.map_or("it had no id".to_owned(), |id| format!("its id '{}' is another's", shown(&id)));
        reading.change(format!("{was}: it is {fresh} now"));
        Ok(ItemId::new(fresh))
    }

    fn apply(&mut self, change: Change) -> Result<()> {
        self.tx.commit(&[change], &self.actor, self.now, &Policies::default())?;
        // Nobody listens yet.
        self.tx.events.borrow_mut().clear();
        Ok(())
    }
}

/// Whatever the original had in this file. Triggers go first, so that nothing fires; tables of extensions take their own along.
fn drop_everything(connection: &Connection) -> Result<()> {
    const KINDS: [(&str, &str); 4] = [
        ("TRIGGER", "type = 'trigger'"),
        ("VIEW", "type = 'view'"),
        ("TABLE", "type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"),
        ("TABLE", "type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"),
    ];
    for (kind, which) in KINDS {
        let sql = format!("SELECT name FROM sqlite_schema WHERE {which}");
        let names: Vec<String> =
            connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for name in names {
            connection.execute_batch(&format!("DROP {kind} {}", quoted(&name)))?;
        }
    }
    Ok(())
}

/// What must hold before this is committed.
fn check(connection: &Connection) -> Result<()> {
    let mut dangling = connection.prepare("PRAGMA foreign_key_check")?;
    if dangling.exists([])? {
        return Err(Error::Damaged("a converted row refers to one that is not there".to_owned()));
    }
    Ok(())
}
