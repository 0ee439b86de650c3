//! Rows of the original as domain values: everything as it was given, the nearest valid value where ours knows no such thing.

use orc_core::ItemId;
use orc_core::claim::{Actor, Claim, Subject};
use orc_core::edge::Edge;
use orc_core::item::Item;
use orc_core::limits;
use orc_core::note::Note;
use orc_core::status::{DepKind, Priority, Role, Status, Threshold};
use orc_core::text;
use orc_core::time::Stamp;

use super::old_row::{Old, OldRow, Reading, shown};

/// The columns of `work_items` that some version of the original has.
const OF_ITEMS: [&str; 22] = [
    "id",
    "parent_id",
    "title",
    "description",
    "summary",
    "status",
    "status_label",
    "previous_status",
    "priority",
    "complexity",
    "item_type",
    "tags",
    "metadata",
    "properties",
    "role_changed_at",
    "due_at",
    "schedule",
    "next_run_at",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
];
const OF_NOTES: [&str; 8] =
    ["id", "item_id", "key", "role", "body", "created_at", "updated_at", "created_by"];
const OF_DEPENDENCIES: [&str; 7] =
    ["id", "from_id", "to_id", "dep_type", "unblock_at", "created_at", "created_by"];
/// What an item without a title is called.
const UNTITLED: &str = "(untitled)";
/// What a note without a key is called.
const KEYLESS: &str = "note";

/// An item, under the id and parent that the plan has for it.
pub(crate) fn item(reading: &mut Reading<'_>, id: &ItemId, parent: Option<&ItemId>, now: &Stamp) -> Item {
    let title = reading.text("title").unwrap_or_default();
    let title = if title.trim().is_empty() {
        reading.change(format!("it had no title and is called {UNTITLED}"));
        UNTITLED.to_owned()
    } else {
        title
    };
    let (created_at, updated_at) = reading.times(now);
    let status = match reading.word("status", Status::parse, "queue") {
        Some(status) => status,
        None => Status::Queue,
    };
    Item {
        id: id.clone(),
        parent: parent.cloned(),
        title,
        description: reading.text("description").unwrap_or_default(),
        summary: reading.text("summary").unwrap_or_default(),
        status,
        label: reading.text("status_label"),
        previous: reading.word("previous_status", Status::parse, "none"),
        priority: reading.word("priority", Priority::parse, "medium").unwrap_or(Priority::Medium),
        complexity: complexity(reading),
        item_type: reading.text("item_type").unwrap_or_default(),
        tags: reading.text("tags").unwrap_or_default(),
        metadata: reading.text("metadata"),
        properties: reading.text("properties"),
        due_at: reading.stamp("due_at", "none"),
        schedule: schedule(reading, now),
        next_run_at: reading.stamp("next_run_at", "none"),
        not_before: None,
        reason: None,
        project: None,
        version: 1,
        created_by: reading.text("created_by"),
        updated_by: reading.text("updated_by"),
        created_at,
        updated_at,
        role_changed_at: reading.stamp("role_changed_at", "none"),
    }
}

/// Kept as it is as far as it fits: a number that is out of range says more than none.
fn complexity(reading: &mut Reading<'_>) -> Option<u8> {
    let given = reading.value("complexity").clone();
    let number = match &given {
        Old::Null => return None,
        Old::Integer(n) => Some(*n as f64),
        Old::Real(n) => Some(*n),
        Old::Text(text) => text.trim().parse().ok(),
        Old::Bytes(_) => None,
    };
    let fitting = number.filter(|n| n.is_finite()).map(|n| n.round().clamp(0.0, 255.0));
    if number.is_none() || fitting != number {
        let became = fitting.map_or("none".to_owned(), |n| n.to_string());
        reading.change(format!("complexity {} became {became}", given.key().unwrap_or_default()));
    }
    // Within 0 and 255 by the line above.
    fitting.map(|n| n as u8)
}

/// As it was given, also when it cannot run: then whoever completes the item is told, and can correct it.
fn schedule(reading: &mut Reading<'_>, now: &Stamp) -> Option<String> {
    let schedule = reading.filled("schedule")?;
    if orc_core::schedule::next_run(&schedule, now).is_err() {
        reading.change(format!("schedule '{}' is kept, but is no cron expression here", shown(&schedule)));
    }
    Some(schedule)
}

/// A note. `taken` says whether its item has another one under that key.
pub(crate) fn note<E>(
    reading: &mut Reading<'_>,
    id: ItemId,
    item: &ItemId,
    now: &Stamp,
    mut taken: impl FnMut(&str) -> Result<bool, E>,
) -> Result<Note, E> {
    let given = reading.text("key").unwrap_or_default();
    let plain = text::cut(given.trim(), limits::KEY_CHARS - 10);
    let plain = if plain.is_empty() {
        KEYLESS.to_owned()
    } else if fits(&given) {
        given.clone()
    } else {
        plain
    };
    let mut key = plain.clone();
    let mut n = 1;
    while taken(&key)? {
        n += 1;
        key = format!("{plain}-{n}");
    }
    if key != given {
        reading.change(format!("key '{}' became '{key}'", shown(&given)));
    }
    let (created_at, updated_at) = reading.times(now);
    Ok(Note {
        id,
        item: item.clone(),
        key,
        role: reading.word("role", Role::parse, "queue").unwrap_or(Role::Queue),
        body: reading.text("body").unwrap_or_default(),
        created_by: reading.text("created_by"),
        created_at,
        updated_at,
    })
}

/// Whether a note can be asked for by this key.
fn fits(key: &str) -> bool {
    key.trim() == key && key.chars().count() <= limits::KEY_CHARS
}

/// What an edge means, and whether its ends are to be exchanged. The original lets every kind but `relates_to` block.
pub(crate) fn kind(reading: &mut Reading<'_>) -> (DepKind, bool) {
    match reading.filled("dep_type").map(|word| word.trim().to_ascii_lowercase().replace('-', "_")) {
        None => (DepKind::Blocks, false),
        Some(word) if word == "is_blocked_by" => {
            reading.change("dep_type is_blocked_by became blocks, the other way round");
            (DepKind::Blocks, true)
        }
        Some(_) => (reading.word("dep_type", DepKind::parse, "blocks").unwrap_or(DepKind::Blocks), false),
    }
}

/// An edge between two items.
pub(crate) fn edge(
    reading: &mut Reading<'_>,
    id: ItemId,
    (from, to): (&ItemId, &ItemId),
    kind: DepKind,
    now: &Stamp,
) -> Edge {
    let created_at = reading.stamp("created_at", "the time of the take-over");
    Edge {
        id,
        from: from.clone(),
        to: to.clone(),
        kind,
        unblock_at: reading.word("unblock_at", Threshold::parse, "done").unwrap_or(Threshold::Done),
        created_by: reading.text("created_by"),
        created_at: created_at.unwrap_or_else(|| now.clone()),
    }
}

/// A claim. Its session is over, so it ends at `grace` unless its agent returns before.
pub(crate) fn claim(
    reading: &mut Reading<'_>,
    subject: Subject,
    session_agent: Option<&str>,
    grace: &Stamp,
    now: &Stamp,
) -> Claim {
    let agent = reading.filled("agent_id").or_else(|| session_agent.map(str::to_owned));
    let holder = Actor {
        session: reading.filled("session_id").unwrap_or_else(|| "unknown".to_owned()),
        agent: text::cut(&agent.unwrap_or_else(|| "unknown".to_owned()), limits::KEY_CHARS),
        subagent: None,
    };
    let since = reading.stamp("claimed_at", "the time of the take-over");
    Claim {
        subject,
        holder,
        since: since.unwrap_or_else(|| now.clone()),
        deadline: reading.stamp("expires_at", "none"),
        grace_until: Some(grace.clone()),
    }
}

/// Whose a session was: its agent's name, or its program and machine.
pub(crate) fn agent_of_session(row: &OldRow) -> String {
    let text = |column| row.key(column).filter(|text| !text.trim().is_empty());
    text("agent_id").unwrap_or_else(|| {
        let program = text("cli").unwrap_or_else(|| "agent".to_owned());
        format!("{program}@{}", text("hostname").unwrap_or_else(|| "unknown".to_owned()))
    })
}

/// Columns that no known version of the original has, and that hold something.
pub(crate) fn say_unknown_columns(reading: &mut Reading<'_>, table: &str) {
    let known: &[&str] = match table {
        "work_items" => &OF_ITEMS,
        "notes" => &OF_NOTES,
        _ => &OF_DEPENDENCIES,
    };
    let beyond: Vec<String> = reading.filled_beyond(known);
    if !beyond.is_empty() {
        reading.change(format!("there is no place here for {}", beyond.join(", ")));
    }
}
