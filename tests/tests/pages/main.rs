//! Pages that are made from the code, and every example of every page (`README.md`, `docs/`): run, parsed, or listed with
//! the reason why not.
//!
//! `UPDATE_DOCS=1 cargo test -p e2e --test pages` writes the generated pages anew.

mod commands;
mod config;
mod examples;
mod fences;
mod layout;
mod matching;
mod prompts;
mod terminal;
mod tools;
mod world;

use e2e::workspace_root;

/// Fails when a page is not `text`; with `UPDATE_DOCS` set, writes it instead.
#[track_caller]
fn is_up_to_date(page: &str, text: &str) {
    let path = workspace_root().join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{page}: {error}"));
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let line = kept.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("the end").to_owned();
    assert!(
        kept == text,
        "{page} is stale from line {}:\n  there: {}\n  now:   {}\nRead what changed, then write it anew: UPDATE_DOCS=1 cargo test -p e2e --test pages",
        line + 1,
        at(&kept),
        at(text)
    );
}
