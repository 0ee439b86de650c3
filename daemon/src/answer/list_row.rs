//! Rows of lists, written straight into the document: a page of fifty takes half the work of fifty objects that are made,
//! written and dropped.

use std::borrow::Cow;

use orc_core::refusal::Blocker;
use orc_core::time::Stamp;
use orc_store::Error;
use orc_store::queries::Listed;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{FIELDS, Level, Rows};

/// A row of a list: the few fields that tell items apart, or the ones that a session or a call picked.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum ListRow<'a> {
    Compact(CompactRow<'a>),
    Picked(Map<String, Value>),
}

/// `contract.md` §1: id, title, status, priority, parent_id, tags, due_at, claimed_by, those that are set.
#[derive(Serialize)]
pub(crate) struct CompactRow<'a> {
    id: Cow<'a, str>,
    title: &'a str,
    status: &'static str,
    priority: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    tags: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_by: Option<&'a str>,
}

/// What holds an item back: which, where it stands, how far it must come.
#[derive(Serialize)]
pub(crate) struct BlockerRow<'a> {
    id: Cow<'a, str>,
    title: &'a str,
    status: &'static str,
    needs: &'static str,
}

impl Rows<'_, '_> {
    /// A row of a list: the few fields that tell items apart, or the ones picked.
    pub(crate) fn listed<'l>(
        &self,
        listed: &'l Listed,
        picked: Option<&[String]>,
    ) -> Result<ListRow<'l>, Error> {
        Ok(match (picked, self.level) {
            (None, Level::Compact) => ListRow::Compact(self.compact(listed)?),
            (None, Level::Full) => ListRow::Picked(self.whole(listed)?),
            (Some(names), _) => {
                let names_of = names.iter().map(String::as_str);
                let row = self.row(&self.tx.whole(listed)?, listed.claimed_by.as_deref(), names_of)?;
                ListRow::Picked(self.pick(&row, names))
            }
        })
    }

    /// A single item's row, with the holder it was listed with.
    pub(crate) fn whole(&self, listed: &Listed) -> Result<Map<String, Value>, Error> {
        self.row(&self.tx.whole(listed)?, listed.claimed_by.as_deref(), FIELDS.into_iter())
    }

    /// Rows of a list.
    pub(crate) fn list<'l>(&self, items: &'l [Listed]) -> Result<Vec<ListRow<'l>>, Error> {
        items.iter().map(|listed| self.listed(listed, None)).collect()
    }

    fn compact<'l>(&self, listed: &'l Listed) -> Result<CompactRow<'l>, Error> {
        Ok(CompactRow {
            id: self.shown_id(&listed.id)?,
            title: &listed.title,
            status: listed.status.as_str(),
            priority: listed.priority.as_str(),
            parent_id: listed.parent.as_ref().map(|parent| self.shown_id(parent)).transpose()?,
            tags: &listed.tags,
            due_at: listed.due_at.as_ref().map(Stamp::text).filter(|text| !text.is_empty()),
            claimed_by: listed.claimed_by.as_deref(),
        })
    }

    /// A blocker's row.
    pub(crate) fn blocker<'b>(&self, blocker: &'b Blocker) -> Result<BlockerRow<'b>, Error> {
        Ok(BlockerRow {
            id: self.shown_id(&blocker.id)?,
            title: &blocker.title,
            status: blocker.status.as_str(),
            needs: blocker.needs.as_str(),
        })
    }
}
