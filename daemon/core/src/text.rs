//! Small rules about text that several parts share.

use crate::limits;
use crate::refusal::Refusal;

/// Reads a comma-separated list of tags: trimmed, empty ones dropped, a repeated one kept once, in the order given.
pub fn parse_tags(text: &str) -> Result<Vec<String>, Refusal> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        limits::chars("tags", tag, limits::TAG_CHARS)?;
        if !tags.iter().any(|t| t == tag) {
            tags.push(tag.to_owned());
        }
    }
    if tags.len() > limits::TAGS {
        let (n, most) = (tags.len(), limits::TAGS);
        return Err(
            Refusal::validation(format!("tags has {n} tags; at most {most} are allowed")).field("tags")
        );
    }
    Ok(tags)
}

/// The tags of a stored item, whatever an import brought.
pub fn split_tags(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty())
}

/// Cuts text to at most `most` characters, with an ellipsis where something was cut.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(most.saturating_sub(1)).map_or(0, |(i, _)| i);
            format!("{}…", text[..end].trim_end())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_and_unique() {
        let cases: [(&str, &[&str]); 4] =
            [("a, b ,a", &["a", "b"]), ("", &[]), (" , ,", &[]), ("ünï,x y", &["ünï", "x y"])];
        for (text, want) in cases {
            assert_eq!(
                parse_tags(text).as_deref(),
                Ok(want.iter().map(|s| s.to_string()).collect::<Vec<_>>().as_slice())
            );
        }
        assert!(parse_tags(&"x".repeat(101)).is_err());
        assert!(parse_tags(&(0..51).map(|n| n.to_string()).collect::<Vec<_>>().join(",")).is_err());
    }

    #[test]
    fn cut_counts_characters() {
        for (text, most, want) in
            [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("éééé", 2, "é…"), ("a b c", 3, "a…")]
        {
            assert_eq!(cut(text, most), want);
        }
    }
}
