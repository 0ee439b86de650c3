//! The model's answers. Each walks over everything there is; none remembers anything.

use orc_core::Change;
use orc_core::claim::{Claim, Subject};
use orc_core::edge::Edge;
use orc_core::id::ItemId;
use orc_core::item::{self, Item};
use orc_core::note::{Note, NoteHead};
use orc_core::refusal::Blocker;
use orc_core::time::Stamp;
use orc_core::view::{Deleted, View, Waiting};
use orc_core::workspace::Workspace;

use super::{Contradiction, Memory};

/// Most lines that `changed_since` answers.
const LINES: usize = 20;

impl Memory {
    fn children<'a>(&'a self, id: &'a ItemId) -> impl Iterator<Item = &'a Item> {
        self.items.values().filter(move |item| item.parent.as_ref() == Some(id))
    }

    /// The blocking edges into an item whose blocker has not come far enough, with that blocker.
    fn unmet<'a>(&'a self, id: &'a ItemId) -> impl Iterator<Item = (&'a Edge, &'a Item)> {
        let into = self.edges.iter().filter(move |edge| edge.blocks() && edge.to == *id);
        let with_blocker = into.filter_map(|edge| Some((edge, self.items.get(&edge.from)?)));
        with_blocker.filter(|(edge, blocker)| !blocker.status.meets(edge.unblock_at))
    }

    /// The group of the last deletion that took an item, and the item whose deletion it was.
    fn last_deletion(&self, id: &ItemId) -> Option<(u64, &ItemId)> {
        self.history.iter().rev().find_map(|entry| match &entry.change {
            Change::ItemDeleted { item, root, .. } if item.id == *id => Some((entry.group, root)),
            _ => None,
        })
    }
}

/// An exact match comes alone; otherwise what begins with the reference.
fn matching<'a>(ids: impl Iterator<Item = &'a ItemId> + Clone, reference: &str, most: usize) -> Vec<ItemId> {
    match ids.clone().find(|id| id.as_str() == reference) {
        Some(exact) => vec![exact.clone()],
        None => ids.filter(|id| id.as_str().starts_with(reference)).take(most).cloned().collect(),
    }
}

impl View for Memory {
    type Error = Contradiction;

    fn find(&self, reference: &str, most: usize) -> Result<Vec<ItemId>, Self::Error> {
        Ok(matching(self.items.keys(), reference, most))
    }

    fn item(&self, id: &ItemId) -> Result<Option<Item>, Self::Error> {
        Ok(self.items.get(id).cloned())
    }

    fn short_taken(&self, short: &str) -> Result<bool, Self::Error> {
        Ok(self.items.keys().any(|id| id.as_str().starts_with(short)))
    }

    fn depth(&self, id: &ItemId) -> Result<u32, Self::Error> {
        match self.items.get(id).and_then(|item| item.parent.as_ref()) {
            Some(parent) => Ok(1 + self.depth(parent)?),
            None => Ok(0),
        }
    }

    fn height(&self, id: &ItemId) -> Result<u32, Self::Error> {
        let mut height = 0;
        for child in self.children(id) {
            height = height.max(1 + self.height(&child.id)?);
        }
        Ok(height)
    }

    fn is_within(&self, id: &ItemId, ancestor: &ItemId) -> Result<bool, Self::Error> {
        if id == ancestor {
            return Ok(true);
        }
        match self.items.get(id).and_then(|item| item.parent.as_ref()) {
            Some(parent) => self.is_within(parent, ancestor),
            None => Ok(false),
        }
    }

    fn child_count(&self, id: &ItemId) -> Result<u64, Self::Error> {
        Ok(self.children(id).count() as u64)
    }

    fn descendants(&self, id: &ItemId) -> Result<Vec<Item>, Self::Error> {
        let mut below = Vec::new();
        for child in self.children(id) {
            below.extend(self.descendants(&child.id)?);
            below.push(child.clone());
        }
        Ok(below)
    }

    fn note_heads(&self, item: &ItemId) -> Result<Vec<NoteHead>, Self::Error> {
        let head =
            |note: Note| NoteHead { blank: note.body.trim().is_empty(), key: note.key, role: note.role };
        Ok(self.notes(item)?.into_iter().map(head).collect())
    }

    fn note(&self, item: &ItemId, key: &str) -> Result<Option<Note>, Self::Error> {
        Ok(self.notes.iter().find(|note| note.item == *item && note.key == key).cloned())
    }

    fn notes(&self, item: &ItemId) -> Result<Vec<Note>, Self::Error> {
        let mut notes: Vec<Note> = self.notes.iter().filter(|note| note.item == *item).cloned().collect();
        notes.sort_by_key(|note| note.created_at.micros());
        Ok(notes)
    }

    fn id_taken(&self, id: &ItemId) -> Result<bool, Self::Error> {
        Ok(self.notes.iter().any(|note| note.id == *id) || self.edges.iter().any(|edge| edge.id == *id))
    }

    fn edge(&self, from: &ItemId, to: &ItemId) -> Result<Option<Edge>, Self::Error> {
        Ok(self.edges.iter().find(|edge| edge.from == *from && edge.to == *to).cloned())
    }

    fn edges_of(&self, item: &ItemId) -> Result<Vec<Edge>, Self::Error> {
        Ok(self.edges.iter().filter(|edge| edge.from == *item || edge.to == *item).cloned().collect())
    }

    fn unmet_blockers(&self, item: &ItemId, most: usize) -> Result<(Vec<Blocker>, usize), Self::Error> {
        let blocker = |(edge, item): (&Edge, &Item)| Blocker {
            id: item.id.clone(),
            title: item.title.clone(),
            status: item.status,
            needs: edge.unblock_at,
        };
        Ok((self.unmet(item).take(most).map(blocker).collect(), self.unmet(item).count()))
    }

    fn waiting_for(&self, item: &ItemId) -> Result<Vec<Waiting>, Self::Error> {
        let out_of = self.edges.iter().filter(|edge| edge.blocks() && edge.from == *item);
        let waiting = out_of.filter_map(|edge| {
            let status = self.items.get(&edge.to)?.status;
            let unmet = self.unmet(&edge.to).count() as u32;
            Some(Waiting { id: edge.to.clone(), status, needs: edge.unblock_at, unmet })
        });
        Ok(waiting.collect())
    }

    fn path(&self, from: &ItemId, to: &ItemId) -> Result<Option<Vec<(ItemId, String)>>, Self::Error> {
        // All ways of one length before all ways of the next; an item that was reached is not entered again.
        let mut ways = vec![vec![from.clone()]];
        let mut reached = vec![from.clone()];
        while !ways.is_empty() {
            if let Some(way) = ways.iter().find(|way| way.last() == Some(to)) {
                let title = |id: &ItemId| self.items.get(id).map(|i| i.title.clone()).unwrap_or_default();
                return Ok(Some(way.iter().map(|id| (id.clone(), title(id))).collect()));
            }
            let mut longer = Vec::new();
            for way in &ways {
                for edge in self.edges.iter().filter(|e| e.blocks() && way.last() == Some(&e.from)) {
                    if !reached.contains(&edge.to) {
                        reached.push(edge.to.clone());
                        longer.push(way.iter().chain([&edge.to]).cloned().collect());
                    }
                }
            }
            ways = longer;
        }
        Ok(None)
    }

    fn claim(&self, subject: &Subject) -> Result<Option<Claim>, Self::Error> {
        Ok(self.claims.iter().find(|claim| claim.subject == *subject).cloned())
    }

    fn claims_of(&self, session: &str) -> Result<Vec<Claim>, Self::Error> {
        Ok(self.claims.iter().filter(|claim| claim.holder.session == session).cloned().collect())
    }

    fn orphans_of(&self, agent: &str) -> Result<Vec<Claim>, Self::Error> {
        let orphans = self.claims.iter().filter(|c| c.grace_until.is_some() && c.holder.agent == agent);
        Ok(orphans.cloned().collect())
    }

    fn claims_ended_by(&self, now: &Stamp, most: usize) -> Result<Vec<Claim>, Self::Error> {
        Ok(self.claims.iter().filter(|claim| !claim.holds_at(now)).take(most).cloned().collect())
    }

    fn workspace(&self, name: &str) -> Result<Option<Workspace>, Self::Error> {
        Ok(self.workspaces.get(name).cloned())
    }

    fn find_deleted(&self, reference: &str, most: usize) -> Result<Vec<ItemId>, Self::Error> {
        let mut gone: Vec<&ItemId> = self
            .history
            .iter()
            .filter_map(|entry| match &entry.change {
                Change::ItemDeleted { item, .. } => Some(&item.id),
                _ => None,
            })
            .filter(|id| !self.items.contains_key(id))
            .collect();
        gone.sort();
        gone.dedup();
        Ok(matching(gone.into_iter(), reference, most))
    }

    fn deletion(&self, id: &ItemId) -> Result<Vec<Deleted>, Self::Error> {
        let last = self.last_deletion(id);
        let taken = self.history.iter().filter_map(|entry| match &entry.change {
            Change::ItemDeleted { item, notes, edges, root }
                if Some((entry.group, root)) == last && self.last_deletion(&item.id) == last =>
            {
                Some(Deleted { item: (**item).clone(), notes: notes.clone(), edges: edges.clone() })
            }
            _ => None,
        });
        Ok(taken.collect())
    }

    fn changed_since(&self, id: &ItemId, version: i64) -> Result<Vec<String>, Self::Error> {
        let lines = self.history.iter().filter_map(|entry| match &entry.change {
            Change::ItemChanged { before, after, .. } if after.id == *id && after.version > version => {
                Some(item::diff_lines(before, after))
            }
            _ => None,
        });
        Ok(lines.flatten().take(LINES).collect())
    }
}
