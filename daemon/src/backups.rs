//! The backups of a database: where they lie, what they are called, which of them go.
//!
//! They lie in the folder `backups` beside the database, as `tasks.db.scheduled-20261123T093100Z.bak` (made by the daemon) or
//! `tasks.db.manual-…` (made by a person). Of the scheduled ones the last of each day and of each week are kept for a while; the
//! others are never taken away by the program.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use orc_core::time::{DAY, Stamp};
use orc_store::backup::file_time;

use crate::config::BackupPolicy;

/// 1970-01-01 was a Thursday: so many days later weeks begin on Monday.
const TO_MONDAY: i64 = 3;

/// Who had a backup made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Made {
    /// The daemon, by itself.
    Scheduled,
    /// A person.
    Manual,
}

/// A backup in the usual folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Backup {
    pub(crate) path: PathBuf,
    pub(crate) made: Made,
    /// When, in microseconds; to the second.
    pub(crate) at: i64,
}

impl Made {
    const ALL: [Self; 2] = [Self::Scheduled, Self::Manual];

    fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Manual => "manual",
        }
    }
}

/// The usual folder.
pub(crate) fn folder(database: &Path) -> PathBuf {
    database.with_file_name("backups")
}

/// Makes the usual folder, for its owner alone, when it is not there.
///
/// # Errors
/// What the file system says.
pub(crate) fn make_folder(database: &Path) -> io::Result<()> {
    match private_folder().create(folder(database)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// What is made in a user's folder is theirs on Windows.
#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

/// Where a backup made now goes.
pub(crate) fn place(database: &Path, made: Made, now: &Stamp) -> PathBuf {
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    folder(database).join(format!("{name}.{}-{}.bak", made.word(), file_time(now)))
}

/// All backups in the usual folder, newest first. A folder that cannot be read has none.
pub(crate) fn list(database: &Path) -> Vec<Backup> {
    let entries = std::fs::read_dir(folder(database)).into_iter().flatten().flatten();
    // Links are left out: what they lead to was not made here.
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut all: Vec<Backup> = files.filter_map(|entry| read(database, entry.path())).collect();
    all.sort_by_key(|backup| (std::cmp::Reverse(backup.at), backup.path.clone()));
    all
}

fn read(database: &Path, path: PathBuf) -> Option<Backup> {
    let rest =
        path.file_name()?.to_str()?.strip_prefix(database.file_name()?.to_str()?)?.strip_prefix('.')?;
    let (word, time) = rest.strip_suffix(".bak")?.split_once('-')?;
    let made = Made::ALL.into_iter().find(|made| made.word() == word)?;
    Some(Backup { at: parse_file_time(time)?, made, path })
}

/// `20261123T093100Z`.
fn parse_file_time(text: &str) -> Option<i64> {
    let digits = text.get(..15).filter(|t| t.bytes().enumerate().all(|(i, b)| (i == 8) == (b == b'T')))?;
    let part = |from: usize| digits.get(from..from + 2);
    let (date, time) = (digits.get(..4)?, [part(9)?, part(11)?, part(13)?].join(":"));
    let stamp = Stamp::parse(&format!("{date}-{}-{}T{time}Z", part(4)?, part(6)?))?;
    (text.get(15..) == Some("Z")).then_some(stamp.micros())
}

/// Takes away the scheduled backups that no rule keeps, and what interrupted ones left. Nobody makes one meanwhile.
///
/// # Errors
/// What the file system says, at the first that stays.
pub(crate) fn rotate(database: &Path, policy: BackupPolicy) -> io::Result<()> {
    let all = list(database);
    for path in
        superseded(&all, policy).into_iter().map(|backup| backup.path.clone()).chain(unfinished(database))
    {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn unfinished(database: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(database)).into_iter().flatten().flatten();
    let left = |path: &PathBuf| {
        let finished = path.to_str().and_then(|path| path.strip_suffix(".unfinished-backup"));
        finished.and_then(|path| read(database, path.into())).is_some_and(|b| b.made == Made::Scheduled)
    };
    entries.map(|entry| entry.path()).filter(left).collect()
}

/// The scheduled ones that are neither the last of one of the newest days nor the last of one of the newest weeks. The newest of all
/// is never among them.
fn superseded(newest_first: &[Backup], policy: BackupPolicy) -> Vec<&Backup> {
    let (mut days, mut weeks) = (BTreeSet::new(), BTreeSet::new());
    let scheduled = newest_first.iter().filter(|backup| backup.made == Made::Scheduled).enumerate();
    let goes = scheduled.filter(|(number, backup)| {
        let day = backup.at.div_euclid(DAY);
        let week = (day + TO_MONDAY).div_euclid(7);
        let is_last_of_day = days.len() < policy.keep_daily as usize && days.insert(day);
        let is_last_of_week = weeks.len() < policy.keep_weekly as usize && weeks.insert(week);
        !(is_last_of_day || is_last_of_week || *number == 0)
    });
    goes.map(|(_, backup)| backup).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        Stamp::parse(text).unwrap().micros()
    }

    fn kept(times: &[&str], keep_daily: u32, keep_weekly: u32) -> Vec<String> {
        let mut all: Vec<Backup> = times
            .iter()
            .map(|time| Backup { path: (*time).into(), made: Made::Scheduled, at: at(time) })
            .collect();
        all.sort_by_key(|backup| std::cmp::Reverse(backup.at));
        let policy = BackupPolicy { keep_daily, keep_weekly, ..BackupPolicy::default() };
        let goes: Vec<PathBuf> = superseded(&all, policy).iter().map(|backup| backup.path.clone()).collect();
        let stays = all.iter().filter(|backup| !goes.contains(&backup.path));
        stays.map(|backup| backup.path.display().to_string()).collect()
    }

    #[test]
    fn the_last_of_each_day_and_week_stay_for_a_while() {
        // 2026-11-23 is a Monday.
        let times = [
            "2026-11-24T20:00:00Z",
            "2026-11-24T08:00:00Z",
            "2026-11-23T08:00:00Z",
            "2026-11-22T08:00:00Z",
            "2026-11-21T08:00:00Z",
            "2026-11-15T08:00:00Z",
            "2026-11-14T08:00:00Z",
            "2026-11-01T08:00:00Z",
        ];
        let of = |numbers: &[usize]| numbers.iter().map(|n| times[*n].to_owned()).collect::<Vec<_>>();
        assert_eq!(kept(&times, 2, 0), of(&[0, 2]));
        assert_eq!(kept(&times, 1, 2), of(&[0, 3]));
        assert_eq!(kept(&times, 2, 3), of(&[0, 2, 3, 5]));
        assert_eq!(kept(&times, 9, 9), of(&[0, 2, 3, 4, 5, 6, 7]), "one a day at most");
        assert_eq!(kept(&times, 0, 0), of(&[0]), "the newest in any case");
    }

    #[test]
    fn years_of_daily_backups_come_to_eleven() {
        let mut all: Vec<Backup> = Vec::new();
        for day in 0..800 {
            let at = at("2026-11-23T09:00:00Z") + day * DAY;
            all.insert(0, Backup { path: day.to_string().into(), made: Made::Scheduled, at });
            let policy = BackupPolicy::default();
            let goes: Vec<Backup> = superseded(&all, policy).into_iter().cloned().collect();
            all.retain(|backup| !goes.contains(backup));
            assert!(all.len() <= 11, "{all:?}");
        }
        // Seven days, and of the weeks before this one and the last whatever of them is older than that.
        assert!(all.len() >= 9, "{all:?}");
    }

    #[test]
    fn names_say_when_and_by_whom() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("tasks.db");
        make_folder(&database).unwrap();
        make_folder(&database).unwrap();
        let now = Stamp::parse("2026-11-23T09:31:07Z").unwrap();
        for made in Made::ALL {
            std::fs::write(place(&database, made, &now), "").unwrap();
        }
        let left = folder(&database).join("tasks.db.scheduled-20261122T093100Z.bak.unfinished-backup");
        std::fs::write(&left, "").unwrap();
        for other in ["tasks.db.scheduled-soon.bak", "other.db.manual-20261123T093107Z.bak", "notes.txt"] {
            std::fs::write(folder(&database).join(other), "").unwrap();
        }
        let all = list(&database);
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all.iter().all(|backup| backup.at == now.micros()));
        rotate(&database, BackupPolicy::default()).unwrap();
        assert_eq!(list(&database), all);
        assert!(!left.exists());
        assert_eq!(std::fs::read_dir(folder(&database)).unwrap().count(), 5);
    }
}
