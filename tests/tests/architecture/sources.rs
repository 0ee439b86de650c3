//! How sources look: small files about one thing, no short cuts outside tests, one tool a file.

use std::path::{Path, PathBuf};

use crate::tree::{files, none, read, sources};

/// Longest source, in lines.
const LONGEST: usize = 500;
/// Names that say nothing about what is inside.
const EMPTY_WORDS: [&str; 9] =
    ["util", "utils", "helper", "helpers", "manager", "common", "misc", "shared", "stuff"];
/// Short cuts that end a process, or were meant to be filled in later.
const SHORT_CUTS: [&str; 5] = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "unreachable!("];

/// Test code: the suites and their harness, test modules in files of their own, and what the store offers to tests alone.
fn is_test(path: &Path) -> bool {
    let testing = ["daemon/store/src/contract", "daemon/store/src/random", "daemon/store/src/memory"];
    (path.starts_with("tests") && !path.starts_with("tests/bench"))
        || path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
        || testing.iter().any(|folder| path.starts_with(folder))
}

/// A source without its test module, which stands at the end.
fn shipped(path: &Path) -> String {
    let text = read(path);
    match text.find("\nmod tests {") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn shipped_sources() -> Vec<PathBuf> {
    sources().into_iter().filter(|path| !is_test(path)).collect()
}

#[test]
fn no_short_cuts_outside_tests() {
    let mut found = Vec::new();
    for path in shipped_sources() {
        for (number, line) in shipped(&path).lines().enumerate() {
            if SHORT_CUTS.iter().any(|cut| line.contains(cut)) && !line.trim_start().starts_with("//") {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    none("short cuts in code that ships", &found);
}

#[test]
fn every_exception_from_a_lint_says_why() {
    let mut found = Vec::new();
    for path in sources() {
        let text = read(&path);
        for word in ["allow(", "expect("] {
            for start in ["#[", "#!["] {
                let attribute = format!("{start}{word}");
                for (at, _) in text.match_indices(&attribute) {
                    let whole = text[at..].split(']').next().unwrap_or_default();
                    let written_here = text[..at].ends_with(|c: char| c.is_whitespace()) || at == 0;
                    if written_here && !whole.contains("reason = ") {
                        found.push(format!("{}: {whole}]", path.display()));
                    }
                }
            }
        }
    }
    none("lints switched off without a reason", &found);
}

#[test]
fn no_test_is_ignored() {
    let attribute = format!("#[{}", "ignore");
    let ignored = |path: &PathBuf| read(path).lines().any(|line| line.trim_start().starts_with(&attribute));
    let found: Vec<_> =
        sources().into_iter().filter(ignored).map(|path| path.display().to_string()).collect();
    none("files with ignored tests", &found);
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for path in shipped_sources() {
        let lines = read(&path).lines().count();
        if lines > LONGEST {
            found.push(format!("{}: {lines} lines", path.display()));
        }
    }
    none(&format!("sources over {LONGEST} lines"), &found);
}

#[test]
fn names_say_what_is_inside() {
    let empty = |path: &PathBuf| {
        path.components().any(|part| {
            let name = Path::new(part.as_os_str()).file_stem().unwrap_or_default().to_string_lossy();
            EMPTY_WORDS.contains(&&*name)
        })
    };
    let found: Vec<_> = files("").into_iter().filter(empty).map(|path| path.display().to_string()).collect();
    none("files and folders with empty names", &found);
}

#[test]
fn every_source_says_what_it_is_for() {
    let silent = |path: &PathBuf| !read(path).starts_with("//! ");
    let found: Vec<_> = sources().into_iter().filter(silent).map(|path| path.display().to_string()).collect();
    none("sources that do not begin with a //! line", &found);
}

#[test]
fn a_tool_is_a_file_and_an_entry_in_the_catalogue() {
    let catalogue = read("daemon/src/catalog.rs");
    let (mut tools, mut found) = (0, Vec::new());
    for path in files("daemon/src/tools") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = read(&path);
        if path.parent() != Some(Path::new("daemon/src/tools")) || !text.contains("static TOOL: Tool") {
            continue;
        }
        tools += 1;
        if !text.contains(&format!("name: \"{name}\",")) {
            found.push(format!("{}: the tool is not called {name}", path.display()));
        }
        if !catalogue.contains(&format!("&tools::{name}::TOOL")) {
            found.push(format!("{}: in no list of daemon/src/catalog.rs", path.display()));
        }
    }
    none("tools that are out of order", &found);
    assert_eq!(tools, catalogue.matches("&tools::").count(), "one file for each tool of the catalogue");
}

#[test]
fn the_shim_knows_no_tool() {
    let tools = files("daemon/src/tools");
    let names: Vec<_> =
        tools.iter().map(|path| path.file_stem().unwrap_or_default().to_string_lossy()).collect();
    let mut found = Vec::new();
    for path in shipped_sources().iter().filter(|path| path.starts_with("shim")) {
        let text = shipped(path);
        let known = names.iter().filter(|name| text.contains(&format!("\"{name}\"")));
        found.extend(known.map(|name| format!("{}: \"{name}\"", path.display())));
    }
    none("tools that the shim treats by name (daemon.md rule 12)", &found);
}

#[test]
fn changes_are_committed_where_they_were_decided() {
    let mut found = Vec::new();
    for path in shipped_sources().iter().filter(|path| path.starts_with("daemon/src")) {
        let text = shipped(path);
        if text.contains("tx.commit(") && !text.contains("decide(tx, ") {
            found.push(path.display().to_string());
        }
    }
    none("files that commit changes which no decision there made", &found);
}
