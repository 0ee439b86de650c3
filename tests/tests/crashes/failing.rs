//! A disk that fails at any of the calls by which the database is read and written: `failing_disk.c` under the real daemon.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use e2e::{Daemon, Deed, Entry, Evidence, Journal, McpClient, Outcome, TestEnv, eventually};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// Half of a write, which is no error for who makes it.
const HALF: i32 = -1;

/// The library, made once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let library = folder.path().join("failing_disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crashes/failing_disk.c");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(made.expect("a C compiler").success(), "the library is made");
        (folder, library)
    });
    library
}

/// What a daemon's disk does.
struct Disk {
    control: PathBuf,
    daemon: Daemon,
}

impl Disk {
    fn under(env: &TestEnv) -> Self {
        let control = env.folder().join("disk");
        fs::write(&control, "").expect("the control file");
        let variables =
            [format!("LD_PRELOAD={}", library().display()), format!("FAILING_DISK={}", control.display())];
        let daemon = Daemon::within(env, &["/usr/bin/env", &variables[0], &variables[1]]);
        Self { control, daemon }
    }

    fn says(&self, what: &str) {
        let fresh = self.control.with_extension("new");
        fs::write(&fresh, what).expect("the control file");
        fs::rename(&fresh, &self.control).expect("the control file");
    }

    /// How often a call has failed.
    fn struck(&self) -> usize {
        fs::read(self.control.with_file_name("disk.struck")).map_or(0, |struck| struck.len())
    }
}

/// Makes a call and notes down how it went; a refusal says that the disk is to be looked at, or that the daemon could not read.
fn perform(agent: &McpClient, journal: &Journal, mark: &str, deed: Deed) -> bool {
    let number = journal.begin(mark, &deed);
    let (tool, arguments) = deed.call(mark);
    let answer = agent.call(tool, arguments);
    let code = answer.doc["error"]["code"].as_str().unwrap_or_default();
    let outcome = match (answer.is_error, answer.raw_text.contains("nothing was changed")) {
        (false, _) => Outcome::Answered,
        (true, true) => Outcome::Refused,
        (true, false) => Outcome::Unknown,
    };
    assert!(!answer.is_error || ["UNAVAILABLE", "INTERNAL"].contains(&code), "{mark}: {}", answer.raw_text);
    journal.end(number, outcome);
    !answer.is_error
}

/// Work that reads, writes, and folds the log into the database.
fn work(agent: &McpClient, journal: &Journal, item: &str, round: &str) {
    perform(agent, journal, &format!("{round}-tree"), Deed::Tree);
    perform(agent, journal, &format!("{round}-note"), Deed::Note(item.to_owned()));
    for n in 0..3 {
        perform(agent, journal, &format!("{round}-batch-{n}"), Deed::Batch(120));
    }
}

#[test]
fn each_call_to_the_disk_may_fail_once_and_nothing_is_lost() {
    let env = TestEnv::new();
    let disk = Disk::under(&env);
    let agent = env.connect();
    let (journal, item) = (Journal::default(), agent.item("first"));
    let mut failed = 0;
    for (call, file, error) in [
        ("write", "-wal", EIO),
        ("write", "-wal", HALF),
        ("write", "-wal", ENOSPC),
        ("fsync", "-wal", EIO),
        ("write", "tasks.db", EIO),
        ("fsync", "tasks.db", EIO),
        ("read", "tasks.db", EIO),
        ("read", "-wal", EIO),
    ] {
        for nth in [1, 2, 4, 9, 60] {
            let before = disk.struck();
            disk.says(&format!("{call} {file} {nth} {error}"));
            work(&agent, &journal, &item, &format!("{call}{file}{error}-{nth}"));
            disk.says("");
            agent.total();
            Evidence::of(&env.database()).bears_out(&journal.so_far());
            if disk.struck() == before {
                break;
            }
            failed += 1;
        }
    }
    assert!(failed > 20, "the disk failed {failed} times");
    assert_eq!(env.daemon_pids(), [disk.daemon.pid()], "one daemon through all of it");
    // What looked like damage has to be looked at first.
    let mut n = 0;
    eventually("a disk that is well again is written to", || {
        n += 1;
        perform(&agent, &journal, &format!("after-{n}"), Deed::Tree).then_some(()).ok_or_else(String::new)
    });
    disk.daemon.kill();
    agent.total();
    Evidence::of(&env.database()).bears_out(&journal.so_far());
}

#[test]
fn what_was_refused_because_a_flush_failed_does_not_come_back_after_a_crash() {
    for round in 0..4 {
        let env = TestEnv::new();
        let disk = Disk::under(&env);
        let agent = env.connect();
        let (journal, item) = (Journal::default(), agent.item("first"));
        (0..round).for_each(|n| assert!(perform(&agent, &journal, &format!("before-{n}"), Deed::Tree)));
        disk.says(&format!("fsync -wal 1 {EIO}"));
        assert!(
            !perform(&agent, &journal, "flush", Deed::Note(item)),
            "a commit that is not on disk is refused"
        );
        disk.daemon.kill();
        agent.total();
        Evidence::of(&env.database()).bears_out(&journal.so_far());
    }
}

#[test]
fn a_disk_that_never_flushes_again_takes_nothing_and_gives_what_it_has() {
    let env = TestEnv::new();
    let disk = Disk::under(&env);
    let agent = env.connect();
    let (journal, item) = (Journal::default(), agent.item("first"));
    assert!(perform(&agent, &journal, "before", Deed::Tree));
    let before = agent.total();
    disk.says(&format!("fsync -wal 0 {EIO}"));
    for n in 0..2 {
        assert!(!perform(&agent, &journal, &format!("flush-{n}"), Deed::Note(item.clone())));
        assert_eq!(agent.total(), before, "reads go on");
    }
    disk.daemon.kill();
    agent.total();
    Evidence::of(&env.database()).bears_out(&journal.so_far());
}

#[test]
fn a_commit_that_cannot_be_taken_back_is_said_to_be_in_doubt_and_the_same_call_again_makes_it_once() {
    let env = TestEnv::new();
    let disk = Disk::under(&env);
    let agent = env.agent("ann");
    let items = agent.total();
    disk.says(&format!("fsync -wal 1 {EIO} dead"));
    let (tool, arguments) = Deed::Tree.call("tree");
    let refused = agent.refused(tool, arguments.clone(), "UNAVAILABLE");
    refused.says("cannot be known").says("request_id");
    assert_eq!(agent.total(), items, "it is not there now");
    disk.says("");
    disk.daemon.kill();
    agent.ok(tool, arguments);
    let tree = Entry { mark: "tree".to_owned(), deed: Deed::Tree, outcome: Outcome::Answered };
    Evidence::of(&env.database()).bears_out(&[tree]);
}

#[test]
fn a_daemon_that_ends_on_a_disk_that_fails_has_kept_everything_in_its_log() {
    let env = TestEnv::new();
    let (agent, journal) = (env.connect(), Journal::default());
    let item = agent.item("first");
    for (call, file, nth, error) in [
        ("fsync", "-wal", 1, EIO),
        ("fsync", "-wal", 3, EIO),
        ("fsync", "-wal", 0, EIO),
        ("read", "-wal", 0, EIO),
        ("write", "tasks.db", 0, ENOSPC),
        ("write", "tasks.db", 20, HALF),
        ("write", "tasks.db", 3, EIO),
        ("fsync", "tasks.db", 0, EIO),
    ] {
        assert!(env.cli(&["stop"]).success);
        let disk = Disk::under(&env);
        let round = format!("{call}{file}{nth}");
        perform(&agent, &journal, &format!("{round}-before"), Deed::Tree);
        disk.says(&format!("{call} {file} {nth} {error}"));
        perform(&agent, &journal, &format!("{round}-tree"), Deed::Tree);
        perform(&agent, &journal, &format!("{round}-note"), Deed::Note(item.clone()));
        let stopped = env.cli(&["stop"]);
        assert!(stopped.success, "{round}: {stopped:?}");
        assert!(disk.struck() > 0, "{round}: no call failed");
        fs::remove_file(disk.control.with_file_name("disk.struck")).expect("what was struck");
        Evidence::of(&env.database()).bears_out(&journal.so_far());
        assert!(
            perform(&agent, &journal, &format!("{round}-after"), Deed::Tree),
            "{round}: the next daemon serves"
        );
        Evidence::of(&env.database()).bears_out(&journal.so_far());
    }
    assert!(env.cli(&["doctor"]).success);
}
