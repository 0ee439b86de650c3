//! The programs that people move in from: one file each, which turns what that program keeps into items, notes and links.

pub(super) mod backlog;
pub(super) mod beads;
mod front_matter;
pub(super) mod kotlin;
pub(super) mod original;
pub(super) mod taskmaster;

use std::{fs, path::Path};

use indicatif::HumanBytes;

use crate::{small_file, verbs::Trouble};

/// Largest file that is read whole, in bytes.
const LARGEST_FILE: usize = 256 << 20;

/// Reads a file of another program, in words where that cannot be.
fn read(path: &Path, most: usize) -> Result<String, Trouble> {
    let said = |why: String| Trouble::Said(format!("{}: {why}", path.display()));
    // Asked first, so that a huge file is refused before any of it is read.
    if let Some(length) =
        fs::metadata(path).ok().map(|data| data.len()).filter(|length| *length > most as u64)
    {
        let (length, most) = (HumanBytes(length), HumanBytes(most as u64));
        return Err(said(format!("it has {length}; at most {most} are read")));
    }
    let bytes = small_file::read(path, most).map_err(|error| said(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| said(format!("it is no text in UTF-8: {error}")))
}
