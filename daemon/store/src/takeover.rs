//! Taking over a database of the original, `task-orchestrator-py` 0.6 to 1.5 (`daemon.md` rule 21).
//!
//! Nobody else may have it open ([`hold`]). A whole copy is put beside it ([`crate::backup`]), and read while the database
//! itself is converted in one transaction ([`convert`]): a process that is killed on the way leaves the untouched original or
//! the complete conversion. Every row comes along as well as it can ([`rows`], after a [`plan`] of ids and parents); one that
//! is not what it was, or could not come, is kept whole in the table `take_over_leftovers` with the reason ([`leftovers`]).

mod convert;
pub(crate) mod cycles;
mod hold;
mod leftovers;
pub(crate) mod old_row;
pub(crate) mod plan;
pub(crate) mod rows;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use orc_core::time::Stamp;
use serde_json::{Value, json};

use crate::backup::{self, BackupError};
use crate::error::Error;
use crate::open;

/// Under which name the database itself remembers its take-over, as [`Report::json`].
pub const META: &str = "taken_over";
/// The original's tables that become ours; what else it has stays in the backup.
const CONVERTED: [&str; 5] = ["work_items", "notes", "dependencies", "sessions", "claims"];

/// What a take-over brought.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The copy of the original.
    pub backup: PathBuf,
    /// How many items came along: all.
    pub items: usize,
    /// How many notes.
    pub notes: usize,
    /// How many dependencies.
    pub dependencies: usize,
    /// How many workspaces of its workspaces.json.
    pub workspaces: usize,
    /// How many sessions it had; they are over, and kept on record.
    pub sessions: usize,
    /// How many claims came along; each ends soon unless its agent returns.
    pub claims: usize,
    /// How many rows are not what they were, or not here: they stand in `take_over_leftovers`.
    pub leftovers: usize,
    /// Tables that are not the work graph's and are in the backup alone, with their rows: users, their logins, and what other
    /// programs put there.
    pub in_backup_only: Vec<(String, i64)>,
    /// What else a person should know.
    pub notices: Vec<String>,
}

/// Why a database of the original was not taken over. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum TakeoverError {
    /// Someone else would go on writing to it.
    #[error(
        "{path} is a database of task-orchestrator-py, and another process has it open. End the MCP clients that run task-orchestrator-py on it, then call again: it is backed up and taken over then"
    )]
    InUse {
        /// The file.
        path: String,
    },
    /// It is none of the original's: a conversion would destroy it.
    #[error("{path} is no database of task-orchestrator-py, or has been taken over already")]
    NotOriginal {
        /// The file.
        path: String,
    },
    /// There is no backup.
    #[error(
        "{path} is a database of task-orchestrator-py and was not taken over, for it cannot be backed up: {source}"
    )]
    NoBackup {
        /// The file.
        path: String,
        /// What was said.
        source: BackupError,
    },
    /// SQLite or the file system said no.
    #[error(
        "{path} is a database of task-orchestrator-py and cannot be taken over: {source}. It is as it was. Check that the folder and the file are yours and writable, and that the disk has room for three times its size"
    )]
    Failed {
        /// The file.
        path: String,
        /// What was said.
        source: rusqlite::Error,
    },
    /// Some row of it does not fit, or cannot be read.
    #[error(
        "{path} is a database of task-orchestrator-py and cannot be taken over: {source}. It is as it was; a copy is at {backup}"
    )]
    NotConverted {
        /// The file.
        path: String,
        /// The copy.
        backup: String,
        /// What was said.
        source: Error,
    },
}

/// Backs up the database at `path`, for which [`crate::open`] answered [`crate::open::OpenError::Original`], and converts it
/// into one of ours. Whoever opens it next finds that.
///
/// `workspaces` is the original's workspaces.json; it is beside the database unless its user said otherwise.
///
/// # Errors
/// See [`TakeoverError`]. The database is as it was then.
pub fn takeover(path: &Path, now: &Stamp, workspaces: Option<&Path>) -> Result<Report, TakeoverError> {
    let text = || path.display().to_string();
    let failed = |source| TakeoverError::Failed { path: text(), source };
    let connection = hold::exclusively(path)?;
    if !open::is_original(&connection).map_err(failed)? {
        return Err(TakeoverError::NotOriginal { path: text() });
    }
    let backup = backup::beside(&connection, path, "original", &backup::file_time(now))
        .map_err(|source| TakeoverError::NoBackup { path: text(), source })?;
    let original = backup::open_copy(&backup).map_err(failed)?;
    let mut report = Report { backup: backup.clone(), ..Report::default() };
    report.in_backup_only = others(&original).map_err(failed)?;
    let beside = path.with_file_name("workspaces.json");
    convert::convert(&connection, &original, workspaces.unwrap_or(&beside), now, &mut report).map_err(
        |source| TakeoverError::NotConverted { path: text(), backup: backup.display().to_string(), source },
    )?;
    #[cfg(feature = "faults")]
    crate::faults::pass(crate::faults::Point::TakenOver);
    // It is committed; folding the log into the file can as well be done by whoever opens it next.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    Ok(report)
}

/// The tables that do not become ours and hold anything.
fn others(original: &rusqlite::Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut others = Vec::new();
    for table in backup::row_tables(original)? {
        if !CONVERTED.contains(&table.as_str()) && !table.starts_with("items_fts") {
            let rows = backup::count_rows(original, &table)?;
            others.extend((rows > 0).then_some((table, rows)));
        }
    }
    Ok(others)
}

impl Report {
    /// As `status` shows it, and the database remembers it.
    pub fn json(&self) -> Value {
        let in_backup_only: Vec<&String> = self.in_backup_only.iter().map(|(table, _)| table).collect();
        json!({
            "from": "task-orchestrator-py",
            "backup": self.backup,
            "items": self.items,
            "notes": self.notes,
            "dependencies": self.dependencies,
            "workspaces": self.workspaces,
            "sessions": self.sessions,
            "claims": self.claims,
            "leftovers": self.leftovers,
            "in_backup_only": in_backup_only,
            "notices": self.notices,
        })
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let mut line = format!(
            "This was a database of task-orchestrator-py: {} items, {} notes, {} dependencies, {} workspaces and {} claims were taken over. The original is at {}.",
            self.items,
            self.notes,
            self.dependencies,
            self.workspaces,
            self.claims,
            self.backup.display()
        );
        if self.leftovers > 0 {
            line.push_str(&format!(
                " {} rows could not come along as they were; the table take_over_leftovers has them whole, with the reasons.",
                self.leftovers
            ));
        }
        if !self.in_backup_only.is_empty() {
            let tables: Vec<String> =
                self.in_backup_only.iter().map(|(table, rows)| format!("{table} ({rows} rows)")).collect();
            line.push_str(&format!(" Only there, for it is not ours: {}.", tables.join(", ")));
        }
        line
    }
}
