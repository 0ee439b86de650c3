//! Moving in from other programs: everything comes once, links survive, and a report says what is different.
//!
//! The sources were made by those programs themselves where they can be had, with `.ci/moving`. With `E2E_MOVING` set to a
//! folder, the folders `backlog` and `taskmaster` in it are imported too: `.ci/run` has the newest programs make them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use e2e::{TestEnv, Value, json, workspace_root};

fn fixture(name: &str) -> PathBuf {
    workspace_root().join("tests/fixtures").join(name)
}

/// Every source: where it is, what it is told to be, and how many items, notes and links come.
const SOURCES: [(&str, &str, [u64; 3]); 8] = [
    ("moving/beads", "beads", [9, 14, 7]),
    ("moving/taskmaster", "taskmaster", [6, 7, 4]),
    ("moving/backlog", "backlog", [9, 14, 2]),
    ("moving/kotlin/first.db", "kotlin", [8, 3, 7]),
    ("moving/kotlin/newest.db", "kotlin", [8, 4, 7]),
    ("original-0.6/tasks.db", "original", [4, 1, 1]),
    ("original-1.0.0/tasks.db", "original", [16, 5, 5]),
    ("original-1.5.1/tasks.db", "original", [16, 5, 5]),
];

fn import(env: &TestEnv, source: &Path, more: &[&str]) -> Value {
    let words = [&["import", source.to_str().expect("a path"), "--json"], more].concat();
    let done = env.cli(&words);
    serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{} {}", done.stdout, done.stderr))
}

fn counts(report: &Value, which: &str) -> [u64; 3] {
    ["items", "notes", "dependencies"].map(|list| report[list][which].as_u64().expect("a count"))
}

/// All that is in the store.
fn graph(env: &TestEnv) -> Value {
    let done = env.cli(&["export"]);
    serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{} {}", done.stdout, done.stderr))
}

fn history(env: &TestEnv) -> Value {
    env.connect().ok("query_history", json!({"limit": 500}))
}

/// Items by their titles.
fn by_title(graph: &Value) -> BTreeMap<String, Value> {
    let items = graph["items"].as_array().expect("an array").iter();
    items.map(|item| (item["title"].as_str().expect("a text").to_owned(), item.clone())).collect()
}

/// `child < parent`, `blocker > waiting (threshold)`, `one ~ other`, by titles.
fn links(graph: &Value) -> BTreeSet<String> {
    let titles: BTreeMap<&str, &str> = graph["items"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|item| (item["id"].as_str().expect("a text"), item["title"].as_str().expect("a text")))
        .collect();
    let title = |id: &Value| titles[id.as_str().expect("a text")];
    let items =
        graph["items"].as_array().expect("an array").iter().filter(|item| !item["parent_id"].is_null());
    let mut links: BTreeSet<String> =
        items.map(|item| format!("{} < {}", title(&item["id"]), title(&item["parent_id"]))).collect();
    for edge in graph["dependencies"].as_array().expect("an array") {
        let (from, to) = (title(&edge["from_id"]), title(&edge["to_id"]));
        links.insert(match (edge["dep_type"].as_str(), edge["unblock_at"].as_str()) {
            (Some("relates_to"), _) => format!("{from} ~ {to}"),
            (_, Some("done") | None) => format!("{from} > {to}"),
            (_, Some(threshold)) => format!("{from} > {to} ({threshold})"),
        });
    }
    links
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The remarks of a report, `id: reason`.
fn remarks(report: &Value, which: &str) -> Vec<String> {
    let rows = report[which].as_array().expect("an array").iter();
    rows.map(|row| {
        format!("{}: {}", row["id"].as_str().expect("a text"), row["why"].as_str().expect("a text"))
    })
    .collect()
}

#[test]
fn a_dry_run_says_what_comes_and_changes_nothing_and_twice_is_nothing_twice() {
    for (name, kind, rows) in SOURCES {
        let (env, source) = (TestEnv::new(), fixture(name));
        env.connect().item("from before");
        let before = history(&env);
        let would = import(&env, &source, &["--dry-run"]);
        assert_eq!((would["from"].as_str(), would["dry_run"].as_bool()), (Some(kind), Some(true)), "{name}");
        assert_eq!(counts(&would, "came"), rows, "{name}: {would:#}");
        assert_eq!(history(&env), before, "{name}");

        let came = import(&env, &source, &[]);
        assert_eq!(counts(&came, "came"), rows, "{name}: {came:#}");
        assert_eq!(counts(&came, "there"), [0; 3], "{name}");
        for which in ["changed", "left_out"] {
            assert_eq!(came[which], would[which], "{name}: the dry run says the same");
        }
        let after = graph(&env);
        assert_eq!(after["items"].as_array().unwrap().len() as u64, rows[0] + 1, "{name}");
        assert_eq!(after["dependencies"].as_array().unwrap().len() as u64, rows[2], "{name}");

        let events = history(&env);
        let again = import(&env, &source, &[]);
        assert_eq!(counts(&again, "came"), [0; 3], "{name}: {again:#}");
        assert_eq!(counts(&again, "there"), rows, "{name}: {again:#}");
        assert_eq!(history(&env), events, "{name}: nothing twice");
    }
}

#[test]
fn beads_keep_their_tree_their_links_and_their_words() {
    let env = TestEnv::new();
    let report = import(&env, &fixture("moving/beads"), &[]);
    let graph = graph(&env);
    assert_eq!(
        links(&graph),
        set(&[
            "Choose a colour < Build the shop",
            "Mix the paint < Choose a colour",
            "Draw the page < Build the shop",
            "Choose a colour > Draw the page",
            "Build the shop ~ Fix the door",
            "Build the shop ~ Wait for the sign",
            "Order the sign > Wait for the sign",
            "Pay for the sign ~ Order the sign",
            "Wait for the sign > Pay for the sign",
            "Build the shop > Pay for the sign",
        ])
    );
    let items = by_title(&graph);
    for (title, status, label, priority) in [
        ("Build the shop", "queue", None, "critical"),
        ("Choose a colour", "work", None, "high"),
        ("Fix the door", "done", None, "medium"),
        ("Wait for the sign", "blocked", None, "low"),
        ("Order the sign", "queue", Some("deferred"), "medium"),
        ("Polish", "queue", Some("simmering"), "medium"),
    ] {
        let item = &items[title];
        assert_eq!(
            (item["status"].as_str(), item["priority"].as_str()),
            (Some(status), Some(priority)),
            "{title}"
        );
        assert_eq!(item["status_label"].as_str(), label, "{title}");
    }
    assert_eq!(items["Build the shop"]["created_at"], "2025-11-03T09:15:00.123456789-08:00");
    assert_eq!(items["Order the sign"]["not_before"], "2031-01-01T00:00:00Z");
    let changed = remarks(&report, "changed").join("\n");
    for told in [
        "shop-c9: it was deleted there",
        "shop-d4: status 'simmering'",
        "closed a cycle",
        "shop-b1: priority 4",
    ] {
        assert!(changed.contains(told), "{told}: {changed}");
    }
    assert_eq!(
        remarks(&report, "left_out"),
        [
            "external:other:sign → shop-b1: 'external:other:sign' is not there",
            "shop-c9 → shop-d4: 'shop-c9' is not there"
        ]
    );
    // The old name finds the item.
    let found = env.connect().ok("query_items", json!({"operation": "list", "search": "shop-a3f8"}));
    assert_eq!(found["items"][0]["title"], "Fix the door", "{found}");
}

#[test]
fn taskmaster_keeps_subtasks_and_tags() {
    let env = TestEnv::new();
    import(&env, &fixture("moving/taskmaster"), &[]);
    let graph = graph(&env);
    assert_eq!(
        links(&graph),
        set(&[
            "Choose a colour < Build the shop",
            "Paint < Build the shop",
            "Choose a colour > Paint",
            "Build the shop > Draw the page",
            "Build the shop > Test it",
            "Draw the page > Test it",
        ])
    );
    let items = by_title(&graph);
    assert_eq!(items["Log in"]["tags"], "feature-login");
    assert_eq!(items["Log in"]["status"], "cancelled");
    assert_eq!(items["Test it"]["status_label"], "deferred");
    assert_eq!(items["Choose a colour"]["status"], "done");
}

#[test]
fn the_older_form_of_taskmaster_makes_the_same_items() {
    let env = TestEnv::new();
    let place = fixture("moving/taskmaster/.taskmaster/tasks/tasks.json");
    let new: Value = serde_json::from_str(&fs::read_to_string(place).unwrap()).unwrap();
    let folder = env.folder().join("taskmaster/tasks");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("tasks.json"), json!({"tasks": new["master"]["tasks"]}).to_string()).unwrap();
    let old = import(&env, &folder.join("tasks.json"), &[]);
    assert_eq!((old["from"].as_str(), counts(&old, "came")[0]), (Some("taskmaster"), 5));
    // The folder has the same name, so these are the same tasks.
    let rest = import(&env, &fixture("moving/taskmaster"), &[]);
    assert_eq!((counts(&rest, "came")[0], counts(&rest, "there")[0]), (1, 5), "{rest:#}");
}

#[test]
fn backlog_keeps_milestones_subtasks_and_sections() {
    let env = TestEnv::new();
    let report = import(&env, &fixture("moving/backlog"), &[]);
    let graph = graph(&env);
    assert_eq!(
        links(&graph),
        set(&[
            "Build the shop < Opening day",
            "Draw the page < Build the shop",
            "Write the texts < Build the shop",
            "Draw the page > Write the texts",
            "Build the shop > Choose a colour",
        ])
    );
    let items = by_title(&graph);
    for (title, status, label) in [
        ("Build the shop", "queue", None),
        ("Choose a colour", "work", None),
        ("Old finished thing", "done", None),
        ("Moved to completed", "done", None),
        ("Given up", "cancelled", Some("archived")),
        ("An idea", "queue", Some("Draft")),
    ] {
        assert_eq!(items[title]["status"].as_str(), Some(status), "{title}");
        assert_eq!(items[title]["status_label"].as_str(), label, "{title}");
    }
    assert_eq!(items["Build the shop"]["due_at"], "2031-05-06");
    let shop = &items["Build the shop"]["id"];
    let notes = graph["notes"].as_array().unwrap().iter().filter(|note| note["item_id"] == *shop);
    let keys: BTreeSet<String> = notes.map(|note| note["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, set(&["acceptance-criteria", "definition-of-done", "origin"]));
    assert!(remarks(&report, "changed").join("\n").contains("docs: its 1 pages"), "{report:#}");
}

#[test]
fn kotlin_keeps_ids_roles_thresholds_and_both_directions() {
    for version in ["first", "newest"] {
        let (env, source) = (TestEnv::new(), fixture(&format!("moving/kotlin/{version}.db")));
        let bytes = fs::read(&source).unwrap();
        let report = import(&env, &source, &[]);
        let graph = graph(&env);
        assert_eq!(
            links(&graph),
            set(&[
                "in work < Launch the shop",
                "in review < in work",
                "finished < in review",
                "too deep < in review",
                "finished ~ too deep",
                "given up < Launch the shop",
                "held up < Launch the shop",
                "Launch the shop > held up",
                "in work ~ given up",
                "in work > held up (review)",
                "held up > orphan",
                "orphan ~ Launch the shop",
                "too deep > in review (work)",
            ]),
            "{version}"
        );
        let items = by_title(&graph);
        for (title, status, previous) in [
            ("Launch the shop", "queue", None),
            ("in review", "review", None),
            ("finished", "done", None),
            ("given up", "cancelled", None),
            ("held up", "blocked", Some("work")),
        ] {
            assert_eq!(items[title]["status"].as_str(), Some(status), "{version} {title}");
            assert_eq!(items[title]["previous_status"].as_str(), previous, "{version} {title}");
        }
        let root = &items["Launch the shop"];
        assert_eq!(root["id"], "6b6f746c-0001-4000-8000-000000000001");
        assert_eq!(root["metadata"], "{\"b\": 1, \"a\": [1, 2]}");
        assert_eq!(root["created_at"], "2026-01-02T03:04:05.678+00:00");
        if version == "newest" {
            assert_eq!(root["properties"], "{\"traits\":[\"needs-security-review\"]}");
            assert_eq!(root["item_type"], "feature");
        }
        assert_eq!(remarks(&report, "left_out").len(), 1, "{report:#}");
        assert_eq!(fs::read(&source).unwrap(), bytes, "{version}");
    }
}

#[test]
fn levels_follow_the_configuration_and_the_project_is_named() {
    let env = TestEnv::with_config("hierarchy: {max_depth: 2}\n");
    let report = import(&env, &fixture("moving/beads"), &["--project", "garden"]);
    let graph = graph(&env);
    let links = links(&graph);
    assert!(links.contains("Mix the paint < Build the shop"), "{links:?}");
    assert!(links.contains("Choose a colour ~ Mix the paint"), "{links:?}");
    assert!(
        remarks(&report, "changed").join("\n").contains("hierarchy.max_depth allows 2 levels"),
        "{report:#}"
    );
    assert!(graph["items"].as_array().unwrap().iter().all(|item| item["project"] == "garden"));
    // Another project's items of the same names are others.
    let other = import(&env, &fixture("moving/beads"), &["--project", "orchard"]);
    assert_eq!(counts(&other, "came")[0], 9);
}

#[test]
fn what_the_newest_programs_make_comes_whole() {
    let Some(fresh) = std::env::var_os("E2E_MOVING").map(PathBuf::from) else { return };
    for (name, kind, rows) in SOURCES.iter().filter(|(_, kind, _)| ["backlog", "taskmaster"].contains(kind)) {
        let env = TestEnv::new();
        let report = import(&env, &fresh.join(kind), &["--from", kind]);
        // Newer versions may write more fields, and so more notes.
        let [items, _, links] = counts(&report, "came");
        assert_eq!([items, links], [rows[0], rows[2]], "{name}: {report:#}");
    }
}
