//! Every block of every page is run, parsed, or listed here with the reason why not.

use std::collections::BTreeSet;

use e2e::{Value, workspace_root};

use crate::{
    fences::{Fence, fences, indented_commands},
    world::World,
};

/// Blocks that are neither run nor parsed: the page, the block's first line, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    (
        "README.md",
        "sh packaging/install.sh      # builds, installs into ~/.local/bin, plays an example, prints the entry to paste",
        ".ci/run does both, from a fresh clone",
    ),
    (
        "README.md",
        "task-orchestrator setup               # lists the clients, and which of them are found",
        "each is run by the suite `setup`, over files as users have them",
    ),
    (
        "docs/contract.md",
        "work_item_schemas:            # the older name note_schemas is read too",
        "shows the keys of both places at once, which no file may have; docs/config.md has one file for each",
    ),
    (
        "docs/clients.md",
        "task-orchestrator setup                     # lists the clients: which are found, which are set up already",
        "each is run by the suite `setup`, over files as users have them",
    ),
    (
        "docs/operations.md",
        "task-orchestrator service install      # --print shows what would be written, --no-start only writes",
        "needs systemd; the suite `service` runs it with a stand-in for systemctl",
    ),
    (
        "docs/several-machines.md",
        "ssh desk '~/.local/bin/task-orchestrator status'",
        "needs a second machine",
    ),
];

/// Pages whose blocks are made from the code and compared with it by a test of their own.
const MADE: [&str; 2] = ["docs/cli.md", "docs/benchmark.md"];

/// README.md and all of docs/.
fn pages() -> Vec<(String, String)> {
    let root = workspace_root();
    let names = std::fs::read_dir(root.join("docs")).expect("docs").flatten().map(|entry| entry.file_name());
    let names =
        names.map(|name| format!("docs/{}", name.to_string_lossy())).filter(|name| name.ends_with(".md"));
    let names: BTreeSet<String> =
        names.chain(["README.md".to_owned()]).filter(|name| !MADE.contains(&name.as_str())).collect();
    names
        .into_iter()
        .map(|name| (name.clone(), std::fs::read_to_string(root.join(&name)).expect("a page")))
        .collect()
}

fn excepted(page: &str, block: &Fence) -> bool {
    NOT_RUN.iter().any(|(of, first, _)| *of == page && *first == block.first().trim_end())
}

#[test]
fn every_example_of_every_page_does_what_the_page_shows() {
    let pages = pages();
    let failed: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = pages.iter().map(|(name, text)| scope.spawn(|| run(name, text))).collect();
        running
            .into_iter()
            .flat_map(|page| {
                page.join().unwrap_or_else(|_| vec!["a page's run panicked, see above".to_owned()])
            })
            .collect()
    });
    assert!(failed.is_empty(), "{} examples are not as shown:\n\n{}", failed.len(), failed.join("\n\n"));
}

/// The blocks of a page, one after the other; what is wrong. What follows a failed one in the same world is not run.
fn run(page: &str, text: &str) -> Vec<String> {
    let mut world: Option<World> = None;
    let mut failed = Vec::new();
    for block in fences(text).iter().filter(|block| !excepted(page, block)) {
        if block.anew {
            world = None;
        }
        let done = match block.language.as_str() {
            "console" => world.get_or_insert_with(World::new).console(block),
            "agents" => world.get_or_insert_with(World::new).agents(block),
            "yaml" => world.get_or_insert_with(World::new).yaml(block),
            "json" => block.text.parse::<Value>().map(drop).map_err(|error| error.to_string()),
            "mermaid" | "text" => Ok(()),
            other => Err(format!(
                "no test does anything with ```{other}: make it console, agents, yaml or json, or list it in {} with a reason",
                file!()
            )),
        };
        if let Err(what) = done {
            failed.push(format!("{page}:{}: {what}", block.line));
            if block.language != "json" {
                break;
            }
        }
    }
    failed
}

#[test]
fn no_command_hides_from_the_test_of_examples() {
    let found: Vec<String> = pages()
        .iter()
        .flat_map(|(page, text)| {
            let indented = indented_commands(text).into_iter();
            let fenced = fences(text).into_iter().filter(|block| block.language == "text");
            let prompts = fenced.filter(|block| block.text.lines().any(|line| line.starts_with("$ ")));
            let all = indented.chain(prompts.map(|block| (block.line, block.first().to_owned())));
            all.map(|(line, code)| format!("{page}:{line}: {code}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(
        found.is_empty(),
        "commands that nobody runs; put them into a fenced block:\n{}",
        found.join("\n")
    );
}

#[test]
fn every_exception_still_has_its_block() {
    let pages = pages();
    let stale: Vec<_> = NOT_RUN
        .iter()
        .filter(|(page, ..)| {
            !pages
                .iter()
                .any(|(name, text)| name == page && fences(text).iter().any(|block| excepted(name, block)))
        })
        .collect();
    assert!(stale.is_empty(), "exceptions without a block: {stale:?}");
}
