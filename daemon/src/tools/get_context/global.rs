//! get_context of the whole store: a dashboard that stays on one screen however large the store is.

use orc_core::limits;
use orc_core::status::Status;
use orc_core::text;
use orc_core::time::{DAY, HOUR};
use orc_store::Tx;
use orc_store::queries::{Listed, Scope, Section};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::get_blocked_items::Stuck;
use super::super::next::best;
use super::super::query_items::page_limit;
use crate::answer::{Level, ListRow, Rows};
use crate::args::Args;
use crate::call::{Answer, Call};
use crate::report::{Report, add_config_state};

/// A compact dashboard is kept below this many bytes (get_context must stay under 8 kB on any store).
const SCREEN: usize = 7_600;
/// Rows a section may have when [`limits::SECTION`] are too many, tried one after the other until the dashboard fits.
const ROWS: [usize; 5] = [7, 5, 3, 2, 1];
/// Completed items shown.
const RECENT: usize = 5;
/// Blockers shown of each blocked item.
const BLOCKERS: usize = 3;
/// Characters of a title in a dashboard's rows.
const TITLE: usize = 90;

pub(super) fn context(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<Report> {
    if args.has("limit") || call.session.level == Level::Full {
        let limit = if args.has("limit") { page_limit(args)? } else { limits::SECTION };
        return dashboard(call, args, tx, limit);
    }
    let mut report = dashboard(call, args, tx, limits::SECTION)?;
    for rows in ROWS {
        if report.size() <= SCREEN {
            break;
        }
        report.cut(rows);
    }
    Ok(report)
}

fn dashboard(call: &Call<'_>, args: &Args, tx: &Tx<'_>, limit: usize) -> Answer<Report> {
    let scope = call.scope(tx, args)?;
    let filter = call.report_filter(tx, args, scope.clone())?;
    let (now, rows) = (call.now(), call.rows(tx)?);
    let policy = call.policies().of(call.cx.project.as_deref());
    let mut report = Report::default();

    let counts = tx.status_counts(&filter, now)?;
    let archived = args.flag("include_archived")?;
    let counts = counts.into_iter().filter(|(status, _)| archived || *status != Status::Archived);
    let counts: Map<String, Value> = counts.map(|(s, n)| (s.as_str().to_owned(), json!(n))).collect();
    report.put("counts", counts);

    let full = call.session.level == Level::Full;
    let put = |report: &mut Report, key: &'static str, section: Section| {
        let shown: Vec<Listed> = section.rows.into_iter().map(|listed| trimmed(listed, full)).collect();
        report.section(key, &rows.list(&shown)?, section.total)
    };
    put(&mut report, "active", tx.active(&filter, limit, now)?)?;
    add_blocked(tx, &rows, tx.held_back(&filter, limit, now)?, full, &mut report)?;
    put(&mut report, "recent_completed", tx.recently_closed(&filter, limit.min(RECENT), now)?)?;
    let next = best(call, tx, &filter, 1, false)?.into_iter().next().map(|listed| trimmed(listed, full));
    report.row("next_item", next.as_ref().map(|listed| rows.listed(listed, None)).transpose()?.as_ref())?;

    let stale = tx.stale(&filter, now - policy.stale_queue, now - policy.stale_work, limit, now)?;
    let trimmed_rows: Vec<Listed> = stale.rows.into_iter().map(|listed| trimmed(listed, full)).collect();
    let shown = trimmed_rows.iter().map(|listed| {
        let row = rows.listed(listed, None)?;
        Ok(StaleRow { row, stale_days: (now - listed.updated_ts) / DAY })
    });
    report.section("stale_items", &shown.collect::<Answer<Vec<_>>>()?, stale.total)?;
    put(&mut report, "due_soon", tx.due(&filter, now, now + 24 * HOUR, limit, now)?)?;
    put(&mut report, "overdue", tx.due(&filter, i64::MIN, now, limit, now)?)?;
    put(&mut report, "scheduled_upcoming", tx.scheduled(&filter, now + 24 * HOUR, limit, now)?)?;

    report.put("cursor", tx.cursor()?);
    add_other_projects(tx, &scope, &mut report)?;
    add_config_state(call, tx, &mut report)?;
    Ok(report)
}

/// What has not changed for long, and for how long.
#[derive(Serialize)]
struct StaleRow<'l> {
    #[serde(flatten)]
    row: ListRow<'l>,
    stale_days: i64,
}

/// What is held back, with its first blockers; their titles are shorter than others.
fn add_blocked(
    tx: &Tx<'_>,
    rows: &Rows<'_, '_>,
    held_back: Section,
    full: bool,
    report: &mut Report,
) -> Answer<()> {
    let mut stuck = Vec::with_capacity(held_back.rows.len());
    for listed in held_back.rows {
        let mut one = Stuck::of(tx, trimmed(listed, full), BLOCKERS)?;
        if !full {
            one.blockers.iter_mut().for_each(|blocker| blocker.title = text::cut(&blocker.title, TITLE / 2));
        }
        stuck.push(one);
    }
    let shown = stuck.iter().map(|stuck| stuck.row(rows)).collect::<Answer<Vec<_>>>()?;
    report.section("blocked", &shown, held_back.total)
}

/// Names the projects with open items that this dashboard leaves out, so that nothing seems lost.
fn add_other_projects(tx: &Tx<'_>, scope: &Scope, report: &mut Report) -> Answer<()> {
    let (Scope::With(own) | Scope::Only(own)) = scope else { return Ok(()) };
    let others: Vec<_> = tx.open_by_project()?.into_iter().filter(|(name, _)| name != own).collect();
    if !others.is_empty() {
        let shown = others.iter().take(limits::SECTION);
        let shown: Vec<Value> = shown.map(|(name, open)| json!({"project": name, "open": open})).collect();
        report.section("other_projects", &shown, others.len())?;
    }
    Ok(())
}

/// With a title that fits on a line.
fn trimmed(mut listed: Listed, full: bool) -> Listed {
    if !full {
        listed.title = text::cut(&listed.title, TITLE);
        listed.tags = text::cut(&listed.tags, TITLE / 2);
    }
    listed
}
