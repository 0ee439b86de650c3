//! A program under callgrind, which is told from outside when to begin counting and when to write what it has.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

use crate::Outcome;

const FILE: &str = "callgrind.out";

/// The same command under callgrind, which writes into the folder.
pub(super) fn under(command: &Command, folder: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg("--quiet")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", folder.join(FILE).display()))
        .arg(command.get_program())
        .args(command.get_args());
    valgrind.env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            valgrind.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        valgrind.current_dir(folder);
    }
    valgrind
}

/// A process that runs under callgrind.
pub(super) struct Counted {
    pid: u32,
    folder: PathBuf,
}

impl Counted {
    pub(super) fn of(pid: u32, folder: &Path) -> Self {
        Self { pid, folder: folder.to_owned() }
    }

    /// Counts from zero.
    pub(super) fn begin(&self) -> Outcome {
        self.tell("zero")
    }

    /// What was counted since.
    pub(super) fn end(&self) -> Outcome<u64> {
        self.tell("dump")?;
        let newest = self.newest()?;
        let text = fs::read_to_string(&newest)?;
        let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
        let total = total.and_then(|line| line.split_whitespace().next()?.parse().ok());
        total.ok_or_else(|| format!("callgrind wrote no total into {}", newest.display()).into())
    }

    fn tell(&self, word: &str) -> Outcome {
        let output = Command::new("vgdb")
            .arg(format!("--pid={}", self.pid))
            .arg(word)
            .stdin(Stdio::null())
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr);
        Err(format!("callgrind did not take '{word}': {}", why.trim()).into())
    }

    fn newest(&self) -> Outcome<PathBuf> {
        let mut newest: Option<(SystemTime, PathBuf)> = None;
        for file in fs::read_dir(&self.folder)? {
            let file = file?;
            let ours = file.file_name().to_string_lossy().starts_with(FILE) && file.metadata()?.len() > 0;
            let at = file.metadata()?.modified()?;
            if ours && newest.as_ref().is_none_or(|(before, _)| *before <= at) {
                newest = Some((at, file.path()));
            }
        }
        newest.map(|(_, path)| path).ok_or_else(|| "callgrind wrote nothing".into())
    }
}
