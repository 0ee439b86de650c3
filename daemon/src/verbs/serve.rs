//! `serve`: the daemon itself, in the foreground, or detached when a shim started it.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use super::{Here, Trouble};
use crate::{
    boot::{self, BootError, Plan},
    detach,
    idle::IdleExit,
    log,
};

/// Snapshots read at the same time, each on a thread and a connection of its own; more reads wait for their turn.
const READS_AT_ONCE: usize = 16;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A file in place of the user's config.yaml
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// The original's workspaces.json, read once
    #[arg(long, value_name = "PATH")]
    workspaces: Option<PathBuf>,
    /// End after this long without sessions, e.g. 30m (default: only when a shim started the daemon)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    idle_exit: Option<Duration>,
    /// Detach, log to a file, and say on stdout how the start went
    #[arg(long, hide = true)]
    started_by_shim: bool,
    /// Most sessions at a time
    #[arg(long, hide = true, default_value_t = 1000)]
    max_sessions: usize,
    /// How often to look whether database and lock are still the same files, beside when the system says that they may not be
    #[arg(long, hide = true, value_parser = duration)]
    check_every: Option<Duration>,
}

pub(crate) fn run(arguments: Arguments, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    if arguments.started_by_shim {
        detach::leave_the_starter();
    }
    detach::keep_files_private();
    // Found before the folder becomes `/`: relative paths are the caller's.
    let here = Here::find(db)?;
    let folder = std::env::current_dir().unwrap_or_else(|_| here.places.home.clone());
    let absolute = |path: PathBuf| orc_proto::settings::absolute(&path, &here.places.home, &folder);
    let log_file = arguments.started_by_shim.then(|| here.endpoint.log());
    log::begin(here.settings.log.as_deref(), log_file.as_deref());
    let idle_exit = match (arguments.idle_exit, arguments.started_by_shim) {
        (Some(fixed), _) => IdleExit::After(fixed),
        (None, true) => IdleExit::Configured,
        (None, false) => IdleExit::Never,
    };
    let plan = Plan {
        config: arguments.config.map(absolute).or(here.settings.config),
        workspaces: arguments.workspaces.map(absolute).or(here.settings.workspaces),
        endpoint: here.endpoint,
        places: here.places,
        idle_exit,
        started_by_shim: arguments.started_by_shim,
        max_sessions: arguments.max_sessions,
        check_every: arguments.check_every,
    };
    // One thread for all sockets: what is done there is short, and a second one would be woken for half of it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(READS_AT_ONCE)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(boot::serve(plan));
    // Work that did not end in time must not hold the process.
    runtime.shutdown_timeout(Duration::from_millis(200));
    match ended {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(busy @ BootError::Busy { .. }) => {
            super::complain(&busy.to_string());
            super::remark("  next: task-orchestrator status, or task-orchestrator stop to end it");
            Ok(ExitCode::from(3))
        }
        Err(error) => Err(Trouble::Said(error.to_string())),
    }
}

/// `500ms`, `30s`, `30m`, `2h`, `1d`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("give a number and ms, s, m, h or d, such as 30m".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "give a whole number and a unit, such as 30m".to_owned())?;
    number.checked_mul(scale).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn durations() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert!(duration("30").is_err());
        assert!(duration("m").is_err());
        assert!(duration("99999999999999999999d").is_err());
    }
}
