//! What a person types at a terminal or in a script (`README.md`, `docs/cli.md`): the real program over a real daemon.

mod calling;
mod changing;
mod completing;
mod editing;
mod exporting;
mod looking;
mod output;
mod pages;
mod refusals;
mod watching;

use e2e::{Person, TestEnv, json, stable};

/// What was printed, made comparable: ids by their first appearance, minutes as `minute`.
fn said(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(minutes_named).collect();
    let lines = stable(&json!(lines));
    let lines = lines.as_array().into_iter().flatten().filter_map(|line| line.as_str());
    lines.map(|line| format!("{line}\n")).collect()
}

/// `2026-11-23 09:31 UTC` is when the test ran.
fn minutes_named(line: &str) -> String {
    let mut out = String::new();
    let mut words = line.split(' ').peekable();
    while let Some(word) = words.next() {
        let date = word.len() == 10 && word.bytes().filter(|b| *b == b'-').count() == 2;
        match words.peek() {
            Some(time) if date && time.len() == 5 && time.as_bytes()[2] == b':' => {
                words.next();
                assert_eq!(words.next().map(|zone| &zone[..3]), Some("UTC"), "the zone is said: {line}");
                out.push_str("minute ");
            }
            _ => {
                out.push_str(word);
                out.push(' ');
            }
        }
    }
    out.trim_end().to_owned()
}

/// Adds an item; its id.
#[track_caller]
fn add(person: &Person, words: &[&str]) -> String {
    let words: Vec<&str> = ["add"].iter().chain(words).copied().collect();
    let item = person.json(&words);
    let item = if item.get("root").is_some() { &item["root"] } else { &item };
    item["id"].as_str().unwrap_or_else(|| panic!("{words:?}: {item}")).to_owned()
}

/// A root with two items below, of which the second waits for the first.
fn shop(env: &TestEnv) -> [String; 3] {
    let ann = env.person();
    let root = add(&ann, &["Launch the shop", "--priority", "high", "--tag", "ui"]);
    let first =
        add(&ann, &["Design the page", "--parent", &root, "--tag", "ui,web", "--priority", "critical"]);
    let second =
        add(&ann, &["Build the page", "--parent", &root, "--after", &first, "--note", "why=It sells"]);
    [root, first, second]
}
