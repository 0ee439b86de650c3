//! The command line.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use crate::Outcome;

pub(crate) const USAGE: &str = "\
Usage: cargo run --release -p bench -- [OPTIONS]

  --bin-dir DIR      where task-orchestrator and task-orchestrator-mcp are (default: beside this program)
  --folder DIR       where databases are made; its disk is measured (default: the folder above the programs)
  --original PYTHON  also measure the task-orchestrator-py that this Python has installed
  --out FILE         where the page goes (default: docs/benchmark.md of the workspace; - for none)
  --document COUNT   write a tracker of COUNT items to FILE, for `task-orchestrator import`, and measure nothing
  --soak DURATION    let agents work that long (90s, 10m, 1h) and write docs/soak.md instead of measuring
  --agents COUNT     how many of them (default: 50)
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
    /// How long agents are to work in place of measuring.
    pub(crate) soak: Option<Duration>,
    pub(crate) agents: Option<usize>,
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
                "--soak" => {
                    let value = words.next().unwrap_or_default();
                    let time = value.to_str().and_then(duration);
                    arguments.soak = Some(time.ok_or("--soak needs a time, such as 90s, 10m or 1h")?);
                    continue;
                }
                "--agents" => {
                    let value = words.next().unwrap_or_default();
                    let count = value.to_str().and_then(|word| word.parse().ok()).filter(|count| *count > 0);
                    arguments.agents = Some(count.ok_or("--agents needs a number")?);
                    continue;
                }
                "--help" | "-h" => {
                    arguments.help = true;
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

/// `90s`, `10m`, `1h`; none is shorter than 10 s.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    number
        .parse::<u64>()
        .ok()?
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .filter(|time| time.as_secs() >= 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(
            ["90s", "10m", "1h"].map(duration),
            [90, 600, 3_600].map(|s| Some(Duration::from_secs(s)))
        );
        assert_eq!(["", "s", "5s", "1d", "10", "\u{e9}"].map(duration), [None; 6]);
    }
}
