//! Inputs that nobody thought of: examples, changed at random, for whatever reads bytes from outside.
//!
//! The examples of a target are the files in `corpus/NAME`. They are tried as they stand first, so that an input which once
//! found something is never forgotten: a new one is put there by the run that finds it. Then they are changed, spliced and
//! tried for `FUZZ_SECONDS` (1 unless set).
//!
//! proptest makes and shrinks the changes: it runs on stable Rust under `cargo test`. Coverage guides nothing here, so the
//! examples are what matters; a new form of input wants an example of its own. The changes are the same each time, so that a run
//! which fails tells of a change to the program; `FUZZ_SEED=N` makes others, and is for whoever looks for something new.

mod change;

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use change::{Change, changes};

/// No input may take longer. Far beyond any that was seen, so that a busy machine does not matter.
const LONGEST: Duration = Duration::from_secs(20);

/// Tries a target with its examples, then with changed ones, until its time is over.
///
/// # Panics
/// When the target panics, takes too long, or answers why its input was not treated right. The shortest such input that was
/// found is put beside the examples.
pub fn fuzz(name: &str, target: impl Fn(&[u8]) -> Result<(), String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let examples = examples(&folder);
    for (file, example) in &examples {
        if let Err(why) = timed(&target, example) {
            panic!("{}: {why}", file.display());
        }
    }
    let examples: Vec<Vec<u8>> = examples.into_iter().map(|(_, example)| example).collect();
    let end = Instant::now() + Duration::from_secs(number("FUZZ_SECONDS", 1));
    let seeds = number("FUZZ_SEED", 0).wrapping_mul(1 << 32)..;
    for seed in seeds.take_while(|_| Instant::now() < end) {
        let rng_seed = RngSeed::Fixed(seed);
        let config = Config { cases: 100, failure_persistence: None, rng_seed, ..Config::default() };
        let strategy = (any::<prop::sample::Index>(), changes());
        let run = TestRunner::new(config).run(&strategy, |(first, changes)| {
            timed(&target, &changed(&examples, first, &changes)).map_err(TestCaseError::fail)
        });
        match run {
            Ok(()) => {}
            Err(TestError::Fail(why, (first, changes))) => {
                let input = changed(&examples, first, &changes);
                let kept = keep(&folder, &input);
                panic!("{why}\nfor the input {kept}: {}", shown(&input));
            }
            Err(aborted) => panic!("{aborted}"),
        }
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn examples(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the target's folder of examples");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no example in {}", folder.display());
    files
        .into_iter()
        .map(|file| {
            let example = std::fs::read(&file).expect("an example");
            (file, example)
        })
        .collect()
}

fn changed(examples: &[Vec<u8>], first: prop::sample::Index, changes: &[Change]) -> Vec<u8> {
    let begin = first.get(examples).clone();
    changes.iter().fold(begin, |input, change| change.of(input, examples))
}

fn timed(target: impl Fn(&[u8]) -> Result<(), String>, input: &[u8]) -> Result<(), String> {
    let begun = Instant::now();
    target(input)?;
    let took = begun.elapsed();
    if took < LONGEST { Ok(()) } else { Err(format!("it took {} s", took.as_secs())) }
}

/// Puts an input beside the examples, for the next run to begin with.
fn keep(folder: &Path, input: &[u8]) -> String {
    let mut hash = DefaultHasher::new();
    input.hash(&mut hash);
    let file = folder.join(format!("found-{:08x}", hash.finish() >> 32));
    match std::fs::write(&file, input) {
        Ok(()) => format!("in {}", file.display()),
        Err(error) => format!("which could not be kept ({error})"),
    }
}

fn shown(input: &[u8]) -> String {
    let mut text: String =
        input.iter().take(2000).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    if input.len() > 2000 {
        let _ = write!(text, "… ({} bytes)", input.len()); // writing to text does not fail
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn what_a_target_refuses_is_found_and_said() {
        // The example says "digits: 0123456789".
        let refused = catch_unwind(AssertUnwindSafe(|| {
            fuzz("itself", |input| if input.contains(&b'7') { Ok(()) } else { Err("no seven".to_owned()) });
        }));
        let message =
            *refused.expect_err("an input without a seven is soon found").downcast::<String>().unwrap();
        assert!(message.starts_with("no seven"), "{message}");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/itself");
        let kept: Vec<_> =
            examples(&folder).into_iter().filter(|(file, _)| !file.ends_with("digits")).collect();
        assert_eq!(kept.len(), 1);
        assert!(!kept[0].1.contains(&b'7'));
        std::fs::remove_file(&kept[0].0).unwrap();
    }
}
