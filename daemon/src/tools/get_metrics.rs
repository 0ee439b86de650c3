//! get_metrics: throughput, lead and cycle time, work in progress.

use std::collections::BTreeMap;

use orc_core::metrics::{mean, percentile};
use orc_core::status::{Priority, Status};
use orc_core::time::{DAY, SECOND, iso_week};
use orc_store::Tx;
use serde_json::{Map, Value, json};

use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 3] = [
    Param::new("days", Kind::Integer, "Default 30"),
    Param::new("workspace", Kind::Text, ""),
    Param::new("project", Kind::Text, ""),
];

pub(crate) static TOOL: Tool = Tool {
    name: "get_metrics",
    description: "Throughput per week, lead and cycle time, WIP, stale ratio, time in each status.",
    params: &PARAMS,
    required: &[],
    core: false,
    effect: Effect::Reads,
    access: |_| Ok(Access::Report),
    run: Run::Values(run),
};

/// An open item that has not changed for this long counts as stale here, whatever config.yaml says (contract.md §6).
const STALE_AFTER: i64 = 7 * DAY;

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let days = args.bounded("days", 30, 1, 36_500)?;
    let scope = call.whole_store(tx, args)?;
    let filter = call.report_filter(tx, args, scope)?;
    let now = call.now();
    let metrics = tx.metrics(&filter, now - days * DAY, now - STALE_AFTER, now)?;

    let mut weeks: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_priority: BTreeMap<Priority, u64> = Priority::ALL.iter().map(|p| (*p, 0)).collect();
    for (at, priority) in &metrics.completions {
        *weeks.entry(iso_week(*at)).or_default() += 1;
        *by_priority.entry(*priority).or_default() += 1;
    }
    let weeks: Vec<Value> =
        weeks.into_iter().map(|(week, count)| json!({"week": week, "count": count})).collect();
    let by_priority: Map<String, Value> =
        by_priority.into_iter().map(|(p, n)| (p.as_str().to_owned(), json!(n))).collect();
    let by_tag: Map<String, Value> = metrics.tags.iter().map(|(tag, n)| (tag.clone(), json!(n))).collect();
    let stale_ratio =
        if metrics.open > 0 { (metrics.stale as f64 / metrics.open as f64 * 1e4).round() / 1e2 } else { 0.0 };
    let spent: Map<String, Value> = metrics
        .spent
        .iter()
        .map(|(status, micros)| (status.as_str().to_owned(), json!(seconds(*micros))))
        .collect();
    let blocked =
        metrics.spent.iter().find(|(s, _)| *s == Status::Blocked).map_or(0.0, |(_, micros)| seconds(*micros));
    let lead: Vec<f64> = metrics.lead.iter().map(|micros| seconds(*micros)).collect();
    Ok(json!({
        "throughput_per_week": weeks,
        "lead_time_avg_seconds": (mean(&lead) * 1e6).round() / 1e6,
        "lead_time_seconds": spread(lead),
        "cycle_time_seconds": spread(metrics.cycle.iter().map(|micros| seconds(*micros)).collect()),
        "seconds_in_status": spent,
        "blocked_seconds": blocked,
        "wip": metrics.wip,
        "stale_ratio": stale_ratio,
        "by_priority": by_priority,
        "by_tag": by_tag,
        "total_items": metrics.total,
        "period_days": days,
    }))
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / SECOND as f64
}

fn spread(mut values: Vec<f64>) -> Value {
    values.sort_by(f64::total_cmp);
    json!({"p50": percentile(&values, 50.0), "p85": percentile(&values, 85.0), "p95": percentile(&values, 95.0)})
}
