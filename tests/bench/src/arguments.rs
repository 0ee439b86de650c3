//! The command line.

use std::{ffi::OsString, path::PathBuf};

use crate::Outcome;

pub(crate) const USAGE: &str = "\
Usage: cargo run --release -p bench -- [OPTIONS]

  --bin-dir DIR      where task-orchestrator and task-orchestrator-mcp are (default: beside this program)
  --folder DIR       where databases are made; its disk is measured (default: the folder above the programs)
  --original PYTHON  also measure the task-orchestrator-py that this Python has installed
  --out FILE         where the page goes (default: docs/benchmark.md of the workspace; - for none)
  --quick            leave out the store of 1,000,000 items and the 128 servers of the original
  --instructions     count the instructions of the hot paths instead, under callgrind, and refuse what is over its budget
  --set-budgets      the same, and write what was counted, and a little more, into the budgets
  --document COUNT   write a tracker of COUNT items to FILE, for `task-orchestrator import`, and measure nothing
  --help             this text
";

#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) original: Option<PathBuf>,
    pub(crate) out: Option<PathBuf>,
    /// How many items the document gets that is written in place of measuring.
    pub(crate) document: Option<usize>,
    pub(crate) quick: bool,
    pub(crate) instructions: bool,
    pub(crate) set_budgets: bool,
    pub(crate) help: bool,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = OsString>) -> Outcome<Self> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let name = word.to_string_lossy().into_owned();
            let place = match name.as_str() {
                "--bin-dir" => &mut arguments.bin_dir,
                "--folder" => &mut arguments.folder,
                "--original" => &mut arguments.original,
                "--out" => &mut arguments.out,
                "--document" => {
                    let value = words.next().unwrap_or_default();
                    let count = value.to_str().and_then(|word| word.parse().ok());
                    arguments.document = Some(count.ok_or("--document needs a number of items")?);
                    continue;
                }
                "--quick" | "--instructions" | "--set-budgets" | "--help" | "-h" => {
                    match name.as_str() {
                        "--quick" => arguments.quick = true,
                        "--instructions" => arguments.instructions = true,
                        "--set-budgets" => (arguments.instructions, arguments.set_budgets) = (true, true),
                        _ => arguments.help = true,
                    }
                    continue;
                }
                _ => return Err(format!("there is no option {name}").into()),
            };
            let value = words.next().ok_or_else(|| format!("{name} needs a path"))?;
            *place = Some(PathBuf::from(value));
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_strange_ones_refused() {
        let read = |words: &[&str]| Arguments::read(words.iter().map(OsString::from));
        let given = read(&["--bin-dir", "/b", "--original", "py"]).unwrap();
        assert_eq!((given.bin_dir, given.original), (Some("/b".into()), Some("py".into())));
        for wrong in [&["--speed"] as &[&str], &["--out"], &["x"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
