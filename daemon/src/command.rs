//! The command line as data: every verb, its words and its help. Completions, man pages and docs/cli.md are made from it.

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use crate::verbs::{self, exit};

/// What a person types behind `task-orchestrator`.
#[derive(Parser)]
#[command(name = "task-orchestrator", version, about = "One work graph for all your agents", after_help = exit::HELP)]
pub(crate) struct Arguments {
    /// The database, in place of TASK_ORCHESTRATOR_DB
    #[arg(long, global = true, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    db: Option<PathBuf>,
    /// Print one JSON document, the tool's own where one tool answers
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the daemon in the foreground
    Serve(verbs::serve::Arguments),
    /// Say whether a daemon runs, and how it is (exit code 3: none does). Never starts one
    Status,
    /// Stop the daemon and wait until its database is free
    Stop(verbs::stop::Arguments),
    /// Call a tool and print its answer
    Call(verbs::call::Arguments),
    /// Take in an exported document of any size (exit code 1: some rows could not be placed)
    Import(verbs::import::Arguments),
}

/// The definitions, for whatever is made from them.
pub(crate) fn definitions() -> clap::Command {
    Arguments::command()
}

/// Runs what was typed, to its end.
pub(crate) fn run() -> ExitCode {
    let Arguments { db, json, verb } = Arguments::parse();
    let db = db.as_deref();
    let outcome = match verb {
        Verb::Serve(arguments) => verbs::serve::run(arguments, db),
        Verb::Status => verbs::status::run(json, db),
        Verb::Stop(arguments) => verbs::stop::run(&arguments, json, db),
        Verb::Call(arguments) => verbs::call::run(arguments, db),
        Verb::Import(arguments) => verbs::import::run(&arguments, json, db),
    };
    outcome.unwrap_or_else(|trouble| verbs::give_up(&trouble, json))
}
