//! `stop`: ends the daemon and waits until its lock is free (`daemon.md` rule 9).

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use orc_proto::{
    Hello, Kind,
    dial::{ANSWER_WITHIN, DialError, RpcError, dial},
    lockfile, stop_marker,
};

use super::{Here, Trouble, say};

/// A daemon drains within 10 s; the rest is for a busy machine.
const WAIT: Duration = Duration::from_secs(15);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Say nothing when it worked
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) fn run(arguments: &Arguments, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let here = Here::find(db)?;
    let outcome = super::client_runtime()?.block_on(stop(&here))?;
    if !arguments.quiet {
        say(&outcome);
    }
    Ok(ExitCode::SUCCESS)
}

async fn stop(here: &Here) -> Result<String, Trouble> {
    let endpoint = &here.endpoint;
    let hello = Hello::new(Kind::Probe, endpoint.database.clone());
    let pid = match dial(endpoint, &hello).await {
        Ok(connection) => {
            match connection.ask("daemon/stop", None, ANSWER_WITHIN).await {
                Ok(answer) => answer.map(drop).map_err(|fault| Trouble::Said(fault.message))?,
                // It may end before its answer is out; the lock will tell.
                Err(RpcError::Shutdown | RpcError::Channel(_)) => {}
                Err(error) => return Err(error.into()),
            }
            Some(connection.welcome.pid)
        }
        Err(DialError::NobodyListens { .. }) => None,
        Err(ending) if ending.passes() => None,
        Err(other) => return Err(other.into()),
    };
    let begun = Instant::now();
    while let Some(holder) = lockfile::holder(&endpoint.lock())? {
        if begun.elapsed() > WAIT {
            return Err(Trouble::Said(format!(
                "The daemon still holds the lock {} after {} s ({holder}).",
                endpoint.lock().display(),
                WAIT.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    match pid {
        Some(pid) => Ok(format!("Stopped (pid {pid}).")),
        None => {
            // So that the idle shims of a daemon that died leave it at that. No folder, no shims.
            if endpoint.runtime.is_dir() {
                stop_marker::leave(endpoint)?;
            }
            Ok("No daemon runs.".to_owned())
        }
    }
}
