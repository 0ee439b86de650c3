//! How manifests look: one table of versions, one set of lints, and no more packages than a reader can know.

use e2e::workspace_root;

use crate::tree::{files, none, read};

/// 224 packages now that clients' TOML is read too, and room for six. Raise it knowingly: each one is code that runs here.
const MOST_PACKAGES: usize = 230;

/// Manifests of members, without the workspace's own.
fn members() -> Vec<String> {
    let manifests =
        files("").into_iter().filter(|path| path.file_name().is_some_and(|name| name == "Cargo.toml"));
    let members: Vec<_> =
        manifests.map(|path| path.display().to_string()).filter(|path| path != "Cargo.toml").collect();
    assert!(members.len() >= 6, "found only {members:?}");
    members
}

#[test]
fn every_package_takes_the_workspaces_lints() {
    let lacking = |path: &String| !read(path).contains("[lints]\nworkspace = true\n");
    none(
        "manifests without `[lints] workspace = true`",
        &members().into_iter().filter(lacking).collect::<Vec<_>>(),
    );
}

#[test]
fn every_dependency_is_declared_once() {
    let mut found = Vec::new();
    for path in members() {
        let text = read(&path);
        let mut in_dependencies = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                in_dependencies = line.trim_matches(['[', ']']).ends_with("dependencies");
                if line.contains("dependencies.") {
                    found.push(format!("{path}: {line} (write it on one line)"));
                }
            } else if in_dependencies
                && !(line.is_empty() || line.starts_with('#') || line.contains("workspace = true"))
            {
                found.push(format!("{path}: {line}"));
            }
        }
    }
    none("dependencies that bypass [workspace.dependencies]", &found);
}

#[test]
fn every_package_is_a_member() {
    let workspace = read("Cargo.toml");
    let listed = |path: &String| workspace.contains(&format!("\"{}\"", path.trim_end_matches("/Cargo.toml")));
    none(
        "packages outside the workspace",
        &members().into_iter().filter(|path| !listed(path)).collect::<Vec<_>>(),
    );
}

#[test]
fn the_number_of_packages_has_a_ceiling() {
    let lock = read("Cargo.lock");
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    assert!(
        packages <= MOST_PACKAGES,
        "Cargo.lock has {packages} packages, at most {MOST_PACKAGES} are wanted"
    );
}

#[test]
fn the_top_level_is_what_a_reader_expects() {
    let known = [
        "ARCHITECTURE.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "clippy.toml",
        "daemon",
        "docs",
        "packaging",
        "proto",
        "rustfmt.toml",
        "shim",
        "target",
        "tests",
    ];
    let entries = std::fs::read_dir(workspace_root()).expect("the workspace").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let strange: Vec<_> =
        names.filter(|name| !name.starts_with('.') && !known.contains(&name.as_str())).collect();
    none("entries at the top level that nobody expects", &strange);
}
