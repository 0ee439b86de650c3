//! Times: text as it was given, beside the microsecond it means (contract.md §2: ISO 8601, no zone means UTC,
//! answered exactly as given).

use jiff::Timestamp;
use jiff::civil;
use jiff::fmt::temporal::Pieces;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in a day.
pub const DAY: i64 = 24 * HOUR;

/// A point in time: the text that is answered, and the instant that is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    text: String,
    micros: i64,
}

impl Stamp {
    /// Reads ISO 8601: a date, a date and a time, with or without a zone. `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let micros = parse_micros(text.trim())?;
        Some(Self { text: text.to_owned(), micros })
    }

    /// The stamp of an instant, written as the original writes it: `2026-11-23T09:31:00.000001+00:00`.
    pub fn from_micros(micros: i64) -> Self {
        // Timestamp covers the years -9999 to 9999; past that the nearest end is as good as any.
        let time = Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        });
        Self { text: time.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string(), micros: time.as_microsecond() }
    }

    /// A stamp read back from where both halves were kept.
    pub fn from_parts(text: String, micros: i64) -> Self {
        Self { text, micros }
    }

    /// The text, exactly as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(&self) -> i64 {
        self.micros
    }

    /// This instant moved by `micros`.
    pub fn plus(&self, micros: i64) -> Self {
        Self::from_micros(self.micros.saturating_add(micros))
    }
}

/// Not by way of [`Timestamp`], which ends a day before the year 9999 does: people write `9999-12-31` for "never".
fn parse_micros(text: &str) -> Option<i64> {
    let pieces = Pieces::parse(text).ok()?;
    let offset = match (pieces.to_numeric_offset(), pieces.time_zone_annotation()) {
        (Some(offset), _) => i64::from(offset.seconds()),
        (None, None) => 0,
        // `2026-11-23T09:31[Europe/Berlin]` needs a table of zones to mean anything.
        (None, Some(_)) => return None,
    };
    let time = pieces.date().to_datetime(pieces.time().unwrap_or_else(civil::Time::midnight));
    let since = time.duration_since(civil::date(1970, 1, 1).at(0, 0, 0, 0));
    i64::try_from(since.as_micros()).ok()?.checked_sub(offset.checked_mul(SECOND)?)
}

/// Reads a length of time as config.yaml and command lines write it: `30s`, `2m`, `24h`, `7d`, `1w`, `1h30m`, or a bare
/// number of seconds. Answers microseconds; `None` when it is no such text or past a thousand years.
pub fn parse_span(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return bounded(text.parse::<i64>().ok()?.checked_mul(SECOND)?);
    }
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match &rest[..letters] {
            "s" | "sec" | "second" | "seconds" => SECOND,
            "m" | "min" | "minute" | "minutes" => MINUTE,
            "h" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            "w" | "week" | "weeks" => 7 * DAY,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest[letters..].trim_start();
    }
    if text.is_empty() { None } else { bounded(total) }
}

/// Longest length of time that is taken, in microseconds: a thousand years.
pub const LONGEST_SPAN: i64 = 365_000 * DAY;

fn bounded(micros: i64) -> Option<i64> {
    (micros <= LONGEST_SPAN).then_some(micros)
}

/// Writes a length of time the way a person says it: `2m`, `1h 5m`, `3d`.
pub fn span_text(micros: i64) -> String {
    let seconds = (micros.max(0) + SECOND / 2) / SECOND;
    let (d, h, m, s) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let parts = [(d, "d"), (h, "h"), (m, "m"), (s, "s")];
    let first = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
    let shown: Vec<String> =
        parts[first..].iter().take(2).filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}

/// The ISO week of an instant: `2026-W48`.
pub fn iso_week(micros: i64) -> String {
    let time = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    let week = time.to_zoned(jiff::tz::TimeZone::UTC).date().iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_kept_as_given() {
        let cases = [
            ("1970-01-01", Some(0)),
            ("1970-01-01T00:00:01", Some(SECOND)),
            ("1970-01-01 00:00:01", Some(SECOND)),
            ("1970-01-01T00:00:01Z", Some(SECOND)),
            ("1970-01-01T02:00:01+02:00", Some(SECOND)),
            ("1970-01-01T00:00:00.000001+00:00", Some(1)),
            ("1970-01-01T00:00", Some(0)),
            ("1970-01-01T02:00:01+02:00[Europe/Berlin]", Some(SECOND)),
            ("1970-01-01T00:00[Europe/Berlin]", None), // no offset: which instant it is only a table of zones knows
            ("9999-12-31", Some(253_402_214_400 * SECOND)), // how people write "never"
            ("9999-12-31T23:59:59+00:00", Some(253_402_300_799 * SECOND)),
            ("9999-12-31T23:59:59-23:00", Some((253_402_300_799 + 23 * 3600) * SECOND)),
            ("tomorrow", None),
            ("2026-13-01", None),
            ("", None),
        ];
        for (text, want) in cases {
            let got = Stamp::parse(text);
            assert_eq!(got.as_ref().map(Stamp::micros), want, "{text:?}");
            if let Some(stamp) = got {
                assert_eq!(stamp.text(), text);
            }
        }
    }

    #[test]
    fn our_own_stamps_have_six_digits_and_an_offset() {
        assert_eq!(Stamp::from_micros(1).text(), "1970-01-01T00:00:00.000001+00:00");
        assert_eq!(Stamp::parse(Stamp::from_micros(77).text()).map(|s| s.micros()), Some(77));
    }

    #[test]
    fn spans() {
        let cases = [
            ("30m", Some(30 * MINUTE)),
            ("7d", Some(7 * DAY)),
            ("1h30m", Some(90 * MINUTE)),
            ("1h 30m", Some(90 * MINUTE)),
            ("120", Some(120 * SECOND)),
            ("0s", Some(0)),
            ("2 weeks", Some(14 * DAY)),
            ("", None),
            ("m", None),
            ("5", Some(5 * SECOND)),
            ("5x", None),
            ("-5m", None),
            ("99999999999999999999d", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_span(text), want, "{text:?}");
        }
        for (micros, want) in
            [(0, "0s"), (2 * MINUTE, "2m"), (65 * MINUTE, "1h 5m"), (DAY, "1d"), (119 * SECOND, "1m 59s")]
        {
            assert_eq!(span_text(micros), want);
        }
    }

    #[test]
    fn iso_weeks_at_the_edge_of_a_year() {
        for (text, want) in
            [("2026-11-23", "2026-W48"), ("2027-01-01", "2026-W53"), ("2024-12-30", "2025-W01")]
        {
            assert_eq!(iso_week(Stamp::parse(text).map_or(0, |s| s.micros())), want);
        }
    }
}
