//! A daemon in the foreground, as a person or a service manager runs it.

use std::{
    fs::File,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::{binaries::faulty_daemon, env::TestEnv, processes, wait::eventually};

/// `task-orchestrator serve`, ready to answer; ends with the test.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
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
        let mut command = env.command_of(&faulty_daemon());
        command.env("TASK_ORCHESTRATOR_FAULT", fault);
        Self::run(env, command, &[]).ready(env)
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
        let log = log(env);
        eventually("the daemon's answer to a hello", || {
            let ended = self.child.try_wait().ok().flatten();
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "the daemon ended ({ended:?}) instead of serving: {}", said());
            let status = env.cli(&["status"]);
            if status.success { Ok(()) } else { Err(format!("{status:?}\n{}", said())) }
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
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log(env)).expect("a log"));
        Self { child: command.spawn().expect("task-orchestrator runs") }
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

    /// Waits until it has ended by itself.
    pub fn ended(mut self) {
        eventually("the daemon's end", || {
            self.child.try_wait().ok().flatten().map(drop).ok_or_else(|| "it still runs".to_owned())
        });
    }
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
