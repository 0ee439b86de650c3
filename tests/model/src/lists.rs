//! query_items: get, list, children, overview (contract.md §1, §5).

use serde_json::{Map, Value, json};

use crate::Call;
use crate::args::{Args, word};
use crate::refusal::{Answer, Refusal};
use crate::rows::page;
use crate::store::{Item, PRIORITIES, STATUSES};
use crate::symbol::{Id, REST, Stamp};

/// Every field that a list may be asked for.
const PICKABLE: [&str; 27] = [
    "id",
    "parent_id",
    "title",
    "description",
    "summary",
    "status",
    "status_label",
    "previous_status",
    "priority",
    "complexity",
    "item_type",
    "tags",
    "metadata",
    "properties",
    "role_changed_at",
    "due_at",
    "schedule",
    "next_run_at",
    "not_before",
    "reason",
    "project",
    "version",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
    "claimed_by",
];

/// The projects that a read covers.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Scope {
    All,
    /// A project's items and those of none.
    With(String),
    Only(String),
}

/// Which items a list or report looks at.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) scope: Scope,
    pub(crate) workspace: Option<Vec<String>>,
    pub(crate) tags: Vec<String>,
    pub(crate) item_type: Option<String>,
    pub(crate) statuses: Vec<&'static str>,
    pub(crate) priorities: Vec<&'static str>,
    pub(crate) parent: Option<Option<Id>>,
    pub(crate) search: Option<String>,
    pub(crate) since: Option<Stamp>,
    pub(crate) claimed: Option<bool>,
}

impl Filter {
    pub(crate) fn of(scope: Scope) -> Self {
        Self {
            scope,
            workspace: None,
            tags: Vec::new(),
            item_type: None,
            statuses: Vec::new(),
            priorities: Vec::new(),
            parent: None,
            search: None,
            since: None,
            claimed: None,
        }
    }
}

impl Call<'_> {
    /// Reads default to the session's project and items of none; a session in no project sees all.
    pub(crate) fn scope(&self, args: &Args) -> Answer<Scope> {
        let own = self.session.project.clone().map_or(Scope::All, Scope::With);
        Ok(self.named_project(args)?.unwrap_or(own))
    }

    /// Reports on the whole store cover it unless `project` is given.
    pub(crate) fn whole_store(&self, args: &Args) -> Answer<Scope> {
        Ok(self.named_project(args)?.unwrap_or(Scope::All))
    }

    fn named_project(&self, args: &Args) -> Answer<Option<Scope>> {
        let projects = &self.model.store.projects;
        match args.text("project")? {
            None => Ok(None),
            Some("*") => Ok(Some(Scope::All)),
            Some(name) if projects.contains(name) => Ok(Some(Scope::Only(name.to_owned()))),
            Some(name) => {
                let known: Vec<&str> = projects.iter().map(String::as_str).collect();
                let known = if known.is_empty() { "there are none yet".to_owned() } else { known.join(", ") };
                let message = format!("Project '{name}' not found. Known: {known}; '*' means all");
                Err(Refusal::not_found("project", message))
            }
        }
    }

    /// What `workspace` and `project` leave.
    pub(crate) fn report_filter(&self, args: &Args, scope: Scope) -> Answer<Filter> {
        Ok(Filter { workspace: self.workspace_tags(args)?, ..Filter::of(scope) })
    }

    fn workspace_tags(&self, args: &Args) -> Answer<Option<Vec<String>>> {
        let Some(name) = args.text("workspace")? else { return Ok(None) };
        match self.model.store.workspaces.get(name.trim()) {
            Some(workspace) => Ok(Some(workspace.tags.clone())),
            None => Err(Refusal::not_found("workspace", format!("Workspace '{name}' not found"))),
        }
    }

    /// The items that a filter leaves, in the order of arrival.
    pub(crate) fn matching(&self, filter: &Filter) -> Vec<&Item> {
        self.model.store.items.iter().filter(|item| self.admits(filter, item)).collect()
    }

    pub(crate) fn admits(&self, filter: &Filter, item: &Item) -> bool {
        let store = &self.model.store;
        let in_scope = match &filter.scope {
            Scope::All => true,
            Scope::With(name) => item.project.as_ref().is_none_or(|project| project == name),
            Scope::Only(name) => item.project.as_ref() == Some(name),
        };
        let found = |words: &String| {
            let bodies = store.notes.iter().filter(|note| note.item == item.id).map(|n| n.body.as_str());
            let texts: Vec<&str> =
                [item.title.as_str(), &item.description].into_iter().chain(bodies).collect();
            has_words(words, &texts)
        };
        in_scope
            && filter.workspace.as_ref().is_none_or(|tags| item.has_any_tag(tags))
            && (filter.tags.is_empty() || item.has_any_tag(&filter.tags))
            && filter.item_type.as_ref().is_none_or(|name| item.item_type == *name)
            && (filter.statuses.is_empty() || filter.statuses.contains(&item.status))
            && (filter.priorities.is_empty() || filter.priorities.contains(&item.priority))
            && filter.parent.is_none_or(|parent| item.parent == parent)
            && filter.search.as_ref().is_none_or(found)
            && filter.since.as_ref().is_none_or(|since| item.updated_at.order() >= since.order())
            && filter.claimed.is_none_or(|claimed| store.holder(item.id).is_some() == claimed)
    }

    pub(crate) fn query_items(&mut self, operation: &str, args: &Args) -> Answer {
        match operation {
            "get" => self.get(args),
            "children" => {
                let name = if args.value("parent_id").is_some() { "parent_id" } else { "item_id" };
                let parent = match args.text(name)? {
                    Some(parent) => self.resolve(parent, "parent_id")?,
                    None => return Err(Refusal::validation("parent_id", "parent_id is required")),
                };
                self.list(args, &Filter { parent: Some(Some(parent)), ..Filter::of(Scope::All) }, "age")
            }
            "overview" => {
                let filter = self.filter(args)?;
                let counts = self.counts(&filter);
                let of = |status: &str| counts.get(status).and_then(Value::as_u64).unwrap_or(0);
                Ok(json!({
                    "active_count": of("work") + of("review"),
                    "blocked_count": self.held_back(&filter).len(),
                    "total": self.matching(&filter).len(),
                    "counts": counts,
                }))
            }
            "" | "list" => {
                let filter = self.filter(args)?;
                self.list(args, &filter, "created")
            }
            _ => {
                let message = format!("Invalid operation: {operation}. Use: get, list, children, overview");
                Err(Refusal::validation("operation", message))
            }
        }
    }

    fn get(&self, args: &Args) -> Answer {
        let id = self.named(args, "item_id")?;
        let mut row = match picked(args)? {
            Some(fields) => self.level().picked(&self.model.store, &self.item(id), &fields),
            None => self.row(id),
        };
        if args.flag("include_ancestors")? {
            row.insert("ancestors".into(), self.ancestor_rows(id).into());
        }
        Ok(row.into())
    }

    pub(crate) fn ancestor_rows(&self, id: Id) -> Vec<Value> {
        let store = &self.model.store;
        store
            .ancestors(id)
            .into_iter()
            .map(|above| self.level().in_list(self.level().item(store, above)))
            .collect()
    }

    /// Only statuses that occur.
    pub(crate) fn counts(&self, filter: &Filter) -> Map<String, Value> {
        let items = self.matching(filter);
        let count = |status: &str| items.iter().filter(|item| item.status == status).count();
        let counts = STATUSES.into_iter().map(|status| (status.to_owned(), json!(count(status))));
        counts.filter(|(_, n)| *n != 0).collect()
    }

    fn filter(&self, args: &Args) -> Answer<Filter> {
        let parent = match args.text("parent_id")? {
            Some("root" | "none") => Some(None),
            Some(parent) => Some(Some(self.resolve(parent, "parent_id")?)),
            None => None,
        };
        let words = |name: &str, valid: &[&'static str]| {
            args.words(name).iter().map(|text| word(name, text, valid)).collect::<Answer<Vec<_>>>()
        };
        Ok(Filter {
            statuses: words("status", &STATUSES)?,
            priorities: words("priority", &PRIORITIES)?,
            parent,
            tags: args.words("tags"),
            workspace: self.workspace_tags(args)?,
            item_type: args.text("item_type")?.map(str::to_owned),
            scope: self.scope(args)?,
            search: searched(args)?.map(str::to_owned),
            since: args.text("updated_since")?.map(|text| Stamp::Given(text.to_owned())),
            claimed: args.choice("claimed")?,
        })
    }

    /// A page; `next_cursor` is the product's own affair.
    fn list(&self, args: &Args, filter: &Filter, default: &str) -> Answer {
        let sort = args.text("sort")?.unwrap_or(default);
        let mut items = self.matching(filter);
        let (name, reversed) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
        let place = |item: &Item| self.model.store.place(item.id);
        let age = |item: &Item| (item.created_at.order(), place(item));
        // Ties by age, then by arrival.
        match name {
            "created" | "age" => items.sort_by_key(|item| age(item)),
            "updated" => items.sort_by_key(|item| (item.updated_at.order(), place(item))),
            "priority" => {
                let rank =
                    |item: &Item| PRIORITIES.iter().position(|p| *p == item.priority).unwrap_or(0) as i64;
                items.sort_by_key(|item| (if reversed { -rank(item) } else { rank(item) }, age(item)));
            }
            "due" => {
                let rank = |item: &Item| item.due_at.as_ref().map(Stamp::order);
                items.sort_by(|a, b| {
                    let (due_a, due_b) = (rank(a), rank(b));
                    let by_due = if reversed { due_b.cmp(&due_a) } else { due_a.cmp(&due_b) };
                    // What has no due time comes last, whichever way.
                    due_a.is_none().cmp(&due_b.is_none()).then(by_due).then(age(a).cmp(&age(b)))
                });
            }
            _ => {
                let message = format!(
                    "Invalid sort: {sort}. Valid: created, updated, priority, due, each also with - in front"
                );
                return Err(Refusal::validation("sort", message));
            }
        }
        if matches!(name, "created" | "updated") && !reversed || name == "age" && reversed {
            items.reverse();
        }
        let limit = args.bounded("limit", 50, 1, 500)?;
        let skip = args.bounded("offset", 0, 0, i64::MAX)?;
        let picked = picked(args)?;
        let rows = items.iter().map(|item| match &picked {
            Some(fields) => self.level().picked(&self.model.store, item, fields).into(),
            None => self.level().listed(&self.model.store, item),
        });
        let mut answer = page(rows.collect(), skip, limit);
        if answer["has_more"] == true {
            answer["next_cursor"] = json!(crate::symbol::ANYTHING);
        }
        Ok(answer)
    }
}

fn picked(args: &Args) -> Answer<Option<Vec<String>>> {
    let fields = args.words("fields");
    match fields.iter().find(|field| !PICKABLE.contains(&field.as_str())) {
        Some(unknown) => {
            let message = format!("Unknown field: {unknown}.‹*›Fields: {}", PICKABLE.join(", "));
            Err(Refusal::validation("fields", message))
        }
        None => Ok(Some(fields).filter(|fields| !fields.is_empty())),
    }
}

/// The words of `search`, of which there must be one.
///
/// # Errors
/// When there is none.
pub(crate) fn searched(args: &Args) -> Answer<Option<&str>> {
    match args.text("search")? {
        Some(text) if !text.chars().any(char::is_alphanumeric) => {
            Err(Refusal::validation("search", format!("search has no word to look for: {text}")))
        }
        text => Ok(text),
    }
}

/// Whether each word begins a word of any of the texts, in any case.
pub(crate) fn has_words(words: &str, texts: &[&str]) -> bool {
    let split = |text: &str| {
        let text = text.to_lowercase();
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<String>>()
    };
    let all: Vec<String> = texts.iter().flat_map(|text| split(text)).collect();
    split(words).iter().filter(|word| !word.is_empty()).all(|word| all.iter().any(|w| w.starts_with(word)))
}

/// An object of which only these keys are told.
pub(crate) fn among_others(mut told: Value) -> Value {
    told[REST] = json!(true);
    told
}
