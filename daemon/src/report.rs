//! Reports: sections of a few rows, each with how many more there are, kept to a size.

use std::borrow::Cow;

use orc_core::refusal::{Code, Refusal};
use orc_store::Tx;
use orc_store::queries::Section;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json, to_value};

use crate::answer;
use crate::call::{Answer, Call};
use crate::original;
use crate::reload::ConfigFault;

/// A report under construction: sections, and beside them what was cut.
#[derive(Default)]
pub(crate) struct Report {
    parts: Vec<(Cow<'static, str>, Part)>,
    more: Map<String, Value>,
}

/// What stands under a key.
#[derive(Serialize)]
#[serde(untagged)]
enum Part {
    Value(Value),
    Row(Box<RawValue>),
    Section(Rows),
}

/// A section's rows, written already, so that a report that is cut to a size is not written anew for each try.
struct Rows {
    written: Vec<Box<RawValue>>,
    /// How many there are in all.
    total: usize,
}

impl Report {
    /// Adds a value under a key.
    pub(crate) fn put(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.parts.push((key.into(), Part::Value(value.into())));
    }

    /// Adds a row under a key, or null.
    pub(crate) fn row(&mut self, key: &'static str, row: Option<&impl Serialize>) -> Answer<()> {
        self.parts.push((key.into(), Part::Row(raw(&row)?)));
        Ok(())
    }

    /// Adds a section's rows, and counts what was cut.
    pub(crate) fn section(&mut self, key: &'static str, rows: &[impl Serialize], total: usize) -> Answer<()> {
        if total > rows.len() {
            self.more.insert(key.to_owned(), json!(total - rows.len()));
        }
        let written = rows.iter().map(raw).collect::<Answer<_>>()?;
        self.parts.push((key.into(), Part::Section(Rows { written, total })));
        Ok(())
    }

    /// Leaves at most `most` rows in every section, and counts what was cut.
    pub(crate) fn cut(&mut self, most: usize) {
        for (key, part) in &mut self.parts {
            if let Part::Section(rows) = part
                && rows.written.len() > most
            {
                rows.written.truncate(most);
                self.more.insert(key.to_string(), json!(rows.total - most));
            }
        }
    }

    /// How many bytes the document has so far.
    pub(crate) fn size(&self) -> usize {
        // What is made here can always be written.
        serde_json::to_string(self).map_or(usize::MAX, |text| text.len())
    }

    /// Adds a section of list rows.
    pub(crate) fn items(
        &mut self,
        key: &'static str,
        rows: &answer::Rows<'_, '_>,
        section: &Section,
    ) -> Answer<()> {
        self.section(key, &rows.list(&section.rows)?, section.total)
    }
}

impl Report {
    /// The report as a value.
    pub(crate) fn document(&self) -> Answer {
        Ok(to_value(self).map_err(|e| Refusal::new(Code::Internal, e.to_string()))?)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        for (key, part) in &self.parts {
            document.serialize_entry(key, part)?;
        }
        if !self.more.is_empty() {
            document.serialize_entry("more", &self.more)?;
        }
        document.end()
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

fn raw(row: &impl Serialize) -> Answer<Box<RawValue>> {
    Ok(to_raw_value(row).map_err(|e| Refusal::new(Code::Internal, e.to_string()))?)
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
