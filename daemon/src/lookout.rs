//! When to look whether the daemon's files are still its own (`daemon.md` rule 3): at once when a file in one of their folders
//! went or was put in another's place, where the system tells; after an error of the disk; and now and then all the same.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    time::{Interval, MissedTickBehavior, interval},
};

/// Looks that nobody asks for, where folders are watched: rare, because an idle daemon is to stay asleep.
const WATCHED: Duration = Duration::from_secs(120);
/// The same, where looking is all there is.
const BLIND: Duration = Duration::from_secs(10);

/// Tells when to look.
#[derive(Debug)]
pub(crate) struct Lookout {
    folders: Folders,
    trouble: Arc<Notify>,
    tick: Interval,
}

impl Lookout {
    /// Watches the folders of these files. `every`: how often to look in any case, when that is prescribed. `trouble` is rung
    /// when the store failed.
    pub(crate) fn new(files: &[&Path], every: Option<Duration>, trouble: Arc<Notify>) -> Self {
        let folders = Folders::watch(files.iter().filter_map(|file| file.parent()));
        let usual = if folders.are_watched() { WATCHED } else { BLIND };
        let mut tick = interval(every.unwrap_or(usual));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { folders, trouble, tick }
    }

    /// Returns when it is time to look. Several reasons at once are one look.
    pub(crate) async fn due(&mut self) {
        tokio::select! {
            () = self.folders.changed() => {}
            () = self.trouble.notified() => {}
            _ = self.tick.tick() => {}
        }
    }
}

#[cfg(target_os = "linux")]
use inotify::Folders;
#[cfg(not(target_os = "linux"))]
use unwatched::Folders;

/// Not through `notify`: it would report every write to the WAL, and wake a thread of its own for each.
#[cfg(target_os = "linux")]
mod inotify {
    use std::{io, path::Path};

    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    use tokio::{io::AsyncReadExt, net::unix::pipe::Receiver};

    /// Entries that go or are replaced; not writes, nor files that are added.
    const CHANGES: WatchFlags = WatchFlags::DELETE
        .union(WatchFlags::MOVE)
        .union(WatchFlags::DELETE_SELF)
        .union(WatchFlags::MOVE_SELF);

    /// The watched folders; none, where they cannot be.
    #[derive(Debug)]
    pub(super) struct Folders(Option<Receiver>);

    impl Folders {
        pub(super) fn watch<'a>(folders: impl Iterator<Item = &'a Path>) -> Self {
            let watch = watch(folders).inspect_err(|error| {
                tracing::debug!(%error, "the daemon's folders cannot be watched; it looks at them now and then");
            });
            Self(watch.ok())
        }

        pub(super) fn are_watched(&self) -> bool {
            self.0.is_some()
        }

        /// Returns once something changed. What it was is not read: a look tells.
        pub(super) async fn changed(&mut self) {
            let Some(watch) = &mut self.0 else { return std::future::pending().await };
            if watch.read(&mut [0; 4096]).await.is_err() {
                self.0 = None;
            }
        }
    }

    fn watch<'a>(mut folders: impl Iterator<Item = &'a Path>) -> io::Result<Receiver> {
        let watch = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        folders.try_for_each(|folder| add_watch(&watch, folder, CHANGES).map(drop))?;
        // No pipe, but read like one: a descriptor that does not block and says when there is something.
        Receiver::from_owned_fd_unchecked(watch)
    }
}

#[cfg(not(target_os = "linux"))]
mod unwatched {
    use std::path::Path;

    #[derive(Debug)]
    pub(super) struct Folders;

    impl Folders {
        pub(super) fn watch<'a>(_: impl Iterator<Item = &'a Path>) -> Self {
            Self
        }

        pub(super) fn are_watched(&self) -> bool {
            false
        }

        pub(super) async fn changed(&mut self) {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Option<Duration> = Some(Duration::from_secs(3_600));

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_file_that_goes_or_is_replaced_is_reason_to_look_and_a_write_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("tasks.db"), dir.path().join("other"));
        std::fs::write(&file, "a").unwrap();
        let mut lookout = Lookout::new(&[&file], NEVER, Arc::default());
        lookout.due().await; // the first is at once
        std::fs::write(&file, "b").unwrap();
        std::fs::write(&other, "c").unwrap();
        assert!(futures_util::FutureExt::now_or_never(lookout.due()).is_none());
        std::fs::rename(&other, &file).unwrap();
        lookout.due().await;
        std::fs::remove_file(&file).unwrap();
        lookout.due().await;
        assert!(futures_util::FutureExt::now_or_never(lookout.due()).is_none());
    }

    #[tokio::test]
    async fn trouble_is_reason_to_look() {
        let trouble = Arc::new(Notify::new());
        let mut lookout = Lookout::new(&[], NEVER, Arc::clone(&trouble));
        lookout.due().await;
        trouble.notify_one();
        lookout.due().await;
    }
}
