//! manage_items: make, change, delete and restore items.

use std::collections::{HashMap, HashSet};

use orc_core::command::{Command, Guard};
use orc_core::limits;
use orc_core::refusal::Refusal;
use orc_core::{Change, ItemId, View, resolve};
use orc_store::Tx;
use serde_json::{Map, Value, json};

use super::item_fields::{FIELDS, created, edits, new_item, row_of};
use crate::answer::{Rows, refusal_body};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::halt::Halt;

const PARAMS: [Param; 22] = {
    let mut params =
        [Param::new("operation", Kind::Word(&["create", "update", "delete", "restore"]), ""); 22];
    let mut i = 0;
    while i < FIELDS.len() {
        params[i + 2] = FIELDS[i];
        i += 1;
    }
    params[1] = Param::new("item_id", Kind::Id, "Id or 4+ first characters");
    params[16] = Param::new("items", Kind::Objects, "create: a batch of these fields").also(&["items_json"]);
    params[17] = Param::new("ids", Kind::Ids, "delete: a batch").also(&["ids_json"]);
    params[18] = Param::new("recursive", Kind::Boolean, "delete with descendants");
    params[19] = Param::new("clear", Kind::Ids, "update: fields to empty, e.g. [\"due_at\"]");
    params[20] = Param::new("expected_version", Kind::Integer, "").hidden();
    params[21] = Param::new("force", Kind::Boolean, "").hidden();
    params
};

pub(crate) static TOOL: Tool = Tool {
    name: "manage_items",
    description: "Create, update (only the given fields change), delete or restore work items. Max 4 levels via parent_id.",
    params: &PARAMS,
    required: &["operation"],
    core: true,
    effect: Effect::Destroys,
    access: |_| Ok(Access::Write),
    run: Run::Values(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Create,
    Update,
    Delete,
    Restore,
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("create", Operation::Create),
    ("update", Operation::Update),
    ("delete", Operation::Delete),
    ("restore", Operation::Restore),
];

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let operation = *args.operation(&OPERATIONS, None)?;
    if args.has("expected_version") && matches!(operation, Operation::Create | Operation::Restore) {
        // Ignored, it would look like a guard that held.
        let message = "expected_version goes with update and delete; there is no version to compare here";
        return Err(Refusal::validation(message).field("expected_version").into());
    }
    match operation {
        Operation::Create => match args.batch("items", limits::BATCH, "title")? {
            Some(items) => create_batch(call, args, tx, items),
            None => create(call, tx, args, None),
        },
        Operation::Update => update(call, args, tx),
        Operation::Delete => match args.words("ids")?.filter(|ids| !ids.is_empty() || !args.has("item_id")) {
            Some(ids) => delete_batch(call, args, tx, ids),
            None => delete(call, args, tx),
        },
        Operation::Restore => restore(call, args, tx),
    }
}

fn create(call: &Call<'_>, tx: &Tx<'_>, args: &Args, parent: Option<&str>) -> Answer {
    let changes = call.act(tx, &Command::CreateItem(new_item(args, parent)?))?;
    match created(&changes) {
        Some(id) => Ok(Value::Object(row_of(tx, &call.rows(tx)?, id)?)),
        None => Ok(Value::Null),
    }
}

/// Each entry stands alone: one that fails takes no other with it.
fn create_batch(call: &Call<'_>, args: &Args, tx: &Tx<'_>, items: Vec<Value>) -> Answer {
    let parent = args.id("parent_id")?;
    let shown = call.rows(tx)?;
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for (index, raw) in items.into_iter().enumerate() {
        let made = tx.step(|| {
            let entry = args.entry(&FIELDS, "items", index, raw)?;
            create(call, tx, &entry, parent.as_deref())
        });
        match made {
            Ok(Value::Object(row)) => rows.push(shown.in_list(row)),
            Ok(nothing) => rows.push(nothing),
            Err(Halt::Refused(refusal)) => {
                failures.push(json!({"index": index, "error": refusal_body(&refusal, call.session.level)}))
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(json!({"created": rows.len(), "failed": failures.len(), "items": rows, "failures": failures}))
}

fn guard(args: &Args) -> Result<Guard, Refusal> {
    Ok(Guard { expected_version: args.integer("expected_version")?, force: args.flag("force")? })
}

fn update(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let cleared = args.words("clear")?.unwrap_or_default();
    for name in &cleared {
        if !FIELDS.iter().any(|f| f.name == name) {
            let known = FIELDS.map(|f| f.name).join(", ");
            let message = format!("clear names an unknown field: {name}. Fields: {known}");
            return Err(Refusal::validation(message).field("clear").into());
        }
    }
    if args.has("project") {
        return Err(Refusal::validation("An item keeps the project it was created in")
            .field("project")
            .into());
    }
    let item = args.need_id("item_id")?;
    let command =
        Command::UpdateItem { item: item.clone(), edits: edits(args, &cleared)?, guard: guard(args)? };
    call.act(tx, &command)?;
    let id = resolve(tx, &item, "item_id")?;
    Ok(Value::Object(row_of(tx, &call.rows(tx)?, &id)?))
}

fn delete(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let recursive = args.flag("recursive")?;
    let command = Command::DeleteItem { item: args.need_id("item_id")?, recursive, guard: guard(args)? };
    let deleted = deletions(&call.act(tx, &command)?);
    let mut document = json!({ "deleted": true });
    if recursive {
        document["descendants_deleted"] = json!(deleted.saturating_sub(1));
    }
    Ok(document)
}

fn delete_batch(call: &Call<'_>, args: &Args, tx: &Tx<'_>, ids: Vec<String>) -> Answer {
    if ids.len() > limits::BATCH {
        let message = format!("ids has {} entries; at most {} are allowed", ids.len(), limits::BATCH);
        return Err(Refusal::validation(message).field("ids").into());
    }
    let (recursive, guard) = (args.flag("recursive")?, guard(args)?);
    let (mut deleted, mut descendants, mut failures) = (0, 0, Vec::new());
    for (index, item) in ids.into_iter().enumerate() {
        let command = Command::DeleteItem { item, recursive, guard };
        match tx.step(|| call.act(tx, &command)) {
            Ok(changes) => {
                deleted += 1;
                descendants += deletions(&changes).saturating_sub(1);
            }
            Err(Halt::Refused(refusal)) => {
                failures.push(json!({"index": index, "error": refusal_body(&refusal, call.session.level)}))
            }
            Err(fault) => return Err(fault),
        }
    }
    let mut document = json!({"deleted": deleted, "failed": failures.len(), "failures": failures});
    if recursive {
        document["descendants_deleted"] = json!(descendants);
    }
    Ok(document)
}

fn deletions(changes: &[Change]) -> usize {
    changes.iter().filter(|change| matches!(change, Change::ItemDeleted { .. })).count()
}

/// Answers the restored item's row, how many came back with it, and what could not.
fn restore(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let changes = call.act(tx, &Command::RestoreItem { item: args.need_id("item_id")? })?;
    let Some(id) = created(&changes) else { return Ok(json!({ "restored": false })) };
    let rows = call.rows(tx)?;
    let mut row = row_of(tx, &rows, id)?;
    let items = changes.iter().filter(|c| matches!(c, Change::ItemCreated { .. })).count();
    row.insert("restored".to_owned(), json!(true));
    row.insert("descendants_restored".to_owned(), json!(items.saturating_sub(1)));
    let left_out = left_out(tx, &rows, id, &changes)?;
    if !left_out.is_empty() {
        row.insert("left_out".to_owned(), Value::Object(left_out));
    }
    Ok(Value::Object(row))
}

/// The place under its parent, and the edges, that did not come back, mostly because the other end is deleted: nothing else
/// would tell that they were there.
fn left_out(tx: &Tx<'_>, rows: &Rows<'_, '_>, id: &ItemId, changes: &[Change]) -> Answer<Map<String, Value>> {
    let (mut items, mut drawn) = (HashMap::new(), HashSet::new());
    for change in changes {
        match change {
            Change::ItemCreated { item, .. } => drop(items.insert(&item.id, &item.parent)),
            Change::EdgeAdded { edge, .. } => drop(drawn.insert((edge.from.clone(), edge.to.clone()))),
            _ => {}
        }
    }
    let (mut left, mut edges) = (Map::new(), Vec::new());
    for deleted in tx.deletion(id)? {
        let Some(parent_now) = items.get(&deleted.item.id) else { continue };
        if let (Some(parent), None) = (&deleted.item.parent, parent_now) {
            left.insert("parent_id".to_owned(), rows.id(parent)?);
        }
        for edge in deleted.edges {
            if drawn.insert((edge.from.clone(), edge.to.clone())) {
                edges.push(json!({"from_id": rows.id(&edge.from)?, "to_id": rows.id(&edge.to)?}));
            }
        }
    }
    if edges.len() > limits::LIST_DEFAULT {
        left.insert("more".to_owned(), json!({"edges": edges.len() - limits::LIST_DEFAULT}));
        edges.truncate(limits::LIST_DEFAULT);
    }
    if !edges.is_empty() {
        left.insert("edges".to_owned(), Value::Array(edges));
    }
    Ok(left)
}
