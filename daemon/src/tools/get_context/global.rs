//! get_context of the whole store: a dashboard that stays on one screen however large the store is.

use orc_core::limits;
use orc_core::status::Status;
use orc_core::text;
use orc_core::time::{DAY, HOUR};
use orc_store::Tx;
use orc_store::queries::{Listed, Scope, Section};
use serde_json::{Map, Value, json};

use super::super::get_blocked_items::stuck;
use super::super::next::best;
use super::super::query_items::page_limit;
use crate::answer::{Level, Rows};
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

pub(super) fn context(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    if args.has("limit") || call.session.level == Level::Full {
        let limit = if args.has("limit") { page_limit(args)? } else { limits::SECTION };
        return Ok(dashboard(call, args, tx, limit)?.finish());
    }
    let mut report = dashboard(call, args, tx, limits::SECTION)?;
    for rows in ROWS {
        if report.size() <= SCREEN {
            break;
        }
        report.cut(rows);
    }
    Ok(report.finish())
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
    let put = |report: &mut Report, key: &str, section: Section| {
        let shown =
            section.rows.into_iter().map(|listed| short(&rows, listed, full)).collect::<Answer<Vec<_>>>()?;
        report.section(key, shown, section.total);
        Ok::<_, crate::halt::Halt>(())
    };
    put(&mut report, "active", tx.active(&filter, limit, now)?)?;
    let held_back = tx.held_back(&filter, limit, now)?;
    let shown = held_back.rows.into_iter().map(|listed| {
        let mut row = stuck(tx, &rows, &trimmed(listed, full), BLOCKERS)?;
        if !full && let Some(blockers) = row["blocked_by"].as_array_mut() {
            for blocker in blockers {
                let title = text::cut(blocker["title"].as_str().unwrap_or_default(), TITLE / 2);
                blocker["title"] = json!(title);
            }
        }
        Ok(row)
    });
    report.section("blocked", shown.collect::<Answer<Vec<_>>>()?, held_back.total);
    put(&mut report, "recent_completed", tx.recently_closed(&filter, limit.min(RECENT), now)?)?;
    let next = best(call, tx, &filter, 1, false)?.into_iter().next();
    report
        .put("next_item", next.map(|listed| short(&rows, listed, full)).transpose()?.unwrap_or(Value::Null));

    let stale = tx.stale(&filter, now - policy.stale_queue, now - policy.stale_work, limit, now)?;
    let shown = stale.rows.into_iter().map(|listed| {
        let unchanged = now - listed.item.updated_at.micros();
        let mut row = short(&rows, listed, full)?;
        row["stale_days"] = json!(unchanged / DAY);
        Ok(row)
    });
    report.section("stale_items", shown.collect::<Answer<Vec<_>>>()?, stale.total);
    put(&mut report, "due_soon", tx.due(&filter, now, now + 24 * HOUR, limit, now)?)?;
    put(&mut report, "overdue", tx.due(&filter, i64::MIN, now, limit, now)?)?;
    put(&mut report, "scheduled_upcoming", tx.scheduled(&filter, now + 24 * HOUR, limit, now)?)?;

    report.put("cursor", tx.cursor()?);
    add_other_projects(tx, &scope, &mut report)?;
    add_config_state(call, tx, &mut report)?;
    Ok(report)
}

/// Names the projects with open items that this dashboard leaves out, so that nothing seems lost.
fn add_other_projects(tx: &Tx<'_>, scope: &Scope, report: &mut Report) -> Answer<()> {
    let (Scope::With(own) | Scope::Only(own)) = scope else { return Ok(()) };
    let others: Vec<_> = tx.open_by_project()?.into_iter().filter(|(name, _)| name != own).collect();
    if !others.is_empty() {
        let shown = others.iter().take(limits::SECTION);
        let shown: Vec<Value> = shown.map(|(name, open)| json!({"project": name, "open": open})).collect();
        report.section("other_projects", shown, others.len());
    }
    Ok(())
}

fn short(rows: &Rows<'_, '_>, listed: Listed, full: bool) -> Answer {
    Ok(rows.listed(&trimmed(listed, full), None)?)
}

/// With a title that fits on a line.
fn trimmed(mut listed: Listed, full: bool) -> Listed {
    if !full {
        listed.item.title = text::cut(&listed.item.title, TITLE);
        listed.item.tags = text::cut(&listed.item.tags, TITLE / 2);
    }
    listed
}
