//! Calls that come twice: after a lost connection, or because a caller gave a `request_id` (contract.md §7).

use orc_core::limits;
use orc_core::refusal::Refusal;
use orc_core::time::DAY;
use orc_proto::wire::{Document, ToolCall};
use orc_store::Tx;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::args::Args;
use crate::call::Answer;
use crate::catalog::Tool;
use crate::sessions::Session;

/// Answers are kept this long (contract.md §12).
const KEPT: i64 = 7 * DAY;

/// The keys under which a call's answer is kept.
pub(super) struct Repeat {
    keys: Vec<Key>,
}

struct Key {
    /// As its caller gave it.
    given: String,
    /// What the answer is kept under.
    kept: String,
    /// What was asked.
    asked: Vec<u8>,
    /// For how long it counts, in microseconds. A shim never uses a key for two calls, so its keys need not run out: a clock
    /// that is set while a call is under way changes nothing.
    counts_for: Option<i64>,
}

impl Repeat {
    /// The shim's own key, and the caller's `request_id`, which is the agent's own: others may use the same one.
    pub(super) fn of(session: &Session, tool: &Tool, args: &Args, call: &ToolCall) -> Result<Self, Refusal> {
        let mut keys = Vec::new();
        let raw = call.arguments.as_ref().map_or("", |raw| raw.text());
        if let Some(key) = &call.key {
            limits::chars("key", key, limits::KEY_CHARS)?;
            // The shim sends the same bytes again.
            let (kept, asked) = (format!("shim:{key}"), hash(tool, raw));
            keys.push(Key { given: key.clone(), kept, asked, counts_for: None });
        }
        if let Some(id) = args.text("request_id")? {
            limits::chars("request_id", id, limits::KEY_CHARS)?;
            let subagent = args.text("agent")?.map(|name| format!("/{}", name.trim())).unwrap_or_default();
            let given: Value = serde_json::from_str(raw).unwrap_or_default();
            keys.push(Key {
                given: id.to_owned(),
                kept: format!("request:{}{subagent}:{id}", session.agent),
                asked: hash(tool, &sorted(given).to_string()),
                counts_for: Some(KEPT),
            });
        }
        Ok(Self { keys })
    }

    /// What the same call was answered before. The same key for something else is a `CONFLICT`.
    pub(super) fn answered(&self, tx: &Tx<'_>, now: i64) -> Answer<Option<Document>> {
        for key in &self.keys {
            let since = key.counts_for.map_or(i64::MIN, |time| now - time);
            let Some((asked, answer)) = tx.answered(&key.kept, since)? else { continue };
            if asked != key.asked {
                let message = format!(
                    "request_id '{}' was used for another call; take a new one for each call",
                    key.given
                );
                return Err(Refusal::conflict(message).field("request_id").into());
            }
            return Ok(Some(answer.into()));
        }
        Ok(None)
    }

    /// Keeps the answer, in the transaction of what it answers.
    pub(super) fn keep(&self, tx: &Tx<'_>, answer: &Document, now: i64) -> Answer<()> {
        for key in &self.keys {
            tx.keep_answer(&key.kept, &key.asked, answer.text(), now, now - KEPT)?;
        }
        Ok(())
    }
}

fn hash(tool: &Tool, asked: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(tool.name);
    hash.update([0]);
    hash.update(asked);
    hash.finalize().to_vec()
}

/// A caller that asks again may write its fields in another order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(entries) => Value::Array(entries.into_iter().map(sorted).collect()),
        other => other,
    }
}
