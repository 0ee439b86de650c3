//! `list`: items by what they are.

use clap_complete::ArgValueCompleter;
use orc_core::{
    status::{Priority, Status},
    time::Stamp,
};
use serde_json::Value;

use super::{
    Trouble,
    completions::ids,
    exit::Exit,
    input::Within,
    items::{pages, rows, table},
    person::{Given, Person},
    remark, say, tell,
    times::{self, When},
};

/// What is open.
pub(super) const OPEN: &str = "queue,work,review,blocked";
/// What is not.
const CLOSED: &str = "done,cancelled,archived";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// In these statuses; open and closed stand for several (default: open)
    #[arg(long, short, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(["open", "closed"].iter().chain(Status::WORDS)))]
    status: Vec<String>,
    /// In any status
    #[arg(long, short, conflicts_with = "status")]
    all: bool,
    /// With any of these tags
    #[arg(long, short, value_name = "TAG", value_delimiter = ',')]
    tag: Vec<String>,
    /// Of these priorities
    #[arg(long, short, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(Priority::WORDS))]
    priority: Vec<String>,
    /// Of this type
    #[arg(long = "type", value_name = "TYPE")]
    item_type: Option<String>,
    /// Under this item; root for those under none
    #[arg(long, value_name = "ID", add = ArgValueCompleter::new(ids))]
    parent: Option<String>,
    /// With these words in title, description or notes; a word matches from its beginning
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// Changed since a time, or for so long: 2026-11-23, 2d
    #[arg(long, value_name = "TIME", value_parser = times::back)]
    since: Option<When>,
    /// Only those that somebody holds
    #[arg(long, conflicts_with = "free")]
    claimed: bool,
    /// Only those that nobody holds
    #[arg(long)]
    free: bool,
    /// In this order; - in front turns it around
    #[arg(long, value_name = "ORDER", allow_hyphen_values = true, value_parser = ["created", "updated", "priority", "due", "-created", "-updated", "-priority", "-due"])]
    sort: Option<String>,
    /// At most so many; 0 for all there are
    #[arg(long, short = 'n', default_value_t = 50)]
    limit: u64,
    #[command(flatten)]
    within: Within,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let most = if arguments.limit == 0 { u64::MAX } else { arguments.limit };
    let found = match most {
        // One page is printed as it came.
        1..=500 => {
            let mut wanted = wanted(arguments, now);
            wanted["limit"] = most.into();
            let answer = person.call("query_items", wanted)?;
            if person.json {
                say(&answer.text);
                return Ok(Exit::Fine);
            }
            answer.value
        }
        _ => pages(person, &wanted(arguments, now), most)?,
    };
    if person.json {
        say(&found.to_string());
        return Ok(Exit::Fine);
    }
    let items = rows(&found, "items");
    match items.len() {
        0 => remark(match arguments.all || !arguments.status.is_empty() {
            true => "No items match.",
            false => "No open items match; --all shows closed ones too.",
        }),
        _ => tell(&table(items, person.paint, now)),
    }
    if found["has_more"] == true {
        let more = if found["total_more"] == true { "more than " } else { "" };
        remark(&format!("{} of {more}{}; --limit 0 shows all", items.len(), found["total"]));
    }
    Ok(Exit::Fine)
}

fn wanted(arguments: &Arguments, now: &Stamp) -> Value {
    let statuses = match &arguments.status[..] {
        [] if arguments.all => None,
        [] => Some(OPEN.to_owned()),
        some => Some(some.iter().map(|word| statuses_of(word)).collect::<Vec<_>>().join(",")),
    };
    let claimed = arguments.claimed.then_some(true).or(arguments.free.then_some(false));
    let given = Given::operation("list")
        .maybe("status", statuses)
        .words("tags", &arguments.tag)
        .words("priority", &arguments.priority)
        .maybe("item_type", arguments.item_type.clone())
        .maybe("parent_id", arguments.parent.clone())
        .maybe("search", arguments.search.clone())
        .maybe("updated_since", arguments.since.as_ref().map(|when| when.back(now)))
        .maybe("claimed", claimed)
        .maybe("sort", arguments.sort.clone());
    arguments.within.add_to(given).done()
}

/// A status, or all for which a word stands.
fn statuses_of(word: &str) -> &str {
    match word {
        "open" => OPEN,
        "closed" => CLOSED,
        status => status,
    }
}
