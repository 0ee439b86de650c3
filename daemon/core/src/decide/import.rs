//! Placing rows that came from elsewhere. They keep their ids and times; what cannot be placed is refused, and whoever imports
//! lists it and goes on.

use super::Decided;
use super::links::may_stand;
use crate::change::{Change, Origin};
use crate::edge::Edge;
use crate::id::ItemId;
use crate::item::Item;
use crate::note::Note;
use crate::refusal::{Refusal, Stop};
use crate::view::View;

pub(super) fn item<V: View>(view: &V, item: &Item) -> Decided<V> {
    if view.item(&item.id).map_err(Stop::Failed)?.is_some() {
        return Ok(Vec::new());
    }
    if let Some(parent) = &item.parent {
        must_exist(view, parent, "parent_id")?;
    }
    Ok(vec![Change::ItemCreated { item: Box::new(item.clone()), origin: Origin::Imported }])
}

pub(super) fn note<V: View>(view: &V, note: &Note) -> Decided<V> {
    must_exist(view, &note.item, "item_id")?;
    if view.note(&note.item, &note.key).map_err(Stop::Failed)?.is_some() {
        return Ok(Vec::new());
    }
    must_be_free(view, &note.id)?;
    Ok(vec![Change::NoteWritten { before: None, after: Box::new(note.clone()), origin: Origin::Imported }])
}

pub(super) fn edge<V: View>(view: &V, edge: &Edge) -> Decided<V> {
    must_exist(view, &edge.from, "from_id")?;
    must_exist(view, &edge.to, "to_id")?;
    if edge.from == edge.to {
        return Err(Refusal::validation("Cannot depend on self").field("from_id").into());
    }
    if view.edge(&edge.from, &edge.to).map_err(Stop::Failed)?.is_some() {
        return Ok(Vec::new());
    }
    must_be_free(view, &edge.id)?;
    may_stand(view, edge)?;
    Ok(vec![Change::EdgeAdded { edge: edge.clone(), origin: Origin::Imported }])
}

fn must_exist<V: View>(view: &V, id: &ItemId, field: &'static str) -> Decided<V, ()> {
    match view.item(id).map_err(Stop::Failed)? {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found(format!("Item {id} is neither here nor in the import"))
            .field(field)
            .into()),
    }
}

fn must_be_free<V: View>(view: &V, id: &ItemId) -> Decided<V, ()> {
    if view.id_taken(id).map_err(Stop::Failed)? {
        return Err(Refusal::conflict(format!("Id {id} belongs to another row")).field("id").into());
    }
    Ok(())
}
