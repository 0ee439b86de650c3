//! The original's workspaces.json: read once, never written (contract.md §11, `TASK_ORCHESTRATOR_WORKSPACES`).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use orc_core::change::Change;
use orc_core::claim::Actor;
use orc_core::command::{Command, Cx};
use orc_core::id::Ids;
use orc_core::refusal::Stop;
use orc_core::time::Stamp;
use orc_core::workspace::Workspace;
use orc_core::{Policies, View, decide};
use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::tx::Tx;

/// Under which name a database remembers that it has read the file.
const META: &str = "workspaces_read";
/// The largest file that is read.
const LARGEST: u64 = 16 << 20;

/// The file, read.
#[derive(Debug)]
pub struct WorkspacesFile {
    path: PathBuf,
    found: std::result::Result<Vec<(String, Entry)>, String>,
    /// Names that were refused, with the reason; known once it was taken.
    refused: std::cell::RefCell<Vec<String>>,
}

type Entry = std::result::Result<Workspace, String>;

impl WorkspacesFile {
    /// Reads the file; `None` when there is none. One that cannot be read is no error: see [`Self::notice`].
    pub fn read(path: &Path) -> Option<Self> {
        let found = match read(path) {
            Ok(text) => parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => Err(error.to_string()),
        };
        Some(Self { path: path.to_owned(), found, refused: std::cell::RefCell::default() })
    }

    /// Makes its workspaces, but for those whose name is taken, and remembers that it was read. Answers how many.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn take(&self, tx: &Tx<'_>, actor: &Actor, now: &Stamp) -> Result<usize> {
        let Ok(entries) = &self.found else { return Ok(0) };
        let mut taken = 0;
        for (name, entry) in entries {
            match entry {
                Ok(workspace) => taken += usize::from(self.make(tx, actor, now, name, workspace)?),
                Err(why) => self.refused.borrow_mut().push(format!("'{name}': {why}")),
            }
        }
        let read = json!({ "path": self.path, "at": now.text(), "workspaces": taken });
        tx.remember(META, &read.to_string())?;
        Ok(taken)
    }

    /// What a person must know: the file cannot be read, or not all of it.
    pub fn notice(&self) -> Option<String> {
        let path = self.path.display();
        if let Err(why) = &self.found {
            return Some(format!(
                "The workspaces in {path} were not taken over: {why}. Correct the file and restart the daemon, or make them with manage_workspaces"
            ));
        }
        let refused = self.refused.borrow();
        (!refused.is_empty()).then(|| {
            let shown: Vec<&str> = refused.iter().take(5).map(String::as_str).collect();
            let (n, shown) = (refused.len(), shown.join("; "));
            format!("{n} of the workspaces in {path} were not taken over: {shown}. Make them with manage_workspaces")
        })
    }

    fn make(
        &self,
        tx: &Tx<'_>,
        actor: &Actor,
        now: &Stamp,
        name: &str,
        workspace: &Workspace,
    ) -> Result<bool> {
        if tx.workspace(name.trim())?.is_some() {
            return Ok(false);
        }
        let command = Command::CreateWorkspace { name: name.to_owned(), workspace: workspace.clone() };
        let cx = Cx { now: now.clone(), actor: actor.clone(), ids: Ids::new(0), project: None };
        let changes: Vec<Change> = match decide(tx, &Policies::default(), &command, &cx) {
            Ok(changes) => changes,
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Refused(refusal)) => {
                self.refused.borrow_mut().push(format!("'{name}': {}", refusal.message));
                return Ok(false);
            }
        };
        tx.commit(&changes, actor, now, &Policies::default())?;
        Ok(true)
    }
}

impl Tx<'_> {
    /// Whether this database has read a workspaces.json of the original before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_read_workspaces(&self) -> Result<bool> {
        Ok(self.remembered(META)?.is_some())
    }
}

fn read(path: &Path) -> io::Result<String> {
    // Before it is opened: a pipe would be waited for.
    let meta = std::fs::metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if meta.len() > LARGEST {
        return Err(io::Error::other(format!("it has {} bytes; at most {LARGEST} are read", meta.len())));
    }
    let mut text = String::new();
    File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(text: &str) -> std::result::Result<Vec<(String, Entry)>, String> {
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(all)) => {
            Ok(all.into_iter().map(|(name, value)| (name, workspace(&value))).collect())
        }
        Ok(_) => Err("it is no JSON object of workspaces".to_owned()),
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}

fn workspace(value: &Value) -> Entry {
    let Value::Object(fields) = value else { return Err("it is no JSON object".to_owned()) };
    Ok(Workspace {
        tags: list(fields, "tags")?,
        memory_tags: list(fields, "memory_tags")?,
        description: match fields.get("description") {
            None | Some(Value::Null) => String::new(),
            Some(value) => word(value).ok_or("its description is no text")?,
        },
        repos: list(fields, "repos")?,
        conventions: list(fields, "conventions")?,
    })
}

/// A list of words; a person who wrote one word without brackets meant a list of it.
fn list(fields: &Map<String, Value>, field: &str) -> std::result::Result<Vec<String>, String> {
    let wrong = || format!("its {field} are no list of texts");
    match fields.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(words)) => words.iter().map(|value| word(value).ok_or_else(wrong)).collect(),
        Some(value) => Ok(vec![word(value).ok_or_else(wrong)?]),
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
