//! A daemon in the foreground, as a person or a service manager runs it.

use std::{
    fs::File,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::{
    binaries::{binary, faulty_daemon},
    env::TestEnv,
    processes,
    wait::eventually,
};

/// `task-orchestrator serve`, ready to answer; ends with the test.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts one with more arguments and waits until it answers a hello.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn start(env: &TestEnv, arguments: &[&str]) -> Self {
        Self::begin(env, arguments).ready(env)
    }

    /// One that dies as a crash would when a call comes to a point, such as `after-commit:1`: the first call that is on disk
    /// and not answered yet.
    ///
    /// # Panics
    /// When it ends before.
    pub fn that_dies(env: &TestEnv, fault: &str) -> Self {
        Self::faulty(env, "TASK_ORCHESTRATOR_FAULT", fault)
    }

    /// One that can be struck, with a variable that says how; ready.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn faulty(env: &TestEnv, variable: &str, value: &str) -> Self {
        Self::faulty_with(env, &[(variable, value)])
    }

    /// The same with several variables.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn faulty_with(env: &TestEnv, variables: &[(&str, &str)]) -> Self {
        let mut command = env.command_of(&faulty_daemon());
        command.envs(variables.iter().copied());
        Self::run(env, command, &[]).ready(env)
    }

    /// One that is struck before it is ready: see its end with [`Daemon::ended`].
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn struck(env: &TestEnv, fault: &str) -> Self {
        let mut command = env.command_of(&faulty_daemon());
        command.env("TASK_ORCHESTRATOR_FAULT", fault);
        Self::run(env, command, &[])
    }

    /// One that another program starts, as in `wrapper ARGUMENTS task-orchestrator serve …`; ready.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn within(env: &TestEnv, wrapper: &[&str]) -> Self {
        Self::begin_within(env, wrapper).ready(env)
    }

    /// The same without waiting for anything.
    ///
    /// # Panics
    /// When the wrapper cannot be started.
    pub fn begin_within(env: &TestEnv, wrapper: &[&str]) -> Self {
        let mut command = env.command_of(wrapper[0].as_ref());
        command.args(&wrapper[1..]).arg(binary("task-orchestrator"));
        Self::run(env, command, &[])
    }

    /// One whose writes stand still before their commit while the gate is closed.
    ///
    /// # Panics
    /// When it ends instead of serving.
    pub fn with_gate(env: &TestEnv) -> (Self, Gate) {
        let gate = Gate(env.folder().join("gate"));
        let mut command = env.command_of(&faulty_daemon());
        command.env("TASK_ORCHESTRATOR_FAULT_GATE", &gate.0);
        (Self::run(env, command, &[]).ready(env), gate)
    }

    fn ready(mut self, env: &TestEnv) -> Self {
        eventually("the daemon's answer to a hello", || {
            let ended = self.child.try_wait().ok().flatten();
            assert!(ended.is_none(), "the daemon ended ({ended:?}) instead of serving: {}", self.said());
            let status = env.cli(&["status"]);
            if status.success { Ok(()) } else { Err(format!("{status:?}\n{}", self.said())) }
        });
        self
    }

    /// Starts one and waits for nothing: it may still be opening its database.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn begin(env: &TestEnv, arguments: &[&str]) -> Self {
        Self::run(env, env.command("task-orchestrator"), arguments)
    }

    fn run(env: &TestEnv, mut command: Command, arguments: &[&str]) -> Self {
        command.arg("serve").arg("--db").arg(env.database()).args(arguments);
        let log = log(env);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).expect("a log"));
        Self { child: command.spawn().expect("task-orchestrator runs"), log }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, and its end.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn terminate(mut self) {
        processes::end(self.pid(), true);
        let status = eventually("the daemon's end after SIGTERM", || {
            self.child.try_wait().ok().flatten().ok_or_else(|| "it still runs".to_owned())
        });
        assert!(status.success(), "wanted a daemon that ends with 0 after SIGTERM, got {status}");
    }

    /// SIGKILL, and its end.
    pub fn kill(self) {
        drop(self);
    }

    /// Waits until it has ended by itself; answers what it had to say.
    pub fn ended(mut self) -> String {
        eventually("the daemon's end", || {
            let ended = self.child.try_wait().ok().flatten();
            ended.map(drop).ok_or_else(|| format!("it still runs: {}", self.said()))
        });
        self.said()
    }

    /// Waits until a fault has struck at that point.
    ///
    /// # Panics
    /// When none does.
    pub fn is_struck_at(&self, point: &str) {
        eventually("a fault", || {
            let said = self.said();
            if said.contains(&format!("struck at {point}")) { Ok(()) } else { Err(said) }
        });
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// The points of a stage (`Write`, `Opening`, `TakingOver`, `Ending`) at which [`Daemon::that_dies`] can die, as the program
/// itself lists them.
///
/// # Panics
/// When the program lists none, or a stage that no test goes through.
pub fn fault_points(stage: &str) -> Vec<String> {
    let output =
        Command::new(faulty_daemon()).env("TASK_ORCHESTRATOR_FAULT", "list").output().expect("a list");
    let text = String::from_utf8(output.stdout).expect("words");
    let points: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    for (point, of) in &points {
        assert!(["Write", "Opening", "TakingOver", "Ending"].contains(of), "nobody strikes at {point}");
    }
    let wanted = points.iter().filter(|(_, of)| *of == stage);
    let wanted: Vec<String> = wanted.map(|(point, _)| (*point).to_owned()).collect();
    assert!(!wanted.is_empty(), "no point of {stage} in:\n{text}");
    wanted
}

/// Where the writes of a daemon stand still: each in the middle of its transaction, having written and not committed.
#[derive(Debug)]
pub struct Gate(PathBuf);

impl Gate {
    /// The next write stands still.
    ///
    /// # Panics
    /// When the file that means it cannot be made.
    pub fn close(&self) {
        File::create(&self.0).expect("the gate's file");
    }

    /// Returns once a write stands there.
    pub fn holds_one(&self) {
        eventually("a write at the gate", || {
            if self.0.with_extension("held").exists() { Ok(()) } else { Err("none stands there".to_owned()) }
        });
    }

    /// Whoever stands there goes on.
    ///
    /// # Panics
    /// When the file cannot be removed.
    pub fn open(&self) {
        std::fs::remove_file(&self.0).expect("the gate's file goes");
    }
}

/// What it has to say.
fn log(env: &TestEnv) -> PathBuf {
    env.folder().join("serve.log")
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
