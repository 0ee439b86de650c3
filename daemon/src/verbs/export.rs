//! `export [FILE]`: the graph as a document, of any size, as JSON or as Markdown.

mod markdown;

use std::{
    fs,
    io::{BufWriter, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::json;
use tempfile::NamedTempFile;

use super::{
    Trouble,
    document::{self, Part, Source},
    exit::Exit,
    person::Person,
    remark, say,
};

const BAR: &str = "{bar:32} {percent} %  {bytes} of {total_bytes}";
/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to (default: stdout)
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// json is what import reads; markdown is for people
    #[arg(long, short, value_enum, default_value = "json")]
    format: Format,
    /// Take the place of a file that is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Json,
    Markdown,
}

pub(crate) fn run(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    let Some(file) = &arguments.file else {
        if person.json && arguments.format == Format::Markdown {
            return Err(Trouble::Usage(
                "--json says JSON, and --format markdown; name one, or a FILE".to_owned(),
            ));
        }
        let source = document::fetch(person, &arguments.part)?;
        return match write(source, arguments.format, &mut std::io::stdout().lock()) {
            // A reader that has enough is no fault of ours.
            Err(Trouble::System(closed)) if closed.kind() == ErrorKind::BrokenPipe => Ok(Exit::Fine),
            written => written.map(|()| Exit::Fine),
        };
    };
    // Asked before the work and, for a file, once more at its end.
    let target = Target::check(file, arguments.force)?;
    let source = document::fetch(person, &arguments.part)?;
    let length = target.fill(|out| write(source, arguments.format, out))?;
    match person.json {
        true => say(&json!({"exported": file, "bytes": length}).to_string()),
        false => remark(&format!("{}: {}", file.display(), HumanBytes(length))),
    }
    Ok(Exit::Fine)
}

fn write(source: Source, format: Format, out: &mut dyn Write) -> Result<(), Trouble> {
    match format {
        Format::Json => copy(source, out),
        Format::Markdown => {
            let mut out = BufWriter::new(out);
            markdown::write(&document::read(source)?, &mut out)?;
            Ok(out.flush()?)
        }
    }
}

fn copy(mut source: Source, out: &mut dyn Write) -> Result<(), Trouble> {
    let bar = ProgressBar::new(source.length);
    bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut piece = vec![0; PIECE];
    loop {
        let read = source.bytes.read(&mut piece)?;
        if read == 0 {
            break;
        }
        out.write_all(&piece[..read])?;
        bar.inc(read as u64);
    }
    bar.finish_and_clear();
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// A file that is to be written: whole or not at all, and over nothing that is there unless that was asked for.
struct Target<'p> {
    path: &'p Path,
    folder: PathBuf,
    force: bool,
}

impl<'p> Target<'p> {
    fn check(path: &'p Path, force: bool) -> Result<Self, Trouble> {
        let shown = path.display();
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => {
                return Err(Trouble::Said(format!("{shown} is a link; name the file itself")));
            }
            Ok(found) if !found.is_file() => {
                return Err(Trouble::Said(format!("{shown} is there and is no file; name another")));
            }
            Ok(_) if !force => {
                return Err(Trouble::Said(format!(
                    "{shown} is there already; name another file, or say that it may be replaced (see `export --help`)"
                )));
            }
            Ok(_) | Err(_) => {}
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(Trouble::Said(format!("There is no folder {}; make it first", folder.display())));
        }
        Ok(Self { path, folder: folder.to_owned(), force })
    }

    /// Writes to a file of another name in the same folder, and gives it its own when all is on disk.
    fn fill(&self, write: impl FnOnce(&mut dyn Write) -> Result<(), Trouble>) -> Result<u64, Trouble> {
        let failed =
            |error: std::io::Error| Trouble::Said(format!("Cannot write {}: {error}", self.path.display()));
        let mut part = NamedTempFile::new_in(&self.folder).map_err(failed)?;
        write(part.as_file_mut())?;
        part.as_file().sync_all().map_err(failed)?;
        let length = part.as_file().metadata().map_err(failed)?.len();
        let placed = match self.force {
            true => part.persist(self.path),
            false => part.persist_noclobber(self.path),
        };
        placed.map_err(|error| failed(error.error))?;
        Ok(length)
    }
}
