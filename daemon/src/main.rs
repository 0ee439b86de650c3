//! `task-orchestrator`: the daemon that owns the work graph, and the commands people run.
//!
//! This file turns arguments into a verb and holds no other logic. Only `serve` opens the database; every other verb
//! talks to the daemon over its socket, as the shims do (`daemon.md` rule 1).

mod answer;
mod args;
mod boot;
mod call;
mod catalog;
mod clock;
mod completions;
mod config;
mod connection;
mod daemon;
mod descriptors;
mod detach;
mod engine;
mod file_size;
mod halt;
mod hangup;
mod idle;
mod listen;
mod log;
mod lookout;
mod near;
mod original;
mod ownership;
mod peer;
mod project;
mod prompts;
mod reload;
mod report;
mod resources;
mod rpc;
mod sessions;
mod small_file;
mod stop;
#[cfg(test)]
mod tests;
mod tools;
mod verbs;
mod watch;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "task-orchestrator", version, about = "One work graph for all your agents")]
struct Arguments {
    /// The database, in place of TASK_ORCHESTRATOR_DB
    #[arg(long, global = true, value_name = "PATH")]
    db: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the daemon in the foreground
    Serve(verbs::serve::Arguments),
    /// Say whether a daemon runs, and how it is (exit code 3: none does). Never starts one
    Status(verbs::status::Arguments),
    /// Stop the daemon and wait until its database is free
    Stop(verbs::stop::Arguments),
    /// Call a tool and print its answer (exit code 1: it was refused)
    Call(verbs::call::Arguments),
    /// Take in an exported document of any size (exit code 1: some rows could not be placed)
    Import(verbs::import::Arguments),
}

fn main() -> ExitCode {
    #[cfg(feature = "faults")]
    if let Some(points) = orc_store::faults::list() {
        verbs::say(points.trim_end());
        return ExitCode::SUCCESS;
    }
    let Arguments { db, verb } = Arguments::parse();
    let outcome = match verb {
        Verb::Serve(arguments) => verbs::serve::run(arguments, db.as_deref()),
        Verb::Status(arguments) => verbs::status::run(&arguments, db.as_deref()),
        Verb::Stop(arguments) => verbs::stop::run(&arguments, db.as_deref()),
        Verb::Call(arguments) => verbs::call::run(arguments, db.as_deref()),
        Verb::Import(arguments) => verbs::import::run(&arguments, db.as_deref()),
    };
    outcome.unwrap_or_else(|trouble| {
        verbs::complain(&trouble.to_string());
        ExitCode::FAILURE
    })
}
