//! Kills daemons and shims under load for minutes, and looks after each death whether anything is lost:
//! `cargo run -p e2e --example storm -- --seconds 180 --shims 12 --seed 7`

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e::Storm;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| match words.iter().position(|word| word == name) {
        None => default,
        Some(at) => {
            let given = words.get(at + 1).and_then(|word| word.parse().ok());
            given.unwrap_or_else(|| panic!("{name} takes a number"))
        }
    };
    let drawn = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let storm = Storm {
        seed: number("--seed", drawn),
        shims: number("--shims", 12),
        time: Duration::from_secs(number("--seconds", 180)),
        calm: (number("--calm-from", 100), number("--calm-to", 1_500)),
    };
    // Before it begins: a storm that finds something ends in a panic.
    println!("{storm:?}");
    println!("{:#?}", storm.blow());
}
