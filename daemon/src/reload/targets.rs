//! Which folders have to be watched so that no way of changing a file goes unseen.
//!
//! Editors replace files, so it is folders that are watched, not files. The folder above counts too, for a folder that
//! is deleted and made again; of a path that does not exist yet, the deepest folder that does. A file that is a link
//! changes when any link on its way does, or the file at its end.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Most links followed from one name.
const LINKS: usize = 16;

/// What to watch.
#[derive(Default, Debug)]
pub(super) struct Targets {
    /// Each without what is below it.
    pub(super) folders: BTreeSet<PathBuf>,
    /// The names that matter in them; everything else that happens there is somebody else's.
    pub(super) names: HashSet<OsString>,
}

impl Targets {
    /// Adds what one file's path needs.
    pub(super) fn add(&mut self, file: &Path) {
        let mut hop = file.to_owned();
        for _ in 0..LINKS {
            self.add_path(&hop);
            let Ok(next) = fs::read_link(&hop) else { break };
            hop = hop.parent().unwrap_or(Path::new("/")).join(next);
        }
        if let Ok(real) = file.canonicalize() {
            self.add_path(&real);
        }
    }

    fn add_path(&mut self, path: &Path) {
        self.name(path);
        let mut below = path;
        for folder in path.ancestors().skip(1) {
            if folder.is_dir() {
                self.name(below);
                self.folder(folder);
                break;
            }
            below = folder;
        }
        // The folder of the file exists: the one above sees it go and come.
        if let Some(above) = path.parent().filter(|folder| folder.is_dir()).and_then(Path::parent) {
            self.folder(above);
        }
    }

    /// A folder's own end is reported under its own name.
    fn folder(&mut self, folder: &Path) {
        self.folders.insert(folder.to_owned());
        self.name(folder);
    }

    fn name(&mut self, path: &Path) {
        self.names.extend(path.file_name().map(OsString::from));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_missing_path_is_awaited_where_it_will_begin() {
        let disk = tempfile::tempdir().unwrap();
        let at = disk.path().canonicalize().unwrap();
        let file = at.join("a/b/config.yaml");
        let mut targets = Targets::default();
        targets.add(&file);
        assert_eq!(targets.folders, BTreeSet::from([at.clone()]));
        assert!(targets.names.contains(&OsString::from("a")));

        fs::create_dir_all(at.join("a/b")).unwrap();
        let mut targets = Targets::default();
        targets.add(&file);
        assert_eq!(targets.folders, BTreeSet::from([at.join("a"), at.join("a/b")]));
    }

    #[test]
    fn every_link_on_the_way_counts() {
        let disk = tempfile::tempdir().unwrap();
        let at = disk.path().canonicalize().unwrap();
        for folder in ["conf", "links", "dots"] {
            fs::create_dir(at.join(folder)).unwrap();
        }
        fs::write(at.join("dots/real.yaml"), "").unwrap();
        symlink("../dots/real.yaml", at.join("links/middle")).unwrap();
        symlink(at.join("links/middle"), at.join("conf/config.yaml")).unwrap();
        symlink("round", at.join("conf/round")).unwrap();
        let mut targets = Targets::default();
        targets.add(&at.join("conf/config.yaml"));
        targets.add(&at.join("conf/round"));
        for folder in ["conf", "links", "dots"] {
            assert!(targets.folders.contains(&at.join(folder)), "{targets:?}");
        }
        for name in ["config.yaml", "middle", "real.yaml"] {
            assert!(targets.names.contains(&OsString::from(name)), "{targets:?}");
        }
    }
}
