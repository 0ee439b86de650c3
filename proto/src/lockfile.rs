//! The daemon's lock: an OS lock on a file beside the database, the only truth about who owns it (`daemon.md` rule
//! 2). The file also names its holder's pid, for people; the pid decides nothing, and the file is never deleted.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
};

/// How a try for the lock ended.
#[derive(Debug)]
pub enum Taken {
    /// It is ours until the file is closed.
    Ours(File),
    /// Another process holds it.
    Held {
        /// Its pid, as it wrote it.
        pid: Option<u32>,
    },
}

/// Opens the lock file (creating it with mode 0600) and tries to lock it.
///
/// # Errors
/// What the file system says, e.g. a missing folder or one that may not be written.
pub fn take(path: &Path) -> io::Result<Taken> {
    let mut options = options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = regular(options.open(path)?)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())?;
            Ok(Taken::Ours(file))
        }
        Err(TryLockError::WouldBlock) => Ok(Taken::Held { pid: read_pid(&mut file) }),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Locks the file as it is, for a look at the database: nothing is written into it. `None`: there is no such file, so no daemon has
/// been here.
///
/// # Errors
/// What the file system says.
pub fn hold(path: &Path) -> io::Result<Option<Taken>> {
    let mut file = match options().open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => regular(file?)?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(Taken::Ours(file))),
        Err(TryLockError::WouldBlock) => Ok(Some(Taken::Held { pid: read_pid(&mut file) })),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether somebody holds the lock, and who. Asks with a shared lock, so that askers do not disturb each other.
///
/// # Errors
/// What the file system says; a file that is not there is held by nobody.
pub fn holder(path: &Path) -> io::Result<Option<Holder>> {
    let mut file = match options().open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => regular(file?)?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(Holder { pid: read_pid(&mut file) })),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// How the file is opened. A link at its place may have been laid by anybody who may write in the folder, and the pid would
/// be written over what it leads to; a pipe would be waited for.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    options
}

fn regular(file: File) -> io::Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file; move it away")),
    }
}

/// Who holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The pid it wrote into the file, if that could be read.
    pub pid: Option<u32>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "pid {pid}"),
            None => f.write_str("pid unknown"),
        }
    }
}

/// Whoever holds the lock may be another program, which wrote nothing: then the pid is that of a daemon that has ended.
fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok().filter(|pid| may_live(*pid))
}

/// Whether there is such a process, as far as can be told.
fn may_live(pid: u32) -> bool {
    let processes = Path::new("/proc");
    !processes.join("self").exists() || processes.join(pid.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_and_left_over_files_do_not_matter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tasks.db.lock");
        std::fs::write(&path, "4294967\n").unwrap();
        assert_eq!(holder(&path).unwrap(), None);
        let Taken::Ours(file) = take(&path).unwrap() else { panic!("nobody holds it") };
        let pid = Some(std::process::id());
        assert_eq!(holder(&path).unwrap(), Some(Holder { pid }));
        assert!(matches!(take(&path).unwrap(), Taken::Held { pid: held } if held == pid));
        drop(file);
        assert_eq!(holder(&path).unwrap(), None);
    }

    #[test]
    fn a_process_that_has_ended_is_not_named_as_holder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tasks.db.lock");
        std::fs::write(&path, "4294967\n").unwrap();
        let foreign = File::open(&path).unwrap();
        foreign.lock().unwrap();
        let named = holder(&path).unwrap().map(|held| held.pid);
        assert_eq!(named, Some(if cfg!(target_os = "linux") { None } else { Some(4_294_967) }));
    }

    #[test]
    fn a_look_holds_the_lock_and_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tasks.db.lock");
        assert!(hold(&path).unwrap().is_none() && !path.exists());
        std::fs::write(&path, "7\n").unwrap();
        let Some(Taken::Ours(_file)) = hold(&path).unwrap() else { panic!("nobody holds it") };
        assert!(matches!(take(&path).unwrap(), Taken::Held { .. }));
        assert_eq!(std::fs::read(&path).unwrap(), b"7\n");
    }

    #[test]
    #[cfg(unix)]
    fn what_a_link_leads_to_is_left_alone_and_a_pipe_is_not_waited_for() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let dir = tempfile::tempdir().unwrap();
        let (victim, link, pipe) =
            (dir.path().join("victim"), dir.path().join("link"), dir.path().join("pipe"));
        std::fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        for path in [&link, &pipe] {
            assert!(take(path).is_err() && holder(path).is_err(), "{}", path.display());
        }
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    }
}
