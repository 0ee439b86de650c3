//! The thread that takes in changes by itself (daemon.md rule 25).
//!
//! A thread and not a task: a config file on a network disk that hangs must not hold up the daemon's runtime. It sleeps
//! until notify reports something about a name that matters, waits until the burst is over, looks at all files, and
//! adjusts what is watched to what the files' paths lead to now. Events are a hint only; what counts is what a look finds.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::bell::{Bell, Waited};
use super::source::{Patience, SETTLE};
use super::targets::Targets;
use super::{ConfigBook, lock};

/// After this much quiet a burst of events is over.
const DEBOUNCE: Duration = Duration::from_millis(150);
/// A burst that does not end is looked into after this long.
const LONGEST_BURST: Duration = Duration::from_secs(1);
/// Belt and braces while events come; long, because an idle daemon is to stay asleep, and calls look for themselves.
const POLL_WATCHED: Duration = Duration::from_secs(600);
/// Where a folder cannot be watched, looking is all there is.
const POLL_BLIND: Duration = Duration::from_secs(30);
/// New folders to watch bring another look, in case they changed before; that ends even if folders come for ever.
const ROUNDS: usize = 4;

/// Keeps the watcher's thread going; dropping it ends the thread.
pub(crate) struct Watching {
    bell: Arc<Bell>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.bell.stop();
    }
}

/// Starts the thread.
pub(super) fn start(book: ConfigBook) -> io::Result<Watching> {
    let bell = book.shared.bell.clone();
    let watching = Watching { bell: bell.clone() };
    thread::Builder::new().name("config-watch".to_owned()).spawn(move || run(&book, &bell))?;
    Ok(watching)
}

fn run(book: &ConfigBook, bell: &Arc<Bell>) {
    let mut watched = Watched::new(bell);
    loop {
        // Watch first, then look: what changes in between is reported.
        let mut unsettled = false;
        for _ in 0..ROUNDS {
            let news = watched.arm(book);
            unsettled = book.look(Patience::Settle);
            if !news {
                break;
            }
        }
        let wait = match watched.is_whole() {
            _ if unsettled => SETTLE,
            true => POLL_WATCHED,
            false => POLL_BLIND,
        };
        match bell.wait(wait) {
            Waited::Stopped => return,
            Waited::Quiet if unsettled => {}
            Waited::Quiet => watched.renew(),
            Waited::Rung => {
                if bell.settle(DEBOUNCE, LONGEST_BURST) == Waited::Stopped {
                    return;
                }
            }
        }
    }
}

/// What is being watched.
struct Watched {
    watcher: Option<RecommendedWatcher>,
    /// The names that matter, shared with the watcher's own thread.
    names: Arc<Mutex<HashSet<OsString>>>,
    /// With what tells a folder from another one that took its path.
    folders: HashMap<PathBuf, Option<Identity>>,
    failed: bool,
}

impl Watched {
    fn new(bell: &Arc<Bell>) -> Self {
        let names: Arc<Mutex<HashSet<OsString>>> = Arc::default();
        let (bell, wanted) = (bell.clone(), names.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.map_or(true, |event| matters(&event, &lock(&wanted))) {
                bell.ring();
            }
        });
        if let Err(e) = &watcher {
            tracing::warn!("config files are polled, because they cannot be watched: {e}");
        }
        Self { watcher: watcher.ok(), names, folders: HashMap::new(), failed: false }
    }

    /// Watches what the files need now, and no more. Says whether something new is watched.
    fn arm(&mut self, book: &ConfigBook) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        let mut targets = Targets::default();
        for source in book.sources() {
            source.names().iter().for_each(|file| targets.add(file));
        }
        *lock(&self.names) = targets.names;
        self.folders.retain(|folder, _| {
            let needed = targets.folders.contains(folder);
            if !needed {
                // A folder that is gone is not watched any more; that it cannot be unwatched is no news.
                let _ = watcher.unwatch(folder);
            }
            needed
        });
        self.failed = false;
        let mut added = false;
        for folder in targets.folders {
            let identity = identity(&folder);
            match self.folders.get(&folder) {
                Some(known) if *known == identity => continue,
                Some(_) => {
                    let _ = watcher.unwatch(&folder);
                }
                None => {}
            }
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(folder, identity);
                    added = true;
                }
                Err(e) => {
                    tracing::debug!("{} cannot be watched: {e}", folder.display());
                    self.folders.remove(&folder);
                    self.failed = true;
                }
            }
        }
        added
    }

    fn is_whole(&self) -> bool {
        self.watcher.is_some() && !self.failed
    }

    /// Asks for every folder anew next time: a watch that was lost unnoticed comes back. Only where asking twice is free.
    fn renew(&mut self) {
        if cfg!(target_os = "linux") {
            self.folders.values_mut().for_each(|identity| *identity = None);
        }
    }
}

/// Whether an event may be about a config file. Reading one is reported too, and must not lead to reading it again.
fn matters(event: &Event, names: &HashSet<OsString>) -> bool {
    let named = |path: &PathBuf| path.file_name().is_none_or(|name| names.contains(name));
    !matches!(event.kind, EventKind::Access(_))
        && (event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(named))
}

type Identity = (u64, u64);

#[cfg(unix)]
fn identity(folder: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    folder.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn identity(folder: &Path) -> Option<Identity> {
    let made = folder.metadata().ok()?.created().ok()?;
    let since = made.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((since.as_secs(), u64::from(since.subsec_nanos())))
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind, Flag, ModifyKind};

    use super::*;

    #[test]
    fn only_changes_of_what_is_known_by_name_matter() {
        let names = HashSet::from([OsString::from("config.yaml")]);
        let on = |kind, path: &str| Event::new(kind).add_path(PathBuf::from(path));
        let changed = EventKind::Modify(ModifyKind::Any);
        let cases = [
            (on(changed, "/x/config.yaml"), true),
            (on(changed, "/x/other"), false),
            (on(EventKind::Create(CreateKind::File), "/x/config.yaml"), true),
            // Reading it, or a loop would never end.
            (on(EventKind::Access(AccessKind::Any), "/x/config.yaml"), false),
            // Events were lost, or the system does not say what happened.
            (on(EventKind::Other, "/x/other").set_flag(Flag::Rescan), true),
            (Event::new(EventKind::Any), true),
            (on(changed, "/"), true),
        ];
        for (event, want) in cases {
            assert_eq!(matters(&event, &names), want, "{event:?}");
        }
    }
}
