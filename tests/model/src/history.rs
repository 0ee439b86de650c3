//! query_history, and what a version conflict says of it (contract.md §8).

use serde_json::{Value, json};

use crate::args::Args;
use crate::lists::among_others;
use crate::refusal::Answer;
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
        let cursor = args.integer("cursor")?;
        let rows = self.model.store.history.iter().enumerate().map(|(n, entry)| (n + 1, entry));
        let mut rows: Vec<(usize, &Entry)> = rows
            .filter(|(_, e)| item.is_none() || e.item == item)
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
            Some(cursor) => answer["cursor"] = last.map_or(json!(cursor), |seq| json!(seq)),
            None if has_more => answer["next_before"] = json!(last),
            None => {}
        }
        Ok(answer)
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
