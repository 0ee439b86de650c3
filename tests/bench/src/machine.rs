//! What the figures were taken on, as far as it matters to them. Nothing here tells one machine from another of its kind.

use std::{
    collections::HashMap,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
    time::Instant,
};

use crate::{Outcome, samples::Samples};

/// Cores, operating system and memory in words.
pub(crate) fn facts() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut parts = release.split('.');
    let release = format!("{}.{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let system = format!("{} {}", std::env::consts::OS, release.trim_matches('.'));
    format!("{cores} cores, {}, {}", system.trim(), std::env::consts::ARCH)
}

/// How many processes wanted a core over the last minute.
pub(crate) fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// A file whose end is written and flushed to the disk.
#[derive(Debug)]
pub(crate) struct Disk(File);

impl Disk {
    pub(crate) fn open(folder: &Path) -> Outcome<Self> {
        Ok(Self(OpenOptions::new().create(true).append(true).open(folder.join("flush"))?))
    }

    /// 4 KiB more, and one flush.
    pub(crate) fn flush(&mut self, times: &mut Samples) -> Outcome {
        let begun = Instant::now();
        self.0.write_all(&[7; 4_096])?;
        self.0.sync_data()?;
        times.add(begun.elapsed());
        Ok(())
    }
}

/// Resident and proportional memory of a process in KiB, where the system tells.
pub(crate) fn memory(pid: u32) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some((field("Rss:")?, field("Pss:")?))
}

/// The highest resident memory of a process so far, in KiB, where the system tells.
pub(crate) fn highest_memory(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// What each thread of a process has done so far: nanoseconds on a core, and how often it slept and woke.
#[derive(Debug)]
pub(crate) struct Activity(HashMap<OsString, (u64, u64)>);

impl Activity {
    /// None where the system does not tell.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let mut threads = HashMap::new();
        for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
            let thread = thread.ok()?;
            let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let status = fs::read_to_string(thread.path().join("status")).ok()?;
            let slept = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            let did = (times.split(' ').next()?.parse().ok()?, slept.trim().parse().ok()?);
            threads.insert(thread.file_name(), did);
        }
        Some(Self(threads))
    }

    /// What was done since. A thread that has ended woke once for that; what else it did went with it.
    pub(crate) fn since(&self, before: &Self) -> (u64, u64) {
        let ended = before.0.keys().filter(|thread| !self.0.contains_key(*thread)).count();
        let mut sums = (0, ended as u64);
        for (thread, now) in &self.0 {
            let then = before.0.get(thread).copied().unwrap_or_default();
            sums = (sums.0 + now.0.saturating_sub(then.0), sums.1 + now.1.saturating_sub(then.1));
        }
        sums
    }
}
