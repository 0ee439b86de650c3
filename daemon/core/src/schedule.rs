//! Schedules: five-field cron expressions in UTC, as crontab(5) reads them.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::refusal::Refusal;
use crate::time::Stamp;

/// The first time after `now` at which `expression` fires. Refuses what is no five-field expression, and one that never
/// fires.
pub fn next_run(expression: &str, now: &Stamp) -> Result<Stamp, Refusal> {
    let cron = parse(expression)?;
    let from =
        Timestamp::from_microsecond(now.micros()).map_err(|_| invalid(expression))?.to_zoned(TimeZone::UTC);
    let next = cron.find_next_occurrence(&from, false).map_err(|_| invalid(expression))?;
    Ok(Stamp::from_micros(next.timestamp().as_microsecond()))
}

fn parse(expression: &str) -> Result<Cron, Refusal> {
    // crontab(5): either day will do when both fields are restricted; a field with a star in it, `*/2` too, is not.
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let both_days =
        matches!(fields.as_slice(), [_, _, day, _, weekday] if day.contains('*') || weekday.contains('*'));
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .dom_and_dow(both_days)
        .build()
        .parse(expression)
        .map_err(|_| invalid(expression))
}

fn invalid(expression: &str) -> Refusal {
    Refusal::validation(format!("Invalid cron expression: {expression}")).field("schedule")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crontab_rules() {
        let now = Stamp::parse("2026-11-23T09:31:30").unwrap(); // a Monday
        let cases = [
            ("* * * * *", "2026-11-23T09:32:00"),
            ("0 9 * * *", "2026-11-24T09:00:00"),
            ("*/15 * * * *", "2026-11-23T09:45:00"),
            ("0 0 1 * *", "2026-12-01T00:00:00"),
            ("0 0 * * 0", "2026-11-29T00:00:00"),
            ("0 0 * * 7", "2026-11-29T00:00:00"),
            ("0 0 * * mon", "2026-11-30T00:00:00"),
            ("0 0 * jan *", "2027-01-01T00:00:00"),
            ("30 4 1,15 * 5", "2026-11-27T04:30:00"), // both days restricted: either will do
            ("0 0 29 2 *", "2028-02-29T00:00:00"),
            ("0 0 */2 * 1", "2026-12-07T00:00:00"), // a star in one of them: both must hold
            ("0 0 1 * */2", "2026-12-01T00:00:00"),
            ("@daily", "2026-11-24T00:00:00"),
        ];
        for (expression, want) in cases {
            let got = next_run(expression, &now).map(|s| s.micros());
            assert_eq!(got, Ok(Stamp::parse(want).unwrap().micros()), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_in_the_contracts_words() {
        let now = Stamp::from_micros(0);
        for bad in ["", "hourly", "* * * *", "61 * * * *", "* * * * * *", "0 0 31 2 *", "* * * * * * *"] {
            let refusal = next_run(bad, &now).unwrap_err();
            assert_eq!(refusal.message, format!("Invalid cron expression: {bad}"));
        }
    }
}
