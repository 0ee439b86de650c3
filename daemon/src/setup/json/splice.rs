//! Putting an entry at the end of a container, and cutting one out so that the bytes are those of before.
//!
//! What is put in is: a comma behind the entry that was last, if it had none; and the entry, on a line of its own in a container
//! of several lines, behind a comment that ends the line before. So the cut knows what to take: the entry with the white
//! space before it back to the end of the line above, and one comma.

use serde_json::Value;

use super::{
    render,
    scan::{Node, end_of_trivia},
};

/// How a text is laid out.
pub(super) struct Style {
    /// What one level is indented by.
    pub(super) unit: String,
    /// How its lines end.
    pub(super) eol: &'static str,
}

/// How a text is laid out: as its first indented line, two spaces if there is none.
pub(super) fn style(text: &str) -> Style {
    let indented =
        text.lines().find(|line| line.starts_with([' ', '\t']) && line.trim_start().starts_with('"'));
    let unit = indented.map_or("  ", |line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
    Style { unit: unit.to_owned(), eol: if text.contains("\r\n") { "\r\n" } else { "\n" } }
}

/// The white space that the line of a byte begins with.
pub(super) fn indent_of_line(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..at].trim_start_matches('\u{feff}');
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// A text without a root, and one behind it.
pub(super) fn append_root(text: &str, root: &Value) -> String {
    let style = style(text);
    let gap =
        if text.trim_start_matches('\u{feff}').is_empty() || text.ends_with('\n') { "" } else { style.eol };
    let rendered = render::block(root, &style.unit, "").replace('\n', style.eol);
    format!("{text}{gap}{rendered}{}", style.eol)
}

/// A container of a text.
pub(super) struct Splice<'t> {
    pub(super) text: &'t str,
    pub(super) container: &'t Node,
}

impl Splice<'_> {
    /// The text with one more entry at the container's end.
    pub(super) fn insert(&self, key: Option<&str>, value: &Value) -> String {
        let Style { unit, eol } = style(self.text);
        let (open, close) = (self.container.span.start + 1, self.container.span.end - 1);
        let lines = self.text[open..close].contains('\n');
        let last = self.container.entries().last();
        let inline = !lines && (last.is_some() || self.is_in_one_line());
        let outer = indent_of_line(self.text, open);
        let indent =
            match self.container.entries().iter().map(|entry| entry.start).find(|at| self.begins_line(*at)) {
                Some(at) => indent_of_line(self.text, at).to_owned(),
                None => format!("{outer}{unit}"),
            };
        let spaced = !self.is_in_one_line() || self.text.contains(": ");
        let rendered = if inline {
            render::inline(value, spaced)
        } else {
            render::block(value, &unit, &indent).replace('\n', eol)
        };
        let space = if spaced { " " } else { "" };
        let key = key.map(|key| format!("{}:{space}", render::string(key))).unwrap_or_default();
        let before = if !inline {
            format!("{eol}{indent}")
        } else if last.is_some() {
            space.to_owned()
        } else {
            String::new()
        };
        let behind = if inline || lines { String::new() } else { format!("{eol}{outer}") };
        let (comma, from) = match last {
            Some(entry) => (
                entry.comma.is_none().then_some(entry.value.span.end),
                entry.comma.map_or(entry.value.span.end, |at| at + 1),
            ),
            None => (None, open),
        };
        let trailing = if last.is_some_and(|entry| entry.comma.is_some()) { "," } else { "" };
        let at = match last {
            Some(_) => behind_comments_of_line(self.text, from),
            None => open + self.text[open..close].trim_end().len(),
        };
        let mut text = self.text.to_owned();
        text.insert_str(at, &format!("{before}{key}{rendered}{trailing}{behind}"));
        if let Some(at) = comma {
            text.insert(at, ',');
        }
        text
    }

    /// Whether the whole document has no line but one.
    fn is_in_one_line(&self) -> bool {
        !self.text.trim().contains('\n') && self.text.contains('"')
    }

    fn begins_line(&self, at: usize) -> bool {
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        start > 0 && self.text[start..at].trim().is_empty()
    }
}

/// The end of the last comment that begins in the same line, or the byte itself.
fn behind_comments_of_line(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let rest = &rest[blank..];
        if rest.starts_with("//") {
            let line = rest.lines().next().unwrap_or_default();
            return at + blank + line.len();
        }
        match rest.strip_prefix("/*").and_then(|comment| comment.find("*/")) {
            Some(end) => at += blank + end + 4,
            None => return at,
        }
    }
}

/// The text without an entry. `interior`: what stood between the brackets when the container was empty.
pub(super) fn cut(text: &str, container: &Node, entry: usize, interior: Option<&str>) -> String {
    let entries = container.entries();
    let own = &entries[entry];
    let (open, close) = (container.span.start + 1, container.span.end - 1);
    let start = start_with_white_space(text, own.start, open);
    let end = own.comma.map_or(own.value.span.end, |comma| comma + 1);
    let mut kept = text.to_owned();
    if entries.len() == 1 {
        let left = format!("{}{}", &text[open..start], &text[end..close]);
        let interior = interior.unwrap_or_default();
        let comments_apart = interior.trim() != left.trim();
        kept.replace_range(open..close, if comments_apart { &left } else { interior });
        return kept;
    }
    kept.replace_range(start..end, "");
    let before = entry.checked_sub(1).map(|before| &entries[before]);
    // Last without a comma: the one before it got its comma for it.
    if let Some(comma) = before.and_then(|before| before.comma)
        && entry + 1 == entries.len()
        && own.comma.is_none()
    {
        kept.replace_range(comma..=comma, "");
    }
    kept
}

/// Where the white space before an entry begins, back to the end of the line above; on one line, all of it.
fn start_with_white_space(text: &str, at: usize, open: usize) -> usize {
    let blank = text[open..at].trim_end_matches([' ', '\t']).len() + open;
    let line = text[open..blank].strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    line.map_or(blank, |line| open + line.len())
}

/// Whether a container holds a comment outside of an entry.
pub(super) fn has_comment(text: &str, container: &Node, entry: usize) -> bool {
    let own = &container.entries()[entry];
    let end = own.comma.map_or(own.value.span.end, |comma| comma + 1);
    let comment = |from: usize| !text[from..end_of_trivia(text, from)].trim().is_empty();
    comment(container.span.start + 1) || comment(own.value.span.end) || comment(end)
}
