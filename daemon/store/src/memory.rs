//! The model: a store so plain that it is right by inspection.
//!
//! Live rows lie in maps and lists of domain values, and beside them every change that was ever applied. Nothing is derived
//! and kept: each question is answered from scratch ([`questions`]). Real stores are compared with it, and decisions are
//! checked on it, because it refuses a change that does not fit what it holds.

mod questions;

use std::collections::BTreeMap;

use orc_core::Change;
use orc_core::claim::{Actor, Claim, Subject};
use orc_core::edge::Edge;
use orc_core::id::ItemId;
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::time::Stamp;
use orc_core::view::View;
use orc_core::workspace::Workspace;

use crate::Apply;

/// The whole graph in memory.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Memory {
    items: BTreeMap<ItemId, Item>,
    notes: Vec<Note>,
    edges: Vec<Edge>,
    claims: Vec<Claim>,
    workspaces: BTreeMap<String, Workspace>,
    history: Vec<Entry>,
    groups: u64,
}

/// One row of the history.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Which call of `apply` it came with, counted from 1.
    pub group: u64,
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Stamp,
    /// What.
    pub change: Change,
}

/// A change does not fit the state it was applied to: the decision that made it is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Contradiction(String);

type Fits = Result<(), Contradiction>;

impl Apply for Memory {
    fn apply(&mut self, changes: &[Change], actor: &Actor, now: &Stamp) -> Fits {
        let mut next = self.clone();
        next.groups += 1;
        for change in changes {
            next.take(change)?;
            let entry =
                Entry { group: next.groups, actor: actor.clone(), at: now.clone(), change: change.clone() };
            next.history.push(entry);
        }
        *self = next;
        Ok(())
    }
}

impl Memory {
    /// Every live item, by id.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// Every edge, in the order they were drawn.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Every note, in the order they were written first.
    pub fn all_notes(&self) -> &[Note] {
        &self.notes
    }

    /// Every claim, whether its time has passed or not.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Forgets what was applied, where many states are kept that differ by it alone.
    #[cfg(test)]
    pub(crate) fn forget_history(&mut self) {
        self.history.clear();
        self.groups = 0;
    }

    /// Every change that was applied, oldest first.
    pub fn history(&self) -> &[Entry] {
        &self.history
    }

    fn take(&mut self, change: &Change) -> Fits {
        match change {
            Change::ItemCreated { item, .. } => self.create(item),
            Change::ItemChanged { before, after, .. } => self.change(before, after),
            Change::ItemDeleted { item, notes, edges, .. } => self.delete(item, notes, edges),
            Change::NoteWritten { before, after, .. } => self.write(before.as_deref(), after),
            Change::NoteDeleted { note } => remove(&mut self.notes, note),
            Change::EdgeAdded { edge, .. } => self.draw(edge),
            Change::EdgeRemoved { edge } => remove(&mut self.edges, edge),
            Change::Unblocked { item, .. } => {
                fits(self.items.contains_key(item), "unblocked, but not there", item)
            }
            Change::ClaimTaken { claim } => self.take_claim(claim),
            Change::ClaimChanged { before, after } => self.change_claim(before, after),
            Change::ClaimEnded { claim, .. } => remove(&mut self.claims, claim),
            Change::WorkspaceChanged { name, before, after } => {
                self.change_workspace(name, before.as_ref(), after.as_ref())
            }
        }
    }

    fn create(&mut self, item: &Item) -> Fits {
        fits(!self.items.contains_key(&item.id), "created, but there already", item)?;
        let placed = item.parent.as_ref().is_none_or(|parent| self.items.contains_key(parent));
        fits(placed, "created under a parent that is not there", item)?;
        self.items.insert(item.id.clone(), item.clone());
        Ok(())
    }

    fn change(&mut self, before: &Item, after: &Item) -> Fits {
        fits(self.items.get(&before.id) == Some(before), "changed from what it is not", before)?;
        fits(after.id == before.id, "changed its id", after)?;
        fits(after.version == before.version + 1, "changed without the next version", after)?;
        if let Some(parent) = &after.parent {
            fits(self.items.contains_key(parent), "moved under a parent that is not there", after)?;
            fits(!self.is_within(parent, &after.id)?, "moved under itself", after)?;
        }
        self.items.insert(after.id.clone(), after.clone());
        Ok(())
    }

    fn delete(&mut self, item: &Item, notes: &[Note], edges: &[Edge]) -> Fits {
        fits(self.items.get(&item.id) == Some(item), "deleted as what it is not", item)?;
        fits(self.child_count(&item.id)? == 0, "deleted before its children", item)?;
        fits(self.claim(&Subject::Item(item.id.clone()))?.is_none(), "deleted while claimed", item)?;
        fits(self.notes(&item.id)?.len() == notes.len(), "deleted without all of its notes", item)?;
        fits(self.edges_of(&item.id)?.len() == edges.len(), "deleted without all of its edges", item)?;
        notes.iter().try_for_each(|note| remove(&mut self.notes, note))?;
        edges.iter().try_for_each(|edge| remove(&mut self.edges, edge))?;
        self.items.remove(&item.id);
        Ok(())
    }

    fn write(&mut self, before: Option<&Note>, after: &Note) -> Fits {
        fits(self.items.contains_key(&after.item), "written on an item that is not there", after)?;
        fits(
            self.note(&after.item, &after.key)?.as_ref() == before,
            "written over what is not there",
            after,
        )?;
        match before {
            Some(before) => {
                fits(before.id == after.id, "changed its id", after)?;
                replace(&mut self.notes, before, after)
            }
            None => {
                fits(!self.id_taken(&after.id)?, "written under an id that is taken", after)?;
                self.notes.push(after.clone());
                Ok(())
            }
        }
    }

    fn draw(&mut self, edge: &Edge) -> Fits {
        let ends = self.items.contains_key(&edge.from) && self.items.contains_key(&edge.to);
        fits(ends && edge.from != edge.to, "drawn without two ends", edge)?;
        fits(self.edge(&edge.from, &edge.to)?.is_none(), "drawn beside another", edge)?;
        fits(!self.id_taken(&edge.id)?, "drawn under an id that is taken", edge)?;
        self.edges.push(edge.clone());
        Ok(())
    }

    fn take_claim(&mut self, claim: &Claim) -> Fits {
        if let Subject::Item(id) = &claim.subject {
            fits(self.items.contains_key(id), "claimed, but not there", claim)?;
        }
        fits(self.claim(&claim.subject)?.is_none(), "claimed, but claimed already", claim)?;
        self.claims.push(claim.clone());
        Ok(())
    }

    fn change_claim(&mut self, before: &Claim, after: &Claim) -> Fits {
        fits(before.subject == after.subject, "changed its subject", after)?;
        replace(&mut self.claims, before, after)
    }

    fn change_workspace(
        &mut self,
        name: &str,
        before: Option<&Workspace>,
        after: Option<&Workspace>,
    ) -> Fits {
        fits(self.workspaces.get(name) == before, "changed from what it is not", &name)?;
        match after {
            Some(after) => self.workspaces.insert(name.to_owned(), after.clone()),
            None => self.workspaces.remove(name),
        };
        Ok(())
    }
}

fn fits(holds: bool, what: &str, row: &impl std::fmt::Debug) -> Fits {
    if holds { Ok(()) } else { Err(Contradiction(format!("{what}: {row:?}"))) }
}

fn remove<T: PartialEq + std::fmt::Debug>(rows: &mut Vec<T>, row: &T) -> Fits {
    let place = rows.iter().position(|r| r == row);
    fits(place.is_some(), "removed as what is not there", row)?;
    place.map(|place| rows.remove(place));
    Ok(())
}

fn replace<T: PartialEq + Clone + std::fmt::Debug>(rows: &mut [T], before: &T, after: &T) -> Fits {
    let slot = rows.iter_mut().find(|r| *r == before);
    fits(slot.is_some(), "changed from what is not there", before)?;
    slot.into_iter().for_each(|slot| *slot = after.clone());
    Ok(())
}
