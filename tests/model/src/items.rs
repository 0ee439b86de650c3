//! manage_items: create, update, delete (contract.md §2, §3, §5).

use serde_json::{Value, json};

use crate::args::{Args, word};
use crate::refusal::{Answer, Refusal};
use crate::rules::MAX_DEPTH;
use crate::store::{Claim, Deletion, Item, PRIORITIES, Subject};
use crate::symbol::{Id, Stamp};
use crate::{Call, Name};

/// The fields that a caller may give, in the order in which their faults are told.
pub(crate) const FIELDS: [&str; 14] = [
    "title",
    "description",
    "summary",
    "parent_id",
    "priority",
    "complexity",
    "item_type",
    "tags",
    "metadata",
    "properties",
    "due_at",
    "schedule",
    "not_before",
    "project",
];

/// What a call says of an item's fields, read but not yet checked against the store: a field and its new value.
pub(crate) type Edits = Vec<(&'static str, Value)>;

/// The fields given; null, or a name in `cleared`, empties one.
///
/// # Errors
/// What can be told from the call itself.
pub(crate) fn edits(args: &Args, cleared: &[String]) -> Answer<Edits> {
    let mut edits = Vec::new();
    for field in FIELDS {
        if args.value(field).is_some() {
            edits.push((field, given(args, field)?));
        } else if args.is_null(field) || cleared.iter().any(|name| name == field) {
            if field == "title" {
                return Err(Refusal::validation(
                    &args.place(field),
                    "title cannot be cleared: every item has one",
                ));
            }
            edits.push((field, Value::Null));
        }
    }
    edits.retain(|(field, _)| *field != "project");
    Ok(edits)
}

fn given(args: &Args, field: &str) -> Answer {
    Ok(match field {
        "priority" => json!(word(field, args.need(field)?, &PRIORITIES)?),
        "complexity" => match args.integer(field)?.unwrap_or(0) {
            n @ 1..=10 => json!(n),
            n => return Err(Refusal::validation(field, format!("Complexity must be 1-10, got {n}"))),
        },
        "tags" => {
            let mut tags: Vec<String> = Vec::new();
            for tag in args.words(field).iter().flat_map(|word| word.split(',')).map(str::trim) {
                if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
                    tags.push(tag.to_owned());
                }
            }
            json!(tags.join(","))
        }
        "due_at" | "not_before" => {
            let text = args.need(field)?;
            if !text.starts_with(|c: char| c.is_ascii_digit()) {
                let place = args.place(field);
                let message =
                    format!("Invalid {place}: {text}. Must be ISO 8601, such as 2026-12-31T23:59:59+00:00");
                return Err(Refusal::validation(&place, message));
            }
            json!(text)
        }
        "metadata" | "properties" => match args.value(field) {
            Some(whole @ (Value::Object(_) | Value::Array(_))) => json!(whole.to_string()),
            _ => json!(args.need(field)?),
        },
        "item_type" => json!(args.need(field)?.trim()),
        _ => json!(args.need(field)?),
    })
}

impl Call<'_> {
    pub(crate) fn manage_items(&mut self, operation: &str, args: &Args) -> Answer {
        if matches!(operation, "create" | "restore") && args.value("expected_version").is_some() {
            let message = "expected_version goes with update and delete; there is no version to compare here";
            return Err(Refusal::validation("expected_version", message));
        }
        match operation {
            "create" => match args.batch("items", "title")? {
                Some(entries) => self.create_batch(args, &entries),
                None => self.create(args, None).map(|id| self.row(id).into()),
            },
            "update" => self.update(args),
            "restore" => self.restore(args),
            _ if !args.words("ids").is_empty()
                || args.value("item_id").is_none() && args.value("ids").is_some() =>
            {
                self.delete_batch(args)
            }
            _ => self.delete_one(args),
        }
    }

    /// Failing entries are not a refusal of the whole.
    fn create_batch(&mut self, args: &Args, entries: &[Value]) -> Answer {
        let parent = args.text("parent_id")?.map(Name::from);
        let (mut rows, mut failures) = (Vec::new(), Vec::new());
        for (index, raw) in entries.iter().enumerate() {
            let made = self.step(|call| {
                let id = call.create(&Args::entry(raw, "items", index)?, parent.clone())?;
                Ok(call.level().in_list(call.row(id)))
            });
            match made {
                Ok(row) => rows.push(row),
                Err(refusal) => failures.push(json!({"index": index, "error": refusal.body()})),
            }
        }
        Ok(json!({"created": rows.len(), "failed": failures.len(), "items": rows, "failures": failures}))
    }

    /// Makes an item; `parent` is where it goes when its fields name none.
    pub(crate) fn create(&mut self, args: &Args, parent: Option<Name>) -> Answer<Id> {
        let title = args.need("title")?.to_owned();
        let project = args.text("project")?.map(|name| name.trim().to_owned());
        if project.as_deref() == Some("*") {
            return Err(Refusal::validation("project", "An item belongs to one project; '*' is for reads"));
        }
        let parent = args.text("parent_id")?.map(Name::from).or(parent);
        let edits = edits(args, &[])?;
        let title = checked_title(&title)?;
        let (now, name) = (self.now(), Some(self.actor.name()));
        let mut item = Item {
            id: self.model.known.draw(),
            parent: None,
            title,
            description: String::new(),
            summary: String::new(),
            status: "queue",
            label: None,
            previous: None,
            priority: "medium",
            complexity: None,
            item_type: String::new(),
            tags: String::new(),
            metadata: None,
            properties: None,
            due_at: None,
            schedule: None,
            next_run_at: None,
            not_before: None,
            reason: None,
            project: project.clone().or_else(|| self.session.project.clone()),
            version: 1,
            created_by: name.clone(),
            updated_by: name,
            created_at: now.clone(),
            updated_at: now.clone(),
            role_changed_at: Some(now),
            completed: None,
        };
        if let Some(parent) = parent {
            let parent = self.find(&parent, "parent_id")?;
            if project.is_none() {
                item.project = self.item(parent).project;
            }
            self.fits_under(parent, 0)?;
            item.parent = Some(parent);
        }
        for (field, value) in &edits {
            if !["title", "parent_id"].contains(field) {
                self.apply(&mut item, field, value)?;
            }
        }
        let id = item.id;
        self.model.made.push(id);
        self.add_item(item, "item_created");
        Ok(id)
    }

    /// An item comes to be there.
    pub(crate) fn add_item(&mut self, item: Item, kind: &'static str) {
        self.record(kind, Some(item.id));
        if let Some(project) = &item.project {
            let project = project.clone();
            self.store().projects.insert(project);
        }
        self.store().items.push(item);
    }

    /// Depth counts from 0 at the root.
    pub(crate) fn fits_under(&self, parent: Id, height: usize) -> Answer<()> {
        let depth = self.model.store.depth(parent);
        if depth + 1 + height < MAX_DEPTH {
            return Ok(());
        }
        let message = format!("Max depth {MAX_DEPTH} reached (parent at depth {depth})");
        Err(Refusal::validation("parent_id", message))
    }

    fn apply(&mut self, item: &mut Item, field: &str, value: &Value) -> Answer<()> {
        let text = value.as_str().map(str::to_owned);
        let plain = || text.clone().unwrap_or_default();
        match field {
            "title" => item.title = checked_title(&plain())?,
            "description" => item.description = plain(),
            "summary" => item.summary = plain(),
            "parent_id" => self.hang(item, text.as_deref())?,
            "priority" => item.priority = word(field, text.as_deref().unwrap_or("medium"), &PRIORITIES)?,
            "complexity" => item.complexity = value.as_i64(),
            "item_type" => item.item_type = plain(),
            "tags" => item.tags = plain(),
            "metadata" => item.metadata = text,
            "properties" => item.properties = text,
            "due_at" => item.due_at = text.map(Stamp::Given),
            "not_before" => item.not_before = text.map(Stamp::Given),
            "schedule" => {
                // Histories use one good expression and one that is none.
                if text.as_deref().is_some_and(|cron| cron.split(' ').count() != 5) {
                    let message = format!("Invalid cron expression: {}", plain());
                    return Err(Refusal::validation("schedule", message));
                }
                item.next_run_at = text.as_ref().map(|_| Stamp::NextRun);
                item.schedule = text;
            }
            _ => {}
        }
        Ok(())
    }

    /// Under another parent: neither itself nor what hangs below it, and not too deep.
    fn hang(&mut self, item: &mut Item, parent: Option<&str>) -> Answer<()> {
        let Some(parent) = parent else {
            item.parent = None;
            return Ok(());
        };
        let parent = self.resolve(parent, "parent_id")?;
        if item.parent == Some(parent) {
            return Ok(());
        }
        if parent == item.id {
            return Err(Refusal::validation("parent_id", "An item cannot be its own parent"));
        }
        if self.model.store.ancestors(parent).iter().any(|above| above.id == item.id) {
            return Err(Refusal::conflict("parent_id", "Cannot move an item under its own descendant"));
        }
        self.fits_under(parent, self.model.store.height(item.id))?;
        item.parent = Some(parent);
        Ok(())
    }

    /// Only the fields given change.
    fn update(&mut self, args: &Args) -> Answer {
        let cleared = args.words("clear");
        if let Some(unknown) = cleared.iter().find(|name| !FIELDS.contains(&name.as_str())) {
            let message = format!("clear names an unknown field: {unknown}. Fields: {}", FIELDS.join(", "));
            return Err(Refusal::validation("clear", message));
        }
        if args.value("project").is_some() {
            return Err(Refusal::validation("project", "An item keeps the project it was created in"));
        }
        args.need("item_id")?;
        let edits = edits(args, &cleared)?;
        let (expected, force) = (args.integer("expected_version")?, args.flag("force")?);
        let id = self.named(args, "item_id")?;
        if edits.is_empty() {
            return Err(Refusal::validation("", "No valid fields to update"));
        }
        let forced = self.guard_claim(id, force)?;
        self.guard_version(id, expected)?;
        let before = self.item(id);
        let mut after = before.clone();
        for (field, value) in &edits {
            self.apply(&mut after, field, value)?;
        }
        if after != before {
            let more = if forced { json!({"forced": true}) } else { json!({}) };
            self.change(after, "item_updated", more);
        }
        Ok(self.row(id).into())
    }

    fn delete_one(&mut self, args: &Args) -> Answer {
        args.need("item_id")?;
        let (recursive, force) = (args.flag("recursive")?, args.flag("force")?);
        let expected = args.integer("expected_version")?;
        let gone = self.delete(&args.need("item_id")?.into(), recursive, expected, force)?;
        let mut answer = json!({"deleted": true});
        if recursive {
            answer["descendants_deleted"] = json!(gone - 1);
        }
        Ok(answer)
    }

    fn delete_batch(&mut self, args: &Args) -> Answer {
        let (recursive, force) = (args.flag("recursive")?, args.flag("force")?);
        let expected = args.integer("expected_version")?;
        let (mut deleted, mut below, mut failures) = (0, 0, Vec::new());
        for (index, reference) in args.words("ids").iter().enumerate() {
            match self.step(|call| call.delete(&reference.as_str().into(), recursive, expected, force)) {
                Ok(gone) => {
                    deleted += 1;
                    below += gone - 1;
                }
                Err(refusal) => failures.push(json!({"index": index, "error": refusal.body()})),
            }
        }
        let mut answer = json!({"deleted": deleted, "failed": failures.len(), "failures": failures});
        if recursive {
            answer["descendants_deleted"] = json!(below);
        }
        Ok(answer)
    }

    /// Deletes an item with what hangs below it; answers how many went.
    pub(crate) fn delete(
        &mut self,
        name: &Name,
        recursive: bool,
        expected: Option<i64>,
        force: bool,
    ) -> Answer<usize> {
        let root = self.find(name, "item_id")?;
        self.guard_version(root, expected)?;
        let children = self.model.store.children(root).len();
        if children > 0 && !recursive {
            let message = format!("Item has {children} children. Use recursive=true to delete them.");
            return Err(Refusal::validation("recursive", message));
        }
        let mut doomed: Vec<Id> = self.model.store.descendants(root).iter().map(|item| item.id).collect();
        doomed.push(root);
        let (mut rows, mut freed) = (Vec::new(), Vec::new());
        for id in &doomed {
            let forced = self.guard_claim(*id, force)?;
            let waiting = self.waiting(*id);
            self.end_claim(*id, if forced { "forced" } else { "deleted" });
            let item = self.item(*id);
            self.record("item_deleted", Some(*id));
            let store = self.store();
            let notes = store.notes_of(*id).into_iter().cloned().collect();
            let out = store.edges.iter().filter(|edge| edge.from == *id);
            let edges = out.chain(store.edges.iter().filter(|edge| edge.to == *id)).cloned().collect();
            store.items.retain(|item| item.id != *id);
            store.notes.retain(|note| note.item != *id);
            store.edges.retain(|edge| edge.from != *id && edge.to != *id);
            rows.push((item, notes, edges));
            freed.extend(self.freed(waiting));
        }
        let n = doomed.len();
        for id in freed.into_iter().filter(|id| !doomed.contains(id)) {
            self.record("item_unblocked", Some(id));
        }
        self.store().deletions.push(Deletion { rows });
        Ok(n)
    }

    /// The open items that wait for this one, each with unmet blockers, in the order of the edges.
    pub(crate) fn waiting(&self, id: Id) -> Vec<Id> {
        let store = &self.model.store;
        let out = store.edges.iter().filter(|edge| edge.from == id && edge.blocks()).map(|edge| edge.to);
        out.filter(|to| store.item(*to).is_some_and(|item| !item.is_terminal()))
            .filter(|to| !store.unmet(*to).is_empty())
            .collect()
    }

    /// Those of them that wait no more.
    pub(crate) fn freed(&self, waiting: Vec<Id>) -> Vec<Id> {
        let store = &self.model.store;
        waiting.into_iter().filter(|id| store.item(*id).is_some() && store.unmet(*id).is_empty()).collect()
    }

    /// Refuses when someone else holds the item. Answers whether a claim was gone over.
    pub(crate) fn guard_claim(&self, id: Id, force: bool) -> Answer<bool> {
        match self.model.store.holder(id) {
            Some(claim) if !claim.admits(&self.actor) && !force => {
                Err(held(&format!("Item '{}'", self.item(id).title), claim))
            }
            Some(claim) => Ok(!claim.admits(&self.actor)),
            None => Ok(false),
        }
    }

    pub(crate) fn guard_version(&self, id: Id, expected: Option<i64>) -> Answer<()> {
        let item = self.item(id);
        let present = item.version;
        let Some(expected) = expected.filter(|expected| *expected != present) else { return Ok(()) };
        let message = format!(
            "Item '{}' is at version {present}, not {expected}; read what changed and call again with expected_version={present}",
            item.title
        );
        let changed = self.changed_since(id, expected);
        let details = json!({"version": present, "changed": changed});
        Err(Refusal::conflict("expected_version", message).details(details))
    }

    pub(crate) fn end_claim(&mut self, id: Id, why: &str) {
        if self.model.store.holder(id).is_some() {
            self.store().claims.retain(|claim| claim.subject != Subject::Item(id));
            self.record_more("claim_ended", Some(id), json!({"why": why}));
        }
    }
}

fn checked_title(title: &str) -> Answer<String> {
    let title = title.trim();
    if title.is_empty() {
        return Err(Refusal::validation("title", "title is required and must not be blank"));
    }
    Ok(title.to_owned())
}

/// "Item 'T' is claimed by alice …": names the holder and when the claim ends.
pub(crate) fn held(what: &str, claim: &Claim) -> Refusal {
    let ends = match &claim.deadline {
        Some(at) => format!("ends in ‹*› (at {})", at.shown()),
        None => "ends with their session".to_owned(),
    };
    let (field, next) = match claim.subject {
        Subject::Item(_) => ("item_id", "Take another item, or wait"),
        Subject::Resource(_) => ("resource", "Wait, or ask them for it"),
    };
    let (holder, since) = (claim.holder.name(), claim.since.shown());
    let message = format!("{what} is claimed by {holder} since {since}; the claim {ends}. {next}");
    Refusal::conflict(field, message).details(json!({"holder": claim.shown()}))
}
