//! The daemons of one test: found by the database in their command line, ended by process id.
//!
//! A daemon that a shim started is detached from it, so that no handle leads there. Its command line names its
//! database (`daemon.md` rule 8), which lies in a folder that only this test has.

use std::{path::Path, process::Command};

use rustix::process::{Pid, Signal, kill_process};

/// The processes that serve a database under `folder`.
pub(crate) fn daemons_under(folder: &Path) -> Vec<u32> {
    let folder = folder.to_string_lossy().into_owned();
    all()
        .into_iter()
        .filter(|(_, command)| {
            let mut words = command.iter();
            let program = words.next().map(|path| path.rsplit('/').next().unwrap_or_default());
            program == Some("task-orchestrator")
                && words.next().is_some_and(|word| word == "serve")
                && words.any(|word| word.contains(&folder))
        })
        .map(|(pid, _)| pid)
        .collect()
}

/// Ends the daemons of a database under `folder`, also one that a shim was just bringing up.
pub(crate) fn end_daemons_under(folder: &Path) {
    for _ in 0..100 {
        let pids = daemons_under(folder);
        if pids.is_empty() {
            return;
        }
        for pid in pids {
            end(pid, false);
        }
        std::thread::sleep(std::time::Duration::from_millis(5)); // the pause between two looks
    }
}

/// Sends SIGKILL, or SIGTERM for `politely`.
pub(crate) fn end(pid: u32, politely: bool) {
    send(pid, if politely { Signal::TERM } else { Signal::KILL });
}

/// Sends SIGSTOP.
pub(crate) fn pause(pid: u32) {
    send(pid, Signal::STOP);
}

/// Sends SIGCONT.
pub(crate) fn go_on(pid: u32) {
    send(pid, Signal::CONT);
}

fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // Ended already: that is what was wanted.
        let _ = kill_process(pid, signal);
    }
}

/// Whether a process has ended, its locks and sockets released. (Its command line goes earlier, and so does its first
/// thread; and a list of threads breaks off at one that ends meanwhile, so that the kernel's own count is asked too.)
pub(crate) fn has_ended(pid: u32) -> bool {
    thread_states(pid).iter().all(|state| matches!(state, 'Z' | 'X')) && thread_count(pid) <= 1
}

/// How many threads the system counts for a process: none when there is no such process, or no such count.
fn thread_count(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// Whether SIGSTOP has arrived in every thread.
pub(crate) fn is_stopped(pid: u32) -> bool {
    let states = thread_states(pid);
    !states.is_empty() && states.iter().all(|state| *state == 'T')
}

/// What each thread of a process is doing, as one letter; nothing when there is no such process.
fn thread_states(pid: u32) -> Vec<char> {
    if !Path::new("/proc/self").exists() {
        let output =
            Command::new("ps").args(["-o", "state=", "-p", &pid.to_string()]).output().expect("ps runs");
        return String::from_utf8_lossy(&output.stdout).trim().chars().take(1).collect();
    }
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    stats.filter_map(|stat| stat.rsplit(')').next()?.trim().chars().next()).collect()
}

/// Every process with its command line.
fn all() -> Vec<(u32, Vec<String>)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return from_ps() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else { continue };
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else { continue };
        let words = line.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        found.push((pid, words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()));
    }
    found
}

/// Where there is no /proc.
fn from_ps() -> Vec<(u32, Vec<String>)> {
    let output = Command::new("ps").args(["-axww", "-o", "pid=,command="]).output().expect("ps runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let pid = words.next()?.parse().ok()?;
        Some((pid, words.collect()))
    };
    text.lines().filter_map(row).collect()
}
