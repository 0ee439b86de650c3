//! `next`, `list`, `show`, `tree`, `graph`, `history`, `agents`, `metrics`.

use e2e::{TestEnv, json, titles};

use crate::{add, said, shop};

#[test]
fn next_says_what_and_why() {
    let env = TestEnv::new();
    shop(&env);
    insta::assert_snapshot!("next", said(&env.person().ends_with(0, &["next"]).stdout));
    assert_eq!(titles(&env.person().json(&["next", "-n", "5"])["items"]), ["Design the page"]);
}

#[test]
fn next_claims_for_the_person() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    assert_eq!(env.person().json(&["next", "--claim"])["claimed_by"], "person:ann");
    env.agent("ben").refused("advance_item", json!({"item_id": first, "trigger": "start"}), "CONFLICT");
}

#[test]
fn next_with_a_claim_names_what_its_person_holds_already() {
    let env = TestEnv::new();
    let [_, first, second] = shop(&env);
    let ann = env.person();
    let one = ann.ends_with(0, &["next", "--claim"]);
    assert_eq!(one.stderr, "", "nothing was held before");
    let none = ann.ends_with(1, &["next", "--claim"]);
    assert!(
        none.stderr.starts_with(&format!("You already hold {first} Design the page (queue).\n")),
        "{none:?}"
    );
    ann.ends_with(0, &["claim", &second]);
    ann.ends_with(0, &["claim", "--resource", "file:x"]);
    let other = add(&ann, &["Something else"]);
    let more = ann.ends_with(0, &["next", "--claim"]);
    assert!(
        more.stdout.contains(&other) && more.stderr.contains(" and 1 more; `task-orchestrator claim`"),
        "{more:?}"
    );
    assert_eq!(ann.ends_with(1, &["next", "--claim", "--json"]).stderr, "");
    let ben = env.person().set("USER", "ben").ends_with(1, &["next", "--claim"]);
    assert!(!ben.stderr.contains("You already hold"), "another's claims are no business of ben's: {ben:?}");
}

#[test]
fn nothing_next_is_an_exit_code() {
    let env = TestEnv::new();
    let ended = env.person().ends_with(1, &["next"]);
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("Nothing to do next"), "{ended:?}");
    assert_eq!(env.person().json(&["next"])["item"], json!(null));
}

#[test]
fn a_list_is_a_table_and_its_filters_are_the_tools() {
    let env = TestEnv::new();
    let [root, first, _] = shop(&env);
    let ann = env.person();
    ann.ends_with(0, &["start", &first]);
    insta::assert_snapshot!("list", said(&ann.ends_with(0, &["list", "--sort", "priority"]).stdout));
    let cases: [(&[&str], &[&str]); 9] = [
        (&["--status", "work,review"], &["Design the page"]),
        (&["--tag", "web"], &["Design the page"]),
        (&["--priority", "medium"], &["Build the page"]),
        (&["--parent", "root"], &["Launch the shop"]),
        (&["--parent", &root, "--sort", "-created"], &["Design the page", "Build the page"]),
        (&["--search", "sells"], &["Build the page"]),
        (&["--claimed"], &["Design the page"]),
        (&["--free", "--tag", "web"], &[]),
        (&["--since", "1h", "--limit", "1"], &["Build the page"]),
    ];
    for (words, want) in cases {
        let words: Vec<&str> = ["list"].iter().chain(words).copied().collect();
        assert_eq!(titles(&ann.json(&words)["items"]), want, "{words:?}");
    }
    ann.ends_with(0, &["done", &first]);
    assert_eq!(ann.json(&["list", "--tag", "web"])["total"], 0, "closed items are hidden");
    assert_eq!(ann.json(&["list", "--tag", "web", "--all"])["total"], 1);
}

#[test]
fn a_list_longer_than_a_page_is_one_list() {
    let env = TestEnv::new();
    let items: Vec<_> = (0..510).map(|n| json!({"title": format!("item {n}")})).collect();
    env.agent("ben").ok("manage_items", json!({"operation": "create", "items": items}));
    let ann = env.person();
    let all = ann.json(&["list", "--limit", "0"]);
    assert_eq!((all["items"].as_array().map(Vec::len), &all["has_more"]), (Some(510), &json!(false)));
    let cut = ann.ends_with(0, &["list", "--limit", "505"]);
    assert_eq!(cut.stdout.lines().count(), 506, "with the heads");
    assert!(cut.stderr.contains("505 of 510"), "{}", cut.stderr);
}

#[test]
fn nothing_to_list_is_said_beside_the_output() {
    let env = TestEnv::new();
    let ann = env.person();
    for words in [&["list"][..], &["tree"], &["history"], &["graph"], &["claim"]] {
        let ended = ann.ends_with(0, words);
        assert_eq!(ended.stdout, "", "{words:?}");
        assert!(ended.stderr.contains("No"), "{words:?} {ended:?}");
    }
    assert_eq!(ann.json(&["list"]), json!({"items": [], "total": 0, "has_more": false}));
}

#[test]
fn show_has_all_that_surrounds_an_item() {
    let env = TestEnv::with_config(
        "work_item_schemas:\n  task:\n    notes:\n      - {key: plan, role: queue, required: true, guidance: How it is done}\n",
    );
    let [root, first, second] = shop(&env);
    let ann = env.person();
    ann.ends_with(0, &["claim", &second]);
    let part =
        add(&ann, &["A part", "--parent", &second, "--type", "task", "--description", "In two\nlines"]);
    insta::assert_snapshot!("show", said(&ann.ends_with(0, &["show", &second]).stdout));
    insta::assert_snapshot!("show_gated", said(&ann.ends_with(0, &["show", &part]).stdout));
    let document = ann.json(&["show", &second]);
    assert_eq!(document["blockers"][0]["id"], first, "{document}");
    assert_eq!(document["ancestors"][0]["id"], root, "{document}");
    assert!(document["history"].as_array().is_some_and(|rows| rows.len() > 3), "{document}");
}

#[test]
fn show_has_what_waits_for_the_item_and_what_is_related() {
    let env = TestEnv::new();
    let [_, first, second] = shop(&env);
    let ann = env.person();
    let [early, closed, beside] = ["Early", "Closed", "Beside"].map(|title| add(&ann, &[title]));
    ann.ends_with(0, &["dep", "add", &early, &first, "--unblock-at", "work"]);
    ann.ends_with(0, &["dep", "add", &closed, &first]);
    ann.ends_with(0, &["dep", "add", &beside, &first, "--relates"]);
    ann.ends_with(0, &["cancel", &closed]);
    insta::assert_snapshot!("show_holds_up", said(&ann.ends_with(0, &["show", &first]).stdout));
    assert!(
        ann.ends_with(0, &["show", &beside]).stdout.contains(&format!("Related\n{first}  queue  Design"))
    );
    ann.ends_with(0, &["start", &first]);
    let held_up = ann.json(&["show", &first])["holds_up"].clone();
    assert_eq!(
        held_up,
        json!([{"id": second, "title": "Build the page", "status": "queue", "needs": "done"}]),
        "who waited for its start alone waits no more"
    );
    ann.ends_with(0, &["done", &first]);
    assert!(!ann.ends_with(0, &["show", &first]).stdout.contains("Holds up"));
}

#[test]
fn show_says_what_it_leaves_out_and_where_it_is() {
    let env = TestEnv::new();
    let ann = env.person();
    let id = add(&ann, &["Long"]);
    for n in 0..9 {
        ann.ends_with(0, &["note", &id, "a plan", &format!("{n} {}", "x".repeat(1_200))]);
    }
    let shown = ann.ends_with(0, &["show", &id]).stdout;
    assert!(shown.ends_with(&format!("… 2 more: task-orchestrator history {id}\n")), "{shown}");
    let note = format!("… 1202 characters in all: task-orchestrator note {id} 'a plan'\n");
    assert!(shown.contains(&note), "{shown}");
    env.agent("ben").ok(
        "manage_items",
        json!({"operation": "create", "parent_id": id, "items": (0..52).map(|n| json!({"title": format!("part {n}")})).collect::<Vec<_>>()}),
    );
    let shown = ann.ends_with(0, &["show", &id]).stdout;
    assert!(shown.contains(&format!("… 2 more: task-orchestrator tree {id}\n")), "{shown}");
}

#[test]
fn a_tree_hides_what_is_closed_and_keeps_what_leads_to_something_open() {
    let env = TestEnv::new();
    let [root, first, second] = shop(&env);
    let ann = env.person();
    let closed = add(&ann, &["Closed", "--parent", &root]);
    let open = add(&ann, &["Open below it", "--parent", &closed]);
    ann.ends_with(0, &["done", &closed]);
    ann.ends_with(0, &["done", &first]);
    insta::assert_snapshot!("tree", said(&ann.ends_with(0, &["tree"]).stdout));
    let same = ann.ends_with(0, &["tree", &root]).stdout;
    assert!(same.contains(&open) && same.contains(&second) && !same.contains(&first), "{same}");
    assert!(ann.ends_with(0, &["tree", &root, "--all"]).stdout.contains(&first));
    let nested = ann.json(&["tree", &closed]);
    assert_eq!(nested["items"][0]["children"][0]["id"], open, "{nested}");
}

#[test]
fn a_graph_is_drawn_in_three_ways_and_always_the_same() {
    let env = TestEnv::new();
    let [_, first, second] = shop(&env);
    let ann = env.person();
    let talk = add(&ann, &["Talk \"about\" <it>"]);
    ann.ends_with(0, &["dep", "add", &talk, &second, "--unblock-at", "review"]);
    ann.ends_with(0, &["dep", "add", &talk, &first, "--relates"]);
    for format in ["text", "mermaid", "dot"] {
        let whole = ann.ends_with(0, &["graph", "--format", format]).stdout;
        assert_eq!(whole, ann.ends_with(0, &["graph", "--format", format]).stdout);
        // From one item the same web is reached.
        assert_eq!(whole, ann.ends_with(0, &["graph", "--format", format, &talk]).stdout);
        insta::assert_snapshot!(format!("graph_{format}"), said(&whole));
    }
    assert_eq!(ann.json(&["graph"])["dependencies"].as_array().map(Vec::len), Some(3));
    ann.ends_with(0, &["done", &first]);
    assert_eq!(
        ann.json(&["graph"])["dependencies"].as_array().map(Vec::len),
        Some(1),
        "closed ones are hidden"
    );
    assert_eq!(ann.json(&["graph", "--all"])["dependencies"].as_array().map(Vec::len), Some(3));
}

#[test]
fn history_says_who_did_what() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    let ann = env.person();
    ann.ends_with(0, &["start", &first]);
    ann.ends_with(0, &["block", &first, "--reason", "no key"]);
    insta::assert_snapshot!("history", said(&ann.ends_with(0, &["history", &first]).stdout));
    let by_agent = ann.json(&["history", "--agent", "nobody", "--since", "1d"]);
    assert_eq!(by_agent["items"], json!([]));
    assert_eq!(ann.json(&["history", "--kind", "claim_taken"])["items"].as_array().map(Vec::len), Some(1));
    ann.ends_with(0, &["add", "In the shed", "--project", "shed"]);
    let of_shed = ann.json(&["history", "--project", "shed"]);
    assert_eq!(of_shed["items"].as_array().map(Vec::len), Some(1), "{of_shed}");
    let everywhere = ann.ends_with(0, &["history", "--limit", "2"]);
    assert!(everywhere.stdout.contains("Design the page"), "titles where items differ: {everywhere:?}");
}

#[test]
fn a_claim_that_outlives_daemons_is_one_line_of_the_history() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    let ben = env.agent("ben");
    ben.advance(&first, "start");
    for _ in 0..3 {
        env.kill_daemon();
        ben.total(); // connected again by now
    }
    let history = env.person().ends_with(0, &["history", &first]).stdout;
    let kept: Vec<&str> = history.lines().filter(|line| line.contains("claim kept")).collect();
    assert_eq!(kept.len(), 1, "{history}");
    assert!(kept[0].contains("claim kept (") && kept[0].contains(" more such changes before)"), "{history}");
    ben.ok("claim_item", json!({"operation": "claim", "item_id": first, "ttl_seconds": 3600}));
    let history = env.person().ends_with(0, &["history", &first]).stdout;
    assert!(history.contains("claim kept until 20") && history.contains(" UTC"), "{history}");
}

#[test]
fn times_of_day_say_that_they_are_utc() {
    let env = TestEnv::new();
    let ann = env.person();
    let id = add(&ann, &["Dated", "--due", "2030-12-01T18:00+01:00", "--not-before", "2030-11-01"]);
    for (words, time) in [
        (&["show", &id][..], "due        2030-12-01 17:00 UTC (in "),
        (&["show", &id], "not before 2030-11-01 00:00 UTC (in "),
        (&["edit", &id, "--due", "2031-01-01"], "due        2031-01-01 00:00 UTC"),
        (&["history", &id], "due: 2030-12-01 17:00 UTC → 2031-01-01 00:00 UTC"),
    ] {
        let said = ann.ends_with(0, words).stdout;
        assert!(said.contains(time), "{words:?}: {said}");
    }
    env.agent("ben").advance(&id, "start");
    let held = ann.ends_with(1, &["done", &id]).stderr;
    let since = held.lines().find_map(|line| line.strip_prefix("  held by ben since ")).unwrap_or_default();
    assert_eq!(since.get(16..21), Some(" UTC;"), "{held}");
}

#[test]
fn agents_are_listed_with_what_they_hold() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    let ben = env.client().named("claude").agent("ben").connect();
    ben.advance(&first, "start");
    let listed = env.person().ends_with(0, &["agents"]).stdout;
    let row = listed.lines().find(|line| line.starts_with("ben")).unwrap_or_else(|| panic!("{listed}"));
    assert!(row.contains("claude") && row.contains(&first) && row.contains("Design the page"), "{row}");
    assert!(listed.contains("person:ann (you)"), "{listed}");
}

#[test]
fn open_and_closed_stand_for_statuses() {
    let env = TestEnv::new();
    let [root, first, second] = shop(&env);
    let ann = env.person();
    ann.ends_with(0, &["cancel", &second]);
    ann.ends_with(0, &["block", &first]);
    ann.ends_with(0, &["done", &root]);
    for (status, want) in [
        ("open", &["Design the page"][..]),
        ("closed", &["Build the page", "Launch the shop"]),
        ("open,done", &["Design the page", "Launch the shop"]),
    ] {
        let mut found = titles(&ann.json(&["list", "--status", status])["items"]);
        found.sort_unstable();
        assert_eq!(found, want, "{status}");
    }
    let wrong = ann.ends_with(2, &["list", "--status", "todo"]);
    assert!(wrong.stderr.contains("open, closed, queue"), "{wrong:?}");
}

#[test]
fn metrics_without_anything_done_say_so() {
    let env = TestEnv::new();
    let ann = env.person();
    add(&ann, &["One"]);
    let report = ann.ends_with(0, &["metrics"]).stdout;
    assert!(report.contains("30 days, 1 item in all\n"), "{report}");
    assert!(report.contains("lead time        no data yet") && !report.contains("within"), "{report}");
}

#[test]
fn metrics_have_bars_and_a_line_of_weeks() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    let ann = env.person();
    ann.ends_with(0, &["done", &first]);
    let report = ann.ends_with(0, &["metrics"]).stdout;
    for words in ["done per week", "█", "1 in all", "critical", "open by tag", "in work now"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    assert_eq!(ann.json(&["metrics", "--days", "7"])["period_days"], 7);
}
