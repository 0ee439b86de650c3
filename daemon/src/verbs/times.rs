//! Times as people say them: "3d ago", "in 2h", and back.

use orc_core::{
    schedule,
    time::{MINUTE, Stamp, parse_span, span_text},
};

use crate::clock;

/// A time as a person gives it: read where options are read, so that a wrong one is a wrong option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// A day, perhaps with a time of day, as tools take it.
    At(String),
    /// So many microseconds from now.
    Span(i64),
}

impl When {
    /// As tools take it; a length of time is that long ago.
    pub(crate) fn back(&self, now: &Stamp) -> String {
        self.from(now, -1)
    }

    /// The same, ahead.
    pub(crate) fn ahead(&self, now: &Stamp) -> String {
        self.from(now, 1)
    }

    fn from(&self, now: &Stamp, direction: i64) -> String {
        match self {
            Self::At(text) => text.clone(),
            Self::Span(micros) => now.plus(direction * micros).text().to_owned(),
        }
    }
}

/// Reads a time that is meant to lie ahead.
pub(crate) fn ahead(text: &str) -> Result<When, String> {
    read(text).ok_or_else(|| {
        "give a day (2026-12-01), a day with a time (2026-12-01T18:00, in UTC; 2026-12-01T18:00+01:00 elsewhere), \
         or how long from now (30m, 2h, 3d)"
            .to_owned()
    })
}

/// Reads a time that is meant to lie behind.
pub(crate) fn back(text: &str) -> Result<When, String> {
    read(text).ok_or_else(|| {
        "give a day (2026-11-23), a day with a time (2026-11-23T18:00, in UTC; 2026-11-23T18:00+01:00 elsewhere), \
         or how long ago (30m, 2h, 3d)"
            .to_owned()
    })
}

fn read(text: &str) -> Option<When> {
    let text = text.trim();
    // A bare number is a length of seconds to config.yaml, and a year to whoever types a time.
    if let Some(span) = parse_span(text).filter(|_| !text.bytes().all(|b| b.is_ascii_digit())) {
        return Some(When::Span(span));
    }
    // As verbs print times: what was copied from there is taken.
    let given = match text.strip_suffix(" UTC") {
        Some(time) => format!("{}Z", time.trim_end().replacen(' ', "T", 1)),
        None => text.to_owned(),
    };
    Stamp::parse(&given).map(|_| When::At(given))
}

/// Reads five cron fields.
pub(crate) fn cron(text: &str) -> Result<String, String> {
    match schedule::next_run(text, &clock::now()) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => {
            Err("give minute, hour, day of the month, month and day of the week, in UTC: '0 9 * * 1' is \
                       Mondays at 9, '*/30 * * * *' every half hour"
                .to_owned())
        }
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

/// `2026-11-23 09:31 UTC`.
pub(crate) fn minute(text: &str) -> String {
    match Stamp::parse(text) {
        Some(stamp) => {
            let utc = Stamp::from_micros(stamp.micros());
            format!("{} UTC", utc.text().get(..16).unwrap_or_default().replace('T', " "))
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
        assert_eq!(minute("2026-11-23T13:31:59.5+01:00"), "2026-11-23 12:31 UTC");
        assert!(is_past("2026-11-23T11:00:00Z", &now) && !is_past("2026-11-23T13:00:00Z", &now));
    }

    #[test]
    fn times_are_days_or_lengths_from_now() {
        let now = Stamp::parse("2026-11-23T12:00:00Z").unwrap();
        let taken = |text: &str| ahead(text).map(|when| when.ahead(&now)).unwrap_or_default();
        for (text, want) in [
            ("1d", "2026-11-24T12:00:00.000000+00:00"),
            (" 2h ", "2026-11-23T14:00:00.000000+00:00"),
            ("2026-12-01", "2026-12-01"),
            ("2026-12-01T18:00", "2026-12-01T18:00"),
            ("2026-12-01T18:00+01:00", "2026-12-01T18:00+01:00"),
            ("2026-12-01 18:00 UTC", "2026-12-01T18:00Z"),
        ] {
            assert_eq!(taken(text), want, "{text}");
        }
        assert_eq!(back("2h").unwrap().back(&now), "2026-11-23T10:00:00.000000+00:00");
        for text in ["tomorrow", "5x", "2026", "", "2026-13-01", " UTC"] {
            assert!(ahead(text).is_err_and(|said| said.contains("3d")), "{text}");
        }
    }

    #[test]
    fn schedules_have_five_fields() {
        assert_eq!(cron("0 9 * * 1").as_deref(), Ok("0 9 * * 1"));
        for text in ["daily", "0 9 * *", "61 * * * *", ""] {
            assert!(cron(text).is_err_and(|said| said.contains("'0 9 * * 1'")), "{text}");
        }
    }
}
