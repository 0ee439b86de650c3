//! A document on its way to the daemon, in calls of a bounded size.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use orc_proto::{dial::Connection, wire::ToolCall};
use serde_json::{Value, json};

use super::{
    document::{Document, Found, List},
    progress::Progress,
};
use crate::verbs::Trouble;

/// A call ends with the row that fills it: its rows, and their bytes. Small enough that neither side holds much of the
/// document, large enough that one flush of the disk is shared by thousands.
const CALL_ROWS: u64 = 5_000;
const CALL_BYTES: usize = 4 << 20;
/// Longer than any call of that size takes; the deletion of a large store takes longest.
const DEADLINE: Duration = Duration::from_secs(3_600);
/// Rows that were skipped and are named.
const NAMED: usize = 10_000;

/// What ends an import early.
pub(super) enum Ended {
    Interrupted,
    Trouble(Trouble),
}

impl<T: Into<Trouble>> From<T> for Ended {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

/// An import under way.
pub(super) struct Import {
    connection: Connection,
    document: Document,
    pub(super) progress: Progress,
    interrupted: Arc<AtomicBool>,
}

impl Import {
    /// Nothing is sent yet.
    pub(super) fn begin(connection: Connection, document: Document, lists: &[Found]) -> Self {
        let progress = Progress::over(lists.iter().map(|found| found.rows).sum());
        Self { connection, document, progress, interrupted: heed_interrupts() }
    }

    /// Sends every list in turn.
    pub(super) async fn all(
        &mut self,
        lists: &[Found],
        replaces: bool,
        force: bool,
    ) -> Result<Skipped, Ended> {
        if replaces {
            self.progress.note("deleting what was there");
            self.call(json!({"data": {}, "mode": "replace", "force": force}).to_string()).await?;
            self.progress.note("");
        }
        let mut skipped = Skipped::default();
        for found in lists {
            skipped.add(self.list(*found).await?);
        }
        Ok(skipped)
    }

    /// Places one list. Items whose parents came later are placed by another round, as long as one helps.
    async fn list(&mut self, found: Found) -> Result<Skipped, Ended> {
        self.document.seek(found.place)?;
        let (mut skipped, mut left) = (Skipped::default(), Vec::new());
        let mut still = found.rows;
        while still > 0 {
            let place = self.document.place();
            let sent = self.send(found.list, still.min(CALL_ROWS)).await?;
            still -= sent.rows;
            self.progress.add(sent.rows);
            if sent.skipped.count() > 0 {
                left.push((place, sent.rows));
            }
            skipped.add(sent.skipped);
        }
        while found.list == List::Items && !left.is_empty() {
            self.progress.note("once more: items whose parents came later");
            let before = std::mem::take(&mut skipped).count();
            for (place, rows) in std::mem::take(&mut left) {
                self.document.seek(place)?;
                let sent = self.send(found.list, rows).await?;
                if sent.skipped.count() > 0 {
                    left.push((place, sent.rows));
                }
                skipped.add(sent.skipped);
            }
            if skipped.count() == before {
                break;
            }
        }
        Ok(skipped)
    }

    /// One call with the next rows of a list, which has at least `most`: fewer when they are large.
    async fn send(&mut self, list: List, most: u64) -> Result<Sent, Ended> {
        let mut call = format!("{{\"data\":{{\"{}\":[", list.key());
        let mut rows = 0;
        while rows < most && call.len() < CALL_BYTES {
            if rows > 0 {
                call.push(',');
            }
            call.push_str(self.document.next_row()?);
            rows += 1;
        }
        call.push_str("]}}");
        let answer = self.call(call).await?;
        Ok(Sent { rows, skipped: Skipped::of(list, &answer) })
    }

    /// One call of import_graph. It happens whole or not at all; an interruption waits for it.
    async fn call(&self, arguments: String) -> Result<Value, Ended> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Ended::Interrupted);
        }
        // No key: what the daemon has placed already it leaves as it is, so that a repeated call does no harm.
        let call = ToolCall {
            name: "import_graph".to_owned(),
            arguments: Some(arguments.into()),
            ..ToolCall::default()
        };
        let answer = self.connection.call(call, DEADLINE).await?;
        let document: Value = serde_json::from_str(answer.document.text()).map_err(std::io::Error::from)?;
        if answer.is_error {
            let message = document["error"]["message"].as_str().unwrap_or_default();
            // Tools' words for what is an option here.
            let message = message.replace("force=true", "--force");
            return Err(Trouble::Said(format!("the daemon refused what follows: {message}")).into());
        }
        Ok(document)
    }
}

/// What became of one call.
struct Sent {
    rows: u64,
    skipped: Skipped,
}

/// Rows that could not be placed: the first of them with their ids and the reasons, and how many more of each list.
#[derive(Default)]
pub(super) struct Skipped {
    pub(super) named: Vec<(List, String, String)>,
    pub(super) unnamed: [u64; 3],
}

impl Skipped {
    fn of(list: List, answer: &Value) -> Self {
        let listed = answer["skipped"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        let word = |row: &Value, key: &str| row[key].as_str().unwrap_or("?").to_owned();
        let named = listed.iter().map(|row| (list, word(row, "id"), word(row, "reason"))).collect();
        let mut skipped = Self { named, ..Self::default() };
        skipped.unnamed[list as usize] = answer["more"]["skipped"].as_u64().unwrap_or(0);
        skipped
    }

    fn count(&self) -> u64 {
        self.named.len() as u64 + self.unnamed.iter().sum::<u64>()
    }

    fn add(&mut self, other: Self) {
        for (more, added) in self.unnamed.iter_mut().zip(other.unnamed) {
            *more += added;
        }
        for row in other.named {
            match self.named.len() < NAMED {
                true => self.named.push(row),
                false => self.unnamed[row.0 as usize] += 1,
            }
        }
    }
}

/// Ctrl-C ends the import between two calls.
fn heed_interrupts() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&interrupted);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            told.store(true, Ordering::Relaxed);
        }
    });
    interrupted
}
