//! `task-orchestrator`: the daemon that owns the work graph, and the commands people run.
//!
//! `command.rs` turns arguments into a verb; each verb is a file under `verbs/`. Only `serve` opens the database; the other verbs
//! talk to the daemon over its socket, as the shims do. `restore` and `repair`, and `doctor` where no daemon runs, hold its lock
//! instead (`daemon.md` rule 1).

mod answer;
mod args;
mod backups;
mod boot;
mod call;
mod catalog;
mod clock;
mod command;
mod completions;
mod config;
mod connection;
mod daemon;
mod descriptors;
mod detach;
mod doing;
mod engine;
mod figures;
mod file_size;
mod halt;
mod hangup;
mod idle;
mod last_end;
mod listen;
mod lobby;
mod log;
mod lookout;
mod named_folder;
mod near;
mod original;
mod ownership;
mod page;
mod peer;
mod project;
mod prompts;
mod reload;
mod report;
mod resources;
mod rpc;
mod service;
mod service_manager;
mod sessions;
mod setup;
mod small_file;
mod stop;
#[cfg(test)]
mod tests;
mod tools;
mod verbs;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "faults")]
    if let Some(points) = orc_store::faults::list() {
        verbs::say(points.trim_end());
        return ExitCode::SUCCESS;
    }
    command::run()
}
