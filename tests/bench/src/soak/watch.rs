//! The daemon as the system sees it, over the run.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{Outcome, machine};

/// The daemon at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Seconds since the beginning.
    pub(super) at: f64,
    /// KiB.
    pub(super) rss: f64,
    /// KiB.
    pub(super) pss: f64,
    pub(super) descriptors: f64,
    pub(super) threads: f64,
    /// Bytes.
    pub(super) wal: f64,
    /// Bytes.
    pub(super) database: f64,
}

#[derive(Debug)]
pub(super) struct Watch {
    pid: u32,
    database: PathBuf,
}

impl Watch {
    pub(super) fn of(pid: u32, database: &Path) -> Self {
        Self { pid, database: database.to_owned() }
    }

    /// Looks again and again until the time is over, or something has ended early.
    pub(super) fn until(
        &mut self,
        begun: Instant,
        duration: Duration,
        every: Duration,
        ended: impl Fn() -> bool,
    ) -> Outcome<Vec<Look>> {
        let mut looks = Vec::new();
        while begun.elapsed() < duration && !ended() {
            looks.push(self.look(begun)?);
            thread::sleep(every);
        }
        Ok(looks)
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes of a process and its files")]
    fn look(&self, begun: Instant) -> Outcome<Look> {
        let (rss, pss) =
            machine::memory(self.pid).ok_or("the daemon is gone, or the system does not tell")?;
        let entries = |what: &str| {
            Ok::<_, std::io::Error>(fs::read_dir(format!("/proc/{}/{what}", self.pid))?.count() as f64)
        };
        let size = |path: &Path| fs::metadata(path).map_or(0.0, |file| file.len() as f64);
        let mut wal = self.database.clone().into_os_string();
        wal.push("-wal");
        Ok(Look {
            at: begun.elapsed().as_secs_f64(),
            rss: rss as f64,
            pss: pss as f64,
            descriptors: entries("fd")?,
            threads: entries("task")?,
            wal: size(Path::new(&wal)),
            database: size(&self.database),
        })
    }
}

/// How something grows for each hour, by a straight line through the looks.
pub(super) fn slope(looks: &[Look], of: impl Fn(&Look) -> f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred looks")]
    let n = looks.len() as f64;
    let mean = |value: &dyn Fn(&Look) -> f64| looks.iter().map(value).sum::<f64>() / n;
    let (at, value) = (mean(&|look| look.at), mean(&|look| of(look)));
    let above: f64 = looks.iter().map(|look| (look.at - at) * (of(look) - value)).sum();
    let below: f64 = looks.iter().map(|look| (look.at - at).powi(2)).sum();
    if below > 0.0 { above / below * 3_600.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found() {
        let look = |n: u32| {
            let at = f64::from(n) * 60.0;
            Look {
                at,
                rss: 100.0 + at / 36.0,
                pss: 7.0,
                descriptors: 0.0,
                threads: 0.0,
                wal: 0.0,
                database: 0.0,
            }
        };
        let looks: Vec<_> = (0..30).map(look).collect();
        assert!((slope(&looks, |look| look.rss) - 100.0).abs() < 1e-6);
        assert!(slope(&looks, |look| look.pss).abs() < 1e-6);
        assert!(slope(&[], |look| look.rss).abs() < 1e-6);
    }
}
