//! Leaving whoever started the daemon: session, folder, inherited descriptors (`daemon.md` rule 8).

/// Detaches this process. Call it first of all: it closes every descriptor but the standard ones.
pub(crate) fn leave_the_starter() {
    #[cfg(unix)]
    {
        // Fails only for a process group's leader, which a shim's child is not; then nothing is lost.
        let _ = rustix::process::setsid();
        inherited::close();
    }
    if !cfg!(windows) {
        let _ = std::env::set_current_dir("/");
    }
}

/// Whatever this process makes is for its user alone: the database, its log files and backups too, which SQLite makes.
pub(crate) fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Descriptors of the MCP client that came through the shim: kept open here they would hold pipes and sockets of a
/// client long gone.
#[cfg(unix)]
mod inherited {
    use std::os::fd::{FromRawFd, OwnedFd, RawFd};

    #[allow(unsafe_code, reason = "taking over descriptors that no value in this process stands for")]
    pub(super) fn close() {
        let list = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
        let Ok(entries) = std::fs::read_dir(list) else { return };
        let open: Vec<RawFd> =
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
            // The listing's own descriptor was in the list and is closed by now.
            // SAFETY: main has opened nothing yet, so nobody owns these; a number that is closed already is not
            // open again, as nothing else runs. `is_open` keeps the standard library from aborting on such a one.
            unsafe {
                if is_open(descriptor) {
                    drop(OwnedFd::from_raw_fd(descriptor));
                }
            }
        }
    }

    #[allow(unsafe_code, reason = "asking about a descriptor by number")]
    unsafe fn is_open(descriptor: RawFd) -> bool {
        // SAFETY: only asked for its flags while nothing else runs.
        let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) };
        rustix::io::fcntl_getfd(borrowed).is_ok()
    }
}

/// Lets the starter's pipe go: what is printed from here on goes nowhere.
pub(crate) fn let_stdout_go() {
    #[cfg(unix)]
    if let Ok(null) = std::fs::File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}
