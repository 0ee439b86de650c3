//! Bringing back what a deletion took.

use std::collections::HashSet;

use super::Decided;
use crate::change::{Change, Origin};
use crate::command::Cx;
use crate::edge::Edge;
use crate::id::{self, ItemId};
use crate::limits;
use crate::refusal::{Details, Refusal, Stop};
use crate::view::{Deleted, View};

pub(super) fn restore<V: View>(view: &V, reference: &str, cx: &Cx) -> Decided<V> {
    let wanted = resolve_deleted(view, reference)?;
    let deleted = subtree(view.deletion(&wanted).map_err(Stop::Failed)?, &wanted);
    let mut changes = Vec::new();
    let mut back: Vec<ItemId> = Vec::new();
    let mut edges: Vec<Edge> = Vec::new();
    for Deleted { mut item, notes, edges: its_edges } in deleted.into_iter().rev() {
        if view.item(&item.id).map_err(Stop::Failed)?.is_some() {
            continue;
        }
        if let Some(parent) = &item.parent
            && !back.contains(parent)
            && view.item(parent).map_err(Stop::Failed)?.is_none()
        {
            item.parent = None;
        }
        item.version += 1;
        item.updated_by = Some(cx.actor.name());
        back.push(item.id.clone());
        changes.push(Change::ItemCreated { item: Box::new(item), origin: Origin::Restored });
        changes.extend(notes.into_iter().map(|note| Change::NoteWritten {
            before: None,
            after: Box::new(note),
            origin: Origin::Restored,
        }));
        edges.extend(its_edges);
    }
    for edge in edges {
        if can_come_back(view, &edge, &back)? {
            changes.push(Change::EdgeAdded { edge, origin: Origin::Restored });
        }
    }
    Ok(changes)
}

/// Both ends must be there, the two must not have an edge by now, and no cycle may close through what was drawn since.
fn can_come_back<V: View>(view: &V, edge: &Edge, back: &[ItemId]) -> Decided<V, bool> {
    for end in [&edge.from, &edge.to] {
        if !back.contains(end) && view.item(end).map_err(Stop::Failed)?.is_none() {
            return Ok(false);
        }
    }
    // A cycle needs a live path from `to` back to `from`. Where an end was just brought back it has none of its edges yet.
    if back.contains(&edge.from) || back.contains(&edge.to) {
        return Ok(true);
    }
    Ok(!edge.blocks() || view.path(&edge.to, &edge.from).map_err(Stop::Failed)?.is_none())
}

fn resolve_deleted<V: View>(view: &V, reference: &str) -> Decided<V, ItemId> {
    let reference = reference.trim();
    if reference.chars().count() < id::SHORTEST_PREFIX {
        return Err(Refusal::validation("Short ID must be at least 4 characters").field("item_id").into());
    }
    let mut found = view.find_deleted(reference, limits::DETAILS).map_err(Stop::Failed)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => match view.find(reference, 1).map_err(Stop::Failed)?.first() {
            Some(id) => Err(Refusal::conflict(format!("Item {id} is not deleted")).field("item_id").into()),
            None => Err(Refusal::not_found(format!("No deleted item matching prefix '{reference}'"))
                .field("item_id")
                .into()),
        },
        n => {
            let candidates = found.into_iter().map(|id| (id, String::new())).collect();
            let message = format!("Prefix '{reference}' matches {n} deleted items; use more characters");
            Err(Refusal::conflict(message)
                .field("item_id")
                .details(Details::Candidates(candidates, false))
                .into())
        }
    }
}

/// Of what one deletion took, the wanted item and what hung below it; children still before parents.
fn subtree(deleted: Vec<Deleted>, wanted: &ItemId) -> Vec<Deleted> {
    let mut within = HashSet::from([wanted.clone()]);
    // Parents come last, so that walking backwards meets every parent before its children.
    let mut kept: Vec<Deleted> = Vec::new();
    for row in deleted.into_iter().rev() {
        if row.item.id == *wanted || row.item.parent.as_ref().is_some_and(|p| within.contains(p)) {
            within.insert(row.item.id.clone());
            kept.push(row);
        }
    }
    kept.reverse();
    kept
}
