//! list_agents: who is connected, on what, since when.

use orc_core::claim::Subject;
use orc_core::{ItemId, limits};
use orc_store::Tx;
use orc_store::queries::Held;
use serde_json::{Value, json};

use super::query_items::page_limit;
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::engine::Shared;
use crate::page::Page;

const PARAMS: [Param; 1] = [Param::new("limit", Kind::Integer, "").hidden()];

pub(crate) static TOOL: Tool = Tool {
    name: "list_agents",
    description: "Who is connected: name, client, process, folder, project, since when, and what each has claimed.",
    params: &PARAMS,
    required: &[],
    core: false,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Values(run),
};

/// Claims shown of each agent.
const CLAIMS: usize = 5;

/// The items whose heads the list shows when it is asked for as it is.
pub(crate) fn claimed_items(shared: &Shared, tx: &Tx<'_>, now: i64) -> Answer<Vec<ItemId>> {
    let mut items = Vec::new();
    for session in shared.sessions.all().iter().take(limits::LIST_DEFAULT) {
        let (claims, _) = tx.claims(Held::InSession(&session.id), CLAIMS, now)?;
        items.extend(claims.into_iter().filter_map(|claim| match claim.subject {
            Subject::Item(id) => Some(id),
            Subject::Resource(_) => None,
        }));
    }
    Ok(items)
}

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let limit = page_limit(args)?;
    let live = call.shared.sessions.all();
    let rows = call.rows(tx)?;
    let mut items = Vec::new();
    for session in live.iter().take(limit) {
        let (claims, claimed) = tx.claims(Held::InSession(&session.id), CLAIMS, call.now())?;
        let claims =
            claims.iter().map(|claim| super::claiming::what(tx, &rows, claim)).collect::<Answer<Vec<_>>>()?;
        let mut row = json!({
            "agent": session.agent,
            "session": session.id,
            "client": session.client,
            "pid": session.pid,
            "folder": session.folder.display().to_string(),
            "project": session.project(),
            "since": session.since.text(),
            "claims": claims,
        });
        if claimed > CLAIMS {
            row["more"] = json!({"claims": claimed - CLAIMS});
        }
        if session.id == call.session.id {
            row["you"] = json!(true);
        }
        if let Value::Object(fields) = &mut row {
            fields.retain(|_, value| !value.is_null());
        }
        items.push(row);
    }
    Page::first_of(live.len(), items).document()
}
