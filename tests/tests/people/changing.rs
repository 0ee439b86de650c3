//! `add`, `start`, `done` and the like, `note`, `dep`, `claim`: what a person does is a person's.

use std::os::unix::fs::PermissionsExt;

use e2e::{TestEnv, json};

use crate::{add, said, shop};

#[test]
fn what_a_person_does_is_recorded_as_theirs_whatever_the_agents_name_is() {
    let env = TestEnv::new();
    let someone = env.person().set("TASK_ORCHESTRATOR_AGENT", "claude");
    let id = add(&someone, &["By a person"]);
    someone.ends_with(0, &["start", &id]);
    let item = env.agent("ben").get(&id);
    assert_eq!(
        (&item["created_by"], &item["claimed_by"]),
        (&json!("person:ann"), &json!("person:ann")),
        "{item}"
    );
    // Nor does the agent of that name get the person's claim.
    env.agent("claude").refused("advance_item", json!({"item_id": id, "trigger": "complete"}), "CONFLICT");
}

#[test]
fn who_has_no_user_in_their_environment_is_called_as_the_system_calls_them() {
    let env = TestEnv::new();
    let said = std::process::Command::new("id").arg("-un").output().unwrap();
    let name = String::from_utf8(said.stdout).unwrap();
    let cron = env.person().set("USER", "").set("LOGNAME", "somebody");
    let id = add(&cron, &["By a script"]);
    assert_eq!(env.agent("ben").get(&id)["created_by"], format!("person:{}", name.trim()));
    // Where nothing tells, the folder's name is nobody's.
    let lost = env.person().set("USER", "").set("PATH", "");
    let id = add(&lost.clone().set("LOGNAME", "somebody"), &["By name"]);
    assert_eq!(env.agent("ben").get(&id)["created_by"], "person:somebody");
    let id = add(&lost.set("LOGNAME", ""), &["By nobody"]);
    assert_eq!(env.agent("ben").get(&id)["created_by"], "person:unknown");
}

#[test]
fn a_persons_claim_outlives_the_command_the_grace_and_the_daemon() {
    let env = TestEnv::with_config("claims: {grace: 0s}\n");
    let ann = env.person();
    let id = add(&ann, &["Held"]);
    ann.ends_with(0, &["start", &id]);
    env.kill_daemon();
    let ben = env.agent("ben");
    ben.refused("advance_item", json!({"item_id": id, "trigger": "complete"}), "CONFLICT").says("person:ann");
    assert_eq!(ann.json(&["claim"])["items"][0]["ends"], "when released");
    assert!(ann.ends_with(0, &["claim"]).stdout.contains("when released"));
    // The next command is the same person's.
    ann.ends_with(0, &["done", &id]);
    assert_eq!(ann.json(&["claim"])["items"], json!([]));
}

#[test]
fn add_takes_all_at_once_or_nothing() {
    let env = TestEnv::new();
    let ann = env.person();
    let first = add(&ann, &["First"]);
    let body = ann.typing("line one\nline two\n");
    let item = body.json(&[
        "add",
        "Second",
        "--after",
        &first[..6],
        "--note",
        "plan=-",
        "--note",
        "why=a=b",
        "--due",
        "2026-12-01",
        "--type",
        "task",
        "--priority",
        "low",
        "--tag",
        "a",
        "--tag",
        "b",
        "--parent",
        &first[..6],
    ]);
    let id = item["root"]["id"].as_str().unwrap_or_else(|| panic!("{item}"));
    let shown = ann.json(&["show", id]);
    let row = &shown["item"];
    assert_eq!(
        (&row["due_at"], &row["item_type"], &row["priority"], &row["tags"], &row["parent_id"]),
        (&json!("2026-12-01"), &json!("task"), &json!("low"), &json!("a,b"), &json!(first)),
        "{row}"
    );
    let notes: Vec<_> =
        shown["notes"].as_array().unwrap().iter().map(|note| (&note["key"], &note["body"])).collect();
    assert_eq!(notes, [(&json!("plan"), &json!("line one\nline two")), (&json!("why"), &json!("a=b"))]);
    assert_eq!(shown["blockers"][0]["id"], first);

    let before = ann.json(&["list"])["total"].clone();
    ann.ends_with(1, &["add", "Third", "--after", "ffffffff", "--note", "a=b"]);
    ann.ends_with(2, &["add", "Third", "--note", "nothing"]);
    ann.ends_with(2, &["add", "Third", "--note", "a=-", "--note", "b=-"]);
    assert_eq!(ann.json(&["list"])["total"], before, "nothing is left of what was refused");
}

#[test]
fn a_due_time_may_be_a_length_of_time() {
    let env = TestEnv::new();
    let ann = env.person();
    ann.ends_with(0, &["add", "Soon", "--due", "3d"]);
    ann.ends_with(0, &["add", "Late", "--due", "2020-01-01"]);
    let listed = ann.ends_with(0, &["list", "--sort", "due"]).stdout;
    assert!(listed.contains("  in ") && listed.contains("d ago"), "{listed}");
    assert!(ann.ends_with(0, &["next"]).stdout.contains("overdue"), "a word, not a colour alone");
}

#[test]
fn items_go_through_the_workflow() {
    let env = TestEnv::new();
    let [_, first, second] = shop(&env);
    let ann = env.person();
    for (words, status) in [
        (["start", &first], "work"),
        (["block", &first], "blocked"),
        (["resume", &first], "work"),
        (["cancel", &first], "cancelled"),
        (["reopen", &first], "queue"),
        (["complete", &first], "done"),
    ] {
        let done = ann.ends_with(0, &words);
        assert!(
            done.stdout.starts_with(&format!("{first}  {status}  Design the page\n")),
            "{words:?}: {done:?}"
        );
    }
    let again = ann.ends_with(0, &["reopen", &first]);
    assert!(!again.stdout.contains("unblocked"), "{again:?}");
    let done = ann.ends_with(0, &["done", &first[..5], "--reason", "as asked"]);
    assert!(done.stdout.contains(&format!("  unblocked {second}  queue  Build the page\n")), "{done:?}");
    assert_eq!(ann.json(&["history", &first, "-n", "1"])["items"][0]["kind"], "status_changed");
}

#[test]
fn several_items_stand_alone_unless_they_are_to_go_together() {
    let env = TestEnv::new();
    let ann = env.person();
    let [a, b] = ["A", "B"].map(|title| add(&ann, &[title]));
    ann.ends_with(0, &["done", &b]);
    let ended = ann.ends_with(1, &["start", &a, &b, "ffff"]);
    assert_eq!(said(&ended.stdout), "id1  work  A\n");
    assert!(
        ended.stderr.contains("Cannot start from done") && ended.stderr.contains("No item matching"),
        "{ended:?}"
    );
    let ended = ann.ends_with(1, &["done", "--atomic", &a, &b]);
    assert!(
        ended.stderr.contains(&format!("{b}: Cannot complete from done (--atomic: none was applied)")),
        "{ended:?}"
    );
    assert_eq!(ann.json(&["show", &a])["item"]["status"], "work");
    assert_eq!(ann.json(&["cancel", &a])["status"], "cancelled");
}

#[test]
fn closing_a_parent_says_what_is_still_open_below_it() {
    let env = TestEnv::new();
    let [root, first, _] = shop(&env);
    let ann = env.person();
    let done = ann.ends_with(0, &["done", &root]);
    let two = format!("  2 of its children are still open: task-orchestrator tree {root}\n");
    assert_eq!(done.stdout, format!("{root}  done  Launch the shop\n{two}"));
    // Something more under it says so too.
    let under = ann.ends_with(0, &["add", "Late", "--parent", &root]);
    assert!(under.stdout.ends_with(&format!("  its parent {root} Launch the shop is done\n")), "{under:?}");
    ann.ends_with(0, &["reopen", &root]);
    let open = ann.ends_with(0, &["add", "In time", "--parent", &root, "--note", "a=b"]);
    assert!(!open.stdout.contains("its parent"), "{open:?}");
    let cancelled = ann.ends_with(0, &["cancel", &first, &root]);
    assert!(cancelled.stdout.contains("  3 of its children are still open"), "{cancelled:?}");
    assert!(ann.ends_with(0, &["done", &open.stdout[..8]]).stdout.lines().count() == 1);
}

#[test]
fn to_wait_for_what_is_above_is_said_to_lead_nowhere() {
    let env = TestEnv::new();
    let [root, first, second] = shop(&env);
    let ann = env.person();
    let odd = |parent: &str| {
        format!(
            "  it is below {parent} Launch the shop, which comes after all that is below it: neither will be offered\n"
        )
    };
    let below = add(&ann, &["Two levels down", "--parent", &second]);
    for item in [&first, &below] {
        let made = ann.ends_with(0, &["dep", "add", item, &root]);
        assert!(made.stdout.ends_with(&odd(&root)), "{made:?}");
    }
    let added = ann.ends_with(0, &["add", "Third", "--parent", &root[..5], "--after", &root[..4]]);
    assert!(added.stdout.ends_with(&odd(&root)), "{added:?}");
    // Nothing is odd about an item that waits for one beside it, or that is only related.
    for words in [&["dep", "add", &below, &first][..], &["dep", "add", &second, &root, "--relates"]] {
        assert!(!ann.ends_with(0, words).stdout.contains("neither will"), "{words:?}");
    }
}

#[test]
fn notes_are_written_read_and_edited() {
    let env = TestEnv::new();
    let ann = env.person();
    let id = add(&ann, &["Noted"]);
    ann.ends_with(0, &["note", &id, "plan", "one", "--role", "work"]);
    assert_eq!(ann.ends_with(0, &["note", &id, "plan"]).stdout, "one\n");
    // Rewritten, from stdin this time, it stays with its phase.
    ann.typing("two\nlines\n").ends_with(0, &["note", &id, "plan", "-"]);
    let note = ann.json(&["note", &id, "plan"]);
    assert_eq!((&note["body"], &note["role"]), (&json!("two\nlines"), &json!("work")), "{note}");
    insta::assert_snapshot!("notes", ann.ends_with(0, &["note", &id]).stdout);

    let editor = env.folder().join("editor");
    std::fs::write(&editor, "#!/bin/sh\ncat \"$2\" > seen\nprintf '%s from %s\\n' edited \"$1\" > \"$2\"\n")
        .unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let with_editor = env.person().set("EDITOR", format!("{} --wait", editor.display()));
    with_editor.ends_with(0, &["note", &id, "plan", "--edit"]);
    assert_eq!(std::fs::read_to_string(env.folder().join("seen")).unwrap(), "two\nlines");
    assert_eq!(ann.json(&["note", &id, "plan"])["body"], "edited from --wait");
    // Without a terminal none is started that was not asked for.
    let nowhere = ann.ends_with(2, &["note", &id, "plan", "--edit"]);
    assert!(nowhere.stderr.contains("no terminal") && nowhere.stderr.contains("EDITOR"), "{nowhere:?}");
    let none = env.person().set("EDITOR", "no-such-editor").ends_with(1, &["note", &id, "plan", "--edit"]);
    assert!(none.stderr.contains("There is no editor 'no-such-editor'. Set EDITOR"), "{none:?}");
    let unchanged = env.person().set("EDITOR", "true").ends_with(0, &["note", &id, "plan", "--edit"]);
    assert!(unchanged.stderr.contains("Unchanged"), "{unchanged:?}");
    let failed = env.person().set("VISUAL", "false").ends_with(1, &["note", &id, "plan", "--edit"]);
    assert!(failed.stderr.contains("nothing was written"), "{failed:?}");
    assert_eq!(ann.json(&["note", &id, "plan"])["body"], "edited from --wait");
}

#[test]
fn a_note_that_the_schema_names_is_of_the_schemas_phase() {
    let env = TestEnv::with_config(
        "work_item_schemas:\n  task:\n    notes:\n      - {key: result, role: work, required: true}\n      - {key: hint, role: review}\n",
    );
    let ann = env.person();
    let id = add(&ann, &["x", "--type", "task"]);
    let role = |key: &str| ann.json(&["note", &id, key])["role"].clone();
    ann.ends_with(0, &["note", &id, "result", "it works"]);
    ann.ends_with(0, &["note", &id, "hint", "look twice"]);
    ann.ends_with(0, &["note", &id, "other", "of no schema"]);
    assert_eq!([role("result"), role("hint"), role("other")], ["work", "review", "queue"]);
    // What is said counts more; and so does where the note is.
    ann.ends_with(0, &["note", &id, "hint", "look once", "--role", "queue"]);
    ann.ends_with(0, &["note", &id, "hint", "look thrice"]);
    assert_eq!(role("hint"), "queue");
    let id = add(&ann, &["y", "--tag", "ui,task", "--note", "result=at once", "--note", "other=z"]);
    let notes = ann.json(&["note", &id])["items"].clone();
    let roles: Vec<_> = notes.as_array().unwrap().iter().map(|note| (&note["key"], &note["role"])).collect();
    assert_eq!(roles.iter().filter(|(key, role)| *key == "result" && *role == "work").count(), 1, "{notes}");
    ann.ends_with(1, &["note", "ffffffff", "result", "x"]);
}

#[test]
fn dependencies_are_drawn_shown_and_removed() {
    let env = TestEnv::new();
    let ann = env.person();
    let [a, b] = ["A", "B"].map(|title| add(&ann, &[title]));
    let made = ann.ends_with(0, &["dep", "add", &b, &a, "--unblock-at", "work"]);
    assert_eq!(made.stdout, format!("{b}  queue  B\n  waits for {a}  queue  A (until work)\n"));
    assert_eq!(
        ann.ends_with(0, &["dep", "show", &b]).stdout,
        format!("waits for   {a}  queue  A (until work)\n")
    );
    assert_eq!(
        ann.ends_with(0, &["dep", "show", &a]).stdout,
        format!("blocks      {b}  queue  B (until work)\n")
    );
    let cycle = ann.ends_with(1, &["dep", "add", &a, &b]);
    assert!(cycle.stderr.contains("cycle") && cycle.stderr.contains(&format!("  path {a} A")), "{cycle:?}");
    ann.ends_with(0, &["dep", "rm", &b, &a]);
    let gone = ann.ends_with(1, &["dep", "rm", &b, &a]);
    assert!(gone.stdout.contains("no such dependency"), "{gone:?}");
}

#[test]
fn claims_are_taken_given_back_and_passed_on() {
    let env = TestEnv::new();
    let ann = env.person();
    let id = add(&ann, &["Held"]);
    let ben = env.agent("ben");
    ben.total(); // connected by now
    ann.ends_with(0, &["claim", "--resource", "file:x", "--ttl", "2h"]);
    ann.ends_with(0, &["claim", &id]);
    let listed = ann.ends_with(0, &["claim"]).stdout;
    assert!(
        listed.contains("file:x") && listed.contains("  in ") && listed.contains("when released"),
        "{listed}"
    );
    let passed = ann.ends_with(0, &["claim", &id, "--handoff", "ben"]);
    assert!(passed.stdout.contains("held by ben"), "{passed:?}");
    let refused = ann.ends_with(1, &["claim", &id]);
    assert!(
        refused.stderr.contains("held by ben since") && !refused.stderr.contains("--force"),
        "{refused:?}"
    );
    let nobody = ann.ends_with(1, &["claim", "--resource", "file:x", "--handoff", "nobody"]);
    assert!(nobody.stderr.contains("next: task-orchestrator agents"), "{nobody:?}");
    ann.ends_with(0, &["claim", "--resource", "file:x", "--release"]);
    ann.ends_with(1, &["claim", "--resource", "file:x", "--release"]);
    ann.ends_with(2, &["claim", "--release"]);
}
