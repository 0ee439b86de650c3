//! A folder that a caller named, and new files in it.
//!
//! What a caller names may have been laid out by others: a repository that holds links, a folder that many may write in. So
//! links are followed only as far as nobody else decides, and never below; a file is new or it is not written; and all of it
//! is for its owner alone.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

/// Longest path, in bytes: what systems take in one piece.
const LONGEST: usize = 4_096;

/// A folder, reached.
#[derive(Debug)]
pub(crate) struct NamedFolder {
    path: PathBuf,
    #[cfg(unix)]
    folder: std::os::fd::OwnedFd,
}

impl NamedFolder {
    /// Reaches the folder, making what of it is missing. Below the longest of `trusted` that it lies in (or, in none of them, below
    /// the first folder of its path) no link is followed.
    ///
    /// # Errors
    /// What the file system says; [`ErrorKind::InvalidInput`] for a link, for `..`, and for what is no folder.
    pub(crate) fn make(path: &Path, trusted: &[&Path]) -> io::Result<Self> {
        Self::reach(path, trusted, true)
    }

    /// The same for a folder that must be there.
    pub(crate) fn find(path: &Path, trusted: &[&Path]) -> io::Result<Self> {
        Self::reach(path, trusted, false)
    }

    fn reach(path: &Path, trusted: &[&Path], make: bool) -> io::Result<Self> {
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(invalid(format!("{} has a '..'; name the folder itself", path.display())));
        }
        if path.as_os_str().len() > LONGEST {
            // Step by step there would be no end.
            return Err(io::Error::new(
                ErrorKind::InvalidFilename,
                format!("it has more than {LONGEST} bytes"),
            ));
        }
        let base = base(path, trusted);
        let below = path.strip_prefix(&base).unwrap_or(Path::new(""));
        system::reach(path, &base, below, make)
    }

    /// A file of that name for the owner alone, which nothing had before.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] for anything of that name, a link to nowhere too.
    pub(crate) fn create_new(&self, name: &str) -> io::Result<File> {
        system::create_new(self, name)
    }

    /// Gives a file a second name, which nothing had before, and brings both to disk.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] likewise.
    pub(crate) fn link(&self, from: &str, to: &str) -> io::Result<()> {
        system::link(self, from, to)
    }

    /// Takes a name away.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        system::remove(self, name)
    }

    /// The whole of a regular file of at most `most` bytes. A pipe is not waited for, and a link is not followed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what is no such file, [`ErrorKind::FileTooLarge`] for a larger one.
    pub(crate) fn read(&self, name: &std::ffi::OsStr, most: u64) -> io::Result<Vec<u8>> {
        let file = system::open(self, name)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(invalid("it is no regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > most {
            true => {
                let words = format!("it has more than {} MiB", most >> 20);
                Err(io::Error::new(ErrorKind::FileTooLarge, words))
            }
            false => Ok(bytes),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The part of a path that may lead over links: nobody but the user and the system lays them there.
fn base(path: &Path, trusted: &[&Path]) -> PathBuf {
    let within = trusted.iter().filter(|base| path.starts_with(base));
    match within.max_by_key(|base| base.components().count()) {
        Some(base) => base.to_path_buf(),
        None => {
            let is_root = |part: &Component<'_>| !matches!(part, Component::Normal(_));
            let roots = path.components().take_while(is_root).count();
            path.components().take(roots + 1).collect()
        }
    }
}

fn invalid(words: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, words)
}

fn astray(path: &Path, what: &str) -> io::Error {
    invalid(format!("{} is {what}; name the real folder", path.display()))
}

/// By descriptors, so that nobody can exchange a folder between the look and the step.
#[cfg(unix)]
mod system {
    use std::ffi::OsStr;
    use std::os::fd::OwnedFd;

    use rustix::fs::{
        AtFlags, CWD, FileType, Mode, OFlags, fsync, linkat, mkdirat, openat, statat, unlinkat,
    };
    use rustix::io::Errno;

    use super::{Component, File, NamedFolder, Path, astray, io};

    const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);
    /// To go through a folder is not to read it.
    #[cfg(target_os = "linux")]
    const STEP: OFlags = FOLDER.union(OFlags::NOFOLLOW).union(OFlags::PATH);
    #[cfg(not(target_os = "linux"))]
    const STEP: OFlags = FOLDER.union(OFlags::NOFOLLOW);

    pub(super) fn reach(path: &Path, base: &Path, below: &Path, make: bool) -> io::Result<NamedFolder> {
        let mut folder = openat(CWD, base, FOLDER, Mode::empty())?;
        let mut reached = base.to_owned();
        for part in below.components() {
            let Component::Normal(name) = part else { continue };
            reached.push(name);
            folder = step(&folder, name, make).map_err(|error| named(error, &folder, name, &reached))?;
        }
        // Read, so that new names in it can be brought to disk.
        let folder = openat(&folder, ".", FOLDER, Mode::empty())?;
        Ok(NamedFolder { path: path.to_owned(), folder })
    }

    fn step(folder: &OwnedFd, name: &OsStr, make: bool) -> Result<OwnedFd, Errno> {
        match openat(folder, name, STEP, Mode::empty()) {
            Err(Errno::NOENT) if make => {
                match mkdirat(folder, name, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                openat(folder, name, STEP, Mode::empty())
            }
            opened => opened,
        }
    }

    fn named(error: Errno, folder: &OwnedFd, name: &OsStr, reached: &Path) -> io::Error {
        if !matches!(error, Errno::NOTDIR | Errno::LOOP | Errno::MLINK) {
            return error.into();
        }
        match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink => {
                astray(reached, "a symbolic link")
            }
            _ => astray(reached, "no folder"),
        }
    }

    pub(super) fn create_new(folder: &NamedFolder, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&folder.folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    pub(super) fn link(folder: &NamedFolder, from: &str, to: &str) -> io::Result<()> {
        // A hard link, unlike a rename, never takes the place of what is there.
        linkat(&folder.folder, from, &folder.folder, to, AtFlags::empty())?;
        Ok(fsync(&folder.folder)?)
    }

    pub(super) fn remove(folder: &NamedFolder, name: &str) -> io::Result<()> {
        Ok(unlinkat(&folder.folder, name, AtFlags::empty())?)
    }

    pub(super) fn open(folder: &NamedFolder, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match openat(&folder.folder, name, flags, Mode::empty()) {
            Err(Errno::LOOP | Errno::MLINK) => {
                Err(super::invalid("it is a symbolic link; name the real file".to_owned()))
            }
            opened => Ok(opened?.into()),
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::ffi::OsStr;
    use std::fs;

    use super::{File, NamedFolder, Path, astray, io};

    pub(super) fn reach(path: &Path, base: &Path, below: &Path, make: bool) -> io::Result<NamedFolder> {
        let mut reached = base.to_owned();
        for part in below.components() {
            reached.push(part);
            match fs::symlink_metadata(&reached) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Err(astray(&reached, "no folder")),
                Err(error) if error.kind() == io::ErrorKind::NotFound && make => fs::create_dir(&reached)?,
                Err(error) => return Err(error),
            }
        }
        Ok(NamedFolder { path: path.to_owned() })
    }

    pub(super) fn create_new(folder: &NamedFolder, name: &str) -> io::Result<File> {
        File::create_new(folder.path.join(name))
    }

    pub(super) fn link(folder: &NamedFolder, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(folder.path.join(from), folder.path.join(to))
    }

    pub(super) fn remove(folder: &NamedFolder, name: &str) -> io::Result<()> {
        fs::remove_file(folder.path.join(name))
    }

    pub(super) fn open(folder: &NamedFolder, name: &OsStr) -> io::Result<File> {
        File::open(folder.path.join(name))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_are_followed_as_far_as_trust_reaches() {
        let cases = [
            ("/work/shop/out", &["/work/shop", "/work"][..], "/work/shop"),
            ("/work/other", &["/work/shop", "/work"], "/work"),
            ("/tmp/x/y", &["/work"], "/tmp"),
            ("/workshop/x", &["/work"], "/workshop"),
        ];
        for (path, trusted, want) in cases {
            let trusted: Vec<&Path> = trusted.iter().map(Path::new).collect();
            assert_eq!(base(Path::new(path), &trusted), Path::new(want), "{path}");
        }
    }

    #[test]
    fn new_files_are_private_and_take_nobodys_place() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        let folder = NamedFolder::make(&home.join("a/b"), &[home]).unwrap();
        let mode = |path: &str| home.join(path).metadata().unwrap().permissions().mode() & 0o777;
        drop(folder.create_new("part").unwrap());
        folder.link("part", "whole").unwrap();
        assert_eq!((mode("a"), mode("a/b"), mode("a/b/whole")), (0o700, 0o700, 0o600));
        symlink("/nowhere/at/all", home.join("a/b/laid")).unwrap();
        for taken in ["whole", "laid"] {
            assert_eq!(folder.create_new(taken).unwrap_err().kind(), ErrorKind::AlreadyExists, "{taken}");
            assert_eq!(folder.link("part", taken).unwrap_err().kind(), ErrorKind::AlreadyExists, "{taken}");
        }
    }

    #[test]
    fn no_link_is_followed_and_nothing_but_a_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        std::fs::create_dir(home.join("real")).unwrap();
        std::fs::write(home.join("real/file"), "four").unwrap();
        symlink("real", home.join("link")).unwrap();
        symlink("file", home.join("real/other")).unwrap();
        for path in ["link", "link/deeper", "real/../real", "real/file"] {
            let refused = NamedFolder::make(&home.join(path), &[home]).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{path}: {refused}");
        }
        let real = NamedFolder::find(&home.join("real"), &[home]).unwrap();
        assert_eq!(real.read("file".as_ref(), 4).unwrap(), b"four");
        assert_eq!(real.read("file".as_ref(), 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(real.read("other".as_ref(), 4).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(NamedFolder::find(&home.join("none"), &[home]).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
