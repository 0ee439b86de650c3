//! The whole graph as a document of any size: where it comes from, and how it is read.

use std::{
    fs::File,
    io::{BufReader, Cursor, Read, Seek},
    time::Duration,
};

use indicatif::ProgressBar;
use serde::Deserialize;
use tempfile::TempDir;

use super::{
    Trouble,
    person::{Given, Person},
};

/// Between two turns of the spinner.
const TURN: Duration = Duration::from_millis(120);

/// A document that is ready to be read.
pub(crate) struct Source {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// How many there are.
    pub(crate) length: u64,
    /// Removed when the reading is over.
    _folder: Option<TempDir>,
}

/// Where the bytes are.
pub(crate) enum Bytes {
    /// In an answer.
    Answer(Cursor<Vec<u8>>),
    /// In a checkpoint that was made for this.
    File(BufReader<File>),
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Answer(answer) => answer.read(buffer),
            Self::File(file) => file.read(buffer),
        }
    }
}

/// Which part of the graph.
#[derive(clap::Args, Default)]
pub(crate) struct Part {
    /// Only items with any of these tags
    #[arg(long, short, value_name = "TAG", value_delimiter = ',')]
    pub(crate) tag: Vec<String>,
    /// Only items of this project
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// Only items with the tags of this workspace
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: Option<String>,
}

impl Part {
    fn is_whole(&self) -> bool {
        self.tag.is_empty() && self.project.is_none() && self.workspace.is_none()
    }
}

/// The document: in an answer where it fits, else in a checkpoint that the daemon writes beside its database.
pub(crate) fn fetch(person: &Person, part: &Part) -> Result<Source, Trouble> {
    let given = Given::default()
        .words("tags", &part.tag)
        .maybe("project", part.project.as_deref())
        .maybe("workspace", part.workspace.as_deref());
    match person.call("export_graph", given.done()) {
        Ok(answer) => {
            let bytes = answer.text.into_bytes();
            Ok(Source { length: bytes.len() as u64, bytes: Bytes::Answer(Cursor::new(bytes)), _folder: None })
        }
        Err(Trouble::Refused(refused)) if part.is_whole() && refused.names("manage_checkpoints") => {
            checkpoint(person)
        }
        Err(other) => Err(other),
    }
}

fn checkpoint(person: &Person) -> Result<Source, Trouble> {
    let database = &person.here.endpoint.database;
    let beside = database.parent().unwrap_or(database);
    let folder = tempfile::Builder::new().prefix(".export-").tempdir_in(beside)?;
    let spinner = ProgressBar::new_spinner().with_message("the daemon writes the document");
    spinner.enable_steady_tick(TURN);
    let path = folder.path().display().to_string();
    let made = person
        .call_or_interrupt("manage_checkpoints", Given::operation("create").with("output_dir", path).done());
    spinner.finish_and_clear();
    let made = made?;
    let mut file = File::open(made.value["created"].as_str().unwrap_or_default())?;
    let length = file.seek(std::io::SeekFrom::End(0))?;
    file.rewind()?;
    Ok(Source { bytes: Bytes::File(BufReader::new(file)), length, _folder: Some(folder) })
}

/// What a reader of the document needs of it.
#[derive(Deserialize)]
pub(crate) struct Graph {
    #[serde(default)]
    pub(crate) items: Vec<Item>,
    #[serde(default)]
    pub(crate) notes: Vec<Note>,
    #[serde(default)]
    pub(crate) dependencies: Vec<Edge>,
    #[serde(default)]
    pub(crate) exported_at: String,
}

/// An item of it.
#[derive(Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) parent_id: Option<String>,
    pub(crate) title: String,
    pub(crate) status: String,
    pub(crate) priority: String,
    pub(crate) description: Option<String>,
    pub(crate) tags: Option<String>,
    pub(crate) due_at: Option<String>,
}

/// A note of it.
#[derive(Deserialize)]
pub(crate) struct Note {
    pub(crate) item_id: String,
    pub(crate) key: String,
    pub(crate) role: String,
    pub(crate) body: String,
}

/// An edge of it: `from_id` blocks `to_id`.
#[derive(Deserialize)]
pub(crate) struct Edge {
    pub(crate) from_id: String,
    pub(crate) to_id: String,
    pub(crate) dep_type: String,
    pub(crate) unblock_at: Option<String>,
}

impl Item {
    /// Whether nothing is left to do.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.status.as_str(), "done" | "cancelled" | "archived")
    }
}

/// Reads the whole of it.
pub(crate) fn read(source: Source) -> Result<Graph, Trouble> {
    let unreadable =
        |error: serde_json::Error| Trouble::Said(format!("The daemon's export cannot be read: {error}"));
    match source.bytes {
        Bytes::Answer(answer) => serde_json::from_slice(answer.get_ref()).map_err(unreadable),
        Bytes::File(file) => serde_json::from_reader(file).map_err(unreadable),
    }
}
