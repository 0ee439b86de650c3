//! The words of a text, as a search takes them apart.

use unicode_general_category::{GeneralCategory as Of, get_general_category};

/// The words of a text: letters and digits, with the marks that belong to them (a vowel sign of Hindi, a combining accent).
///
/// The search text of a store splits texts into the same words; what is one word here is one there, whatever else the two know of
/// a character that is new to Unicode.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !in_words(c)).filter(|word| word.chars().any(|c| !is_mark(c)))
}

fn in_words(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    is_mark(c)
        || matches!(
            get_general_category(c),
            Of::UppercaseLetter
                | Of::LowercaseLetter
                | Of::TitlecaseLetter
                | Of::ModifierLetter
                | Of::OtherLetter
                | Of::DecimalNumber
                | Of::LetterNumber
                | Of::OtherNumber
                | Of::PrivateUse
        )
}

fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && matches!(get_general_category(c), Of::NonspacingMark | Of::SpacingMark | Of::EnclosingMark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_their_marks_are_in_words() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  --  ", &[]),
            ("fix the pump", &["fix", "the", "pump"]),
            ("foo-bar_baz.rs:12", &["foo", "bar", "baz", "rs", "12"]),
            ("Über²", &["Über²"]),
            ("cafe\u{301}s", &["cafe\u{301}s"]),
            ("हिन्दी भाषा", &["हिन्दी", "भाषा"]),
            ("ที่นี่", &["ที่นี่"]),
            ("日本語、テスト", &["日本語", "テスト"]),
            ("\u{301} a", &["a"]),
            ("ⓐ", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(&words(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
