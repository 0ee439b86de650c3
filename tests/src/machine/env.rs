//! One user's machine, for one test.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{McpClient, binaries, eventually};
use crate::processes;

/// A temporary home and the commands run in it. Ends its daemons when dropped.
pub struct TestEnv {
    root: TempDir,
    home: PathBuf,
    vars: Vec<(String, String)>,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Run {
    /// Exit code; none after a signal.
    pub code: Option<i32>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

impl Default for TestEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl TestEnv {
    /// A machine with an empty home.
    pub fn new() -> Self {
        Self::with_home("home")
    }

    /// The same, the home at `name` under a temporary folder.
    pub fn with_home(name: &str) -> Self {
        let root = tempfile::Builder::new().prefix("orc").tempdir().unwrap();
        let home = root.path().canonicalize().unwrap().join(name);
        std::fs::create_dir_all(&home).unwrap();
        Self { root, home, vars: Vec::new() }
    }

    /// Adds a variable to every command's environment.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.vars.push((name.to_owned(), value.as_ref().to_str().unwrap().to_owned()));
        self
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The default database.
    pub fn database(&self) -> PathBuf {
        self.home.join(".local/share/task-orchestrator/tasks.db")
    }

    /// The default runtime folder.
    pub fn runtime(&self) -> PathBuf {
        self.home.join(".local/state/task-orchestrator/run")
    }

    /// A command with this machine's environment and nothing else.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", &self.home).env("PATH", "/usr/bin:/bin").current_dir(&self.home);
        command.envs(self.vars.iter().map(|(name, value)| (name, value)));
        command
    }

    /// `task-orchestrator` with arguments.
    pub fn orchestrator(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(binaries().join("task-orchestrator"));
        command.args(arguments);
        command
    }

    /// Runs `task-orchestrator` to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.orchestrator(arguments).output().unwrap().into()
    }

    /// An MCP client that has said `initialize`.
    pub fn client(&self) -> McpClient {
        let mut client = McpClient::spawn(self.shim());
        client.initialize("2025-06-18");
        client
    }

    /// The shim's command.
    pub fn shim(&self) -> Command {
        self.command(binaries().join("task-orchestrator-mcp"))
    }

    /// `serve` in the foreground, once it is ready; stdout and stderr are piped.
    pub fn serve(&self, arguments: &[&str]) -> Child {
        let mut command = self.orchestrator(&["serve"]);
        self.serve_by(command.args(arguments))
    }

    /// The same with a command of the caller's.
    pub fn serve_by(&self, command: &mut Command) -> Child {
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        eventually("the daemon is ready", || (self.status()["state"] == "ready").then_some(()));
        child
    }

    /// The document of `status --json`.
    pub fn status(&self) -> Value {
        serde_json::from_str(&self.run(&["status", "--json"]).stdout).unwrap()
    }

    /// The running daemon's pid.
    pub fn daemon_pid(&self) -> u32 {
        let status = self.status();
        u32::try_from(status["pid"].as_u64().unwrap_or_else(|| panic!("no daemon: {status}"))).unwrap()
    }

    /// Processes that serve a database of this machine.
    pub fn daemons(&self) -> Vec<u32> {
        let root = self.root.path().to_str().unwrap();
        let serves = |pid: &u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(" serve ") && line.contains(root)
        };
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(serves).collect()
    }

    /// Sends a signal. After `KILL` the process is gone and its locks with it; after `STOP` it stands still.
    pub fn signal(&self, signal: &str, pid: u32) {
        Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status().unwrap();
        let arrived: fn(u32) -> bool = match signal {
            "KILL" => processes::has_ended,
            "STOP" => processes::is_stopped,
            _ => return,
        };
        eventually("the signal's effect", || arrived(pid).then_some(()));
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        processes::end_daemons_under(self.root.path());
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
