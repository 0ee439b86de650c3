//! From a command to changes: the rules that need the present state.

mod advance;
mod claims;
mod import;
mod items;
mod links;
mod notes;
mod restore;
mod workspaces;

use crate::change::Change;
use crate::claim::{Claim, Subject};
use crate::command::{Command, Cx, Guard};
use crate::id::{self, ItemId};
use crate::item::Item;
use crate::limits;
use crate::policy::Policies;
use crate::refusal::{Details, Refusal, Stop};
use crate::text;
use crate::time;
use crate::view::View;

type Decided<V, T = Vec<Change>> = Result<T, Stop<<V as View>::Error>>;

/// Decides one command on the present state. It has no effect of its own: the changes it answers are applied by whoever
/// owns the state, and a decision may be made again from the start.
///
/// # Errors
/// [`Stop::Refused`] with the reason when a rule says no, [`Stop::Failed`] when the view cannot be read.
pub fn decide<V: View>(view: &V, policies: &Policies, command: &Command, cx: &Cx) -> Decided<V> {
    match command {
        Command::CreateItem(new) => items::create(view, policies, new, cx),
        Command::UpdateItem { item, edits, guard } => items::update(view, policies, item, edits, *guard, cx),
        Command::DeleteItem { item, recursive, guard } => items::delete(view, item, *recursive, *guard, cx),
        Command::RestoreItem { item } => restore::restore(view, policies, item, cx),
        Command::Advance { item, trigger, reason, guard } => {
            advance::advance(view, policies, item, *trigger, reason.as_deref(), *guard, cx)
        }
        Command::WriteNote { item, key, role, body } => {
            notes::write(view, policies, item, key, *role, body, cx)
        }
        Command::DeleteNote { item, key } => notes::delete(view, policies, item, key, cx),
        Command::Link { from, to, kind, unblock_at } => links::link(view, from, to, *kind, *unblock_at, cx),
        Command::Unlink { from, to, kind } => links::unlink(view, from, to, *kind),
        Command::Claim { subject, deadline, force } => {
            claims::take(view, subject, deadline.as_ref(), *force, cx)
        }
        Command::Release { subject, force } => claims::release(view, subject, *force, cx),
        Command::Renew { subject, deadline } => claims::renew(view, subject, deadline.as_ref(), cx),
        Command::Handoff { subject, to, force } => claims::hand_off(view, subject, to, *force, cx),
        Command::EndSession => claims::end_session(view, policies, cx),
        Command::AdoptClaims { resumed } => claims::adopt(view, *resumed, cx),
        Command::ExpireClaims => claims::expire(view, cx),
        Command::CreateWorkspace { name, workspace } => workspaces::create(view, name, workspace),
        Command::UpdateWorkspace { name, edits } => workspaces::update(view, name, edits),
        Command::DeleteWorkspace { name } => workspaces::delete(view, name),
        Command::ImportItem(item) => import::item(view, item),
        Command::ImportNote(note) => import::note(view, note),
        Command::ImportEdge(edge) => import::edge(view, edge),
    }
}

/// The item that a reference names: its whole id, or 4 or more leading characters (contract.md §2).
pub fn resolve<V: View>(view: &V, reference: &str, field: &'static str) -> Decided<V, ItemId> {
    let (given, reference) = (ItemId::new(reference), reference.trim());
    // An id that came from elsewhere may be shorter than any prefix, or begin with a space: whole, it names its item.
    let unlike_a_prefix = reference.chars().count() < id::SHORTEST_PREFIX || reference != given.as_str();
    if unlike_a_prefix && view.item(&given).map_err(Stop::Failed)?.is_some() {
        return Ok(given);
    }
    if reference.is_empty() {
        return Err(Refusal::validation(format!("{field} is required")).field(field).into());
    }
    if reference.chars().count() < id::SHORTEST_PREFIX {
        return Err(Refusal::validation("Short ID must be at least 4 characters").field(field).into());
    }
    limits::chars(field, reference, limits::ID_CHARS)?;
    let mut found = view.find(reference, limits::DETAILS + 1).map_err(Stop::Failed)?;
    if found.is_empty() {
        // Our ids are written small; people and models sometimes write them large.
        found = view.find(&reference.to_ascii_lowercase(), limits::DETAILS + 1).map_err(Stop::Failed)?;
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Refusal::not_found(format!("No item matching prefix '{reference}'")).field(field).into()),
        n => {
            let more = n > limits::DETAILS;
            found.truncate(limits::DETAILS);
            let mut candidates = Vec::with_capacity(found.len());
            for id in found {
                let title = view.item(&id).map_err(Stop::Failed)?.map(|item| item.title).unwrap_or_default();
                candidates.push((id, title));
            }
            let count = if more { format!("more than {}", limits::DETAILS) } else { n.to_string() };
            let message = format!("Prefix '{reference}' matches {count} items; use more characters");
            Err(Refusal::conflict(message).field(field).details(Details::Candidates(candidates, more)).into())
        }
    }
}

/// The item that a reference names, with its fields.
fn load<V: View>(view: &V, reference: &str, field: &'static str) -> Decided<V, Item> {
    let id = resolve(view, reference, field)?;
    match view.item(&id).map_err(Stop::Failed)? {
        Some(item) => Ok(item),
        None => Err(Refusal::not_found(format!("No item matching prefix '{id}'")).field(field).into()),
    }
}

/// An id whose first 8 characters no live item has.
fn fresh_id<V: View>(view: &V, cx: &Cx) -> Decided<V, ItemId> {
    const TRIES: u64 = 64;
    for n in 0..TRIES {
        let id = ItemId::new(cx.ids.draw(n).to_string());
        if !view.short_taken(id.short()).map_err(Stop::Failed)? {
            return Ok(id);
        }
    }
    Err(Refusal::new(crate::Code::Internal, format!("no free id after {TRIES} draws; call again")).into())
}

/// The claim on an item that still holds.
fn live_claim<V: View>(view: &V, item: &ItemId, cx: &Cx) -> Decided<V, Option<Claim>> {
    let claim = view.claim(&Subject::Item(item.clone())).map_err(Stop::Failed)?;
    Ok(claim.filter(|claim| claim.holds_at(&cx.now)))
}

/// Refuses when someone else holds the item, unless the caller forces it. Answers whether a claim was gone over.
fn guard_claim<V: View>(view: &V, item: &Item, guard: Guard, cx: &Cx) -> Decided<V, bool> {
    match live_claim(view, &item.id, cx)? {
        Some(claim) if !claim.admits(&cx.actor) => {
            if guard.force {
                Ok(true)
            } else {
                Err(held_by_another(&format!("Item '{}'", text::cut(&item.title, 80)), claim, cx).into())
            }
        }
        _ => Ok(false),
    }
}

/// "Item 'T' is claimed by alice …": names the holder and when the claim ends.
fn held_by_another(what: &str, claim: Claim, cx: &Cx) -> Refusal {
    let ends = match claim.ends() {
        Some(end) => {
            let left = time::span_text(end.micros() - cx.now.micros());
            format!("ends in {left} (at {})", end.text())
        }
        None if claim.holder.is_person() => "lasts until they release it".to_owned(),
        None => "ends with their session".to_owned(),
    };
    let holder = match claim.holder.name() {
        // Two sessions may have been given one name: the caller would take it for itself.
        name if claim.holder.agent == cx.actor.agent && claim.holder.session != cx.actor.session => {
            format!("another session of {name}")
        }
        name => name,
    };
    let (field, next) = match claim.subject {
        Subject::Item(_) => ("item_id", "Take another item, or wait"),
        Subject::Resource(_) => ("resource", "Wait, or ask them for it"),
    };
    let message =
        format!("{what} is claimed by {holder} since {}; the claim {ends}. {next}", claim.since.text(),);
    Refusal::conflict(message).field(field).details(Details::Holder(claim))
}

/// Refuses when the item's version is not the one the caller has seen.
fn guard_version<V: View>(view: &V, item: &Item, guard: Guard) -> Decided<V, ()> {
    match guard.expected_version {
        Some(expected) if expected != item.version => {
            let changed = view.changed_since(&item.id, expected).map_err(Stop::Failed)?;
            let present = item.version;
            let message = format!(
                "Item '{}' is at version {present}, not {expected}; read what changed and call again with expected_version={present}",
                text::cut(&item.title, 80)
            );
            let details = Details::Version { present, changed };
            Err(Refusal::conflict(message).field("expected_version").details(details).into())
        }
        _ => Ok(()),
    }
}
