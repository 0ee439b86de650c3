//! What a person may type behind the program's name: an MCP client types nothing. By hand, so that the shim stays small.

use std::ffi::OsString;

use orc_proto::settings::{
    AGENT, CONFIG, DB, LOG, PROJECT, RESPONSES, RUNTIME_DIR, STRUCTURED, TOOLS, WORKSPACES,
};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To serve a client.
    Serve,
    /// For a text on stdout.
    Text(String),
    /// For something that there is not.
    Nothing(String),
}

/// Reads the words behind the program's name. Empty ones count for nothing: clients fill in what is not given.
pub(crate) fn asked(words: impl Iterator<Item = OsString>) -> Asked {
    let mut words = words.filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return Asked::Serve };
    match first.to_string_lossy().as_ref() {
        "--help" | "-h" | "help" => Asked::Text(help()),
        "--version" | "-V" => Asked::Text(format!("task-orchestrator-mcp {}", env!("CARGO_PKG_VERSION"))),
        other => Asked::Nothing(format!(
            "'{other}' is not known: it takes no arguments but --help and --version. \
             Settings are variables; commands for people are those of `task-orchestrator`."
        )),
    }
}

fn help() -> String {
    let variables = [
        (DB, "the database; one daemon each"),
        (CONFIG, "a file in place of the user's config.yaml"),
        (AGENT, "the agent's name"),
        (TOOLS, "core, full or read: which tools are listed"),
        (RESPONSES, "compact or full: how much an answer says"),
        (STRUCTURED, "1: answers also as structuredContent"),
        (PROJECT, "the project's name; *: in none, and all are seen"),
        (RUNTIME_DIR, "where sockets and logs are"),
        (LOG, "level or filter of the log"),
        (WORKSPACES, "the original's workspaces.json, taken over once"),
    ];
    let variables: String = variables.iter().map(|(name, about)| format!("  {name:<30} {about}\n")).collect();
    format!(
        "The MCP server of task-orchestrator: one work graph for all your agents.

An MCP client runs it and speaks to it over stdin and stdout; it starts the daemon when none runs. There is
nothing to type. To make a client know it:

  task-orchestrator setup            lists the clients
  task-orchestrator setup CLIENT     sets one up; --check says whether it is

Usage: task-orchestrator-mcp [--help | --version]

Variables, in the env of the client's entry:
{variables}
Documentation: `task-orchestrator --help`, `man task-orchestrator`, and docs/ beside the README (clients.md, config.md).
For agents: the resources task://guide/…"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Asked {
        asked(words.iter().map(OsString::from))
    }

    #[test]
    fn a_client_types_nothing_and_a_person_is_answered() {
        assert_eq!(of(&[]), Asked::Serve);
        assert_eq!(of(&["", ""]), Asked::Serve);
        assert!(matches!(of(&["-h"]), Asked::Text(text) if text.contains("task-orchestrator setup")));
        assert!(matches!(of(&["-V", "x"]), Asked::Text(text) if text.starts_with("task-orchestrator-mcp ")));
        for words in [&["--db", "x"][..], &["serve"], &["-x"]] {
            assert!(matches!(of(words), Asked::Nothing(why) if why.contains(words[0])));
        }
    }
}
