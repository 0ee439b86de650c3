//! Disks that fill up, fail, take half of what they are given, or take nothing at all. Errors at each step of a write are in
//! `steps.rs`; here they come from the system.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use e2e::{Daemon, Deed, Evidence, Journal, McpClient, Outcome, TestEnv, json};

/// Makes a call, notes it down, and answers whether it was answered; a refusal must say what to do.
fn perform(agent: &McpClient, journal: &Journal, mark: &str, deed: Deed) -> bool {
    let number = journal.begin(mark, &deed);
    let (tool, arguments) = deed.call(mark);
    let answer = agent.call(tool, arguments);
    if answer.is_error {
        assert_eq!(answer.doc["error"]["code"], "UNAVAILABLE", "{mark}: {}", answer.raw_text);
        assert!(answer.raw_text.contains("nothing was changed"), "{mark}: {}", answer.raw_text);
        assert!(answer.raw_text.contains("disk space"), "{mark}: {}", answer.raw_text);
    }
    journal.end(number, if answer.is_error { Outcome::Refused } else { Outcome::Answered });
    !answer.is_error
}

/// Writes until it is refused.
fn fill(agent: &McpClient, journal: &Journal, round: &str) {
    for n in 0..500 {
        if !perform(agent, journal, &format!("{round}-{n}"), Deed::Batch(20)) {
            return;
        }
    }
    panic!("{round}: the disk never filled up");
}

#[cfg(target_os = "linux")]
mod limited {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    use super::*;

    /// How large the process' files may get from now on.
    fn limit_files(pid: u32, bytes: Option<u64>) {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("a limit");
    }

    #[test]
    fn a_disk_that_takes_half_of_a_write_loses_nothing() {
        let env = TestEnv::new();
        let agent = env.connect();
        agent.item("first");
        let (journal, daemon) = (Journal::default(), env.daemon_pids()[0]);
        for round in 0..10 {
            let log = fs::metadata(env.database().with_file_name("tasks.db-wal")).map_or(0, |log| log.len());
            // Not at the end of a page: the last write before the limit is a short one.
            limit_files(daemon, Some(log + 9_000 + 3_331 * round));
            fill(&agent, &journal, &format!("full-{round}"));
            agent.total();
            Evidence::of(&env.database()).bears_out(&journal.so_far());
            limit_files(daemon, None);
            assert!(perform(&agent, &journal, &format!("free-{round}"), Deed::Tree));
        }
        assert_eq!(env.daemon_pids(), [daemon], "one daemon through all of it");
        env.kill_daemon();
        Evidence::of(&env.database()).bears_out(&journal.so_far());
        agent.total();
        Evidence::of(&env.database()).bears_out(&journal.so_far());
    }

    #[test]
    fn a_daemon_that_ends_on_a_full_disk_has_kept_everything() {
        let env = TestEnv::new();
        let agent = env.connect();
        let journal = Journal::default();
        (0..5).for_each(|n| assert!(perform(&agent, &journal, &format!("before-{n}"), Deed::Tree)));
        // Nothing can be folded into the database any more.
        limit_files(env.daemon_pids()[0], Some(0));
        assert!(!perform(&agent, &journal, "full", Deed::Tree));
        assert!(env.cli(&["stop"]).success, "it ends all the same");
        Evidence::of(&env.database()).bears_out(&journal.so_far());
        assert!(perform(&agent, &journal, "after", Deed::Tree));
        Evidence::of(&env.database()).bears_out(&journal.so_far());
    }
}

#[test]
fn a_daemon_that_finds_a_full_disk_says_so_and_leaves_nothing_in_the_way() {
    for blocks in [0, 1, 8, 64] {
        let env = TestEnv::new();
        let limited = format!("ulimit -f {blocks}; exec \"$@\"");
        Daemon::begin_within(&env, &["sh", "-c", &limited, "sh"]).ended();
        // What it says goes to a file, which is limited too.
        env.connect().item("x");
        env.kill_daemon();
        Evidence::of(&env.database()).bears_out(&[]);
    }
}

/// Wraps the daemon in a file system of its own over its folder. `None`: this system does not let us.
fn small_disk(folder: &Path, size: &str) -> Option<Vec<String>> {
    let root = rustix::process::geteuid().is_root();
    let unshare: &[&str] = if root { &["--mount"] } else { &["--mount", "--user", "--map-root-user"] };
    let mount = format!("mount -t tmpfs -o size={size},mode=0700 none '{}'", folder.display());
    let mut command = Command::new("unshare");
    let tried = command.args(unshare).args(["sh", "-c", &mount]).stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        return None;
    }
    let words = ["unshare"].iter().chain(unshare).map(ToString::to_string);
    let shell = ["sh".to_owned(), "-c".to_owned(), format!("{mount} && exec \"$@\""), "sh".to_owned()];
    Some(words.chain(shell).collect())
}

#[test]
fn a_full_file_system_refuses_writes_until_there_is_room_again() {
    let env = TestEnv::new();
    let folder = env.database().parent().expect("a folder").to_owned();
    let Some(wrapper) = small_disk(&folder, "16m") else {
        eprintln!(
            "NOT RUN: a full file system. Neither root nor a user namespace may mount a small one here (unshare --mount); \
             a limit on file sizes stands in for it in limited::a_disk_that_takes_half_of_a_write_loses_nothing"
        );
        return;
    };
    let daemon = Daemon::within(&env, &wrapper.iter().map(String::as_str).collect::<Vec<_>>());
    // The folder as the daemon sees it.
    let inside = Path::new("/proc").join(daemon.pid().to_string()).join("root");
    let inside = inside.join(folder.strip_prefix("/").expect("an absolute path"));
    let agent = env.connect();
    let journal = Journal::default();
    for round in 0..3 {
        let filler = inside.join("filler");
        let mut file = fs::File::create(&filler).expect("a filler");
        // Nearly all: the last of it is taken by calls, some of them whole, one in part.
        let left = (15 << 20) - used(&inside);
        file.write_all(&vec![0; usize::try_from(left).unwrap_or(0)]).expect("room for the filler");
        drop(file);
        fill(&agent, &journal, &format!("full-{round}"));
        agent.total();
        bears_out_inside(&env, &inside, &journal);
        fs::remove_file(&filler).expect("room again");
        assert!(perform(&agent, &journal, &format!("free-{round}"), Deed::Batch(1)));
        bears_out_inside(&env, &inside, &journal);
    }
    daemon.kill();
}

/// How much of the small disk is taken, in bytes.
fn used(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).expect("the folder").flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

/// Looks at a copy, for SQLite does not find its way through /proc.
fn bears_out_inside(env: &TestEnv, inside: &Path, journal: &Journal) {
    let copy = env.folder().join("copy.db");
    for end in ["", "-wal"] {
        fs::copy(inside.join(format!("tasks.db{end}")), env.folder().join(format!("copy.db{end}")))
            .expect("a copy");
    }
    Evidence::of(&copy).bears_out(&journal.so_far());
}

/// What a daemon is started by so that permissions count for it; root's do not, unless it gives that up.
fn without_privileges() -> Option<Vec<&'static str>> {
    if !rustix::process::geteuid().is_root() {
        return Some(vec!["env"]);
    }
    let wrapper = vec!["setpriv", "--bounding-set=-all"];
    let tried = Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").status();
    tried.is_ok_and(|status| status.success()).then_some(wrapper)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn what_cannot_be_written_is_refused_in_words_and_works_once_it_can() {
    let Some(wrapper) = without_privileges() else {
        eprintln!(
            "NOT RUN: read-only files. This is root, for whom permissions do not count, and there is no setpriv"
        );
        return;
    };
    let env = TestEnv::new();
    let (database, folder) = (env.database(), env.database().parent().expect("a folder").to_owned());
    // A folder in which no database can be made; one in which none can be changed; a file that cannot be.
    let cases: [(&Path, u32, u32, bool); 3] =
        [(&folder, 0o500, 0o700, false), (&folder, 0o500, 0o700, true), (&database, 0o400, 0o600, true)];
    for (path, closed, open, exists) in cases {
        if exists {
            env.connect().item("x");
            assert!(env.cli(&["stop"]).success);
            // With these, which are empty now, a daemon needs to make no file.
            for name in ["tasks.db-wal", "tasks.db-shm"] {
                let _ = fs::remove_file(folder.join(name)); // none is what is wanted
            }
        }
        set_mode(path, closed);
        let said = Daemon::begin_within(&env, &wrapper).ended();
        set_mode(path, open);
        assert!(said.contains("tasks.db") && said.contains("writable"), "{path:?} {closed:o}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert_eq!(env.connect().total(), 2);
    env.kill_daemon();
    Evidence::of(&database).bears_out(&[]);
}

#[test]
fn what_becomes_read_only_under_the_daemon_loses_nothing() {
    let Some(wrapper) = without_privileges() else {
        eprintln!("NOT RUN: files that become read-only. This is root, and there is no setpriv");
        return;
    };
    let env = TestEnv::new();
    let (database, folder) = (env.database(), env.database().parent().expect("a folder").to_owned());
    let daemon = Daemon::within(&env, &wrapper);
    let agent = env.connect();
    let journal = Journal::default();
    assert!(perform(&agent, &journal, "before", Deed::Tree));
    set_mode(&database, 0o400);
    set_mode(&folder, 0o500);
    for n in 0..40 {
        // Answered or refused, as it can; but what is answered is there.
        perform(&agent, &journal, &format!("closed-{n}"), Deed::Batch(5));
        agent.ok("query_items", json!({"operation": "overview"}));
    }
    set_mode(&folder, 0o700);
    set_mode(&database, 0o600);
    assert!(perform(&agent, &journal, "after", Deed::Tree));
    Evidence::of(&database).bears_out(&journal.so_far());
    daemon.terminate();
    Evidence::of(&database).bears_out(&journal.so_far());
}
