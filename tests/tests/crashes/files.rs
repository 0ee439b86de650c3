//! A database that is deleted or replaced under its daemon: whatever was asked for afterwards and answered is in the file that
//! stands there then (`daemon.md` rule 3).

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
};

use e2e::{Daemon, Deed, Evidence, Journal, Outcome, TestEnv, eventually, json};

/// Six agents write while `strike` does something to the database. Answers the journal, and how long it was after the strike.
fn struck_under_load(env: &TestEnv, strike: impl FnOnce()) -> (Journal, usize) {
    let (journal, over) = (Journal::default(), AtomicBool::new(false));
    let mut after = 0;
    env.connect().total();
    let before = env.daemon_pids();
    std::thread::scope(|scope| {
        for n in 0..6 {
            let (env, journal, over) = (&env, &journal, &over);
            scope.spawn(move || {
                let agent = env.agent(&format!("agent{n}"));
                for call in 0.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let mark = format!("call-{n}-{call}");
                    let number = journal.begin(&mark, &Deed::Tree);
                    let (tool, arguments) = Deed::Tree.call(&mark);
                    let answer = agent.call(tool, arguments);
                    let code = answer.doc["error"]["code"].as_str().unwrap_or_default();
                    assert!(!answer.is_error || code == "UNAVAILABLE", "{}", answer.raw_text);
                    journal.end(number, if answer.is_error { Outcome::Unknown } else { Outcome::Answered });
                }
            });
        }
        let answered = |from: usize| {
            let entries = journal.so_far();
            entries.iter().skip(from).filter(|entry| entry.outcome == Outcome::Answered).count()
        };
        let some = |from: usize| if answered(from) >= 30 { Ok(()) } else { Err(answered(from).to_string()) };
        eventually("answered calls", || some(0));
        strike();
        after = journal.so_far().len();
        eventually("another daemon", || match env.daemon_pids().iter().any(|pid| before.contains(pid)) {
            true => Err("the old one still serves".to_owned()),
            false => Ok(()),
        });
        eventually("answered calls afterwards", || some(after));
        over.store(true, Ordering::SeqCst);
    });
    (journal, after)
}

#[test]
fn what_is_answered_after_the_database_was_deleted_is_in_the_new_one() {
    let env = TestEnv::new();
    let (database, kept) = (env.database(), env.database().with_file_name("kept.db"));
    let (journal, after) = struck_under_load(&env, || {
        fs::hard_link(&database, &kept).expect("another name for it");
        fs::remove_file(&database).expect("the deletion");
    });
    env.kill_daemon();
    let entries = journal.so_far();
    Evidence::of(&database).bears_out(&entries[after..]);
    // And before it in the old one, which its daemon has written out.
    let (old, new) = (Evidence::of(&kept).shows(&entries), Evidence::of(&database).shows(&entries));
    for ((entry, old), new) in entries.iter().zip(old).zip(new) {
        assert!(entry.outcome != Outcome::Answered || old || new, "{entry:?} is nowhere");
    }
}

#[test]
fn a_copy_that_is_put_in_the_databases_place_is_served_whole() {
    let env = TestEnv::new();
    env.connect().item("in the copy");
    assert!(env.cli(&["stop"]).success);
    let (database, copy) = (env.database(), env.database().with_file_name("copy.db"));
    fs::copy(&database, &copy).expect("a copy");
    let (journal, after) = struck_under_load(&env, || {
        fs::rename(&copy, &database).expect("the copy in its place");
    });
    let found = env.connect().ok("query_items", json!({"operation": "list", "search": "copy"}));
    assert_eq!(found["total"], 1, "{found}");
    env.kill_daemon();
    Evidence::of(&database).bears_out(&journal.so_far()[after..]);
}

#[test]
fn a_commit_into_a_file_that_is_gone_by_then_is_not_answered_as_done() {
    let env = TestEnv::new();
    let agent = env.connect();
    agent.item("first");
    assert!(env.cli(&["stop"]).success);
    let daemon = Daemon::that_dies(&env, "before-commit:1:hold=2000");
    agent.total();
    let (tool, arguments) = Deed::Tree.call("late");
    let id = agent.send("tools/call", json!({"name": tool, "arguments": arguments}));
    daemon.is_struck_at("before-commit");
    fs::rename(env.database(), env.database().with_file_name("moved.db")).expect("a move");
    let answer = agent.receive(id).to_string();
    daemon.ended();
    let answered = !answer.contains("UNAVAILABLE");
    agent.total();
    env.kill_daemon();
    let entry = e2e::Entry { mark: "late".into(), deed: Deed::Tree, outcome: Outcome::Answered };
    let there = Evidence::of(&env.database()).shows(&[entry]) == [true];
    assert_eq!(answered, there, "{answer}");
}
