//! What the watcher's thread takes in without anybody asking.

use super::*;

/// A failure's bound, far beyond what any of this takes.
const FAILED: Duration = Duration::from_secs(30);

/// A book that is being watched, and a waiter for what it publishes.
struct Live {
    book: ConfigBook,
    news: watch::Receiver<Arc<InForce>>,
    runtime: tokio::runtime::Runtime,
    _watching: Watching,
}

impl Live {
    fn start(disk: &Disk) -> Self {
        let book = disk.open();
        let watching = book.watch().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { news: book.subscribe(), book, runtime, _watching: watching }
    }

    fn until(&mut self, what: &str, wanted: impl Fn(&InForce) -> bool) -> Arc<InForce> {
        let news = &mut self.news;
        let waited = self.runtime.block_on(async {
            tokio::time::timeout(FAILED, news.wait_for(|now| wanted(now)))
                .await
                .map(|found| found.unwrap().clone())
        });
        waited.unwrap_or_else(|_| panic!("not in time: {what}; in force: {:?}", self.book.in_force()))
    }

    fn until_gate(&mut self, key: &str) {
        self.until(key, |now| gates(now, None) == [key]);
    }
}

#[test]
fn every_way_of_saving() {
    let disk = Disk::new();
    let mut live = Live::start(&disk);
    disk.write(USER, &gate("made"));
    live.until_gate("made");
    disk.write(USER, &gate("written"));
    live.until_gate("written");
    disk.replace(USER, &gate("replaced"));
    live.until_gate("replaced");
    fs::rename(disk.path(USER), disk.path("conf/config.yaml~")).unwrap();
    disk.write(USER, &gate("moved-away"));
    live.until_gate("moved-away");
    disk.remove(USER);
    disk.write(USER, &gate("made-again"));
    live.until_gate("made-again");
    assert!(live.book.in_force().notices.is_empty());
}

#[test]
fn an_editor_that_writes_anew_never_turns_the_gates_off() {
    let disk = Disk::new();
    disk.write(USER, &gate("k0"));
    let mut live = Live::start(&disk);
    let mut news = live.book.subscribe();
    for round in 1..20 {
        disk.remove(USER);
        disk.write(USER, "");
        disk.write(USER, &gate(&format!("k{round}")));
        let now = live.book.refresh_if_changed();
        assert_eq!((gates(&now, None).len(), now.faults.len(), now.notices.len()), (1, 0, 0));
    }
    live.until_gate("k19");
    assert_eq!(gates(&news.borrow_and_update(), None), ["k19"]);
}

#[test]
fn bad_files_are_reported_and_mended_ones_come_into_force() {
    let disk = Disk::new();
    disk.write(USER, &gate("good"));
    let mut live = Live::start(&disk);
    disk.replace(USER, "work_item_schemas: [");
    let now = live.until("a fault", |now| !now.faults.is_empty());
    assert_eq!(gates(&now, None), ["good"]);
    disk.replace(USER, &gate("mended"));
    let now = live.until("no fault", |now| now.faults.is_empty());
    assert_eq!(gates(&now, None), ["mended"]);
    disk.write(USER, "");
    let now = live.until("the empty file", |now| !now.faults.is_empty());
    assert_eq!(gates(&now, None), ["mended"]);
    disk.remove(USER);
    let now = live.until("the deletion", |now| !now.notices.is_empty());
    assert_eq!((gates(&now, None).len(), now.faults.len()), (0, 0));
}

#[test]
fn folders_that_come_and_go() {
    let disk = Disk::new();
    fs::remove_dir_all(disk.path("conf")).unwrap();
    let mut live = Live::start(&disk);
    for round in 0..3 {
        fs::create_dir(disk.path("conf")).unwrap();
        disk.write(USER, &gate(&format!("k{round}")));
        live.until_gate(&format!("k{round}"));
        match round {
            1 => fs::rename(disk.path("conf"), disk.path("old")).unwrap(),
            _ => fs::remove_dir_all(disk.path("conf")).unwrap(),
        }
        live.until("the deletion", |now| !now.notices.is_empty());
    }
}

#[test]
fn projects_added_later_are_watched() {
    let disk = Disk::new();
    fs::remove_dir(disk.path("proj/.taskorchestrator")).unwrap();
    let mut live = Live::start(&disk);
    live.book.add_project("p", &disk.project());
    fs::create_dir(disk.path("proj/.taskorchestrator")).unwrap();
    disk.write(PROJECT, &gate("one"));
    live.until("one", |now| gates(now, Some("p")) == ["one"]);
    disk.replace(PROJECT, &gate("two"));
    live.until("two", |now| gates(now, Some("p")) == ["two"]);
}

#[cfg(unix)]
#[test]
fn files_behind_links() {
    use std::os::unix::fs::symlink;
    let disk = Disk::new();
    for folder in ["dots", "other"] {
        fs::create_dir(disk.path(folder)).unwrap();
    }
    disk.write("dots/real.yaml", &gate("k0"));
    symlink("../dots/real.yaml", disk.path(USER)).unwrap();
    let mut live = Live::start(&disk);
    live.until_gate("k0");
    disk.write("dots/real.yaml", &gate("written-behind"));
    live.until_gate("written-behind");
    disk.replace("dots/real.yaml", &gate("replaced-behind"));
    live.until_gate("replaced-behind");
    disk.write("other/real.yaml", &gate("elsewhere"));
    symlink("../other/real.yaml", disk.path("conf/new")).unwrap();
    fs::rename(disk.path("conf/new"), disk.path(USER)).unwrap();
    live.until_gate("elsewhere");
    disk.write("other/real.yaml", &gate("written-there"));
    live.until_gate("written-there");
}
