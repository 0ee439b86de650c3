//! What the README shows of the figures.

use std::fmt::Write as _;

use crate::{
    chart::thousands,
    measures::{latencies::Latencies, original::Original, throughput::Throughput},
    samples::ms,
};

/// Agents at once, of the line on throughput.
const AGENTS: usize = 32;

/// The charts, and a short table: beside the original where it was measured.
pub(crate) fn text(latencies: &Latencies, throughput: &Throughput, original: Option<&Original>) -> String {
    let mut text = "![A read, median](docs/benchmark-reads.svg)\n\n![A durable write, median](docs/benchmark-writes.svg)\n\n\
                    ![Calls a second](docs/benchmark-agents.svg)\n\n"
        .to_owned();
    let rate = throughput.rate(AGENTS);
    let Some(original) = original else {
        text.push_str("| median, on the largest store | |\n|---|---|\n");
        for (kind, time) in latencies.brief() {
            let _ = writeln!(text, "| {} | {time} |", kind.meaning());
        }
        let _ = writeln!(text, "| creates a second by {AGENTS} agents | {} |", thousands(rate));
        return text;
    };
    text.push_str("| medians | task-orchestrator-py 1.5.1 | here | ahead |\n|---|---|---|---|\n");
    for (what, theirs, ours) in original.medians().filter(|(what, ..)| !what.contains(", 1,000 items")) {
        let _ = writeln!(text, "| {what} | {} | {} | {:.0} x |", ms(theirs), ms(ours), theirs / ours);
    }
    if let Some((_, theirs)) = original.rates.iter().find(|(agents, _)| *agents == AGENTS) {
        let what = format!("creates a second by {AGENTS} agents, 100,000 items");
        let _ = writeln!(text, "| {what} | {theirs:.1} | {} | {:.0} x |", thousands(rate), rate / theirs);
    }
    text
}
