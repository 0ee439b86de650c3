//! The end-to-end suites' harness: the real binaries, each test in a home folder of its own.
//!
//! [`TestEnv`] is a user's machine: a temporary HOME and nothing else in the environment. [`McpClient`] is an MCP
//! client that runs the shim. [`raw`] speaks to a daemon's socket without any of our code, as an older or hostile
//! client would. Nothing sleeps to be "surely ready": [`eventually`] looks until it is so, or fails.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a harness that cannot go on fails the test")]

mod env;
mod mcp;
pub mod raw;

use std::{
    path::PathBuf,
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

pub use env::{Run, TestEnv};
pub use mcp::McpClient;

/// How long [`eventually`] looks: far beyond what anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks until `what` gives a value.
///
/// # Panics
/// After 30 s without one.
pub fn eventually<T>(waiting_for: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = what() {
            return value;
        }
        assert!(begun.elapsed() < PATIENCE, "never came about: {waiting_for}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The folder of the binaries, built now if they are older than their sources.
///
/// # Panics
/// When they do not build: a stale binary would test nothing.
pub fn binaries() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(|deps| deps.parent()).unwrap().to_owned();
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet", "-p", "daemon", "-p", "shim"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the binaries do not build");
        folder
    })
}
