//! How the last daemon of a database ended. Each leaves a note while it runs, and takes it away when it ends by itself; a note that
//! is still there when the next one starts was left by one that was killed or crashed, or whose machine went down.

use std::path::Path;

use orc_proto::Endpoint;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::small_file;

/// Larger than any note.
const NOTE_BYTES: usize = 4_096;

/// A daemon that ended without saying so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Crash {
    /// Its process id.
    pub(crate) pid: u32,
    /// Its version.
    pub(crate) build: String,
    /// When it had started.
    pub(crate) started: String,
    /// When that was found: the next start. Empty while it runs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) found: String,
}

/// Notes that this daemon runs. Answers the last one, when that has not ended by itself. Only the lock's holder may call this.
pub(crate) fn begin(endpoint: &Endpoint, now: &str) -> Option<Crash> {
    let crash = read(&endpoint.running()).map(|note| Crash { found: now.to_owned(), ..note });
    if let Some(crash) = &crash {
        tracing::warn!(
            pid = crash.pid,
            started = crash.started,
            "the last daemon did not end by itself: it was killed or crashed, or the machine went down"
        );
        write(&endpoint.last_crash(), crash);
    }
    let (pid, build) = (std::process::id(), orc_proto::handshake::BUILD.to_owned());
    write(&endpoint.running(), &Crash { pid, build, started: now.to_owned(), found: String::new() });
    crash
}

/// Notes that this daemon ends by itself.
pub(crate) fn end(endpoint: &Endpoint) {
    let own = read(&endpoint.running()).is_some_and(|note| note.pid == std::process::id());
    // Where this daemon lost its files, the next one may have left its own note already.
    if own && let Err(error) = std::fs::remove_file(endpoint.running()) {
        tracing::warn!(%error, "cannot take away the note of this daemon; the next one will take it for a crash");
    }
}

/// Notes that this daemon's files were taken from under it, as it says itself; for everybody who meets what is there now.
pub(crate) fn lost(endpoint: &Endpoint, what: &str, now: &str) {
    let line = format!(
        "At {now} a daemon ended: {what} If that was the database, what was answered until then is in the file that was there, \
         under the name it has now, or in a backup"
    );
    if let Err(error) = std::fs::write(endpoint.lost(), line) {
        tracing::warn!(%error, "cannot note that the files of this daemon are gone");
    }
}

/// What the last daemon noted of the loss of its files. It is told during the life of one daemon.
pub(crate) fn take_lost(endpoint: &Endpoint) -> Option<String> {
    let line = small_file::read(&endpoint.lost(), NOTE_BYTES).ok()?;
    // Told twice is better than never.
    let _ = std::fs::remove_file(endpoint.lost());
    String::from_utf8(line).ok().filter(|line| !line.is_empty())
}

/// The last daemon that did not end by itself, if there was one. `alive`: one runs now, so that its own note is none of a crash.
pub(crate) fn last(endpoint: &Endpoint, alive: bool) -> Option<Crash> {
    let left = if alive { None } else { read(&endpoint.running()) };
    left.or_else(|| read(&endpoint.last_crash()))
}

impl Crash {
    /// As `status` shows it.
    pub(crate) fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn read(path: &Path) -> Option<Crash> {
    serde_json::from_slice(&small_file::read(path, NOTE_BYTES).ok()?).ok()
}

/// By renaming, so that no half of a note is ever read.
fn write(path: &Path, note: &Crash) {
    let fresh = path.with_extension("new");
    let text = serde_json::to_string(note).unwrap_or_default();
    if let Err(error) = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path)) {
        tracing::warn!(%error, path = %path.display(), "cannot note how daemons end");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orc_proto::{Places, Settings};

    #[test]
    fn an_end_without_a_word_is_found_by_the_next_start_and_a_proper_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let endpoint = Endpoint::find(&Places::under(&home), &Settings::default(), None).unwrap();
        endpoint.prepare().unwrap();
        assert_eq!(begin(&endpoint, "1"), None);
        assert_eq!(last(&endpoint, true), None, "it runs");
        assert_eq!(last(&endpoint, false).unwrap().started, "1", "it does not run any more");
        let crash = begin(&endpoint, "2").unwrap();
        assert_eq!((crash.started.as_str(), crash.found.as_str()), ("1", "2"));
        end(&endpoint);
        assert_eq!(begin(&endpoint, "3"), None);
        assert_eq!(last(&endpoint, true), Some(crash), "it is remembered");
    }
}
