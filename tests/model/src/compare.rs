//! Whether the product answered what the model did, where the model's answer may hold symbols.

use serde_json::Value;

use crate::symbol::{ANYTHING, Known, REST};

/// Compares an answer with what was expected, and learns what symbols stand for. The first difference, with its place.
///
/// # Errors
/// In words, for whoever reads the failed history.
pub fn compare(expected: &Value, got: &Value, known: &mut Known) -> Result<(), String> {
    at("answer", expected, got, known)
}

fn at(place: &str, expected: &Value, got: &Value, known: &mut Known) -> Result<(), String> {
    match (expected, got) {
        (Value::String(text), _) if text == ANYTHING => Ok(()),
        (Value::String(text), Value::String(answered)) => {
            matches(text, answered, known).map_err(|why| format!("{place}: {why}"))
        }
        (Value::Array(wanted), Value::Array(answered)) => {
            for (n, (wanted, answered)) in wanted.iter().zip(answered).enumerate() {
                at(&format!("{place}[{n}]"), wanted, answered, known)?;
            }
            if wanted.len() == answered.len() {
                return Ok(());
            }
            Err(format!("{place}: {} entries, expected {}", answered.len(), wanted.len()))
        }
        (Value::Object(wanted), Value::Object(answered)) => {
            for (key, value) in wanted.iter().filter(|(key, _)| *key != REST) {
                match answered.get(key) {
                    Some(found) => at(&format!("{place}.{key}"), value, found, known)?,
                    None => return Err(format!("{place}.{key} is missing, expected {value}")),
                }
            }
            let open = wanted.contains_key(REST);
            match answered.iter().find(|(key, _)| !open && !wanted.contains_key(*key)) {
                Some((key, value)) => Err(format!("{place}.{key} is not expected, got {value}")),
                None => Ok(()),
            }
        }
        _ if expected == got => Ok(()),
        _ => Err(format!("{place}: got {got}, expected {expected}")),
    }
}

/// Text with symbols in it against text.
fn matches(expected: &str, got: &str, known: &mut Known) -> Result<(), String> {
    let differs = || format!("got {got:?}, expected {expected:?}");
    let (mut wanted, mut rest) = (expected, got);
    while let Some(begin) = wanted.find('‹') {
        rest = rest.strip_prefix(&wanted[..begin]).ok_or_else(differs)?;
        let end = wanted.find('›').ok_or_else(differs)?;
        let symbol = &wanted[begin + '‹'.len_utf8()..end];
        wanted = &wanted[end + '›'.len_utf8()..];
        let length = match symbol.as_bytes()[0] {
            b's' | b'f' => {
                let id: usize = symbol[1..].parse().map_err(|_| differs())?;
                learn_id(&mut known.ids[id], rest, symbol.starts_with('s')).ok_or_else(differs)?
            }
            b't' => learn_moment(known, &symbol[1..], rest).ok_or_else(differs)?,
            _ => {
                let literal = wanted.split('‹').next().unwrap_or_default();
                if literal.is_empty() { rest.len() } else { rest.find(literal).ok_or_else(differs)? }
            }
        };
        rest = &rest[length..];
    }
    if rest == wanted { Ok(()) } else { Err(differs()) }
}

/// How many bytes the id takes; what is new of it is kept.
fn learn_id(known: &mut String, text: &str, short: bool) -> Option<usize> {
    // Ids that came from elsewhere are known whole, and may be shorter.
    let drawn = known.is_empty() || known.len() == 8 || known.len() == 36;
    let length = match (short, drawn) {
        (true, _) => known.len().clamp(if drawn { 8 } else { 0 }, 8),
        (false, true) => 36,
        (false, false) => known.len(),
    };
    let shown = text.get(..length)?;
    let agree = shown.starts_with(known.as_str()) || known.starts_with(shown);
    if !agree || known.is_empty() && !shown.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
        return None;
    }
    if shown.len() > known.len() {
        *known = shown.to_owned();
    }
    Some(length)
}

/// Bytes of a moment as the product writes it.
const MOMENT: usize = "2026-11-23T09:31:00.000001+00:00".len();

fn learn_moment(known: &mut Known, symbol: &str, text: &str) -> Option<usize> {
    let (call, seconds) = symbol.split_once('+').unwrap_or((symbol, "0"));
    let call: u64 = call.parse().ok()?;
    let micros = micros(text.get(..MOMENT)?)? - seconds.parse::<i64>().ok()? * 1_000_000;
    let before = known.calls.range(..call).next_back().is_none_or(|(_, before)| *before < micros);
    let after = known.calls.range(call + 1..).next().is_none_or(|(_, after)| *after > micros);
    let same = *known.calls.entry(call).or_insert(micros) == micros;
    (before && after && same).then_some(MOMENT)
}

/// Microseconds since 1970 of `2026-11-23T09:31:00.000001+00:00`.
fn micros(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let clock = (number(11..13)? * 60 + number(14..16)?) * 60 + number(17..19)?;
    if text.get(26..)? != "+00:00" {
        return None;
    }
    // Days since 1970, counted in years that begin in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468;
    Some((days * 86_400 + clock) * 1_000_000 + number(20..26)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn symbols_are_learnt_once_and_held_to() {
        let mut known = Known::default();
        let id = known.draw();
        let row = json!({"id": id.short(), "at": "‹t1›"});
        let answer = json!({"id": "0123abcd", "at": "2026-11-23T09:31:00.000001+00:00"});
        assert_eq!(compare(&row, &answer, &mut known), Ok(()));
        let whole = "0123abcd-0000-4000-8000-000000000000";
        assert_eq!(compare(&json!([id.whole()]), &json!([whole]), &mut known), Ok(()));
        assert_eq!(known.text(id), whole);
        let other = "0123abcd-0000-4000-8000-000000000001";
        for (expected, got) in [
            (json!(id.whole()), json!(other)),
            (json!(id.short()), json!("0123abce")),
            (json!("‹t1›"), json!("2026-11-23T09:31:00.000002+00:00")),
            (json!("‹t2›"), json!("2026-11-23T09:31:00.000001+00:00")), // a later call at the same moment
            (json!({"a": 1}), json!({"a": 1, "b": 2})),
            (json!({"a": 1, "b": null}), json!({"a": 1})),
            (json!([1]), json!([1, 2])),
        ] {
            assert!(compare(&expected, &got, &mut known).is_err(), "{expected} {got}");
        }
        let message = format!("Item {} until ‹t1+60›; ‹*›. End", id.short());
        let got = json!("Item 0123abcd until 2026-11-23T09:32:00.000001+00:00; whatever. End");
        assert_eq!(compare(&json!(message), &got, &mut known), Ok(()));
        assert_eq!(compare(&json!({REST: true, "a": 1}), &json!({"a": 1, "b": 2}), &mut known), Ok(()));
    }

    #[test]
    fn moments_are_counted_from_1970() {
        assert_eq!(micros("1970-01-01T00:00:00.000001+00:00"), Some(1));
        assert_eq!(micros("2000-03-01T00:00:00.000000+00:00"), Some(951_868_800_000_000));
        assert_eq!(micros("2000-03-01T00:00:00.000000+01:00"), None);
    }
}
