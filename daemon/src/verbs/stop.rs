//! `stop`: ends the daemon and waits until its lock is free (`daemon.md` rule 9).

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use orc_proto::{
    Endpoint, Hello, Kind,
    dial::{ANSWER_WITHIN, DialError, RpcError, dial},
    lockfile, stop_marker,
};
use serde_json::json;

use super::{Here, Trouble, say};

/// A daemon drains within 10 s; the rest is for a busy machine.
const WAIT: Duration = Duration::from_secs(15);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Say nothing when it worked
    #[arg(long, short)]
    quiet: bool,
}

pub(crate) fn run(arguments: &Arguments, json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let here = Here::find(db)?;
    let stopped = now(&here)?;
    match stopped {
        _ if json => say(&json!({"stopped": stopped.is_some(), "pid": stopped}).to_string()),
        _ if arguments.quiet => {}
        Some(pid) => say(&format!("Stopped (pid {pid}).")),
        None => say("No daemon runs."),
    }
    Ok(ExitCode::SUCCESS)
}

/// Stops it for whichever verb; the process that was stopped, `None` when none ran.
pub(crate) fn now(here: &Here) -> Result<Option<u32>, Trouble> {
    super::client_runtime()?.block_on(stop(here))
}

async fn stop(here: &Here) -> Result<Option<u32>, Trouble> {
    let endpoint = &here.endpoint;
    let begun = Instant::now();
    let mut asked = None;
    // Asked or not: only a free lock means stopped. A daemon that just starts or ends listens a moment later, or not any more. And
    // where nobody holds it, nobody is asked: a service manager's socket would start one.
    while let Some(holder) = lockfile::holder(&endpoint.lock())? {
        if asked.is_none() {
            asked = ask(endpoint).await?;
        }
        if asked.is_some() && holder.pid.is_some() && holder.pid != asked {
            break; // a tool call has started the next one already
        }
        if begun.elapsed() > WAIT {
            let (lock, seconds) = (endpoint.lock(), WAIT.as_secs());
            return Err(Trouble::Said(format!(
                "The daemon still holds the lock {} after {seconds} s ({holder}).",
                lock.display()
            )));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    if asked.is_some() {
        return Ok(asked);
    }
    // So that the idle shims of a daemon that died leave it at that. No folder, no shims.
    if endpoint.runtime.is_dir() {
        stop_marker::leave(endpoint)?;
    }
    Ok(None)
}

/// Asks the daemon to stop; its pid. `None`: nobody listens now, or it is ending already.
async fn ask(endpoint: &Endpoint) -> Result<Option<u32>, Trouble> {
    let hello = Hello::new(Kind::Probe, endpoint.database.clone());
    let connection = match dial(endpoint, &hello).await {
        Ok(connection) => connection,
        Err(DialError::NobodyListens { .. }) => return Ok(None),
        Err(ending) if ending.passes() => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    match connection.ask("daemon/stop", None, ANSWER_WITHIN).await {
        Ok(answer) => answer.map(drop).map_err(|fault| Trouble::Said(fault.message))?,
        // It may end before its answer is out; the lock will tell.
        Err(RpcError::Shutdown | RpcError::Channel(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Some(connection.welcome.pid))
}
