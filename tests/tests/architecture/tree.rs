//! The files of the workspace, as the checks read them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use e2e::workspace_root;

/// A file's text.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = workspace_root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{} can be read: {error}", path.display()))
}

/// Every file below a folder of the workspace, as paths from its root; build output and hidden folders left out.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let root = workspace_root();
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the workspace").flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(&root).expect("below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Every Rust source of the workspace.
pub(crate) fn sources() -> Vec<PathBuf> {
    files("").into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// Fails with all findings at once, so that one run shows everything there is to mend.
#[track_caller]
pub(crate) fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}
