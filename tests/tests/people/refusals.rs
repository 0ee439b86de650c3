//! Exit codes and words when something is in the way.

use e2e::{TestEnv, json};

use crate::{add, said, shop};

const GATED: &str = "work_item_schemas:\n  task:\n    notes:\n      - {key: requirements, role: queue, required: true, description: What is wanted, guidance: One sentence each}\n";

#[test]
fn a_refusal_says_what_is_in_the_way_and_what_to_type_next() {
    let env = TestEnv::with_config(GATED);
    let [_, first, second] = shop(&env);
    let ann = env.person();
    let gated = add(&ann, &["Gated", "--type", "task"]);
    let ben = env.agent("ben");
    ben.advance(&first, "start");
    let words: Vec<String> = [["start", &second], ["start", &gated], ["done", &first], ["resume", &second]]
        .iter()
        .map(|words| said(&ann.ends_with(1, words).stderr))
        .collect();
    let held = words.join("\n");
    let held = held.lines().map(|line| line.split(" since ").next().unwrap_or_default());
    insta::assert_snapshot!("refusals", held.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_verb_that_leads_nowhere_from_a_status_names_the_one_that_does() {
    let env = TestEnv::new();
    let ann = env.person();
    let id = add(&ann, &["x"]);
    let moves = |verb: &str| drop(ann.ends_with(0, &[verb, &id]));
    for (verb, refused, said) in [
        ("block", "start", "next: task-orchestrator resume"),
        ("resume", "resume", "it is not blocked"),
        ("done", "done", "it is done already"),
        ("reopen", "reopen", "it is open already"),
        ("cancel", "start", "next: task-orchestrator reopen"),
    ] {
        moves(verb);
        let ended = ann.ends_with(1, &[refused, &id]);
        assert!(ended.stderr.contains(said), "{refused} after {verb}: {ended:?}");
    }
}

#[test]
fn an_id_that_several_have_is_answered_with_all_of_them() {
    let env = TestEnv::new();
    let rows: Vec<_> = (1..=2)
        .map(|n| json!({"id": format!("abcd{n}000-0000-4000-8000-000000000000"), "title": format!("item {n}")}))
        .collect();
    env.agent("ben").ok("import_graph", json!({"data": {"items": rows}}));
    let ended = env.person().ends_with(1, &["show", "abcd"]);
    assert!(ended.stderr.contains("could be abcd1000") && ended.stderr.contains("item 2"), "{ended:?}");
    assert!(ended.stderr.contains("next: type more of the id"), "{ended:?}");
    env.person().ends_with(1, &["show", "abc"]);
}

#[test]
fn json_is_one_document_when_it_is_refused_too() {
    let env = TestEnv::new();
    let [_, _, second] = shop(&env);
    let ann = env.person();
    for (code, words) in [("DEPENDENCY_UNSATISFIED", ["start", &second]), ("NOT_FOUND", ["show", "ffffffff"])]
    {
        assert_eq!(ann.json(&words)["error"]["code"], code);
        let ended = ann.ends_with(1, &[words[0], words[1], "--json"]);
        assert_eq!(ended.stderr, "", "{words:?}");
    }
}

#[test]
fn a_session_that_may_only_read_says_so() {
    let env = TestEnv::new();
    let ended = env.person().set("TASK_ORCHESTRATOR_TOOLS", "read").ends_with(1, &["add", "x"]);
    assert!(ended.stderr.contains("may only read") && ended.stderr.contains("next: unset"), "{ended:?}");
}

#[test]
fn wrong_words_are_two() {
    let env = TestEnv::new();
    let ann = env.person();
    for words in [
        &["nothing"][..],
        &["list", "--status", "nope"],
        &["add", "x", "--note", "nothing"],
        &["edit", "ffff"],
        &["show"],
        &["list", "--all", "--status", "done"],
        &["claim", "ffff", "--ttl", "soon"],
        &["call"],
        &["call", "query_items", "alone"],
        &["watch", "--screen"],
    ] {
        let ended = ann.ends_with(2, words);
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{words:?} {ended:?}");
    }
    assert!(env.daemon_pids().is_empty(), "and no daemon is started for them");
}

#[test]
fn a_wrong_time_is_told_in_the_words_of_its_option() {
    let env = TestEnv::new();
    let ann = env.person();
    for (option, words) in [
        ("--due", &["add", "x", "--due", "tomorrow"][..]),
        ("--not-before", &["add", "x", "--not-before", "2026-13-01", "--note", "a=b"]),
        ("--due", &["edit", "ffff", "--due", "5x"]),
        ("--since", &["list", "--since", "yesterday"]),
        ("--since", &["history", "--since", "2026"]),
    ] {
        let ended = ann.ends_with(2, words);
        for part in [option, "2026-", "T18:00", "3d"] {
            assert!(ended.stderr.contains(part), "{words:?} {part}: {ended:?}");
        }
        assert!(!ended.stderr.contains("_at") && !ended.stderr.contains("ISO"), "{ended:?}");
    }
    let ended = ann.ends_with(2, &["add", "x", "--schedule", "weekly"]);
    assert!(
        ended.stderr.contains("--schedule") && ended.stderr.contains("'0 9 * * 1' is Mondays at 9"),
        "{ended:?}"
    );
    ann.ends_with(0, &["add", "x", "--schedule", "0 9 * * 1", "--due", "2026-12-01 18:00 UTC"]);
}

#[test]
fn a_daemon_that_cannot_be_had_is_three() {
    let env = TestEnv::new();
    // A folder in the database's place.
    std::fs::create_dir(env.database()).unwrap();
    let ann = env.person();
    let ended = ann.ends_with(3, &["list"]);
    assert!(
        ended.stderr.contains("is a folder") && ended.stderr.contains("next: task-orchestrator status"),
        "{ended:?}"
    );
    assert_eq!(ann.json(&["list"])["error"]["code"], "UNAVAILABLE");
    ann.ends_with(3, &["call", "query_items"]);
}

#[test]
fn a_second_daemon_says_who_runs_and_how_to_end_it() {
    let env = TestEnv::new();
    let ann = env.person();
    add(&ann, &["x"]);
    let pid = ann.json(&["status"])["pid"].clone();
    let ended = ann.ends_with(3, &["serve"]);
    assert!(ended.stderr.contains("A daemon runs for this database already: it holds the lock"), "{ended:?}");
    assert!(ended.stderr.contains(&format!("(pid {pid})")), "{ended:?}");
    assert!(
        ended.stderr.ends_with("next: task-orchestrator status, or task-orchestrator stop to end it\n"),
        "{ended:?}"
    );
    assert_eq!(ended.stderr.lines().count(), 2, "said once: {ended:?}");
    let status = ann.ends_with(0, &["status"]).stdout;
    assert!(status.contains("up for      ") && status.contains("waiting     0 writes"), "{status}");
}

#[test]
fn a_command_starts_the_daemon_also_after_a_stop() {
    let env = TestEnv::new();
    let ann = env.person();
    let id = add(&ann, &["x"]);
    ann.ends_with(0, &["stop"]);
    assert_eq!(ann.json(&["stop"]), json!({"stopped": false, "pid": null}));
    ann.ends_with(3, &["status"]);
    assert_eq!(ann.json(&["status"])["state"], "stopped");
    assert_eq!(ann.json(&["list"])["items"][0]["id"], id);
    assert_eq!(ann.json(&["status"])["state"], "ready");
}

#[test]
fn a_path_that_is_not_there_is_made_by_writing_alone() {
    let env = TestEnv::new();
    let ann = env.person();
    let path = env.home().join("typo/tasks.db");
    let db = path.to_str().unwrap_or_default();
    let reads: [&[&str]; 15] = [
        &["list"],
        &["show", "abcd"],
        &["next"],
        &["tree"],
        &["graph"],
        &["history"],
        &["metrics"],
        &["agents"],
        &["watch"],
        &["export"],
        &["note", "abcd"],
        &["dep", "show", "abcd"],
        &["claim"],
        &["backup"],
        &["call", "query_items"],
    ];
    for words in reads {
        let ended = ann.ends_with(1, &[words, &["--db", db]].concat());
        assert!(
            ended.stdout.is_empty() && ended.stderr.contains(&format!("no database {db}, and")),
            "{ended:?}"
        );
        for way in ["add", "serve", "first session"] {
            assert!(ended.stderr.contains(way), "{words:?}: {ended:?}");
        }
        assert!(!path.exists() && !path.with_file_name("").exists(), "{words:?}");
    }
    assert_eq!(ann.json(&["list", "--db", db])["error"]["code"], "VALIDATION");
    // What is typed once for all, and the usual place, are made with the first read.
    let set = env.home().join("set.db");
    assert_eq!(ann.clone().set("TASK_ORCHESTRATOR_DB", &set).json(&["list"])["total"], 0);
    assert!(set.exists());
    assert_eq!(ann.json(&["list"])["total"], 0);
    // And writing makes it.
    add(&ann, &["here", "--db", db]);
    assert_eq!(ann.json(&["list", "--db", db])["total"], 1);
    ann.ends_with(0, &["stop", "--db", db]);
    assert_eq!(
        ann.json(&["list", "--db", db])["total"],
        1,
        "and a daemon that is stopped is started for a read"
    );
}

#[test]
fn an_import_makes_its_database_and_a_dry_run_makes_none() {
    let env = TestEnv::new();
    let ann = env.person();
    let document = env.home().join("graph.json");
    std::fs::write(&document, "{\"items\": [{\"title\": \"a\"}]}").expect("a file");
    let path = env.home().join("new.db");
    let words = ["import", document.to_str().unwrap_or_default(), "--db", path.to_str().unwrap_or_default()];
    let said = ann.ends_with(0, &[&words[..], &["--dry-run"]].concat()).stdout;
    assert!(said.contains("would come") && !path.exists(), "{said}");
    ann.ends_with(0, &words);
    assert_eq!(ann.json(&["list", "--db", words[3]])["total"], 1);
}
