//! `edit`, `delete`, `undelete`: what was written can be mended, and a slip can be taken back.

use e2e::{TestEnv, json};

use crate::{said, shop};

#[test]
fn an_edit_changes_what_is_given_and_nothing_else() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    let ann = env.person();
    ann.typing("in\ntwo lines\n").ends_with(
        0,
        &["edit", &first[..5], "--title", "Draw the page", "--description", "-", "--due", "2026-12-01"],
    );
    let item = ann.json(&["show", &first])["item"].clone();
    assert_eq!(
        [&item["title"], &item["description"], &item["due_at"], &item["priority"], &item["tags"]],
        [
            &json!("Draw the page"),
            &json!("in\ntwo lines"),
            &json!("2026-12-01"),
            &json!("critical"),
            &json!("ui,web")
        ],
        "{item}"
    );
    let item = ann.json(&[
        "edit",
        &first,
        "--clear",
        "due,priority",
        "--description",
        "",
        "--tag",
        "a",
        "--tag",
        "b",
    ]);
    assert_eq!((&item["priority"], &item["tags"]), (&json!("medium"), &json!("a,b")), "{item}");
    assert!(item.get("due_at").is_none() && item.get("description").is_none(), "{item}");
}

#[test]
fn an_edit_moves_an_item_with_all_below_it() {
    let env = TestEnv::new();
    let [root, first, second] = shop(&env);
    let ann = env.person();
    let moved = ann.ends_with(0, &["edit", &second, "--parent", &first]);
    assert!(moved.stdout.ends_with(&format!("  now under {first}  queue  Design the page\n")), "{moved:?}");
    ann.ends_with(1, &["edit", &first, "--parent", &second]);
    let moved = ann.ends_with(0, &["edit", &first, "--parent", "root"]);
    assert!(moved.stdout.ends_with("  now under no other item\n"), "{moved:?}");
    let tree = ann.json(&["tree", &first]);
    assert_eq!(tree["items"][0]["children"][0]["id"], second, "{tree}");
    assert!(ann.json(&["tree", &root])["items"][0].get("children").is_none());
}

#[test]
fn an_edit_without_anything_to_change_or_that_contradicts_itself_is_wrong_usage() {
    let env = TestEnv::new();
    let ann = env.person();
    for words in [&["edit", "ffff"][..], &["edit", "ffff", "--due", "3d", "--clear", "due"]] {
        let ended = ann.ends_with(2, words);
        assert!(ended.stderr.contains("--due"), "{ended:?}");
    }
    ann.ends_with(2, &["edit", "ffff", "--clear", "title"]);
}

#[test]
fn somebody_elses_item_is_edited_and_deleted_by_force_alone() {
    let env = TestEnv::new();
    let [_, first, _] = shop(&env);
    let ben = env.agent("ben");
    ben.advance(&first, "start");
    let ann = env.person();
    let refused = ann.ends_with(1, &["edit", &first, "--title", "Mine"]);
    assert!(refused.stderr.contains("held by ben") && !refused.stderr.contains("--force"), "{refused:?}");
    ann.ends_with(1, &["delete", &first]);
    ann.ends_with(0, &["edit", &first, "--title", "Mine", "--force"]);
    ann.ends_with(0, &["delete", &first, "--force"]);
}

#[test]
fn what_is_deleted_is_brought_back_with_all_that_went() {
    let env = TestEnv::new();
    let [root, first, second] = shop(&env);
    let ann = env.person();
    let refused = ann.ends_with(1, &["delete", &root[..5]]);
    let next = format!("next: task-orchestrator tree {}\n", &root[..5]);
    assert!(
        refused.stderr.contains("has 2 children. --recursive deletes them too.")
            && refused.stderr.ends_with(&next),
        "{refused:?}"
    );
    assert!(!refused.stderr.contains("task-orchestrator delete"), "nothing to paste: {refused:?}");
    let deleted = ann.ends_with(0, &["delete", &root, "--recursive"]);
    assert_eq!(
        deleted.stdout,
        format!(
            "{root}  deleted  Launch the shop, with 2 below it\n  task-orchestrator undelete {root} brings it back\n"
        )
    );
    let back = ann.ends_with(0, &["undelete", &root[..6]]);
    assert_eq!(back.stdout, format!("{root}  queue  Launch the shop\n  with 2 below it\n"));
    let shown = ann.json(&["show", &second]);
    assert_eq!(
        (&shown["blockers"][0]["id"], &shown["notes"][0]["key"]),
        (&json!(first), &json!("why")),
        "{shown}"
    );
    let again = ann.ends_with(1, &["undelete", "ffff"]);
    assert!(again.stderr.contains("next: task-orchestrator history --kind item_deleted"), "{again:?}");
}

#[test]
fn several_are_deleted_each_for_itself() {
    let env = TestEnv::new();
    let [root, first, second] = shop(&env);
    let ann = env.person();
    let ended = ann.ends_with(1, &["delete", &first, &root, "ffff", &second]);
    assert_eq!(
        said(&ended.stdout),
        "id1  deleted  Design the page\nid2  deleted  Build the page\n  task-orchestrator undelete ID brings each back\n"
    );
    assert!(
        ended.stderr.contains(&format!("{root}: Item has 1 child."))
            && ended.stderr.contains("ffff: No item"),
        "{ended:?}"
    );
    // The dependency went with the first of its two ends, and the other is not back yet.
    let back = ann.ends_with(0, &["undelete", &first]);
    assert!(back.stdout.contains("without a dependency on an item that is deleted"), "{back:?}");
    ann.ends_with(0, &["undelete", &second]);
    assert_eq!(ann.json(&["list"])["total"], 3);
}

#[test]
fn verbs_of_other_programs_are_told_what_they_are_here() {
    let env = TestEnv::new();
    let ann = env.person();
    for (typed, here) in [
        ("rm", "delete ITEM"),
        ("remove", "delete ITEM"),
        ("update", "edit ITEM"),
        ("mv", "edit ITEM --parent ITEM"),
        ("close", "done ITEM"),
        ("new", "add TITLE"),
        ("search", "list --search WORDS"),
    ] {
        let ended = ann.ends_with(2, &[typed, "ffff"]);
        assert!(ended.stderr.contains(&format!("here this is 'task-orchestrator {here}'")), "{ended:?}");
        assert!(!ended.stderr.contains("similar"), "no guess beside it: {ended:?}");
    }
    let slip = ann.ends_with(2, &["delet", "ffff"]);
    assert!(slip.stderr.contains("'delete'"), "{slip:?}");
}
