//! manage_items(restore): a deleted item comes back with its subtree, notes and edges (contract.md §5).

use serde_json::{Value, json};

use crate::Call;
use crate::args::Args;
use crate::refusal::{Answer, Refusal};
use crate::store::{Edge, Item, Note};
use crate::symbol::Id;

/// What a deletion took of one item.
type Row = (Item, Vec<Note>, Vec<Edge>);

impl Call<'_> {
    pub(crate) fn restore(&mut self, args: &Args) -> Answer {
        let wanted = self.deleted(args.need("item_id")?)?;
        // Parents before children.
        let mut coming = self.taken_with(wanted);
        coming.reverse();
        coming.retain(|(item, ..)| self.model.store.item(item.id).is_none());
        let heights: Vec<usize> = coming.iter().map(|(item, ..)| height(item.id, &coming)).collect();
        let (mut edges, mut drawn): (Vec<Edge>, Vec<(Id, Id)>) = (Vec::new(), Vec::new());
        for ((mut item, notes, its_edges), height) in coming.clone().into_iter().zip(heights) {
            let beside = |parent: Id| coming.iter().any(|(other, ..)| other.id == parent);
            let has_place = item.parent.is_some_and(|parent| {
                self.model.store.item(parent).is_some()
                    && (beside(parent) || self.fits_under(parent, height).is_ok())
            });
            if !has_place {
                item.parent = None;
            }
            item.version += 1;
            item.updated_by = Some(self.actor.name());
            let id = item.id;
            self.add_item(item, "item_restored");
            for note in notes {
                self.record("note_written", Some(id));
                self.store().notes.push(note);
            }
            edges.extend(its_edges);
        }
        for edge in edges {
            let store = &self.model.store;
            let ends = store.item(edge.from).is_some() && store.item(edge.to).is_some();
            if ends && !(edge.blocks() && store.path(edge.to, edge.from).is_some()) {
                self.record("dependency_added", Some(edge.to));
                drawn.push((edge.from, edge.to));
                self.store().edges.push(edge);
            }
        }
        let first = coming.first().map_or(wanted, |(item, ..)| item.id);
        let mut row = self.row(first);
        let left_out = self.left_out(&coming, drawn);
        if left_out != json!({}) {
            row.insert("left_out".into(), left_out);
        }
        row.insert("restored".into(), json!(true));
        row.insert("descendants_restored".into(), json!(coming.len() - 1));
        Ok(row.into())
    }

    /// The place and the edges that did not come back; `coming` has parents before children.
    fn left_out(&self, coming: &[Row], mut told: Vec<(Id, Id)>) -> Value {
        let (level, mut left, mut edges) = (self.level(), json!({}), Vec::new());
        for (item, _, its_edges) in coming.iter().rev() {
            if let (Some(parent), None) = (item.parent, self.item(item.id).parent) {
                left["parent_id"] = level.id(parent);
            }
            for edge in its_edges {
                if !told.contains(&(edge.from, edge.to)) {
                    told.push((edge.from, edge.to));
                    edges.push(json!({"from_id": level.id(edge.from), "to_id": level.id(edge.to)}));
                }
            }
        }
        if !edges.is_empty() {
            left["edges"] = edges.into();
        }
        left
    }

    /// A deleted item by its id or the beginning of it.
    pub(crate) fn deleted(&self, reference: &str) -> Answer<Id> {
        let reference = reference.trim();
        let (known, store) = (&self.model.known, &self.model.store);
        let rows = store.deletions.iter().flat_map(|deletion| &deletion.rows);
        let mut found: Vec<Id> = rows.map(|(item, ..)| item.id).collect();
        found.retain(|id| store.item(*id).is_none() && known.text(*id).starts_with(reference));
        found.sort_by_key(|id| known.text(*id));
        found.dedup();
        if reference.len() < 4 {
            return Err(Refusal::validation("item_id", "Short ID must be at least 4 characters"));
        }
        let live = store.items.iter().filter(|item| known.text(item.id).starts_with(reference));
        match found.as_slice() {
            [only] => Ok(*only),
            [] => match live.min_by_key(|item| known.text(item.id)) {
                Some(item) => {
                    Err(Refusal::conflict("item_id", format!("Item {} is not deleted", item.id.whole())))
                }
                None => {
                    let message = format!("No deleted item matching prefix '{reference}'");
                    Err(Refusal::not_found("item_id", message))
                }
            },
            several => {
                let candidates: Vec<_> =
                    several.iter().map(|id| json!({"id": id.whole(), "title": ""})).collect();
                let message = format!(
                    "Prefix '{reference}' matches {} deleted items; use more characters",
                    several.len()
                );
                Err(Refusal::conflict("item_id", message)
                    .details(json!({"candidates": candidates, "has_more": false})))
            }
        }
    }

    /// What the last deletion that took it took from it downwards, without what a later one took; children before parents.
    fn taken_with(&self, wanted: Id) -> Vec<Row> {
        let deletions = &self.model.store.deletions;
        let last = |id: Id| deletions.iter().rposition(|d| d.rows.iter().any(|(item, ..)| item.id == id));
        let Some(at) = last(wanted) else { return Vec::new() };
        let rows: Vec<_> = deletions[at].rows.iter().filter(|(item, ..)| last(item.id) == Some(at)).collect();
        let parent = |id: Id| rows.iter().find(|(item, ..)| item.id == id).and_then(|(item, ..)| item.parent);
        let below = |item: &Item| {
            let mut at = Some(item.id);
            while at.is_some_and(|id| id != wanted) {
                at = at.and_then(parent);
            }
            at.is_some()
        };
        rows.iter().filter(|(item, ..)| below(item)).map(|row| (*row).clone()).collect()
    }
}

/// How many levels hang below an item among those that come back.
fn height(id: Id, coming: &[Row]) -> usize {
    let children = coming.iter().filter(|(item, ..)| item.parent == Some(id));
    children.map(|(child, ..)| 1 + height(child.id, coming)).max().unwrap_or(0)
}
