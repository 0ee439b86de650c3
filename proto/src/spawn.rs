//! Bringing up a daemon process: detached from whoever starts it, and heard until it says how it went.
//!
//! The child gets its own session (it calls `setsid` itself, told so by `--started-by-shim`), `/` as its folder, an
//! environment of a few variables, nothing on stdin, and a pipe on stdout that carries exactly one line: `ready`,
//! `busy` (another process holds the lock) or `error TEXT`.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{endpoint::Endpoint, settings};

/// What a starter knows beside the endpoint.
#[derive(Debug, Clone)]
pub struct Starter {
    /// The daemon's executable.
    pub program: PathBuf,
    /// The home folder to give it.
    pub home: PathBuf,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--workspaces`.
    pub workspaces: Option<PathBuf>,
    /// [`settings::RUNTIME_DIR`], if it was given.
    pub runtime_dir: Option<PathBuf>,
    /// How long the daemon may take to get ready.
    pub patience: Duration,
}

/// The one line a daemon says.
#[derive(Debug, PartialEq, Eq)]
pub enum Word {
    /// It serves.
    Ready,
    /// Another process holds the lock.
    Busy,
    /// It could not start, in its own words.
    Failed(String),
    /// It has not said anything yet; it may still.
    Silent,
}

/// Variables a daemon needs of its starter; everything else stays behind (`daemon.md` rule 8).
const KEPT: [&str; 16] = [
    "PATH",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    settings::LOG,
    // Windows finds nothing without these.
    "SystemRoot",
    "SystemDrive",
    "USERPROFILE",
    "USERNAME",
    "APPDATA",
    "LOCALAPPDATA",
    "TEMP",
    "TMP",
];

/// What makes glibc give memory back that a large answer took: by itself it keeps it, once for each thread.
const MEMORY: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "2"), ("MALLOC_TRIM_THRESHOLD_", "131072"), ("MALLOC_MMAP_THRESHOLD_", "131072")];

impl Starter {
    /// Starts a daemon for `endpoint` and waits for its word. Blocks; a thread stays behind to collect the child.
    ///
    /// # Errors
    /// When the program cannot be started at all.
    pub fn start(&self, endpoint: &Endpoint) -> io::Result<Word> {
        let mut child = self.command(endpoint)?.spawn()?;
        let stdout = child.stdout.take();
        let (said, word) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let line = stdout.map(first_line).unwrap_or_default();
            // Ended without a word: how it ended is all there is to say.
            let word = parse(&line).unwrap_or_else(|| {
                let end = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                Word::Failed(format!("it ended without a word ({end})"))
            });
            let _ = said.send(word);
            let _ = child.wait(); // else it stays a zombie for as long as we live
        });
        Ok(word.recv_timeout(self.patience).unwrap_or(Word::Silent))
    }

    fn command(&self, endpoint: &Endpoint) -> io::Result<Command> {
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--db").arg(&endpoint.database);
        for (flag, path) in [("--config", &self.config), ("--workspaces", &self.workspaces)] {
            if let Some(path) = path {
                command.arg(flag).arg(path);
            }
        }
        command.arg("--started-by-shim");
        command.env_clear().envs(self.environment(|name| std::env::var_os(name)));
        command.current_dir(if cfg!(windows) { self.home.as_path() } else { Path::new("/") });
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file(&endpoint.log())?);
        detach(&mut command);
        Ok(command)
    }

    fn environment(&self, get: impl Fn(&str) -> Option<OsString>) -> Vec<(OsString, OsString)> {
        let kept = KEPT.iter().filter_map(|name| Some((OsString::from(name), get(name)?)));
        let home = (OsString::from("HOME"), self.home.clone().into());
        let runtime = self.runtime_dir.clone().map(|dir| (OsString::from(settings::RUNTIME_DIR), dir.into()));
        let memory = MEMORY.iter().filter(|_| cfg!(all(target_os = "linux", target_env = "gnu")));
        let memory = memory.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        kept.chain([home]).chain(runtime).chain(memory).collect()
    }
}

/// The daemon's executable: beside this one, else on PATH under its name.
pub fn daemon_program() -> PathBuf {
    let name = format!("task-orchestrator{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(&name)));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(name))
}

fn log_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn first_line(stdout: impl Read) -> String {
    let mut line = String::new();
    let _ = BufReader::new(stdout.take(64 << 10)).read_line(&mut line);
    line
}

fn parse(line: &str) -> Option<Word> {
    match line.trim_end().split_once(' ').unwrap_or((line.trim_end(), "")) {
        ("ready", _) => Some(Word::Ready),
        ("busy", _) => Some(Word::Busy),
        ("error", text) => Some(Word::Failed(text.to_owned())),
        _ => None,
    }
}

#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const DETACHED_PROCESS: u32 = 0x8;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

/// On Unix the daemon leaves the session itself: that needs no code between fork and exec.
#[cfg(not(windows))]
fn detach(_command: &mut Command) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(parse("ready\n"), Some(Word::Ready));
        assert_eq!(parse("busy\n"), Some(Word::Busy));
        assert_eq!(parse("error no such file\n"), Some(Word::Failed("no such file".into())));
        assert_eq!(parse(""), None);
    }

    #[test]
    fn the_environment_is_scrubbed() {
        let starter = Starter {
            program: "p".into(),
            home: "/home/ann".into(),
            config: None,
            workspaces: None,
            runtime_dir: Some("/run/x".into()),
            patience: Duration::ZERO,
        };
        let get = |name: &str| ["PATH", "HOME", "AWS_SECRET"].contains(&name).then(|| OsString::from("v"));
        let names = starter.environment(get).into_iter().map(|(name, _)| name);
        let names: Vec<_> = names.filter(|name| !name.to_string_lossy().starts_with("MALLOC_")).collect();
        assert_eq!(names, ["PATH", "HOME", settings::RUNTIME_DIR]);
    }
}
