//! What a page shows against what was printed: ids are another ones in each run, and `…` stands for anything.

use std::collections::HashMap;

/// Which id of the page is which id of this run. Both are the first 8 characters.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    runs: HashMap<String, String>,
    pages: HashMap<String, String>,
}

impl Ids {
    /// What a page types, with this run's ids: whole ones, or their first 4 characters and more.
    pub(crate) fn of_this_run(&self, text: &str) -> String {
        words(text, |word| {
            let known = word.len() >= 4 && word.len() <= 8;
            let whole = self.runs.iter().find(|(page, _)| known && page.starts_with(word));
            whole.map(|(_, run)| run[..word.len()].to_owned())
        })
    }

    /// What was printed, with the page's ids. Ids that are new to both are taken for each other, in the order in which
    /// they appear.
    pub(crate) fn of_the_page(&mut self, printed: &str, page: &str) -> String {
        let mut new =
            ids(page).into_iter().filter(|id| !self.runs.contains_key(id)).collect::<Vec<_>>().into_iter();
        for run in ids(printed) {
            if !self.pages.contains_key(&run)
                && let Some(page) = new.next()
            {
                self.runs.insert(page.clone(), run.clone());
                self.pages.insert(run, page);
            }
        }
        words(printed, |word| self.pages.get(word).cloned())
    }
}

/// Every id once, in the order of their first appearance.
fn ids(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    words(text, |word| {
        if word.len() == 8
            && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            && !out.iter().any(|known| known == word)
        {
            out.push(word.to_owned());
        }
        None
    });
    out
}

/// The text with each word of letters and digits exchanged where `other` has another one.
fn words(text: &str, mut other: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        out.push_str(&other(&word).unwrap_or_else(|| word.clone()));
        word.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

/// Whether a page's lines are those printed. `…` on a line of its own is any number of lines, inside a line any text.
pub(crate) fn same(page: &[&str], printed: &[&str]) -> bool {
    match page.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line.trim() == "…" => {
            (0..=printed.len()).any(|skipped| same(rest, &printed[skipped..]))
        }
        Some((line, rest)) => {
            printed.split_first().is_some_and(|(first, others)| same_line(line, first) && same(rest, others))
        }
    }
}

/// Whether a line is the other one, where `…` is any text.
pub(crate) fn same_line(page: &str, printed: &str) -> bool {
    let mut parts = page.trim_end().split('…');
    let mut rest = printed.trim_end();
    let Some(after) = parts.next().and_then(|head| rest.strip_prefix(head)) else { return false };
    rest = after;
    let mut parts: Vec<&str> = parts.collect();
    let Some(tail) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(tail)
}

#[test]
fn dots_stand_for_anything_and_nothing_else_does() {
    for (page, printed, want) in [
        ("a … c", "a b c", true),
        ("a … c", "a b d", false),
        ("…", "anything", true),
        ("a…b…a", "a b a", true),
        ("a…b…a", "a a", false),
        ("a", "a b", false),
    ] {
        assert_eq!(same_line(page, printed), want, "{page} {printed}");
    }
    assert!(same(&["a", "…", "c"], &["a", "b", "b", "c"]));
    assert!(same(&["…"], &[]));
    assert!(!same(&["a", "…"], &["b", "a"]));
    let mut ids = Ids::default();
    assert_eq!(
        ids.of_the_page("0a1b2c3d  queue  face\n", "11112222  queue  face\n"),
        "11112222  queue  face\n"
    );
    assert_eq!(ids.of_this_run("show 1111 --after 11112222 1112"), "show 0a1b --after 0a1b2c3d 1112");
}
