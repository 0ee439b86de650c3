//! How many of something, in words.

use indicatif::HumanCount;

/// `1 item`, `12,000 items`, `1 dependency`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    match (count, one.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o']))) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{} {stem}ies", HumanCount(count)),
        (_, None) => format!("{} {one}s", HumanCount(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_one_and_all_else_is_many() {
        for (count, one, want) in [
            (0, "item", "0 items"),
            (1, "item", "1 item"),
            (12_000, "item", "12,000 items"),
            (1, "dependency", "1 dependency"),
            (2, "dependency", "2 dependencies"),
            (30, "day", "30 days"),
        ] {
            assert_eq!(counted(count, one), want);
        }
    }
}
