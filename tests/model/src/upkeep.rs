//! manage_archive, manage_workspaces, get_metrics (contract.md §5, §6).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Call;
use crate::args::Args;
use crate::lists::{Filter, among_others};
use crate::refusal::{Answer, Refusal};
use crate::rows::page;
use crate::store::{Item, PRIORITIES, Workspace};
use crate::symbol::{Id, Stamp};

impl Call<'_> {
    pub(crate) fn manage_archive(&mut self, operation: &str, args: &Args) -> Answer {
        let scope = self.whole_store(args)?;
        let filter = self.report_filter(args, scope)?;
        let days = args.bounded("archive_after_days", 30, 0, 36_500)?;
        let limit = args.bounded("limit", 50, 1, 500);
        match operation {
            "run" => {
                let eligible = self.archivable(&filter, days);
                for id in &eligible {
                    let mut item = self.item(*id);
                    item.status = "archived";
                    item.label = None;
                    item.previous = None;
                    item.reason = None;
                    item.role_changed_at = Some(self.now());
                    self.change(item, "status_changed", json!({"trigger": "archive"}));
                }
                let ids: Vec<Value> = eligible.iter().map(|id| self.level().id(*id)).collect();
                Ok(json!({"archived_count": ids.len(), "archived_ids": ids}))
            }
            "stats" => {
                let archived = self.matching(&filter).iter().filter(|i| i.status == "archived").count();
                let eligible = self.archivable(&filter, days).len();
                Ok(
                    json!({"archived_count": archived, "eligible_count": eligible, "archive_after_days": days}),
                )
            }
            _ => {
                let store = &self.model.store;
                let mut items = self.matching(&filter);
                items.retain(|item| item.status == "archived");
                items.sort_by_key(|item| std::cmp::Reverse((item.updated_at.order(), store.place(item.id))));
                Ok(page(items.into_iter().map(|i| self.level().listed(store, i)).collect(), 0, limit?))
            }
        }
    }

    /// Done, and not changed for so many days; oldest first.
    fn archivable(&self, filter: &Filter, days: usize) -> Vec<Id> {
        let store = &self.model.store;
        let mut items = self.matching(filter);
        let old = |item: &Item| days == 0 || matches!(item.updated_at, Stamp::Given(_));
        items.retain(|item| item.status == "done" && old(item));
        items.sort_by_key(|item| (item.updated_at.order(), store.place(item.id)));
        items.into_iter().map(|item| item.id).collect()
    }

    pub(crate) fn manage_workspaces(&mut self, operation: &str, args: &Args) -> Answer {
        if operation == "list" {
            let all: BTreeMap<&String, Value> =
                self.model.store.workspaces.iter().map(|(name, w)| (name, shown(w))).collect();
            return Ok(json!({"workspaces": all}));
        }
        let name = args.need("name")?.trim().to_owned();
        if name.is_empty() {
            return Err(Refusal::validation("name", "name is required"));
        }
        let there = self.model.store.workspaces.get(&name).cloned();
        let before = match (operation, there) {
            ("create", Some(_)) => {
                return Err(Refusal::conflict("name", format!("Workspace '{name}' already exists")));
            }
            ("create", None) => Workspace::default(),
            (_, Some(workspace)) => workspace,
            (_, None) => return Err(Refusal::not_found("name", format!("Workspace '{name}' not found"))),
        };
        if operation == "delete" {
            self.store().workspaces.remove(&name);
            self.record("workspace_changed", None);
            return Ok(json!({"deleted": name}));
        }
        let mut after = before.clone();
        let cleared = args.words("clear");
        let empties = |field: &str| args.is_null(field) || cleared.iter().any(|name| name == field);
        for (field, list) in [
            ("tags", &mut after.tags),
            ("memory_tags", &mut after.memory_tags),
            ("repos", &mut after.repos),
            ("conventions", &mut after.conventions),
        ] {
            if args.value(field).is_some() || empties(field) {
                *list = args.words(field);
            }
        }
        match args.text("description")? {
            Some(text) => text.clone_into(&mut after.description),
            None if empties("description") => after.description.clear(),
            None => {}
        }
        if operation == "create" || after != before {
            self.record("workspace_changed", None);
        }
        let answer = json!({ name.clone(): shown(&after) });
        self.store().workspaces.insert(name, after);
        Ok(answer)
    }

    /// The counts; how long things took is left to others.
    pub(crate) fn get_metrics(&mut self, args: &Args) -> Answer {
        let days = args.bounded("days", 30, 1, 36_500)?;
        let scope = self.whole_store(args)?;
        let filter = self.report_filter(args, scope)?;
        let items = self.matching(&filter);
        let open: Vec<&&Item> = items.iter().filter(|item| !item.is_terminal()).collect();
        let completed = |item: &Item| {
            let runs = self.model.store.history.iter().filter(|e| e.item == Some(item.id) && e.is_run);
            match item.status {
                "done" | "archived" => {
                    usize::from(item.completed.as_ref().is_some_and(|at| matches!(at, Stamp::Call(_))))
                }
                _ if item.schedule.is_some() => runs.count(),
                _ => 0,
            }
        };
        let by_priority: BTreeMap<&str, usize> = PRIORITIES
            .into_iter()
            .map(|p| (p, items.iter().filter(|i| i.priority == p).map(|i| completed(i)).sum()))
            .collect();
        let mut tags: BTreeMap<&str, u64> = BTreeMap::new();
        for tag in open.iter().flat_map(|item| item.tags.split(',')).filter(|tag| !tag.is_empty()) {
            *tags.entry(tag).or_default() += 1;
        }
        Ok(among_others(json!({
            "wip": items.iter().filter(|item| item.status == "work").count(),
            "by_priority": by_priority,
            "by_tag": tags,
            "total_items": items.len(),
            "period_days": days,
        })))
    }
}

fn shown(w: &Workspace) -> Value {
    json!({
        "tags": w.tags, "memory_tags": w.memory_tags, "description": w.description, "repos": w.repos,
        "conventions": w.conventions,
    })
}
