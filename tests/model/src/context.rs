//! get_context and get_workspace_context (contract.md §6).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::Call;
use crate::args::Args;
use crate::lists::{Filter, Scope};
use crate::refusal::{Answer, Refusal};
use crate::rows::report;
use crate::store::{Item, Note};
use crate::symbol::{ANYTHING, Id, Stamp};
use crate::workflow::{guidance, missing_note};

impl Call<'_> {
    pub(crate) fn get_context(&mut self, args: &Args) -> Answer {
        match args.text("item_id")? {
            Some(id) => {
                let id = self.resolve(id, "item_id")?;
                self.item_context(id, args)
            }
            None => self.global_context(args),
        }
    }

    fn item_context(&mut self, id: Id, args: &Args) -> Answer {
        let limit = args.bounded("limit", 50, 1, 500)?;
        let (can_advance, missing) = self.start_outlook(id);
        let (store, level) = (&self.model.store, self.level());
        let mut children = store.children(id);
        children.sort_by_key(|child| child.created_at.order());
        let children = children.into_iter().map(|child| level.listed(store, child)).collect();
        let notes = store.notes_of(id).into_iter().map(|note| self.context_note(note)).collect();
        let mut answer = report(vec![("children", children), ("notes", notes)], limit);
        answer.insert("item".into(), self.row(id).into());
        answer.insert("blockers".into(), level.blockers(store, id, 20).into());
        answer.insert("can_advance".into(), json!(can_advance));
        answer.insert("missing_notes".into(), missing.iter().map(|spec| missing_note(spec)).collect());
        answer.insert("guidance".into(), json!(guidance(&missing)));
        answer.insert("claim".into(), json!(store.holder(id).map(|claim| claim.shown())));
        let ancestors = match args.flag("include_ancestors")? {
            true => self.ancestor_rows(id),
            false => store.ancestors(id).into_iter().map(|above| level.brief(above)).collect(),
        };
        answer.insert("ancestors".into(), ancestors.into());
        Ok(answer.into())
    }

    fn context_note(&self, note: &Note) -> Value {
        let mut row = self.level().note(note);
        if self.level() == crate::Level::Compact {
            row.remove("item_id");
        }
        self.level().in_list(row)
    }

    fn global_context(&self, args: &Args) -> Answer {
        let limit = args.bounded("limit", 10, 1, 500)?;
        let scope = self.scope(args)?;
        let filter = self.report_filter(args, scope.clone())?;
        let mut counts = self.counts(&filter);
        if !args.flag("include_archived")? {
            counts.remove("archived");
        }
        let open = |item: &Item| !item.is_terminal();
        let stale = |item: &Item| {
            // What a history's calls change is new; what it imports is years old.
            ["queue", "work"].contains(&item.status) && matches!(item.updated_at, Stamp::Given(_))
        };
        let overdue = |item: &Item| open(item) && item.due_at.as_ref().is_some_and(Stamp::is_past);
        let by_due = |item: &Item| item.due_at.as_ref().map(Stamp::order).unwrap_or_default();
        let stale_rows = self
            .sorted(&filter, stale, |item| (item.updated_at.order(), item.status == "work"))
            .into_iter()
            .map(|mut row| {
                row["stale_days"] = json!(ANYTHING);
                row
            });
        let mut answer = report(
            vec![
                ("active", self.changed_last(&filter, &["work", "review"])),
                ("blocked", self.held_back(&filter).into_iter().map(|id| self.stuck(id, 3)).collect()),
                ("stale_items", stale_rows.collect()),
                ("due_soon", Vec::new()),
                ("overdue", self.sorted(&filter, overdue, by_due)),
                ("other_projects", self.other_projects(&scope)),
            ],
            limit,
        );
        let closed = report(
            vec![("recent_completed", self.changed_last(&filter, &["done", "cancelled"]))],
            limit.min(5),
        );
        merge(&mut answer, closed);
        if answer["other_projects"] == json!([]) {
            answer.remove("other_projects");
        }
        answer.insert("counts".into(), counts.into());
        answer.insert("next_item".into(), self.first_in_line(&filter));
        answer.insert("scheduled_upcoming".into(), json!([]));
        answer.insert("cursor".into(), json!(self.model.store.history.len()));
        Ok(answer.into())
    }

    fn first_in_line(&self, filter: &Filter) -> Value {
        let first = self.line(filter, false).into_iter().next();
        first.map_or(Value::Null, |id| self.level().listed(&self.model.store, &self.item(id)))
    }

    fn changed_last(&self, filter: &Filter, statuses: &[&str]) -> Vec<Value> {
        let mut rows = self.sorted(
            filter,
            |item| statuses.contains(&item.status),
            |item| (item.updated_at.order(), self.model.store.place(item.id)),
        );
        rows.reverse();
        rows
    }

    fn sorted<K: Ord>(
        &self,
        filter: &Filter,
        wanted: impl Fn(&Item) -> bool,
        by: impl Fn(&Item) -> K,
    ) -> Vec<Value> {
        let mut items: Vec<&Item> = self.matching(filter).into_iter().filter(|item| wanted(item)).collect();
        items.sort_by_key(|item| by(item));
        items.into_iter().map(|item| self.level().listed(&self.model.store, item)).collect()
    }

    /// The projects with open items that are not shown.
    fn other_projects(&self, scope: &Scope) -> Vec<Value> {
        let (Scope::With(own) | Scope::Only(own)) = scope else { return Vec::new() };
        let mut open: BTreeMap<&String, u64> = BTreeMap::new();
        for item in self.model.store.items.iter().filter(|item| !item.is_terminal()) {
            if let Some(project) = item.project.as_ref().filter(|project| *project != own) {
                *open.entry(project).or_default() += 1;
            }
        }
        let mut open: Vec<_> = open.into_iter().collect();
        open.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        open.into_iter().map(|(project, n)| json!({"project": project, "open": n})).collect()
    }

    pub(crate) fn get_workspace_context(&mut self, args: &Args) -> Answer {
        let verbosity = args.text("verbosity")?.unwrap_or("standard");
        if !["minimal", "standard", "full"].contains(&verbosity) {
            let message = format!("Invalid verbosity: {verbosity}. Valid: minimal, standard, full");
            return Err(Refusal::validation("verbosity", message));
        }
        let name = args.need("workspace_name")?;
        let Some(workspace) = self.model.store.workspaces.get(name).cloned() else {
            return Err(Refusal::not_found("workspace_name", format!("Workspace '{name}' not found")));
        };
        let filter = Filter { workspace: Some(workspace.tags), ..Filter::of(self.scope(args)?) };
        let mut answer = Map::new();
        if verbosity != "minimal" {
            let blocked = self.held_back(&filter).into_iter().map(|id| self.stuck(id, 3)).collect();
            let active = self.changed_last(&filter, &["work"]);
            answer = report(vec![("active_items", active), ("blocked_items", blocked)], 10);
        }
        if verbosity == "full" {
            answer.insert("recent_decisions".into(), self.decisions(&filter).into());
        }
        answer.insert("workspace".into(), json!(name));
        answer.insert("brief".into(), json!(workspace.description));
        answer.insert("status_counts".into(), self.counts(&filter).into());
        answer.insert("memory_tags".into(), json!(workspace.memory_tags));
        answer.insert("next_item".into(), self.first_in_line(&filter));
        Ok(answer.into())
    }

    /// The newest 20 notes whose key contains `decision`.
    fn decisions(&self, filter: &Filter) -> Vec<Value> {
        let store = &self.model.store;
        let within: Vec<Id> = self.matching(filter).into_iter().map(|item| item.id).collect();
        let mut notes: Vec<(usize, &Note)> = store.notes.iter().enumerate().collect();
        notes.retain(|(_, note)| note.key.contains("decision") && within.contains(&note.item));
        notes.sort_by_key(|(at, note)| {
            std::cmp::Reverse((note.updated_at.order(), store.place(note.item), *at))
        });
        let rows = notes.into_iter().take(20);
        rows.map(|(_, note)| self.level().in_list(self.level().note(note))).collect()
    }
}

/// One report's sections beside another's.
fn merge(report: &mut Map<String, Value>, other: Map<String, Value>) {
    for (key, value) in other {
        match (report.get_mut(&key), value) {
            (Some(Value::Object(more)), Value::Object(others)) => more.extend(others),
            (_, value) => drop(report.insert(key, value)),
        }
    }
}
