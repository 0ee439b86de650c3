//! The result of `completion/complete` (contract.md §9's companions): ids, keys and names, as someone types them.
//!
//! What an argument holds follows from its name, which is the same in prompts, templates and tools.

use orc_core::View;
use orc_core::refusal::Refusal;
use orc_store::Tx;
use orc_store::queries::Scope;
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::resources::{Resource, TEMPLATES, guide};
use crate::{near::nearest, prompts};

/// MCP's bound.
const MOST: usize = 100;
/// Longest text that is completed; what is longer was pasted, not typed.
const TYPED: usize = 200;

/// What an argument of that name holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holds {
    Items,
    NoteKeys,
    Schemas,
    Workspaces,
    Topics,
}

const ARGUMENTS: [(&str, Holds); 9] = [
    ("id", Holds::Items),
    ("item_id", Holds::Items),
    ("parent_id", Holds::Items),
    ("key", Holds::NoteKeys),
    ("item_type", Holds::Schemas),
    ("schema_name", Holds::Schemas),
    ("workspace", Holds::Workspaces),
    ("workspace_name", Holds::Workspaces),
    ("topic", Holds::Topics),
];

/// Values, and how many there are.
struct Found {
    values: Vec<String>,
    total: usize,
    more: bool,
}

/// Completes one argument of a prompt or template.
pub(crate) fn complete(call: &Call<'_>, tx: &Tx<'_>, params: &Value) -> Answer {
    check(&params["ref"])?;
    let name = params["argument"]["name"].as_str().unwrap_or_default();
    let typed = orc_core::text::cut(params["argument"]["value"].as_str().unwrap_or_default().trim(), TYPED);
    let holds = ARGUMENTS.iter().find(|(argument, _)| *argument == name).map(|(_, holds)| *holds);
    let found = match holds {
        Some(Holds::Items) => items(call, tx, &typed)?,
        Some(Holds::NoteKeys) => begun(note_keys(call, tx, &params["context"]["arguments"])?, &typed),
        Some(Holds::Schemas) => begun(schemas(call), &typed),
        Some(Holds::Workspaces) => {
            begun(tx.workspaces()?.into_iter().map(|(name, _)| name).collect(), &typed)
        }
        Some(Holds::Topics) => begun(guide::TOPICS.iter().map(|g| g.topic.to_owned()).collect(), &typed),
        None => Found { values: Vec::new(), total: 0, more: false },
    };
    let more = found.more || found.total > found.values.len();
    Ok(json!({"completion": {"values": found.values, "total": found.total, "hasMore": more}}))
}

/// Refuses a prompt or template that does not exist.
fn check(reference: &Value) -> Result<(), Refusal> {
    let text = |key: &str| reference[key].as_str().unwrap_or_default();
    match text("type") {
        "ref/prompt" => {
            let known = prompts::names();
            if known.contains(&text("name")) {
                return Ok(());
            }
            let hint = nearest(text("name"), known).map(|near| format!("; did you mean {near}?"));
            let message = format!(
                "No prompt is called {}{}",
                orc_core::text::cut(text("name"), 60),
                hint.unwrap_or_default()
            );
            Err(Refusal::validation(message).field("ref"))
        }
        "ref/resource" if TEMPLATES.iter().any(|template| template.0 == text("uri")) => Ok(()),
        "ref/resource" => Resource::parse(text("uri"))
            .map(drop)
            .map_err(|refusal| Refusal::validation(refusal.message).field("ref")),
        _ => Err(Refusal::validation("ref has to be of type ref/prompt or ref/resource").field("ref")),
    }
}

/// By the beginning of the id, or by words of the title; what is typed finds what is shown.
fn items(call: &Call<'_>, tx: &Tx<'_>, typed: &str) -> Answer<Found> {
    let scope = call.cx.project.clone().map_or(Scope::All, Scope::With);
    let begun = tx.begun(typed, &scope, MOST, call.now())?;
    let rows = call.rows(tx)?;
    let shown = begun.ids.iter().map(|id| Ok(rows.id(id)?.as_str().unwrap_or_default().to_owned()));
    Ok(Found { values: shown.collect::<Answer<_>>()?, total: begun.total, more: begun.total_more })
}

/// The keys that schemas know, and those of the item that is named beside.
fn note_keys(call: &Call<'_>, tx: &Tx<'_>, beside: &Value) -> Answer<Vec<String>> {
    let policy = call.policies().of(call.cx.project.as_deref());
    let mut keys: Vec<String> =
        policy.schemas.iter().flat_map(|schema| &schema.notes).map(|note| note.key.clone()).collect();
    if let Some(reference) = beside["item_id"].as_str()
        && let Ok(id) = orc_core::resolve(tx, reference, "item_id")
    {
        keys.extend(tx.note_heads(&id)?.into_iter().map(|note| note.key));
    }
    Ok(keys)
}

fn schemas(call: &Call<'_>) -> Vec<String> {
    let policy = call.policies().of(call.cx.project.as_deref());
    policy.schemas.iter().map(|schema| schema.name.clone()).collect()
}

/// The names that begin as typed, then those that hold it; case does not count.
fn begun(mut names: Vec<String>, typed: &str) -> Found {
    let typed = typed.to_lowercase();
    names.sort();
    names.dedup();
    names.retain(|name| name.to_lowercase().contains(&typed));
    names.sort_by_key(|name| !name.to_lowercase().starts_with(&typed));
    let total = names.len();
    names.truncate(MOST);
    Found { values: names, total, more: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_so_come_before_names_that_hold_it() {
        let names = ["fix", "hotfix", "Fixture", "plan", "fix"].map(str::to_owned).to_vec();
        let found = begun(names, "fix");
        assert_eq!((found.values, found.total), (vec!["Fixture".into(), "fix".into(), "hotfix".into()], 3));
    }

    #[test]
    fn no_more_than_mcp_allows() {
        let found = begun((0..250).map(|n| format!("name-{n}")).collect(), "");
        assert_eq!((found.values.len(), found.total), (100, 250));
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        let good = [
            json!({"type": "ref/prompt", "name": "status_progression"}),
            json!({"type": "ref/resource", "uri": "task://item/{id}"}),
            json!({"type": "ref/resource", "uri": "task://context"}),
        ];
        let bad = [
            json!({"type": "ref/prompt", "name": "status_progress"}),
            json!({"type": "ref/resource", "uri": "task://items/{id}"}),
            json!({"type": "ref/tool", "name": "manage_items"}),
            json!(null),
        ];
        for reference in good {
            assert!(check(&reference).is_ok(), "{reference}");
        }
        for reference in bad {
            assert!(check(&reference).is_err(), "{reference}");
        }
    }
}
