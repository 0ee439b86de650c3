//! The page of figures: what was measured, beside what, and what was wanted.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Outcome,
    arguments::Arguments,
    machine,
    reference::Reference,
    samples::{Samples, ms},
    say,
};

/// One line of a table.
#[derive(Debug, Default)]
pub(crate) struct Row {
    what: String,
    value: String,
    spread: String,
    beside: String,
    wanted: String,
}

#[derive(Debug)]
pub(crate) struct Report {
    out: Option<PathBuf>,
    command: String,
    sections: Vec<(String, Vec<Row>)>,
}

impl Row {
    /// A time.
    pub(crate) fn time(what: &str, samples: &Samples) -> Self {
        let (low, high) = samples.spread();
        Self {
            what: what.to_owned(),
            value: ms(samples.median()),
            spread: format!("{} to {}, n = {}", ms(low), ms(high), samples.count()),
            ..Self::default()
        }
    }

    /// Two times: the other program's, and ours beside it.
    pub(crate) fn pair(what: &str, theirs: &Samples, ours: &Samples) -> Self {
        let ((their_low, their_high), (low, high)) = (theirs.spread(), ours.spread());
        Self {
            what: what.to_owned(),
            value: format!("{}, ours {}", ms(theirs.median()), ms(ours.median())),
            spread: format!(
                "{} to {}, ours {} to {}, n = {}",
                ms(their_low),
                ms(their_high),
                ms(low),
                ms(high),
                ours.count()
            ),
            ..Self::default()
        }
        .beside("ours", theirs.median() / ours.median())
    }

    /// Anything else.
    pub(crate) fn value(what: &str, value: impl Into<String>) -> Self {
        Self { what: what.to_owned(), value: value.into(), ..Self::default() }
    }

    /// How it stands to a floor.
    #[must_use]
    pub(crate) fn beside(mut self, name: &str, ratio: f64) -> Self {
        let digits = if ratio < 10.0 { 1 } else { 0 };
        self.beside = format!("{ratio:.digits$} x {name}");
        self
    }

    /// What the project promises, and whether it is kept.
    #[must_use]
    pub(crate) fn wanted(mut self, limit: &str, kept: bool) -> Self {
        self.wanted = format!("{limit}: {}", if kept { "kept" } else { "MISSED" });
        self
    }
}

impl Report {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
        let out = arguments.out.clone().unwrap_or_else(|| root.join("docs/benchmark.md"));
        let original = if arguments.original.is_some() { " -- --original PYTHON" } else { "" };
        Self {
            out: Some(out).filter(|out| out != Path::new("-")),
            command: format!("cargo run --release -p bench{original}"),
            sections: Vec::new(),
        }
    }

    /// Adds a table and shows it.
    pub(crate) fn add(&mut self, title: &str, rows: Vec<Row>) {
        say(&format!("\n{title}"));
        for row in &rows {
            let Row { what, value, spread, beside, wanted } = row;
            say(&format!("  {what:<48} {value:>12}  {spread:<34} {beside:<32} {wanted}"));
        }
        self.sections.push((title.to_owned(), rows));
    }

    /// Writes the page.
    pub(crate) fn finish(self, reference: &Reference, took: Duration) -> Outcome {
        let noise = reference.verdict();
        say(&format!("\n{noise}"));
        let mut page = format!(
            "# Benchmark\n\nWritten by `{}` in {} s; do not edit. Version {}, {}.\n\n{noise}\n\n\
             A time is the median, then the 10th to the 90th percentile and the number of samples. Floors are taken in \
             the same run, in turns with what they stand beside.\n",
            self.command,
            took.as_secs(),
            env!("CARGO_PKG_VERSION"),
            machine::facts(),
        );
        for (title, rows) in &self.sections {
            write!(
                page,
                "\n## {title}\n\n| | measured | spread | beside | wanted |\n|---|---|---|---|---|\n"
            )?;
            for Row { what, value, spread, beside, wanted } in rows {
                writeln!(page, "| {what} | {value} | {spread} | {beside} | {wanted} |")?;
            }
        }
        match &self.out {
            Some(out) => {
                fs::write(out, page)?;
                say(&format!("Written to {}", out.display()));
            }
            None => say(&page),
        }
        Ok(())
    }
}
