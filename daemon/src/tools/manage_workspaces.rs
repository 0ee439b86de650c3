//! manage_workspaces: named groups of tags.

use orc_core::View;
use orc_core::command::{Command, WorkspaceEdits};
use orc_core::refusal::Refusal;
use orc_core::workspace::Workspace;
use orc_store::Tx;
use serde_json::{Map, Value, json};

use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};

const PARAMS: [Param; 8] = [
    Param::new("operation", Kind::Word(&["create", "update", "delete", "list"]), ""),
    Param::new("name", Kind::Text, ""),
    Param::new("tags", Kind::Words, "Items with any of these belong to it"),
    Param::new("memory_tags", Kind::Words, ""),
    Param::new("description", Kind::Text, ""),
    Param::new("repos", Kind::Words, ""),
    Param::new("conventions", Kind::Words, ""),
    Param::new("clear", Kind::Ids, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "manage_workspaces",
    description: "Workspaces narrow reports to items with certain tags: create, update, delete, list.",
    params: &PARAMS,
    required: &["operation"],
    core: false,
    effect: Effect::Destroys,
    access: |args| Ok(Access::write_if(!matches!(args.operation(&OPERATIONS, None)?, Operation::List))),
    run: Run::Values(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Create,
    Update,
    Delete,
    List,
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("create", Operation::Create),
    ("update", Operation::Update),
    ("delete", Operation::Delete),
    ("list", Operation::List),
];

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    match args.operation(&OPERATIONS, None)? {
        Operation::List => {
            let all: Map<String, Value> =
                tx.workspaces()?.into_iter().map(|(name, w)| (name, workspace_json(&w))).collect();
            Ok(json!({ "workspaces": all }))
        }
        Operation::Create => {
            let name = args.need("name")?.trim().to_owned();
            let edits = edits(args)?;
            let workspace = Workspace {
                tags: edits.tags.unwrap_or_default(),
                memory_tags: edits.memory_tags.unwrap_or_default(),
                description: edits.description.unwrap_or_default(),
                repos: edits.repos.unwrap_or_default(),
                conventions: edits.conventions.unwrap_or_default(),
            };
            call.act(tx, &Command::CreateWorkspace { name: name.clone(), workspace })?;
            shown(tx, &name)
        }
        Operation::Update => {
            let name = args.need("name")?.trim().to_owned();
            call.act(tx, &Command::UpdateWorkspace { name: name.clone(), edits: edits(args)? })?;
            shown(tx, &name)
        }
        Operation::Delete => {
            let name = args.need("name")?.trim().to_owned();
            call.act(tx, &Command::DeleteWorkspace { name: name.clone() })?;
            Ok(json!({ "deleted": name }))
        }
    }
}

fn shown(tx: &Tx<'_>, name: &str) -> Answer {
    let workspace = tx.workspace(name)?.unwrap_or_default();
    Ok(json!({ name: workspace_json(&workspace) }))
}

fn workspace_json(w: &Workspace) -> Value {
    json!({
        "tags": w.tags,
        "memory_tags": w.memory_tags,
        "description": w.description,
        "repos": w.repos,
        "conventions": w.conventions,
    })
}

/// Only what was given changes; null, or a name in `clear`, empties.
fn edits(args: &Args) -> Result<WorkspaceEdits, Refusal> {
    let cleared = args.words("clear")?.unwrap_or_default();
    let empties = |name: &str| args.is_null(name) || cleared.iter().any(|c| c == name);
    let list = |name: &str| Ok::<_, Refusal>(args.words(name)?.or_else(|| empties(name).then(Vec::new)));
    let description = args.text("description")?.map(str::to_owned);
    Ok(WorkspaceEdits {
        tags: list("tags")?,
        memory_tags: list("memory_tags")?,
        description: description.or_else(|| empties("description").then(String::new)),
        repos: list("repos")?,
        conventions: list("conventions")?,
    })
}
