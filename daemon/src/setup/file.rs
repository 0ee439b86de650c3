//! A file that is changed whole or not at all: read, kept beside itself, replaced by renaming, and only if nobody has changed it
//! meanwhile. A link stays a link; mode and owner stay as they are.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Larger files are no configuration.
const LARGEST: u64 = 16 * 1024 * 1024;
/// What the copy of a file without us has after its name.
const KEPT: &str = ".before-task-orchestrator";
/// The copy of one that has us and is changed again.
const UPDATED: &str = ".before-task-orchestrator.update";
/// A copy that is from an earlier life of the file.
const STALE: &str = ".before-task-orchestrator.old";

/// Why a file is left alone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileTrouble {
    #[error("{0}")]
    System(#[from] io::Error),
    #[error("it is larger than {} MiB", LARGEST / 1024 / 1024)]
    Large,
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("it is no file")]
    NoFile,
    #[error("it is a link to a file that does not exist")]
    DeadLink,
    #[error("somebody changed it at the same moment; run this again")]
    Changed,
    #[error("it is write-protected; make it writable, or have whatever writes it do this")]
    Protected,
}

/// A file as it was read.
#[derive(Debug)]
pub(crate) struct Original {
    path: PathBuf,
    /// Behind links.
    real: PathBuf,
    text: Option<String>,
}

impl Original {
    /// Reads a file, which need not be there.
    ///
    /// # Errors
    /// [`FileTrouble`]: it cannot be read as text.
    pub(crate) fn read(path: &Path) -> Result<Self, FileTrouble> {
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if path.symlink_metadata().is_ok() {
                    return Err(FileTrouble::DeadLink);
                }
                return Ok(Self { path: path.to_owned(), real: path.to_owned(), text: None });
            }
            Err(error) => return Err(error.into()),
        };
        let text = Some(text_of(&real)?);
        Ok(Self { path: path.to_owned(), real, text })
    }

    /// Refuses one that somebody has write-protected: a new file in its place would be a way around that.
    ///
    /// # Errors
    /// [`FileTrouble::Protected`].
    pub(crate) fn may_be_changed(&self) -> Result<(), FileTrouble> {
        match fs::metadata(&self.real) {
            Ok(about) if about.permissions().readonly() => Err(FileTrouble::Protected),
            _ => Ok(()),
        }
    }

    /// Whether its name is a link.
    pub(crate) fn is_link(&self) -> bool {
        self.path.symlink_metadata().is_ok_and(|about| about.is_symlink())
    }

    /// What was in it; none when it was not there.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The copy from before setup, where there is one.
    pub(crate) fn before(&self) -> Option<String> {
        text_of(&self.beside(KEPT)).ok()
    }

    /// Keeps a copy beside the file, in the place of an older one: of the file without us, by which a removal knows what was there,
    /// or of one that has us already. A file that is not there needs none; an older copy is then set aside.
    ///
    /// # Errors
    /// [`FileTrouble`].
    pub(crate) fn keep(&self, has_us: bool) -> Result<(), FileTrouble> {
        let kept = self.beside(KEPT);
        if self.text.is_some() {
            fs::copy(&self.real, self.beside(if has_us { UPDATED } else { KEPT }))?;
        } else if kept.exists() {
            fs::rename(&kept, self.beside(STALE))?;
        }
        Ok(())
    }

    /// Takes the copies away that nobody needs once the file is as it was.
    pub(crate) fn forget(&self) {
        for end in [KEPT, UPDATED] {
            // One that stays does no harm.
            let _ = fs::remove_file(self.beside(end));
        }
    }

    /// Puts `text` in the file's place.
    ///
    /// # Errors
    /// [`FileTrouble`]: nothing has changed.
    pub(crate) fn replace(&self, text: &str, executable: bool) -> Result<(), FileTrouble> {
        let folder = self.real.parent().ok_or(FileTrouble::NoFile)?;
        fs::create_dir_all(folder)?;
        let name = self.real.file_name().unwrap_or_default().to_string_lossy();
        let fresh = folder.join(format!(".{name}.task-orchestrator-{}", std::process::id()));
        let done = self.replace_by(&fresh, text, executable);
        if done.is_err() {
            let _ = fs::remove_file(&fresh);
        }
        done
    }

    fn replace_by(&self, fresh: &Path, text: &str, executable: bool) -> Result<(), FileTrouble> {
        let mut file = File::options().write(true).create_new(true).open(fresh)?;
        file.write_all(text.as_bytes())?;
        self.take_over_rights(&file, executable)?;
        file.sync_all()?;
        drop(file);
        self.unchanged()?;
        fs::rename(fresh, &self.real)?;
        sync_folder(&self.real);
        Ok(())
    }

    /// Takes the file away, and its copies.
    ///
    /// # Errors
    /// [`FileTrouble`].
    pub(crate) fn remove(&self) -> Result<(), FileTrouble> {
        self.unchanged()?;
        fs::remove_file(&self.path)?;
        self.forget();
        Ok(())
    }

    fn unchanged(&self) -> Result<(), FileTrouble> {
        let now = if self.real.exists() { Some(text_of(&self.real)?) } else { None };
        if now == self.text { Ok(()) } else { Err(FileTrouble::Changed) }
    }

    #[cfg(unix)]
    fn take_over_rights(&self, file: &File, executable: bool) -> Result<(), FileTrouble> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let fresh = file.metadata()?;
        match self.real.metadata() {
            Ok(old) => {
                if (old.uid(), old.gid()) != (fresh.uid(), fresh.gid()) {
                    std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()))?;
                }
                file.set_permissions(old.permissions())?;
            }
            // As the umask left it, and executable for whoever may read it.
            Err(_) if executable => {
                let mode = fresh.permissions().mode();
                file.set_permissions(fs::Permissions::from_mode(mode | ((mode & 0o444) >> 2)))?;
            }
            Err(_) => {}
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn take_over_rights(&self, _file: &File, _executable: bool) -> Result<(), FileTrouble> {
        Ok(())
    }

    fn beside(&self, end: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(end);
        name.into()
    }
}

fn text_of(path: &Path) -> Result<String, FileTrouble> {
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Err(FileTrouble::NoFile);
    }
    if about.len() > LARGEST {
        return Err(FileTrouble::Large);
    }
    String::from_utf8(fs::read(path)?).map_err(|_| FileTrouble::NotText)
}

/// So that the new name outlives a loss of power; where folders cannot be flushed, the file system does it in its time.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().filter(|_| cfg!(unix)) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_link_stays_a_link_and_the_mode_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
        symlink("real.json", &link).unwrap();
        let original = Original::read(&link).unwrap();
        original.keep(false).unwrap();
        original.replace("new", false).unwrap();
        assert_eq!((fs::read_to_string(&real).unwrap().as_str(), mode(&real)), ("new", 0o600));
        assert!(link.symlink_metadata().unwrap().is_symlink());
        let again = Original::read(&link).unwrap();
        assert_eq!((again.text(), again.before().as_deref()), (Some("new"), Some("old")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else is left");
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        let absent = Original::read(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(absent.replace("ours", false), Err(FileTrouble::Changed)));
        let there = Original::read(&path).unwrap();
        fs::write(&path, "theirs again").unwrap();
        assert!(matches!(there.replace("ours", false), Err(FileTrouble::Changed)));
        assert!(matches!(there.remove(), Err(FileTrouble::Changed)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs again");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn what_is_no_text_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("latin"), b"\xe4").unwrap();
        symlink("nowhere", path("dead")).unwrap();
        assert!(matches!(Original::read(&path("latin")), Err(FileTrouble::NotText)));
        assert!(matches!(Original::read(&path("dead")), Err(FileTrouble::DeadLink)));
        assert!(matches!(Original::read(folder.path()), Err(FileTrouble::NoFile)));
    }

    #[test]
    fn folders_are_made_for_a_file_and_a_script_can_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c.md");
        Original::read(&path).unwrap().replace("x", true).unwrap();
        assert_eq!(mode(&path) & 0o100, 0o100);
    }
}
