//! Reports: sections of a few rows, each with how many more there are, kept to a size.

use orc_store::Tx;
use orc_store::queries::Section;
use serde_json::{Map, Value, json};

use crate::answer::Rows;
use crate::call::{Answer, Call};
use crate::original;
use crate::reload::ConfigFault;

/// A report under construction: sections, and beside them what was cut.
#[derive(Default)]
pub(crate) struct Report {
    document: Map<String, Value>,
    /// The sections, each with how many rows there are in all.
    sections: Vec<(String, usize)>,
    more: Map<String, Value>,
}

impl Report {
    /// Adds a value under a key.
    pub(crate) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.document.insert(key.to_owned(), value.into());
    }

    /// Adds a section's rows, and counts what was cut.
    pub(crate) fn section(&mut self, key: &str, rows: Vec<Value>, total: usize) {
        if total > rows.len() {
            self.more.insert(key.to_owned(), json!(total - rows.len()));
        }
        self.sections.push((key.to_owned(), total));
        self.put(key, rows);
    }

    /// Leaves at most `most` rows in every section, and counts what was cut.
    pub(crate) fn cut(&mut self, most: usize) {
        for (key, total) in &self.sections {
            if let Some(rows) = self.document.get_mut(key).and_then(Value::as_array_mut)
                && rows.len() > most
            {
                rows.truncate(most);
                self.more.insert(key.clone(), json!(total - most));
            }
        }
    }

    /// How many bytes the document has so far.
    pub(crate) fn size(&self) -> usize {
        // What is made here can always be written.
        serde_json::to_string(&(&self.document, &self.more)).map_or(usize::MAX, |text| text.len())
    }

    /// Adds a section of list rows.
    pub(crate) fn items(&mut self, key: &str, rows: &Rows<'_, '_>, section: &Section) -> Answer<()> {
        self.section(key, rows.list(&section.rows)?, section.total);
        Ok(())
    }

    /// The whole document.
    pub(crate) fn finish(mut self) -> Value {
        if !self.more.is_empty() {
            self.document.insert("more".to_owned(), Value::Object(self.more));
        }
        Value::Object(self.document)
    }
}

/// Where a configuration file is wrong, and how (contract.md §6).
pub(crate) fn config_fault(fault: &ConfigFault) -> Value {
    json!({
        "path": fault.path.display().to_string(),
        "line": fault.line,
        "column": fault.column,
        "message": fault.message,
    })
}

/// Adds what the session must know of its configuration: a refused file, and what else stands out.
pub(crate) fn add_config_state(call: &Call<'_>, tx: &Tx<'_>, report: &mut Report) -> Answer<()> {
    // While a project gets another name, the session and the file may know it by different ones: then the folder tells.
    let renamed = |fault: &ConfigFault| {
        let unknown =
            call.cx.project.as_ref().is_some_and(|own| !call.config.policies.projects.contains_key(own));
        unknown && fault.path.ancestors().nth(2).is_some_and(|root| call.session.folder.starts_with(root))
    };
    let concerns = |fault: &&ConfigFault| {
        fault.project.is_none()
            || call.cx.project.is_none()
            || fault.project == call.cx.project
            || renamed(fault)
    };
    let mut faults = call.config.faults.iter().filter(concerns);
    if let Some(first) = faults.next() {
        report.put("config_error", config_fault(first));
        let others = faults.count();
        if others > 0 {
            report.more.insert("config_error".to_owned(), json!(others));
        }
    }
    let shared = call.shared;
    let hint = original::hint_while_empty(tx, &shared.places, shared.default_place)?;
    let notices = call.config.notices.iter().chain(&call.session.notices).chain(&shared.notices).chain(&hint);
    let notices: Vec<&String> = notices.collect();
    if !notices.is_empty() {
        report.put("notices", json!(notices));
    }
    Ok(())
}
