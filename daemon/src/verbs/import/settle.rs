//! From what another program had to rows that can be placed: ids that are the same each time, parents that are there and not
//! too deep, links without cycles, texts within the limits (`contract.md` §12).

mod fit;

use std::collections::{HashMap, HashSet};

use orc_core::text;
use orc_store::moving::closing_edges;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    document::List,
    foreign::{Foreign, Item, Link},
    remarks::Remarks,
};
use fit::{fit, parts};

/// The namespace of ids made here (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x7461_736b_6f72_5ec0_8000_696d_706f_7274);

/// Rows that can be placed.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Items, parents before their children.
    pub(super) items: Vec<Value>,
    /// Notes.
    pub(super) notes: Vec<Value>,
    /// Links.
    pub(super) dependencies: Vec<Value>,
    /// What is different, and what cannot come.
    pub(super) remarks: Remarks,
    /// The items' names by their ids.
    pub(super) names: HashMap<String, String>,
}

/// How items of one source are told from those of another, and how deep they may hang.
pub(super) struct Rules<'r> {
    /// The kind of source.
    pub(super) kind: &'r str,
    /// Which one of that kind.
    pub(super) place: &'r str,
    /// Levels of items that the configuration allows; none: whatever the source has.
    pub(super) levels: Option<usize>,
    /// The project the items are to belong to.
    pub(super) project: Option<&'r str>,
}

/// Makes rows of it.
pub(super) fn settle(mut foreign: Foreign, rules: &Rules<'_>) -> Settled {
    let mut remarks = std::mem::take(&mut foreign.remarks);
    let items = named_once(foreign.items, &mut remarks);
    let at: HashMap<String, usize> =
        items.iter().enumerate().map(|(at, item)| (item.name.clone(), at)).collect();
    let ids: Vec<String> = items.iter().map(|item| item_id(item, rules)).collect();
    let mut parents = parents(&items, &at, &mut remarks);
    let order = parents_first(&parents);
    let mut links = foreign.links;
    if let Some(levels) = rules.levels {
        flatten(&items, &mut parents, &order, levels.max(1), &mut links, &mut remarks);
    }
    let mut names: HashMap<String, String> =
        ids.iter().cloned().zip(items.iter().map(|item| item.name.clone())).collect();
    let dependencies = edges(links, &items, &at, &ids, &mut names, &mut remarks);
    let mut settled = Settled { dependencies, names, ..Settled::default() };
    let mut slots: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    for at in order {
        let Some(item) = slots[at].take() else { continue };
        let parent = parents[at].map(|parent| ids[parent].as_str());
        place(item, &ids[at], parent, rules, &mut settled, &mut remarks);
    }
    settled.remarks = remarks;
    settled
}

/// Of items with one name the first.
fn named_once(items: Vec<Item>, remarks: &mut Remarks) -> Vec<Item> {
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        match seen.insert(item.name.clone()) {
            true => kept.push(item),
            false => {
                remarks.left_out(List::Items, &item.name, "another item has this id; the first one came")
            }
        }
    }
    kept
}

/// Its own id, or one that follows from what it is called and where.
fn item_id(item: &Item, rules: &Rules<'_>) -> String {
    match &item.id {
        Some(id) => id.clone(),
        None => {
            let name = [rules.kind, rules.place, &item.name].join("\n");
            Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
        }
    }
}

/// The id of a note or a link: its own, or one that follows from what it is of.
fn own_id(row: &mut Map<String, Value>, of: &[&str]) -> String {
    if let Some(id) = row.get("id").and_then(Value::as_str) {
        return id.to_owned();
    }
    let id = Uuid::new_v5(&NAMESPACE, of.join("\n").as_bytes()).to_string();
    row.insert("id".to_owned(), json!(id));
    id
}

fn parents(items: &[Item], at: &HashMap<String, usize>, remarks: &mut Remarks) -> Vec<Option<usize>> {
    let mut parents = vec![None; items.len()];
    for (child, item) in items.iter().enumerate() {
        let Some(name) = &item.parent else { continue };
        match at.get(name) {
            Some(parent) => parents[child] = Some(*parent),
            None => remarks.changed(
                &item.name,
                format!("its parent '{}' is not there: it stands at the root", shown(name)),
            ),
        }
    }
    // 0: not looked at; else the walk that came by. A walk that meets itself has found a circle.
    let mut seen = vec![0usize; items.len()];
    for start in 0..items.len() {
        let mut now = start;
        while seen[now] == 0 {
            seen[now] = start + 1;
            match parents[now] {
                Some(parent) if seen[parent] == start + 1 => {
                    let above = shown(&items[parent].name);
                    remarks.changed(
                        &items[now].name,
                        format!("its parent '{above}' is below it: it stands at the root"),
                    );
                    parents[now] = None;
                }
                Some(parent) => now = parent,
                None => {}
            }
        }
    }
    parents
}

fn parents_first(parents: &[Option<usize>]) -> Vec<usize> {
    let mut placed = vec![false; parents.len()];
    let (mut order, mut above) = (Vec::with_capacity(parents.len()), Vec::new());
    for start in 0..parents.len() {
        let mut at = Some(start);
        while let Some(item) = at.filter(|item| !placed[*item]) {
            placed[item] = true;
            above.push(item);
            at = parents[item];
        }
        order.extend(above.drain(..).rev());
    }
    order
}

/// Hangs what is too deep under the lowest ancestor that may have children, and ties it to the one it hung under.
fn flatten(
    items: &[Item],
    parents: &mut [Option<usize>],
    order: &[usize],
    levels: usize,
    links: &mut Vec<Link>,
    remarks: &mut Remarks,
) {
    let mut depth = vec![0usize; parents.len()];
    for &at in order {
        let Some(parent) = parents[at] else { continue };
        // The parent itself has been moved up already, if it had to be.
        if depth[parent] + 1 < levels {
            depth[at] = depth[parent] + 1;
            continue;
        }
        let above = parents[parent];
        parents[at] = above;
        depth[at] = depth[parent];
        links.push(Link::relates(items[parent].name.clone(), items[at].name.clone()));
        let (was, is) = (shown(&items[parent].name), above.map(|above| shown(&items[above].name)));
        let is = is.map_or("stands at the root".to_owned(), |is| format!("hangs under '{is}'"));
        remarks.changed(
            &items[at].name,
            format!("hierarchy.max_depth allows {levels} levels: it {is} and relates to its parent '{was}'"),
        );
    }
}

fn edges(
    links: Vec<Link>,
    items: &[Item],
    at: &HashMap<String, usize>,
    ids: &[String],
    names: &mut HashMap<String, String>,
    remarks: &mut Remarks,
) -> Vec<Value> {
    let mut kept: Vec<(usize, usize, Link)> = Vec::new();
    let mut between: HashMap<(usize, usize), usize> = HashMap::new();
    for link in links {
        let name = format!("{} → {}", shown(&link.from), shown(&link.to));
        let (from, to) = match (at.get(&link.from), at.get(&link.to)) {
            (Some(from), Some(to)) => (*from, *to),
            (None, _) => {
                remarks.left_out(List::Dependencies, &name, format!("'{}' is not there", shown(&link.from)));
                continue;
            }
            (_, None) => {
                remarks.left_out(List::Dependencies, &name, format!("'{}' is not there", shown(&link.to)));
                continue;
            }
        };
        if from == to {
            remarks.left_out(List::Dependencies, &name, "an item cannot depend on itself");
            continue;
        }
        match between.get(&(from, to)) {
            // Two items have one link in a direction; one that blocks says more.
            Some(first) if link.blocks && !kept[*first].2.blocks => kept[*first].2 = link,
            Some(first) if link.blocks != kept[*first].2.blocks => {
                remarks.changed(&name, "it relates items of which one blocks the other, which says more");
            }
            Some(_) => {}
            None => {
                between.insert((from, to), kept.len());
                kept.push((from, to, link));
            }
        }
    }
    let blocking: Vec<usize> = (0..kept.len()).filter(|n| kept[*n].2.blocks).collect();
    let ends: Vec<(usize, usize)> = blocking.iter().map(|n| (kept[*n].0, kept[*n].1)).collect();
    for (n, closes) in blocking.into_iter().zip(closing_edges(items.len(), &ends)) {
        if closes {
            let link = &mut kept[n].2;
            let name = format!("{} → {}", shown(&link.from), shown(&link.to));
            remarks.changed(
                &name,
                "it closed a cycle, in which no item could ever start, and became relates_to",
            );
            link.blocks = false;
            link.row.remove("unblock_at");
        }
    }
    kept.into_iter()
        .map(|(from, to, link)| {
            let mut row = link.row;
            let name = format!("{} → {}", shown(&link.from), shown(&link.to));
            names.insert(own_id(&mut row, &[&ids[from], &ids[to]]), name);
            row.insert("from_id".to_owned(), json!(ids[from]));
            row.insert("to_id".to_owned(), json!(ids[to]));
            row.insert("dep_type".to_owned(), json!(if link.blocks { "blocks" } else { "relates_to" }));
            Value::Object(row)
        })
        .collect()
}

fn place(
    mut item: Item,
    id: &str,
    parent: Option<&str>,
    rules: &Rules<'_>,
    settled: &mut Settled,
    remarks: &mut Remarks,
) {
    fit(&mut item, remarks);
    let mut row = Map::new();
    row.insert("id".to_owned(), json!(id));
    row.insert("parent_id".to_owned(), json!(parent));
    row.append(&mut item.row);
    if let Some(project) = rules.project {
        row.insert("project".to_owned(), json!(project));
    }
    settled.items.push(Value::Object(row));
    let mut keys = HashSet::new();
    for note in item.notes {
        for mut part in parts(note, &item.name, remarks) {
            part.key = free(part.key, &keys);
            keys.insert(part.key.clone());
            let mut row = part.row;
            let name = format!("{}, note {}", shown(&item.name), shown(&part.key));
            settled.names.insert(own_id(&mut row, &[id, &part.key]), name);
            row.insert("item_id".to_owned(), json!(id));
            row.insert("key".to_owned(), json!(part.key));
            row.insert("body".to_owned(), json!(part.body));
            settled.notes.push(Value::Object(row));
        }
    }
}

/// A key that the item has not yet.
fn free(key: String, keys: &HashSet<String>) -> String {
    if !keys.contains(&key) {
        return key;
    }
    (2usize..).map(|n| format!("{key}-{n}")).find(|key| !keys.contains(key)).unwrap_or(key)
}

fn shown(name: &str) -> String {
    text::cut(name, 60)
}

#[cfg(test)]
mod tests;
