//! The graph as a document: what export_graph and checkpoints write, and what import_graph and checkpoints read.

mod place;
mod rows;

use std::borrow::Cow;
use std::io::Write;

use orc_core::refusal::Refusal;
use orc_store::queries::Filter;
use orc_store::{Tx, history};
use serde_json::{Map, Value, json};

use crate::args::{unwrapped, wrong_type};
use crate::call::{Answer, Call};
use crate::halt::Halt;

pub(super) use place::{Mode, import};

/// The version of the document's form, which the original gave it.
const FORM: &str = "0.8.0";

/// The three lists of a document, in its order.
pub(super) const LISTS: [&str; 3] = ["items", "notes", "dependencies"];

/// Writes the items that match, their notes and the edges among them, as one document. Rows are whole and follow one another,
/// so that memory does not grow with the store.
///
/// # Errors
/// When the store cannot be read, or `out` cannot be written: then its own words.
pub(super) fn write_document(
    call: &Call<'_>,
    tx: &Tx<'_>,
    filter: &Filter,
    out: &mut dyn Write,
) -> Answer<()> {
    let now = call.now();
    let mut document = Document { out, failed: None, rows: 0 };
    document.text("{");
    document.open("items");
    tx.each_item(filter, now, |item| document.row(&history::item_json(&item)))?;
    document.text("],");
    document.open("notes");
    tx.each_note(filter, now, |note| document.row(&history::note_json(&note)))?;
    document.text("],");
    document.open("dependencies");
    tx.each_edge(filter, now, |edge| document.row(&history::edge_json(&edge)))?;
    document.text(&format!("],\"exported_at\":{},\"version\":\"{FORM}\"}}", json!(call.cx.now.text())));
    match document.failed {
        None => Ok(()),
        Some(error) => Err(failed(&error)),
    }
}

/// A document on its way out. The first fault ends it.
struct Document<'o> {
    out: &'o mut dyn Write,
    failed: Option<std::io::Error>,
    rows: usize,
}

impl Document<'_> {
    fn open(&mut self, list: &str) {
        self.rows = 0;
        self.text(&format!("\"{list}\":["));
    }

    fn row(&mut self, row: &Value) -> bool {
        if self.rows > 0 {
            self.text(",");
        }
        self.rows += 1;
        self.text(&row.to_string());
        self.failed.is_none()
    }

    fn text(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(text.as_bytes()).err();
        }
    }
}

fn failed(error: &std::io::Error) -> Halt {
    Refusal::new(orc_core::Code::Unavailable, format!("The export could not be written: {error}")).into()
}

/// The lists of a document that came in, each an array; a missing one is empty. A list or a row may come as JSON text
/// (contract.md §2). Refuses anything else with its place.
pub(super) fn lists(document: &Map<String, Value>) -> Result<[Cow<'_, [Value]>; 3], Refusal> {
    let mut lists: [Cow<'_, [Value]>; 3] = Default::default();
    for (list, key) in lists.iter_mut().zip(LISTS) {
        *list = match document.get(key) {
            None | Some(Value::Null) => Cow::default(),
            Some(Value::Array(rows)) if rows.iter().all(Value::is_object) => Cow::Borrowed(rows),
            Some(other) => Cow::Owned(rows(key, other)?),
        };
    }
    Ok(lists)
}

/// The rows of a list that is not plainly an array of objects.
fn rows(key: &str, list: &Value) -> Result<Vec<Value>, Refusal> {
    let rows = match unwrapped(list.clone()) {
        Value::Array(rows) => rows.into_iter().map(unwrapped).collect::<Vec<Value>>(),
        // An empty text means "not given", as everywhere.
        Value::String(text) if text.is_empty() => Vec::new(),
        other => return Err(wrong_type(format!("data.{key}"), "an array", &other)),
    };
    match rows.iter().enumerate().find(|(_, row)| !row.is_object()) {
        Some((index, row)) => Err(wrong_type(format!("data.{key}[{index}]"), "an object", row)),
        None => Ok(rows),
    }
}
