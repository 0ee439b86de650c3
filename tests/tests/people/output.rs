//! How output looks where it goes: pipes, colours, wide characters, what agents put into titles.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use e2e::{TestEnv, json};

use crate::{add, shop};

const VERBS: [&[&str]; 7] =
    [&["list"], &["next"], &["tree"], &["graph"], &["history"], &["metrics"], &["agents"]];

#[test]
fn colours_are_for_terminals_or_for_who_insists() {
    let env = TestEnv::new();
    shop(&env);
    for words in VERBS {
        let plain = env.person().ends_with(0, words);
        assert!(!plain.stdout.contains('\u{1b}'), "{words:?} into a pipe: {plain:?}");
        let forced = env.person().set("CLICOLOR_FORCE", "1").ends_with(0, words);
        assert!(forced.stdout.contains('\u{1b}'), "{words:?} forced: {forced:?}");
        let never = env.person().set("CLICOLOR_FORCE", "1").set("NO_COLOR", "1").ends_with(0, words);
        assert!(!never.stdout.contains('\u{1b}'), "{words:?} with NO_COLOR: {never:?}");
        let json = env.person().set("CLICOLOR_FORCE", "1").json(words);
        assert!(!json.to_string().contains("\\u001b"), "{words:?}");
    }
}

#[test]
fn without_colours_every_word_is_still_there() {
    let env = TestEnv::new();
    shop(&env);
    let unpainted = |text: &str| {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |out, part| out + part.split_once('m').map_or("", |(_, rest)| rest))
    };
    for words in [&["list"][..], &["tree"], &["next"]] {
        let painted = env.person().set("CLICOLOR_FORCE", "1").ends_with(0, words).stdout;
        assert_eq!(unpainted(&painted), env.person().ends_with(0, words).stdout, "{words:?}");
    }
}

#[test]
fn wide_characters_take_their_columns() {
    let env = TestEnv::new();
    let ann = env.person();
    add(&ann, &["日本語のタイトル", "--tag", "見出し"]);
    let id = add(&ann, &["plain"]);
    env.client()
        .agent("エージェント")
        .connect()
        .ok("claim_item", json!({"operation": "claim", "item_id": id}));
    let listed = ann.ends_with(0, &["list"]).stdout;
    let lines: Vec<&str> = listed.lines().collect();
    // Six wide characters take the place of twelve.
    assert!(lines[0].ends_with("HELD BY       TITLE"), "{listed}");
    assert!(lines[1].ends_with("エージェント  plain"), "{listed}");
    assert!(lines[2].ends_with("日本語のタイトル  #見出し"), "{listed}");
}

#[test]
fn what_agents_write_moves_no_cursor() {
    let env = TestEnv::new();
    let ben = env.agent("ben");
    let id = ben.item_with(json!({"title": "a\u{1b}[2Jb", "description": "\u{1b}]0;x\u{7}", "tags": "\u{1b}c", "due_at": "2020-01-01"}));
    let other = ben.item("other");
    ben.note(&id, "plan", "\u{1b}[31mred\u{9b}2J");
    ben.blocks(&id, &other);
    let all = env.person();
    for words in [
        &["show", &id][..],
        &["note", &id, "plan"],
        &["start", &other],
        &["export", "--format", "markdown"],
        &["graph", "--format", "mermaid"],
        &["graph", "--format", "dot"],
    ]
    .into_iter()
    .chain(VERBS)
    {
        let ended = all.run(words);
        let bad = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!ended.stdout.contains(bad) && !ended.stderr.contains(bad), "{words:?}: {ended:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let env = TestEnv::new();
    shop(&env);
    for words in
        [&["list"][..], &["list", "--json"], &["show", "ffff"], &["export"], &["export", "-f", "markdown"]]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let ended = env.person().command(words).stdout(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{words:?}");
        assert!(!ended.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_fault() {
    let env = TestEnv::new();
    let items: Vec<_> = (0..500).map(|n| json!({"title": format!("{n} {}", "x".repeat(300))})).collect();
    env.agent("ben").ok("manage_items", json!({"operation": "create", "items": items}));
    for words in [
        &["list", "-n", "500"][..],
        &["list", "-n", "500", "--json"],
        &["tree"],
        &["export"],
        &["export", "-f", "markdown"],
    ] {
        let mut command = env.person().command(words);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        // One line is read, and the pipe closed with far more to come.
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(
            (ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()),
            (Some(0), ""),
            "{words:?}"
        );
    }
}
