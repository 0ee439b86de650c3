//! Pages of items.

use orc_core::id::ItemId;
use orc_core::item::Item;
use orc_core::limits;
use orc_core::refusal::Blocker;
use orc_core::status::{Priority, Status};
use orc_core::time::Stamp;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

use super::cursor::Cursor;
use super::filter::{Filter, Where};
use super::way::Way;
use crate::error::Result;
use crate::row;
use crate::tx::Tx;
use crate::view::count;

/// What lists show of an item, and who holds it. [`Tx::whole`] has the rest, which few ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its id.
    pub id: ItemId,
    /// Its parent's.
    pub parent: Option<ItemId>,
    /// What is to be done.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// Comma-separated.
    pub tags: String,
    /// When it is due.
    pub due_at: Option<Stamp>,
    /// Why it stands where it does, where the last transition said so.
    pub reason: Option<String>,
    /// Its project.
    pub project: Option<String>,
    /// When it was made, in microseconds.
    pub created_ts: i64,
    /// When it was changed last, in microseconds.
    pub updated_ts: i64,
    /// The holder's name, while a claim holds.
    pub claimed_by: Option<String>,
    /// Its row, and how many blockers hold it back: so that these are found without looking for it again.
    rid: i64,
    unmet: i64,
}

/// What a list is sorted by; ties by age, then by arrival.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// When it was made.
    #[default]
    Created,
    /// When it was changed last.
    Updated,
    /// How much it matters.
    Priority,
    /// When it is due; what has no due time comes last.
    Due,
}

/// A sort and its direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Order {
    /// By what.
    pub sort: Sort,
    /// Oldest, most urgent or earliest first. The default order of lists is newest first.
    pub ascending: bool,
}

impl Order {
    /// In SQL, so written that no index is walked for it: what is sorted so has been found already.
    fn sql(self) -> String {
        let dir = if self.ascending { "ASC" } else { "DESC" };
        match self.sort {
            Sort::Created => format!("+i.created_ts {dir}, i.rid {dir}"),
            Sort::Updated => format!("+i.updated_ts {dir}, i.rid {dir}"),
            Sort::Priority => format!("+i.priority {dir}, i.created_ts ASC, i.rid ASC"),
            Sort::Due => format!("i.due_ts IS NULL, i.due_ts {dir}, i.created_ts ASC, i.rid ASC"),
        }
    }
}

/// Where a page begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// So many items are passed over.
    Skip(usize),
    /// Behind the last item of the page before.
    Behind(Cursor),
}

/// One page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Its items.
    pub items: Vec<Listed>,
    /// How many match in all, up to [`limits::TOTAL_EXACT`].
    pub total: usize,
    /// Whether more than that match.
    pub total_more: bool,
    /// Whether more come behind this page.
    pub has_more: bool,
    /// Where the next page begins, when there is one.
    pub next: Option<Cursor>,
}

/// What [`listed`] reads, from `items i` with what is [`BESIDE`] it.
pub(super) const LISTED: &str = "i.id, p.id, i.title, i.status, i.priority, i.tags, i.due_at, i.due_ts, i.reason, q.name, \
     i.created_ts, i.updated_ts, CASE WHEN c.subagent IS NULL THEN c.agent ELSE c.agent || '/' || c.subagent END, i.rid, i.unmet";

/// Its parent, its project and its claim; the parameter is the time.
pub(super) const BESIDE: &str = "LEFT JOIN items p ON p.rid = i.parent LEFT JOIN projects q ON q.rid = i.project \
     LEFT JOIN claims c ON c.item = i.rid AND (c.ends_ts IS NULL OR c.ends_ts > ?)";

pub(super) fn listed(row: &rusqlite::Row<'_>) -> rusqlite::Result<Listed> {
    Ok(Listed {
        id: ItemId::new(row.get::<_, String>(0)?),
        parent: row.get::<_, Option<String>>(1)?.map(ItemId::new),
        title: row.get(2)?,
        status: row::word(row, 3, Status::from_index)?,
        priority: row::word(row, 4, Priority::from_index)?,
        tags: row.get(5)?,
        due_at: row::optional_stamp(row, 6)?,
        reason: row.get(8)?,
        project: row.get(9)?,
        created_ts: row.get(10)?,
        updated_ts: row.get(11)?,
        claimed_by: row.get(12)?,
        rid: row.get(13)?,
        unmet: row.get(14)?,
    })
}

impl Listed {
    /// Its place in an order.
    fn place(&self, order: Order) -> Cursor {
        let first = match order.sort {
            Sort::Created => Some(self.created_ts),
            Sort::Updated => Some(self.updated_ts),
            Sort::Priority => Some(i64::from(self.priority.index())),
            Sort::Due => self.due_at.as_ref().map(Stamp::micros),
        };
        Cursor::new(first, self.created_ts, self.rid)
    }
}

impl Tx<'_> {
    /// A page of the items that match; `now` in microseconds decides which claims hold.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn page(&self, filter: &Filter, order: Order, start: Start, limit: usize, now: i64) -> Result<Page> {
        let (skip, after) = match start {
            Start::Skip(n) => (n, None),
            Start::Behind(cursor) => (0, Some(cursor)),
        };
        let way = self.way(filter, order, after, now)?;
        let mut rids = self.along(&way, order, after, skip, limit + 1)?;
        let has_more = rids.len() > limit;
        rids.truncate(limit);
        let items = self.listed_at(&rids, now)?;
        let all_seen = after.is_none() && !has_more && (skip == 0 || !rids.is_empty());
        let n = match way {
            Way::Along(_, Some(known)) | Way::Gathered(_, Some(known)) => known,
            _ if all_seen => skip + rids.len(),
            // Counted anew where the way begins behind the cursor.
            way => {
                let way = if after.is_some() { self.way(filter, order, None, now)? } else { way };
                self.counted(&way, limits::TOTAL_EXACT + 1)?
            }
        };
        let next = match items.last() {
            Some(last) if has_more => Some(last.place(order)),
            _ => None,
        };
        Ok(Page {
            items,
            total: n.min(limits::TOTAL_EXACT),
            total_more: n > limits::TOTAL_EXACT,
            has_more,
            next,
        })
    }

    /// How many items match, counted up to [`limits::TOTAL_EXACT`], and whether there are more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn total(&self, filter: &Filter, now: i64) -> Result<(usize, bool)> {
        let way = self.way(filter, Order::default(), None, now)?;
        let n = match way {
            Way::Along(_, Some(known)) | Way::Gathered(_, Some(known)) => known,
            way => self.counted(&way, limits::TOTAL_EXACT + 1)?,
        };
        Ok((n.min(limits::TOTAL_EXACT), n > limits::TOTAL_EXACT))
    }

    /// The rows at the beginning of a way.
    pub(super) fn along(
        &self,
        way: &Way,
        order: Order,
        after: Option<Cursor>,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<i64>> {
        match way {
            Way::Along(stretches, _) => stretches.first(self, skip, limit),
            Way::Gathered(w, _) => self.gathered(w, &order.sql(), skip, limit),
            Way::Arrivals(search) => self.arrivals(search, after.map(Cursor::row), skip, limit),
        }
    }

    pub(super) fn counted(&self, way: &Way, most: usize) -> Result<usize> {
        match way {
            Way::Along(stretches, _) => stretches.count(self, most),
            Way::Gathered(w, _) => self.count_up_to(w, most),
            Way::Arrivals(search) => Ok(self.arrivals(search, None, 0, most)?.len()),
        }
    }

    pub(super) fn count_up_to(&self, w: &Where, most: usize) -> Result<usize> {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM items i {} LIMIT ?)", w.sql());
        let values = w.values.iter().cloned().chain([Value::from(count(most))]);
        self.number(&sql, params_from_iter(values))
    }

    /// The row numbers of the items that match, found wherever SQLite thinks best, and sorted by an order in SQL.
    pub(super) fn gathered(&self, w: &Where, order: &str, skip: usize, limit: usize) -> Result<Vec<i64>> {
        let sql = format!("SELECT i.rid FROM items i {} ORDER BY {order} LIMIT ? OFFSET ?", w.sql());
        let values = w.values.iter().cloned().chain([Value::from(count(limit)), Value::from(count(skip))]);
        self.rows(&sql, params_from_iter(values), |row| row.get(0))
    }

    /// The direct children of an item, oldest first, up to `most`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn children(&self, parent: &ItemId, most: usize, now: i64) -> Result<Vec<Listed>> {
        let filter = Filter { parent: Some(Some(parent.clone())), ..Filter::default() };
        let order = Order { sort: Sort::Created, ascending: true };
        let way = self.way(&filter, order, None, now)?;
        self.listed_at(&self.along(&way, order, None, 0, most)?, now)
    }

    /// An item as lists show it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn listed(&self, id: &ItemId, now: i64) -> Result<Option<Listed>> {
        let sql = format!("SELECT {LISTED} FROM items i {BESIDE} WHERE i.id = ?");
        self.one(&sql, rusqlite::params![now, id.as_str()], listed)
    }

    /// All of a listed item.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn whole(&self, listed: &Listed) -> Result<Item> {
        let sql = format!("SELECT {} FROM items i WHERE i.rid = ?", row::ITEM);
        Ok(self.conn.prepare_cached(&sql)?.query_row([listed.rid], row::item)?)
    }

    /// The unmet blockers of a listed item, the oldest edge first, up to `most`, and how many there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn blockers_of(&self, listed: &Listed, most: usize) -> Result<(Vec<Blocker>, usize)> {
        self.blockers_at(listed.rid, listed.unmet, most)
    }

    /// The ancestors of an item, from its parent up to the root.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn ancestors(&self, item: &Item) -> Result<Vec<Item>> {
        use orc_core::View;
        let mut ancestors: Vec<Item> = Vec::new();
        let mut at = item.parent.clone();
        while let Some(id) = at {
            let Some(parent) = self.item(&id)? else { break };
            at = parent.parent.clone();
            ancestors.push(parent);
        }
        Ok(ancestors)
    }
}
