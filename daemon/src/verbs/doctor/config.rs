//! The configuration: as the daemon has it, or as its files would be read.

use std::path::Path;

use serde_json::Value;

use super::finding::Finding;
use crate::config::{self, FILE_BYTES, Place};
use crate::project;
use crate::small_file;
use crate::verbs::Here;

/// What the daemon says: refused files, and what else stands out.
pub(super) fn in_force(engine: &Value) -> Vec<Finding> {
    let faults = engine["config_errors"].as_array().into_iter().flatten().map(|fault| {
        let text = |key: &str| fault[key].as_str().unwrap_or_default().to_owned();
        refused(&text("path"), fault["line"].as_u64(), fault["column"].as_u64(), &text("message"))
    });
    let mut findings: Vec<Finding> = faults.collect();
    if findings.is_empty() {
        let file = engine["config"].as_str().unwrap_or("no file, so everything is as by default");
        findings.push(Finding::ok("config", file));
    }
    let notices = engine["notices"].as_array().into_iter().flatten().filter_map(Value::as_str);
    findings.extend(notices.map(|notice| Finding::ok("notice", notice)));
    findings
}

/// What the next daemon would read: the user's file, and that of the project in whose folder this runs.
pub(super) fn on_disk(here: &Here) -> Vec<Finding> {
    let user = here.settings.config.clone().unwrap_or_else(|| here.places.config.join("config.yaml"));
    let folder = std::env::current_dir().ok();
    let project =
        folder.and_then(|folder| project::find(&folder, &here.places.home)).and_then(|root| root.config);
    let own = project.map(|file| read(&file, Place::Project));
    std::iter::once(read(&user, Place::User)).chain(own).collect()
}

fn read(path: &Path, place: Place) -> Finding {
    let shown = path.display().to_string();
    let bytes = match small_file::read(path, FILE_BYTES) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Finding::ok("config", format!("no {shown}, so everything is as by default"));
        }
        Err(error) => return refused(&shown, None, None, &error.to_string()),
        Ok(bytes) => bytes,
    };
    match config::parse(&String::from_utf8_lossy(&bytes), place) {
        Ok(_) => Finding::ok("config", shown),
        Err(error) => refused(&shown, Some(error.line as u64), Some(error.column as u64), &error.message),
    }
}

fn refused(path: &str, line: Option<u64>, column: Option<u64>, message: &str) -> Finding {
    let at = line.filter(|line| *line > 0).map(|line| format!(":{line}:{}", column.unwrap_or_default()));
    let value = format!("{path}{}: {message}", at.unwrap_or_default());
    Finding::problem("config", value, "Correct the file; what is good counts from the next call on")
}
