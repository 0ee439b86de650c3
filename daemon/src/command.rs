//! The command line as data: every verb, its words and its help. Completions, man pages and docs/cli.md are made from it.

mod elsewhere;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    clock,
    verbs::{self, Trouble, exit, person::Person},
};

/// What a person types behind `task-orchestrator`.
#[derive(Parser)]
#[command(name = "task-orchestrator", version, about = "One work graph for all your agents", after_help = exit::HELP)]
struct Arguments {
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
    /// What to do next, and why (exit code 1: nothing)
    Next(verbs::next::Arguments),
    /// List items
    List(verbs::list::Arguments),
    /// Show an item with all that surrounds it
    Show(verbs::show::Arguments),
    /// Show items under their parents
    Tree(verbs::tree::Arguments),
    /// Add an item
    Add(verbs::add::Arguments),
    /// Change an item: only what is given, with --tag for all its tags. --parent moves it
    Edit(verbs::edit::Arguments),
    /// Delete items; `undelete` brings them back
    Delete(verbs::delete::Arguments),
    /// Bring a deleted item back with its notes, its dependencies and what was below it
    Undelete(verbs::undelete::Arguments),
    /// Start items: queue to work, work to review, review to done
    Start(verbs::advance::Arguments),
    /// Complete items
    #[command(visible_alias = "complete")]
    Done(verbs::advance::Arguments),
    /// Set items aside
    Block(verbs::advance::Arguments),
    /// Go on with items that were set aside
    Resume(verbs::advance::Arguments),
    /// Give items up
    Cancel(verbs::advance::Arguments),
    /// Bring closed items back to the queue
    Reopen(verbs::advance::Arguments),
    /// List, show and write notes
    Note(verbs::note::Arguments),
    /// Say which item waits for which
    Dep(verbs::dep::Arguments),
    /// Draw what waits for what
    Graph(verbs::graph::Arguments),
    /// List who holds what; take, give back, pass on
    Claim(verbs::claim::Arguments),
    /// List changes, newest first
    History(verbs::history::Arguments),
    /// List who is connected
    Agents,
    /// Throughput, lead and cycle time, work in progress
    Metrics(verbs::metrics::Arguments),
    /// Follow changes as they happen
    Watch(verbs::watch::Arguments),
    /// Write the graph to a file
    Export(verbs::export::Arguments),
    /// Take in an exported document of any size, or what another program kept (exit code 1: some rows could not come)
    Import(verbs::import::Arguments),
    /// Call a tool and print its answer
    Call(verbs::call::Arguments),
    /// Run the daemon in the foreground
    Serve(verbs::serve::Arguments),
    /// Say whether a daemon runs, and how it is (exit code 3: none does). Never starts one
    Status,
    /// Stop the daemon and wait until its database is free
    Stop(verbs::stop::Arguments),
    /// Look whether everything is in order, and say what to do where it is not (exit code 1: a problem). Changes nothing
    Doctor,
    /// Copy the database while it is in use
    Backup(verbs::backup::Arguments),
    /// Put a backup in the place of the database, which is kept. The daemon must be stopped
    Restore(verbs::restore::Arguments),
    /// Mend a database that is not sound, keeping what was there. The daemon must be stopped
    Repair,
    /// Have the system run the daemon for good
    Service(verbs::service::Arguments),
    /// Make an MCP client know the server: its entry, hooks and rules
    Setup(verbs::setup::Arguments),
    /// What clients' hooks run: prints where things stand, or nothing. Never starts a daemon
    #[command(hide = true)]
    Hook(verbs::hook::Arguments),
    /// Print what a shell needs to complete verbs, options and ids
    Completions(verbs::completions::Arguments),
    /// Write man pages into a folder
    Man(verbs::man::Arguments),
}

/// The definitions, for whatever is made from them.
pub(crate) fn definitions() -> clap::Command {
    Arguments::command()
}

/// Runs what was typed, to its end.
pub(crate) fn run() -> ExitCode {
    verbs::completions::answer_a_shell();
    let Arguments { db, json, verb } =
        Arguments::try_parse().unwrap_or_else(|error| elsewhere::known(error).exit());
    run_verb(verb, db.as_deref(), json).unwrap_or_else(|trouble| verbs::give_up(&trouble, json))
}

fn run_verb(verb: Verb, db: Option<&Path>, json: bool) -> Result<ExitCode, Trouble> {
    let person = || Person::new(db, json);
    let now = clock::now();
    let exit = match verb {
        Verb::Next(arguments) => verbs::next::run(&arguments, &person()?, &now)?,
        Verb::List(arguments) => verbs::list::run(&arguments, &person()?, &now)?,
        Verb::Show(arguments) => verbs::show::run(&arguments, &person()?, &now)?,
        Verb::Tree(arguments) => verbs::tree::run(&arguments, &person()?, &now)?,
        Verb::Add(arguments) => verbs::add::run(&arguments, &person()?, &now)?,
        Verb::Edit(arguments) => verbs::edit::run(&arguments, &person()?, &now)?,
        Verb::Delete(arguments) => verbs::delete::run(&arguments, &person()?)?,
        Verb::Undelete(arguments) => verbs::undelete::run(&arguments, &person()?)?,
        Verb::Start(arguments) => verbs::advance::run("start", &arguments, &person()?)?,
        Verb::Done(arguments) => verbs::advance::run("complete", &arguments, &person()?)?,
        Verb::Block(arguments) => verbs::advance::run("block", &arguments, &person()?)?,
        Verb::Resume(arguments) => verbs::advance::run("resume", &arguments, &person()?)?,
        Verb::Cancel(arguments) => verbs::advance::run("cancel", &arguments, &person()?)?,
        Verb::Reopen(arguments) => verbs::advance::run("reopen", &arguments, &person()?)?,
        Verb::Note(arguments) => verbs::note::run(&arguments, &person()?)?,
        Verb::Dep(arguments) => verbs::dep::run(&arguments, &person()?)?,
        Verb::Graph(arguments) => verbs::graph::run(&arguments, &person()?)?,
        Verb::Claim(arguments) => verbs::claim::run(&arguments, &person()?, &now)?,
        Verb::History(arguments) => verbs::history::run(&arguments, &person()?, &now)?,
        Verb::Agents => verbs::agents::run(&person()?, &now)?,
        Verb::Metrics(arguments) => verbs::metrics::run(&arguments, &person()?, &now)?,
        Verb::Watch(arguments) => verbs::watch::run(&arguments, &person()?)?,
        Verb::Export(arguments) => verbs::export::run(&arguments, &person()?)?,
        Verb::Call(arguments) => verbs::call::run(arguments, &person()?)?,
        Verb::Completions(arguments) => verbs::completions::run(&arguments)?,
        Verb::Man(arguments) => verbs::man::run(&arguments)?,
        Verb::Import(arguments) => return verbs::import::run(&arguments, json, db),
        Verb::Serve(arguments) => return verbs::serve::run(arguments, db),
        Verb::Doctor => return verbs::doctor::run(json, db),
        Verb::Backup(arguments) => return verbs::backup::run(&arguments, json, db),
        Verb::Restore(arguments) => return verbs::restore::run(&arguments, json, db),
        Verb::Repair => return verbs::repair::run(json, db),
        Verb::Service(arguments) => return verbs::service::run(&arguments, json, db),
        Verb::Status => return verbs::status::run(json, db),
        Verb::Stop(arguments) => return verbs::stop::run(&arguments, json, db),
        Verb::Hook(arguments) => return Ok(verbs::hook::run(&arguments, db)),
        Verb::Setup(arguments) => verbs::setup::run(arguments, json, db)?,
    };
    Ok(verbs::finished(exit))
}
