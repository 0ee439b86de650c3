//! Folders and files around the database: whose they are, on which file system, and what lies there.

use std::path::Path;

use orc_core::time::{Stamp, span_text};
use orc_proto::{Endpoint, private_dir};

use super::finding::Finding;
use crate::verbs::Here;
use crate::{backups, clock};

/// Less room than this is worth a warning, in bytes; or twice the database, which a backup and its like need.
#[cfg(target_os = "linux")]
const ROOM: u64 = 100 << 20;

/// Which database it is, and who says so.
pub(super) fn database(here: &Here, by_flag: bool) -> Finding {
    let path = here.endpoint.database.display();
    let by = match (by_flag, &here.settings.database) {
        (true, _) => "named with --db",
        (false, Some(_)) => "named by TASK_ORCHESTRATOR_DB",
        (false, None) => "the default",
    };
    match std::fs::metadata(&here.endpoint.database) {
        Ok(file) => Finding::ok("database", format!("{path} ({by}), {} bytes", file.len())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let value = format!("{path} ({by}) is not there yet; the first session makes it");
            match here.endpoint.is_default.then(|| crate::original::hint(&here.places)).flatten() {
                Some(hint) => Finding::warning("database", value, hint),
                None => Finding::ok("database", value),
            }
        }
        Err(error) => Finding::problem(
            "database",
            format!("{path} ({by}): {error}"),
            "Make it yours and readable, or name another",
        ),
    }
}

/// The database's folder, in which SQLite keeps its log and the daemon its lock.
pub(super) fn data_folder(endpoint: &Endpoint) -> Finding {
    let Some(folder) = endpoint.database.parent() else { return Finding::ok("data folder", "/") };
    let shown = folder.display().to_string();
    match std::fs::metadata(folder) {
        Ok(_) if !may_write(folder) => {
            let next = "Make the folder yours and writable, or name a database elsewhere with TASK_ORCHESTRATOR_DB. In a sandbox, allow it";
            Finding::problem("data folder", format!("{shown} is not writable"), next)
        }
        Ok(_) => Finding::ok("data folder", shown),
        Err(_) if endpoint.is_default => {
            Finding::ok("data folder", format!("{shown} is made with the database"))
        }
        Err(error) => {
            let next = "Make the folder, or name a database elsewhere with TASK_ORCHESTRATOR_DB";
            Finding::problem("data folder", format!("{shown}: {error}"), next)
        }
    }
}

#[cfg(unix)]
fn may_write(folder: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(_: &Path) -> bool {
    true
}

/// The folder of sockets, locks and logs.
pub(super) fn runtime_folder(endpoint: &Endpoint) -> Finding {
    let shown = endpoint.runtime.display().to_string();
    match private_dir::verify(&endpoint.runtime) {
        Ok(()) => Finding::ok("runtime folder", shown),
        Err(missing) if missing.is_missing() => {
            Finding::ok("runtime folder", format!("{shown} is made with the first start"))
        }
        Err(error) => Finding::problem("runtime folder", shown, error.to_string()),
    }
}

/// What kind of file system the database is on, and whether there is room.
pub(super) fn file_system(database: &Path) -> Finding {
    #[cfg(target_os = "linux")]
    {
        let Some(folder) = database.ancestors().skip(1).find(|folder| folder.exists()) else {
            return Finding::ok("file system", "not known");
        };
        let Ok(found) = rustix::fs::statfs(folder) else { return Finding::ok("file system", "not told") };
        // The numbers are those of statfs(2), which fit in 32 bits.
        let kind = Kind::of(found.f_type as u32);
        let free = rustix::fs::statvfs(folder)
            .map(|room| room.f_bavail.saturating_mul(room.f_frsize))
            .unwrap_or(u64::MAX);
        kind.finding(free, std::fs::metadata(database).map(|file| file.len()).unwrap_or_default())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = database;
        Finding::ok("file system", "not looked at on this system")
    }
}

/// A file system, by what it means for a database.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
enum Kind {
    Local(&'static str),
    /// Locks and shared memory are not to be relied on.
    Network(&'static str),
    /// Gone with the machine's power.
    Memory,
    Unknown(u32),
}

#[cfg(target_os = "linux")]
impl Kind {
    fn of(magic: u32) -> Self {
        match magic {
            0xef53 => Self::Local("ext"),
            0x5846_5342 => Self::Local("xfs"),
            0x9123_683e => Self::Local("btrfs"),
            0x2fc1_2fc1 => Self::Local("zfs"),
            0xf2f5_2010 => Self::Local("f2fs"),
            0xca45_1a4e => Self::Local("bcachefs"),
            0x794c_7630 => Self::Local("overlay"),
            0x0102_1994 => Self::Memory,
            0x6969 => Self::Network("NFS"),
            0x517b | 0xff53_4d42 | 0xfe53_4d42 => Self::Network("SMB"),
            0x0102_1997 => Self::Network("9p"),
            0x00c3_6400 => Self::Network("Ceph"),
            0x5346_414f => Self::Network("AFS"),
            0x6573_5546 => Self::Network("FUSE"),
            other => Self::Unknown(other),
        }
    }

    fn finding(self, free: u64, size: u64) -> Finding {
        const WHAT: &str = "file system";
        let room = format!("{} MiB free", free >> 20);
        match self {
            Self::Network(name) => Finding::warning(
                WHAT,
                format!("{name}, {room}"),
                "Network and bridge file systems may lack locks and shared memory: put the database on a local disk",
            ),
            Self::Memory => Finding::warning(
                WHAT,
                format!("tmpfs, {room}"),
                "It is gone when the machine is switched off: put the database on a disk",
            ),
            _ if free < ROOM.max(2 * size) => Finding::warning(
                WHAT,
                room,
                "Make room: a backup and a repair need as much as the database has",
            ),
            Self::Local(name) => Finding::ok(WHAT, format!("{name}, {room}")),
            Self::Unknown(magic) => Finding::ok(WHAT, format!("kind {magic:#x}, {room}")),
        }
    }
}

/// The backups in the usual folder.
pub(super) fn backups(database: &Path) -> Finding {
    let all = backups::list(database);
    let folder = backups::folder(database).display().to_string();
    match all.first() {
        None => Finding::ok(
            "backups",
            format!("none in {folder}; the daemon makes them by itself, `backup` makes one now"),
        ),
        Some(newest) => {
            let age = span_text((clock::micros() - newest.at).max(0));
            let at = Stamp::from_micros(newest.at);
            Finding::ok(
                "backups",
                format!("{} in {folder}; the newest is of {} ({age} ago)", all.len(), at.text()),
            )
        }
    }
}

/// The log of daemons that sessions start.
pub(super) fn log(endpoint: &Endpoint) -> Finding {
    let path = endpoint.log();
    match std::fs::metadata(&path) {
        Ok(file) => Finding::ok("log", format!("{}, {} bytes", path.display(), file.len())),
        Err(_) => Finding::ok("log", format!("{} is written by daemons that sessions start", path.display())),
    }
}
