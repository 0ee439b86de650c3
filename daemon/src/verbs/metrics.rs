//! `metrics`: throughput, lead and cycle time, work in progress.

use orc_core::time::{DAY, SECOND, Stamp, iso_week};
use serde_json::Value;

use super::{
    Trouble,
    count::counted,
    exit::Exit,
    input::Within,
    items::{rows, text},
    paint::{Paint, cut, plain, width},
    person::{Given, Person},
    times::short,
};

/// Heights of a sparkline.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns of a bar.
const BAR: usize = 24;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Over so many days
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=36_500))]
    days: u64,
    #[command(flatten)]
    within: Within,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let given = arguments.within.add_to(Given::default().with("days", arguments.days));
    let answer = person.call("get_metrics", given.done())?;
    person.print(&answer, |metrics| report(metrics, person.paint, now));
    Ok(Exit::Fine)
}

fn report(metrics: &Value, paint: Paint, now: &Stamp) -> String {
    let mut out = String::new();
    let mut fact = |label: &str, said: String| {
        out.push_str(&format!("{} {said}\n", paint.dim(&format!("{label:<16}"))));
    };
    let days = metrics["period_days"].as_i64().unwrap_or(30);
    let items = metrics["total_items"].as_u64().unwrap_or_default();
    fact("period", format!("{}, {} in all", counted(days.unsigned_abs(), "day"), counted(items, "item")));
    let weeks = weeks(metrics, days, now);
    let counts: Vec<u64> = weeks.iter().map(|(_, count)| *count).collect();
    let total: u64 = counts.iter().sum();
    let spread = match (weeks.first(), weeks.last()) {
        (Some((first, _)), Some((last, _))) if first != last => format!(" ({first} to {last})"),
        _ => String::new(),
    };
    fact(
        "done per week",
        format!(
            "{}  {total} in all, the last week {}{spread}",
            sparkline(&counts),
            counts.last().unwrap_or(&0)
        ),
    );
    for (key, label) in [("lead_time_seconds", "lead time"), ("cycle_time_seconds", "cycle time")] {
        let [half, most, nearly_all] = ["p50", "p85", "p95"].map(|p| metrics[key][p].as_f64().map(span));
        let said = match (half, most, nearly_all) {
            (Some(half), Some(most), Some(nearly_all)) => {
                format!("half within {half}, 85 % within {most}, 95 % within {nearly_all}")
            }
            _ => "no data yet: nothing was done in the period".to_owned(),
        };
        fact(label, said);
    }
    fact("in work now", format!("{}", metrics["wip"]));
    fact("stale", format!("{} % of what is open", metrics["stale_ratio"]));
    bars(&mut out, "done by priority", &numbers(&metrics["by_priority"]), paint, |n| n.to_string());
    bars(&mut out, "open by tag", &numbers(&metrics["by_tag"]), paint, |n| n.to_string());
    bars(&mut out, "time in status", &numbers(&metrics["seconds_in_status"]), paint, |n| span(n as f64));
    out
}

/// Every week of the period, those without anything done too.
fn weeks(metrics: &Value, days: i64, now: &Stamp) -> Vec<(String, u64)> {
    let mut weeks: Vec<(String, u64)> = Vec::new();
    let mut day = now.micros() - days * DAY;
    while day <= now.micros() {
        let week = iso_week(day);
        if weeks.last().is_none_or(|(last, _)| *last != week) {
            weeks.push((week, 0));
        }
        day += DAY;
    }
    for row in rows(metrics, "throughput_per_week") {
        if let Some((_, count)) = weeks.iter_mut().find(|(week, _)| week == text(row, "week")) {
            *count = row["count"].as_u64().unwrap_or_default();
        }
    }
    weeks
}

fn numbers(fields: &Value) -> Vec<(String, u64)> {
    let fields = fields.as_object().into_iter().flatten();
    fields.map(|(key, value)| (plain(key), value.as_f64().unwrap_or_default() as u64)).collect()
}

fn bars(out: &mut String, label: &str, counts: &[(String, u64)], paint: Paint, said: impl Fn(u64) -> String) {
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    out.push_str(&format!("{}\n", paint.dim(label)));
    let longest = counts.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(BAR);
    for (name, count) in counts {
        let name = cut(name, longest);
        let gap = " ".repeat(longest - width(&name));
        let length = usize::try_from(count.saturating_mul(BAR as u64).div_ceil(most)).unwrap_or(BAR);
        out.push_str(&format!("  {name}{gap}  {:<BAR$}  {}\n", "█".repeat(length), said(*count)));
    }
}

/// A block for each count, the highest for the largest; a count of none is the lowest.
fn sparkline(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let steps = BLOCKS.len() as u64 - 1;
    counts.iter().map(|n| BLOCKS[usize::try_from((n * steps).div_ceil(most)).unwrap_or(0)]).collect()
}

fn span(seconds: f64) -> String {
    short((seconds * SECOND as f64) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sparklines_stand_on_their_highest() {
        for (counts, want) in [
            (&[0, 1, 2, 4, 7][..], "▁▂▃▅█"),
            (&[0, 0], "▁▁"),
            (&[5], "█"),
            (&[], ""),
            (&[1, 1_000_000], "▂█"),
        ] {
            assert_eq!(sparkline(counts), want, "{counts:?}");
        }
    }

    #[test]
    fn weeks_without_anything_done_are_shown() {
        let now = Stamp::parse("2026-11-23T12:00:00Z").unwrap();
        let metrics = json!({"throughput_per_week": [{"week": "2026-W46", "count": 3}]});
        let want = [("2026-W45", 0), ("2026-W46", 3), ("2026-W47", 0), ("2026-W48", 0)];
        let got = weeks(&metrics, 17, &now);
        assert_eq!(got.iter().map(|(week, n)| (week.as_str(), *n)).collect::<Vec<_>>(), want);
    }
}
