//! What clients asked for while things broke, and what they were answered: the one half of every test that nothing was lost.
//! [`crate::Evidence`] is the other.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// A write that can be found again by its mark, whole, half or twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A root called like the mark, with two children, an edge between them and a note under the mark.
    Tree,
    /// So many items called like the mark.
    Batch(i64),
    /// A note under the mark on the item of this id.
    Note(String),
    /// The item of this 36-character id is started, which claims it.
    Start(String),
    /// It is completed.
    Complete(String),
}

/// What became of a call as far as its caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered: it has happened, once.
    Answered,
    /// It was refused: nothing of it has happened.
    Refused,
    /// There was no answer, or one that says that nobody knows: it has happened once, or not at all.
    Unknown,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Entry {
    /// No other call has it.
    pub mark: String,
    /// What was to be done.
    pub deed: Deed,
    /// What is known of it.
    pub outcome: Outcome,
}

/// All calls of a test, by any number of threads.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Vec<Entry>>);

impl Deed {
    /// The tool and its arguments. The mark is the call's `request_id`, so that whoever lost an answer may ask again.
    pub fn call(&self, mark: &str) -> (&'static str, Value) {
        match self {
            Self::Tree => {
                let child = |name: &str| json!({"ref": name, "title": format!("{mark}/{name}")});
                let arguments = json!({
                    "root_title": mark, "request_id": mark, "children": [child("a"), child("b")],
                    "deps": [{"from": "a", "to": "b"}], "notes": [{"ref": "root", "key": mark, "role": "queue", "body": "b"}],
                });
                ("create_work_tree", arguments)
            }
            Self::Batch(items) => {
                let items: Vec<Value> = (0..*items).map(|_| json!({"title": mark})).collect();
                ("manage_items", json!({"operation": "create", "items": items, "request_id": mark}))
            }
            Self::Note(item) => (
                "manage_notes",
                json!({"operation": "upsert", "item_id": item, "key": mark, "body": "b", "request_id": mark}),
            ),
            Self::Start(item) => {
                ("advance_item", json!({"item_id": item, "trigger": "start", "request_id": mark}))
            }
            Self::Complete(item) => {
                ("advance_item", json!({"item_id": item, "trigger": "complete", "request_id": mark}))
            }
        }
    }
}

impl Journal {
    /// A call is about to be made. Answers its number.
    pub fn begin(&self, mark: &str, deed: &Deed) -> usize {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Entry { mark: mark.to_owned(), deed: deed.clone(), outcome: Outcome::Unknown });
        entries.len() - 1
    }

    /// How it went.
    pub fn end(&self, number: usize, outcome: Outcome) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(number) {
            entry.outcome = outcome;
        }
    }

    /// What is known now. What the database shows later has at least all that is answered in here.
    pub fn so_far(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
