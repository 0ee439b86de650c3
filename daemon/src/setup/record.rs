//! What setup has written where, so that a removal knows its own and gives back what was there: which server under which name,
//! how the file was left, whether it and its folders were made for it. Beside the default database, gone with its last entry.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use orc_proto::Places;
use serde::{Deserialize, Serialize};

use super::{entry::Server, text::sum};

/// All that setup has written for this user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    #[serde(skip)]
    path: PathBuf,
    /// Folders that were made for files.
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Written>,
}

/// What was written into one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Written {
    /// Whether the file was made for it.
    pub(crate) made: bool,
    /// The sum of the whole text, as it was left.
    sum: String,
    /// Whether others have written into it between two changes of ours.
    shared: bool,
    /// `server`, `hooks`, `rules`.
    parts: BTreeSet<String>,
    /// Commands by the names of their servers.
    servers: BTreeMap<String, String>,
}

impl Record {
    /// Reads it; a user who has none has an empty one.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn of(places: &Places) -> io::Result<Self> {
        let path = places.data.join("setup.json");
        let record = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, ..record })
    }

    /// What was written into a file.
    pub(crate) fn file(&self, path: &Path) -> Option<&Written> {
        self.files.get(path)
    }

    /// The servers that were written into a file: names and commands.
    pub(crate) fn servers(&self, path: &Path) -> BTreeMap<String, String> {
        self.file(path).map(|written| written.servers.clone()).unwrap_or_default()
    }

    /// Keeps what a file is now to be, before it is written.
    ///
    /// # Errors
    /// The record cannot be written.
    pub(crate) fn keep(&mut self, path: &Path, written: Written) -> io::Result<()> {
        self.folders.extend(missing_above(path));
        self.files.insert(path.to_owned(), written);
        self.save()
    }

    /// Keeps what is still written in a file; with nothing, forgets it, and takes away the folders that were made for what is gone.
    ///
    /// # Errors
    /// The record cannot be written.
    pub(crate) fn leave(&mut self, path: &Path, left: Option<Written>) -> io::Result<()> {
        match left {
            Some(written) => drop(self.files.insert(path.to_owned(), written)),
            None => drop(self.files.remove(path)),
        }
        self.save()?;
        self.sweep();
        if self.files.is_empty() { Ok(()) } else { self.save() }
    }

    /// Folders that hold something stay, and whoever put it there has them from now on.
    fn sweep(&mut self) {
        for folder in self.folders.clone().iter().rev() {
            let below = |file: &PathBuf| file.starts_with(folder);
            let wanted = self.files.keys().any(below) || (!self.files.is_empty() && below(&self.path));
            if fs::remove_dir(folder).is_ok() || !wanted {
                self.folders.remove(folder);
            }
        }
    }

    fn save(&mut self) -> io::Result<()> {
        if self.files.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let folder = self.path.parent().unwrap_or(&self.path);
        self.folders.extend(missing_above(&self.path));
        make_private(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

impl Written {
    /// Nothing yet, into a file that is made for it or was there.
    pub(crate) fn new(made: bool) -> Self {
        Self { made, ..Self::default() }
    }

    /// The same with a part more, as `there` is to become `text`.
    pub(crate) fn with(
        mut self,
        parts: &str,
        server: Option<(&str, String)>,
        (there, text): (&str, &str),
    ) -> Self {
        self.parts.extend(parts.split(", ").map(str::to_owned));
        self.servers.extend(server.map(|(name, command)| (name.to_owned(), command)));
        self.left_as(there, text)
    }

    /// The same without these parts and servers; none when nothing is left. The part `server` goes with the last of them.
    pub(crate) fn without(mut self, parts: &str, servers: &[Server]) -> Option<Self> {
        self.servers.retain(|name, _| !servers.iter().any(|server| server.name == *name));
        let stays = |part: &String| {
            if part == "server" {
                !self.servers.is_empty()
            } else {
                !parts.split(", ").any(|gone| gone == part)
            }
        };
        self.parts.retain(stays);
        (!self.parts.is_empty()).then_some(self)
    }

    /// The same once `there` is `text`.
    pub(crate) fn left_as(mut self, there: &str, text: &str) -> Self {
        self.shared |= !self.sum.is_empty() && self.sum != sum(there);
        self.sum = sum(text);
        self
    }

    /// Whether nobody else has written into the file since.
    pub(crate) fn is_all_of(&self, text: &str) -> bool {
        !self.shared && self.sum == sum(text)
    }
}

/// The folders above a file that are not there.
fn missing_above(path: &Path) -> Vec<PathBuf> {
    path.ancestors().skip(1).take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
