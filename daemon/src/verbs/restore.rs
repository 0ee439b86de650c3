//! `restore PATH`: a backup in the place of the database, while the daemon is stopped. What was there is kept.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use orc_store::backup::file_time;
use orc_store::restore::restore;
use serde_json::json;

use super::{Here, Trouble, offline, say};
use crate::{clock, detach};

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
    if here.endpoint.is_default {
        // A first start on a new machine: the usual folders may not be there yet.
        here.endpoint.prepare().map_err(|error| Trouble::Said(error.to_string()))?;
    }
    let _lock = offline::take_lock(&here.endpoint, "restore")?;
    let restored = restore(&arguments.path, database, &file_time(&clock::now()));
    let restored = restored.map_err(|error| Trouble::Said(format!("Nothing was restored. {error}.")))?;
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
