//! An item's fields by their names: what its rows, its exports and its history are made of.

use orc_core::id::ItemId;
use orc_core::item::Item;
use orc_core::status::Status;
use orc_core::time::Stamp;
use serde_json::{Map, Value};

/// Every field of contract.md §3, in the order of the original's rows, and what was said at the last transition.
pub const FIELDS: [&str; 26] = [
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
];

/// What an item has in one field. It stays in the item until somebody wants it as JSON: most rows show few fields, and an edit
/// changes few.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field<'a> {
    /// Nothing.
    Null,
    /// Text, which may be empty.
    Text(&'a str),
    /// A number.
    Number(i64),
}

impl<'a> Field<'a> {
    /// The field of that name, of [`FIELDS`]; there is nothing in a field that does not exist.
    pub fn of(item: &'a Item, name: &str) -> Self {
        match name {
            "id" => Self::Text(item.id.as_str()),
            "parent_id" => item.parent.as_ref().map(ItemId::as_str).into(),
            "title" => Self::Text(&item.title),
            "description" => Self::Text(&item.description),
            "summary" => Self::Text(&item.summary),
            "status" => Self::Text(item.status.as_str()),
            "status_label" => item.label.as_deref().into(),
            "previous_status" => item.previous.map(Status::as_str).into(),
            "priority" => Self::Text(item.priority.as_str()),
            "complexity" => item.complexity.map_or(Self::Null, |n| Self::Number(n.into())),
            "item_type" => Self::Text(&item.item_type),
            "tags" => Self::Text(&item.tags),
            "metadata" => item.metadata.as_deref().into(),
            "properties" => item.properties.as_deref().into(),
            "role_changed_at" => item.role_changed_at.as_ref().map(Stamp::text).into(),
            "due_at" => item.due_at.as_ref().map(Stamp::text).into(),
            "schedule" => item.schedule.as_deref().into(),
            "next_run_at" => item.next_run_at.as_ref().map(Stamp::text).into(),
            "not_before" => item.not_before.as_ref().map(Stamp::text).into(),
            "reason" => item.reason.as_deref().into(),
            "project" => item.project.as_deref().into(),
            "version" => Self::Number(item.version),
            "created_by" => item.created_by.as_deref().into(),
            "updated_by" => item.updated_by.as_deref().into(),
            "created_at" => Self::Text(item.created_at.text()),
            "updated_at" => Self::Text(item.updated_at.text()),
            _ => Self::Null,
        }
    }

    /// Whether it says nothing: no value, or empty text.
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Null | Self::Text(""))
    }
}

impl<'a> From<Option<&'a str>> for Field<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Field<'_>> for Value {
    fn from(field: Field<'_>) -> Self {
        match field {
            Field::Null => Self::Null,
            Field::Text(text) => Self::from(text),
            Field::Number(n) => Self::from(n),
        }
    }
}

/// A whole item, every field of contract.md §3, as the original's rows have it.
pub fn item_json(item: &Item) -> Value {
    let mut row = Map::with_capacity(FIELDS.len());
    row.extend(FIELDS.iter().map(|name| ((*name).to_owned(), Field::of(item, name).into())));
    Value::Object(row)
}

/// The fields that differ, each with old and new.
pub(crate) fn differences(before: &Item, after: &Item) -> Map<String, Value> {
    // Bookkeeping stands in the columns of the history's row.
    const BOOKKEEPING: [&str; 6] = ["version", "updated_at", "updated_by", "role_changed_at", "id", "reason"];
    let fields = FIELDS.iter().filter(|name| !BOOKKEEPING.contains(name));
    let pairs = fields.map(|name| (name, Field::of(before, name), Field::of(after, name)));
    pairs
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| ((*name).to_owned(), Value::Array(vec![old.into(), new.into()])))
        .collect()
}
