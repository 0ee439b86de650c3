//! Drawing and removing edges.

use super::{Decided, resolve};
use crate::change::{Change, Origin};
use crate::command::Cx;
use crate::edge::Edge;
use crate::id::ItemId;
use crate::refusal::{Details, Refusal, Stop};
use crate::status::{DepKind, Threshold};
use crate::view::View;

pub(super) fn link<V: View>(
    view: &V,
    from: &str,
    to: &str,
    kind: DepKind,
    unblock_at: Threshold,
    cx: &Cx,
) -> Decided<V> {
    let from = resolve(view, from, "from_id")?;
    let to = resolve(view, to, "to_id")?;
    if from == to {
        return Err(Refusal::validation("Cannot depend on self").field("from_id").into());
    }
    if kind == DepKind::RelatesTo && unblock_at != Threshold::Done {
        let message = "relates_to never blocks, so it takes no unblock_at but done";
        return Err(Refusal::validation(message).field("unblock_at").into());
    }
    let edge = Edge {
        id: ItemId::new(cx.ids.draw(0).to_string()),
        from,
        to,
        kind,
        unblock_at,
        created_by: Some(cx.actor.name()),
        created_at: cx.now.clone(),
    };
    may_stand(view, &edge)?;
    Ok(vec![Change::EdgeAdded { edge, origin: Origin::Made }])
}

/// Refuses a second edge between the same two, and a blocking one that would close a cycle.
pub(super) fn may_stand<V: View>(view: &V, edge: &Edge) -> Decided<V, ()> {
    if view.edge(&edge.from, &edge.to).map_err(Stop::Failed)?.is_some() {
        let message = format!("Dependency {} → {} already exists", edge.from.short(), edge.to.short());
        return Err(Refusal::conflict(message).field("from_id").into());
    }
    if !edge.blocks() {
        return Ok(());
    }
    if let Some(mut path) = view.path(&edge.to, &edge.from).map_err(Stop::Failed)? {
        // From `to` along the present edges to `from`, and by the new edge back to `to`.
        path.extend(path.first().cloned());
        let refusal = Refusal::conflict("Dependency would create a cycle").field("from_id");
        return Err(refusal.details(Details::Path(path)).into());
    }
    Ok(())
}

pub(super) fn unlink<V: View>(view: &V, from: &str, to: &str, kind: Option<DepKind>) -> Decided<V> {
    let from = resolve(view, from, "from_id")?;
    let to = resolve(view, to, "to_id")?;
    let meant = |edge: &Edge| kind.is_none_or(|kind| kind == edge.kind);
    let edge = view.edge(&from, &to).map_err(Stop::Failed)?.filter(meant);
    let Some(edge) = edge else { return Ok(Vec::new()) };
    let mut changes = Vec::new();
    if edge.blocks()
        && let Some(waiting) = view
            .waiting_for(&edge.from)
            .map_err(Stop::Failed)?
            .into_iter()
            .find(|waiting| waiting.id == edge.to)
    {
        let blocker = view.item(&edge.from).map_err(Stop::Failed)?;
        let held_it = blocker.is_some_and(|b| !b.status.meets(edge.unblock_at));
        if held_it && waiting.unmet == 1 && !waiting.status.is_terminal() {
            changes.push(Change::Unblocked { item: edge.to.clone(), by: edge.from.clone() });
        }
    }
    changes.insert(0, Change::EdgeRemoved { edge });
    Ok(changes)
}
