//! Changes in words: who did what to which item, a line each.

use std::collections::HashMap;

use orc_core::time::Stamp;
use serde_json::Value;

use super::{
    Trouble, items,
    items::text,
    paint::{Paint, cut, plain},
    person::Person,
    table::{Cell, Table},
    times::{ago, minute},
};

/// Most items that are asked after for one list of changes.
const LOOKUPS: usize = 200;
/// Characters of an old or new value.
const VALUE: usize = 40;

/// Fields that hold a time.
const TIMES: [&str; 3] = ["due_at", "not_before", "next_run_at"];
/// Fields as the options of `add` and `edit` call them.
const NAMES: [(&str, &str); 5] = [
    ("due_at", "due"),
    ("not_before", "not before"),
    ("next_run_at", "next run"),
    ("parent_id", "parent"),
    ("item_type", "type"),
];

/// The titles of items that changes name.
pub(crate) struct Titles {
    known: HashMap<String, String>,
    wanted: bool,
}

impl Titles {
    /// To be asked for as they come up.
    pub(crate) fn asked() -> Self {
        Self { known: HashMap::new(), wanted: true }
    }

    /// Not wanted: all changes are about one item.
    pub(crate) fn none() -> Self {
        Self { known: HashMap::new(), wanted: false }
    }

    /// An item's title. What a change says itself counts first: the item may be gone by now.
    fn of(&mut self, event: &Value, person: &Person) -> Result<String, Trouble> {
        let id = text(event, "item_id");
        if !self.wanted || id.is_empty() {
            return Ok(String::new());
        }
        if let Some(title) = event["changes"]["title"][1].as_str().or_else(|| event["item"]["title"].as_str())
        {
            self.known.insert(id.to_owned(), plain(title));
        }
        if !self.known.contains_key(id) && self.known.len() < LOOKUPS {
            let head = items::head(person, id)?;
            let title = head.map(|head| plain(text(&head, "title"))).unwrap_or_default();
            self.known.insert(id.to_owned(), title);
        }
        Ok(self.known.get(id).cloned().unwrap_or_default())
    }
}

/// A change, and how many older ones it stands for.
pub(crate) type Gathered<'c> = (&'c Value, usize);

/// Changes, newest first, where each run of a claim's comings and goings is its newest: a daemon that is started anew makes two
/// of each claim, and neither says who holds what.
pub(crate) fn gathered(changes: &[Value]) -> Vec<Gathered<'_>> {
    let mut gathered: Vec<Gathered<'_>> = Vec::new();
    // Where the run of such changes that goes on began.
    let mut run = 0;
    for change in changes {
        if !is_kept(change) {
            gathered.push((change, 0));
            run = gathered.len();
            continue;
        }
        match gathered[run..].iter_mut().find(|(newer, _)| subject(newer) == subject(change)) {
            Some((_, older)) => *older += 1,
            None => gathered.push((change, 0)),
        }
    }
    gathered
}

/// Whether a claim stayed with its holder.
fn is_kept(change: &Value) -> bool {
    let [before, after] = [0, 1].map(|side| &change["changes"]["claim"][side]);
    text(change, "kind") == "claim_changed" && before["agent"] == after["agent"]
}

/// What a change of a claim is about.
fn subject(change: &Value) -> [&Value; 3] {
    let after = &change["changes"]["claim"][1];
    [&change["item_id"], &after["resource"], &after["agent"]]
}

/// Changes as a table.
pub(crate) fn events(
    changes: &[Gathered<'_>],
    titles: &mut Titles,
    person: &Person,
    now: &Stamp,
) -> Result<String, Trouble> {
    let paint = person.paint;
    let mut table = Table::new(paint, &["WHEN", "WHO", "ITEM", "WHAT", "TITLE"]);
    for (change, older) in changes {
        let id = if titles.wanted { text(change, "item_id") } else { "" };
        table.row([
            Cell::new(ago(text(change, "at"), now), |t| paint.dim(t)),
            Cell::new(plain(text(change, "agent")), |t| paint.name(t)),
            Cell::new(id, |t| paint.id(t)),
            Cell::plain(match older {
                0 => what(change),
                older => format!("{} ({older} more such changes before)", what(change)),
            }),
            Cell::plain(titles.of(change, person)?),
        ]);
    }
    Ok(table.lines())
}

/// A change on one line, for a list that grows.
pub(crate) fn line(change: &Value, titles: &mut Titles, person: &Person) -> Result<String, Trouble> {
    let paint: Paint = person.paint;
    let time = text(change, "at").get(11..19).map(|time| format!("{time} UTC")).unwrap_or_default();
    let title = titles.of(change, person)?;
    let mut line = format!("{}  {}", paint.dim(&time), paint.name(&plain(text(change, "agent"))));
    for (part, painted) in [(text(change, "item_id"), paint.id(text(change, "item_id")))] {
        if !part.is_empty() {
            line.push_str(&format!("  {painted}"));
        }
    }
    line.push_str(&format!("  {}", what(change)));
    if !title.is_empty() {
        line.push_str(&format!("  {}", paint.dim(&title)));
    }
    Ok(line)
}

/// What was done.
pub(crate) fn what(change: &Value) -> String {
    let key = || plain(text(change, "key"));
    let near = |id: &Value| plain(id.as_str().unwrap_or_default()).chars().take(8).collect::<String>();
    let said = match text(change, "kind") {
        "item_created" => "created".to_owned(),
        "item_imported" => "imported".to_owned(),
        "item_restored" => "restored".to_owned(),
        "item_deleted" => "deleted".to_owned(),
        "status_changed" => moved(change),
        "item_updated" => changed(&change["changes"]),
        "note_written" => format!("wrote note {}", key()),
        "note_deleted" => format!("deleted note {}", key()),
        "dependency_added" => edge(&change["edge"], "now"),
        "dependency_removed" => edge(&change["edge"], "no longer"),
        "item_unblocked" => format!("unblocked by {}", near(&change["by"])),
        "claim_taken" => format!("claimed{}", resource(&change["claim"])),
        "claim_changed" => claim_changed(change),
        "claim_ended" => {
            let why = match text(change, "why") {
                // Its item came to review or was set aside.
                "handed_on" => "free for others".to_owned(),
                why => plain(why).replace('_', " "),
            };
            format!("claim ended ({why}){}", resource(&change["claim"]))
        }
        "workspace_changed" => format!("workspace {} changed", plain(text(change, "workspace"))),
        other => plain(other),
    };
    match change["forced"] == true {
        true => format!("{said} (forced)"),
        false => said,
    }
}

fn claim_changed(change: &Value) -> String {
    let after = &change["changes"]["claim"][1];
    let said = match (is_kept(change), after["agent"].as_str(), after["ends"].as_str()) {
        (false, Some(agent), _) => format!("claim passed on to {}", plain(agent)),
        (true, _, Some(ends)) => format!("claim kept until {}", minute(ends)),
        (true, _, None) => "claim kept".to_owned(),
        (false, None, _) => "claim changed".to_owned(),
    };
    said + &resource(after)
}

fn moved(change: &Value) -> String {
    let status = &change["changes"]["status"];
    let said = format!("{} → {}", value(&status[0]), value(&status[1]));
    match text(change, "reason") {
        "" => said,
        reason => format!("{said} ({})", plain(&cut(reason, VALUE * 2))),
    }
}

fn changed(changes: &Value) -> String {
    let fields = changes.as_object().into_iter().flatten();
    let said = |(field, pair): (&String, &Value)| {
        let value = |side: &Value| match side.as_str().filter(|_| TIMES.contains(&field.as_str())) {
            Some(time) => plain(&minute(time)),
            None => value(side),
        };
        let name = NAMES.iter().find(|(tool, _)| tool == field).map_or(field.as_str(), |(_, name)| name);
        format!("{name}: {} → {}", value(&pair[0]), value(&pair[1]))
    };
    let fields = fields.map(said);
    fields.collect::<Vec<_>>().join(", ")
}

fn edge(edge: &Value, word: &str) -> String {
    let from: String = plain(text(edge, "from_id")).chars().take(8).collect();
    match text(edge, "dep_type") {
        "relates_to" => format!("{word} related to {from}"),
        _ => format!("{word} waits for {from}"),
    }
}

fn resource(claim: &Value) -> String {
    claim["resource"].as_str().map(|name| format!(" {}", plain(name))).unwrap_or_default()
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => plain(&cut(text, VALUE)),
        other => cut(&other.to_string(), VALUE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_change_has_words() {
        let cases = [
            (json!({"kind": "item_created"}), "created"),
            (json!({"kind": "status_changed", "changes": {"status": ["queue", "work"]}}), "queue → work"),
            (
                json!({"kind": "status_changed", "changes": {"status": ["work", "blocked"]}, "reason": "no key"}),
                "work → blocked (no key)",
            ),
            (
                json!({"kind": "item_updated", "changes": {"priority": ["low", "high"]}}),
                "priority: low → high",
            ),
            (
                json!({"kind": "item_updated", "changes": {"due_at": [null, "2026-12-01"]}, "forced": true}),
                "due: none → 2026-12-01 00:00 UTC (forced)",
            ),
            (json!({"kind": "note_written", "key": "plan"}), "wrote note plan"),
            (
                json!({"kind": "dependency_added", "edge": {"from_id": "aaaabbbbcccc", "dep_type": "blocks"}}),
                "now waits for aaaabbbb",
            ),
            (json!({"kind": "item_unblocked", "by": "aaaabbbbcccc"}), "unblocked by aaaabbbb"),
            (json!({"kind": "claim_taken", "claim": {"resource": "file:a"}}), "claimed file:a"),
            (
                json!({"kind": "claim_ended", "why": "session_ended", "claim": {"item_id": "a"}}),
                "claim ended (session ended)",
            ),
            (
                json!({"kind": "claim_ended", "why": "handed_on", "claim": {"item_id": "a"}}),
                "claim ended (free for others)",
            ),
            (kept(1, Some("2026-12-01T09:30:00Z")), "claim kept until 2026-12-01 09:30 UTC"),
            (kept(1, None), "claim kept"),
            (
                json!({"kind": "claim_changed", "changes": {"claim": [{"agent": "ann"}, {"agent": "ben", "resource": "file:a"}]}}),
                "claim passed on to ben file:a",
            ),
            (json!({"kind": "something_new"}), "something_new"),
        ];
        for (change, want) in cases {
            assert_eq!(what(&change), want);
        }
    }

    /// A claim that stayed with its holder.
    fn kept(item: u8, ends: Option<&str>) -> Value {
        json!({"kind": "claim_changed", "item_id": item,
            "changes": {"claim": [{"agent": "ann"}, {"agent": "ann", "ends": ends}]}})
    }

    #[test]
    fn comings_and_goings_of_a_claim_are_its_newest() {
        let other = json!({"kind": "item_created"});
        let passed = json!({"kind": "claim_changed", "item_id": 1, "changes": {"claim": [{"agent": "ann"}, {"agent": "ben"}]}});
        let changes = [
            kept(1, None),
            kept(2, None),
            kept(1, Some("x")),
            kept(2, Some("x")),
            kept(1, None),
            other,
            kept(1, None),
            passed.clone(),
            passed,
        ];
        let counts: Vec<usize> = gathered(&changes).iter().map(|(_, older)| *older).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0], "two runs; and who holds it now is never left out");
    }
}
