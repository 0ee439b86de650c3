//! Making, changing and removing workspaces.

use super::Decided;
use crate::change::Change;
use crate::command::WorkspaceEdits;
use crate::limits;
use crate::refusal::{Refusal, Stop};
use crate::view::View;
use crate::workspace::Workspace;

pub(super) fn create<V: View>(view: &V, name: &str, workspace: &Workspace) -> Decided<V> {
    let name = check_name(name)?;
    if view.workspace(&name).map_err(Stop::Failed)?.is_some() {
        return Err(Refusal::conflict(format!("Workspace '{name}' already exists")).field("name").into());
    }
    check(workspace)?;
    Ok(vec![Change::WorkspaceChanged { name, before: None, after: Some(workspace.clone()) }])
}

pub(super) fn update<V: View>(view: &V, name: &str, edits: &WorkspaceEdits) -> Decided<V> {
    let name = check_name(name)?;
    let before = find(view, &name, "name")?;
    let mut after = before.clone();
    let edits = edits.clone();
    for (slot, value) in [
        (&mut after.tags, edits.tags),
        (&mut after.memory_tags, edits.memory_tags),
        (&mut after.repos, edits.repos),
        (&mut after.conventions, edits.conventions),
    ] {
        if let Some(value) = value {
            *slot = value;
        }
    }
    if let Some(description) = edits.description {
        after.description = description;
    }
    check(&after)?;
    if after == before {
        return Ok(Vec::new());
    }
    Ok(vec![Change::WorkspaceChanged { name, before: Some(before), after: Some(after) }])
}

pub(super) fn delete<V: View>(view: &V, name: &str) -> Decided<V> {
    let name = check_name(name)?;
    let before = find(view, &name, "name")?;
    Ok(vec![Change::WorkspaceChanged { name, before: Some(before), after: None }])
}

fn find<V: View>(view: &V, name: &str, field: &'static str) -> Decided<V, Workspace> {
    match view.workspace(name).map_err(Stop::Failed)? {
        Some(workspace) => Ok(workspace),
        None => Err(not_found(name).field(field).into()),
    }
}

/// The refusal wherever a workspace is named that is not there.
fn not_found(name: &str) -> Refusal {
    Refusal::not_found(format!("Workspace '{name}' not found"))
}

fn check_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Refusal::validation("name is required").field("name"));
    }
    limits::chars("name", name, limits::KEY_CHARS)?;
    Ok(name.to_owned())
}

fn check(workspace: &Workspace) -> Result<(), Refusal> {
    limits::bytes("description", &workspace.description, limits::SMALL_TEXT_BYTES)?;
    for (field, list) in [
        ("tags", &workspace.tags),
        ("memory_tags", &workspace.memory_tags),
        ("repos", &workspace.repos),
        ("conventions", &workspace.conventions),
    ] {
        if list.len() > limits::WORKSPACE_LIST {
            let (n, most) = (list.len(), limits::WORKSPACE_LIST);
            return Err(Refusal::validation(format!("{field} has {n} entries; at most {most} are allowed"))
                .field(field));
        }
        for entry in list {
            limits::chars(field, entry, limits::WORKSPACE_ENTRY_CHARS)?;
        }
    }
    Ok(())
}
