//! The two programs under test: found beside the running test, and built when missing or older than the sources.
//!
//! `cargo test --workspace` does not build the programs of other packages, so a fresh clone would find none and an
//! edited one would test yesterday's. The harness therefore asks cargo once for each test binary, behind a file lock,
//! unless nothing has changed since the last time.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// The path of `task-orchestrator` or `task-orchestrator-mcp`, up to date.
///
/// # Panics
/// When the programs cannot be built.
pub fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let target = Target::of_this_test();
        target.bring_up_to_date()?;
        Ok(target.folder)
    });
    let folder =
        folder.as_ref().unwrap_or_else(|said| panic!("the programs under test do not build:\n{said}"));
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The daemon's program with the feature `faults`, built when first asked for, beside the programs of everybody else.
///
/// # Panics
/// When it cannot be built.
pub(crate) fn faulty_daemon() -> PathBuf {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let target = Target::of_this_test();
        let name = "task-orchestrator-faulty";
        // Cargo itself keeps two test processes from building at once, and builds nothing when nothing has changed.
        target.build(&["--bin", name, "--features", "daemon/faults"])?;
        Ok(target.folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
    });
    program.clone().unwrap_or_else(|said| panic!("the program under test does not build:\n{said}"))
}

/// The folder of the workspace's Cargo.toml.
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Where cargo put the running test, and thus where it puts the programs.
struct Target {
    /// `target/debug`, or `target/TRIPLE/release` and the like.
    folder: PathBuf,
    root: PathBuf,
    profile: String,
    triple: Option<String>,
}

impl Target {
    fn of_this_test() -> Self {
        let test = std::env::current_exe().expect("a running test has a path");
        let folder =
            test.parent().and_then(Path::parent).expect("tests run from target/PROFILE/deps").to_owned();
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let above = folder.parent().expect("target/PROFILE").to_owned();
        let profile = match name(&folder).as_str() {
            "debug" => "dev".to_owned(),
            other => other.to_owned(),
        };
        // Cargo marks the target folder itself; with --target there is one more folder between.
        if above.join("CACHEDIR.TAG").exists() || above.join(".rustc_info.json").exists() {
            return Self { folder, root: above, profile, triple: None };
        }
        let root = above.parent().expect("target/TRIPLE/PROFILE").to_owned();
        Self { folder, root, profile, triple: Some(name(&above)) }
    }

    fn bring_up_to_date(&self) -> Result<(), String> {
        let lock =
            File::create(self.folder.join(".e2e-programs.lock")).expect("the target folder is writable");
        lock.lock().expect("the lock of the target folder");
        let stamp = self.folder.join(".e2e-programs");
        let newest_source = newest(&workspace_root());
        if self.programs_exist() && modified(&stamp).is_some_and(|built| built > newest_source) {
            return Ok(());
        }
        let begun = SystemTime::now();
        self.build(&["--bins"])?;
        // As of the start: what is edited during a build counts as newer.
        let file = File::create(&stamp).expect("the target folder is writable");
        file.set_modified(begun).expect("the stamp's time can be set");
        Ok(())
    }

    fn programs_exist(&self) -> bool {
        ["task-orchestrator", "task-orchestrator-mcp"]
            .iter()
            .all(|name| self.folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)).is_file())
    }

    /// Both packages in any case: cargo would build what they share in another way for one of them.
    fn build(&self, what: &[&str]) -> Result<(), String> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(workspace_root());
        cargo.args(["build", "-p", "shim", "-p", "daemon", "--profile", &self.profile]).args(what);
        cargo.arg("--target-dir").arg(&self.root);
        if let Some(triple) = &self.triple {
            cargo.args(["--target", triple]);
        }
        let output = cargo.output().expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(said.into_owned()) }
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// The latest change of anything a build may read.
fn newest(folder: &Path) -> SystemTime {
    let mut latest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = !name.starts_with('.') && !["target", "tests", "docs", "packaging"].contains(&&*name);
        if ours && path.is_dir() {
            latest = latest.max(newest(&path));
        } else if ours && let Some(time) = modified(&path) {
            latest = latest.max(time);
        }
    }
    latest
}
