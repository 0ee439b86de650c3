//! `repair`: a database that is not sound is made so, while no daemon has it open (`daemon.md` rule 1).
//!
//! A whole file whose derived columns or references are wrong is backed up and mended in place, in one transaction. A damaged file
//! is left alone: its readable rows go into a new one, which takes its place; the old one is kept.

mod recompute;
mod salvage;

use std::path::{Path, PathBuf};

use orc_core::time::Stamp;
use rusqlite::Connection;

use crate::backup::{self, BackupError, file_time, named};
use crate::check::{Soundness, check_still};
use crate::error::Error;
use crate::open::{OpenError, look, open};
use crate::replace::{ReplaceError, replace};
use crate::tx::Tx;

pub use salvage::Salvaged;

/// Under this name the database remembers the rules that its items stand in line by, where they are not the default ones.
pub const LINE_RULES: &str = "line_rules";

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Repaired {
    /// The database is sound and was left as it is.
    Nothing,
    /// What is derived was computed anew, and what referred to nothing was taken out.
    Mended {
        /// What had been found.
        found: Soundness,
        /// The database as it was before.
        backup: PathBuf,
        /// What was taken out or changed beside derived columns, and how often.
        settled: Vec<(&'static str, usize)>,
    },
    /// A new file was made of the rows that could be read.
    Salvaged {
        /// What had been found.
        found: Soundness,
        /// Where the damaged file is now.
        kept: PathBuf,
        /// What came along, and what did not.
        salvaged: Salvaged,
    },
}

/// Why nothing was repaired; the database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// It is no database of ours, or its very beginning is damaged.
    #[error("{0}. If a backup is left, `restore` puts it in its place")]
    NotOurs(#[from] OpenError),
    /// An empty file.
    #[error("{path} is empty: there is nothing in it to repair")]
    Empty {
        /// The database.
        path: String,
    },
    /// It is damaged, and its tables are those of an older version.
    #[error(
        "{path} is damaged, and its schema ({version}) is older than the one known here ({known}): repair it with the version of task-orchestrator that wrote it, or restore a backup"
    )]
    Older {
        /// The database.
        path: String,
        /// Its schema.
        version: usize,
        /// The newest one known here.
        known: usize,
    },
    /// Without a copy nothing is changed.
    #[error("{0}. Without a backup nothing was changed")]
    Backup(#[from] BackupError),
    /// The mended or new database is still not sound.
    #[error("{path} cannot be repaired: afterwards there was still {what}. Restore a backup")]
    InVain {
        /// The database.
        path: String,
        /// What was found.
        what: String,
    },
    /// The database or the new file cannot be read or written.
    #[error("{path} cannot be repaired: {source}")]
    Failed {
        /// The database.
        path: String,
        /// What was said.
        source: Error,
    },
    /// The new file cannot take its place.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

/// Repairs the database at `path`, whose lock the caller holds.
///
/// # Errors
/// See [`RepairError`].
pub fn repair(path: &Path, now: &Stamp) -> Result<Repaired, RepairError> {
    let text = || path.display().to_string();
    let failed = |source| RepairError::Failed { path: text(), source };
    let before = look(path)?;
    if before.version == 0 {
        return Err(RepairError::Empty { path: text() });
    }
    let found = check_still(path, now.micros()).map_err(failed)?;
    if found.is_sound() {
        return Ok(Repaired::Nothing);
    }
    if found.damage.is_empty() {
        return mend(path, found, now);
    }
    if before.version < before.known {
        return Err(RepairError::Older { path: text(), version: before.version, known: before.known });
    }
    let fresh = named(path, "unfinished-repair");
    let salvaged = salvage::into(path, &fresh, now).map_err(failed)?;
    refuse_unsound(path, &fresh, now)?;
    let kept = replace(path, &fresh, "damaged", &file_time(now))?;
    // There was a file at the path: it has been read just now.
    let kept = kept.unwrap_or_else(|| path.to_owned());
    Ok(Repaired::Salvaged { found, kept, salvaged })
}

fn mend(path: &Path, found: Soundness, now: &Stamp) -> Result<Repaired, RepairError> {
    let failed = |source: Error| RepairError::Failed { path: path.display().to_string(), source };
    let mut connection = open(path)?.connection;
    let backup = backup::beside(&connection, path, "before-repair", &file_time(now))?;
    let settled = settle(&mut connection, now).map_err(failed)?;
    let after = Tx::new(&connection, 0).check(Some((&orc_core::Policies::default(), now.micros())));
    let after = after.map_err(failed)?;
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"); // whoever opens it next can do it as well
    match in_words(&after) {
        None => Ok(Repaired::Mended { found, backup, settled }),
        Some(what) => Err(RepairError::InVain { path: path.display().to_string(), what }),
    }
}

/// Settles references and computes anew, all or nothing.
fn settle(connection: &mut Connection, now: &Stamp) -> Result<Vec<(&'static str, usize)>, Error> {
    connection.execute_batch("PRAGMA foreign_keys = OFF")?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let settled = recompute::references(&transaction)?;
    recompute::all(&Tx::new(&transaction, 0), now.micros())?;
    transaction.commit()?;
    Ok(settled)
}

fn refuse_unsound(path: &Path, fresh: &Path, now: &Stamp) -> Result<(), RepairError> {
    let text = path.display().to_string();
    let after = check_still(fresh, now.micros());
    let after = after.map_err(|source| RepairError::Failed { path: text.clone(), source })?;
    in_words(&after).map_or(Ok(()), |what| Err(RepairError::InVain { path: text, what }))
}

fn in_words(found: &Soundness) -> Option<String> {
    let derived = found.derived.iter().map(|(what, ids)| format!("{what}: {}", ids.join(", ")));
    let all: Vec<String> =
        found.damage.iter().cloned().chain(found.dangling.iter().cloned()).chain(derived).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

#[cfg(test)]
mod tests;
