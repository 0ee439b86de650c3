//! The daemon's lock, for verbs that work while no daemon runs (`daemon.md` rule 1).

use std::fs::File;

use orc_proto::Endpoint;
use orc_proto::lockfile::{self, Holder, Taken};

use super::Trouble;

/// Takes the lock for as long as the answer lives.
///
/// # Errors
/// Who holds it, and what to do.
pub(crate) fn take_lock(endpoint: &Endpoint, verb: &str) -> Result<File, Trouble> {
    let lock = endpoint.lock();
    match lockfile::take(&lock) {
        Ok(Taken::Ours(file)) => Ok(file),
        Ok(Taken::Held { pid }) => Err(Trouble::Said(format!(
            "The database {} is in use: the daemon ({}) holds its lock. Run `task-orchestrator stop`, then `{verb}` again.",
            endpoint.database.display(),
            Holder { pid }
        ))),
        Err(error) => Err(Trouble::Said(format!(
            "Cannot lock {}: {error}. The folder of the database must exist and be writable.",
            lock.display()
        ))),
    }
}
