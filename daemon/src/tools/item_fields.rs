//! The fields of an item as arguments, wherever an item is made or changed.

use orc_core::ItemId;
use orc_core::command::NewItem;
use orc_core::item::{Edit, check_complexity};
use orc_core::refusal::Refusal;
use orc_core::status::Priority;
use orc_core::{Change, text};
use orc_store::Tx;
use serde_json::{Map, Value};

use crate::answer::Rows;
use crate::args::{Args, Kind, Param};
use crate::call::Answer;

/// The parameters of an item's fields. Their order is that of the catalogue.
pub(super) const FIELDS: [Param; 14] = [
    Param::new("title", Kind::Text, ""),
    Param::new("description", Kind::Text, ""),
    Param::new("summary", Kind::Text, ""),
    Param::new("parent_id", Kind::Id, ""),
    Param::new("priority", Kind::Word(Priority::WORDS), ""),
    Param::new("complexity", Kind::Integer, "1-10"),
    Param::new("item_type", Kind::Text, "Selects the note schema"),
    Param::new("tags", Kind::Words, "Comma-separated"),
    Param::new("metadata", Kind::Opaque, "").hidden(),
    Param::new("properties", Kind::Opaque, "").hidden(),
    Param::new("due_at", Kind::Time, "ISO 8601, UTC if no zone"),
    Param::new("schedule", Kind::Text, "Cron, 5 fields, UTC"),
    Param::new("not_before", Kind::Time, "Not offered before"),
    Param::new("project", Kind::Text, "").hidden(),
];

/// The edits that the given fields make. A null, or a name in `cleared`, clears its field; the rest stays as it is.
pub(super) fn edits(args: &Args, cleared: &[String]) -> Result<Vec<Edit>, Refusal> {
    let clears = |name: &str| args.is_null(name) || cleared.iter().any(|c| c == name);
    let mut edits = Vec::new();
    for field in &FIELDS {
        let name = field.name;
        if args.has(name) {
            edits.extend(given(args, name)?);
        } else if clears(name) {
            edits.extend(clearing(args, name)?);
        }
    }
    Ok(edits)
}

fn given(args: &Args, name: &str) -> Result<Option<Edit>, Refusal> {
    let text = || args.text(name).map(|t| t.unwrap_or_default().to_owned());
    Ok(Some(match name {
        "title" => Edit::Title(text()?),
        "description" => Edit::Description(text()?),
        "summary" => Edit::Summary(text()?),
        "parent_id" => Edit::Parent(args.id(name)?),
        "priority" => Edit::Priority(Priority::parse(&text()?)?),
        "complexity" => Edit::Complexity(args.integer(name)?.map(check_complexity).transpose()?),
        "item_type" => Edit::ItemType(text()?),
        "tags" => Edit::Tags(text::parse_tags(&args.words(name)?.unwrap_or_default().join(","))?),
        "metadata" => Edit::Metadata(args.opaque(name)?),
        "properties" => Edit::Properties(args.opaque(name)?),
        "due_at" => Edit::DueAt(args.time(name)?),
        "schedule" => Edit::Schedule(Some(text()?)),
        "not_before" => Edit::NotBefore(args.time(name)?),
        _ => return Ok(None),
    }))
}

fn clearing(args: &Args, name: &str) -> Result<Option<Edit>, Refusal> {
    Ok(Some(match name {
        "title" => {
            let place = args.place(name);
            return Err(Refusal::validation("title cannot be cleared: every item has one").field(place));
        }
        "description" => Edit::Description(String::new()),
        "summary" => Edit::Summary(String::new()),
        "parent_id" => Edit::Parent(None),
        "priority" => Edit::Priority(Priority::Medium),
        "complexity" => Edit::Complexity(None),
        "item_type" => Edit::ItemType(String::new()),
        "tags" => Edit::Tags(Vec::new()),
        "metadata" => Edit::Metadata(None),
        "properties" => Edit::Properties(None),
        "due_at" => Edit::DueAt(None),
        "schedule" => Edit::Schedule(None),
        "not_before" => Edit::NotBefore(None),
        _ => return Ok(None),
    }))
}

/// A new item from its fields; `parent` is where it goes when the fields name none.
pub(super) fn new_item(args: &Args, parent: Option<&str>) -> Result<NewItem, Refusal> {
    let title = args.need("title")?.to_owned();
    let project = args.text("project")?.map(|p| p.trim().to_owned());
    if let Some(name) = &project {
        orc_core::limits::chars("project", name, orc_core::limits::KEY_CHARS)?;
        if name == "*" {
            return Err(
                Refusal::validation("An item belongs to one project; '*' is for reads").field("project")
            );
        }
    }
    let parent = args.id("parent_id")?.or_else(|| parent.map(str::to_owned));
    let edits =
        edits(args, &[])?.into_iter().filter(|e| !matches!(e, Edit::Title(_) | Edit::Parent(_))).collect();
    Ok(NewItem { title, parent, project, edits })
}

/// The id of the item that the changes of one step made.
pub(super) fn created(changes: &[Change]) -> Option<&ItemId> {
    changes.iter().find_map(|change| match change {
        Change::ItemCreated { item, .. } => Some(&item.id),
        _ => None,
    })
}

/// An item's row as it stands in this transaction.
pub(super) fn row_of(tx: &Tx<'_>, rows: &Rows<'_, '_>, id: &ItemId) -> Answer<Map<String, Value>> {
    use orc_core::View;
    match tx.item(id)? {
        Some(item) => Ok(rows.item(&item)?),
        None => Err(Refusal::not_found(format!("No item matching prefix '{id}'")).into()),
    }
}
