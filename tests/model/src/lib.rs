//! The tool contract as a naive program: a second opinion on what every call must answer.
//!
//! A tool's name and arguments go in, its answer or refusal comes out. Plain lists, whole scans, one file for each part of
//! contract.md; nothing of the product is used, so that both can only agree where both are right or both wrong. Random
//! histories of calls run against both (`daemon/src/tests/histories`).
//!
//! Left out: unknown arguments and their suggestions, sizes of texts, time as it passes (grace, deadlines, schedules: their
//! ends lie hours away), waiting, prompts and resources, checkpoints, configuration that changes.

mod args;
mod claims;
mod compare;
mod context;
mod dependencies;
mod history;
mod items;
mod lists;
mod next;
mod notes;
mod refusal;
mod restore;
mod rows;
mod rules;
mod store;
pub mod symbol;
mod transfer;
mod trees;
mod upkeep;
mod workflow;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use args::Args;
pub use compare::compare;
use refusal::{Answer, Refusal};
pub use rows::Level;
pub use rules::CONFIG;
use store::{Actor, Entry, Item, Store};
use symbol::{Id, Stamp};

/// One client's session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its number; a new session has another one.
    pub number: u64,
    /// Its agent's name.
    pub agent: String,
    /// How much its answers show.
    pub level: Level,
    /// Whether it may only read.
    pub read_only: bool,
    /// What its items belong to, and its reads default to.
    pub project: Option<String>,
    /// Subagents that have written in it.
    pub subagents: BTreeSet<String>,
}

/// The whole product.
#[derive(Debug, Default)]
pub struct Model {
    /// What is known of symbols.
    pub known: symbol::Known,
    store: Store,
    sessions: BTreeMap<u64, Session>,
    /// Answers by request_id: what was asked, what was answered.
    answered: BTreeMap<String, (String, Value)>,
    calls: u64,
    /// Every item there ever was, in order.
    made: Vec<Id>,
}

/// An item as a caller names it, or as the call itself knows it.
#[derive(Clone, PartialEq, Debug)]
enum Name {
    Text(String),
    Id(Id),
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// One call: who makes it, and its number.
struct Call<'m> {
    model: &'m mut Model,
    session: Session,
    actor: Actor,
}

impl Model {
    /// A client connects; what the same agent held is its own again.
    pub fn connect(&mut self, session: Session) {
        self.calls += 1;
        for at in 0..self.store.claims.len() {
            let claim = &mut self.store.claims[at];
            if claim.holder.agent == session.agent && !self.sessions.contains_key(&claim.holder.session) {
                claim.holder.session = session.number;
                self.claim_changed(at, &session.agent);
            }
        }
        self.sessions.insert(session.number, session);
    }

    /// A client goes; its claims stay for a grace.
    pub fn disconnect(&mut self, number: u64) {
        self.calls += 1;
        let Some(session) = self.sessions.remove(&number) else { return };
        for at in 0..self.store.claims.len() {
            if self.store.claims[at].holder.session == number {
                self.claim_changed(at, &session.agent);
            }
        }
    }

    fn claim_changed(&mut self, at: usize, agent: &str) {
        let item = match self.store.claims[at].subject {
            store::Subject::Item(id) => Some(id),
            store::Subject::Resource(_) => None,
        };
        self.store.history.push(Entry {
            call: self.calls,
            agent: agent.to_owned(),
            kind: "claim_changed",
            item,
            version: None,
            is_run: false,
            changes: Map::new(),
            more: Map::new(),
        });
    }

    /// The first characters of the `n`th item that was ever made, counted in a circle; `None` while there are none.
    pub fn made(&self, n: usize) -> Option<&str> {
        let id = self.made.get(n.checked_rem(self.made.len())?)?;
        Some(self.known.text(*id))
    }

    /// Calls a tool: the answer, or the refusal's document.
    ///
    /// # Errors
    /// `{"error":{…}}`, as the product says it.
    pub fn call(&mut self, session: u64, tool: &str, arguments: &Value) -> Result<Value, Value> {
        self.calls += 1;
        let before = self.store.clone();
        let answer = self.answer(session, tool, arguments);
        answer.map_err(|refusal| {
            // No refusal leaves a partial change.
            self.store = before;
            json!({ "error": refusal.body() })
        })
    }

    fn answer(&mut self, session: u64, tool: &str, arguments: &Value) -> Answer {
        let session = self.sessions[&session].clone();
        let args = Args::of(arguments);
        let writes = writes(tool, &args)?;
        if writes && session.read_only {
            return Err(Refusal::forbidden(format!(
                "This session may only read (TASK_ORCHESTRATOR_TOOLS=read); {tool} would write"
            )));
        }
        let sub = args.text("agent")?.map(str::to_owned);
        let actor = Actor { session: session.number, agent: session.agent.clone(), sub: sub.clone() };
        let request = args.text("request_id")?.filter(|_| writes).map(|id| format!("{} {id}", actor.name()));
        let asked = format!("{tool} {arguments}");
        if let Some((before, answer)) = request.as_ref().and_then(|id| self.answered.get(id)) {
            if *before == asked {
                return Ok(answer.clone());
            }
            let id = args.need("request_id")?;
            let message =
                format!("request_id '{id}' was used for another call; take a new one for each call");
            return Err(Refusal::conflict("request_id", message));
        }
        if let (true, Some(sub), Some(session)) = (writes, sub, self.sessions.get_mut(&session.number)) {
            session.subagents.insert(sub);
        }
        let answer = Call { session, actor, model: self }.run(tool, &args)?;
        if let Some(id) = request {
            self.answered.insert(id, (asked, answer.clone()));
        }
        Ok(answer)
    }
}

/// Whether a call can change anything.
fn writes(tool: &str, args: &Args) -> Answer<bool> {
    let operations: (&[&str], &[&str]) = match tool {
        "manage_items" => (&["create", "update", "delete", "restore"], &[]),
        "manage_notes" => (&["upsert", "delete", "list"], &["list"]),
        "manage_dependencies" => (&["add", "remove", "query", "pattern"], &["query"]),
        "claim_item" => (&["claim", "release", "renew", "handoff", "list"], &["list"]),
        "manage_archive" => (&["run", "stats", "list"], &["stats", "list"]),
        "manage_workspaces" => (&["create", "update", "delete", "list"], &["list"]),
        "get_next_item" => return args.flag("claim"),
        tool => {
            return Ok(["advance_item", "complete_tree", "create_work_tree", "import_graph"].contains(&tool));
        }
    };
    let (all, reading) = operations;
    let valid = all.join(", ");
    let Some(operation) = args.text("operation")? else {
        return Err(Refusal::validation("operation", format!("operation is required. Use: {valid}")));
    };
    if !all.contains(&operation) {
        let message = format!("Invalid operation: {operation}. Use: {valid}");
        return Err(Refusal::validation("operation", message));
    }
    Ok(!reading.contains(&operation))
}

impl Call<'_> {
    fn run(&mut self, tool: &str, args: &Args) -> Answer {
        match (tool, args.text("operation")?.unwrap_or_default()) {
            ("manage_items", operation) => self.manage_items(operation, args),
            ("query_items", operation) => self.query_items(operation, args),
            ("create_work_tree", _) => self.create_work_tree(args),
            ("complete_tree", _) => self.complete_tree(args),
            ("advance_item", _) => self.advance_item(args),
            ("get_next_status", _) => self.get_next_status(args),
            ("get_context", _) => self.get_context(args),
            ("get_next_item", _) => self.get_next_item(args),
            ("get_blocked_items", _) => self.get_blocked_items(args),
            ("manage_notes", operation) => self.manage_notes(operation, args),
            ("query_notes", _) => self.query_notes(args),
            ("manage_dependencies", operation) => self.manage_dependencies(operation, args),
            ("query_dependencies", _) => self.query_dependencies(args),
            ("claim_item", operation) => self.claim_item(operation, args),
            ("manage_schemas", _) => self.check_schema(args),
            ("get_metrics", _) => self.get_metrics(args),
            ("manage_archive", operation) => self.manage_archive(operation, args),
            ("manage_workspaces", operation) => self.manage_workspaces(operation, args),
            ("get_workspace_context", _) => self.get_workspace_context(args),
            ("export_graph", _) => self.export_graph(args),
            ("import_graph", _) => self.import_graph(args),
            ("query_history", _) => self.query_history(args),
            _ => Err(Refusal::validation("name", format!("Unknown tool: {tool}."))),
        }
    }

    /// A step that stands alone: what it changed is undone when it is refused.
    fn step<T>(&mut self, step: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        let before = self.model.store.clone();
        step(self).inspect_err(|_| self.model.store = before)
    }

    fn store(&mut self) -> &mut Store {
        &mut self.model.store
    }

    fn now(&self) -> Stamp {
        Stamp::Call(self.model.calls)
    }

    fn level(&self) -> Level {
        self.session.level
    }

    /// An item as it stands.
    fn item(&self, id: Id) -> Item {
        self.model.store.item(id).cloned().expect("an id that was just resolved")
    }

    /// Its row as it stands.
    fn row(&self, id: Id) -> Map<String, Value> {
        self.level().item(&self.model.store, &self.item(id))
    }

    /// The item that an argument names: its whole id, or 4 or more leading characters.
    fn resolve(&self, reference: &str, field: &str) -> Answer<Id> {
        let reference = reference.trim();
        let text = |item: &&Item| self.model.known.text(item.id).to_owned();
        let live = &self.model.store.items;
        if let Some(exact) = live.iter().find(|item| text(item) == reference) {
            return Ok(exact.id);
        }
        if reference.is_empty() {
            return Err(Refusal::validation(field, format!("{field} is required")));
        }
        if reference.chars().count() < 4 {
            return Err(Refusal::validation(field, "Short ID must be at least 4 characters"));
        }
        let mut found: Vec<&Item> = live.iter().filter(|item| text(item).starts_with(reference)).collect();
        if found.is_empty() {
            found = live.iter().filter(|i| text(i).starts_with(&reference.to_ascii_lowercase())).collect();
        }
        found.sort_by_key(text);
        match found.as_slice() {
            [only] => Ok(only.id),
            [] => Err(Refusal::not_found(field, format!("No item matching prefix '{reference}'"))),
            several => {
                let n = several.len();
                let candidates: Vec<Value> =
                    several.iter().map(|i| json!({"id": i.id.whole(), "title": i.title})).collect();
                let message = format!("Prefix '{reference}' matches {n} items; use more characters");
                Err(Refusal::conflict(field, message)
                    .details(json!({"candidates": candidates, "has_more": false})))
            }
        }
    }

    fn find(&self, name: &Name, field: &str) -> Answer<Id> {
        match name {
            Name::Text(reference) => self.resolve(reference, field),
            Name::Id(id) => Ok(*id),
        }
    }

    /// The item that must be named under `name`.
    fn named(&self, args: &Args, name: &str) -> Answer<Id> {
        self.resolve(args.need(name)?, name)
    }

    /// A row of the history.
    fn record(&mut self, kind: &'static str, item: Option<Id>) {
        self.record_more(kind, item, json!({}));
    }

    fn record_more(&mut self, kind: &'static str, item: Option<Id>, more: Value) {
        let (call, agent) = (self.model.calls, self.actor.name());
        let more = more.as_object().cloned().unwrap_or_default();
        self.store().history.push(Entry {
            call,
            agent,
            kind,
            item,
            version: None,
            is_run: false,
            changes: Map::new(),
            more,
        });
    }

    /// An item's own fields or status change: its version goes up, and the history says what was.
    fn change(&mut self, mut after: Item, kind: &'static str, more: Value) -> Item {
        let before = self.item(after.id);
        after.version += 1;
        after.updated_at = self.now();
        after.updated_by = Some(self.actor.name());
        self.record_more(kind, Some(after.id), more);
        const BOOKKEEPING: [&str; 5] = ["version", "updated_at", "updated_by", "role_changed_at", "reason"];
        let old = before.row();
        let changes = after
            .row()
            .into_iter()
            .filter(|(key, value)| !BOOKKEEPING.contains(&key.as_str()) && old.get(key) != Some(value));
        let changes = changes.map(|(key, value)| (key.clone(), json!([old.get(&key), value]))).collect();
        if let Some(entry) = self.store().history.last_mut() {
            (entry.version, entry.changes) = (Some(after.version), changes);
        }
        let place = self.model.store.place(after.id);
        self.store().items[place] = after.clone();
        after
    }
}
