//! The daemon's log: stderr in the foreground; a file of bounded size, with a few before it, when a shim started it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// The log file's size, in bytes, at which it becomes `….log.1` and a new one begins.
const MAX_LOG: u64 = 2 << 20;
/// How many full ones are kept: `….log.1` is the newest of them.
const KEPT: usize = 4;

/// Begins logging. `filter` is `TASK_ORCHESTRATOR_LOG`: a level for our own crates, or a whole filter.
pub(crate) fn begin(filter: Option<&str>, file: Option<&Path>) {
    let filter = EnvFilter::try_new(directives(filter)).unwrap_or_else(|_| EnvFilter::new(directives(None)));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_target(false);
    let begun = match file.map(|path| Rotating::open(path, MAX_LOG)) {
        Some(Ok(rotating)) => subscriber.with_writer(rotating).try_init(),
        // The folder is checked later, with words; until then stderr will do.
        Some(Err(_)) | None => subscriber.with_writer(io::stderr).try_init(),
    };
    debug_assert!(begun.is_ok(), "logging begins once");
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
    }));
}

fn directives(filter: Option<&str>) -> String {
    let level = match filter {
        Some(filter) if filter.contains(['=', ',']) => return filter.to_owned(),
        Some(level) if level.parse::<tracing::level_filters::LevelFilter>().is_ok() => level,
        _ => "info",
    };
    format!("warn,task_orchestrator={level},orc_store={level},orc_core={level}")
}

/// A file that starts over when it is full, keeping a few predecessors.
struct Rotating {
    path: PathBuf,
    max: u64,
    now: Mutex<(File, u64)>,
}

impl Rotating {
    fn open(path: &Path, max: u64) -> io::Result<Self> {
        if std::fs::metadata(path).is_ok_and(|meta| meta.len() >= max) {
            make_room(path)?;
        }
        let file = append(path)?;
        let length = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), max, now: Mutex::new((file, length)) })
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        // A poisoned lock only means that a thread died between two lines.
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.1 >= self.max {
            make_room(&self.path)?;
            *now = (append(&self.path)?, 0);
        }
        now.1 += bytes.len() as u64;
        now.0.write_all(bytes)
    }
}

/// Moves the full ones on by a place each; the oldest goes.
fn make_room(path: &Path) -> io::Result<()> {
    for place in (1..KEPT).rev().filter(|place| older(path, *place).exists()) {
        std::fs::rename(older(path, place), older(path, place + 1))?;
    }
    std::fs::rename(path, older(path, 1))
}

fn older(path: &Path, place: usize) -> PathBuf {
    path.with_extension(format!("log.{place}"))
}

fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // What does not go through here (a dying allocator's last words) belongs in the same file.
    #[cfg(all(unix, not(test)))]
    let _ = rustix::stdio::dup2_stderr(&file);
    Ok(file)
}

struct Line<'a>(&'a Rotating);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Rotating {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let log = Rotating::open(&path, 100).unwrap();
        for number in 0..1000 {
            log.write(format!("{number:010}\n").as_bytes()).unwrap();
        }
        let files: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1 + KEPT, "{files:?}");
        let sizes: Vec<_> = files.iter().map(|path| std::fs::metadata(path).unwrap().len()).collect();
        assert!(sizes.iter().all(|size| *size <= 111), "{sizes:?}");
        // Nothing is missing between them, and the newest are those that are left.
        let newest_last = (1..=KEPT).rev().map(|place| older(&path, place)).chain([path.clone()]);
        let text: String = newest_last.map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let numbers: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(numbers.last(), Some(&999));
        assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
    }

    #[test]
    fn a_level_is_for_our_own_crates() {
        assert_eq!(directives(Some("debug")), "warn,task_orchestrator=debug,orc_store=debug,orc_core=debug");
        assert_eq!(directives(Some("tarpc=trace")), "tarpc=trace");
        assert!(directives(Some("loud")).contains("=info"));
    }
}
