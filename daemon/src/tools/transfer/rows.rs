//! Rows of a document as domain values. They keep their ids and times as given; missing fields get defaults, unknown ones
//! are ignored (contract.md §6).

use orc_core::ItemId;
use orc_core::edge::Edge;
use orc_core::item::Edit;
use orc_core::item::{Item, check_complexity, check_edit, check_title};
use orc_core::limits;
use orc_core::note::{Note, check_key};
use orc_core::refusal::Refusal;
use orc_core::status::{DepKind, Priority, Role, Status, Threshold};
use orc_core::time::Stamp;
use serde_json::Value;

use crate::args::whole;
use crate::call::Call;

/// One row, and how its fields are read.
pub(super) struct Row<'r> {
    row: &'r Value,
    now: &'r Stamp,
}

impl<'r> Row<'r> {
    pub(super) fn new(row: &'r Value, call: &'r Call<'_>) -> Result<Self, Refusal> {
        if row.is_object() {
            Ok(Self { row, now: &call.cx.now })
        } else {
            Err(crate::args::wrong_type("the row", "an object", row))
        }
    }

    fn text(&self, field: &str) -> Option<String> {
        match self.row.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// Tags as the export has them, or as an array of them.
    fn tags(&self) -> String {
        match self.row.get("tags") {
            Some(Value::Array(tags)) => {
                let words =
                    tags.iter().map(|tag| tag.as_str().map_or_else(|| tag.to_string(), str::to_owned));
                words.collect::<Vec<_>>().join(",")
            }
            _ => self.text("tags").unwrap_or_default(),
        }
    }

    fn filled(&self, field: &str) -> Option<String> {
        self.text(field).filter(|text| !text.is_empty())
    }

    /// An id as it stands, or none.
    pub(super) fn id(&self, field: &str) -> Result<Option<ItemId>, Refusal> {
        match self.filled(field) {
            None => Ok(None),
            Some(id) => {
                limits::chars("id", &id, limits::ID_CHARS)?;
                Ok(Some(ItemId::new(id)))
            }
        }
    }

    fn need_id(&self, field: &'static str) -> Result<ItemId, Refusal> {
        self.id(field)?.ok_or_else(|| Refusal::validation(format!("{field} is missing")).field(field))
    }

    fn word<T>(&self, field: &str, parse: fn(&str) -> Result<T, Refusal>, default: T) -> Result<T, Refusal> {
        self.filled(field).map_or(Ok(default), |word| parse(&word))
    }

    fn stamp(&self, field: &'static str) -> Result<Option<Stamp>, Refusal> {
        match self.filled(field) {
            None => Ok(None),
            Some(text) => match Stamp::parse(&text) {
                Some(stamp) => Ok(Some(stamp)),
                None => Err(Refusal::validation(format!("{field} is no ISO 8601 time: {text}")).field(field)),
            },
        }
    }

    pub(super) fn item(&self, fresh: impl FnOnce() -> ItemId) -> Result<Item, Refusal> {
        let title = self.text("title").unwrap_or_default();
        check_title(&title)?;
        let created_at = self.stamp("created_at")?.unwrap_or_else(|| self.now.clone());
        let updated_at = self.stamp("updated_at")?.unwrap_or_else(|| created_at.clone());
        let complexity = match self.row.get("complexity") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(value) => Some(check_complexity(whole("complexity", value)?)?),
        };
        let item = Item {
            id: self.id("id")?.unwrap_or_else(fresh),
            parent: self.id("parent_id")?,
            title,
            description: self.text("description").unwrap_or_default(),
            summary: self.text("summary").unwrap_or_default(),
            status: self.word("status", Status::parse, Status::Queue)?,
            label: self.filled("status_label"),
            previous: self.filled("previous_status").map(|word| Status::parse(&word)).transpose()?,
            priority: self.word("priority", Priority::parse, Priority::Medium)?,
            complexity,
            item_type: self.text("item_type").unwrap_or_default(),
            tags: self.tags(),
            metadata: self.text("metadata"),
            properties: self.text("properties"),
            due_at: self.stamp("due_at")?,
            schedule: self.filled("schedule"),
            next_run_at: self.stamp("next_run_at")?,
            not_before: self.stamp("not_before")?,
            reason: self.filled("reason"),
            project: self.filled("project"),
            version: self.row.get("version").and_then(Value::as_i64).filter(|v| *v > 0).unwrap_or(1),
            created_by: self.filled("created_by"),
            updated_by: self.filled("updated_by"),
            created_at,
            updated_at,
            role_changed_at: self.stamp("role_changed_at")?,
        };
        for edit in [
            Edit::Description(item.description.clone()),
            Edit::Summary(item.summary.clone()),
            Edit::ItemType(item.item_type.clone()),
            Edit::Metadata(item.metadata.clone()),
            Edit::Properties(item.properties.clone()),
            Edit::Schedule(item.schedule.clone()),
        ] {
            check_edit(&edit)?;
        }
        orc_core::text::parse_tags(&item.tags)?;
        Ok(item)
    }

    pub(super) fn note(&self, fresh: impl FnOnce() -> ItemId) -> Result<Note, Refusal> {
        let created_at = self.stamp("created_at")?.unwrap_or_else(|| self.now.clone());
        let body = self.text("body").unwrap_or_default();
        limits::bytes("body", &body, limits::BODY_BYTES)?;
        Ok(Note {
            id: self.id("id")?.unwrap_or_else(fresh),
            item: self.need_id("item_id")?,
            key: check_key(&self.text("key").unwrap_or_default())?,
            role: self.word("role", Role::parse, Role::Queue)?,
            body,
            created_by: self.filled("created_by"),
            updated_at: self.stamp("updated_at")?.unwrap_or_else(|| created_at.clone()),
            created_at,
        })
    }

    pub(super) fn edge(&self, fresh: impl FnOnce() -> ItemId) -> Result<Edge, Refusal> {
        Ok(Edge {
            id: self.id("id")?.unwrap_or_else(fresh),
            from: self.need_id("from_id")?,
            to: self.need_id("to_id")?,
            kind: self.word("dep_type", DepKind::parse, DepKind::Blocks)?,
            unblock_at: self.word("unblock_at", Threshold::parse, Threshold::Done)?,
            created_by: self.filled("created_by"),
            created_at: self.stamp("created_at")?.unwrap_or_else(|| self.now.clone()),
        })
    }
}
