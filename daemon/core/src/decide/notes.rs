//! Writing and deleting notes.

use super::items::touch;
use super::{Decided, guard_claim, load};
use crate::change::{Cause, Change, Origin};
use crate::command::{Cx, Guard};
use crate::id::ItemId;
use crate::item::Item;
use crate::limits;
use crate::note::{self, Note};
use crate::policy::Policies;
use crate::refusal::Stop;
use crate::status::{Role, Status};
use crate::view::View;
use crate::workflow;

pub(super) fn write<V: View>(
    view: &V,
    policies: &Policies,
    reference: &str,
    key: &str,
    role: Option<Role>,
    body: &str,
    cx: &Cx,
) -> Decided<V> {
    let item = load(view, reference, "item_id")?;
    protect(view, policies, &item, cx)?;
    let key = note::check_key(key)?;
    limits::bytes("body", body, limits::BODY_BYTES)?;
    let before = view.note(&item.id, &key).map_err(Stop::Failed)?;
    let after = match &before {
        Some(old) => Note {
            role: role.unwrap_or(old.role),
            body: body.to_owned(),
            updated_at: cx.now.clone(),
            ..old.clone()
        },
        None => Note {
            id: ItemId::new(cx.ids.draw(0).to_string()),
            item: item.id.clone(),
            key,
            role: role.unwrap_or(Role::Queue),
            body: body.to_owned(),
            created_by: Some(cx.actor.name()),
            created_at: cx.now.clone(),
            updated_at: cx.now.clone(),
        },
    };
    let mut changes = vec![Change::NoteWritten {
        before: before.map(Box::new),
        after: Box::new(after),
        origin: Origin::Made,
    }];
    let schema = policies.of(item.project.as_deref()).schema_of(&item);
    if workflow::reopens_on_note(item.status, schema) {
        changes.push(reopened(item, cx));
    }
    Ok(changes)
}

/// The item back in queue. Its parent stays as it is: only the trigger `reopen` speaks of one.
fn reopened(before: Item, cx: &Cx) -> Change {
    let mut after = before.clone();
    after.status = Status::Queue;
    after.label = None;
    after.previous = None;
    after.reason = None;
    after.role_changed_at = Some(cx.now.clone());
    touch(&mut after, cx);
    Change::ItemChanged { before: Box::new(before), after: Box::new(after), cause: Cause::NoteWritten }
}

pub(super) fn delete<V: View>(
    view: &V,
    policies: &Policies,
    reference: &str,
    key: &str,
    cx: &Cx,
) -> Decided<V> {
    let item = load(view, reference, "item_id")?;
    protect(view, policies, &item, cx)?;
    let key = note::check_key(key)?;
    let note = view.note(&item.id, &key).map_err(Stop::Failed)?;
    Ok(note.map(|note| Change::NoteDeleted { note: Box::new(note) }).into_iter().collect())
}

/// Notes are open to all, unless config.yaml protects a claimed item's.
fn protect<V: View>(view: &V, policies: &Policies, item: &Item, cx: &Cx) -> Decided<V, ()> {
    if policies.claims.protect_notes {
        guard_claim(view, item, Guard::default(), cx)?;
    }
    Ok(())
}
