//! One user's machine as the process suites see it: default places, raw sockets, messages written by hand.
//!
//! [`crate::TestEnv`] is the world of the suites about tools; this is the one below it, where a test wants to hold a
//! daemon's child process, its socket or a half-open conversation in its own hands.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a harness that cannot go on fails the test")]

mod env;
mod mcp;
pub mod raw;

use std::{path::PathBuf, sync::OnceLock};

pub use env::{Run, TestEnv};
pub use mcp::McpClient;

use crate::wait;

/// Looks until `what` gives a value.
///
/// # Panics
/// Past [`crate::DEADLINE`].
pub fn eventually<T>(waiting_for: &str, mut what: impl FnMut() -> Option<T>) -> T {
    wait::eventually(waiting_for, || what().ok_or_else(|| "nothing".to_owned()))
}

/// The folder of the binaries, up to date.
pub fn binaries() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let program = crate::binary("task-orchestrator");
        program.parent().map(std::path::Path::to_owned).unwrap_or_default()
    })
}

/// Copies a program that is to be run. By a process of its own: what this one has open for writing, a process that another test
/// starts just then has open too, and what somebody writes to cannot be run ("text file busy").
pub fn copy_program(from: &std::path::Path, to: &std::path::Path) {
    let copied = std::process::Command::new("cp").args([from, to]).status().expect("cp runs");
    assert!(copied.success(), "{} is copied to {}", from.display(), to.display());
}
