//! A write that is on disk before it is answered, beside one flush of the same disk and beside SQLite writing the same
//! rows without anybody in between.

use std::time::Instant;

use serde_json::json;

use crate::{
    Outcome,
    bare::{self, Bare},
    machine::Disk,
    reference::Reference,
    report::Row,
    samples::{Samples, ms},
    say,
    world::Setup,
};

const ROUNDS: usize = 400;
/// Beside echo and bare transaction together.
const LIMIT: f64 = 1.3;

pub(crate) fn measure(setup: &Setup, reference: &mut Reference) -> Outcome<Vec<Row>> {
    say("a durable write ...");
    let world = setup.world()?;
    let mut bare = Bare::beside(&world)?;
    let mut disk = Disk::open(world.data())?;
    let mut shim = world.session()?;
    let (mut flush, mut direct) = (Samples::default(), Samples::default());
    let (mut echo, mut through) = (Samples::default(), Samples::default());
    shim.call("manage_items", bare::create(1))?;
    for round in reference.rounds(ROUNDS, 20) {
        disk.flush(&mut flush)?;
        let begun = Instant::now();
        bare.commit(1)?;
        direct.add(begun.elapsed());
        echo.add(shim.call("echo", json!({"value": {"n": round}}))?.time);
        through.add(shim.call("manage_items", bare::create(round + 2))?.time);
    }
    let floor = direct.median() + echo.median();
    let beside = through.median() / floor;
    Ok(vec![
        Row::time("4 KiB appended and flushed (one disk flush)", &flush),
        Row::time("bare SQLite, one transaction with all rows of a create, synchronous=FULL", &direct)
            .beside("one flush", direct.median() / flush.median()),
        Row::time("`echo` through shim and daemon", &echo),
        Row::time("`manage_items` create through shim and daemon, empty store", &through)
            .beside("bare SQLite and echo together", beside)
            .at_most("1.3 x", beside <= LIMIT),
        Row::value("of it, what is neither of them", ms(through.median() - floor)),
    ])
}
