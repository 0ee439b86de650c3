//! `restore PATH`: a backup in the place of the database, while the daemon is stopped. What was there is kept.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use orc_store::backup::file_time;
use orc_store::open::OpenError;
use orc_store::restore::{RestoreError, restore};
use serde_json::json;

use super::{Here, Trouble, offline, say};
use crate::{backups, clock, detach};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The backup
    #[arg(value_hint = clap::ValueHint::FilePath)]
    path: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    detach::keep_files_private();
    let here = Here::find(db)?;
    let database = &here.endpoint.database;
    // Before anybody is asked to stop the daemon.
    if let Some(what) = no_file(&arguments.path) {
        return Err(Trouble::Said(format!("Nothing was restored. {what}.{}", backup_to_name(database))));
    }
    if here.endpoint.is_default {
        // A first start on a new machine: the usual folders may not be there yet.
        here.endpoint.prepare().map_err(|error| Trouble::Said(error.to_string()))?;
    }
    let _lock = offline::take_lock(&here.endpoint, "restore")?;
    let restored = restore(&arguments.path, database, &file_time(&clock::now()));
    let restored = restored.map_err(|error| {
        let (what, next) = (explained(&arguments.path, &error), backup_to_name(database));
        // These are about the database, not about what was named.
        let about_place = matches!(error, RestoreError::Copy(_) | RestoreError::Replace(_));
        Trouble::Said(format!(
            "Nothing was restored. {what}.{}",
            if about_place { "" } else { next.as_str() }
        ))
    })?;
    if json {
        say(&json!({"restored": database, "from": arguments.path, "kept": restored.kept}).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("Restored {} from {}.", database.display(), arguments.path.display()));
    if let Some(kept) = restored.kept {
        say(&format!("What was there before is kept: {}.", kept.display()));
    }
    say("The next session or command starts the daemon on it.");
    Ok(ExitCode::SUCCESS)
}

/// That there is no file to be looked at.
fn no_file(path: &Path) -> Option<String> {
    let shown = path.display();
    if path.is_dir() {
        return Some(format!("{shown} is a folder; name the backup in it"));
    }
    (!path.exists()).then(|| format!("There is no file {shown}"))
}

/// What the file is that was named, and what can be done with it.
fn explained(path: &Path, error: &RestoreError) -> String {
    let shown = path.display();
    let import = format!("`task-orchestrator import '{shown}'`");
    match error {
        RestoreError::NotOurs(OpenError::Original { .. }) => {
            format!("{shown} is a database of task-orchestrator-py, no backup; {import} takes its items in")
        }
        RestoreError::NotOurs(OpenError::Foreign { .. }) => match begins_with(path) {
            Some(b'{' | b'[') => format!(
                "{shown} is a JSON document, no backup of a database; {import} takes in what was exported or is a checkpoint"
            ),
            _ if is_sqlite(path) => format!(
                "{shown} is a database of another program, no backup; {import} says whether its items can come"
            ),
            _ => format!(
                "{shown} is no backup: a backup is a SQLite database, as `task-orchestrator backup` writes it"
            ),
        },
        RestoreError::NotOurs(OpenError::Newer { found, known, .. }) => format!(
            "{shown} was written by a newer task-orchestrator (schema {found}, this one knows {known}): update task-orchestrator, then restore it"
        ),
        RestoreError::NotOurs(OpenError::Failed { source, .. }) => {
            format!("{shown} cannot be read ({source}); look whether you may read it")
        }
        other => other.to_string(),
    }
}

/// The first byte that is no white space.
fn begins_with(path: &Path) -> Option<u8> {
    let file = std::fs::File::open(path).ok()?;
    let mut head = Vec::new();
    file.take(1024).read_to_end(&mut head).ok()?;
    head.into_iter().find(|byte| !byte.is_ascii_whitespace())
}

fn is_sqlite(path: &Path) -> bool {
    let mut head = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"SQLite format 3\0"
}

/// What could be restored instead.
fn backup_to_name(database: &Path) -> String {
    match backups::list(database).first() {
        Some(newest) => format!(" The newest backup of this database is {}.", newest.path.display()),
        None => format!(
            " Backups of this database would be in {}; there are none.",
            backups::folder(database).display()
        ),
    }
}
