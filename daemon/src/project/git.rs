//! The layout of git's own files, as far as it says which folder is a repository's main worktree.
//!
//! - `.git` is a folder: an ordinary repository, the folder around it is the root.
//! - `.git` is a file `gitdir: PATH`: a linked worktree when PATH holds `commondir`, which leads to the files all
//!   worktrees share; else a submodule, or a repository whose files are kept elsewhere, and a root of its own.
//! - The shared files lie in `.git` of the main worktree, or are named as such by a `.git` file beside them, or name
//!   their worktree themselves (`core.worktree`, of submodules); else the repository is bare and its folder is the root.
//!
//! What is half there or makes no sense is no repository.

use std::path::{Path, PathBuf};

use crate::small_file;

/// Largest pointer file (`.git`, `commondir`); they hold one path.
const POINTER_BYTES: usize = 16 << 10;
/// Largest `config` of a repository that is looked at.
const CONFIG_BYTES: usize = 256 << 10;

/// The root of the repository that begins at this level: a worktree, or a bare repository. Paths come out canonical
/// when `level` is.
pub(super) fn root_at(level: &Path) -> Option<PathBuf> {
    let dot_git = level.join(".git");
    if is_git_dir(&dot_git) {
        return Some(level.to_owned());
    }
    if let Some(git_dir) = pointer(&dot_git, "gitdir:", level).filter(|dir| dir.join("HEAD").is_file()) {
        return match pointer(&git_dir.join("commondir"), "", &git_dir) {
            Some(common) => main_worktree(&common),
            None => Some(level.to_owned()),
        };
    }
    if is_git_dir(level) { main_worktree(level) } else { None }
}

/// The main worktree of the repository whose shared files lie in `common`; of a bare one, `common` itself.
fn main_worktree(common: &Path) -> Option<PathBuf> {
    if !is_git_dir(common) {
        return None;
    }
    let parent = common.parent()?;
    let named_from_above = || pointer(&parent.join(".git"), "gitdir:", parent).as_deref() == Some(common);
    if common.file_name().is_some_and(|name| name == ".git") || named_from_above() {
        return Some(parent.to_owned());
    }
    Some(core_worktree(common).unwrap_or_else(|| common.to_owned()))
}

/// What git itself asks of a repository's folder.
fn is_git_dir(folder: &Path) -> bool {
    // HEAD may be a link to a branch that is not born yet.
    folder.join("HEAD").symlink_metadata().is_ok_and(|meta| !meta.is_dir())
        && folder.join("objects").is_dir()
        && folder.join("refs").is_dir()
}

/// The existing folder that a one-line file names, relative to `base`. Blank lines after it are allowed.
fn pointer(file: &Path, prefix: &str, base: &Path) -> Option<PathBuf> {
    let bytes = small_file::read(file, POINTER_BYTES).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let path = text.strip_prefix(prefix)?.trim();
    folder_at(path, base)
}

fn folder_at(path: &str, base: &Path) -> Option<PathBuf> {
    if path.is_empty() || path.contains(['\n', '\0']) {
        return None;
    }
    base.join(path).canonicalize().ok().filter(|path| path.is_dir())
}

/// `core.worktree` of a repository's config, as submodules have it.
fn core_worktree(common: &Path) -> Option<PathBuf> {
    let bytes = small_file::read(&common.join("config"), CONFIG_BYTES).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut in_core = false;
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_core = line.to_ascii_lowercase().starts_with("[core]");
        } else if in_core
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("worktree")
        {
            found = Some(value.trim().trim_matches('"'));
        }
    }
    folder_at(found?, common)
}
