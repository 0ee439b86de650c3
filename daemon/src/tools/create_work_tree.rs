//! create_work_tree: a root, its descendants, their dependencies and notes, all or nothing.

use std::collections::HashMap;

use orc_core::command::Command;
use orc_core::refusal::{Details, Refusal};
use orc_core::status::{Role, Threshold};
use orc_core::{ItemId, View, limits, resolve, text};
use orc_store::Tx;
use serde_json::{Map, Value, json};

use super::item_fields::{FIELDS, created, new_item, row_of};
use super::manage_dependencies::{added, kind_and_ends};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::halt::Halt;

const PARAMS: [Param; 18] = [
    Param::new("root_title", Kind::Text, ""),
    Param::new("root_description", Kind::Text, ""),
    Param::new("root_priority", Kind::Text, ""),
    Param::new("parent_id", Kind::Id, "Hang it under this item; without root_title the children themselves"),
    Param::new(
        "children",
        Kind::Objects,
        "{ref,title,description?,priority?,parent_ref?,item_type?,tags?,…}",
    )
    .also(&["children_json"]),
    Param::new("deps", Kind::Objects, "{from,to,type?,unblock_at?}: refs or ids; from blocks to")
        .also(&["deps_json"]),
    Param::new("create_notes", Kind::Boolean, "Blank notes from the schemas"),
    Param::new("notes", Kind::Objects, "{ref,key,role?,body}"),
    Param::new("root_summary", Kind::Text, "").hidden(),
    Param::new("root_complexity", Kind::Integer, "").hidden(),
    Param::new("root_item_type", Kind::Text, "").hidden(),
    Param::new("root_tags", Kind::Words, "").hidden(),
    Param::new("root_metadata", Kind::Opaque, "").hidden(),
    Param::new("root_properties", Kind::Opaque, "").hidden(),
    Param::new("root_due_at", Kind::Time, "").hidden(),
    Param::new("root_schedule", Kind::Text, "").hidden(),
    Param::new("root_not_before", Kind::Time, "").hidden(),
    Param::new("root_project", Kind::Text, "").hidden(),
];

const CHILD: [Param; 16] = {
    let mut params = [Param::new("ref", Kind::Text, ""); 16];
    let mut i = 0;
    while i < FIELDS.len() {
        params[i + 1] = FIELDS[i];
        i += 1;
    }
    params[15] = Param::new("parent_ref", Kind::Text, "");
    params
};

const DEP: [Param; 4] = [
    Param::new("from", Kind::Id, "").also(&["from_id"]),
    Param::new("to", Kind::Id, "").also(&["to_id"]),
    Param::new("dep_type", Kind::Text, "").also(&["type"]),
    Param::new("unblock_at", Kind::Text, ""),
];

const NOTE: [Param; 4] = [
    Param::new("ref", Kind::Id, "").also(&["item_id"]),
    Param::new("key", Kind::Text, ""),
    Param::new("role", Kind::Text, ""),
    Param::new("body", Kind::Text, ""),
];

pub(crate) static TOOL: Tool = Tool {
    name: "create_work_tree",
    description: "Create a root item, children, dependencies and notes in one atomic call; answers ref_map (ref → id).",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Adds,
    access: |_| Ok(Access::Write),
    run: Run::Values(run),
};

/// The name of the root among the refs.
const ROOT: &str = "root";

/// What has been made so far: refs to ids, and the ids in the order they were made.
#[derive(Default)]
struct Tree {
    refs: HashMap<String, ItemId>,
    order: Vec<(String, ItemId)>,
    root: Option<ItemId>,
    children: Vec<ItemId>,
}

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let children = args.array("children", limits::BATCH)?.unwrap_or_default();
    let parent = args.id("parent_id")?;
    let mut tree = Tree::default();
    match (root_args(args)?, &parent) {
        (Some(root), _) => {
            let changes = call.act(tx, &Command::CreateItem(new_item(&root, parent.as_deref())?))?;
            tree.root = created(&changes).cloned();
        }
        (None, Some(parent)) => tree.root = Some(resolve(tx, parent, "parent_id")?),
        (None, None) => {
            return Err(Refusal::validation(
                "root_title is required, or parent_id to hang the children under",
            )
            .field("root_title")
            .into());
        }
    }
    let made_root = args.has("root_title");
    if let Some(id) = &tree.root {
        tree.refs.insert(ROOT.to_owned(), id.clone());
        if made_root {
            tree.order.push((ROOT.to_owned(), id.clone()));
        }
    }
    create_children(call, args, tx, children, &mut tree)?;
    let edges = create_edges(call, args, tx, &tree)?;
    let notes = create_notes(call, args, tx, &tree, made_root)?;
    answer(call, tx, &tree, edges, notes)
}

/// The `root_*` arguments under the names of an item's fields; none without a title.
fn root_args(args: &Args) -> Result<Option<Args>, Refusal> {
    if !args.has("root_title") {
        return Ok(None);
    }
    let fields: Map<String, Value> = PARAMS
        .iter()
        .filter_map(|p| Some((p.name.strip_prefix("root_")?.to_owned(), args.raw(p.name)?.clone())))
        .collect();
    Ok(Some(Args::read(&FIELDS, Value::Object(fields))?))
}

/// Children in the order given, each after the one its `parent_ref` names, which may come later in the list.
fn create_children(
    call: &Call<'_>,
    args: &Args,
    tx: &Tx<'_>,
    raw: Vec<Value>,
    tree: &mut Tree,
) -> Answer<()> {
    let mut waiting = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let entry = args.entry(&CHILD, "children", index, raw)?;
        let name = entry.text("ref")?.map(str::trim).map(str::to_owned);
        if let Some(name) = &name {
            check_ref(&entry, name, index, tree, &waiting)?;
        }
        waiting.push((index, name, entry));
    }
    let mut ids: Vec<Option<ItemId>> = vec![None; waiting.len()];
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut left = Vec::new();
        for (index, name, entry) in waiting {
            let parent = match entry.text("parent_ref")?.map(str::trim) {
                None => tree.root.clone(),
                Some(parent) => tree.refs.get(parent).cloned(),
            };
            let Some(parent) = parent else {
                left.push((index, name, entry));
                continue;
            };
            let place = |refusal: Refusal| at_entry(refusal, "children", index);
            let new = new_item(&entry, Some(parent.as_str())).map_err(place)?;
            let changes = call.act(tx, &Command::CreateItem(new)).map_err(|halt| halt.map_refusal(place))?;
            if let Some(id) = created(&changes) {
                if let Some(name) = name {
                    tree.refs.insert(name.clone(), id.clone());
                    tree.order.push((name, id.clone()));
                }
                ids[index] = Some(id.clone());
            }
        }
        waiting = left;
        if waiting.len() == before {
            return Err(without_a_way_to_the_root(&waiting)?.into());
        }
    }
    tree.children = ids.into_iter().flatten().collect();
    Ok(())
}

/// Why the children that are left have no parent: one names a ref that nobody has, or they name each other in a circle.
fn without_a_way_to_the_root(left: &[(usize, Option<String>, Args)]) -> Result<Refusal, Refusal> {
    for (index, _, entry) in left {
        let wanted = entry.text("parent_ref")?.unwrap_or_default().trim();
        if !left.iter().any(|(_, name, _)| name.as_deref() == Some(wanted)) {
            let message =
                format!("children[{index}].parent_ref names '{wanted}', which is no ref of this call");
            return Ok(Refusal::validation(message).field(entry.place("parent_ref")));
        }
    }
    let (index, _, entry) = &left[0];
    let wanted = entry.text("parent_ref")?.unwrap_or_default().trim();
    let message =
        format!("children[{index}].parent_ref '{wanted}' never leads to the root: parents form a circle");
    Ok(Refusal::validation(message).field(entry.place("parent_ref")))
}

fn check_ref(
    entry: &Args,
    name: &str,
    index: usize,
    tree: &Tree,
    before: &[(usize, Option<String>, Args)],
) -> Result<(), Refusal> {
    let place = entry.place("ref");
    if name == ROOT {
        return Err(Refusal::validation("ref 'root' is reserved for the root item").field(place));
    }
    limits::chars("ref", name, limits::KEY_CHARS)?;
    if tree.refs.contains_key(name) || before.iter().any(|(_, other, _)| other.as_deref() == Some(name)) {
        let message = format!("Duplicate ref '{name}' in children[{index}]; every ref must be unique");
        return Err(Refusal::validation(message).field(place));
    }
    Ok(())
}

/// The item that a dependency or note names: by a ref of this call, else by its id.
fn named(tx: &Tx<'_>, tree: &Tree, name: &str, field: &'static str) -> Answer<ItemId> {
    if let Some(id) = tree.refs.get(name.trim()) {
        return Ok(id.clone());
    }
    let no_ref = |refusal: Refusal| Refusal {
        message: format!("'{}' is no ref of this call, nor an id: {}", text::cut(name, 60), refusal.message),
        ..refusal
    };
    resolve(tx, name, field).map_err(|stop| Halt::from(stop).map_refusal(no_ref))
}

fn create_edges(call: &Call<'_>, args: &Args, tx: &Tx<'_>, tree: &Tree) -> Answer<Vec<Value>> {
    let raw = args.array("deps", limits::BATCH)?.unwrap_or_default();
    let rows = call.rows(tx)?;
    let mut edges = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let entry = args.entry(&DEP, "deps", index, raw)?;
        let (from, to) = (entry.need_id("from")?, entry.need_id("to")?);
        let place = |refusal: Refusal| at_entry(refusal, "deps", index);
        let (from, to) = (named(tx, tree, &from, "from"), named(tx, tree, &to, "to"));
        let named =
            |end: Answer<ItemId>| end.map(|id| id.as_str().to_owned()).map_err(|h| h.map_refusal(place));
        let (kind, from, to) =
            kind_and_ends(entry.text("dep_type")?, named(from)?, named(to)?).map_err(place)?;
        let unblock_at =
            entry.text("unblock_at")?.map_or(Ok(Threshold::Done), Threshold::parse).map_err(place)?;
        let command = Command::Link { from, to, kind, unblock_at };
        let changes = call.act(tx, &command).map_err(|halt| halt.map_refusal(place))?;
        for edge in added(&changes) {
            edges.push(Value::Object(rows.edge(edge)?));
        }
    }
    Ok(edges)
}

fn create_notes(
    call: &Call<'_>,
    args: &Args,
    tx: &Tx<'_>,
    tree: &Tree,
    made_root: bool,
) -> Answer<Vec<Value>> {
    let mut notes = Vec::new();
    for (index, raw) in args.array("notes", limits::BATCH)?.unwrap_or_default().into_iter().enumerate() {
        let entry = args.entry(&NOTE, "notes", index, raw)?;
        let place = |refusal: Refusal| at_entry(refusal, "notes", index);
        let item = entry.need_id("ref")?;
        let item = named(tx, tree, &item, "ref").map_err(|halt| halt.map_refusal(place))?;
        let command = Command::WriteNote {
            item: item.as_str().to_owned(),
            key: entry.need("key")?.to_owned(),
            role: entry.text("role")?.map(Role::parse).transpose().map_err(place)?,
            body: entry.text("body")?.unwrap_or_default().to_owned(),
        };
        let changes = call.act(tx, &command).map_err(|halt| halt.map_refusal(place))?;
        notes.extend(written(call, tx, &changes)?);
    }
    if args.flag("create_notes")? {
        let root = tree.root.iter().filter(|_| made_root);
        for id in root.chain(&tree.children) {
            notes.extend(blank_notes(call, tx, id)?);
        }
    }
    Ok(notes)
}

/// A blank note for each one the item's schema knows, where none is there yet.
fn blank_notes(call: &Call<'_>, tx: &Tx<'_>, id: &ItemId) -> Answer<Vec<Value>> {
    let Some(item) = tx.item(id)? else { return Ok(Vec::new()) };
    let Some(schema) = call.policies().of(item.project.as_deref()).schema_of(&item) else {
        return Ok(Vec::new());
    };
    let mut notes = Vec::new();
    for spec in &schema.notes {
        if tx.note(id, &spec.key)?.is_none() {
            let command = Command::WriteNote {
                item: id.as_str().to_owned(),
                key: spec.key.clone(),
                role: Some(spec.role),
                body: String::new(),
            };
            notes.extend(written(call, tx, &call.act(tx, &command)?)?);
        }
    }
    Ok(notes)
}

fn written(call: &Call<'_>, tx: &Tx<'_>, changes: &[orc_core::Change]) -> Answer<Vec<Value>> {
    let rows = call.rows(tx)?;
    let mut notes = Vec::new();
    for change in changes {
        if let orc_core::Change::NoteWritten { after, .. } = change {
            notes.push(json!({
                "item_id": rows.id(&after.item)?,
                "key": after.key,
                "role": after.role.as_str(),
                "id": rows.id(&after.id)?,
            }));
        }
    }
    Ok(notes)
}

/// Says which entry of which list a refusal is about.
fn at_entry(refusal: Refusal, list: &str, index: usize) -> Refusal {
    let field = match &refusal.field {
        // What an entry's own reading refuses is named in full already.
        Some(field) if field.starts_with(&format!("{list}[")) => field.clone(),
        Some(field) => format!("{list}[{index}].{field}"),
        None => format!("{list}[{index}]"),
    };
    match refusal.details {
        Some(_) => Refusal { field: Some(field), ..refusal },
        None => Refusal { field: Some(field), ..refusal }.details(Details::Entry(index)),
    }
}

fn answer(call: &Call<'_>, tx: &Tx<'_>, tree: &Tree, edges: Vec<Value>, notes: Vec<Value>) -> Answer {
    let rows = call.rows(tx)?;
    let children = tree.children.iter().map(|id| Ok(rows.in_list(row_of(tx, &rows, id)?)));
    let children = children.collect::<Answer<Vec<Value>>>()?;
    let root = tree.root.as_ref().map(|id| row_of(tx, &rows, id)).transpose()?;
    let mut refs = Map::new();
    if let Some(id) = &tree.root {
        refs.insert(ROOT.to_owned(), rows.id(id)?);
    }
    for (name, id) in &tree.order {
        refs.insert(name.clone(), rows.id(id)?);
    }
    Ok(json!({"root": root, "children": children, "dependencies": edges, "notes": notes, "ref_map": refs}))
}
