//! Times, lengths of time and cron expressions, as people and models write them.

use orc_core::schedule::next_run;
use orc_core::time::{DAY, Stamp, iso_week, parse_span, span_text};
use orc_fuzz::fuzz;

#[test]
fn whatever_a_time_says_it_is_kept_as_it_came() {
    fuzz("times", |input| {
        let text = String::from_utf8_lossy(input);
        if let Some(stamp) = Stamp::parse(&text) {
            if stamp.text() != text {
                return Err(format!("{text:?} became {:?}", stamp.text()));
            }
            let ours = Stamp::from_micros(stamp.micros());
            // From the year 0 on: before it a year has a sign and six digits, and no clock writes one.
            let within = (-62_167_219_200_000_000..250_000_000_000_000_000).contains(&stamp.micros());
            if within && Stamp::parse(ours.text()).map(|again| again.micros()) != Some(stamp.micros()) {
                return Err(format!("{text:?} is {}, written as {}", stamp.micros(), ours.text()));
            }
            let (earlier, later) = (stamp.plus(-DAY), stamp.plus(DAY));
            if earlier.micros() > later.micros() {
                return Err(format!("a day before {text:?} comes after the day behind it"));
            }
            iso_week(stamp.micros());
        }
        if let Some(span) = parse_span(&text) {
            let said = span_text(span);
            // A person is told two units: what is left out is less than the second.
            let read = parse_span(&said).ok_or_else(|| format!("{said:?} is not read back"))?;
            if span < 0 || (span - read).abs() > DAY {
                return Err(format!("{text:?} is {span}, said as {said:?}, which is {read}"));
            }
        }
        Ok(())
    });
}

#[test]
fn whatever_a_schedule_says_its_next_run_is_ahead_or_it_is_refused() {
    fuzz("schedules", |input| {
        let text = String::from_utf8_lossy(input);
        for now in ["2026-02-28T23:59:59.999999", "1970-01-01", "9999-12-31T23:59:00"] {
            let now = Stamp::parse(now).ok_or("a time")?;
            match next_run(&text, &now) {
                Ok(next) if next.micros() <= now.micros() => {
                    return Err(format!(
                        "{text:?} runs at {}, which is not after {}",
                        next.text(),
                        now.text()
                    ));
                }
                Ok(next) => {
                    // The run after it comes later still.
                    if next_run(&text, &next).is_ok_and(|after| after.micros() <= next.micros()) {
                        return Err(format!("{text:?} runs twice at {}", next.text()));
                    }
                }
                Err(refusal) if refusal.message.starts_with("Invalid cron expression: ") => {}
                Err(refusal) => return Err(refusal.message),
            }
        }
        Ok(())
    });
}
