//! The known word that a mistyped one was most likely meant to be.

/// The nearest of the known words, when one is near enough to be worth naming: a third of its letters may differ, and
/// at least one, or one of the two is the beginning of the other. Case and the choice between `-` and `_` do not count.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is this long was no slip of the finger, and the comparison costs the product of both lengths.
    if word.len() > 100 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| {
            let candidate = plain(candidate);
            let begun = word.len() > 1 && candidate.starts_with(&word);
            let lengthened = candidate.len() > 3 && word.starts_with(&candidate);
            begun || lengthened || *distance <= (candidate.chars().count() / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["lifecycle", "notes", "key", "work_item_schemas"];
        let cases = [
            ("lifecyle", Some("lifecycle")),
            ("Notes", Some("notes")),
            ("note", Some("notes")),
            ("kye", Some("key")),
            ("work-item-schema", Some("work_item_schemas")),
            ("life", Some("lifecycle")),
            ("notes_filter", Some("notes")),
            ("gates", None),
            ("", None),
        ];
        for (word, want) in cases {
            assert_eq!(nearest(word, known), want, "{word:?}");
        }
        assert_eq!(nearest(&"k".repeat(1000), known), None);
    }
}
