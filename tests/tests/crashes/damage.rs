//! Files that are not what was written: a write-ahead log that is torn or damaged anywhere, a database whose bytes changed.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use e2e::{Daemon, Deed, Entry, Evidence, Outcome, TestEnv, json};

/// The log's header, and the header of each of its frames, in bytes.
const HEADER: usize = 32;
const FRAME: usize = 24;

fn log_of(database: &Path) -> PathBuf {
    database.with_file_name("tasks.db-wal")
}

/// A database that was killed, with its log and all that was answered.
struct Left {
    env: TestEnv,
    log: Vec<u8>,
    journal: Vec<Entry>,
}

impl Left {
    fn by_a_killed_daemon() -> Self {
        let env = TestEnv::new();
        let agent = env.full();
        let common = agent.item("common");
        // What is in the log is what comes from here on.
        assert!(env.cli(&["stop"]).success);
        let deed = |n: i64| if n % 3 == 0 { Deed::Note(common.clone()) } else { Deed::Batch(n) };
        let journal = (0..14).map(|n| {
            let (mark, deed) = (format!("deed-{n}"), deed(n));
            let (tool, arguments) = deed.call(&mark);
            agent.ok(tool, arguments);
            Entry { mark, deed, outcome: Outcome::Answered }
        });
        let journal = journal.collect();
        env.kill_daemon();
        let log = fs::read(log_of(&env.database())).expect("a killed daemon leaves its log");
        Self { env, log, journal }
    }

    /// The same database with another log, in a world of its own.
    fn with_log(&self, log: &[u8]) -> TestEnv {
        let env = TestEnv::new();
        fs::copy(self.env.database(), env.database()).expect("a copy");
        fs::write(log_of(&env.database()), log).expect("the log");
        env
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.log[at..at + 4].try_into().expect("four bytes"))
    }

    /// Where the frames lie, and whether each ends a commit.
    fn frames(&self) -> Vec<(Range<usize>, bool)> {
        let length = FRAME + usize::try_from(self.word(8)).expect("a page's size");
        let starts = (HEADER..).step_by(length).take_while(|at| at + length <= self.log.len());
        starts.map(|at| (at..at + length, self.word(at + 4) != 0)).collect()
    }

    /// The end of the last commit before a place in the log that cannot be read.
    fn commit_before(&self, place: usize) -> usize {
        let whole = |(frame, commits): &(Range<usize>, bool)| *commits && frame.end <= place;
        self.frames().iter().filter(|frame| whole(frame)).map(|(frame, _)| frame.end).next_back().unwrap_or(0)
    }

    /// What must be there when the log ends after that commit.
    fn expected(&self, end: usize) -> Vec<Entry> {
        let env = self.with_log(&self.log[..end]);
        let there = Evidence::of(&env.database()).shows(&self.journal);
        let entries = self.journal.iter().zip(there).map(|(entry, there)| {
            let outcome = if there { Outcome::Answered } else { Outcome::Refused };
            Entry { outcome, ..entry.clone() }
        });
        entries.collect()
    }
}

/// Places all over the log: in headers, in pages, at both sides of a frame's end.
fn places(left: &Left) -> Vec<usize> {
    let frames = left.frames();
    let mut places: Vec<usize> = (1..8).map(|eighth| left.log.len() * eighth / 8 + eighth * 37).collect();
    let commit = frames.iter().filter(|(_, commits)| *commits).nth(5).expect("a commit in the middle");
    let last = frames.last().expect("frames");
    places.extend([7, HEADER + 9, commit.0.end - 1, commit.0.end, commit.0.end + 3, last.0.start + 5]);
    places
}

#[test]
fn a_log_torn_anywhere_keeps_every_commit_before_the_tear() {
    let left = Left::by_a_killed_daemon();
    for place in places(&left) {
        let env = left.with_log(&left.log[..place]);
        let daemon = Daemon::start(&env, &[]);
        env.connect().item("life goes on");
        let said = daemon.said();
        daemon.kill();
        Evidence::of(&env.database()).bears_out(&left.expected(left.commit_before(place)));
        let some = left.commit_before(place) > 0;
        assert_eq!(said.contains("read back from its write-ahead log"), some, "torn at {place}: {said}");
        assert!(!said.contains("damaged place"), "what is torn off is no damage: {said}");
    }
}

#[test]
fn a_log_damaged_anywhere_keeps_every_commit_before_and_says_what_is_lost() {
    let left = Left::by_a_killed_daemon();
    let frames = left.frames();
    for place in places(&left) {
        let mut log = left.log.clone();
        log[place] ^= 0x10;
        let damaged = frames.iter().map(|(frame, _)| frame.clone()).find(|frame| frame.contains(&place));
        let end = left.commit_before(damaged.map_or(0, |frame| frame.start));
        let lost = frames.iter().filter(|(frame, commits)| *commits && frame.end > end).count();
        let env = left.with_log(&log);
        let daemon = Daemon::start(&env, &[]);
        env.connect().item("life goes on");
        let (said, status) = (daemon.said(), env.cli(&["status"]).stdout);
        daemon.kill();
        Evidence::of(&env.database()).bears_out(&left.expected(end));
        // Who damages the head of the whole log may make it another program's.
        if place >= HEADER {
            let words = format!("{lost} more stand behind a damaged place");
            assert!(said.contains(&words), "damaged at {place}: {said}");
            assert!(status.contains("damaged place"), "whoever asks is told too: {status}");
        }
    }
}

#[test]
fn a_damaged_database_is_refused_in_words_and_left_as_it_is() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("its head", |bytes| bytes[..16].fill(0x55)),
        ("the table of tables", |bytes| bytes[100..4_000].fill(0x55)),
        ("every page but the first", |bytes| bytes[4_096..].fill(0x55)),
        ("its end is gone", |bytes| bytes.truncate(3 * 4_096)),
    ];
    for (what, damage) in damages {
        let env = TestEnv::new();
        let agent = env.connect();
        agent.item("x");
        let made = agent.ok("manage_checkpoints", json!({"operation": "create"}));
        let backup = made["created"].as_str().expect("a path").to_owned();
        assert!(env.cli(&["stop"]).success);
        let mut bytes = fs::read(env.database()).expect("the database");
        damage(&mut bytes);
        fs::write(env.database(), &bytes).expect("the damage");
        let refusal = agent.refused("get_context", json!({}), "UNAVAILABLE");
        refusal.says("damaged").says(&backup);
        assert!(agent.is_alive());
        assert!(fs::read(env.database()).expect("the database") == bytes, "{what}: it is as it was found");
        assert!(!env.daemon_log().contains("panicked"), "{what}: {}", env.daemon_log());
    }
}

#[test]
fn a_damaged_page_refuses_the_calls_that_need_it_and_ends_nothing() {
    let env = TestEnv::new();
    let agent = env.connect();
    let items: Vec<_> =
        (0..400).map(|n| json!({"title": format!("item {n}"), "description": "long ".repeat(100)})).collect();
    let made = agent.ok("manage_items", json!({"operation": "create", "items": items}));
    let needle = agent.item_with(json!({"title": "needle", "description": "haystack ".repeat(40)}));
    // The newest rows are read at every start.
    (0..3).for_each(|_| drop(agent.ok("manage_items", json!({"operation": "create", "items": items}))));
    let first = made["items"][0]["id"].as_str().expect("an id").to_owned();
    assert!(env.cli(&["stop"]).success);
    let mut bytes = fs::read(env.database()).expect("the database");
    for page in bytes.chunks_mut(4_096).skip(1) {
        if page.windows(27).any(|some| some == b"haystack haystack haystack ") {
            page.fill(0x55);
        }
    }
    fs::write(env.database(), &bytes).expect("the damage");
    let refusal = agent.refused("query_items", json!({"operation": "get", "item_id": needle}), "UNAVAILABLE");
    refusal.says("damaged").says("backup");
    assert_eq!(agent.get(&first)["title"], "item 0", "what is whole is served");
    assert!(!env.daemon_log().contains("panicked"), "{}", env.daemon_log());
}
