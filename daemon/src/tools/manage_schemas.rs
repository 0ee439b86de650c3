//! manage_schemas: the note schemas in force, and what an item still needs.

use orc_core::policy::Schema;
use orc_core::refusal::{Details, Refusal};
use orc_core::workflow::{self, Trigger};
use orc_core::{View, gate, resolve};
use orc_store::Tx;
use serde_json::{Map, Value, json};

use crate::answer::missing_note;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::report::{Report, add_config_state};

const PARAMS: [Param; 3] = [
    Param::new("operation", Kind::Word(&["list", "get", "check", "reload"]), "Default list"),
    Param::new("schema_name", Kind::Text, "get"),
    Param::new("item_id", Kind::Id, "check"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "manage_schemas",
    description: "Note schemas from config.yaml: list, get, check an item's gate, reload (also happens by itself).",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Values(run),
};

#[derive(Clone, Copy)]
enum Operation {
    List,
    Get,
    Check,
    Reload,
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("list", Operation::List),
    ("get", Operation::Get),
    ("check", Operation::Check),
    ("reload", Operation::Reload),
];

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let schemas = &call.policies().of(call.cx.project.as_deref()).schemas;
    match args.operation(&OPERATIONS, Some("list"))? {
        Operation::List => {
            let mut report = Report::default();
            for schema in schemas {
                report.put(schema.name.clone(), schema_json(schema));
            }
            add_config_state(call, tx, &mut report)?;
            report.document()
        }
        Operation::Get => get(call, schemas, args.need("schema_name")?),
        Operation::Check => check(call, tx, &args.need_id("item_id")?),
        Operation::Reload => Ok(reload(call)),
    }
}

/// The schema, and the file it comes from, so that whoever wants another gate knows where to go.
fn get(call: &Call<'_>, schemas: &[Schema], name: &str) -> Answer {
    match schemas.iter().find(|s| s.name == name) {
        Some(schema) => {
            let mut document = schema_json(schema);
            if let Some(file) = call.config.file_of_schema(call.cx.project.as_deref(), name) {
                document["file"] = json!(file.display().to_string());
            }
            Ok(document)
        }
        None => {
            let known = schemas.iter().map(|s| s.name.clone()).collect();
            let refusal = Refusal::not_found(format!("Schema '{name}' not found")).field("schema_name");
            Err(refusal.details(Details::Valid(known)).into())
        }
    }
}

pub(crate) fn schema_json(schema: &Schema) -> Value {
    let notes: Vec<Value> = schema
        .notes
        .iter()
        .map(|note| {
            let mut row = Map::new();
            row.insert("key".to_owned(), json!(note.key));
            row.insert("role".to_owned(), json!(note.role.as_str()));
            row.insert("required".to_owned(), json!(note.required));
            row.insert("description".to_owned(), json!(note.description));
            if !note.guidance.is_empty() {
                row.insert("guidance".to_owned(), json!(note.guidance));
            }
            Value::Object(row)
        })
        .collect();
    json!({"name": schema.name, "lifecycle": schema.lifecycle.as_str(), "notes": notes})
}

fn check(call: &Call<'_>, tx: &Tx<'_>, reference: &str) -> Answer {
    let id = resolve(tx, reference, "item_id")?;
    let Some(item) = tx.item(&id)? else {
        return Err(Refusal::not_found(format!("No item matching prefix '{id}'")).field("item_id").into());
    };
    let Some(schema) = call.policies().of(item.project.as_deref()).schema_of(&item) else {
        return Ok(json!({
            "has_schema": false, "schema": null, "lifecycle": "manual", "can_advance": true, "missing": [], "guidance": null,
        }));
    };
    let missing = match workflow::target(Trigger::Start, item.status, item.previous, Some(schema)) {
        Ok(target) => gate::missing(Some(schema), &tx.note_heads(&id)?, target),
        Err(_) => Vec::new(),
    };
    Ok(json!({
        "has_schema": true,
        "schema": schema.name,
        "lifecycle": schema.lifecycle.as_str(),
        "status": item.status.as_str(),
        "can_advance": missing.is_empty(),
        "missing": missing.iter().map(missing_note).collect::<Vec<_>>(),
        "guidance": gate::guidance(&missing),
    }))
}

fn reload(call: &Call<'_>) -> Value {
    let config = call.shared.book.reload_now();
    let schemas = &config.policies.of(call.cx.project.as_deref()).schemas;
    let names: Vec<&str> = schemas.iter().map(|s| s.name.as_str()).collect();
    let mut document = json!({"reloaded": config.faults.is_empty(), "schemas": names});
    if let Some(fault) = config.faults.first() {
        document["config_error"] = crate::report::config_fault(fault);
    }
    document
}
