//! Random histories of calls, by several sessions, against the product and against the contract's own program (`orc-model`):
//! the same answers, the same refusals, the same store at the end.
//!
//! What once found something is kept as a file of steps under `tests/model/histories` and played first. Of a history that fails
//! the shortest form is shown, ready to be kept there. `HISTORIES=5000` plays that many, `HISTORIES_SEED=N` others
//! than those that are played each time.

mod fields;
mod player;
mod steps;

use std::path::Path;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use player::{Step, play};

/// Histories in an ordinary run of the tests.
const FEW: u32 = 80;
/// Calls of one history.
const CALLS: usize = 60;

#[test]
fn histories_that_once_found_something_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/model/histories");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no history in {}", folder.display());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let steps: Vec<Step> = text.lines().map(|line| Step::read(line).expect(line)).collect();
        if let Err(difference) = play(&steps) {
            panic!("{}: {difference}", file.display());
        }
    }
}

#[test]
fn the_product_answers_as_the_model_does() {
    let cases = std::env::var("HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(FEW);
    let seed = std::env::var("HISTORIES_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let rng_seed = RngSeed::Fixed(seed);
    let config = Config { cases, max_shrink_iters: 400, rng_seed, ..Config::with_source_file(file!()) };
    let history = steps::history(CALLS);
    let result = TestRunner::new(config).run(&history, |history| {
        play(&history).map_err(|difference| {
            let lines: Vec<String> = history.iter().map(Step::written).collect();
            TestCaseError::fail(format!("{difference}\n{}", lines.join("\n")))
        })
    });
    if let Err(failed) = result {
        // The history itself, once more for the debugger, would bury the difference.
        let text = failed.to_string();
        panic!("{}", text.split("; minimal failing input").next().unwrap_or(&text));
    }
}
