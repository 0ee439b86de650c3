//! The items that stores are filled with: a tracker of any size whose parts keep their proportions. Every row follows from
//! its number, the size and a fixed seed, so that two runs fill alike.

mod words;

use std::io::{BufWriter, Write};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::Outcome;

/// Items that somebody works on or reviews, at every size that has room for them.
const ACTIVE: usize = 200;
/// Items of one piece of work: its root and what belongs to it.
const GROUP: usize = 10;
/// Every fourth piece of work is still open.
const OPEN: usize = 4;
/// Customers that items are tagged with.
const CUSTOMERS: u64 = 4_000;
/// The oldest item's age.
const SPAN: SignedDuration = SignedDuration::from_hours(24 * 730);

/// A tracker of a size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    size: usize,
    now: Timestamp,
}

impl Recipe {
    /// Ages are counted back from now.
    pub(crate) fn of(size: usize) -> Self {
        Self { size, now: Timestamp::now() }
    }

    /// Writes the whole tracker as `export_graph` would, row by row.
    pub(crate) fn write(self, out: impl Write) -> Outcome {
        let mut out = BufWriter::new(out);
        list(&mut out, "{\"items\":[", (0..self.size).map(|n| self.item(n)))?;
        list(&mut out, "],\"notes\":[", (0..self.size).filter_map(|n| self.note(n)))?;
        list(&mut out, "],\"dependencies\":[", (0..self.size).filter_map(|n| self.edge(n)))?;
        out.write_all(b"],\"version\":\"0.8.0\"}")?;
        Ok(out.flush()?)
    }

    /// The status of the nth item.
    pub(crate) fn status(self, n: usize) -> &'static str {
        let chance = draw(n, Use::Status) % 100;
        if n / GROUP % OPEN != OPEN - 1 {
            return match chance {
                0..=4 => "archived",
                5..=6 if !n.is_multiple_of(GROUP) => "cancelled",
                _ => "done",
            };
        }
        if n.is_multiple_of(GROUP) {
            return "queue";
        }
        // Of the open ones, so many are active as there are whole steps.
        let (nth, open) = (n / GROUP / OPEN * (GROUP - 1) + n % GROUP - 1, (self.size / OPEN).max(1));
        let active = ACTIVE.min(open / 2);
        if (nth + 1) * active / open > nth * active / open {
            return if chance < 75 { "work" } else { "review" };
        }
        match chance {
            0..=4 => "blocked",
            5..=19 => "done",
            _ => "queue",
        }
    }

    /// Whether the nth item can be started: it is in the queue and waits for no other.
    pub(crate) fn can_start(self, n: usize) -> bool {
        self.status(n) == "queue" && n % GROUP != 7
    }

    /// A part of the tracker, as a document of its own; whole groups, so that no edge leaves it.
    pub(crate) fn part(self, from: usize, to: usize) -> Value {
        let numbers = || from..to.min(self.size);
        json!({
            "items": numbers().map(|n| self.item(n)).collect::<Vec<_>>(),
            "notes": numbers().filter_map(|n| self.note(n)).collect::<Vec<_>>(),
            "dependencies": numbers().filter_map(|n| self.edge(n)).collect::<Vec<_>>(), "version": "0.8.0",
        })
    }

    fn item(self, n: usize) -> Value {
        let status = self.status(n);
        let created = self.created(n);
        let settled = matches!(status, "done" | "archived" | "cancelled");
        // What is settled was settled within a month; of what is open, half was touched in its last tenth of time.
        let most =
            if settled { SignedDuration::from_hours(24 * 30) } else { self.now.duration_since(created) };
        let part = draw(n, Use::Updated) % 100;
        let part = if settled || part < 50 { part } else { 90 + part % 10 };
        let updated = self.now.min(created + most / 100 * i32::try_from(part).unwrap_or(0));
        let due = (draw(n, Use::Due) % 100 < 15).then(|| self.due(n, settled, created));
        json!({
            "id": id(n), "parent_id": parent(n).map(id), "title": title(n), "status": status,
            "description": words::description(draw(n, Use::Description)), "summary": "", "previous_status": null,
            "priority": words::pick(&words::PRIORITIES, draw(n, Use::Priority)), "complexity": draw(n, Use::Complexity) % 10 + 1,
            "item_type": if n.is_multiple_of(GROUP) { "epic" } else { words::pick(&words::TYPES, draw(n, Use::Type)) },
            "tags": tags(n), "metadata": null, "properties": null, "due_at": due.map(text),
            "created_at": text(created), "updated_at": text(updated), "role_changed_at": text(updated),
        })
    }

    /// Every fifth item has a note.
    fn note(self, n: usize) -> Option<Value> {
        (n % 5 == 3).then(|| {
            let at = text(self.created(n));
            json!({
                "id": whole(n, Use::Note), "item_id": id(n), "key": words::pick(&words::KEYS, draw(n, Use::NoteKey)),
                "role": "work", "body": words::description(draw(n, Use::Note)), "created_at": at, "updated_at": at,
            })
        })
    }

    /// Every tenth item waits for the one before it.
    fn edge(self, n: usize) -> Option<Value> {
        (n % GROUP == 7).then(|| {
            json!({
                "id": whole(n, Use::Edge), "from_id": id(n - 1), "to_id": id(n), "dep_type": "blocks",
                "unblock_at": "done", "created_at": text(self.created(n)),
            })
        })
    }

    /// The newest item is as old as one step between two.
    fn created(self, n: usize) -> Timestamp {
        let left = self.size - n;
        self.now
            - SPAN / i32::try_from(self.size).unwrap_or(i32::MAX) * i32::try_from(left).unwrap_or(i32::MAX)
    }

    /// Settled items were due around the time they were made; a third of the open ones is overdue.
    fn due(self, n: usize, settled: bool, created: Timestamp) -> Timestamp {
        let days = i64::try_from(draw(n, Use::DueIn) % 60).unwrap_or(0) + 1;
        let span = SignedDuration::from_hours(24 * days);
        match (settled, draw(n, Use::Overdue) % 3) {
            (true, _) => created + span,
            (false, 0) => self.now - span,
            (false, _) => self.now + span,
        }
    }
}

/// The whole id of the nth item: as random ids are, near to no other.
pub(crate) fn id(n: usize) -> String {
    whole(n, Use::Id)
}

/// The nth item's title.
pub(crate) fn title(n: usize) -> String {
    words::title(draw(n, Use::Title), n)
}

/// The nth item's tags: a part of the product, and most often a customer.
fn tags(n: usize) -> String {
    let part = words::pick(&words::PARTS, draw(n, Use::Part));
    let customer = draw(n, Use::Customer);
    if customer % 10 < 7 {
        format!("{part},customer-{:04}", customer / 10 % CUSTOMERS)
    } else {
        part.to_owned()
    }
}

/// Roots have none; the first items of a group lie under its root, the rest under one of those.
fn parent(n: usize) -> Option<usize> {
    match n % GROUP {
        0 => None,
        place @ 1..=5 => Some(n - place),
        place => Some(n - place + 1 + place % 5),
    }
}

/// What a number is drawn for, so that no two draws are the same.
#[derive(Debug, Clone, Copy)]
enum Use {
    Id,
    Title,
    Status,
    Updated,
    Due,
    DueIn,
    Overdue,
    Description,
    Priority,
    Complexity,
    Type,
    Part,
    Customer,
    Note,
    NoteKey,
    Edge,
}

/// SplitMix64 of a number and its use.
fn draw(n: usize, used_for: Use) -> u64 {
    let mut z = (n as u64)
        .wrapping_mul(32)
        .wrapping_add(used_for as u64)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn whole(n: usize, used_for: Use) -> String {
    let (high, low) = (draw(n, used_for), draw(n.wrapping_add(1 << 40), used_for));
    let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
    format!("{a:08x}-{b:04x}-4{c:03x}-8{:03x}-{:012x}", (low >> 48) & 0xfff, low & 0xffff_ffff_ffff)
}

fn text(at: Timestamp) -> String {
    format!("{at:.6}").replace('Z', "+00:00")
}

fn list(out: &mut impl Write, begin: &str, rows: impl Iterator<Item = Value>) -> Outcome {
    out.write_all(begin.as_bytes())?;
    for (n, row) in rows.enumerate() {
        if n > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *out, &row)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_the_same_shares_and_a_few_hundred_active() {
        for size in [1_000, 100_000] {
            let recipe = Recipe::of(size);
            let count = |words: &[&str]| (0..size).filter(|n| words.contains(&recipe.status(*n))).count();
            let active = count(&["work", "review"]);
            assert!((size.min(5_000) / 30..=ACTIVE).contains(&active), "{active} of {size}");
            let done = count(&["done"]);
            assert!(done > size * 6 / 10 && done < size * 9 / 10, "{done} of {size}");
        }
    }

    #[test]
    fn ids_differ_and_parents_come_first() {
        let ids: std::collections::HashSet<String> = (0..20_000).map(id).collect();
        assert_eq!(ids.len(), 20_000);
        assert!(ids.iter().all(|id| id.len() == 36));
        assert!((0..1_000).all(|n| parent(n).is_none_or(|above| above < n && above / GROUP == n / GROUP)));
    }

    #[test]
    fn what_is_written_is_the_document() {
        let recipe = Recipe::of(30);
        let mut written = Vec::new();
        recipe.write(&mut written).unwrap();
        let document: Value = serde_json::from_slice(&written).unwrap();
        let items: Vec<Value> = (0..30).map(|n| recipe.item(n)).collect();
        assert_eq!(document["items"], Value::from(items));
    }
}
