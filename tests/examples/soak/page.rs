//! The page of a long run: whether the daemon stayed as it was, and how long calls took from beginning to end.

use std::fmt::Write as _;

use crate::{
    Run, WINDOWS,
    watch::{Look, slope},
};

/// What may come on top in the second half of the run, as a part of what is there.
const FLAT: f64 = 0.05;

/// Seconds that a run must last before it tells what grows: caches fill first.
const TELLING: f64 = 600.0;

/// One thing that is looked at: how it is called, where it is, what divides it, and its unit.
type Kind = (&'static str, fn(&Look) -> f64, f64, &'static str);

const KINDS: [Kind; 6] = [
    ("resident memory", |look| look.rss, 1_024.0, " MiB"),
    ("proportional memory", |look| look.pss, 1_024.0, " MiB"),
    ("descriptors", |look| look.descriptors, 1.0, ""),
    ("threads", |look| look.threads, 1.0, ""),
    ("WAL", |look| look.wal, 1_048_576.0, " MiB"),
    ("database", |look| look.database, 1_048_576.0, " MiB"),
];
/// The database grows with its history, and is to.
const GROWS: &str = "database";

pub(crate) fn write(run: &Run) -> String {
    let (duration, agents) = (run.plan.duration, run.plan.agents);
    let ran = run.looks.last().map_or(0.0, |look| look.at);
    let refused: usize = run.made.refusals.values().sum();
    let codes: Vec<_> = run.made.refusals.iter().map(|(code, count)| format!("{code} {count}")).collect();
    let mut page = format!(
        "# A long run\n\nWritten by `cargo run --release -p e2e --example soak -- --duration {}s --agents {agents}`; do not edit. Version {}, {}, \
         programs built for {}.\n\nIt ran {:.1} of {} minutes: {agents} agents, {} sessions one after the other, {} calls \
         ({:.0} a second) with 0.2 to 0.6 s between two of one agent, {refused} of them refused, since agents meet and ask for what is not there \
         ({}).\n\n",
        duration.as_secs(),
        env!("CARGO_PKG_VERSION"),
        facts(),
        if cfg!(debug_assertions) {
            "development: times are many times those of a release"
        } else {
            "release"
        },
        ran / 60.0,
        duration.as_secs() / 60,
        run.made.sessions,
        run.made.calls(),
        f64::from(u32::try_from(run.made.calls()).unwrap_or(u32::MAX)) / ran.max(1.0),
        codes.join(", "),
    );
    let grown = resources(run, &mut page);
    let verdict = match (run.faults.as_slice(), grown.as_slice()) {
        ([], []) if ran < TELLING => "Nothing failed. It was too short to tell what grows.".to_owned(),
        ([], []) => "Nothing failed, and nothing grew.".to_owned(),
        (faults, grown) => {
            let grown = grown.iter().map(|name| format!("{name} grew"));
            faults.iter().cloned().chain(grown).collect::<Vec<_>>().join("; ") + "."
        }
    };
    let _ = write!(page, "**{verdict}**\n\n"); // a String takes everything
    windows(run, &mut page);
    tools(run, &mut page);
    page
}

/// Answers what grew.
fn resources(run: &Run, page: &mut String) -> Vec<&'static str> {
    page.push_str("## The daemon\n\nGrowth is that of a straight line through the second half; flat is what would add less than 5 % \
                   of what is there in the time of that half.\n\n\
                   | | first | after a quarter | half | three quarters | last | most | growth an hour | |\n\
                   |---|---|---|---|---|---|---|---|---|\n");
    let looks = &run.looks;
    let mut grown = Vec::new();
    let Some(last) = looks.last() else { return grown };
    for (name, of, scale, unit) in KINDS {
        let at = |part: usize| looks.get((looks.len() - 1) * part / 4).map_or(0.0, |look| of(look) / scale);
        let half = &looks[looks.len() / 2..];
        let hourly = slope(half, of) / scale;
        let typical =
            half.iter().map(of).sum::<f64>() / f64::from(u32::try_from(half.len()).unwrap_or(1)) / scale;
        let added = hourly * (last.at - half.first().map_or(0.0, |look| look.at)) / 3_600.0;
        let flat = added < typical * FLAT;
        let telling = last.at >= TELLING;
        if !flat && telling && name != GROWS {
            grown.push(name);
        }
        let most = looks.iter().map(of).fold(0.0, f64::max) / scale;
        let verdict = match (name == GROWS, flat) {
            (true, _) => "its history grows",
            (false, _) if !telling => "too short to tell",
            (false, true) => "flat",
            (false, false) => "GROWS",
        };
        let digits = usize::from(!unit.is_empty());
        let numbers =
            [at(0), at(1), at(2), at(3), at(4), most].map(|n| format!("{n:.digits$}{unit}")).join(" | ");
        let _ = writeln!(page, "| {name} | {numbers} | {hourly:+.1}{unit} | {verdict} |");
    }
    page.push('\n');
    grown
}

fn windows(run: &Run, page: &mut String) {
    page.push_str(
        "## Calls from beginning to end\n\nAll tools but `wait_for`, which waits.\n\n\
                   | minutes | calls | half within | 90 % | 99 % | longest |\n|---|---|---|---|---|---|\n",
    );
    let minutes = run.plan.duration.as_secs_f64() / f64::from(WINDOWS) / 60.0;
    for (window, times) in run.made.by_window.iter().filter(|(window, _)| **window < WINDOWS) {
        let from = f64::from(*window) * minutes;
        let _ = writeln!(page, "| {from:.1} to {:.1} | {} |", from + minutes, times.cells());
    }
    page.push('\n');
}

fn tools(run: &Run, page: &mut String) {
    page.push_str("## Calls by tool\n\n| tool | calls | half within | 90 % | 99 % | longest |\n|---|---|---|---|---|---|\n");
    for (tool, times) in &run.made.by_tool {
        let _ = writeln!(page, "| {tool} | {} |", times.cells());
    }
}

/// What it ran on, as far as it matters.
fn facts() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores, {}, {}", std::env::consts::OS, std::env::consts::ARCH)
}
