//! Which crate may know which: read from `cargo tree`, so that a dependency of a dependency counts too.

use std::{collections::BTreeSet, process::Command};

use e2e::workspace_root;

use crate::tree::{none, read, sources};

/// What the rules may be made of: ids, time arithmetic, cron expressions.
const PURE: [&str; 4] = ["croner", "jiff", "unicode-general-category", "uuid"];

/// What a crate must not reach, however long the way.
const FORBIDDEN: [(&str, &[&str]); 4] = [
    (
        "orc-core",
        &["serde", "serde_core", "serde_json", "tokio", "rusqlite", "libsqlite3-sys", "tracing", "rustix"],
    ),
    ("orc-store", &["tokio", "tarpc", "interprocess", "rmcp", "orc-proto"]),
    ("orc-proto", &["orc-core", "orc-store", "rusqlite", "libsqlite3-sys", "rmcp"]),
    ("shim", &["orc-core", "orc-store", "rusqlite", "libsqlite3-sys", "daemon"]),
];

/// What the rules may not touch: files, network, environment, threads, clocks, randomness, async.
const EFFECTS: [&str; 14] = [
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "new_v4",
    "async fn",
    "async move",
    "println!",
];

#[test]
fn crates_reach_only_what_they_may() {
    let mut found = Vec::new();
    for (package, forbidden) in FORBIDDEN {
        let reached = reached_by(package, &[]);
        let wrong = forbidden.iter().filter(|name| reached.contains(**name));
        found.extend(
            wrong.map(|name| format!("{package} reaches {name}: see `cargo tree -p {package} -i {name}`")),
        );
    }
    none("dependencies against the architecture", &found);
}

#[test]
fn the_rules_are_made_of_std_and_pure_crates() {
    let direct = reached_by("orc-core", &["--depth", "1"]);
    let wanted = PURE.iter().map(ToString::to_string).collect();
    assert_eq!(direct, wanted, "orc-core depends on these and nothing else");
}

#[test]
fn the_rules_have_no_effects() {
    let mut found = Vec::new();
    for path in sources().iter().filter(|path| path.starts_with("daemon/core/src")) {
        let text = read(path);
        let wrong = EFFECTS.iter().filter(|effect| text.contains(**effect));
        found.extend(wrong.map(|effect| format!("{}: {effect}", path.display())));
    }
    none("effects in orc-core", &found);
}

#[test]
fn sql_is_written_in_the_store_alone() {
    let outside = |path: &&std::path::PathBuf| {
        ["daemon/src", "proto/src", "shim/src"].iter().any(|folder| path.starts_with(folder))
    };
    let mut found = Vec::new();
    for path in sources().iter().filter(outside) {
        if read(path).contains("rusqlite::") {
            found.push(path.display().to_string());
        }
    }
    none("files outside daemon/store that use rusqlite", &found);
}

/// The names of the packages that one builds on, itself left out.
fn reached_by(package: &str, more: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace_root());
    cargo.args([
        "tree",
        "--offline",
        "--locked",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--package",
        package,
    ]);
    let output = cargo.args(more).output().expect("cargo runs");
    assert!(output.status.success(), "cargo tree -p {package}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != package).map(str::to_owned).collect()
}
