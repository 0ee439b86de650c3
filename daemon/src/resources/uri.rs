//! Percent-encoding, as addresses have it: an id that an import brought may hold anything.

/// The text that `%XX` stand in; `None` when they are no UTF-8 or cut short.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_and_the_rest_left_alone() {
        let cases = [
            ("3f2a9c01", Some("3f2a9c01")),
            ("a%20b%2Fc", Some("a b/c")),
            ("%C3%A9t%C3%A9", Some("été")),
            ("été", Some("été")),
            ("%", None),
            ("%+1", None),
            ("%é", None),
            ("%FF", None),
        ];
        for (text, want) in cases {
            assert_eq!(percent_decoded(text).as_deref(), want, "{text}");
        }
    }
}
