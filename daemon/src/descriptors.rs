//! The limit of open files: raised at start, since each session is a descriptor and SQLite needs its own
//! (`daemon.md` rule 14).

use crate::connection::SPARE_CONNECTIONS;

/// Descriptors kept for SQLite, logs, watches, and connections that are no sessions.
const RESERVE: u64 = 96 + SPARE_CONNECTIONS as u64;

/// Raises the soft limit to the hard one; returns how many sessions fit, at most `wanted`.
pub(crate) fn raise(wanted: usize) -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        // More than this helps nobody, and some systems make tables of it.
        let target = limit.maximum.map_or(65_536, |hard| hard.min(65_536));
        if limit.current.is_some_and(|soft| soft < target) {
            limit.current = Some(target);
            if let Err(error) = setrlimit(Resource::Nofile, limit) {
                tracing::warn!(%error, "cannot raise the limit of open files");
            }
        }
        let soft = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let room = usize::try_from(soft.saturating_sub(RESERVE)).unwrap_or(usize::MAX);
        wanted.min(room.max(1))
    }
    #[cfg(not(unix))]
    {
        let _ = RESERVE;
        wanted
    }
}
