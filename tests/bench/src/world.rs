//! Where a measure happens: programs, a home folder and a database that nothing else uses.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Outcome, arguments::Arguments, client::Client};

/// A daemon under callgrind takes seconds.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// The programs, and the folder whose disk is measured.
#[derive(Debug)]
pub(crate) struct Setup {
    bin_dir: PathBuf,
    pub(crate) folder: PathBuf,
}

/// A home folder and a database. Its daemon is stopped, and all of it removed, when this is dropped.
#[derive(Debug)]
pub(crate) struct World {
    home: TempDir,
    data: TempDir,
    bin_dir: PathBuf,
}

impl Setup {
    pub(crate) fn find(arguments: &Arguments) -> Outcome<Self> {
        if arguments.bin_dir.is_none() {
            build()?;
        }
        let own = std::env::current_exe()?;
        let beside = own.parent().ok_or("this program lies in no folder")?;
        let bin_dir = arguments.bin_dir.clone().unwrap_or_else(|| beside.to_owned()).canonicalize()?;
        for name in ["task-orchestrator", "task-orchestrator-mcp"] {
            let program = bin_dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            if !program.is_file() {
                let path = program.display();
                return Err(format!(
                    "{path} is missing: cargo build --release -p shim -p daemon, or --bin-dir"
                )
                .into());
            }
        }
        let above = bin_dir.parent().unwrap_or(&bin_dir).to_owned();
        let folder = arguments.folder.clone().unwrap_or(above).canonicalize()?;
        Ok(Self { bin_dir, folder })
    }

    /// A world with nothing in it and nothing running.
    pub(crate) fn world(&self) -> Outcome<World> {
        // The socket's path must be short; the database must be on the disk that is measured.
        let home = tempfile::Builder::new().prefix("orc").tempdir()?;
        let data = tempfile::Builder::new().prefix("bench").tempdir_in(&self.folder)?;
        Ok(World { home, data, bin_dir: self.bin_dir.clone() })
    }
}

/// Builds the programs as they ship, where `cargo run` started this one: one command measures what the sources say.
fn build() -> Outcome {
    let Some(cargo) = std::env::var_os("CARGO") else { return Ok(()) };
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "-p", "shim", "-p", "daemon"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command.stdin(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err("the programs cannot be built".into()) }
}

impl World {
    /// The folder of the database.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data.path().join("tasks.db")
    }

    /// The shim's command.
    pub(crate) fn shim(&self) -> Command {
        self.command(self.bin_dir.join("task-orchestrator-mcp"))
    }

    /// A session that is open, and a daemon behind it that has answered.
    pub(crate) fn session(&self) -> Outcome<Client> {
        let mut client = Client::open(self.shim())?;
        client.request("tools/list", serde_json::json!({}))?;
        Ok(client)
    }

    /// Any program, with this home and this database and few other variables, as MCP clients start theirs.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().env("HOME", self.home.path()).env("TASK_ORCHESTRATOR_DB", self.database());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.current_dir(self.home.path());
        command
    }

    /// The daemon's process.
    pub(crate) fn daemon_pid(&self) -> Outcome<u32> {
        let output = self.orchestrator(&["status", "--json"]).stderr(Stdio::null()).output()?;
        let status: Value = serde_json::from_slice(&output.stdout)?;
        let pid = status["pid"].as_u64().ok_or_else(|| format!("no daemon runs: {status}"))?;
        Ok(u32::try_from(pid)?)
    }

    /// Returns once a daemon answers that somebody else has started, however slowly it comes up.
    pub(crate) fn wait_for_daemon(&self) -> Outcome {
        let begun = Instant::now();
        while self.daemon_pid().is_err() {
            if begun.elapsed() > STARTS_WITHIN {
                return Err("the daemon does not answer".into());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Ends the daemon, if one runs, and waits for its end.
    pub(crate) fn stop_daemon(&self) -> Outcome {
        self.orchestrator(&["stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        Ok(())
    }

    /// A verb of `task-orchestrator`.
    pub(crate) fn orchestrator(&self, words: &[&str]) -> Command {
        let mut command = self.command(self.bin_dir.join("task-orchestrator"));
        command.args(words).stdin(Stdio::null());
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.stop_daemon(); // it may have ended, or never begun
    }
}
