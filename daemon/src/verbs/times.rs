//! Times as people say them: "3d ago", "in 2h", and back.

use orc_core::time::{MINUTE, Stamp, parse_span, span_text};

/// Reads a time: ISO 8601, or a length of time from now, back (`since`) or ahead (`due`).
#[derive(Clone, Copy)]
pub(crate) enum From {
    /// `2d` is two days ago.
    Back,
    /// `2d` is in two days.
    Ahead,
}

/// The time as tools take it: a length of time such as `2d` counts from now; anything else is left to the tool.
pub(crate) fn read(text: &str, from: From, now: &Stamp) -> String {
    let text = text.trim();
    // A bare number is a length of seconds to config.yaml, and a year to whoever types a time.
    let span = if text.bytes().all(|b| b.is_ascii_digit()) { None } else { parse_span(text) };
    match (span, from) {
        (Some(span), From::Back) => now.plus(-span).text().to_owned(),
        (Some(span), From::Ahead) => now.plus(span).text().to_owned(),
        (None, _) => text.to_owned(),
    }
}

/// `3d 2h ago`, `in 5m`, `now`; what is no time stays as it is.
pub(crate) fn ago(text: &str, now: &Stamp) -> String {
    let Some(stamp) = Stamp::parse(text) else { return text.to_owned() };
    let span = now.micros() - stamp.micros();
    match span {
        _ if span.abs() < MINUTE => "now".to_owned(),
        1.. => format!("{} ago", short(span)),
        _ => format!("in {}", short(-span)),
    }
}

/// Whether a time has passed.
pub(crate) fn is_past(text: &str, now: &Stamp) -> bool {
    Stamp::parse(text).is_some_and(|stamp| stamp.micros() < now.micros())
}

/// `2026-11-23 09:31`, in UTC.
pub(crate) fn minute(text: &str) -> String {
    match Stamp::parse(text) {
        Some(stamp) => {
            let utc = Stamp::from_micros(stamp.micros());
            utc.text().get(..16).unwrap_or_default().replace('T', " ")
        }
        None => text.to_owned(),
    }
}

/// A length of time in its largest unit.
pub(crate) fn short(micros: i64) -> String {
    span_text(micros).split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use orc_core::time::{DAY, HOUR};

    #[test]
    fn times_are_said_from_now() {
        let now = Stamp::parse("2026-11-23T12:00:00Z").unwrap();
        for (offset, want) in
            [(0, "now"), (-2 * HOUR, "2h ago"), (3 * DAY + HOUR, "in 3d"), (-30, "now"), (5_000_000, "now")]
        {
            assert_eq!(ago(now.plus(offset).text(), &now), want);
        }
        assert_eq!(ago("whenever", &now), "whenever");
        assert_eq!(minute("2026-11-23T13:31:59.5+01:00"), "2026-11-23 12:31");
        assert!(is_past("2026-11-23T11:00:00Z", &now) && !is_past("2026-11-23T13:00:00Z", &now));
    }

    #[test]
    fn lengths_of_time_count_from_now() {
        let now = Stamp::parse("2026-11-23T12:00:00Z").unwrap();
        assert_eq!(read("2h", From::Back, &now), "2026-11-23T10:00:00.000000+00:00");
        assert_eq!(read("1d", From::Ahead, &now), "2026-11-24T12:00:00.000000+00:00");
        assert_eq!(read("2026-12-01", From::Ahead, &now), "2026-12-01");
        assert_eq!(read("2026", From::Ahead, &now), "2026");
    }
}
