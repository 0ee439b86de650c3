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
    chart::Chart,
    machine,
    reference::Reference,
    samples::{Samples, ms},
    say,
};

/// Where the README keeps what is written into it.
const BRIEF: [&str; 2] = ["<!-- written by the benchmark -->\n", "<!-- end of it -->"];

/// What the project wants of a figure.
#[derive(Debug, Clone)]
pub(crate) struct Aim {
    what: String,
    measured: String,
    limit: String,
    kept: bool,
}

/// A table with columns of its own.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// What has to be known to read it.
    pub(crate) note: String,
    aims: Vec<Aim>,
}

/// One line of a table of single figures.
#[derive(Debug, Default)]
pub(crate) struct Row {
    what: String,
    value: String,
    spread: String,
    beside: String,
    aim: Option<Aim>,
}

#[derive(Debug)]
pub(crate) struct Report {
    out: Option<PathBuf>,
    readme: Option<PathBuf>,
    command: String,
    tables: Vec<(Vec<String>, Table)>,
    /// Names of charts that the next table is under.
    charts: Vec<String>,
    brief: String,
}

impl Aim {
    pub(crate) fn new(what: &str, measured: &str, limit: &str, kept: bool) -> Self {
        Self { what: what.to_owned(), measured: measured.to_owned(), limit: limit.to_owned(), kept }
    }

    /// At most so many times something.
    pub(crate) fn times(what: &str, ratio: f64, limit: f64) -> Self {
        Self::new(what, &format!("{ratio:.2} x"), &format!("{limit} x"), ratio <= limit)
    }

    /// Whether, in a table's cell.
    fn verdict(&self) -> String {
        format!("{}: {}", self.limit, self.word())
    }

    fn word(&self) -> &'static str {
        if self.kept { "kept" } else { "**MISSED**" }
    }
}

impl Table {
    pub(crate) fn new(title: &str, header: Vec<String>) -> Self {
        Self { title: title.to_owned(), header, rows: Vec::new(), note: String::new(), aims: Vec::new() }
    }

    /// Notes an aim; answers the cell of its figure.
    pub(crate) fn aim(&mut self, aim: Aim) -> String {
        let cell = format!("{} (wanted {})", aim.measured, aim.verdict());
        self.aims.push(aim);
        cell
    }
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

    /// Anything else.
    pub(crate) fn value(what: &str, value: impl Into<String>) -> Self {
        Self { what: what.to_owned(), value: value.into(), ..Self::default() }
    }

    /// How it stands to a floor.
    #[must_use]
    pub(crate) fn beside(mut self, name: &str, ratio: f64) -> Self {
        let digits = if ratio < 10.0 { 2 } else { 0 };
        self.beside = format!("{ratio:.digits$} x {name}");
        self
    }

    /// What the project wants, and whether it is kept.
    #[must_use]
    pub(crate) fn wanted(mut self, limit: &str, kept: bool) -> Self {
        self.aim = Some(Aim::new(&self.what, &self.value, limit, kept));
        self
    }

    /// The same where the ratio is what counts: at most so many times the floor.
    #[must_use]
    pub(crate) fn at_most(mut self, limit: &str, kept: bool) -> Self {
        self.aim = Some(Aim::new(&self.what, &self.beside, limit, kept));
        self
    }
}

impl Report {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
        let out = arguments.out.clone().unwrap_or_else(|| root.join("docs/benchmark.md"));
        let original = if arguments.original.is_some() { " --original PYTHON" } else { "" };
        let quick = if arguments.quick { " --quick" } else { "" };
        let dashes = if original.is_empty() && quick.is_empty() { "" } else { " --" };
        Self {
            out: Some(out).filter(|out| out != Path::new("-")),
            readme: arguments.out.is_none().then(|| root.join("README.md")),
            command: format!("cargo run --release -p bench{dashes}{quick}{original}"),
            tables: Vec::new(),
            charts: Vec::new(),
            brief: String::new(),
        }
    }

    /// Adds a table of single figures and shows it.
    pub(crate) fn add(&mut self, title: &str, rows: Vec<Row>) {
        let header = ["", "measured", "spread", "beside", "wanted"].map(str::to_owned);
        let mut table = Table::new(title, header.into());
        for Row { what, value, spread, beside, aim } in rows {
            let wanted = aim.as_ref().map(Aim::verdict).unwrap_or_default();
            table.rows.push(vec![what, value, spread, beside, wanted]);
            table.aims.extend(aim);
        }
        self.table(table);
    }

    /// Adds any table and shows it. The charts drawn since the one before stand above it.
    pub(crate) fn table(&mut self, table: Table) {
        say(&format!("\n{}", table.title));
        for row in &table.rows {
            say(&format!("  {}", row.join(" | ")));
        }
        self.tables.push((std::mem::take(&mut self.charts), table));
    }

    /// Writes a chart beside the page.
    pub(crate) fn draw(&mut self, name: &str, chart: &Chart) -> Outcome {
        let Some(out) = &self.out else { return Ok(()) };
        let stem = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = format!("{stem}-{name}.svg");
        fs::write(out.with_file_name(&file), chart.svg())?;
        self.charts.push(format!("![{}]({file})\n", chart.title));
        Ok(())
    }

    /// What the README shows in few lines.
    pub(crate) fn brief(&mut self, text: String) {
        self.brief = text;
    }

    /// Writes the page, and the README's part of it.
    pub(crate) fn finish(self, reference: &Reference, took: Duration) -> Outcome {
        let noise = reference.verdict();
        say(&format!("\n{noise}"));
        let page = self.page(&noise, took)?;
        match &self.out {
            Some(out) => {
                fs::write(out, page)?;
                say(&format!("Written to {}", out.display()));
            }
            None => say(&page),
        }
        if let (Some(readme), false) = (&self.readme, self.brief.is_empty()) {
            let text = fs::read_to_string(readme)?;
            fs::write(readme, with_brief(&text, &format!("{}\n{noise}\n", self.brief))?)?;
        }
        Ok(())
    }

    fn page(&self, noise: &str, took: Duration) -> Outcome<String> {
        let mut page = format!(
            "# Benchmark\n\nWritten by `{}` in {} s; do not edit. Version {}, {}.\n\n{noise}\n\n\
             A time is the median, then the 10th to the 90th percentile and the number of samples. Floors are taken in \
             the same run, in turns with what they stand beside.\n",
            self.command,
            took.as_secs(),
            env!("CARGO_PKG_VERSION"),
            machine::facts(),
        );
        let aims: Vec<&Aim> = self.tables.iter().flat_map(|(_, table)| &table.aims).collect();
        let kept = aims.iter().filter(|aim| aim.kept).count();
        write!(
            page,
            "\n## What is wanted: {kept} of {} kept\n\n| | measured | wanted | |\n|---|---|---|---|\n",
            aims.len()
        )?;
        for aim in aims {
            writeln!(page, "| {} | {} | {} | {} |", aim.what, aim.measured, aim.limit, aim.word())?;
        }
        for (charts, Table { title, header, rows, note, .. }) in &self.tables {
            write!(page, "\n## {title}\n\n")?;
            charts.iter().try_for_each(|chart| writeln!(page, "{chart}"))?;
            if !note.is_empty() {
                write!(page, "{note}\n\n")?;
            }
            writeln!(page, "| {} |\n|{}", header.join(" | "), "---|".repeat(header.len()))?;
            rows.iter().try_for_each(|row| writeln!(page, "| {} |", row.join(" | ")))?;
        }
        Ok(page)
    }
}

/// A text with another part between the marks.
fn with_brief(text: &str, brief: &str) -> Outcome<String> {
    let missing = || format!("README.md has no {} ... {}", BRIEF[0].trim(), BRIEF[1]);
    let begin = text.find(BRIEF[0]).ok_or_else(missing)? + BRIEF[0].len();
    let end = begin + text[begin..].find(BRIEF[1]).ok_or_else(missing)?;
    Ok(format!("{}\n{brief}\n{}", &text[..begin], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_keeps_what_is_around_its_figures() {
        let text = format!("before\n{}old\n{}\nafter\n", BRIEF[0], BRIEF[1]);
        let written = with_brief(&text, "new").unwrap();
        assert_eq!(written, format!("before\n{}\nnew\n{}\nafter\n", BRIEF[0], BRIEF[1]));
        assert_eq!(with_brief(&written, "new").unwrap(), written);
        assert!(with_brief("no marks", "new").is_err());
    }
}
