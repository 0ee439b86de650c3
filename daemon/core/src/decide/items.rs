//! Making, changing and deleting items.

use std::collections::{HashMap, HashSet};

use super::{Decided, fresh_id, guard_claim, guard_version, load, resolve};
use crate::change::{Cause, Change, Origin};
use crate::claim::{Ending, Subject};
use crate::command::{Cx, Guard, NewItem};
use crate::id::ItemId;
use crate::item::{self, Edit, Item};
use crate::policy::{Policies, Policy};
use crate::refusal::{Refusal, Stop};
use crate::schedule;
use crate::status::{Priority, Status};
use crate::view::View;

pub(super) fn create<V: View>(view: &V, policies: &Policies, new: &NewItem, cx: &Cx) -> Decided<V> {
    let mut item = blank(fresh_id(view, cx)?, item::check_title(&new.title)?, cx);
    item.project = new.project.clone().or_else(|| cx.project.clone());
    if let Some(parent) = &new.parent {
        let parent = load(view, parent, "parent_id")?;
        if new.project.is_none() {
            item.project = parent.project.clone();
        }
        fits_under(view, policies.of(item.project.as_deref()), &parent.id, 0)?;
        item.parent = Some(parent.id);
    }
    for edit in &new.edits {
        apply(view, policies, &mut item, edit, cx)?;
    }
    Ok(vec![Change::ItemCreated { item: Box::new(item), origin: Origin::Made }])
}

fn blank(id: ItemId, title: String, cx: &Cx) -> Item {
    let name = cx.actor.name();
    Item {
        id,
        parent: None,
        title,
        description: String::new(),
        summary: String::new(),
        status: Status::Queue,
        label: None,
        previous: None,
        priority: Priority::Medium,
        complexity: None,
        item_type: String::new(),
        tags: String::new(),
        metadata: None,
        properties: None,
        due_at: None,
        schedule: None,
        next_run_at: None,
        not_before: None,
        reason: None,
        project: None,
        version: 1,
        created_by: Some(name.clone()),
        updated_by: Some(name),
        created_at: cx.now.clone(),
        updated_at: cx.now.clone(),
        role_changed_at: Some(cx.now.clone()),
    }
}

pub(super) fn update<V: View>(
    view: &V,
    policies: &Policies,
    reference: &str,
    edits: &[Edit],
    guard: Guard,
    cx: &Cx,
) -> Decided<V> {
    let before = load(view, reference, "item_id")?;
    if edits.is_empty() {
        return Err(Refusal::validation("No valid fields to update").into());
    }
    let forced = guard_claim(view, &before, guard, cx)?;
    guard_version(view, &before, guard)?;
    let mut after = before.clone();
    for edit in edits {
        apply(view, policies, &mut after, edit, cx)?;
    }
    if after == before {
        return Ok(Vec::new());
    }
    touch(&mut after, cx);
    Ok(vec![Change::ItemChanged {
        before: Box::new(before),
        after: Box::new(after),
        cause: Cause::Edited { forced },
    }])
}

/// Marks an item as changed now, by the actor.
pub(super) fn touch(item: &mut Item, cx: &Cx) {
    item.version += 1;
    item.updated_at = cx.now.clone();
    item.updated_by = Some(cx.actor.name());
}

fn apply<V: View>(view: &V, policies: &Policies, item: &mut Item, edit: &Edit, cx: &Cx) -> Decided<V, ()> {
    item::check_edit(edit)?;
    match edit.clone() {
        Edit::Title(title) => item.title = item::check_title(&title)?,
        Edit::Description(text) => item.description = text,
        Edit::Summary(text) => item.summary = text,
        Edit::Parent(None) => item.parent = None,
        Edit::Parent(Some(parent)) => {
            let parent = resolve(view, &parent, "parent_id")?;
            if item.parent.as_ref() != Some(&parent) {
                move_under(view, policies, item, parent)?;
            }
        }
        Edit::Priority(priority) => item.priority = priority,
        Edit::Complexity(complexity) => item.complexity = complexity,
        Edit::ItemType(name) => item.item_type = name.trim().to_owned(),
        Edit::Tags(tags) => item.tags = tags.join(","),
        Edit::Metadata(text) => item.metadata = text,
        Edit::Properties(text) => item.properties = text,
        Edit::DueAt(stamp) => item.due_at = stamp,
        Edit::NotBefore(stamp) => item.not_before = stamp,
        Edit::Schedule(None) => {
            item.schedule = None;
            item.next_run_at = None;
        }
        Edit::Schedule(Some(cron)) => {
            if item.schedule.as_deref() != Some(&cron) || item.next_run_at.is_none() {
                item.next_run_at = Some(schedule::next_run(&cron, &cx.now)?);
            }
            item.schedule = Some(cron);
        }
    }
    Ok(())
}

fn move_under<V: View>(view: &V, policies: &Policies, item: &mut Item, parent: ItemId) -> Decided<V, ()> {
    if parent == item.id {
        return Err(Refusal::validation("An item cannot be its own parent").field("parent_id").into());
    }
    if view.is_within(&parent, &item.id).map_err(Stop::Failed)? {
        let message = "Cannot move an item under its own descendant";
        return Err(Refusal::conflict(message).field("parent_id").into());
    }
    let height = view.height(&item.id).map_err(Stop::Failed)?;
    fits_under(view, policies.of(item.project.as_deref()), &parent, height)?;
    item.parent = Some(parent);
    Ok(())
}

/// Refuses a place under `parent` for a subtree `height` levels high when it would pass the depth limit.
pub(super) fn fits_under<V: View>(view: &V, policy: &Policy, parent: &ItemId, height: u32) -> Decided<V, ()> {
    let depth = view.depth(parent).map_err(Stop::Failed)?;
    if depth + 1 + height >= policy.max_depth {
        let message = format!("Max depth {} reached (parent at depth {depth})", policy.max_depth);
        return Err(Refusal::validation(message).field("parent_id").into());
    }
    Ok(())
}

pub(super) fn delete<V: View>(
    view: &V,
    reference: &str,
    recursive: bool,
    guard: Guard,
    cx: &Cx,
) -> Decided<V> {
    let root = load(view, reference, "item_id")?;
    guard_version(view, &root, guard)?;
    let children = view.child_count(&root.id).map_err(Stop::Failed)?;
    if children > 0 && !recursive {
        let message = format!("Item has {children} children. Use recursive=true to delete them.");
        return Err(Refusal::validation(message).field("recursive").into());
    }
    let root_id = root.id.clone();
    let mut doomed =
        if children > 0 { view.descendants(&root_id).map_err(Stop::Failed)? } else { Vec::new() };
    doomed.push(root);
    let mut changes = Vec::with_capacity(doomed.len());
    let unblocked = unblocked_without(view, &doomed)?;
    let mut gone: HashSet<ItemId> = HashSet::new();
    for item in doomed {
        let forced = guard_claim(view, &item, guard, cx)?;
        if let Some(claim) = view.claim(&Subject::Item(item.id.clone())).map_err(Stop::Failed)? {
            let why = if forced { Ending::Forced } else { Ending::Deleted };
            changes.push(Change::ClaimEnded { claim, why });
        }
        let notes = view.notes(&item.id).map_err(Stop::Failed)?;
        let edges = view.edges_of(&item.id).map_err(Stop::Failed)?;
        let edges = edges.into_iter().filter(|e| !gone.contains(&e.from) && !gone.contains(&e.to)).collect();
        gone.insert(item.id.clone());
        changes.push(Change::ItemDeleted { item: Box::new(item), notes, edges, root: root_id.clone() });
    }
    changes.extend(unblocked);
    Ok(changes)
}

/// Names every open item that waits for nothing else once these are gone.
fn unblocked_without<V: View>(view: &V, doomed: &[Item]) -> Decided<V> {
    let gone: HashSet<&ItemId> = doomed.iter().map(|item| &item.id).collect();
    let mut freed: HashMap<ItemId, u32> = HashMap::new();
    let mut changes = Vec::new();
    for blocker in doomed {
        for waiting in view.waiting_for(&blocker.id).map_err(Stop::Failed)? {
            if gone.contains(&waiting.id)
                || waiting.status.is_terminal()
                || blocker.status.meets(waiting.needs)
            {
                continue;
            }
            let count = freed.entry(waiting.id.clone()).or_default();
            *count += 1;
            if *count == waiting.unmet {
                changes.push(Change::Unblocked { item: waiting.id, by: blocker.id.clone() });
            }
        }
    }
    Ok(changes)
}
