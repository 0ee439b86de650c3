//! `backup [PATH]`: a copy of the database while it is in use, made by the daemon, which is started if need be.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Here, Trouble, say};

/// A large database on a slow disk.
const WITHIN: Duration = Duration::from_secs(3_600);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to; nothing may stand there yet [default: a new file in `backups`, beside the database]
    #[arg(value_hint = clap::ValueHint::FilePath)]
    path: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let here = Here::find(db)?;
    if db.is_some() {
        here.refuse_to_read_nothing()?;
    }
    let folder = std::env::current_dir().unwrap_or_else(|_| here.places.home.clone());
    let absolute = |path: &PathBuf| orc_proto::settings::absolute(path, &here.places.home, &folder);
    let path = arguments.path.as_ref().map(absolute);
    if let Some(missing) = path.as_deref().and_then(Path::parent).filter(|folder| !folder.is_dir()) {
        return Err(Trouble::Said(format!("There is no folder {}; make it first", missing.display())));
    }
    let params = path.map_or_else(|| json!({}), |path| json!({ "path": path }));
    let made = super::client_runtime()?.block_on(ask(&here, &params))?;
    if json {
        say(&made.to_string());
    } else {
        let path = made["path"].as_str().unwrap_or_default();
        say(&format!("Backed up to {path} ({} bytes, checked).", made["bytes"]));
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(here: &Here, params: &Value) -> Result<Value, Trouble> {
    let connection = here.connect().await?;
    let answer = connection.ask("daemon/backup", Some(params.to_string().into()), WITHIN).await?;
    let document = answer.map_err(|fault| Trouble::Said(format!("No backup was made. {}", fault.message)))?;
    Ok(serde_json::from_str(document.text()).map_err(std::io::Error::from)?)
}
