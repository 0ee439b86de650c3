//! Bringing back what a deletion took.

use std::collections::{HashMap, HashSet};

use super::Decided;
use super::items::fits_under;
use crate::change::{Change, Origin};
use crate::command::Cx;
use crate::edge::Edge;
use crate::id::{self, ItemId};
use crate::item::Item;
use crate::limits;
use crate::policy::Policies;
use crate::refusal::{Details, Refusal, Stop};
use crate::topo;
use crate::view::{Deleted, View};

pub(super) fn restore<V: View>(view: &V, policies: &Policies, reference: &str, cx: &Cx) -> Decided<V> {
    let wanted = resolve_deleted(view, reference)?;
    let mut coming = Vec::new();
    for row in subtree(view.deletion(&wanted).map_err(Stop::Failed)?, &wanted) {
        // An import may have brought some of them back already.
        if view.item(&row.item.id).map_err(Stop::Failed)?.is_none() {
            coming.push(row);
        }
    }
    let heights = heights(&coming);
    let mut ids = FreeIds { cx, drawn: 0 };
    let mut changes = Vec::new();
    let mut back: HashSet<ItemId> = HashSet::new();
    let mut edges: Vec<Edge> = Vec::new();
    for Deleted { mut item, notes, edges: its_edges } in coming.into_iter().rev() {
        let height = heights.get(&item.id).copied().unwrap_or(0);
        if !has_place(view, policies, &item, height, &back)? {
            item.parent = None;
        }
        item.version += 1;
        item.updated_by = Some(cx.actor.name());
        back.insert(item.id.clone());
        changes.push(Change::ItemCreated { item: Box::new(item), origin: Origin::Restored });
        for mut note in notes {
            note.id = ids.keep_or_draw(view, note.id)?;
            let after = Box::new(note);
            changes.push(Change::NoteWritten { before: None, after, origin: Origin::Restored });
        }
        edges.extend(its_edges);
    }
    let mut drawn = Drawn::default();
    for mut edge in edges {
        if drawn.admits(view, &edge, &back)? {
            edge.id = ids.keep_or_draw(view, edge.id)?;
            drawn.insert(&edge);
            changes.push(Change::EdgeAdded { edge, origin: Origin::Restored });
        }
    }
    Ok(changes)
}

/// Whether an item can come back under its parent: the parent came back before it, or is live with room below it.
fn has_place<V: View>(
    view: &V,
    policies: &Policies,
    item: &Item,
    height: u32,
    back: &HashSet<ItemId>,
) -> Decided<V, bool> {
    let Some(parent) = &item.parent else { return Ok(true) };
    if back.contains(parent) {
        return Ok(true);
    }
    if view.item(parent).map_err(Stop::Failed)?.is_none() {
        return Ok(false);
    }
    match fits_under(view, policies.of(item.project.as_deref()), parent, height) {
        Ok(()) => Ok(true),
        Err(Stop::Refused(_)) => Ok(false),
        Err(failed) => Err(failed),
    }
}

/// How many levels hang below each of these, which come children before parents.
fn heights(rows: &[Deleted]) -> HashMap<ItemId, u32> {
    let mut heights: HashMap<ItemId, u32> = HashMap::new();
    for Deleted { item, .. } in rows {
        let own = heights.get(&item.id).copied().unwrap_or(0);
        if let Some(parent) = &item.parent {
            let above = heights.entry(parent.clone()).or_default();
            *above = (*above).max(own + 1);
        }
    }
    heights
}

/// Ids for notes and edges whose own were given to another row meanwhile, as an import may do.
struct FreeIds<'a> {
    cx: &'a Cx,
    drawn: u64,
}

impl FreeIds<'_> {
    fn keep_or_draw<V: View>(&mut self, view: &V, id: ItemId) -> Decided<V, ItemId> {
        if !view.id_taken(&id).map_err(Stop::Failed)? {
            return Ok(id);
        }
        self.drawn += 1;
        Ok(ItemId::new(self.cx.ids.draw(self.drawn).to_string()))
    }
}

/// The blocking edges that are coming back, by their first end. The view does not know them yet.
#[derive(Default)]
struct Drawn(HashMap<ItemId, Vec<ItemId>>);

impl Drawn {
    /// Both ends must be there, and no cycle may close through what was drawn since the deletion. A second edge between the
    /// two there cannot be: one end comes back only now.
    fn admits<V: View>(&self, view: &V, edge: &Edge, back: &HashSet<ItemId>) -> Decided<V, bool> {
        for end in [&edge.from, &edge.to] {
            if !back.contains(end) && view.item(end).map_err(Stop::Failed)?.is_none() {
                return Ok(false);
            }
        }
        if !edge.blocks() {
            return Ok(true);
        }
        let way_back = topo::path(&edge.to, &edge.from, usize::MAX, |id| {
            let live = view.waiting_for(id).map_err(Stop::Failed)?;
            let coming = self.0.get(id).into_iter().flatten().cloned();
            Ok::<_, Stop<V::Error>>(live.into_iter().map(|waiting| waiting.id).chain(coming).collect())
        })?;
        Ok(way_back.is_none())
    }

    fn insert(&mut self, edge: &Edge) {
        if edge.blocks() {
            self.0.entry(edge.from.clone()).or_default().push(edge.to.clone());
        }
    }
}

fn resolve_deleted<V: View>(view: &V, reference: &str) -> Decided<V, ItemId> {
    let reference = reference.trim();
    let mut found = view.find_deleted(reference, limits::DETAILS).map_err(Stop::Failed)?;
    // Fewer characters than a prefix has may still be the whole of an id that came from elsewhere.
    let whole = found.first().is_some_and(|id| id.as_str() == reference);
    if reference.chars().count() < id::SHORTEST_PREFIX && !whole {
        return Err(Refusal::validation("Short ID must be at least 4 characters").field("item_id").into());
    }
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
