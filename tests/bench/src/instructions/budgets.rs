//! The budgets: a checked-in file that says, for each path, how many instructions a call may take, and of which compilers.

use std::{fmt, fs, path::Path, process::Command};

use crate::{Outcome, chart::thousands};

const HEAD: &str = "\
# Instructions that one call may take, by the path it goes: what callgrind counted, and a little more. `.ci/run` refuses what is
# over it. Written by `cargo run --release -p bench -- --set-budgets`; a commit that raises one says why in a line \"Budget: why\".
# With other compilers the counts differ, and are told only.
";
/// What a budget leaves for counts that do not repeat, in percent.
const ROOM: u64 = 3;

/// The file.
#[derive(Debug, PartialEq)]
pub(super) struct Budgets {
    pub(super) compilers: String,
    paths: Vec<(String, u64)>,
}

/// How a count stands to its budget.
pub(super) enum Verdict {
    Within { budget: u64, count: u64 },
    Over { budget: u64, count: u64 },
    NoBudget,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |budget: u64, count: u64| count as f64 / budget as f64 * 100.0;
        match *self {
            Self::Within { budget, count } => {
                write!(f, "{:.1} % of its budget of {}", percent(budget, count), thousands(budget as f64))
            }
            Self::Over { budget, count } => {
                write!(
                    f,
                    "OVER: {:.1} % of its budget of {}",
                    percent(budget, count),
                    thousands(budget as f64)
                )
            }
            Self::NoBudget => f.write_str("OVER: it has no budget (--set-budgets gives it one)"),
        }
    }
}

impl Budgets {
    /// What was counted, and a little more.
    pub(super) fn after(compilers: &str, counts: &[(String, u64)]) -> Self {
        let budget = |count: u64| count + count * ROOM / 100;
        let paths = counts.iter().map(|(path, count)| (path.clone(), budget(*count))).collect();
        Self { compilers: compilers.to_owned(), paths }
    }

    pub(super) fn read(file: &Path) -> Outcome<Self> {
        let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        Self::parse(&text).ok_or_else(|| format!("{} cannot be read", file.display()).into())
    }

    pub(super) fn write(&self, file: &Path) -> Outcome {
        Ok(fs::write(file, self.text())?)
    }

    pub(super) fn judge(&self, path: &str, count: u64) -> Verdict {
        match self.paths.iter().find(|(name, _)| name == path) {
            None => Verdict::NoBudget,
            Some((_, budget)) if count <= *budget => Verdict::Within { budget: *budget, count },
            Some((_, budget)) => Verdict::Over { budget: *budget, count },
        }
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|(path, _)| path.as_str())
    }

    fn text(&self) -> String {
        let paths: String =
            self.paths.iter().map(|(path, budget)| format!("\"{path}\" = {budget}\n")).collect();
        format!("{HEAD}compilers = \"{}\"\n\n[budgets]\n{paths}", self.compilers)
    }

    fn parse(text: &str) -> Option<Self> {
        let (mut compilers, mut paths) = (None, Vec::new());
        let lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
        for line in lines {
            let (name, value) = line.split_once(" = ")?;
            if name == "compilers" {
                compilers = Some(value.trim_matches('"').to_owned());
            } else {
                paths.push((name.trim_matches('"').to_owned(), value.parse().ok()?));
            }
        }
        Some(Self { compilers: compilers?, paths })
    }
}

/// The compilers of the programs, for SQLite is C.
pub(super) fn compilers() -> Outcome<String> {
    let first_line = |program: &str| -> Outcome<String> {
        let output = Command::new(program).arg("--version").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned())
    };
    Ok(format!("{}, {}", first_line("rustc")?, first_line("cc")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_judged() {
        let budgets =
            Budgets::after("rustc 1, cc 2", &[("shim echo".into(), 1_000), ("get".into(), 200_000)]);
        let read = Budgets::parse(&budgets.text()).unwrap();
        assert_eq!(read, budgets);
        assert!(matches!(read.judge("get", 206_000), Verdict::Within { .. }));
        assert!(matches!(read.judge("get", 206_001), Verdict::Over { .. }));
        assert!(matches!(read.judge("list", 1), Verdict::NoBudget));
        assert_eq!(Budgets::parse("compilers = \"x\"\n\"get\" = many"), None);
    }
}
