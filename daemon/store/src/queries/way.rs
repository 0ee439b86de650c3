//! By which way a list's items are found: chosen here, by what the filter says and how much of it there is.

use orc_core::limits;
use orc_core::status::{Priority, Status};
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::census::Census;
use super::cursor::Cursor;
use super::filter::{ALL, Filter, Where, Within, marks};
use super::list::{Order, Sort};
use super::search::Search;
use super::stretch::{LISTED_AT, Stretch, Stretches, TAGGED};
use crate::error::Result;
use crate::tx::Tx;
use crate::view::count;

/// What at most so many items fulfil is gathered whole and sorted; it costs no more than counting them. Tests take every way with
/// fewer items.
pub(super) const FEW: usize = if cfg!(test) { 40 } else { limits::TOTAL_EXACT };

/// How the items of a list are found.
pub(super) enum Way {
    /// At the beginning of stretches that lie in the wanted order. With how many there are, where that is known.
    Along(Stretches, Option<usize>),
    /// One condition leaves few, which are gathered and sorted; or no index has the order. With how many there are, where that is
    /// known.
    Gathered(Where, Option<usize>),
    /// A search that finds many: they come in the order of their arrival, and the rest is checked one by one.
    Arrivals(Search),
}

const NEWEST: &[bool] = &[true, true];
const OLDEST: &[bool] = &[false, false];
const CREATED: &[&str] = &["i.created_ts", "i.rid"];

impl Tx<'_> {
    /// The way to the items of a filter in an order, behind a cursor.
    pub(super) fn way(&self, filter: &Filter, order: Order, after: Option<Cursor>, now: i64) -> Result<Way> {
        if filter.search.is_some() {
            return self.way_of_search(filter, order, after, now);
        }
        let gathered = |w: Where| {
            let mut w = w;
            if let Some(cursor) = after {
                cursor.behind(order, &mut w, ["i.created_ts", "i.rid"]);
            }
            Way::Gathered(w, None)
        };
        if filter.claimed == Some(true) || order.sort == Sort::Due {
            return Ok(gathered(filter.conditions(now)));
        }
        let census = self.census(&filter.scope)?;
        let along = Along { filter, census, order, after, now };
        if order.sort != Sort::Created
            && (matches!(filter.parent, Some(Some(_))) || self.few_tagged(filter)?)
        {
            return Ok(gathered(filter.conditions(now)));
        }
        if filter.updated_since.is_some() && order.sort == Sort::Created {
            let changed = Along {
                order: Order { sort: Sort::Updated, ascending: false },
                after: None,
                ..along.clone()
            };
            let n = changed.by_change().count(self, limits::TOTAL_EXACT + 1)?;
            if n <= FEW {
                return Ok(gathered(filter.conditions(now)));
            }
            // In their own order they were counted quickly; in the wanted one they may lie far apart.
            return Ok(match along.choose() {
                Way::Along(stretches, _) if after.is_none() => Way::Along(stretches, Some(n)),
                way => way,
            });
        }
        Ok(along.choose())
    }

    /// Whether tags narrow the filter to few items.
    pub(super) fn few_tagged(&self, filter: &Filter) -> Result<bool> {
        for tags in filter.any_tags() {
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 FROM tagged WHERE list = {ALL} AND tag IN ({}) LIMIT ?)",
                marks(tags.len())
            );
            let values = tags.iter().cloned().map(Value::from).chain([Value::from(count(FEW) + 1)]);
            if self.number(&sql, params_from_iter(values))? <= FEW {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The choice among stretches.
#[derive(Clone)]
struct Along<'f> {
    filter: &'f Filter,
    census: Census,
    order: Order,
    after: Option<Cursor>,
    now: i64,
}

impl Along<'_> {
    fn choose(&self) -> Way {
        let filter = self.filter;
        let in_status = self.census.count(&filter.statuses);
        let known = |only: Filter| (*filter == only && self.after.is_none()).then_some(in_status);
        let of_scope = || Filter { scope: filter.scope.clone(), ..Filter::default() };
        match self.order.sort {
            Sort::Updated => Way::Along(
                self.by_change(),
                known(Filter { statuses: filter.statuses.clone(), ..of_scope() }),
            ),
            Sort::Priority => Way::Along(self.by_priority(), known(of_scope())),
            Sort::Created | Sort::Due => match (&filter.parent, &filter.tags, &filter.workspace) {
                (Some(Some(_)), ..) => Way::Along(self.by_parent(), None),
                (Some(None), None, None) if filter.statuses.is_empty() => Way::Along(self.of_roots(), None),
                _ if !filter.statuses.is_empty() && in_status <= FEW => Way::Along(
                    self.by_status(),
                    known(Filter { statuses: filter.statuses.clone(), ..of_scope() }),
                ),
                (_, Some(tags), _) => {
                    Way::Along(self.by_tags(tags, &Filter { tags: None, ..filter.clone() }), None)
                }
                (_, _, Some(Within { tags, .. })) => {
                    Way::Along(self.by_tags(tags, &Filter { workspace: None, ..filter.clone() }), None)
                }
                _ if filter.item_type.is_some() => Way::Along(self.by_type(), None),
                _ if !filter.statuses.is_empty() => Way::Along(
                    self.by_status(),
                    known(Filter { statuses: filter.statuses.clone(), ..of_scope() }),
                ),
                _ if !filter.priorities.is_empty() => Way::Along(self.by_priority_and_age(), None),
                _ => Way::Along(self.by_age(), known(of_scope())),
            },
        }
    }

    fn by_age(&self) -> Stretches {
        let from = "items i INDEXED BY items_by_project";
        self.stretches(from, CREATED, self.filter, vec![None], "")
    }

    fn of_roots(&self) -> Stretches {
        // That they have no parent is in the rest; SQLite sees by it that the index has all of them.
        self.stretches("items i INDEXED BY items_roots", CREATED, self.filter, vec![None], "")
    }

    fn by_status(&self) -> Stretches {
        let rest = Filter { statuses: Vec::new(), ..self.filter.clone() };
        let statuses = self.filter.statuses.iter().map(|status| Some(Value::from(status.index())));
        self.stretches(
            "items i INDEXED BY items_by_status",
            CREATED,
            &rest,
            statuses.collect(),
            "i.status = ?",
        )
    }

    fn by_change(&self) -> Stretches {
        let rest = Filter { statuses: Vec::new(), ..self.filter.clone() };
        let statuses = if self.filter.statuses.is_empty() { Status::ALL } else { &self.filter.statuses };
        let statuses = statuses.iter().map(|status| Some(Value::from(status.index())));
        let from = "items i INDEXED BY items_by_change";
        self.stretches(from, &["i.updated_ts", "i.rid"], &rest, statuses.collect(), "i.status = ?")
    }

    fn by_type(&self) -> Stretches {
        let rest = Filter { item_type: None, ..self.filter.clone() };
        let name = self.filter.item_type.clone().map(Value::from);
        let from = "items i INDEXED BY items_by_type";
        self.stretches(from, CREATED, &rest, vec![name], "i.item_type = ? AND i.item_type <> ''")
    }

    fn by_priority_and_age(&self) -> Stretches {
        let rest = Filter { priorities: Vec::new(), ..self.filter.clone() };
        let priorities = self.filter.priorities.iter().map(|priority| Some(Value::from(priority.index())));
        let from = "items i INDEXED BY items_by_priority";
        self.stretches(from, CREATED, &rest, priorities.collect(), "i.priority = ?")
    }

    fn by_priority(&self) -> Stretches {
        let rest = Filter { priorities: Vec::new(), ..self.filter.clone() };
        let priorities =
            if self.filter.priorities.is_empty() { Priority::ALL } else { &self.filter.priorities[..] };
        let priorities = priorities.iter().map(|priority| Some(Value::from(priority.index())));
        let from = "items i INDEXED BY items_by_priority";
        let order = &["i.priority", "i.created_ts", "i.rid"];
        let mut stretches = self.stretches(from, order, &rest, priorities.collect(), "i.priority = ?");
        stretches.falling = if self.order.ascending { &[false, false, false] } else { &[true, false, false] };
        stretches
    }

    fn by_parent(&self) -> Stretches {
        let rest = Filter { parent: None, ..self.filter.clone() };
        let mut w = Where::default();
        if let Some(Some(id)) = &self.filter.parent {
            let id = Value::from(id.as_str().to_owned());
            w.and("i.parent = (SELECT rid FROM items WHERE id = ?)", [id]);
        }
        w.and_all(rest.checked(self.now));
        w.and_all(rest.scope.condition());
        self.behind(&mut w, ["i.created_ts", "i.rid"]);
        let part = Stretch { from: "items i INDEXED BY items_by_parent", order: CREATED, w };
        Stretches { parts: vec![part], falling: self.falling(), overlap: false }
    }

    fn by_tags(&self, tags: &[String], rest: &Filter) -> Stretches {
        let plain = rest.is_plain();
        // The tags' own rows say all that a list by tag alone needs.
        let from = if plain { "tagged t" } else { TAGGED };
        let mut parts = Vec::new();
        for project in self.census.projects() {
            for tag in tags {
                let mut w = Where::default();
                w.and(
                    "t.tag = ? AND t.list = ? AND t.project = ?",
                    [Value::from(tag.clone()), Value::from(ALL), Value::from(project.unwrap_or(0))],
                );
                w.and_all(rest.checked(self.now));
                self.behind(&mut w, ["t.at", "t.item"]);
                parts.push(Stretch { from, order: LISTED_AT, w });
            }
        }
        Stretches { parts, falling: self.falling(), overlap: tags.len() > 1 }
    }

    /// One stretch for every project and every value of the column that the index has behind it.
    fn stretches(
        &self,
        from: &'static str,
        order: &'static [&'static str],
        rest: &Filter,
        values: Vec<Option<Value>>,
        condition: &str,
    ) -> Stretches {
        let mut parts = Vec::new();
        for project in self.census.projects() {
            for value in &values {
                let mut w = Where::default();
                w.and("i.project IS ?", [Value::from(project)]);
                if let Some(value) = value {
                    w.and(condition, [value.clone()]);
                }
                w.and_all(rest.checked(self.now));
                self.behind(&mut w, ["i.created_ts", "i.rid"]);
                parts.push(Stretch { from, order, w });
            }
        }
        Stretches { parts, falling: self.falling(), overlap: false }
    }

    fn behind(&self, w: &mut Where, names: [&str; 2]) {
        if let Some(cursor) = self.after {
            cursor.behind(self.order, w, names);
        }
    }

    fn falling(&self) -> &'static [bool] {
        if self.order.ascending { OLDEST } else { NEWEST }
    }
}
