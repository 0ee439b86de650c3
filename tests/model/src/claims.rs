//! claim_item (contract.md §7).

use serde_json::{Value, json};

use crate::Call;
use crate::args::Args;
use crate::items::held;
use crate::refusal::{Answer, Refusal};
use crate::rows::page;
use crate::store::{Actor, Claim, Subject};
use crate::symbol::Stamp;

impl Call<'_> {
    pub(crate) fn claim_item(&mut self, operation: &str, args: &Args) -> Answer {
        if operation == "list" {
            return self.list_claims(args);
        }
        let subject = self.subject(args)?;
        let force = args.flag("force")?;
        let deadline = match args.value("ttl_seconds") {
            Some(_) => {
                let seconds = args.bounded("ttl_seconds", 0, 1, 366 * 24 * 3600)?;
                Some(Stamp::After(self.model.calls, seconds as i64))
            }
            None => None,
        };
        match operation {
            "claim" => self.claim(&subject, deadline, force)?,
            "renew" => match self.own(&subject, false)? {
                Some(claim) => self.set(Claim { deadline, ..claim }),
                None => return Err(not_held(&subject)),
            },
            "handoff" => {
                let to = self.recipient(args.need("to")?)?;
                self.hand_off(&subject, to, force)?;
            }
            _ => {
                let own = self.own(&subject, force)?;
                let mut row = self.level().subject(&subject);
                row.insert("released".into(), json!(own.is_some()));
                if let Some(claim) = own {
                    self.end(&subject, if claim.admits(&self.actor) { "released" } else { "forced" });
                }
                return Ok(row.into());
            }
        }
        let store = &self.model.store;
        Ok(store.claim(&subject).map_or(Value::Null, |claim| self.level().claim(store, claim)))
    }

    fn subject(&self, args: &Args) -> Answer<Subject> {
        match (args.text("item_id")?, args.text("resource")?) {
            (Some(_), Some(_)) => Err(Refusal::validation("resource", "Give item_id or resource, not both")),
            (Some(id), None) => Ok(Subject::Item(self.resolve(id, "item_id")?)),
            (None, Some(name)) => Ok(Subject::Resource(name.trim().to_owned())),
            (None, None) => Err(Refusal::validation("item_id", "item_id or resource is required")),
        }
    }

    /// What a claim is on. A terminal item holds none.
    fn claimable(&self, subject: &Subject) -> Answer<String> {
        match subject {
            Subject::Resource(name) => Ok(format!("Resource '{name}'")),
            Subject::Item(id) => {
                let item = self.item(*id);
                if item.is_terminal() {
                    let message =
                        format!("Item '{}' is {}: there is nothing to claim", item.title, item.status);
                    return Err(Refusal::conflict("item_id", message));
                }
                Ok(format!("Item '{}'", item.title))
            }
        }
    }

    /// Takes a subject, or sets another deadline on what is held already.
    pub(crate) fn claim(&mut self, subject: &Subject, deadline: Option<Stamp>, force: bool) -> Answer<()> {
        let what = self.claimable(subject)?;
        let fresh =
            Claim { subject: subject.clone(), holder: self.actor.clone(), since: self.now(), deadline };
        match self.model.store.claim(subject).cloned() {
            None => self.take(fresh),
            Some(claim) if claim.admits(&self.actor) => self.set(Claim { deadline: fresh.deadline, ..claim }),
            Some(_) if force => {
                self.end(subject, "forced");
                self.take(fresh);
            }
            Some(claim) => return Err(held(&what, &claim)),
        }
        Ok(())
    }

    fn hand_off(&mut self, subject: &Subject, to: Actor, force: bool) -> Answer<()> {
        self.claimable(subject)?;
        let Some(claim) = self.own(subject, force)? else { return Err(not_held(subject)) };
        if claim.holder == to {
            return Ok(());
        }
        let after = Claim { holder: to, since: self.now(), ..claim.clone() };
        if claim.admits(&self.actor) {
            self.set(after);
        } else {
            self.end(subject, "forced");
            self.take(after);
        }
        Ok(())
    }

    /// The claim on a subject, if the caller may end or change it.
    fn own(&self, subject: &Subject, force: bool) -> Answer<Option<Claim>> {
        match self.model.store.claim(subject) {
            Some(claim) if !claim.admits(&self.actor) && !force => Err(held(&short(subject), claim)),
            claim => Ok(claim.cloned()),
        }
    }

    fn set(&mut self, after: Claim) {
        let Some(place) = self.model.store.claims.iter().position(|c| c.subject == after.subject) else {
            return;
        };
        if self.model.store.claims[place] != after {
            let item = if let Subject::Item(id) = after.subject { Some(id) } else { None };
            self.record("claim_changed", item);
            self.store().claims[place] = after;
        }
    }

    fn end(&mut self, subject: &Subject, why: &str) {
        let item = if let Subject::Item(id) = subject { Some(*id) } else { None };
        self.record_more("claim_ended", item, json!({"why": why}));
        self.store().claims.retain(|claim| claim.subject != *subject);
    }

    /// A connected agent by its name, `name/sub` for one of its subagents, or a subagent of the caller's own session.
    fn recipient(&self, name: &str) -> Answer<Actor> {
        let name = name.trim();
        let sessions = self.model.sessions.values();
        let connected = |agent: &str| sessions.clone().find(|s| s.agent == agent).map(|s| s.number);
        if let Some(session) = connected(name) {
            return Ok(Actor { session, agent: name.to_owned(), sub: None });
        }
        if let Some((agent, sub)) = name.rsplit_once('/')
            && let Some(session) = connected(agent)
        {
            return Ok(Actor { session, agent: agent.to_owned(), sub: Some(sub.to_owned()) });
        }
        let own = &self.model.sessions[&self.session.number];
        if own.subagents.contains(name) {
            return Ok(Actor { sub: Some(name.to_owned()), ..self.actor.clone() });
        }
        let mut connected: Vec<&str> = self.model.sessions.values().map(|s| s.agent.as_str()).collect();
        connected.sort_unstable();
        let message = format!(
            "No connected agent '{name}'. Connected: {}; a subagent is named agent/subagent",
            connected.join(", ")
        );
        Err(Refusal::not_found("to", message))
    }

    fn list_claims(&self, args: &Args) -> Answer {
        let store = &self.model.store;
        if args.value("item_id").is_some() || args.value("resource").is_some() {
            let claim = store.claim(&self.subject(args)?);
            return Ok(page(claim.iter().map(|c| self.level().claim(store, c)).collect(), 0, 1));
        }
        let limit = args.bounded("limit", 50, 1, 500)?;
        let mine = args.flag("mine")?;
        let mut claims: Vec<&Claim> =
            store.claims.iter().filter(|c| !mine || c.admits(&self.actor)).collect();
        claims.sort_by_key(|claim| claim.since.order());
        Ok(page(claims.iter().map(|claim| self.level().claim(store, claim)).collect(), 0, limit))
    }
}

fn short(subject: &Subject) -> String {
    match subject {
        Subject::Item(id) => format!("Item {}", id.short()),
        Subject::Resource(name) => format!("Resource '{name}'"),
    }
}

fn not_held(subject: &Subject) -> Refusal {
    let field = if matches!(subject, Subject::Item(_)) { "item_id" } else { "resource" };
    let message =
        format!("{} is not claimed: there was no claim, or it has ended. Claim it first", short(subject));
    Refusal::conflict(field, message)
}
