//! What came of an import, or would come: counts, and a line for each row that is not as it was.

use std::{collections::HashMap, path::PathBuf, process::ExitCode};

use indicatif::HumanCount;
use serde_json::{Map, Value, json};

use super::{
    document::List,
    kind::Kind,
    remarks::{Remark, Remarks},
};
use crate::verbs::{count, exit::Exit, finished, paint::plain, say};

/// Lines of a kind that people are shown; the document has more.
const SHOWN: usize = 1_000;
/// Lines with one and the same reason that people are shown.
const ALIKE: usize = 20;

/// All that is known at the end.
pub(super) struct Report {
    pub(super) kind: Kind,
    pub(super) source: PathBuf,
    pub(super) dry_run: bool,
    /// Whether what was there is deleted first.
    /// How many items were deleted first, where what was there is replaced.
    pub(super) replaced: Option<u64>,
    /// Rows that were to come, by [`List`].
    pub(super) rows: [u64; 3],
    /// Of those, the ones that were there before.
    pub(super) there: [u64; 3],
    /// Of those, the ones that were not placed.
    pub(super) skipped: [u64; 3],
    /// What was said when the source was read, and what the daemon said.
    pub(super) remarks: Remarks,
    /// Rows a second.
    pub(super) rate: u64,
}

impl Report {
    /// A row that was not placed.
    pub(super) fn skip(&mut self, list: List, name: &str, why: &str) {
        self.skipped[list as usize] += 1;
        self.remarks.left_out(list, name, why);
    }

    /// Rows that were not placed, and of which there were too many to name them.
    pub(super) fn skip_unnamed(&mut self, list: List, count: u64) {
        self.skipped[list as usize] += count;
        self.remarks.left_out_unnamed(list, count);
    }

    /// Says it. Everything placed is a success.
    pub(super) fn tell(&self, json: bool) -> ExitCode {
        match json {
            true => say(&self.document().to_string()),
            false => self.words(),
        }
        finished(if self.missing() == 0 { Exit::Fine } else { Exit::Refused })
    }

    fn came(&self, list: List) -> u64 {
        let at = list as usize;
        self.rows[at].saturating_sub(self.there[at]).saturating_sub(self.skipped[at])
    }

    fn missing(&self) -> u64 {
        self.remarks.missing.iter().sum()
    }

    fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("from".to_owned(), json!(self.kind.word()));
        document.insert("source".to_owned(), json!(self.source));
        document.insert("dry_run".to_owned(), json!(self.dry_run));
        document.insert("replaces".to_owned(), json!(self.replaced.is_some()));
        if let Some(deleted) = self.replaced {
            document.insert("deleted".to_owned(), json!(deleted));
        }
        for list in List::ALL {
            let (there, missing) = (self.there[list as usize], self.remarks.missing[list as usize]);
            let counts = json!({"came": self.came(list), "there": there, "could_not": missing});
            document.insert(list.key().to_owned(), counts);
        }
        document.insert("rows_per_second".to_owned(), json!(self.rate));
        document.insert("changed".to_owned(), rows(&self.remarks.changed));
        document.insert("left_out".to_owned(), rows(&self.remarks.left_out));
        let more = self.remarks.more_changed + self.missing() - self.remarks.left_out.len() as u64;
        if more > 0 {
            document.insert("more".to_owned(), json!(more));
        }
        Value::Object(document)
    }

    fn words(&self) {
        let (verb, kind) = (if self.dry_run { "would come" } else { "came" }, self.kind.word());
        if let Some(items) = self.replaced.filter(|items| *items > 0) {
            let items = count::counted(items, "item");
            say(&match self.dry_run {
                true => format!("{items} of the store would be deleted first"),
                false => format!(
                    "{items} of the store were deleted first; `task-orchestrator undelete ID` brings one back"
                ),
            });
        }
        let source = plain(&self.source.display().to_string());
        let rate = match self.dry_run {
            true => String::new(),
            false => format!(": {} rows a second", HumanCount(self.rate)),
        };
        say(&format!(
            "{} {verb} from {source} ({kind}){rate}",
            counted(List::ALL.map(|list| self.came(list)))
        ));
        if self.there.iter().any(|count| *count > 0) {
            say(&format!("{} are there already and stay as they are", counted(self.there)));
        }
        let changed = &self.remarks.changed;
        if !changed.is_empty() {
            let verb = if self.dry_run { "would not be" } else { "are not" };
            let all = HumanCount(changed.len() as u64 + self.remarks.more_changed);
            say(&format!("{all} {verb} quite what they were:"));
            lines(changed);
        }
        if self.missing() > 0 {
            say(&format!("{} could not come:", counted(self.remarks.missing)));
            lines(&self.remarks.left_out);
        }
    }
}

fn counted([items, notes, dependencies]: [u64; 3]) -> String {
    let (items, notes) = (count::counted(items, "item"), count::counted(notes, "note"));
    format!("{items}, {notes} and {}", count::counted(dependencies, "dependency"))
}

/// Each with its name and reason. Of many with one reason the first are shown.
fn lines(remarks: &[Remark]) {
    let mut alike: HashMap<&str, usize> = HashMap::new();
    let (mut shown, mut hidden) = (0, 0u64);
    for Remark { name, why } in remarks {
        let same = alike.entry(why).or_default();
        *same += 1;
        if *same > ALIKE || shown == SHOWN {
            hidden += 1;
            continue;
        }
        shown += 1;
        say(&format!("  {}: {}", plain(name), plain(why)));
    }
    if hidden > 0 {
        say(&format!("  and {} more, which --json lists", HumanCount(hidden)));
    }
}

fn rows(remarks: &[Remark]) -> Value {
    remarks.iter().map(|Remark { name, why }| json!({"id": name, "why": why})).collect()
}
