//! Which project a folder belongs to (daemon.md rule 24).
//!
//! A project is the nearest folder, from the session's upwards, that is a git repository or holds `.taskorchestrator`.
//! All worktrees of one repository are one project, whose root is the main worktree, because tasks belong to the work
//! and not to the branch it is done on; for the same reason the project's config.yaml is read there, and a checkout of
//! another branch brings no other gates. A submodule is a project of its own. Git is not run: `.git` and the few files
//! it points to say enough, and a daemon must not start programs for every folder a client names.

use std::fs;
use std::path::{Path, PathBuf};

mod git;

/// The folder in which a project keeps its own settings.
pub(crate) const FOLDER: &str = ".taskorchestrator";
/// The names a project's file may have; the first that exists counts.
pub(crate) const FILES: [&str; 2] = ["config.yaml", "config.yml"];
/// Most folders looked at from a session's folder upwards.
const LEVELS: usize = 128;

/// A project as it stands on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ProjectRoot {
    /// The folder that identifies it, without links: of a repository the main worktree's, of a bare one its own.
    pub(crate) root: PathBuf,
    /// Its config.yaml or config.yml, when there is one now.
    pub(crate) config: Option<PathBuf>,
}

/// The project of a session's folder, an absolute path: the daemon's own folder means nothing to a session. A folder
/// that is gone counts as the nearest one above it that is there.
///
/// The home folder is none unless it holds [`FOLDER`]: where people keep their dotfiles in git, everything below would
/// become one project.
pub(crate) fn find(folder: &Path, home: &Path) -> Option<ProjectRoot> {
    if !folder.is_absolute() {
        return None;
    }
    let home = home.canonicalize().unwrap_or_else(|_| home.to_owned());
    let folder = folder.ancestors().take(LEVELS).find_map(|f| f.canonicalize().ok())?;
    let root = folder.ancestors().take(LEVELS).find_map(|level| root_at(level, &home))?;
    let config = config_in(&root);
    Some(ProjectRoot { root, config })
}

impl ProjectRoot {
    /// The files that may hold its settings, the one that counts first.
    pub(crate) fn config_candidates(&self) -> [PathBuf; 2] {
        FILES.map(|name| self.root.join(FOLDER).join(name))
    }

    /// The folder's name: what the project is called unless its file says otherwise.
    pub(crate) fn folder_name(&self) -> String {
        let name = self.root.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| self.root.to_string_lossy().into_owned())
    }
}

/// The root of the project that begins at this very level, if one does.
fn root_at(level: &Path, home: &Path) -> Option<PathBuf> {
    let git = git::root_at(level).filter(|root| root != home || holds_settings(root));
    if git.is_some() {
        return git;
    }
    holds_settings(level).then(|| in_main_worktree(level)).flatten()
}

/// A folder with settings of its own inside a linked worktree stands for the same folder of the main worktree. When it
/// is not there, it exists on this branch only and is no project: the repository above it is.
fn in_main_worktree(level: &Path) -> Option<PathBuf> {
    let inside = level.ancestors().skip(1).take(LEVELS).find_map(|above| Some((above, git::root_at(above)?)));
    let Some((worktree, main)) = inside.filter(|(worktree, main)| worktree != main) else {
        return Some(level.to_owned());
    };
    let same = main.join(level.strip_prefix(worktree).ok()?).canonicalize().ok()?;
    holds_settings(&same).then_some(same)
}

fn holds_settings(folder: &Path) -> bool {
    fs::metadata(folder.join(FOLDER)).is_ok_and(|meta| meta.is_dir())
}

fn config_in(root: &Path) -> Option<PathBuf> {
    FILES.map(|name| root.join(FOLDER).join(name)).into_iter().find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
