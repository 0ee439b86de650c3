//! query_history, and what a version conflict says of it (contract.md §8).

use serde_json::{Value, json};

use crate::args::Args;
use crate::lists::{Filter, among_others};
use crate::refusal::{Answer, Refusal};
use crate::store::Entry;
use crate::symbol::Id;
use crate::{Call, Level};

impl Entry {
    fn shown(&self, seq: usize, level: Level) -> Value {
        let mut row = json!({
            "seq": seq, "at": format!("‹t{}›", self.call), "agent": self.agent, "kind": self.kind,
        });
        if let Some(id) = self.item {
            row["item_id"] = level.id(id);
        }
        if self.version.is_some() {
            row["changes"] = self.changes.clone().into();
            // A parent is shown as every id is.
            if let (Level::Compact, Some(pair)) = (level, row["changes"].get_mut("parent_id")) {
                let short = |id: &Value| json!(id.as_str().map(|id| id.replace('f', "s")));
                *pair = json!([short(&pair[0]), short(&pair[1])]);
            }
        }
        for (key, value) in &self.more {
            row[key] = value.clone();
        }
        among_others(row)
    }
}

impl Call<'_> {
    /// Newest first, or oldest first from a cursor.
    pub(crate) fn query_history(&mut self, args: &Args) -> Answer {
        let limit = args.bounded("limit", 50, 1, 500)?;
        let item = args.text("item_id")?.map(|id| self.there_or_gone(id)).transpose()?;
        let kinds = args.words("kind");
        let agent = args.text("agent")?;
        let cursor = args.integer("cursor")?.map(|cursor| self.known_cursor(cursor)).transpose()?;
        let filter = Filter::of(self.scope(args)?);
        let elsewhere = |id: Id| self.model.store.item(id).is_some_and(|item| !self.admits(&filter, item));
        let rows = self.model.store.history.iter().enumerate().map(|(n, entry)| (n + 1, entry));
        let mut rows: Vec<(usize, &Entry)> = rows
            .filter(|(_, e)| item.is_none() || e.item == item)
            // What is about no item is in every project, and so is what a deleted item left.
            .filter(|(_, e)| item.is_some() || !e.item.is_some_and(elsewhere))
            .filter(|(_, e)| kinds.is_empty() || kinds.iter().any(|kind| kind == e.kind))
            .filter(|(_, e)| agent.is_none_or(|agent| e.agent == agent))
            .filter(|(seq, _)| cursor.is_none_or(|cursor| *seq as i64 > cursor))
            .collect();
        if cursor.is_none() {
            rows.reverse();
        }
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let all = self.model.store.history.len();
        let items: Vec<Value> = rows.iter().map(|(seq, entry)| entry.shown(*seq, self.level())).collect();
        let last = rows.last().map(|(seq, _)| *seq);
        let mut answer = json!({"items": items, "has_more": has_more, "cursor": all});
        match cursor {
            Some(_) if has_more => answer["cursor"] = json!(last),
            None if has_more => answer["next_before"] = json!(last),
            _ => {}
        }
        Ok(answer)
    }

    /// A cursor of this database.
    fn known_cursor(&self, cursor: i64) -> Answer<i64> {
        let newest = self.model.store.history.len() as i64;
        if cursor < 0 {
            return Err(Refusal::validation("cursor", format!("cursor must be 0 or more, got {cursor}")));
        }
        if cursor > newest {
            let message = format!(
                "cursor {cursor} is ahead of the newest change, {newest}: it is not from this database. get_context() gives a new cursor"
            );
            return Err(Refusal::conflict("cursor", message));
        }
        Ok(cursor)
    }

    /// A live item, or one that was deleted: its history is still there.
    fn there_or_gone(&self, reference: &str) -> Answer<Id> {
        let refusal = match self.resolve(reference, "item_id") {
            Ok(id) => return Ok(id),
            Err(refusal) => refusal,
        };
        self.deleted(reference).map_err(|_| refusal)
    }

    /// What changed an item after that version, in words; at most 20 lines.
    pub(crate) fn changed_since(&self, id: Id, version: i64) -> Vec<String> {
        let said = |value: &Value| match value {
            Value::Null => "none".to_owned(),
            Value::String(text) if text.is_empty() => "none".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut lines = Vec::new();
        for entry in self.model.store.history.iter().filter(|e| e.item == Some(id)) {
            let Some(at) = entry.version.filter(|at| *at > version) else { continue };
            for (field, pair) in &entry.changes {
                let (old, new) = (said(&pair[0]), said(&pair[1]));
                lines.push(format!("v{at} {field}: {old} → {new} (by {})", entry.agent));
            }
        }
        lines.truncate(20);
        lines
    }
}
