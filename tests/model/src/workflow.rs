//! advance_item, get_next_status, complete_tree (contract.md §4).

use serde_json::{Map, Value, json};

use crate::args::{Args, word};
use crate::refusal::{Answer, Refusal};
use crate::rows::report;
use crate::rules::{Schema, Spec, schema_of};
use crate::store::{Claim, Item, Subject};
use crate::symbol::{Id, Stamp};
use crate::{Call, Name};

const TRIGGERS: [&str; 8] = ["start", "complete", "block", "hold", "resume", "cancel", "reopen", "archive"];

/// What one transition came to.
pub(crate) struct Moved {
    id: Id,
    parent_reopened: bool,
    unblocked: Vec<Id>,
}

/// What a transition is asked for.
struct Asked<'a> {
    item: Name,
    trigger: &'static str,
    reason: Option<&'a str>,
    expected: Option<i64>,
    force: bool,
}

fn asked(args: &Args, force: bool) -> Answer<Asked<'_>> {
    let (expected, force) = (args.integer("expected_version")?, force || args.flag("force")?);
    let item = args.need("item_id")?;
    let given = args.need("trigger")?;
    let trigger = match word("trigger", given, &TRIGGERS)? {
        "hold" => "block",
        trigger => trigger,
    };
    Ok(Asked { item: item.into(), trigger, reason: args.text("reason")?, expected, force })
}

impl Call<'_> {
    pub(crate) fn advance_item(&mut self, args: &Args) -> Answer {
        if let Some(transitions) = args.batch("transitions", "item_id")? {
            return self.advance_batch(args, &transitions);
        }
        let moved = self.advance(&asked(args, false)?)?;
        let mut row = self.row(moved.id);
        if moved.parent_reopened {
            row.insert("parent_reopened".into(), json!(true));
        }
        row.insert("unblocked_items".into(), self.briefs(&moved.unblocked).into());
        Ok(row.into())
    }

    fn briefs(&self, ids: &[Id]) -> Vec<Value> {
        ids.iter().map(|id| self.level().brief(&self.item(*id))).collect()
    }

    fn advance_batch(&mut self, args: &Args, transitions: &[Value]) -> Answer {
        let (atomic, force) = (args.flag("atomic")?, args.flag("force")?);
        let expected = args.integer("expected_version")?;
        let (mut results, mut unblocked, mut succeeded) = (Vec::new(), Vec::new(), 0);
        for (index, raw) in transitions.iter().enumerate() {
            let mut result = json!({"item_id": raw["item_id"], "trigger": raw["trigger"]});
            let step = self.step(|call| {
                let entry = Args::entry(raw, "transitions", index)?;
                let asked = asked(&entry, force)?;
                call.advance(&Asked { expected: asked.expected.or(expected), ..asked })
            });
            match step {
                Ok(moved) => {
                    result["item_id"] = self.level().id(moved.id);
                    result["applied"] = json!(true);
                    result["new_status"] = json!(self.item(moved.id).status);
                    unblocked.extend(self.briefs(&moved.unblocked));
                    succeeded += 1;
                }
                Err(refusal) if atomic => {
                    let message =
                        format!("transitions[{index}]: {} (atomic: none was applied)", refusal.message);
                    return Err(Refusal { message, ..refusal }.or_details(json!({"index": index})));
                }
                Err(refusal) => {
                    result["applied"] = json!(false);
                    result["error"] = refusal.body();
                }
            }
            results.push(result);
        }
        let total = results.len();
        Ok(json!({
            "results": results,
            "summary": {"total": total, "succeeded": succeeded, "failed": total - succeeded},
            "all_unblocked_items": unblocked,
        }))
    }

    /// The table, the checks, the claim, and what follows from it for others.
    fn advance(&mut self, asked: &Asked<'_>) -> Answer<Moved> {
        let id = self.find(&asked.item, "item_id")?;
        let forced = self.guard_claim(id, asked.force)?;
        self.guard_version(id, asked.expected)?;
        let before = self.item(id);
        let target = self.admitted(&before, asked.trigger)?;

        let waiting = self.waiting(id);
        let mut after = before.clone();
        let advances = ["start", "complete"].contains(&asked.trigger);
        let runs_again = target == "done" && advances && before.schedule.is_some();
        after.status = if runs_again { "queue" } else { target };
        if runs_again {
            after.next_run_at = Some(Stamp::NextRun);
        }
        if target == "done" {
            after.completed = Some(self.now());
        }
        after.label = (target == "cancelled").then(|| "cancelled".to_owned());
        after.previous = (target == "blocked").then_some(before.status);
        after.reason = asked.reason.map(str::to_owned);
        after.role_changed_at = Some(self.now());
        let mut more = json!({"trigger": asked.trigger});
        if let Some(reason) = asked.reason {
            more["reason"] = json!(reason);
        }
        if forced {
            more["forced"] = json!(true);
        }
        let after = self.change(after, "status_changed", more);
        if let Some(entry) = self.store().history.last_mut() {
            entry.is_run = runs_again;
        }
        self.settle_claim(&before, &after, asked.trigger);
        let parent_reopened = asked.trigger == "reopen" && self.reopen_parent(id);
        let unblocked = self.freed(waiting);
        for id in &unblocked {
            self.record("item_unblocked", Some(*id));
        }
        Ok(Moved { id, parent_reopened, unblocked })
    }

    /// Where a trigger leads, if the table and the checks admit it.
    fn admitted(&self, item: &Item, trigger: &str) -> Answer<&'static str> {
        let schema = schema_of(&item.item_type, &item.tags);
        let target = target(item, trigger, schema).map_err(|refusal| match &item.reason {
            Some(reason) => refusal.details(json!({"reason": reason})),
            None => refusal,
        })?;
        if !["start", "complete"].contains(&trigger) {
            return Ok(target);
        }
        let unmet = self.model.store.unmet(item.id);
        if item.status == "queue" && !unmet.is_empty() {
            let titles: Vec<&str> = unmet.iter().map(|(_, blocker)| blocker.title.as_str()).collect();
            let blockers = self.level().blockers(&self.model.store, item.id, 20);
            let message = format!("Blocked by unfinished items: {}", titles.join(", "));
            return Err(Refusal::dependency(message).details(json!({"blockers": blockers})));
        }
        let missing = self.missing(item, target);
        if missing.is_empty() {
            return Ok(target);
        }
        let keys: Vec<&str> = missing.iter().map(|spec| spec.key).collect();
        let hint = guidance(&missing).map(|text| format!(". Hint: {text}")).unwrap_or_default();
        let notes: Vec<Value> = missing.iter().map(|spec| missing_note(spec)).collect();
        Err(Refusal::gate(format!("Missing required notes: {}{hint}", keys.join(", ")))
            .details(json!({"missing_notes": notes})))
    }

    /// The required notes of each role before the target whose body is blank or not there.
    pub(crate) fn missing(&self, item: &Item, target: &str) -> Vec<&'static Spec> {
        let before: &[&str] = match target {
            "work" => &["queue"],
            "review" => &["queue", "work"],
            "done" => &["queue", "work", "review"],
            _ => &[],
        };
        let written =
            |key: &str| self.model.store.note(item.id, key).is_some_and(|note| !note.body.trim().is_empty());
        let specs = schema_of(&item.item_type, &item.tags).map_or(&[][..], |schema| schema.notes);
        specs
            .iter()
            .filter(|spec| spec.required && before.contains(&spec.role) && !written(spec.key))
            .collect()
    }

    /// Start from queue, and resume, claim; entering review or blocked releases; a terminal item holds no claim.
    fn settle_claim(&mut self, before: &Item, after: &Item, trigger: &str) {
        let id = after.id;
        let takes = trigger == "start" && before.status == "queue" && after.status == "work"
            || trigger == "resume" && after.status != "review";
        if !takes {
            match after.status {
                "work" => {}
                "review" | "blocked" => self.end_claim(id, "handed_on"),
                _ => self.end_claim(id, "finished"),
            }
            return;
        }
        if self.model.store.holder(id).is_some_and(|claim| claim.admits(&self.actor)) {
            return;
        }
        self.end_claim(id, "forced");
        let claim = Claim {
            subject: Subject::Item(id),
            holder: self.actor.clone(),
            since: self.now(),
            deadline: None,
        };
        self.take(claim);
    }

    pub(crate) fn take(&mut self, claim: Claim) {
        let item = if let Subject::Item(id) = claim.subject { Some(id) } else { None };
        self.record("claim_taken", item);
        self.store().claims.push(claim);
    }

    /// A terminal parent of what was reopened goes to work.
    fn reopen_parent(&mut self, id: Id) -> bool {
        let above = self.model.store.ancestors(id).first().map(|parent| (*parent).clone());
        let Some(mut parent) = above.filter(Item::is_terminal) else { return false };
        parent.status = "work";
        parent.label = None;
        parent.previous = None;
        parent.reason = None;
        parent.role_changed_at = Some(self.now());
        self.change(parent, "status_changed", json!({"cause": "child_reopened"}));
        true
    }

    pub(crate) fn get_next_status(&mut self, args: &Args) -> Answer {
        let asked = asked(args, false)?;
        let id = self.named(args, "item_id")?;
        let current = self.item(id).status;
        let trigger = args.need("trigger")?.trim().to_ascii_lowercase();
        let before = self.model.store.clone();
        let outcome = self.advance(&asked);
        let next = self.item(id).status;
        self.model.store = before;
        let Err(refusal) = outcome else {
            return Ok(json!({"can_advance": true, "current": current, "next": next, "trigger": trigger}));
        };
        let mut answer = json!({
            "can_advance": false, "current": current, "trigger": trigger, "reason": refusal.message, "code": refusal.code,
        });
        let details = refusal.details.map_or(Value::Null, |details| *details);
        for (theirs, ours) in
            [("blockers", "blockers"), ("more", "more"), ("holder", "holder"), ("missing_notes", "missing")]
        {
            if let Some(value) = details.get(theirs) {
                answer[ours] = value.clone();
            }
        }
        if details.get("missing_notes").is_some() {
            let target = target(&self.item(id), asked.trigger, self.schema(id))?;
            answer["guidance"] = json!(guidance(&self.missing(&self.item(id), target)));
        }
        Ok(answer)
    }

    fn schema(&self, id: Id) -> Option<&'static Schema> {
        let item = self.item(id);
        schema_of(&item.item_type, &item.tags)
    }

    /// Whether start would go, and what it lacks: as get_context and manage_schemas say it.
    pub(crate) fn start_outlook(&mut self, id: Id) -> (bool, Vec<&'static Spec>) {
        let asked =
            Asked { item: Name::Id(id), trigger: "start", reason: None, expected: None, force: false };
        let before = self.model.store.clone();
        let can = self.advance(&asked).is_ok();
        self.model.store = before;
        let item = self.item(id);
        let missing = target(&item, "start", self.schema(id)).map(|target| self.missing(&item, target));
        (can, missing.unwrap_or_default())
    }

    pub(crate) fn check_schema(&mut self, args: &Args) -> Answer {
        let id = self.named(args, "item_id")?;
        let Some(schema) = self.schema(id) else {
            return Ok(json!({
                "has_schema": false, "schema": null, "lifecycle": "manual", "can_advance": true, "missing": [],
                "guidance": null,
            }));
        };
        let (_, missing) = self.start_outlook(id);
        Ok(json!({
            "has_schema": true, "schema": schema.name, "lifecycle": schema.lifecycle, "status": self.item(id).status,
            "can_advance": missing.is_empty(), "missing": missing.iter().map(|s| missing_note(s)).collect::<Vec<_>>(),
            "guidance": guidance(&missing),
        }))
    }

    /// All non-terminal descendants in topological order, through the same checks.
    pub(crate) fn complete_tree(&mut self, args: &Args) -> Answer {
        let parent = self.named(args, "parent_id")?;
        let force = args.flag("force")?;
        let (mut completed, mut skipped) = (Vec::new(), Vec::new());
        for id in self.in_order(parent) {
            let item = self.item(id);
            let mut entry = json!({"id": self.level().id(id), "title": item.title});
            let asked =
                Asked { item: Name::Id(id), trigger: "complete", reason: None, expected: None, force };
            if item.is_terminal() {
                entry["status"] = json!(item.status);
                skipped.push(entry);
                continue;
            }
            match self.step(|call| call.advance(&asked)) {
                Ok(_) => {
                    entry["new_status"] = json!(self.item(id).status);
                    completed.push(entry);
                }
                Err(refusal) => {
                    entry["status"] = json!(item.status);
                    entry["code"] = json!(refusal.code);
                    entry["reason"] = json!(refusal.message);
                    skipped.push(entry);
                }
            }
        }
        Ok(report(vec![("completed", completed), ("skipped", skipped)], 1000).into())
    }

    /// Everything below, blockers first, else the deepest first.
    fn in_order(&self, parent: Id) -> Vec<Id> {
        let store = &self.model.store;
        let mut left: Vec<Id> = store.descendants(parent).iter().map(|item| item.id).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let waits = |id: &Id| {
                store.edges.iter().any(|edge| edge.blocks() && edge.to == *id && left.contains(&edge.from))
            };
            let next = left.iter().position(|id| !waits(id)).unwrap_or(0);
            order.push(left.remove(next));
        }
        order
    }
}

/// The table.
fn target(item: &Item, trigger: &str, schema: Option<&Schema>) -> Answer<&'static str> {
    let lifecycle = schema.map_or("manual", |schema| schema.lifecycle);
    let reviewed = schema.is_some_and(|schema| schema.notes.iter().any(|spec| spec.role == "review"));
    let target = match (trigger, item.status) {
        ("start", "queue") => "work",
        ("start", "work") if lifecycle == "auto" && !reviewed => "done",
        ("start", "work") => "review",
        ("start", "review") | ("complete", "queue" | "work" | "review") => "done",
        ("block", "queue" | "work" | "review") => "blocked",
        ("resume", "blocked") => item.previous.unwrap_or("work"),
        ("cancel", "queue" | "work" | "review" | "blocked") => "cancelled",
        ("reopen", "done" | "cancelled") => "queue",
        ("archive", "done") => "archived",
        (trigger, status) => {
            return Err(Refusal::conflict("trigger", format!("Cannot {trigger} from {status}")));
        }
    };
    if trigger == "cancel" && lifecycle == "permanent" {
        return Err(Refusal::conflict("trigger", "Cannot cancel: item has permanent lifecycle"));
    }
    Ok(target)
}

/// The first missing note's guidance, else its description.
pub(crate) fn guidance(missing: &[&Spec]) -> Option<&'static str> {
    let first = missing.first()?;
    [first.guidance, first.description].into_iter().find(|text| !text.is_empty())
}

/// Key, role, description, guidance; without what is empty.
pub(crate) fn missing_note(spec: &Spec) -> Value {
    let row = [
        ("key", spec.key),
        ("role", spec.role),
        ("description", spec.description),
        ("guidance", spec.guidance),
    ];
    let row = row.into_iter().filter(|(_, text)| !text.is_empty());
    Value::Object(row.map(|(key, text)| (key.to_owned(), json!(text))).collect::<Map<_, _>>())
}
