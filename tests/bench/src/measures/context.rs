//! What get_context answers, and how fast, as a store grows.

use serde_json::json;

use crate::{Outcome, items, reference::Reference, report::Row, samples::Samples, say, world::Setup};

const SIZES: [usize; 3] = [100, 10_000, 100_000];
const ROUNDS: usize = 100;

pub(crate) fn measure(setup: &Setup, reference: &mut Reference) -> Outcome<Vec<Row>> {
    let world = setup.world()?;
    let mut shim = world.session()?;
    let mut rows = Vec::new();
    let (mut have, mut floor) = (0, None);
    for size in SIZES {
        say(&format!("get_context at {size} items ..."));
        items::fill(&mut shim, have, size, false)?;
        have = size;
        let (mut times, mut bytes) = (Samples::default(), 0);
        for _ in reference.rounds(ROUNDS, 25) {
            let answer = shim.call("get_context", json!({}))?;
            times.add(answer.time);
            bytes = answer.result.as_str().unwrap_or_default().len();
        }
        let smallest = *floor.get_or_insert(times.median());
        let row = Row::time(&format!("{size} items: {bytes} bytes"), &times)
            .beside("the time at 100 items", times.median() / smallest);
        rows.push(row.wanted("8,000 bytes", bytes < 8_000));
    }
    Ok(rows)
}
