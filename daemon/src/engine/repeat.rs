//! Calls that come twice: after a lost connection, or because a caller gave a `request_id` (contract.md §7).

use orc_core::limits;
use orc_core::refusal::Refusal;
use orc_core::time::DAY;
use orc_proto::wire::ToolCall;
use orc_store::Tx;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::args::Args;
use crate::call::Answer;
use crate::catalog::Tool;
use crate::sessions::Session;

/// Answers are kept this long (contract.md §12).
const KEPT: i64 = 7 * DAY;

/// The keys under which a call's answer is kept, and what was asked.
pub(super) struct Repeat {
    keys: Vec<String>,
    hash: Vec<u8>,
}

impl Repeat {
    /// The shim's own key, and the caller's `request_id`.
    pub(super) fn of(session: &Session, tool: &Tool, args: &Args, call: &ToolCall) -> Result<Self, Refusal> {
        let mut keys = Vec::new();
        if let Some(key) = &call.key {
            limits::chars("key", key, limits::KEY_CHARS)?;
            keys.push(format!("shim:{key}"));
        }
        if let Some(id) = args.text("request_id")? {
            limits::chars("request_id", id, limits::KEY_CHARS)?;
            keys.push(format!("request:{}:{id}", session.agent));
        }
        let mut hash = Sha256::new();
        hash.update(tool.name);
        hash.update([0]);
        hash.update(call.arguments.as_ref().map_or("", |raw| raw.get()));
        Ok(Self { keys, hash: hash.finalize().to_vec() })
    }

    /// What the same call was answered before. The same key for something else is a `CONFLICT`.
    pub(super) fn answered(&self, tx: &Tx<'_>) -> Answer<Option<Box<RawValue>>> {
        for key in &self.keys {
            let Some((hash, answer)) = tx.answered(key)? else { continue };
            if hash != self.hash {
                let message = "This request_id was used for another call; take a new one for each call";
                return Err(Refusal::conflict(message).field("request_id").into());
            }
            return Ok(RawValue::from_string(answer).ok());
        }
        Ok(None)
    }

    /// Keeps the answer, in the transaction of what it answers.
    pub(super) fn keep(&self, tx: &Tx<'_>, answer: &RawValue, now: i64) -> Answer<()> {
        for key in &self.keys {
            tx.keep_answer(key, &self.hash, answer.get(), now, now - KEPT)?;
        }
        Ok(())
    }
}
