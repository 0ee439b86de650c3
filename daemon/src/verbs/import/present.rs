//! What is in the store before an import: of each row a number made of its key, so that memory hardly grows with the store.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    io,
};

use serde::Deserialize;
use serde_json::Value;
use tempfile::NamedTempFile;

use super::document::{Document, Found, List};
use crate::verbs::{
    Trouble,
    document::{self, Part},
    person::Person,
};

/// Rows that could not be placed and are named beforehand.
const NAMED: usize = 10_000;

/// The rows that are there.
#[derive(Default)]
pub(super) struct Present(HashSet<u64>);

/// A document's rows compared with what is there.
#[derive(Default)]
pub(super) struct Tally {
    /// How many are there already, by [`List`].
    pub(super) there: [u64; 3],
    /// Rows that refer to an item which is neither there nor in the document: their ids, and the reasons.
    pub(super) dangling: Vec<(List, String, String)>,
}

/// By what a row is known, and what it refers to.
#[derive(Deserialize)]
struct Keys {
    id: Option<Value>,
    parent_id: Option<Value>,
    item_id: Option<Value>,
    key: Option<Value>,
    from_id: Option<Value>,
    to_id: Option<Value>,
}

impl Present {
    /// Asks the daemon for all that it has.
    pub(super) fn read(person: &Person) -> Result<Self, Trouble> {
        let mut source = document::fetch(person, &Part::default())?;
        let mut file = NamedTempFile::new()?;
        io::copy(&mut source.bytes, file.as_file_mut())?;
        drop(source);
        let mut document = Document::open(file.path())?;
        let mut present = Self::default();
        for found in document.survey()? {
            each(&mut document, found, |keys| present.0.extend(keys.own(found.list)))?;
        }
        Ok(present)
    }

    /// Compares a document with it.
    pub(super) fn tally(&self, document: &mut Document, lists: &[Found]) -> Result<Tally, Trouble> {
        let mut tally = Tally::default();
        let mut brought = HashSet::new();
        for found in lists.iter().filter(|found| found.list == List::Items) {
            each(document, *found, |keys| brought.extend(keys.own(List::Items)))?;
        }
        for found in lists {
            let list = found.list;
            each(document, *found, |keys| {
                if keys.own(list).is_some_and(|own| self.0.contains(&own)) {
                    tally.there[list as usize] += 1;
                    return;
                }
                let missing = keys.referred(list).into_iter().flatten().find(|id| {
                    let key = number(List::Items, &[id]);
                    !self.0.contains(&key) && !brought.contains(&key)
                });
                if let Some(missing) = missing.filter(|_| tally.dangling.len() < NAMED) {
                    let id = keys.id.as_ref().and_then(Value::as_str).unwrap_or("?").to_owned();
                    tally.dangling.push((
                        list,
                        id,
                        format!("Item {missing} is neither here nor in the import"),
                    ));
                }
            })?;
        }
        Ok(tally)
    }
}

/// Goes through the rows of a list. One that is no row of ours is not looked at: placing it will say what is wrong.
fn each(document: &mut Document, found: Found, mut look: impl FnMut(&Keys)) -> Result<(), Trouble> {
    document.seek(found.place)?;
    for _ in 0..found.rows {
        if let Ok(keys) = serde_json::from_str(document.next_row()?) {
            look(&keys);
        }
    }
    Ok(())
}

impl Keys {
    /// The row's own key, where it has one: merging finds it by that.
    fn own(&self, list: List) -> Option<u64> {
        let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let words = match list {
            List::Items => vec![text(&self.id)?],
            List::Notes => vec![text(&self.item_id)?, text(&self.key)?.trim().to_owned()],
            List::Dependencies => vec![text(&self.from_id)?, text(&self.to_id)?],
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(number(list, &words))
    }

    /// The items it refers to.
    fn referred(&self, list: List) -> [Option<&str>; 2] {
        match list {
            List::Items => [filled(&self.parent_id), None],
            List::Notes => [filled(&self.item_id), None],
            List::Dependencies => [filled(&self.from_id), filled(&self.to_id)],
        }
    }
}

fn filled(value: &Option<Value>) -> Option<&str> {
    value.as_ref().and_then(Value::as_str).filter(|id| !id.is_empty())
}

fn number(list: List, words: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (list as usize, words).hash(&mut hasher);
    hasher.finish()
}
