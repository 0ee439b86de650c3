//! claim_item: who works on what (contract.md §7).

use std::sync::Arc;

use orc_core::claim::{Actor, Claim, Subject};
use orc_core::command::Command;
use orc_core::refusal::Refusal;
use orc_core::time::SECOND;
use orc_core::{View, limits, resolve};
use orc_store::Tx;
use orc_store::queries::Held;
use serde_json::{Map, Value, json};

use super::query_items::page_limit;
use crate::answer::{Rows, holder};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::page::Page;
use crate::sessions::Session;

const PARAMS: [Param; 8] = [
    Param::new("operation", Kind::Word(&["claim", "release", "renew", "handoff", "list"]), ""),
    Param::new("item_id", Kind::Id, ""),
    Param::new("resource", Kind::Text, "Anything else, e.g. file:src/main.rs"),
    Param::new("ttl_seconds", Kind::Integer, "Ends at the latest then; default with the session"),
    Param::new("to", Kind::Text, "handoff: an agent's name"),
    Param::new("force", Kind::Boolean, "Over another's claim; recorded"),
    Param::new("mine", Kind::Boolean, "").hidden(),
    Param::new("limit", Kind::Integer, "").hidden(),
];

pub(crate) static TOOL: Tool = Tool {
    name: "claim_item",
    description: "Claim an item or resource so that no other agent takes it; release, renew, handoff, list. A claim ends with its session; start claims by itself.",
    params: &PARAMS,
    required: &["operation"],
    core: true,
    effect: Effect::Mixed,
    access: |args| Ok(Access::write_if(!matches!(args.operation(&OPERATIONS, None)?, Operation::List))),
    run: Run::Values(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Claim,
    Release,
    Renew,
    Handoff,
    List,
}

const OPERATIONS: [(&str, Operation); 5] = [
    ("claim", Operation::Claim),
    ("release", Operation::Release),
    ("renew", Operation::Renew),
    ("handoff", Operation::Handoff),
    ("list", Operation::List),
];

/// Longest time a deadline may lie ahead: a year.
const TTL_SECONDS: i64 = 366 * 24 * 3600;

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let operation = *args.operation(&OPERATIONS, None)?;
    if matches!(operation, Operation::List) {
        return list(call, args, tx);
    }
    let subject = subject(args, tx)?;
    let force = args.flag("force")?;
    let deadline = match args.has("ttl_seconds") {
        true => Some(call.cx.now.plus(args.bounded("ttl_seconds", 0, 1, TTL_SECONDS)? * SECOND)),
        false => None,
    };
    let command = match operation {
        Operation::Claim => Command::Claim { subject: subject.clone(), deadline, force },
        Operation::Renew => Command::Renew { subject: subject.clone(), deadline },
        Operation::Handoff => {
            let to = recipient(call, args.need("to")?)?;
            Command::Handoff { subject: subject.clone(), to, force }
        }
        Operation::Release | Operation::List => Command::Release { subject: subject.clone(), force },
    };
    let changes = call.act(tx, &command)?;
    let rows = call.rows(tx)?;
    if matches!(operation, Operation::Release) {
        let mut row = named(&rows, &subject)?;
        row.insert("released".to_owned(), json!(!changes.is_empty()));
        return Ok(Value::Object(row));
    }
    match tx.claim(&subject)? {
        Some(claim) => Ok(Value::Object(claim_row(tx, &rows, &claim)?)),
        None => Ok(Value::Null),
    }
}

fn subject(args: &Args, tx: &Tx<'_>) -> Answer<Subject> {
    match (args.id("item_id")?, args.text("resource")?.map(str::trim)) {
        (Some(_), Some(_)) => {
            Err(Refusal::validation("Give item_id or resource, not both").field("resource").into())
        }
        (Some(id), None) => Ok(Subject::Item(resolve(tx, &id, "item_id")?)),
        (None, Some(name)) if !name.is_empty() => {
            limits::chars("resource", name, limits::TITLE_CHARS)?;
            Ok(Subject::Resource(name.to_owned()))
        }
        _ => Err(Refusal::validation("item_id or resource is required").field("item_id").into()),
    }
}

/// The agent that is to hold the claim: a connected one by its name or its session's id, `name/sub` for one of its subagents, or a
/// bare name for a subagent that has written in the caller's own session.
fn recipient(call: &Call<'_>, name: &str) -> Answer<Actor> {
    let name = name.trim();
    limits::chars("to", name, limits::KEY_CHARS)?;
    let live = call.shared.sessions.all();
    if let Some(found) = one_session(&live, name)? {
        return Ok(Actor { session: found.id.clone(), agent: found.agent.clone(), subagent: None });
    }
    // Either of the two names may have such a stroke in it.
    for (at, _) in name.match_indices('/') {
        let (agent, sub) = (&name[..at], name[at + 1..].trim());
        if let Some(found) = one_session(&live, agent)?
            && !sub.is_empty()
        {
            let (session, agent) = (found.id.clone(), found.agent.clone());
            return Ok(Actor { session, agent, subagent: Some(sub.to_owned()) });
        }
    }
    if call.session.knows(name) {
        return Ok(Actor { subagent: Some(name.to_owned()), ..call.cx.actor.clone() });
    }
    let connected: Vec<&str> = live.iter().map(|s| s.agent.as_str()).take(limits::DETAILS).collect();
    let message = format!(
        "No connected agent '{name}'. Connected: {}; a subagent is named agent/subagent",
        connected.join(", ")
    );
    Err(Refusal::not_found(message).field("to").into())
}

/// The live session of that id, or of that agent. Two may have been given one name.
fn one_session<'s>(live: &'s [Arc<Session>], name: &str) -> Result<Option<&'s Arc<Session>>, Refusal> {
    if let Some(found) = live.iter().find(|session| session.id == name) {
        return Ok(Some(found));
    }
    let called: Vec<_> = live.iter().filter(|session| session.agent == name).collect();
    if called.len() > 1 {
        let ids: Vec<&str> = called.iter().map(|s| s.id.as_str()).take(limits::DETAILS).collect();
        let message = format!(
            "{} sessions of '{name}' are connected. Give the id of one (list_agents tells them apart): {}",
            called.len(),
            ids.join(", ")
        );
        return Err(Refusal::conflict(message).field("to"));
    }
    Ok(called.first().copied())
}

fn named(rows: &Rows<'_, '_>, subject: &Subject) -> Answer<Map<String, Value>> {
    let mut row = Map::new();
    match subject {
        Subject::Item(id) => row.insert("item_id".to_owned(), rows.id(id)?),
        Subject::Resource(name) => row.insert("resource".to_owned(), json!(name)),
    };
    Ok(row)
}

/// What is held, by whom, since when and until when.
fn claim_row(tx: &Tx<'_>, rows: &Rows<'_, '_>, claim: &Claim) -> Answer<Map<String, Value>> {
    let mut row = named(rows, &claim.subject)?;
    if let Subject::Item(id) = &claim.subject
        && let Some(item) = tx.item(id)?
    {
        row.insert("title".to_owned(), json!(item.title));
        row.insert("status".to_owned(), json!(item.status.as_str()));
    }
    if let Value::Object(held) = holder(claim) {
        row.extend(held);
    }
    Ok(row)
}

/// The claim on one subject, in the shape of the list.
fn list_one(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let claim = tx.claim(&subject(args, tx)?)?.filter(|claim| claim.holds_at(&call.cx.now));
    let rows = call.rows(tx)?;
    let items =
        claim.iter().map(|c| Ok(Value::Object(claim_row(tx, &rows, c)?))).collect::<Answer<Vec<_>>>()?;
    Page::first_of(items.len(), items).document()
}

fn list(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    if args.has("item_id") || args.has("resource") {
        return list_one(call, args, tx);
    }
    let limit = page_limit(args)?;
    let held = if args.flag("mine")? { Held::By(&call.cx.actor) } else { Held::ByAnyone };
    let (claims, total) = tx.claims(held, limit, call.now())?;
    let rows = call.rows(tx)?;
    let items =
        claims.iter().map(|c| Ok(Value::Object(claim_row(tx, &rows, c)?))).collect::<Answer<Vec<_>>>()?;
    Page::first_of(total, items).document()
}
