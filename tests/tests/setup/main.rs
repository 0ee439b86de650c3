//! `task-orchestrator setup`, over configurations as people have them: what is written, and that all else keeps its bytes.

#![allow(clippy::unwrap_used, reason = "test code")]

mod looking;
mod taking_back;
mod writing;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use e2e::{Value, machine::TestEnv, machine::binaries, workspace_root};

/// Every client, and whether it has files of a project.
const CLIENTS: [(&str, bool); 11] = [
    ("claude-code", true),
    ("claude-desktop", false),
    ("cursor", true),
    ("vscode", true),
    ("codex", true),
    ("gemini-cli", true),
    ("windsurf", true),
    ("zed", true),
    ("kiro", true),
    ("cline", true),
    ("opencode", true),
];

/// Every file below a folder, with its bytes; folders have none.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => {
                    found.insert(entry.path(), Vec::new());
                    folders.push(entry.path());
                }
                false => drop(found.insert(entry.path(), fs::read(entry.path()).unwrap())),
            }
        }
    }
    found
}

/// Whether text was only added: every byte is still there, in its order.
fn is_within(before: &[u8], after: &[u8]) -> bool {
    let mut rest = after.iter();
    before.iter().all(|byte| rest.any(|there| there == byte))
}

/// A machine whose home has a client's files, each as `changed` makes it.
fn with_files_of(client: &str, changed: &dyn Fn(String) -> String) -> TestEnv {
    let env = TestEnv::new();
    let fixtures = workspace_root().join("tests/fixtures/clients").join(client);
    for (path, bytes) in tree(&fixtures).into_iter().filter(|(path, _)| path.is_file()) {
        let target = env.home().join(path.strip_prefix(&fixtures).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, changed(String::from_utf8(bytes).unwrap())).unwrap();
    }
    env
}

fn with_files(client: &str) -> TestEnv {
    with_files_of(client, &|text| text)
}

/// Runs it and wants this exit code.
#[track_caller]
fn setup(env: &TestEnv, words: &[&str], code: i32) -> String {
    let run = env.run(&[&["setup"], words].concat());
    assert_eq!(run.code, Some(code), "setup {words:?}: {}{}", run.stdout, run.stderr);
    run.stdout
}

fn shim() -> String {
    binaries().join("task-orchestrator-mcp").to_str().unwrap().to_owned()
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
