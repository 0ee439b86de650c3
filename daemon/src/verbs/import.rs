//! `import FILE`: an exported document of any size, sent to the daemon in calls of a bounded size.
//!
//! Each call is one transaction, so that whatever ends an import leaves whole calls behind, and the same import again
//! completes it: what is there already is left as it is.

mod document;
mod progress;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use indicatif::HumanCount;
use orc_proto::{dial::Connection, wire::ToolCall};
use serde_json::{Value, json};

use super::{Here, Trouble, complain, exit::Exit, say};
pub(crate) use document::Unreadable;
use document::{Document, Found, List};
use progress::Progress;

/// A call ends with the row that fills it: its rows, and their bytes. Small enough that neither side holds much of the
/// document, large enough that one flush of the disk is shared by thousands.
const CALL_ROWS: u64 = 5_000;
const CALL_BYTES: usize = 4 << 20;
/// Longer than any call of that size takes; the deletion of a large store takes longest.
const DEADLINE: Duration = Duration::from_secs(3_600);
/// Rows that were skipped and are named.
const NAMED: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The document, as export_graph and manage_checkpoints write it
    file: PathBuf,
    /// merge keeps what is there and adds what is not; replace deletes what is there first
    #[arg(long, value_enum, default_value = "merge")]
    mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    Merge,
    Replace,
}

pub(crate) fn run(arguments: &Arguments, json: bool, db: Option<&Path>) -> Result<ExitCode, Trouble> {
    let here = Here::find(db)?;
    let mut document = Document::open(&arguments.file)?;
    // A document that is broken somewhere is refused before anything is changed.
    let mut lists = document.survey()?;
    lists.sort_by_key(|found| found.list);
    super::client_runtime()?.block_on(import(&here, document, &lists, arguments.mode, json))
}

async fn import(
    here: &Here,
    document: Document,
    lists: &[Found],
    mode: Mode,
    json: bool,
) -> Result<ExitCode, Trouble> {
    let mut import = Import {
        connection: here.connect().await?,
        document,
        progress: Progress::over(lists.iter().map(|found| found.rows).sum()),
        interrupted: heed_interrupts(),
    };
    let outcome = import.all(lists, mode).await;
    import.progress.end();
    let rows = HumanCount(import.progress.rows());
    match outcome {
        Ok(skipped) => Ok(tell(lists, &import.progress, &skipped, json)),
        Err(Ended::Interrupted) => {
            complain(&format!(
                "interrupted after {rows} rows. They stay; the same import again adds the rest"
            ));
            Ok(Exit::Interrupted.into())
        }
        Err(Ended::Trouble(trouble)) => {
            complain(&format!("after {rows} rows, which stay; the same import again adds the rest:"));
            Err(trouble)
        }
    }
}

/// What ends an import early.
enum Ended {
    Interrupted,
    Trouble(Trouble),
}

impl<T: Into<Trouble>> From<T> for Ended {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

struct Import {
    connection: Connection,
    document: Document,
    progress: Progress,
    interrupted: Arc<AtomicBool>,
}

impl Import {
    async fn all(&mut self, lists: &[Found], mode: Mode) -> Result<Skipped, Ended> {
        if mode == Mode::Replace {
            self.progress.note("deleting what was there");
            self.call("{\"data\":{},\"mode\":\"replace\"}".to_owned()).await?;
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
            if sent.skipped.count > 0 {
                left.push((place, sent.rows));
            }
            skipped.add(sent.skipped);
        }
        while found.list == List::Items && !left.is_empty() {
            self.progress.note("once more: items whose parents came later");
            let before = std::mem::take(&mut skipped).count;
            for (place, rows) in std::mem::take(&mut left) {
                self.document.seek(place)?;
                let sent = self.send(found.list, rows).await?;
                if sent.skipped.count > 0 {
                    left.push((place, sent.rows));
                }
                skipped.add(sent.skipped);
            }
            if skipped.count == before {
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
        Ok(Sent { rows, skipped: Skipped::of(&answer) })
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
            return Err(Trouble::Said(format!("the daemon refused the rows that follow: {message}")).into());
        }
        Ok(document)
    }
}

/// What became of one call.
struct Sent {
    rows: u64,
    skipped: Skipped,
}

/// Rows that could not be placed: how many, and the first of them in words.
#[derive(Default)]
struct Skipped {
    count: usize,
    named: Vec<String>,
}

impl Skipped {
    fn of(answer: &Value) -> Self {
        let listed = answer["skipped"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        let more = answer["more"]["skipped"].as_u64().unwrap_or(0);
        let word = |row: &Value, key: &str| row[key].as_str().unwrap_or("?").to_owned();
        let named = listed
            .iter()
            .take(NAMED)
            .map(|row| format!("{} {}: {}", word(row, "kind"), word(row, "id"), word(row, "reason")));
        Self { count: listed.len() + usize::try_from(more).unwrap_or(usize::MAX), named: named.collect() }
    }

    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.named.extend(other.named);
        self.named.truncate(NAMED);
    }
}

/// Says what came of it; everything placed is a success.
fn tell(lists: &[Found], progress: &Progress, skipped: &Skipped, json: bool) -> ExitCode {
    let rows = |list| lists.iter().filter(|found| found.list == list).map(|found| found.rows).sum::<u64>();
    let exit = if skipped.count == 0 { Exit::Fine } else { Exit::Refused };
    if json {
        let (items, notes, dependencies) = (rows(List::Items), rows(List::Notes), rows(List::Dependencies));
        say(&json!({
            "items": items, "notes": notes, "dependencies": dependencies,
            "rows_per_second": progress.rate(), "skipped": skipped.count, "named": skipped.named,
        })
        .to_string());
        return exit.into();
    }
    let count = |list| HumanCount(rows(list));
    say(&format!(
        "{} items, {} notes and {} dependencies: {} rows a second",
        count(List::Items),
        count(List::Notes),
        count(List::Dependencies),
        HumanCount(progress.rate())
    ));
    if exit == Exit::Fine {
        return exit.into();
    }
    complain(&format!("{} rows could not be placed:", HumanCount(skipped.count as u64)));
    for row in &skipped.named {
        complain(&format!("  {row}"));
    }
    if skipped.count > skipped.named.len() {
        complain(&format!("  and {} more", HumanCount((skipped.count - skipped.named.len()) as u64)));
    }
    exit.into()
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
