//! `watch`: a line for each change, over the end of a daemon, until Ctrl-C.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

use e2e::{Person, TestEnv, Value, json};
use rustix::process::{Pid, Signal, kill_process};

use crate::add;

/// A watch that has begun.
struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn begin(person: &Person, words: &[&str]) -> Self {
        let words: Vec<&str> = ["watch"].iter().chain(words).copied().collect();
        let mut command = person.command(&words);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("what the test needs");
        let lines = BufReader::new(child.stdout.take().expect("what the test needs")).lines();
        Self { child, lines }
    }

    /// The next line; the harness' own deadline ends a test that waits for ever.
    fn line(&mut self) -> String {
        self.lines.next().expect("a line").expect("readable")
    }

    /// Ctrl-C; the exit code, and what was complained.
    fn interrupt(self) -> (Option<i32>, String) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("what the test needs");
        kill_process(pid, Signal::INT).expect("what the test needs");
        drop(self.lines);
        let ended = self.child.wait_with_output().expect("what the test needs");
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }
}

/// Changes something until the watch has seen a first change: from then on it sees all.
fn seen(person: &Person, watch: &mut Watch) {
    let env = person.clone();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let changing = std::thread::spawn(move || {
        let mut n = 0;
        while stopped.try_recv().is_err() {
            n += 1;
            env.ends_with(0, &["add", &format!("begin {n}")]);
        }
        add(&env, &["last"]);
    });
    watch.line();
    stop.send(()).expect("what the test needs");
    changing.join().expect("what the test needs");
    while !watch.line().contains("last") {}
}

#[test]
fn each_change_is_a_line_until_ctrl_c() {
    let env = TestEnv::new();
    let ann = env.person();
    let mut watch = Watch::begin(&ann, &[]);
    seen(&ann, &mut watch);
    let id = add(&ann, &["Watched"]);
    assert!(watch.line().ends_with(&format!(" UTC  person:ann  {id}  created  Watched")));
    ann.ends_with(0, &["start", &id]);
    let lines = [watch.line(), watch.line()].join("\n");
    assert!(lines.contains("queue → work") && lines.contains("claimed"), "{lines}");
    let (code, said) = watch.interrupt();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_watch_of_a_project_shows_its_changes_alone() {
    let env = TestEnv::new();
    let ann = env.person();
    ann.ends_with(0, &["add", "In the shed", "--project", "shed"]);
    let mut watch = Watch::begin(&ann, &["--project", "shed"]);
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let other = ann.clone();
    let changing = std::thread::spawn(move || {
        while stopped.try_recv().is_err() {
            other.ends_with(0, &["add", "Elsewhere", "--project", "barn"]);
            other.ends_with(0, &["add", "Mine", "--project", "shed"]);
        }
    });
    for _ in 0..3 {
        let line = watch.line();
        assert!(line.contains("Mine"), "{line}");
    }
    stop.send(()).expect("what the test needs");
    changing.join().expect("what the test needs");
    let (code, said) = watch.interrupt();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_watch_goes_on_after_the_daemon_is_back_and_brings_none_up_itself() {
    let env = TestEnv::new();
    let ann = env.person();
    let mut watch = Watch::begin(&ann, &["--json"]);
    seen(&ann, &mut watch);
    ann.ends_with(0, &["stop"]);
    assert_eq!(ann.json(&["status"])["state"], "stopped");
    let id = add(&ann, &["After the stop"]);
    let change: Value = watch.line().parse().expect("what the test needs");
    assert_eq!((&change["kind"], &change["item_id"]), (&json!("item_created"), &json!(id)), "{change}");
    let (code, said) = watch.interrupt();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("The daemon is gone"), "{said}");
}

#[test]
fn a_watch_ends_with_its_reader() {
    let env = TestEnv::new();
    let ann = env.person();
    let mut watch = Watch::begin(&ann, &[]);
    seen(&ann, &mut watch);
    drop(watch.lines);
    add(&ann, &["Nobody reads this"]);
    assert_eq!(watch.child.wait().expect("what the test needs").code(), Some(0));
}

#[test]
fn who_watches_is_listed_also_after_another_command_of_the_same_person() {
    let env = TestEnv::new();
    let person = env.person();
    let mut watch = Watch::begin(&person, &[]);
    seen(&person, &mut watch);
    let agent = env.agent("ben");
    let people = || {
        let listed = agent.ok("list_agents", json!({}));
        let rows = listed["items"].as_array().cloned().unwrap_or_default();
        rows.iter().filter(|row| row["agent"] == "person:ann").count()
    };
    // The commands before have ended; the daemon hears of it a moment later.
    e2e::eventually("the watch alone to be listed", || match people() {
        1 => Ok(()),
        other => Err(format!("{other} are")),
    });
    person.ends_with(0, &["list"]);
    assert_eq!(people(), 1);
    assert_eq!(watch.interrupt().0, Some(0));
}
