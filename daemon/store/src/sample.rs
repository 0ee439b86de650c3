//! A store of any size as it is after months of work, for tests of cost: the same recipe at every size.

use orc_core::change::Origin;
use orc_core::claim::Actor;
use orc_core::edge::Edge;
use orc_core::id::{Ids, ItemId};
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::status::{DepKind, Priority, Role, Status, Threshold};
use orc_core::time::{DAY, HOUR, Stamp};
use orc_core::{Change, Policies};
use rusqlite::Connection;

use crate::error::Result;
use crate::tx::Tx;

/// Items written in one transaction.
const GROUP: u64 = 5_000;
/// Of every hundred items: most are done.
const STATUSES: [(Status, u64); 5] = [
    (Status::Queue, 30),
    (Status::Work, 4),
    (Status::Review, 2),
    (Status::Blocked, 2),
    (Status::Cancelled, 4),
];
const PROJECTS: [Option<&str>; 4] = [None, Some("garden"), Some("house"), Some("garden")];

/// The id of the nth item of a sample.
pub fn id(n: u64) -> ItemId {
    ItemId::new(Ids::new(1).draw(n).to_string())
}

/// The first `most` items of a sample of `items` that can be started, spread over it.
pub fn startable(items: u64, most: usize) -> Vec<ItemId> {
    let step = items / 40;
    let free = |n: &u64| {
        let draw = draw(*n);
        status(draw / 7 % 100) == Status::Queue && draw % 20 != 7 && n % 10 != 0
    };
    (0..40).filter_map(|part| (part * step..(part + 1) * step).find(free)).take(most).map(id).collect()
}

/// A number spread over all there are, the same for the same n.
fn draw(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

/// Writes `items` items, the last of them made an hour before `now`, with their notes and dependencies. Dates that have passed
/// and dates to come, roots and children, types, tags and projects occur in the same shares at any size.
///
/// # Errors
/// When the database cannot be written.
pub fn fill(connection: &Connection, items: u64, now: i64) -> Result<()> {
    let actor = Actor { session: "sample".into(), agent: "sample".into(), subagent: None };
    let mut at = 0;
    while at < items {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let tx = Tx::new(connection, 1);
        for n in at..(at + GROUP).min(items) {
            let made = Stamp::from_micros(now - HOUR - i64::try_from(items - n).unwrap_or(0) * 1_000_000);
            tx.commit(&changes(n, &made, now), &actor, &made, &Policies::default())?;
        }
        connection.execute_batch("COMMIT")?;
        at += GROUP;
    }
    Ok(())
}

/// What makes the nth item.
fn changes(n: u64, made: &Stamp, now: i64) -> Vec<Change> {
    let draw = draw(n);
    let item = item(n, draw, made, now);
    let mut changes = Vec::new();
    if draw % 10 == 3 {
        let note = Note {
            id: ItemId::new(Ids::new(2).draw(n).to_string()),
            item: item.id.clone(),
            key: "plan".into(),
            role: Role::Queue,
            body: format!("What was found out about part {n} and what is to be done about it."),
            created_by: None,
            created_at: made.clone(),
            updated_at: made.clone(),
        };
        changes.push(Change::NoteWritten { before: None, after: Box::new(note), origin: Origin::Imported });
    }
    if draw % 20 == 7 && n > 0 {
        let edge = Edge {
            id: ItemId::new(Ids::new(3).draw(n).to_string()),
            from: id(n - 1),
            to: item.id.clone(),
            kind: DepKind::Blocks,
            unblock_at: Threshold::Done,
            created_by: None,
            created_at: made.clone(),
        };
        changes.push(Change::EdgeAdded { edge, origin: Origin::Imported });
    }
    changes.insert(0, Change::ItemCreated { item: Box::new(item), origin: Origin::Imported });
    changes
}

fn item(n: u64, draw: u64, made: &Stamp, now: i64) -> Item {
    let due = (draw % 25 == 1).then(|| {
        let days = i64::try_from(draw / 25 % 200).unwrap_or(0) - 50;
        Stamp::from_micros(now + days * DAY)
    });
    // Families of ten: a root and its children.
    let parent = (n % 10 != 0).then(|| id(n - n % 10));
    Item {
        id: id(n),
        parent: parent.filter(|_| draw % 2 == 0),
        title: format!("Repair section {} of the wall, part {n}", n % 97),
        description: "What is wrong with it, who has looked at it and what it takes to mend it.".into(),
        summary: String::new(),
        status: status(draw / 7 % 100),
        label: None,
        previous: None,
        priority: Priority::ALL[usize::try_from(draw / 11 % 4).unwrap_or(0)],
        complexity: None,
        item_type: ["", "task", "bug"][usize::try_from(draw / 13 % 3).unwrap_or(0)].into(),
        tags: ["", "stone", "stone,mortar", "roof"][usize::try_from(draw / 17 % 4).unwrap_or(0)].into(),
        metadata: None,
        properties: None,
        due_at: due,
        schedule: None,
        next_run_at: None,
        not_before: None,
        reason: None,
        project: PROJECTS[usize::try_from(draw / 19 % 4).unwrap_or(0)].map(str::to_owned),
        version: 1,
        created_by: None,
        updated_by: None,
        created_at: made.clone(),
        updated_at: made.clone(),
        role_changed_at: None,
    }
}

fn status(mut percent: u64) -> Status {
    for (status, share) in STATUSES {
        if percent < share {
            return status;
        }
        percent -= share;
    }
    Status::Done
}
