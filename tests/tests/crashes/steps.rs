//! The daemon is struck at every step there is: the program itself lists them, so that none can be forgotten. It dies there,
//! or the disk refuses there.

use e2e::{
    Daemon, Deed, Entry, Evidence, Journal, McpClient, Outcome, TestEnv, eventually, fault_points, json,
};

/// Two agents' worth of tests run beside each other.
const AT_ONCE: usize = 3;

/// Runs `test` with every point, a few at a time.
fn each(points: Vec<String>, test: impl Fn(&str) + Sync) {
    let next = std::sync::Mutex::new(points.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(point) = next.lock().expect("the list").next() else { return };
                    test(&point);
                }
            });
        }
    });
}

/// One of each kind of call; two of them on items that are made first.
fn deeds(agent: &McpClient) -> Vec<Deed> {
    let (first, second) = (agent.item("first"), agent.item("second"));
    agent.advance(&second, "start");
    vec![Deed::Tree, Deed::Batch(5), Deed::Note(first.clone()), Deed::Start(first), Deed::Complete(second)]
}

fn perform(agent: &McpClient, deed: &Deed, mark: &str) -> Outcome {
    let (tool, arguments) = deed.call(mark);
    let answer = agent.call(tool, arguments);
    if answer.is_error {
        assert_eq!(answer.doc["error"]["code"], "UNAVAILABLE", "{mark}: {}", answer.raw_text);
        return Outcome::Refused;
    }
    Outcome::Answered
}

/// Makes sure that a shim has its connection.
fn reach(agent: &McpClient) {
    agent.total();
}

fn entry(mark: String, deed: Deed, outcome: Outcome) -> Entry {
    Entry { mark, deed, outcome }
}

#[test]
fn a_daemon_that_dies_at_any_step_of_a_write_loses_and_doubles_nothing() {
    each(fault_points("Write"), |point| {
        let env = TestEnv::new();
        let agent = env.client().agent("ann").responses("full").connect();
        let mut journal = Vec::new();
        for (number, deed) in deeds(&agent).into_iter().enumerate() {
            // The tree has several changes: it is struck amid them.
            let pass = if deed == Deed::Tree && point.ends_with("-written") { 4 } else { 1 };
            assert!(env.cli(&["stop"]).success, "{point}");
            let dying = Daemon::that_dies(&env, &format!("{point}:{pass}"));
            let mark = format!("{point}-{number}");
            let outcome = perform(&agent, &deed, &mark);
            dying.ended();
            assert_eq!(outcome, Outcome::Answered, "{mark}: the next daemon answers");
            journal.push(entry(mark, deed, outcome));
            Evidence::of(&env.database()).bears_out(&journal);
        }
        env.kill_daemon();
        Evidence::of(&env.database()).bears_out(&journal);
    });
}

#[test]
fn a_disk_that_fails_at_any_step_of_a_write_undoes_the_call_and_nothing_else() {
    // Once all is on disk, nothing can be refused any more.
    let on_disk = ["after-commit", "one-told", "before-answer"];
    let points = fault_points("Write").into_iter().filter(|point| !on_disk.contains(&point.as_str()));
    each(points.collect(), |point| {
        let env = TestEnv::new();
        let agent = env.client().agent("ann").responses("full").connect();
        let mut journal = Vec::new();
        for (number, deed) in deeds(&agent).into_iter().enumerate() {
            assert!(env.cli(&["stop"]).success, "{point}");
            // A job that fails by itself is tried a second time, in a savepoint.
            let inside =
                ["rows-written", "history-written", "changes-applied", "answer-kept"].contains(&point);
            let again = if inside { format!(",{point}:2:refuse") } else { String::new() };
            let failing = Daemon::that_dies(&env, &format!("{point}:1:refuse{again}"));
            let mark = |what: &str| format!("{point}-{number}-{what}");
            assert_eq!(
                perform(&agent, &deed, &mark("refused")),
                Outcome::Refused,
                "{point}: {}",
                failing.said()
            );
            // A move that was refused has the item where it was, so the same can be asked of it again.
            let refused =
                if matches!(deed, Deed::Start(_) | Deed::Complete(_)) { None } else { Some(deed.clone()) };
            journal.extend(refused.map(|deed| entry(mark("refused"), deed, Outcome::Refused)));
            assert_eq!(perform(&agent, &deed, &mark("again")), Outcome::Answered);
            journal.push(entry(mark("again"), deed, Outcome::Answered));
            Evidence::of(&env.database()).bears_out(&journal);
            assert_eq!(env.daemon_pids(), Vec::<u32>::new(), "{point}: the same daemon goes on");
            // Not killed: the shim would start another at once, in the way of the next one here.
            assert!(env.cli(&["stop"]).success, "{point}");
            failing.ended();
        }
    });
}

#[test]
fn a_commit_that_fails_refuses_every_call_of_its_group_and_publishes_nothing() {
    let env = TestEnv::new();
    let (first, watcher) = (env.full(), env.agent("watcher"));
    let agents: Vec<McpClient> = (0..5).map(|_| env.full()).collect();
    let common = first.item("common");
    agents.iter().for_each(reach);
    assert!(env.cli(&["stop"]).success);
    // While the first commit takes its time, the others come to share the second, which fails.
    let failing = Daemon::that_dies(&env, "before-commit:1:hold=3000,before-commit:2:refuse");
    agents.iter().chain([&watcher]).for_each(reach);
    let cursor = watcher.ok("query_history", json!({"limit": 1}))["cursor"].clone();

    let journal = Journal::default();
    let send = |agent: &McpClient, mark: &str, deed: Deed| {
        let (tool, arguments) = deed.call(mark);
        (journal.begin(mark, &deed), agent.send("tools/call", json!({"name": tool, "arguments": arguments})))
    };
    let end = |agent: &McpClient, (number, id): (usize, i64), wanted: Outcome| {
        let answer = agent.receive(id);
        let refused = answer["result"]["isError"] == true;
        assert_eq!(refused, wanted == Outcome::Refused, "{answer}");
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
        assert!(!refused || text.contains("UNAVAILABLE") && text.contains("nothing was changed"), "{text}");
        journal.end(number, wanted);
    };
    let held = send(&first, "held", Deed::Note(common.clone()));
    failing.is_struck_at("before-commit");
    let wait = json!({"name": "wait_for", "arguments": {"item_id": common, "cursor": cursor, "timeout_seconds": 30}});
    let woken = watcher.send("tools/call", wait);
    let group: Vec<_> = (agents.iter().zip(0..))
        .map(|(agent, n)| {
            let deed = if n % 2 == 0 { Deed::Tree } else { Deed::Note(common.clone()) };
            send(agent, &format!("group-{n}"), deed)
        })
        .collect();
    end(&first, held, Outcome::Answered);
    for (agent, call) in agents.iter().zip(group) {
        end(agent, call, Outcome::Refused);
    }
    // The watcher heard of the first commit, and of nothing else.
    let heard =
        watcher.receive(woken)["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
    assert!(heard.contains("held") && !heard.contains("group-"), "{heard}");
    let history = watcher.ok("query_history", json!({"cursor": cursor, "limit": 50}));
    assert_eq!(history["items"].as_array().map(Vec::len), Some(1), "{history}");
    let next = history["cursor"].clone();
    let nothing = watcher.ok("wait_for", json!({"cursor": next, "timeout_seconds": 0}));
    assert_eq!(nothing["met"], false, "{nothing}");

    // The same daemon goes on, and the same calls are made then.
    for (n, agent) in agents.iter().enumerate() {
        let mark = format!("again-{n}");
        let call = send(agent, &mark, Deed::Tree);
        end(agent, call, Outcome::Answered);
    }
    assert_eq!(env.daemon_pids(), Vec::<u32>::new(), "no other daemon was needed");
    failing.kill();
    Evidence::of(&env.database()).bears_out(&journal.so_far());
}

#[test]
fn a_call_that_is_given_up_at_any_step_happens_whole_or_not_at_all() {
    each(fault_points("Write"), |point| {
        let env = TestEnv::new();
        let (agent, doomed) = (env.full(), env.full());
        [&agent, &doomed].into_iter().for_each(reach);
        assert!(env.cli(&["stop"]).success);
        // One call's caller changes its mind, the other's shim dies; each while its write stands still at this step.
        let slow = Daemon::that_dies(&env, &format!("{point}:1:hold=700,{point}:2:hold=700"));
        let send = |agent: &McpClient, mark: &str| {
            let (tool, arguments) = Deed::Tree.call(mark);
            agent.send("tools/call", json!({"name": tool, "arguments": arguments}))
        };
        let given_up = send(&agent, "cancelled");
        slow.is_struck_at(point);
        agent.notify("notifications/cancelled", json!({"requestId": given_up, "reason": "changed its mind"}));
        send(&doomed, "orphaned");
        doomed.kill();
        let next = entry("next".to_owned(), Deed::Tree, perform(&agent, &Deed::Tree, "next"));
        assert_eq!(next.outcome, Outcome::Answered, "{point}: the session goes on");
        let unknown = ["cancelled", "orphaned"].map(|m| entry(m.to_owned(), Deed::Tree, Outcome::Unknown));
        let [cancelled, orphaned] = unknown;
        Evidence::of(&env.database()).bears_out(&[next, cancelled.clone(), orphaned]);
        let begun = Evidence::of(&env.database()).shows(&[cancelled]);
        assert_eq!(begun, [true], "{point}: what the writer has begun happens");
        slow.kill();
    });
}

#[test]
fn a_daemon_that_dies_at_any_step_of_its_first_opening_leaves_nothing_in_the_way() {
    each(fault_points("Opening"), |point| {
        let env = TestEnv::new();
        Daemon::struck(&env, &format!("{point}:1")).ended();
        env.connect().item("x");
        env.kill_daemon();
        Evidence::of(&env.database()).bears_out(&[]);
        assert_eq!(env.connect().total(), 1, "{point}");
    });
}

#[test]
fn a_daemon_that_dies_at_any_step_of_its_end_has_kept_everything() {
    each(fault_points("Ending"), |point| {
        let env = TestEnv::new();
        let dying = Daemon::that_dies(&env, &format!("{point}:1"));
        let agent = env.full();
        let deeds = deeds(&agent);
        let journal: Vec<Entry> = (deeds.into_iter().enumerate())
            .map(|(number, deed)| {
                let mark = format!("{point}-{number}");
                let outcome = perform(&agent, &deed, &mark);
                entry(mark, deed, outcome)
            })
            .collect();
        let items = agent.total();
        env.cli(&["stop"]);
        dying.ended();
        Evidence::of(&env.database()).bears_out(&journal);
        assert_eq!(agent.total(), items, "{point}");
        eventually("one daemon", || match env.daemon_pids().len() {
            1 => Ok(()),
            more => Err(format!("{point}: {more} daemons")),
        });
    });
}

#[test]
fn who_calls_while_a_database_is_brought_up_to_date_is_told_so() {
    let env = TestEnv::new();
    std::fs::copy(e2e::workspace_root().join("tests/fixtures/schema-1/tasks.db"), env.database())
        .expect("a copy");
    let daemon = Daemon::struck(&env, "migrating:1:hold=120000");
    daemon.is_struck_at("migrating");
    let status = env.person().json(&["status"]);
    assert_eq!(status["state"], "starting", "{status}");
    let doing = "it is brought up to date: schema 2 of ";
    assert!(status["message"].as_str().is_some_and(|text| text.contains(doing)), "{status}");
    assert!(env.cli(&["status"]).stdout.contains(doing));
    let agent = env.client().connect();
    let refused = agent.call("get_context", json!({}));
    assert_eq!(refused.doc["error"]["code"], "UNAVAILABLE", "{refused:?}");
    let message = refused.doc["error"]["message"].as_str().unwrap_or_default();
    for words in ["still starting", doing, "make it again in a moment", "task-orchestrator status"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    daemon.kill();
}
