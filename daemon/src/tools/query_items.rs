//! query_items: one item, a list of them, the children of one, or how many there are.

use orc_core::limits;
use orc_core::refusal::Refusal;
use orc_core::status::{Priority, Status};
use orc_core::words::words;
use orc_core::{View, resolve};
use orc_store::Tx;
use orc_store::queries::{Cursor, Filter, Order, Sort, Start};
use serde_json::{Map, Value, json};

use super::item_fields::row_of;
use crate::answer::{FIELDS, written};
use crate::args::{Args, Kind, Param};
use crate::call::{Answer, Call, within};
use crate::catalog::{Access, Effect, Run, Tool};
use crate::near::nearest;
use crate::page::Page;

const PARAMS: [Param; 18] = [
    Param::new("operation", Kind::Word(&["get", "list", "children", "overview"]), "Default list"),
    Param::new("item_id", Kind::Id, "get"),
    Param::new("parent_id", Kind::Id, "list, children"),
    Param::new("include_ancestors", Kind::Boolean, "get: the chain up to the root"),
    Param::new("status", Kind::Words, "One or more, comma-separated"),
    Param::new("priority", Kind::Words, ""),
    Param::new("tags", Kind::Words, "Any of these, whole"),
    Param::new("item_type", Kind::Text, ""),
    Param::new("search", Kind::Text, "Words in title, description, notes"),
    Param::new("project", Kind::Text, "* = all"),
    Param::new("workspace", Kind::Text, ""),
    Param::new("updated_since", Kind::Time, ""),
    Param::new("claimed", Kind::Boolean, ""),
    Param::new("sort", Kind::Text, "created (default, newest first), updated, priority, due; - reverses"),
    Param::new("limit", Kind::Integer, "1-500, default 50"),
    Param::new("offset", Kind::Integer, ""),
    Param::new("cursor", Kind::Text, "next_cursor of the page before"),
    Param::new("fields", Kind::Words, "Which fields, e.g. id,title"),
];

pub(crate) static TOOL: Tool = Tool {
    name: "query_items",
    description: "Read work items: get one, list with filters, children of one, or overview (counts).",
    params: &PARAMS,
    required: &[],
    core: true,
    effect: Effect::Reads,
    access: |_| Ok(Access::Read),
    run: Run::Text(run),
};

#[derive(Clone, Copy)]
enum Operation {
    Get,
    List,
    Children,
    Overview,
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("get", Operation::Get),
    ("list", Operation::List),
    ("children", Operation::Children),
    ("overview", Operation::Overview),
];

fn run(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
    match args.operation(&OPERATIONS, Some("list"))? {
        Operation::Get => written(&get(call, args, tx)?),
        Operation::List => {
            let filter = filter(call, args, tx)?;
            list(call, args, tx, &filter, order(args, Order::default())?)
        }
        Operation::Children => children(call, args, tx),
        Operation::Overview => written(&overview(call, args, tx)?),
    }
}

fn get(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let id = resolve(tx, &args.need_id("item_id")?, "item_id")?;
    let rows = call.rows(tx)?;
    let mut row = row_of(tx, &rows, &id)?;
    if let Some(fields) = fields(args)? {
        row = rows.pick(&row, &fields);
    }
    if args.flag("include_ancestors")?
        && let Some(item) = tx.item(&id)?
    {
        let ancestors = tx.ancestors(&item)?;
        let ancestors = ancestors.iter().map(|a| Ok(rows.in_list(rows.item(a)?)));
        row.insert("ancestors".to_owned(), ancestors.collect::<Answer<Vec<Value>>>()?.into());
    }
    Ok(Value::Object(row))
}

fn children(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<String> {
    let parent = match args.id("parent_id")? {
        Some(parent) => parent,
        None => args
            .need_id("item_id")
            .map_err(|_| Refusal::validation("parent_id is required").field("parent_id"))?,
    };
    let parent = resolve(tx, &parent, "parent_id")?;
    let filter = Filter { parent: Some(Some(parent)), ..Filter::default() };
    list(call, args, tx, &filter, order(args, Order { sort: Sort::Created, ascending: true })?)
}

fn overview(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer {
    let filter = filter(call, args, tx)?;
    let counts = tx.status_counts(&filter, call.now())?;
    let of =
        |wanted: &[Status]| counts.iter().filter(|(s, _)| wanted.contains(s)).map(|(_, n)| n).sum::<i64>();
    let held_back = tx.held_back(&filter, 0, call.now())?.total;
    let named: Map<String, Value> = counts.iter().map(|(s, n)| (s.as_str().to_owned(), json!(n))).collect();
    Ok(json!({
        "counts": named,
        "active_count": of(&[Status::Work, Status::Review]),
        "blocked_count": held_back,
        "total": of(Status::ALL),
    }))
}

fn filter(call: &Call<'_>, args: &Args, tx: &Tx<'_>) -> Answer<Filter> {
    let words = |name: &str| Ok::<_, Refusal>(args.words(name)?.unwrap_or_default());
    let parent = match args.id("parent_id")? {
        Some(root) if root == "root" || root == "none" => Some(None),
        Some(parent) => Some(Some(resolve(tx, &parent, "parent_id")?)),
        // A null is a filter that a model filled in, like "" (contract.md §2): it narrows nothing.
        None => None,
    };
    Ok(Filter {
        statuses: words("status")?.iter().map(|w| Status::parse(w)).collect::<Result<_, _>>()?,
        priorities: words("priority")?.iter().map(|w| Priority::parse(w)).collect::<Result<_, _>>()?,
        parent,
        tags: args.words("tags")?.filter(|tags| !tags.is_empty()),
        workspace: within(tx, args.text("workspace")?)?,
        item_type: args.text("item_type")?.map(str::to_owned),
        scope: call.scope(tx, args)?,
        search: searched(args)?,
        updated_since: args.time("updated_since")?.map(|since| since.micros()),
        claimed: args.choice("claimed")?,
    })
}

/// The words of `search`, of which there must be one.
pub(super) fn searched(args: &Args) -> Result<Option<String>, Refusal> {
    match args.text("search")? {
        Some(text) if words(text).next().is_none() => {
            let message = format!("search has no word to look for: {}", orc_core::text::cut(text, 60));
            Err(Refusal::validation(message).field("search"))
        }
        Some(text) => {
            limits::chars("search", text, limits::TITLE_CHARS)?;
            Ok(Some(text.to_owned()))
        }
        None => Ok(None),
    }
}

/// `sort=priority`, `sort=-due`: a leading minus turns the usual direction of that sort around.
fn order(args: &Args, default: Order) -> Result<Order, Refusal> {
    const SORTS: [(&str, Sort, bool); 8] = [
        ("created", Sort::Created, false),
        ("created_at", Sort::Created, false),
        ("updated", Sort::Updated, false),
        ("updated_at", Sort::Updated, false),
        ("priority", Sort::Priority, true),
        ("due", Sort::Due, true),
        ("due_at", Sort::Due, true),
        ("age", Sort::Created, true),
    ];
    let Some(text) = args.text("sort")? else { return Ok(default) };
    let word = text.trim().to_ascii_lowercase();
    let (name, reversed) = word.strip_prefix('-').map_or((word.as_str(), false), |rest| (rest, true));
    match SORTS.iter().find(|(known, ..)| *known == name) {
        Some((_, sort, ascending)) => Ok(Order { sort: *sort, ascending: *ascending != reversed }),
        None => {
            let message = format!(
                "Invalid sort: {text}. Valid: created, updated, priority, due, each also with - in front"
            );
            Err(Refusal::validation(message).field("sort"))
        }
    }
}

fn fields(args: &Args) -> Result<Option<Vec<String>>, Refusal> {
    let Some(fields) = args.words("fields")? else { return Ok(None) };
    for field in &fields {
        if !FIELDS.contains(&field.as_str()) {
            let near = nearest(field, FIELDS).map(|n| format!(" Did you mean {n}?")).unwrap_or_default();
            let message = format!("Unknown field: {field}.{near} Fields: {}", FIELDS.join(", "));
            return Err(Refusal::validation(message).field("fields"));
        }
    }
    Ok(Some(fields).filter(|f| !f.is_empty()))
}

/// A page of items. With the cursor, items that come and go shift no page.
pub(super) fn list(
    call: &Call<'_>,
    args: &Args,
    tx: &Tx<'_>,
    filter: &Filter,
    order: Order,
) -> Answer<String> {
    let limit = page_limit(args)?;
    let start = match args.text("cursor")? {
        Some(cursor) => Start::Behind(read_cursor(cursor)?),
        None => Start::Skip(usize::try_from(args.bounded("offset", 0, 0, i64::MAX)?).unwrap_or(usize::MAX)),
    };
    let picked = fields(args)?;
    let page = tx.page(filter, order, start, limit, call.now())?;
    let rows = call.rows(tx)?;
    let items =
        page.items.iter().map(|item| rows.listed(item, picked.as_deref())).collect::<Result<Vec<_>, _>>()?;
    written(&Page {
        items,
        total: page.total,
        total_more: page.total_more,
        has_more: page.has_more,
        next: page.next.map(|next| next.to_text()),
    })
}

/// `limit`: 1 to 500, 50 when not given.
pub(super) fn page_limit(args: &Args) -> Result<usize, Refusal> {
    let most = i64::try_from(limits::LIST).unwrap_or(i64::MAX);
    let default = i64::try_from(limits::LIST_DEFAULT).unwrap_or(50);
    Ok(usize::try_from(args.bounded("limit", default, 1, most)?).unwrap_or(limits::LIST_DEFAULT))
}

fn read_cursor(cursor: &str) -> Result<Cursor, Refusal> {
    Cursor::parse(cursor.trim()).ok_or_else(|| invalid_cursor(cursor))
}

/// The refusal of what no page answered as its `next_cursor`.
pub(super) fn invalid_cursor(cursor: &str) -> Refusal {
    let shown = orc_core::text::cut(cursor, 60);
    Refusal::validation(format!("Invalid cursor: {shown}. Give next_cursor of the page before"))
        .field("cursor")
}
