//! The daemon as the system sees it, over the run.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// The daemon at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Seconds since the beginning.
    pub(crate) at: f64,
    /// KiB.
    pub(crate) rss: f64,
    /// KiB.
    pub(crate) pss: f64,
    pub(crate) descriptors: f64,
    pub(crate) threads: f64,
    /// Bytes.
    pub(crate) wal: f64,
    /// Bytes.
    pub(crate) database: f64,
}

#[derive(Debug)]
pub(crate) struct Watch {
    pid: u32,
    database: PathBuf,
}

impl Watch {
    pub(crate) fn of(pid: u32, database: &Path) -> Self {
        Self { pid, database: database.to_owned() }
    }

    /// Looks again and again until the time is over, something has ended early, or there is nothing to look at.
    pub(crate) fn until(
        &self,
        begun: Instant,
        duration: Duration,
        every: Duration,
        ended: impl Fn() -> bool,
    ) -> Vec<Look> {
        let mut looks = Vec::new();
        while begun.elapsed() < duration && !ended() {
            let Some(look) = self.look(begun) else { return Vec::new() };
            looks.push(look);
            thread::sleep(every);
        }
        looks
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes of a process and its files")]
    fn look(&self, begun: Instant) -> Option<Look> {
        let (rss, pss) = memory(self.pid)?;
        let entries =
            |what: &str| Some(fs::read_dir(format!("/proc/{}/{what}", self.pid)).ok()?.count() as f64);
        let size = |path: &Path| fs::metadata(path).map_or(0.0, |file| file.len() as f64);
        let mut wal = self.database.clone().into_os_string();
        wal.push("-wal");
        Some(Look {
            at: begun.elapsed().as_secs_f64(),
            rss,
            pss,
            descriptors: entries("fd")?,
            threads: entries("task")?,
            wal: size(Path::new(&wal)),
            database: size(&self.database),
        })
    }
}

/// Resident and proportional memory of a process in KiB.
fn memory(pid: u32) -> Option<(f64, f64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some((field("Rss:")?, field("Pss:")?))
}

/// How something grows for each hour, by a straight line through the looks.
pub(crate) fn slope(looks: &[Look], of: impl Fn(&Look) -> f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred looks")]
    let n = looks.len() as f64;
    let mean = |value: &dyn Fn(&Look) -> f64| looks.iter().map(value).sum::<f64>() / n;
    let (at, value) = (mean(&|look| look.at), mean(&|look| of(look)));
    let above: f64 = looks.iter().map(|look| (look.at - at) * (of(look) - value)).sum();
    let below: f64 = looks.iter().map(|look| (look.at - at).powi(2)).sum();
    if below > 0.0 { above / below * 3_600.0 } else { 0.0 }
}
