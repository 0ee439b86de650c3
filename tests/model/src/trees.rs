//! create_work_tree: truly atomic (contract.md §5).

use serde_json::{Map, Value, json};

use crate::args::{Args, word};
use crate::dependencies::asked;
use crate::refusal::{Answer, Refusal};
use crate::rules::schema_of;
use crate::symbol::Id;
use crate::{Call, Name};

/// Refs to ids, in the order in which they were made.
type Refs = Vec<(String, Id)>;

impl Call<'_> {
    pub(crate) fn create_work_tree(&mut self, args: &Args) -> Answer {
        let parent = args.text("parent_id")?.map(Name::from);
        let made_root = args.value("root_title").is_some();
        let root = match (&parent, made_root) {
            (_, true) => self.create(&args.under("root_"), parent.clone())?,
            (Some(parent), false) => self.find(parent, "parent_id")?,
            (None, false) => {
                let message = "root_title is required, or parent_id to hang the children under";
                return Err(Refusal::validation("root_title", message));
            }
        };
        let mut refs: Refs = vec![("root".to_owned(), root)];
        let children = self.create_children(args, root, &mut refs)?;
        let edges = self.tree_edges(args, &refs)?;
        let blank_for = made_root.then_some(root).into_iter().chain(children.iter().copied());
        let notes = self.tree_notes(args, &refs, blank_for.collect())?;
        let level = self.level();
        let children: Vec<Value> = children.iter().map(|id| level.in_list(self.row(*id))).collect();
        let ref_map: Map<String, Value> = refs.into_iter().map(|(name, id)| (name, level.id(id))).collect();
        Ok(json!({
            "root": self.row(root), "children": children, "dependencies": edges, "notes": notes, "ref_map": ref_map,
        }))
    }

    /// In the order given, each after the one that its parent_ref names.
    fn create_children(&mut self, args: &Args, root: Id, refs: &mut Refs) -> Answer<Vec<Id>> {
        let mut waiting: Vec<(usize, Args)> = Vec::new();
        for (index, raw) in args.array("children")?.unwrap_or_default().iter().enumerate() {
            let entry = Args::entry(raw, "children", index)?;
            let name = entry.text("ref")?;
            if name == Some("root") {
                return Err(Refusal::validation(
                    &entry.place("ref"),
                    "ref 'root' is reserved for the root item",
                ));
            }
            if let Some(name) = name
                && waiting.iter().any(|(_, other)| other.text("ref").ok().flatten() == Some(name))
            {
                let message =
                    format!("Duplicate ref '{name}' in children[{index}]; every ref must be unique");
                return Err(Refusal::validation(&entry.place("ref"), message));
            }
            waiting.push((index, entry));
        }
        let mut made: Vec<(usize, Id)> = Vec::new();
        while !waiting.is_empty() {
            let before = waiting.len();
            for (index, entry) in std::mem::take(&mut waiting) {
                let parent = match entry.text("parent_ref")? {
                    None => Some(root),
                    Some(parent) => refs.iter().find(|(name, _)| name == parent).map(|(_, id)| *id),
                };
                let Some(parent) = parent else {
                    waiting.push((index, entry));
                    continue;
                };
                let id = self
                    .create(&entry, Some(Name::Id(parent)))
                    .map_err(|r| at_entry(r, "children", index))?;
                refs.extend(entry.text("ref")?.map(|name| (name.to_owned(), id)));
                made.push((index, id));
            }
            if waiting.len() == before {
                let mut names = Vec::new();
                for (_, entry) in &waiting {
                    names.extend(entry.text("ref")?);
                }
                let mut lost = &waiting[0];
                let mut message = format!(
                    "children[{}].parent_ref '{}' never leads to the root: parents form a circle",
                    lost.0,
                    lost.1.need("parent_ref")?
                );
                for candidate in waiting.iter().rev() {
                    let parent = candidate.1.need("parent_ref")?;
                    if !names.contains(&parent) {
                        message = format!(
                            "children[{}].parent_ref names '{parent}', which is no ref of this call",
                            candidate.0
                        );
                        lost = candidate;
                    }
                }
                let index = lost.0;
                return Err(Refusal::validation(&format!("children[{index}].parent_ref"), message));
            }
        }
        made.sort_unstable();
        Ok(made.into_iter().map(|(_, id)| id).collect())
    }

    /// What a dependency or note names: a ref of this call, else an id.
    fn by_ref(&self, refs: &Refs, name: &str, field: &str) -> Answer<Id> {
        match refs.iter().find(|(known, _)| known == name) {
            Some((_, id)) => Ok(*id),
            None => self.resolve(name, field).map_err(|refusal| Refusal {
                message: format!("'{name}' is no ref of this call, nor an id: {}", refusal.message),
                ..refusal
            }),
        }
    }

    fn tree_edges(&mut self, args: &Args, refs: &Refs) -> Answer<Vec<Value>> {
        let mut edges = Vec::new();
        for (index, raw) in args.array("deps")?.unwrap_or_default().iter().enumerate() {
            let entry = Args::entry(raw, "deps", index)?;
            let (from, to) = (entry.need("from")?, entry.need("to")?);
            let place = |refusal| at_entry(refusal, "deps", index);
            let from = self.by_ref(refs, from, "from").map_err(place)?;
            let to = self.by_ref(refs, to, "to").map_err(place)?;
            let asked = asked(&entry, Name::Id(from), Name::Id(to)).map_err(place)?;
            let edge = self.link(&asked).map_err(place)?;
            edges.push(self.level().edge(&edge).into());
        }
        Ok(edges)
    }

    fn tree_notes(&mut self, args: &Args, refs: &Refs, blank_for: Vec<Id>) -> Answer<Vec<Value>> {
        let mut notes = Vec::new();
        for (index, raw) in args.array("notes")?.unwrap_or_default().iter().enumerate() {
            let entry = Args::entry(raw, "notes", index)?;
            let place = |refusal| at_entry(refusal, "notes", index);
            let item = self.by_ref(refs, entry.need("ref")?, "ref").map_err(place)?;
            let key = entry.need("key")?;
            let role = entry.text("role")?.map(|text| word("role", text, &["queue", "work", "review"]));
            let role = role.transpose().map_err(place)?;
            let body = entry.text("body")?.unwrap_or_default();
            let (note, _) = self.write_note(item, key, role, body).map_err(place)?;
            notes.push(self.written(&note));
        }
        if args.flag("create_notes")? {
            for id in blank_for {
                let item = self.item(id);
                for spec in schema_of(&item.item_type, &item.tags).map_or(&[][..], |schema| schema.notes) {
                    if self.model.store.note(id, spec.key).is_none() {
                        let (note, _) = self.write_note(id, spec.key, Some(spec.role), "")?;
                        notes.push(self.written(&note));
                    }
                }
            }
        }
        Ok(notes)
    }

    fn written(&self, note: &crate::store::Note) -> Value {
        let level = self.level();
        json!({"item_id": level.id(note.item), "key": note.key, "role": note.role, "id": level.id(note.id)})
    }
}

/// Says which entry of which list a refusal is about.
fn at_entry(refusal: Refusal, list: &str, index: usize) -> Refusal {
    let field = match &refusal.field {
        Some(field) if field.starts_with(list) => field.clone(),
        Some(field) => format!("{list}[{index}].{field}"),
        None => format!("{list}[{index}]"),
    };
    Refusal { field: Some(field), ..refusal }.or_details(json!({"index": index}))
}
