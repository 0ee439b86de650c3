//! Markdown with front matter: YAML between two lines of dashes, then sections.

use serde_json::{Map, Value};

/// Largest front matter, in bytes.
const LARGEST: usize = 64 << 10;
/// Deepest nesting, most values, also counted where an alias repeats them.
const DEPTH: usize = 16;
const VALUES: usize = 5_000;

/// Such a file.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What the front matter says.
    pub(super) fields: Map<String, Value>,
    /// What stands before the first section.
    pub(super) body: String,
    /// The sections by their headings.
    pub(super) sections: Vec<(String, String)>,
}

/// Reads one, or says why it is none.
pub(super) fn read(text: &str) -> Result<Page, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let rest = text.strip_prefix("---\n").ok_or("it does not begin with front matter (---)")?;
    let (front, body) = match rest.strip_prefix("---\n") {
        Some(body) => ("", body),
        None => rest
            .split_once("\n---\n")
            .or_else(|| rest.strip_suffix("\n---").map(|front| (front, "")))
            .ok_or("its front matter has no end (---)")?,
    };
    if front.len() > LARGEST {
        return Err(format!("its front matter has more than {} KiB", LARGEST >> 10));
    }
    let mut page = Page { fields: yaml(front)?, ..Page::default() };
    sections(body, &mut page);
    Ok(page)
}

fn yaml(text: &str) -> Result<Map<String, Value>, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH, max_nodes: VALUES, max_documents: 2 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: VALUES },
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false
    };
    let value: Option<Map<String, Value>> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let words = error.to_string();
            let line = words.lines().next().unwrap_or_default();
            format!("its front matter is not valid YAML: {}", orc_core::text::cut(line, 200))
        })?;
    Ok(value.unwrap_or_default())
}

/// Cuts at headings of the second level, but not in fenced code nor between the marks that Backlog.md sets around a text.
fn sections(text: &str, page: &mut Page) {
    let (mut marked, mut fenced) = (false, false);
    let mut current = String::new();
    let mut heading: Option<String> = None;
    for line in text.lines() {
        let plain = line.trim();
        if let Some(mark) = plain.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) {
            let mark = mark.trim();
            if mark.ends_with(":BEGIN") || mark.ends_with(":END") {
                marked = mark.ends_with(":BEGIN");
                continue;
            }
        }
        fenced ^= plain.starts_with("```") || plain.starts_with("~~~");
        match line.strip_prefix("## ").filter(|_| !marked && !fenced) {
            Some(next) => {
                end(heading.replace(next.trim().to_owned()), &mut current, page);
            }
            None => {
                current.push_str(line);
                current.push('\n');
            }
        }
    }
    end(heading, &mut current, page);
}

fn end(heading: Option<String>, text: &mut String, page: &mut Page) {
    let text = std::mem::take(text).trim().to_owned();
    match heading {
        None => page.body = text,
        Some(heading) if !text.is_empty() => page.sections.push((heading, text)),
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_sections_come_apart() {
        let page = read(
            "---\r\nid: TASK-1\nlabels: [a, b]\nversion: 007\ncreated: 2026-11-25 03:17\n---\nbefore\n\n## Description\n\n<!-- SECTION:DESCRIPTION:BEGIN -->\none\n## no section\n<!-- SECTION:DESCRIPTION:END -->\n\n## Empty\n\n## Code\n```\n## neither\n```\n",
        )
        .unwrap();
        assert_eq!(page.fields["id"], "TASK-1");
        assert_eq!(page.fields["labels"], serde_json::json!(["a", "b"]));
        assert_eq!(page.fields["version"], "007");
        assert_eq!(page.fields["created"], "2026-11-25 03:17");
        assert_eq!(page.body, "before");
        let sections: Vec<(&str, &str)> =
            page.sections.iter().map(|(heading, text)| (heading.as_str(), text.as_str())).collect();
        assert_eq!(sections, [("Description", "one\n## no section"), ("Code", "```\n## neither\n```")]);
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        let bomb: String = (1..12)
            .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", ")))
            .collect();
        for (text, wanted) in [
            ("# no front matter".to_owned(), "does not begin with front matter"),
            ("---\nid: 1\n".to_owned(), "has no end"),
            (format!("---\na: {}\n---\n", "x".repeat(LARGEST)), "more than 64 KiB"),
            (format!("---\na0: &a0 [x, x]\n{bomb}---\n"), "not valid YAML"),
            (format!("---\na: {}\n---\n", "[".repeat(2_000)), "not valid YAML"),
            ("---\n- a\n- b\n---\n".to_owned(), "not valid YAML"),
            ("---\na: [\n---\n".to_owned(), "not valid YAML"),
        ] {
            let refusal = read(&text).unwrap_err();
            assert!(refusal.contains(wanted), "{refusal}");
        }
        assert!(read("---\n---\n").unwrap().fields.is_empty());
    }
}
