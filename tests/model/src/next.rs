//! get_next_item and get_blocked_items (contract.md §5, §6).

use serde_json::{Value, json};

use crate::Call;
use crate::args::Args;
use crate::lists::Filter;
use crate::refusal::Answer;
use crate::rows::page;
use crate::store::{Item, PRIORITIES, Subject};
use crate::symbol::{Id, Stamp};

impl Call<'_> {
    /// Every item that can be offered, the best first.
    pub(crate) fn line(&self, filter: &Filter, unclaimed: bool) -> Vec<Id> {
        let store = &self.model.store;
        let past = |stamp: &Option<Stamp>| stamp.as_ref().is_none_or(Stamp::is_past);
        let offered = |item: &&Item| {
            ["queue", "work"].contains(&item.status)
                && store.unmet(item.id).is_empty()
                && store.children(item.id).iter().all(|child| child.is_terminal())
                && past(&item.next_run_at)
                && past(&item.not_before)
                && store.holder(item.id).is_none_or(|claim| !unclaimed && claim.admits(&self.actor))
        };
        let mut line: Vec<&Item> = self.matching(filter).into_iter().filter(offered).collect();
        line.sort_by_key(|item| {
            let overdue = item.due_at.as_ref().is_some_and(Stamp::is_past);
            let mine_in_work = item.status == "work" && store.holder(item.id).is_some();
            let own = PRIORITIES.iter().position(|p| *p == item.priority).unwrap_or(0) as i64;
            // One level up when due within 24 hours, which what is overdue is.
            let level = own - i64::from(overdue);
            let id = self.model.known.text(item.id);
            (!overdue, !mine_in_work, level, item.created_at.order(), id)
        });
        line.into_iter().map(|item| item.id).collect()
    }

    pub(crate) fn get_next_item(&mut self, args: &Args) -> Answer {
        let scope = self.scope(args)?;
        let mut filter = self.report_filter(args, scope)?;
        filter.tags = args.words("tags");
        filter.item_type = args.text("item_type")?.map(str::to_owned);
        let limit = args.bounded("limit", 1, 1, 500)?;
        let (claim, explain) = (args.flag("claim")?, args.flag("explain")?);
        let line: Vec<Id> = self.line(&filter, claim).into_iter().take(limit).collect();
        let mut rows = Vec::new();
        for id in line {
            let why = self.why(&self.item(id));
            if claim {
                self.claim(&Subject::Item(id), None, false)?;
            }
            let mut row = self.row(id);
            if explain {
                row.insert("why".into(), json!(why));
            }
            rows.push(row);
        }
        let none = "No actionable items";
        Ok(match (limit, rows.is_empty()) {
            (1, true) => json!({"item": null, "message": none}),
            (1, false) => rows.remove(0).into(),
            (_, true) => json!({"items": [], "message": none}),
            (_, false) => {
                let rows: Vec<Value> = rows.into_iter().map(|row| self.level().in_list(row)).collect();
                json!({"items": rows})
            }
        })
    }

    fn why(&self, item: &Item) -> String {
        let mut words = Vec::new();
        if item.due_at.as_ref().is_some_and(Stamp::is_past) {
            words.push("overdue".to_owned());
        }
        if item.status == "work" && self.model.store.holder(item.id).is_some() {
            words.push("yours, in work".to_owned());
        }
        words.push(format!("{} priority", item.priority));
        words.push("nothing holds it back".to_owned());
        words.join(", ")
    }

    /// What is blocked, changed last first; then what waits in the queue for blockers, oldest first.
    pub(crate) fn held_back(&self, filter: &Filter) -> Vec<Id> {
        let store = &self.model.store;
        let items = self.matching(filter);
        let mut blocked: Vec<&Item> = items.iter().copied().filter(|item| item.status == "blocked").collect();
        blocked.sort_by_key(|item| std::cmp::Reverse((item.updated_at.order(), store.place(item.id))));
        let waits = |item: &&Item| item.status == "queue" && !store.unmet(item.id).is_empty();
        let mut waiting: Vec<&Item> = items.iter().copied().filter(waits).collect();
        waiting.sort_by_key(|item| (item.created_at.order(), store.place(item.id)));
        blocked.into_iter().chain(waiting).map(|item| item.id).collect()
    }

    /// A list row with the blockers that hold it back.
    pub(crate) fn stuck(&self, id: Id, most: usize) -> Value {
        let store = &self.model.store;
        let item = self.item(id);
        let mut row = self.level().listed(store, &item);
        let all = store.unmet(id).len();
        if all > most {
            row["more"] = json!({"blocked_by": all - most});
        }
        row["blocked_by"] = json!(self.level().blockers(store, id, most));
        if let ("blocked", Some(reason)) = (item.status, &item.reason) {
            row["reason"] = json!(reason);
        }
        row
    }

    pub(crate) fn get_blocked_items(&mut self, args: &Args) -> Answer {
        let scope = self.scope(args)?;
        let filter = self.report_filter(args, scope)?;
        let limit = args.bounded("limit", 50, 1, 500)?;
        let rows = self.held_back(&filter).into_iter().map(|id| self.stuck(id, 10)).collect();
        Ok(page(rows, 0, limit))
    }
}
