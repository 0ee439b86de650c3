//! Which items a list or report looks at.

use orc_core::id::ItemId;
use orc_core::status::{Priority, Status};
use orc_core::words::words;
use rusqlite::types::Value;

use crate::write::List;

/// The projects that a read covers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// The whole store.
    #[default]
    All,
    /// One project's items and those of none: the default of a session in a project.
    With(String),
    /// One project's items.
    Only(String),
}

/// A conjunction of conditions; the default is every item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Any of these; empty: any at all.
    pub statuses: Vec<Status>,
    /// Any of these; empty: any at all.
    pub priorities: Vec<Priority>,
    /// The children of that item; `Some(None)`: the roots.
    pub parent: Option<Option<ItemId>>,
    /// Carries any of these tags, matched whole.
    pub tags: Option<Vec<String>>,
    /// Belongs to that workspace.
    pub workspace: Option<Within>,
    /// Has this type.
    pub item_type: Option<String>,
    /// Belongs to these projects.
    pub scope: Scope,
    /// Every word of this begins a word of its title, description or notes.
    pub search: Option<String>,
    /// Changed at or after this many microseconds.
    pub updated_since: Option<i64>,
    /// Whether it is claimed at `now`.
    pub claimed: Option<bool>,
}

/// A workspace: the items that carry any of its tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Within {
    /// Its name, under which its items are counted.
    pub name: String,
    /// Its tags, each matched whole.
    pub tags: Vec<String>,
}

/// A condition under construction: SQL on `items i`, and its values in order.
#[derive(Clone, Default)]
pub(crate) struct Where {
    clauses: Vec<String>,
    pub(crate) values: Vec<Value>,
}

impl Where {
    pub(crate) fn and(&mut self, clause: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.clauses.push(clause.into());
        self.values.extend(values);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    pub(crate) fn and_all(&mut self, other: Where) {
        self.clauses.extend(other.clauses);
        self.values.extend(other.values);
    }

    /// `WHERE …`, or nothing.
    pub(crate) fn sql(&self) -> String {
        if self.clauses.is_empty() { String::new() } else { format!("WHERE {}", self.clauses.join(" AND ")) }
    }
}

/// The list of all items of a tag.
pub(super) const ALL: u8 = List::All.index();

pub(super) fn marks(n: usize) -> String {
    vec!["?"; n].join(", ")
}

fn indexes<T: Copy>(words: &[T], index: fn(T) -> u8) -> impl Iterator<Item = Value> {
    words.iter().map(move |w| Value::from(i64::from(index(*w)))).collect::<Vec<_>>().into_iter()
}

impl Filter {
    /// The items of a scope.
    pub fn of(scope: Scope) -> Self {
        Self { scope, ..Self::default() }
    }

    /// The same with these statuses.
    #[must_use]
    pub fn in_status(mut self, statuses: &[Status]) -> Self {
        self.statuses = statuses.to_vec();
        self
    }

    /// Whether nothing but the scope narrows it.
    pub fn is_plain(&self) -> bool {
        *self == Self { scope: self.scope.clone(), ..Self::default() }
    }

    /// Whether nothing but the scope and the workspace narrows it: then its items are counted.
    pub(super) fn is_counted(&self) -> bool {
        Self { workspace: None, ..self.clone() }.is_plain()
    }

    /// Lists of tags of which the items carry one each.
    pub(super) fn any_tags(&self) -> impl Iterator<Item = &Vec<String>> {
        self.tags.iter().chain(self.workspace.iter().map(|within| &within.tags))
    }

    /// All of it, for queries that let SQLite choose where to begin.
    pub(crate) fn conditions(&self, now: i64) -> Where {
        let mut w = self.of_the_row();
        for tags in self.any_tags() {
            let clause = format!(
                "i.rid IN (SELECT item FROM tagged WHERE list = {ALL} AND tag IN ({}))",
                marks(tags.len())
            );
            w.and(clause, tags.iter().cloned().map(Value::from));
        }
        for word in self.search.iter().flat_map(|text| search_words(text)) {
            let clause = "i.rid IN (SELECT rowid FROM item_text WHERE item_text MATCH ?
                 UNION SELECT n.item FROM notes n WHERE n.rid IN (SELECT rowid FROM note_text WHERE note_text MATCH ?))";
            w.and(clause, [Value::from(word.clone()), Value::from(word)]);
        }
        w.and_all(self.claims(now));
        w.and_all(self.scope.condition());
        w
    }

    /// What is left to check of items that are found already, one by one: all but the scope and the search.
    pub(super) fn checked(&self, now: i64) -> Where {
        let mut w = self.of_the_row();
        for tags in self.any_tags() {
            let clause = format!(
                "EXISTS (SELECT 1 FROM tagged g WHERE g.list = {ALL} AND g.tag IN ({}) AND g.project = coalesce(i.project, 0)
                     AND g.at = i.created_ts AND g.item = i.rid)",
                marks(tags.len())
            );
            w.and(clause, tags.iter().cloned().map(Value::from));
        }
        w.and_all(self.claims(now));
        w
    }

    /// What an item's own row says.
    fn of_the_row(&self) -> Where {
        let mut w = Where::default();
        if !self.statuses.is_empty() {
            w.and(
                format!("i.status IN ({})", marks(self.statuses.len())),
                indexes(&self.statuses, Status::index),
            );
        }
        if !self.priorities.is_empty() {
            w.and(
                format!("i.priority IN ({})", marks(self.priorities.len())),
                indexes(&self.priorities, Priority::index),
            );
        }
        match &self.parent {
            Some(Some(id)) => w.and(
                "i.parent = (SELECT rid FROM items WHERE id = ?)",
                [Value::from(id.as_str().to_owned())],
            ),
            Some(None) => w.and("i.parent IS NULL", []),
            None => {}
        }
        if let Some(name) = &self.item_type {
            w.and("i.item_type = ? AND i.item_type <> ''", [Value::from(name.clone())]);
        }
        if let Some(since) = self.updated_since {
            w.and("i.updated_ts >= ?", [Value::from(since)]);
        }
        w
    }

    fn claims(&self, now: i64) -> Where {
        let mut w = Where::default();
        if let Some(claimed) = self.claimed {
            let not = if claimed { "" } else { "NOT " };
            let clause = format!(
                "i.rid {not}IN (SELECT c.item FROM claims c WHERE c.item IS NOT NULL AND (c.ends_ts IS NULL OR c.ends_ts > ?))"
            );
            w.and(clause, [Value::from(now)]);
        }
        w
    }
}

impl Scope {
    /// As a condition on items that are found already: no index begins with it.
    pub(super) fn condition(&self) -> Where {
        let mut w = Where::default();
        match self {
            Self::All => {}
            Self::Only(name) => {
                w.and("+i.project = (SELECT rid FROM projects WHERE name = ?)", [Value::from(name.clone())])
            }
            Self::With(name) => w.and(
                "(+i.project IS NULL OR +i.project = (SELECT rid FROM projects WHERE name = ?))",
                [Value::from(name.clone())],
            ),
        }
        w
    }
}

/// The words of a search, each as an FTS5 prefix query.
pub(crate) fn search_words(text: &str) -> Vec<String> {
    words(text).take(20).map(|word| format!("\"{word}\"*")).collect()
}
