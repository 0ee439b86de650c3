//! `show ID`: an item with all that surrounds it.

use clap_complete::ArgValueCompleter;
use orc_core::{
    status::{Status, Threshold},
    time::Stamp,
};
use serde_json::{Value, json};

use super::{
    Trouble,
    completions::ids,
    events::{Titles, events, gathered},
    exit::Exit,
    items::{card, claim_end, rows, table, text},
    paint::{Paint, plain, plain_lines},
    person::{Given, Person},
    refusal::quoted,
    say, tell,
    times::ago,
};

/// Changes shown of its history, and how many are counted.
const CHANGES: usize = 8;
const COUNTED: usize = 500;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The item, by its id or 4 or more first characters
    #[arg(add = ArgValueCompleter::new(ids))]
    id: String,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let about = || Given::default().with("item_id", arguments.id.as_str());
    let mut context = person.call("get_context", about().done())?.value;
    let edges = Given::operation("query").with("item_id", arguments.id.as_str()).with("direction", "both");
    let edges = person.call("manage_dependencies", edges.done())?.value;
    let looked_at = if person.json { CHANGES } else { COUNTED };
    let history = person.call("query_history", about().with("limit", looked_at).done())?.value;
    if person.json {
        context["holds_up"] = held_up(&context["item"], &edges).collect();
        context["history"] = history["items"].clone();
        say(&context.to_string());
        return Ok(Exit::Fine);
    }
    let mut out = described(&context, &edges, person.paint, now);
    let changes = gathered(rows(&history, "items"));
    if !changes.is_empty() {
        out.push_str(&heading("History", person.paint));
        let shown = &changes[..changes.len().min(CHANGES)];
        out.push_str(&events(shown, &mut Titles::none(), person, now)?);
        let than = if history["has_more"] == true { "more than " } else { "" };
        out.push_str(&more(changes.len() - shown.len(), than, "history", &context["item"], person.paint));
    }
    tell(&out);
    Ok(Exit::Fine)
}

/// What waits for this item: it has not come far enough, and they are not closed.
fn held_up(item: &Value, edges: &Value) -> impl Iterator<Item = Value> {
    let came = Status::parse(text(item, "status"));
    rows(edges, "blocks").iter().filter_map(move |edge| {
        let threshold = Threshold::parse(text(edge, "unblock_at"));
        let met = matches!((&came, threshold), (Ok(came), Ok(threshold)) if came.meets(threshold));
        let closed = Status::parse(text(edge, "to_status")).is_ok_and(Status::is_terminal);
        let waits = text(edge, "dep_type") != "relates_to" && !met && !closed;
        waits.then(|| {
            json!({"id": edge["to_id"], "title": edge["to_title"], "status": edge["to_status"], "needs": edge["unblock_at"]})
        })
    })
}

/// What has to do with it, and neither waits.
fn related(edges: &Value) -> impl Iterator<Item = [&str; 3]> {
    [("blocks", ["to_id", "to_status", "to_title"]), ("blocked_by", ["from_id", "from_status", "from_title"])]
        .into_iter()
        .flat_map(|(side, far_end)| rows(edges, side).iter().map(move |edge| (edge, far_end)))
        .filter(|(edge, _)| text(edge, "dep_type") == "relates_to")
        .map(|(edge, far_end)| far_end.map(|field| text(edge, field)))
}

fn described(context: &Value, edges: &Value, paint: Paint, now: &Stamp) -> String {
    let mut item = context["item"].clone();
    // The claim says more below.
    if let Value::Object(fields) = &mut item {
        fields.remove("claimed_by");
    }
    let mut out = String::new();
    let above: Vec<String> =
        rows(context, "ancestors").iter().rev().map(|a| plain(text(a, "title"))).collect();
    if !above.is_empty() {
        out.push_str(&paint.dim(&format!("{} ›", above.join(" › "))));
        out.push('\n');
    }
    out.push_str(&card(&item, paint, now));
    let claim = &context["claim"];
    if let Some(agent) = claim["agent"].as_str() {
        let (since, ends) = (ago(text(claim, "since"), now), claim_end(claim, now));
        out.push_str(&format!(
            "{} {} since {since}; ends {ends}\n",
            paint.dim("held by   "),
            paint.name(&plain(agent))
        ));
    }
    for key in ["description", "summary"] {
        if !text(&item, key).is_empty() {
            out.push_str(&format!("\n{}\n", plain_lines(text(&item, key)).trim_end()));
        }
    }
    if !rows(context, "blockers").is_empty() {
        out.push_str(&heading("Waits for", paint));
        for row in rows(context, "blockers") {
            let (id, status) = (paint.id(text(row, "id")), paint.status(text(row, "status")));
            out.push_str(&format!(
                "{id}  {status}, needs {}  {}\n",
                text(row, "needs"),
                plain(text(row, "title"))
            ));
        }
    }
    let mut held_up = held_up(&item, edges).peekable();
    if held_up.peek().is_some() {
        out.push_str(&heading("Holds up", paint));
    }
    for row in held_up {
        let (id, status) = (paint.id(text(&row, "id")), paint.status(text(&row, "status")));
        let (needs, title) = (text(&row, "needs"), plain(text(&row, "title")));
        out.push_str(&format!("{id}  {status}, until this is {needs}  {title}\n"));
    }
    let mut related = related(edges).peekable();
    if related.peek().is_some() {
        out.push_str(&heading("Related", paint));
    }
    for [id, status, title] in related {
        out.push_str(&format!("{}  {}  {}\n", paint.id(id), paint.status(status), plain(title)));
    }
    if !rows(context, "missing_notes").is_empty() {
        out.push_str(&heading("Notes it needs to go on", paint));
        for note in rows(context, "missing_notes") {
            let hint = match text(note, "guidance") {
                "" => text(note, "description"),
                guidance => guidance,
            };
            out.push_str(&format!(
                "{} ({})  {}\n",
                plain(text(note, "key")),
                text(note, "role"),
                paint.dim(&plain(hint))
            ));
        }
    }
    let children = rows(context, "children");
    if !children.is_empty() {
        out.push_str(&heading("Below it", paint));
        out.push_str(&table(children, paint, now));
        out.push_str(&cut(context, "children", "tree", paint));
    }
    for note in rows(context, "notes") {
        out.push_str(&heading(&format!("Note {} ({})", plain(text(note, "key")), text(note, "role")), paint));
        out.push_str(plain_lines(text(note, "body")).trim_end());
        out.push('\n');
        if let Some(length) = note["length"].as_u64() {
            let (id, key) = (text(&item, "id"), quoted(text(note, "key")));
            out.push_str(
                &paint.dim(&format!("… {length} characters in all: task-orchestrator note {id} {key}\n")),
            );
        }
    }
    out.push_str(&cut(context, "notes", "note", paint));
    out
}

/// What a section of the tool's answer left out.
fn cut(context: &Value, section: &str, verb: &str, paint: Paint) -> String {
    let left = context["more"][section].as_u64().unwrap_or_default();
    more(usize::try_from(left).unwrap_or(usize::MAX), "", verb, &context["item"], paint)
}

/// How many more there are, and which verb shows them.
fn more(left: usize, than: &str, verb: &str, item: &Value, paint: Paint) -> String {
    match left {
        0 => String::new(),
        _ => paint.dim(&format!("… {than}{left} more: task-orchestrator {verb} {}\n", text(item, "id"))),
    }
}

fn heading(words: &str, paint: Paint) -> String {
    format!("\n{}\n", paint.bold(words))
}
