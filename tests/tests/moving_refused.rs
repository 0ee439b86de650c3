//! Moving in from what is no source, or was made to do harm: it is refused in words, and nothing is changed.

use std::fs;
use std::path::PathBuf;

use e2e::{TestEnv, Value, json};

fn made(env: &TestEnv, name: &str, text: &[u8]) -> PathBuf {
    let path = env.folder().join(name);
    fs::create_dir_all(path.parent().unwrap_or(&path)).expect("a folder of the test's own");
    fs::write(&path, text).expect("a file of the test's own");
    path
}

#[test]
fn what_is_no_source_is_refused_in_words_and_changes_nothing() {
    let env = TestEnv::new();
    env.connect().item("from before");
    let deep = "[".repeat(100_000);
    let long = format!("{{\"id\":\"a\",\"title\":\"{}\"}}", "x".repeat(9 << 20));
    let cases: [(&str, &[u8], &[&str], &str); 12] = [
        (
            "notes.txt",
            b"buy milk",
            &[],
            "notes.txt is neither JSON nor a database: nothing that can be imported",
        ),
        ("blank.json", b" \n", &[], "blank.json is empty"),
        ("issues.jsonl", b"{\"id\": 1", &[], "line 1 is no issue"),
        ("long.jsonl", long.as_bytes(), &[], "line 1 has more than 8 MiB"),
        ("deep.jsonl", deep.as_bytes(), &[], "line 1 is no issue"),
        ("latin.jsonl", b"{\"id\":\"\xe4\"}", &[], "no text in UTF-8"),
        ("tasks.json", b"{\"tasks\": 7}", &[], "it has no tasks"),
        ("deep.json", deep.as_bytes(), &["--from", "taskmaster"], "no JSON: recursion limit"),
        ("empty.db", b"", &["--from", "kotlin"], "no SQLite database"),
        ("torn.db", b"SQLite format 3\0 and no more of it", &[], "no SQLite database"),
        ("graph.json", b"{\"items\": [", &["--from", "graph"], "graph.json"),
        ("graph2.json", b"{\"items\": []}", &["--project", "p"], "leave --project out"),
    ];
    for (name, text, more, wanted) in cases {
        let path = made(&env, name, text);
        let done = env.cli(&[&["import", path.to_str().unwrap()], more].concat());
        assert!(!done.success, "{name}: {}", done.stdout);
        assert!(done.stderr.contains(wanted), "{name}: {}", done.stderr);
    }
    for (fixture, told, wanted) in [
        ("moving/kotlin/first.db", "original", "of the Kotlin task-orchestrator 3; leave --from out"),
        ("original-1.5.1/tasks.db", "kotlin", "of task-orchestrator-py; leave --from out"),
    ] {
        let path = e2e::workspace_root().join("tests/fixtures").join(fixture);
        let done = env.cli(&["import", path.to_str().unwrap(), "--from", told]);
        assert!(!done.success && done.stderr.contains(wanted), "{fixture}: {}", done.stderr);
    }
    for (folder, wanted) in [("work/nothing", "neither"), ("nowhere", "nowhere")] {
        let path = env.folder().join(folder);
        if folder.starts_with("work") {
            fs::create_dir_all(&path).unwrap();
        }
        let done = env.cli(&["import", path.to_str().unwrap()]);
        assert!(!done.success && done.stderr.contains(wanted), "{folder}: {}", done.stderr);
    }
    let list = env.connect().ok("query_items", json!({"operation": "list"}));
    assert_eq!(list["total"], 1);
}

#[cfg(unix)]
#[test]
fn huge_files_and_pipes_are_refused_before_they_are_read() {
    let env = TestEnv::new();
    for name in ["issues.jsonl", "tasks.json"] {
        let huge = made(&env, name, b"{\"tasks\": [");
        fs::File::options().write(true).open(&huge).unwrap().set_len(1 << 30).unwrap();
        let done = env.cli(&["import", huge.to_str().unwrap()]);
        assert!(!done.success && done.stderr.contains("it has 1.00 GiB; at most"), "{name}: {}", done.stderr);
    }
    let pipe = env.folder().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for more in [&[] as &[&str], &["--from", "beads"], &["--from", "kotlin"]] {
        let done = env.cli(&[&["import", pipe.to_str().unwrap()], more].concat());
        assert!(!done.success && done.stderr.contains("pipe"), "{more:?}: {}", done.stderr);
    }
}

#[test]
fn a_store_of_this_program_is_told_how_it_moves() {
    let (env, other) = (TestEnv::new(), TestEnv::new());
    other.connect().item("one");
    let path = other.database();
    let done = env.cli(&["import", path.to_str().unwrap()]);
    assert!(!done.success && done.stderr.contains("database of this program already"), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn files_of_a_folder_that_cannot_be_read_are_named_and_the_others_come() {
    use std::os::unix::fs::symlink;
    let env = TestEnv::new();
    let folder = env.folder().join("shop/backlog");
    made(&env, "shop/backlog/config.yml", b"project_name: shop\n");
    made(&env, "shop/backlog/tasks/task-1 - a.md", b"---\nid: TASK-1\ntitle: a\n---\n");
    let bomb: String =
        (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))).collect();
    made(&env, "shop/backlog/tasks/task-2 - b.md", format!("---\na0: &a0 [x]\n{bomb}---\n").as_bytes());
    made(&env, "shop/backlog/tasks/task-3 - c.md", b"no front matter");
    symlink(&folder, folder.join("tasks/task-4 - loop.md")).unwrap();
    symlink(&folder, folder.join("drafts")).unwrap();
    symlink("/etc/passwd", folder.join("tasks/task-5 - secret.md")).unwrap();
    let done = env.cli(&["import", env.folder().join("shop").to_str().unwrap(), "--json"]);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(done.code, Some(1), "something could not come");
    assert_eq!(
        (&report["items"]["came"], &report["items"]["could_not"]),
        (&json!(1), &json!(4)),
        "{report:#}"
    );
    let told = report.to_string();
    for wanted in
        ["not valid YAML", "does not begin with front matter", "it is a link", "which is not followed"]
    {
        assert!(told.contains(wanted), "{wanted}: {report:#}");
    }
}

#[test]
fn texts_beyond_the_limits_come_whole_in_notes() {
    let env = TestEnv::new();
    let title = "t".repeat(700);
    let issue = json!({"id": "bd-1", "title": title, "description": "ä".repeat(700_000)});
    let path = made(&env, "issues.jsonl", issue.to_string().as_bytes());
    let done = env.cli(&["import", path.to_str().unwrap()]);
    assert!(done.success, "{} {}", done.stdout, done.stderr);
    assert!(done.stdout.contains("1 item, 4 notes and 0 dependencies came"), "{}", done.stdout);
    assert!(done.stdout.contains("bd-1: its title is cut to 500 characters"), "{}", done.stdout);
    let exported: Value = serde_json::from_str(&env.cli(&["export"]).stdout).unwrap();
    let body = |key: &str| {
        let notes = exported["notes"].as_array().unwrap();
        let note = notes.iter().find(|note| note["key"] == key).unwrap();
        note["body"].as_str().unwrap().to_owned()
    };
    assert_eq!(body("title"), title);
    assert_eq!(body("description") + &body("description-2"), "ä".repeat(700_000));
}
