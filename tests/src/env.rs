//! One test's world: a home folder, a database and programs that see nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    binaries::binary, client::McpClient, daemon::Daemon, lifecycle::Lifecycle, processes, wait::eventually,
};

/// A home folder and a database of its own. Everything in it, processes too, ends with it, also when the test panics.
#[derive(Debug, Clone)]
pub struct TestEnv(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    /// Removes the folder when dropped.
    _folder: TempDir,
}

/// How a shim is to be started; see [`TestEnv::client`].
#[derive(Debug, Clone)]
pub struct Client {
    env: TestEnv,
    variables: Vec<(String, String)>,
    folder: PathBuf,
    lifecycle: Lifecycle,
    name: String,
    capabilities: Value,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Whether it ended with 0.
    pub success: bool,
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
}

impl TestEnv {
    /// A new world, with nothing in it and nothing running.
    ///
    /// # Panics
    /// When the temporary folder cannot be made.
    #[expect(clippy::new_without_default, reason = "making folders is no default")]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("the temporary folder's path");
        for name in ["home", "data", "work"] {
            fs::create_dir(root.join(name)).expect("a folder in the temporary folder");
        }
        Self(Arc::new(Inner { root, _folder: folder }))
    }

    /// A new world whose user has this `config.yaml`.
    pub fn with_config(yaml: &str) -> Self {
        let env = Self::new();
        env.write_config(yaml);
        env
    }

    /// Writes the user's `config.yaml`, whole, by renaming as editors do.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_config(&self, yaml: &str) {
        let path = self.config_path();
        fs::create_dir_all(path.parent().unwrap_or(&path)).expect("the config folder");
        let fresh = path.with_extension("new");
        fs::write(&fresh, yaml).expect("the new config");
        fs::rename(&fresh, &path).expect("the config in its place");
    }

    /// The user's `config.yaml`.
    pub fn config_path(&self) -> PathBuf {
        self.home().join(".config/task-orchestrator/config.yaml")
    }

    /// HOME.
    pub fn home(&self) -> PathBuf {
        self.0.root.join("home")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.0.root.join("data/tasks.db")
    }

    /// The folder that shims start in: in no project.
    pub fn folder(&self) -> PathBuf {
        self.0.root.join("work")
    }

    /// A folder that holds `.taskorchestrator`, and so is a project; with that `config.yaml` unless empty.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn project(&self, name: &str, yaml: &str) -> PathBuf {
        let folder = self.0.root.join("work").join(name);
        fs::create_dir_all(folder.join(".taskorchestrator")).expect("a project folder");
        if !yaml.is_empty() {
            fs::write(folder.join(".taskorchestrator/config.yaml"), yaml).expect("a project's config");
        }
        folder
    }

    /// A session with every default: `core` tools, `compact` answers, the newest version with `initialize`.
    pub fn connect(&self) -> McpClient {
        self.client().connect()
    }

    /// A session that an agent of that name opens.
    pub fn agent(&self, name: &str) -> McpClient {
        self.client().agent(name).connect()
    }

    /// A session with `full` answers: every field, 36-character ids.
    pub fn full(&self) -> McpClient {
        self.client().responses("full").connect()
    }

    /// A session yet to be opened.
    pub fn client(&self) -> Client {
        Client {
            env: self.clone(),
            variables: Vec::new(),
            folder: self.folder(),
            lifecycle: Lifecycle::default(),
            name: "e2e".to_owned(),
            capabilities: json!({}),
        }
    }

    /// A daemon in the foreground, ready.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(self, &[])
    }

    /// The processes that serve this database.
    pub fn daemon_pids(&self) -> Vec<u32> {
        processes::daemons_under(&self.0.root)
    }

    /// Ends this database's daemon at once, as a crash or `kill -9` would, and waits until it is gone.
    pub fn kill_daemon(&self) {
        for pid in self.daemon_pids() {
            processes::end(pid, false);
            eventually("the killed daemon's end", || {
                if processes::has_ended(pid) { Ok(()) } else { Err(format!("{pid} still runs")) }
            });
        }
    }

    /// Makes a process stand still, whatever it is at, and waits until it does.
    pub fn pause(&self, pid: u32) {
        processes::pause(pid);
        eventually("a process that stands still", || {
            if processes::is_stopped(pid) { Ok(()) } else { Err(format!("{pid} still runs")) }
        });
    }

    /// Lets it go on.
    pub fn go_on(&self, pid: u32) {
        processes::go_on(pid);
    }

    /// Runs `task-orchestrator WORDS…` to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn cli(&self, words: &[&str]) -> Finished {
        let mut command = self.command("task-orchestrator");
        Finished::of(&command.args(words).stdin(Stdio::null()).output().expect("task-orchestrator runs"))
    }

    /// What daemons that shims started have logged.
    pub fn daemon_log(&self) -> String {
        let runtime = self.home().join(".local/state/task-orchestrator/run");
        let files = fs::read_dir(runtime).into_iter().flatten().flatten().map(|entry| entry.path());
        let logs = files.filter(|path| path.extension().is_some_and(|end| end == "log"));
        logs.filter_map(|path| fs::read_to_string(path).ok()).collect()
    }

    /// One of the two programs, in this world: the few variables that MCP SDKs hand on, and nothing of ours.
    pub(crate) fn command(&self, program: &str) -> Command {
        self.command_of(&binary(program))
    }

    /// The same for a program that lies elsewhere.
    pub(crate) fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        for name in ["PATH", "USER", "LOGNAME", "SHELL", "TERM"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.home()).env("TASK_ORCHESTRATOR_DB", self.database());
        command.current_dir(self.folder());
        command
    }
}

impl Finished {
    /// What a process left behind.
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            success: output.status.success(),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        processes::end_daemons_under(&self.root);
    }
}

impl Client {
    /// Sets a variable for the shim.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.variables.push((name.to_owned(), value.as_ref().to_string_lossy().into_owned()));
        self
    }

    /// `core`, `full` or `read`.
    #[must_use]
    pub fn tools(self, set: &str) -> Self {
        self.set("TASK_ORCHESTRATOR_TOOLS", set)
    }

    /// `compact` or `full`.
    #[must_use]
    pub fn responses(self, level: &str) -> Self {
        self.set("TASK_ORCHESTRATOR_RESPONSES", level)
    }

    /// The agent's name.
    #[must_use]
    pub fn agent(self, name: &str) -> Self {
        self.set("TASK_ORCHESTRATOR_AGENT", name)
    }

    /// The folder the shim starts in.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.folder = folder.to_owned();
        self
    }

    /// The client's own name in `initialize`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// The MCP version it speaks.
    #[must_use]
    pub fn speaking(mut self, lifecycle: Lifecycle) -> Self {
        self.lifecycle = lifecycle;
        self
    }

    /// Says in `initialize` that it has roots; [`McpClient::answer_roots`] names them.
    #[must_use]
    pub fn with_roots(mut self) -> Self {
        self.capabilities = json!({"roots": {"listChanged": true}});
        self
    }

    /// Starts the shim and opens the session.
    pub fn connect(self) -> McpClient {
        let client = self.spawn();
        client.open();
        client
    }

    /// Starts the shim and says nothing yet.
    pub fn spawn(self) -> McpClient {
        let mut command = self.env.command("task-orchestrator-mcp");
        command.current_dir(&self.folder);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        McpClient::start(self.env.clone(), command, self.lifecycle, &self.name, self.capabilities)
    }
}
