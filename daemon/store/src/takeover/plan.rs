//! Which items there are, under which ids and parents, and in which order they are written: a parent before its children.
//!
//! Ids and parents of all items are in memory, everything else is read row by row.

use std::collections::HashMap;

use orc_core::id::{Ids, ItemId, SHORTEST_PREFIX};
use orc_core::limits;
use rusqlite::Connection;

use super::old_row::{Old, shown};

/// All items of an original.
pub(crate) struct Plan {
    items: Vec<Planned>,
    by_old_id: HashMap<String, usize>,
    /// What had to change, of the few items where something had to.
    changed: HashMap<usize, Vec<String>>,
}

/// One item.
pub(crate) struct Planned {
    pub(crate) rowid: i64,
    pub(crate) id: ItemId,
    parent: Option<usize>,
}

impl Plan {
    /// Reads ids and parents. New ids, where one is needed, come from `ids`.
    pub(crate) fn read(original: &Connection, ids: Ids) -> rusqlite::Result<Self> {
        let has_parent: bool = original.query_row(
            "SELECT count(*) FROM pragma_table_info('work_items') WHERE name = 'parent_id'",
            [],
            |row| row.get(0),
        )?;
        let parent = if has_parent { "parent_id" } else { "NULL" };
        let mut query =
            original.prepare(&format!("SELECT rowid, id, {parent} FROM work_items ORDER BY rowid"))?;
        let mut rows = query.query([])?;
        let mut plan = Self { items: Vec::new(), by_old_id: HashMap::new(), changed: HashMap::new() };
        let (mut nameless, mut parents) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let (id, parent) = (Old::from(row.get_ref(1)?), Old::from(row.get_ref(2)?));
            let at = plan.items.len();
            let old = id.key();
            let wrong = match &old {
                None => Some("it had no id".to_owned()),
                Some(old) if !can_be_named(old) => Some(format!("its id '{}' cannot be named", shown(old))),
                Some(old) if plan.by_old_id.contains_key(old) => {
                    Some(format!("its id '{}' is another item's too", shown(old)))
                }
                Some(_) => None,
            };
            if let Some(old) = &old {
                plan.by_old_id.entry(old.clone()).or_insert(at);
            }
            if let Some(wrong) = wrong {
                nameless.push((at, wrong));
            }
            parents.push(parent.key().filter(|parent| !parent.is_empty()));
            let id = ItemId::new(old.unwrap_or_default());
            plan.items.push(Planned { rowid: row.get(0)?, id, parent: None });
        }
        plan.name(nameless, ids);
        plan.hang(parents);
        Ok(plan)
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The item at a place.
    pub(crate) fn item(&self, at: usize) -> &Planned {
        &self.items[at]
    }

    /// The id of the parent of the item at a place.
    pub(crate) fn parent(&self, at: usize) -> Option<&ItemId> {
        self.items[at].parent.map(|parent| &self.items[parent].id)
    }

    /// The place of the item that the original knew by that id.
    pub(crate) fn find(&self, old_id: &str) -> Option<usize> {
        self.by_old_id.get(old_id).copied()
    }

    /// What had to change at an item.
    pub(crate) fn changed(&self, at: usize) -> &[String] {
        self.changed.get(&at).map_or(&[], Vec::as_slice)
    }

    /// All places in the original's order, but for parents that came after their children.
    pub(crate) fn parents_first(&self) -> Vec<usize> {
        let mut placed = vec![false; self.items.len()];
        let mut order = Vec::with_capacity(self.items.len());
        let mut above = Vec::new();
        for start in 0..self.items.len() {
            let mut at = Some(start);
            while let Some(item) = at.filter(|item| !placed[*item]) {
                placed[item] = true;
                above.push(item);
                at = self.items[item].parent;
            }
            order.extend(above.drain(..).rev());
        }
        order
    }

    fn name(&mut self, nameless: Vec<(usize, String)>, ids: Ids) {
        for (n, (at, wrong)) in (0..).zip(nameless) {
            // 122 random bits do not meet an id of somebody else's by chance, but ids can be made on purpose.
            let mut draws = (0..).map(|again| ids.step(n).draw(again).to_string());
            let fresh = draws.find(|id| !self.by_old_id.contains_key(id)).unwrap_or_default();
            self.change(at, format!("{wrong}: it is {fresh} now"));
            self.items[at].id = ItemId::new(fresh);
        }
    }

    /// Ties every item to its parent, and cuts what hangs in the air or in a circle.
    fn hang(&mut self, parents: Vec<Option<String>>) {
        for (at, old) in parents.into_iter().enumerate() {
            let Some(old) = old else { continue };
            match self.find(&old) {
                Some(parent) => self.items[at].parent = Some(parent),
                None => self
                    .change(at, format!("its parent '{}' is not there: it stands at the root", shown(&old))),
            }
        }
        // 0: not looked at; else the walk that came by. A walk that meets itself has found a circle.
        let mut seen = vec![0usize; self.items.len()];
        for start in 0..self.items.len() {
            let mut at = start;
            while seen[at] == 0 {
                seen[at] = start + 1;
                match self.items[at].parent {
                    Some(parent) if seen[parent] == start + 1 => {
                        let id = self.items[parent].id.clone();
                        self.change(at, format!("its parent {id} is below it: it stands at the root"));
                        self.items[at].parent = None;
                    }
                    Some(parent) => at = parent,
                    None => {}
                }
            }
        }
    }

    fn change(&mut self, at: usize, what: String) {
        self.changed.entry(at).or_default().push(what);
    }
}

/// Whether a reference finds an item by this id: references are trimmed, and bounded on both ends.
fn can_be_named(id: &str) -> bool {
    let characters = id.chars().count();
    id.trim() == id && (SHORTEST_PREFIX..=limits::ID_CHARS).contains(&characters)
}
