//! What a `stat` says of a file that may have several names.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file younger than this may change again without its time or length showing it: file systems count in steps of up
/// to two seconds.
const YOUNG: Duration = Duration::from_secs(2);

/// What there is under the names of one config file. Two equal sights of a file that is not young mean equal content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Sight {
    /// None of the names exists.
    Missing,
    /// Something is there, but not to be looked at: a link to nowhere, a folder nobody may enter.
    Closed {
        /// Which name.
        path: PathBuf,
        /// Why, as the end of a sentence.
        why: String,
    },
    /// A file, or what else bears its name.
    There {
        /// Which name.
        path: PathBuf,
        /// Another of the names that exists as well and is not read.
        hidden: Option<PathBuf>,
        /// What tells this content from another.
        stamp: Stamp,
    },
}

/// Tells one content from another without reading it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    /// Device, inode, and the time of the last change of either content or permissions.
    #[cfg(unix)]
    identity: (u64, u64, i64, i64),
}

impl Sight {
    /// Looks at the names in order; the first that exists counts.
    pub(super) fn of(names: &[PathBuf]) -> Self {
        for (i, path) in names.iter().enumerate() {
            match at(path) {
                Sight::Missing => {}
                Sight::There { path, stamp, .. } => {
                    let hidden =
                        names[i + 1..].iter().find(|other| other.symlink_metadata().is_ok()).cloned();
                    return Sight::There { path, hidden, stamp };
                }
                closed @ Sight::Closed { .. } => return closed,
            }
        }
        Sight::Missing
    }

    /// Whether an equal sight may still hide another content.
    pub(super) fn is_young(&self) -> bool {
        let Sight::There { stamp: Stamp { modified: Some(modified), .. }, .. } = self else { return false };
        // A time in the future says nothing about how often the file has changed since.
        SystemTime::now().duration_since(*modified).map_or(true, |age| age < YOUNG)
    }
}

/// One name. Links are followed; most files are none and cost one call.
fn at(path: &Path) -> Sight {
    let closed = |why: String| Sight::Closed { path: path.to_owned(), why };
    let found = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => match fs::metadata(path) {
            Err(e) if is_missing(e.kind()) => {
                return closed("it is a link to a file that is not there".to_owned());
            }
            found => found,
        },
        found => found,
    };
    match found {
        Ok(meta) => Sight::There { path: path.to_owned(), hidden: None, stamp: Stamp::of(&meta) },
        Err(e) if is_missing(e.kind()) => Sight::Missing,
        Err(e) => closed(format!("it cannot be read: {}", e.kind())),
    }
}

fn is_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Self {
            modified: meta.modified().ok(),
            len: meta.len(),
            #[cfg(unix)]
            identity: {
                use std::os::unix::fs::MetadataExt;
                (meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec())
            },
        }
    }
}
