//! get_context in brief: one screen of text for the start of a session, never longer than 1,500 characters.

use orc_core::claim::{Claim, Subject};
use orc_core::refusal::Blocker;
use orc_core::status::Status;
use orc_core::text;
use orc_store::Tx;
use orc_store::queries::{Held, Listed, Section};
use serde_json::{Value, json};

use super::super::next::best;
use super::since::{self, Changes};
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
/// Changed items named; those of the caller come first.
const CHANGED: usize = 5;

pub(super) fn context(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let found = look(call, args, tx)?;
    let cursor = found.changed.as_ref().map_or_else(|| tx.cursor(), |changed| Ok(changed.cursor))?;
    let rows = call.rows(tx)?;
    let mut document = Value::Null;
    for title in TITLES {
        let mut said = lines(call, &rows, &found, title)?.join("\n");
        said = text::cut(&said, TEXT);
        document = json!({"brief": said, "cursor": cursor});
        if found.changed.as_ref().is_some_and(|changed| changed.has_more) {
            document["has_more"] = json!(true);
        }
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

/// Everything that may be said.
struct Found {
    /// What changed, where the call says since when.
    changed: Option<Changes>,
    counts: Vec<(Status, i64)>,
    /// What the session holds, with the item where it is one; and how much there is.
    claims: (Vec<(Claim, Option<Listed>)>, usize),
    next: Option<Listed>,
    overdue: Section,
    /// What is held back, each with its first blocker.
    stuck: (Vec<(Listed, Option<Blocker>)>, usize),
    active: Section,
}

fn look(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<Found> {
    let scope = call.scope(tx, args)?;
    let filter = call.report_filter(tx, args, scope)?;
    let now = call.now();
    let (claims, claimed) = tx.claims(Held::By(&call.cx.actor), NAMED, now)?;
    let item_of = |claim: &Claim| match &claim.subject {
        Subject::Item(id) => tx.listed(id, now),
        Subject::Resource(_) => Ok(None),
    };
    let mut held = Vec::new();
    for claim in claims {
        let item = item_of(&claim)?;
        held.push((claim, item));
    }
    let blocked = tx.held_back(&filter, 3, now)?;
    let mut stuck = Vec::new();
    for listed in blocked.rows {
        let (mut blockers, _) = tx.blockers_of(&listed, 1)?;
        stuck.push((listed, blockers.pop()));
    }
    Ok(Found {
        changed: if args.has("since") { Some(since::changes(call, args, tx)?) } else { None },
        counts: tx.status_counts(&filter, now)?,
        claims: (held, claimed),
        next: best(call, tx, &filter, 1, false)?.into_iter().next(),
        overdue: tx.due(&filter, i64::MIN, now, 3, now)?,
        stuck: (stuck, blocked.total),
        active: tx.active(&filter, NAMED, now)?,
    })
}

/// What was found, in lines with titles of so many characters.
fn lines(call: &Call<'_>, rows: &Rows<'_, '_>, found: &Found, title: usize) -> Answer<Vec<String>> {
    let of = |wanted: Status| found.counts.iter().find(|(s, _)| *s == wanted).map_or(0, |(_, n)| *n);
    let mut lines = Vec::new();
    let open: Vec<String> = [Status::Queue, Status::Work, Status::Review, Status::Blocked]
        .into_iter()
        .map(|status| format!("{} {}", of(status), status.as_str()))
        .collect();
    lines.push(format!("Work graph: {}.", open.join(", ")));

    if let Some(changed) = &found.changed {
        lines.push(said_of_changes(changed, title));
    }
    let named = |listed: &Listed| named(rows, listed, title);
    let (claims, claimed) = &found.claims;
    let mut yours = Vec::new();
    for claim in claims {
        match claim {
            (_, Some(listed)) => yours.push(format!("{} ({})", named(listed)?, listed.status.as_str())),
            (Claim { subject: Subject::Resource(name), .. }, None) => yours.push(text::cut(name, title)),
            (Claim { subject: Subject::Item(_), .. }, None) => {}
        }
    }
    push(&mut lines, "Yours", yours, *claimed);
    if let Some(next) = &found.next {
        lines.push(format!("Next: {} ({}, {}).", named(next)?, next.priority.as_str(), next.status.as_str()));
    }
    push_section(&mut lines, "Overdue", &found.overdue, named)?;
    let mut stuck = Vec::new();
    for (listed, blocker) in &found.stuck.0 {
        let why = match (blocker, &listed.reason) {
            (Some(blocker), _) => format!(" waits for {}", text::cut(&blocker.title, title / 2)),
            (None, Some(reason)) => format!(": {}", text::cut(reason, title / 2)),
            (None, None) => String::new(),
        };
        stuck.push(format!("{}{why}", named(listed)?));
    }
    push(&mut lines, "Stuck", stuck, found.stuck.1);
    let held_here = |listed: &&Listed| !{
        claims.iter().any(|(claim, _)| matches!(&claim.subject, Subject::Item(id) if *id == listed.id))
    };
    let mut elsewhere = Vec::new();
    for listed in found.active.rows.iter().filter(held_here) {
        let by =
            listed.claimed_by.as_deref().map(|who| format!(" by {}", text::cut(who, 24))).unwrap_or_default();
        elsewhere.push(format!("{} {}{by}", named(listed)?, listed.status.as_str()));
    }
    let others = found.active.total - (found.active.rows.len() - elsewhere.len());
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

/// "Changed since 19: 5f2a90c1 Title (work): note_written by bob; and 3 more."
fn said_of_changes(changed: &Changes, title: usize) -> String {
    let words = |row: &Value, key: &str| {
        let words = row[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        text::cut(&words.collect::<Vec<_>>().join(", "), title)
    };
    let one = |row: &Value| {
        let [id, name, status] = ["id", "title", "status"].map(|key| row[key].as_str().unwrap_or_default());
        let name = text::cut(name, title).replace(['\n', '\r', '\t'], " ");
        format!("{id} {name} ({status}): {} by {}", words(row, "kinds"), words(row, "by"))
    };
    let named: Vec<String> = changed.rows.iter().take(CHANGED).map(one).collect();
    let what = match changed.rows.len() - named.len() {
        _ if named.is_empty() => "nothing".to_owned(),
        0 => named.join("; "),
        more => format!("{}; and {more} more", named.join("; ")),
    };
    format!("Changed since {}: {what}.", changed.after)
}

fn named(rows: &Rows<'_, '_>, listed: &Listed, title: usize) -> Answer<String> {
    let id = rows.id(&listed.id)?;
    let title = text::cut(&listed.title, title).replace(['\n', '\r', '\t'], " ");
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
