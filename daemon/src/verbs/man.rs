//! `man`: man pages; and, hidden, the pages of docs/ that are made from the code's own tables.

use std::{fmt::Write, path::PathBuf};

use super::{Trouble, exit::Exit, tell};
use crate::{catalog, command, config};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to: a page for each verb; `man -M` wants them in a folder man1
    #[arg(long, value_name = "DIR", required_unless_present_any = ["markdown", "page"])]
    out: Option<PathBuf>,
    /// Print docs/cli.md
    #[arg(long, hide = true)]
    markdown: bool,
    /// Print a page of docs/
    #[arg(long, hide = true, value_name = "PAGE")]
    page: Option<Page>,
}

/// A page that is made from a table.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Page {
    /// docs/tools.md, but for its calls.
    Tools,
    /// docs/config.md.
    Config,
    /// docs/config.schema.json.
    ConfigSchema,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Trouble> {
    if arguments.markdown {
        tell(&page());
    }
    match arguments.page {
        Some(Page::Tools) => tell(&catalog::reference::page()),
        Some(Page::Config) => tell(&config::reference::page()),
        Some(Page::ConfigSchema) => tell(&format!("{:#}\n", config::reference::schema())),
        None => {}
    }
    if let Some(folder) = &arguments.out {
        let failed = |error: std::io::Error| {
            Trouble::Said(format!("Cannot write man pages into {}: {error}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        clap_mangen::generate_to(command::definitions(), folder).map_err(failed)?;
    }
    Ok(Exit::Fine)
}

/// Every verb with its help.
fn page() -> String {
    let mut root = command::definitions().term_width(100);
    root.build();
    let mut out = "# Commands\n\nWritten by `task-orchestrator man --markdown`; `--help` behind any of them says the same.\n".to_owned();
    section(&mut out, &mut root.clone(), "task-orchestrator");
    for verb in root.get_subcommands_mut().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        let name = format!("task-orchestrator {}", verb.get_name());
        section(&mut out, verb, &name);
        for inner in verb.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
            let name = format!("{name} {}", inner.get_name());
            section(&mut out, inner, &name);
        }
    }
    out
}

fn section(out: &mut String, command: &mut clap::Command, name: &str) {
    let help = command.render_help().to_string();
    let help: String = help.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    // Writing to a String does not fail.
    let _ = write!(out, "\n## {name}\n\n```\n{}\n```\n", help.trim_end());
}
