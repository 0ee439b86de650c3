//! get_context in brief: one screen of text for the start of a session, never longer than 1,500 characters.

use orc_core::claim::Subject;
use orc_core::status::Status;
use orc_core::{View, text};
use orc_store::Tx;
use orc_store::queries::{Listed, Section};
use serde_json::{Value, json};

use super::super::next::best;
use crate::answer::Rows;
use crate::args::Args;
use crate::call::{Answer, Call};

/// The whole document, in characters (contract.md §5).
const DOCUMENT: usize = 1_500;
/// Room for what stands around the text, and for what JSON escapes.
const TEXT: usize = 1_400;
/// Characters of a title; fewer where there is much to say.
const TITLES: [usize; 4] = [60, 40, 28, 18];
/// Items named in a line.
const NAMED: usize = 12;

pub(super) fn context(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let mut document = Value::Null;
    for title in TITLES {
        let mut said = lines(call, args, tx, title)?.join("\n");
        said = text::cut(&said, TEXT);
        document = json!({"brief": said, "cursor": tx.cursor()?});
        if document.to_string().chars().count() <= DOCUMENT && said.chars().count() < TEXT {
            return Ok(document);
        }
    }
    // Titles full of what JSON escapes: cut until it fits.
    let mut most = TEXT;
    while document.to_string().chars().count() > DOCUMENT {
        most = most * 9 / 10;
        document["brief"] = json!(text::cut(document["brief"].as_str().unwrap_or_default(), most));
    }
    Ok(document)
}

fn lines(call: &Call<'_>, args: &Args, tx: &Tx<'_>, title: usize) -> Answer<Vec<String>> {
    let scope = call.scope(tx, args)?;
    let filter = call.report_filter(tx, args, scope)?;
    let (rows, now) = (call.rows(tx)?, call.now());
    let counts = tx.status_counts(&filter, now)?;
    let of = |wanted: Status| counts.iter().find(|(s, _)| *s == wanted).map_or(0, |(_, n)| *n);
    let mut lines = Vec::new();
    let open: Vec<String> = [Status::Queue, Status::Work, Status::Review, Status::Blocked]
        .into_iter()
        .map(|status| format!("{} {}", of(status), status.as_str()))
        .collect();
    lines.push(format!("Work graph: {}.", open.join(", ")));

    let named = |listed: &Listed| named(&rows, listed, title);
    let (claims, claimed) = tx.claims(Some(&call.cx.actor.session), NAMED, now)?;
    let mut yours = Vec::new();
    for claim in &claims {
        match &claim.subject {
            Subject::Item(id) => {
                if let Some(listed) = tx.listed(id, now)? {
                    yours.push(format!("{} ({})", named(&listed)?, listed.item.status.as_str()));
                }
            }
            Subject::Resource(name) => yours.push(text::cut(name, title)),
        }
    }
    push(&mut lines, "Yours", yours, claimed);
    if let Some(next) = best(call, tx, &filter, 1, false)?.first() {
        lines.push(format!(
            "Next: {} ({}, {}).",
            named(next)?,
            next.item.priority.as_str(),
            next.item.status.as_str()
        ));
    }
    let overdue = tx.due(&filter, i64::MIN, now, 3, now)?;
    push_section(&mut lines, "Overdue", &overdue, named)?;
    let blocked = tx.held_back(&filter, 3, now)?;
    let mut stuck = Vec::new();
    for listed in &blocked.rows {
        let (blockers, _) = tx.unmet_blockers(&listed.item.id, 1)?;
        let why = match (blockers.first(), &listed.item.reason) {
            (Some(blocker), _) => format!(" waits for {}", text::cut(&blocker.title, title / 2)),
            (None, Some(reason)) => format!(": {}", text::cut(reason, title / 2)),
            (None, None) => String::new(),
        };
        stuck.push(format!("{}{why}", named(listed)?));
    }
    push(&mut lines, "Stuck", stuck, blocked.total);
    let active = tx.active(&filter, NAMED, now)?;
    let held_here = |listed: &&Listed| {
        !claims.iter().any(|claim| matches!(&claim.subject, Subject::Item(id) if *id == listed.item.id))
    };
    let mut elsewhere = Vec::new();
    for listed in active.rows.iter().filter(held_here) {
        let by =
            listed.claimed_by.as_deref().map(|who| format!(" by {}", text::cut(who, 24))).unwrap_or_default();
        elsewhere.push(format!("{} {}{by}", named(listed)?, listed.item.status.as_str()));
    }
    let others = active.total - (active.rows.len() - elsewhere.len());
    push(&mut lines, "Also active", elsewhere, others);
    if let Some(fault) = call.config.faults.first() {
        lines.push(format!(
            "Config refused: {}:{}: {}",
            fault.path.display(),
            fault.line,
            text::cut(&fault.message, 80)
        ));
    }
    Ok(lines)
}

fn named(rows: &Rows<'_, '_>, listed: &Listed, title: usize) -> Answer<String> {
    let id = rows.id(&listed.item.id)?;
    let title = text::cut(&listed.item.title, title).replace(['\n', '\r', '\t'], " ");
    Ok(format!("{} {title}", id.as_str().unwrap_or_default()))
}

fn push_section(
    lines: &mut Vec<String>,
    label: &str,
    section: &Section,
    named: impl Fn(&Listed) -> Answer<String>,
) -> Answer<()> {
    let names = section.rows.iter().map(named).collect::<Answer<Vec<_>>>()?;
    push(lines, label, names, section.total);
    Ok(())
}

fn push(lines: &mut Vec<String>, label: &str, names: Vec<String>, total: usize) {
    if names.is_empty() {
        return;
    }
    let more = match total.saturating_sub(names.len()) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    lines.push(format!("{label}: {}{more}.", names.join("; ")));
}
