//! What a person wants to move in from: the program, told by the path and what is in it, and which of its projects it is.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use orc_store::moving::{Kind as Database, Source};

use crate::verbs::Trouble;

/// As much of a file as tells what it is.
const BEGINNING: u64 = 64 << 10;

/// The programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// A document as export, export_graph and manage_checkpoints write it
    Graph,
    /// A database of task-orchestrator-py 0.6 to 1.5
    Original,
    /// A database of the Kotlin task-orchestrator 3
    Kotlin,
    /// .beads/issues.jsonl
    Beads,
    /// .taskmaster/tasks/tasks.json
    Taskmaster,
    /// The folder backlog of Backlog.md
    Backlog,
}

impl Kind {
    /// As `--from` takes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Original => "original",
            Self::Kotlin => "kotlin",
            Self::Beads => "beads",
            Self::Taskmaster => "taskmaster",
            Self::Backlog => "backlog",
        }
    }
}

/// A source that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Whose it is.
    pub(super) kind: Kind,
    /// The file, or the folder of Backlog.md.
    pub(super) path: PathBuf,
    /// The name of the folder that the project is in.
    pub(super) place: String,
}

/// Finds out what a path is. `told` overrides what it looks like.
pub(super) fn find(given: &Path, told: Option<Kind>) -> Result<Found, Trouble> {
    if !given.exists() {
        let shown = given.display();
        return Err(Trouble::Said(format!(
            "There is no file or folder {shown}; name what is to be imported"
        )));
    }
    let mut found = if given.is_dir() {
        in_folder(given, told)?
    } else {
        (told.map_or_else(|| of_file(given), Ok)?, given.to_owned())
    };
    if let (Kind::Backlog, false) = (found.0, found.1.is_dir()) {
        found.1 = found.1.parent().unwrap_or(given).to_owned();
    }
    let place = place(&found.1);
    Ok(Found { kind: found.0, path: found.1, place })
}

/// What a folder holds, from its own name or one level further down.
fn in_folder(folder: &Path, told: Option<Kind>) -> Result<(Kind, PathBuf), Trouble> {
    let mut found = Vec::new();
    for name in [".beads/issues.jsonl", "issues.jsonl", ".beads/beads.jsonl", "beads.jsonl"] {
        found.push((Kind::Beads, folder.join(name)));
    }
    for name in [".taskmaster/tasks/tasks.json", "tasks/tasks.json", "tasks.json"] {
        found.push((Kind::Taskmaster, folder.join(name)));
    }
    found.retain(|(_, path)| path.is_file());
    for name in ["backlog", ".backlog", "."] {
        let place = if name == "." { folder.to_owned() } else { folder.join(name) };
        let has_tasks = place.join("tasks").is_dir() && !place.join("tasks/tasks.json").exists();
        if has_tasks && (name != "." || place.join("config.yml").is_file() || told == Some(Kind::Backlog)) {
            found.push((Kind::Backlog, place));
        }
    }
    found.dedup_by_key(|(kind, _)| *kind);
    found.retain(|(kind, _)| told.is_none_or(|told| told == *kind));
    let shown = folder.display();
    match (found.len(), told) {
        (1, _) => Ok(found.remove(0)),
        (0, Some(Kind::Graph | Kind::Original | Kind::Kotlin)) => {
            Err(Trouble::Said(format!("{shown} is a folder; name the file in it")))
        }
        (0, _) if folder.join(".beads").is_dir() || folder.ends_with(".beads") => {
            Err(Trouble::Said(format!(
                "{shown} has no issues.jsonl: beads keeps its issues in a database there. Write them out with `bd export -o FILE` and import that file with --from beads"
            )))
        }
        (0, _) => Err(Trouble::Said(format!(
            "{shown} has neither .beads/issues.jsonl nor .taskmaster/tasks/tasks.json nor a folder backlog; name the file itself"
        ))),
        _ => {
            let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.word()).collect();
            let all = kinds.join(", ");
            Err(Trouble::Said(format!("{shown} has several to import: {all}. Name one with --from")))
        }
    }
}

/// What a file is. What looks like nothing known is read as a document, which says best what it is not.
fn of_file(path: &Path) -> Result<Kind, Trouble> {
    if Source::is_database(path) {
        let source = Source::open(path).map_err(|error| Trouble::Said(error.to_string()))?;
        return Ok(match source.kind() {
            Database::Original => Kind::Original,
            Database::Kotlin => Kind::Kotlin,
        });
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ending == "jsonl" {
        return Ok(Kind::Beads);
    }
    let mut beginning = Vec::new();
    if path.is_file() {
        File::open(path)?.take(BEGINNING).read_to_end(&mut beginning)?;
    }
    let beginning = String::from_utf8_lossy(&beginning);
    let text = beginning.trim_start_matches('\u{feff}').trim_start();
    if path.is_file() && !text.starts_with(['{', '[']) {
        let is = if text.is_empty() { "empty" } else { "neither JSON nor a database" };
        return Err(Trouble::Said(format!(
            "{} is {is}: nothing that can be imported. See `task-orchestrator import --help` for what can",
            path.display()
        )));
    }
    Ok(by_first_keys(&beginning))
}

/// By the first key of the document, and for Taskmaster's tags by the key below it.
fn by_first_keys(text: &str) -> Kind {
    let key = |text: &str| -> Option<(String, usize)> {
        let rest = text.trim_start().strip_prefix('{')?.trim_start().strip_prefix('"')?;
        let end = rest.find('"')?;
        let behind = rest[end + 1..].trim_start().strip_prefix(':')?;
        Some((rest[..end].to_owned(), text.len() - behind.len()))
    };
    let Some((first, at)) = key(text) else { return Kind::Graph };
    match first.as_str() {
        "items" | "notes" | "dependencies" | "exported_at" | "version" => Kind::Graph,
        "id" | "_type" | "title" => Kind::Beads,
        "tasks" => Kind::Taskmaster,
        _ => match key(&text[at..]).map(|(second, _)| second) {
            Some(second) if second == "tasks" || second == "metadata" => Kind::Taskmaster,
            _ if text.contains("\"tasks\"") && !text.contains("\"items\"") => Kind::Taskmaster,
            _ => Kind::Graph,
        },
    }
}

/// The name of the folder that a project is in, whatever the program calls its own folders in it.
fn place(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let inner = [".beads", ".taskmaster", "tasks", "backlog", ".backlog"];
    let folder = if whole.is_dir() { Some(whole.as_path()) } else { whole.parent() };
    let folders = folder.into_iter().flat_map(Path::ancestors);
    let mut names = folders.filter_map(|folder| folder.file_name()?.to_str());
    names.find(|name| !inner.contains(name)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_told_by_their_first_keys() {
        for (text, want) in [
            ("{\"items\":[", Kind::Graph),
            (" {\n \"exported_at\" : \"x\", \"tasks\": 1", Kind::Graph),
            ("{\"id\":\"bd-1\",\"title\":\"x\"}", Kind::Beads),
            ("{\"tasks\":[]}", Kind::Taskmaster),
            ("{\"master\": {\"tasks\": []}}", Kind::Taskmaster),
            ("{\"a\": {\"metadata\": {}, \"tasks\": []}}", Kind::Taskmaster),
            ("[1, 2]", Kind::Graph),
            ("", Kind::Graph),
            ("{\"x", Kind::Graph),
        ] {
            assert_eq!(by_first_keys(text), want, "{text}");
        }
    }

    #[test]
    fn folders_are_told_by_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let shop = folder.path().join("shop");
        for made in [".beads", "backlog/tasks", ".taskmaster/tasks"] {
            fs::create_dir_all(shop.join(made)).unwrap();
        }
        let none = find(&shop.join(".beads"), None).unwrap_err().to_string();
        assert!(none.contains("bd export"), "{none}");
        let backlog = find(&shop, None).unwrap();
        assert_eq!((backlog.kind, backlog.place.as_str()), (Kind::Backlog, "shop"));
        fs::write(shop.join(".beads/issues.jsonl"), "").unwrap();
        fs::write(shop.join(".taskmaster/tasks/tasks.json"), "{}").unwrap();
        let several = find(&shop, None).unwrap_err().to_string();
        assert!(several.contains("beads, taskmaster, backlog. Name one with --from"), "{several}");
        for (path, told, kind) in [
            (".beads", None, Kind::Beads),
            ("", Some(Kind::Beads), Kind::Beads),
            (".beads/issues.jsonl", None, Kind::Beads),
            (".taskmaster", None, Kind::Taskmaster),
            ("", Some(Kind::Taskmaster), Kind::Taskmaster),
        ] {
            let found = find(&shop.join(path), told).unwrap();
            assert_eq!((found.kind, found.place.as_str()), (kind, "shop"), "{path}");
        }
        let empty = find(folder.path(), None).unwrap_err().to_string();
        assert!(empty.contains("neither"), "{empty}");
    }
}
