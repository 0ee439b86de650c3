//! `show ID`: an item with all that surrounds it.

use clap_complete::ArgValueCompleter;
use orc_core::time::Stamp;
use serde_json::Value;

use super::{
    Trouble,
    completions::ids,
    events::{Titles, events},
    exit::Exit,
    items::{card, claim_end, rows, table, text},
    paint::{Paint, plain, plain_lines},
    person::{Given, Person},
    say, tell,
    times::ago,
};

/// Changes shown of its history.
const CHANGES: u64 = 8;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The item, by its id or 4 or more first characters
    #[arg(add = ArgValueCompleter::new(ids))]
    id: String,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let about = || Given::default().with("item_id", arguments.id.as_str());
    let mut context = person.call("get_context", about().done())?.value;
    let history = person.call("query_history", about().with("limit", CHANGES).done())?.value;
    if person.json {
        context["history"] = history["items"].clone();
        say(&context.to_string());
        return Ok(Exit::Fine);
    }
    let mut out = described(&context, person.paint, now);
    let changes = rows(&history, "items");
    if !changes.is_empty() {
        out.push_str(&heading("History", person.paint));
        out.push_str(&events(changes, &mut Titles::none(), person, now)?);
    }
    tell(&out);
    Ok(Exit::Fine)
}

fn described(context: &Value, paint: Paint, now: &Stamp) -> String {
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
    }
    for note in rows(context, "notes") {
        out.push_str(&heading(&format!("Note {} ({})", plain(text(note, "key")), text(note, "role")), paint));
        out.push_str(plain_lines(text(note, "body")).trim_end());
        out.push('\n');
        if let Some(length) = note["length"].as_u64() {
            out.push_str(&paint.dim(&format!("… {length} characters; `note ID KEY` shows all\n")));
        }
    }
    out
}

fn heading(words: &str, paint: Paint) -> String {
    format!("\n{}\n", paint.bold(words))
}
