//! Placing the rows of a document: parents before children at any depth, each row on its own; what cannot be placed is listed.

use std::collections::{HashMap, HashSet};

use orc_core::command::{Command, Guard};
use orc_core::limits;
use orc_core::refusal::{Details, Refusal};
use orc_core::{ItemId, View};
use orc_store::Tx;
use orc_store::queries::Filter;
use serde_json::{Value, json};

use super::rows::Row;
use crate::call::{Answer, Call};
use crate::halt::Halt;

/// What happens to what is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tools) enum Mode {
    /// It stays; only what is not there is placed.
    Merge,
    /// It is deleted first; the history stays. What others hold is deleted only by `force`.
    Replace { force: bool },
}

impl Mode {
    /// The word clients use.
    pub(in crate::tools) fn as_str(self) -> &'static str {
        match self {
            Mode::Merge => "merge",
            Mode::Replace { .. } => "replace",
        }
    }
}

/// Places the rows of a document; answers counts of the whole store afterwards, and what was skipped and why.
pub(in crate::tools) fn import(call: &Call<'_>, tx: &Tx<'_>, lists: [&[Value]; 3], mode: Mode) -> Answer {
    if let Mode::Replace { force } = mode {
        delete_all(call, tx, force)?;
    }
    let [items, notes, edges] = lists;
    let mut skipped = Vec::new();
    for index in parents_first(items) {
        place(call, tx, &mut skipped, "item", (index, &items[index]), |row, fresh| {
            Ok(Command::ImportItem(Box::new(row.item(fresh)?)))
        })?;
    }
    for raw in notes.iter().enumerate() {
        place(call, tx, &mut skipped, "note", raw, |row, fresh| {
            Ok(Command::ImportNote(Box::new(row.note(fresh)?)))
        })?;
    }
    for raw in edges.iter().enumerate() {
        place(call, tx, &mut skipped, "dependency", raw, |row, fresh| {
            Ok(Command::ImportEdge(row.edge(fresh)?))
        })?;
    }
    let (items, notes, edges) = tx.totals()?;
    let left_out = skipped.len().saturating_sub(limits::LIST);
    skipped.truncate(limits::LIST);
    let mut document = json!({
        "imported": true,
        "mode": mode.as_str(),
        "counts": {"items": items, "notes": notes, "dependencies": edges},
        "skipped": skipped,
    });
    if left_out > 0 {
        document["more"] = json!({ "skipped": left_out });
    }
    Ok(document)
}

fn place(
    call: &Call<'_>,
    tx: &Tx<'_>,
    skipped: &mut Vec<Value>,
    kind: &str,
    (index, raw): (usize, &Value),
    command: impl FnOnce(&Row<'_>, &dyn Fn() -> ItemId) -> Result<Command, Refusal>,
) -> Answer<()> {
    let fresh = || ItemId::new(call.cx.ids.draw(seed(kind, index, raw)).to_string());
    let read = Row::new(raw, call).and_then(|row| command(&row, &fresh)).map_err(Halt::from);
    // No savepoint for each row: a refusal is decided before anything of the row is written, and a fault undoes the call.
    // Savepoints make the search index write a piece of its own for every row, and SQLite keep every page twice.
    let placed = read.and_then(|command| call.act(tx, &command));
    match placed {
        Ok(_) => Ok(()),
        Err(Halt::Refused(refusal)) => {
            let id = raw.get("id").cloned().unwrap_or(Value::Null);
            skipped.push(json!({"kind": kind, "id": id, "reason": refusal.message}));
            Ok(())
        }
        Err(fault) => Err(fault),
    }
}

/// A row without an id gets one that follows from where it stands and what it says, so that the same call makes the same ids, and two
/// rows that say the same are two.
fn seed(kind: &str, index: usize, raw: &Value) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (kind, index, raw.to_string()).hash(&mut hasher);
    hasher.finish()
}

/// The order in which items can be placed. An item whose ancestors form a circle comes in its turn and is refused then.
fn parents_first(items: &[Value]) -> Vec<usize> {
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let by_id: HashMap<String, usize> =
        items.iter().enumerate().rev().filter_map(|(i, item)| Some((text(item, "id")?, i))).collect();
    let mut placed = HashSet::new();
    let mut order = Vec::with_capacity(items.len());
    for start in 0..items.len() {
        let mut chain = Vec::new();
        let mut at = Some(start);
        while let Some(index) = at.filter(|i| !placed.contains(i) && !chain.contains(i)) {
            chain.push(index);
            at = text(&items[index], "parent_id").and_then(|id| by_id.get(&id).copied());
        }
        for index in chain.into_iter().rev() {
            placed.insert(index);
            order.push(index);
        }
    }
    order
}

/// Deletes every item, and with `force` also those that others hold (contract.md §4). The history keeps them.
fn delete_all(call: &Call<'_>, tx: &Tx<'_>, force: bool) -> Answer<()> {
    let mut roots = Vec::new();
    let filter = Filter { parent: Some(None), ..Filter::default() };
    tx.each_item(&filter, call.now(), |item| {
        roots.push(item.id);
        true
    })?;
    let guard = Guard { expected_version: None, force };
    tx.empty_search_text()?;
    for id in roots {
        if tx.item(&id)?.is_some() {
            let command = Command::DeleteItem { item: id.as_str().to_owned(), recursive: true, guard };
            call.act(tx, &command).map_err(kept_by_its_holder)?;
        }
    }
    Ok(())
}

/// What else can be done where the whole store was to be replaced: there is no other item to take.
fn kept_by_its_holder(halt: Halt) -> Halt {
    match halt {
        Halt::Refused(mut refusal) if matches!(refusal.details.as_deref(), Some(Details::Holder(_))) => {
            refusal.message.push_str(". To replace it all the same, give force=true, which is recorded");
            Halt::Refused(refusal)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first_at_any_depth_and_circles_lose_nothing() {
        let item = |id: &str, parent: Option<&str>| json!({"id": id, "parent_id": parent});
        let items = [
            item("c", Some("b")),
            item("x", Some("y")),
            item("b", Some("a")),
            item("a", None),
            item("y", Some("x")),
        ];
        let order: Vec<&str> =
            parents_first(&items).into_iter().filter_map(|i| items[i]["id"].as_str()).collect();
        assert_eq!(order, ["a", "b", "c", "y", "x"]);
    }
}
