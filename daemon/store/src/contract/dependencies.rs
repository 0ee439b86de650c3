//! Edges: what waits for what, and what is set free.

use std::slice::from_ref;

use orc_core::refusal::Details;
use orc_core::status::{DepKind, Status, Threshold};
use orc_core::view::Waiting;
use orc_core::workflow::Trigger::{self, *};
use orc_core::{Code, Command, ItemId};

use super::Scenario;
use super::world::{World, advance, answer, link, unblocked};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("an item is unblocked when its blocker reaches the threshold, and not before", each_threshold),
        ("the last of several blockers unblocks, and the refusal names the rest", several_blockers),
        ("a blocker that falls back holds its dependents again", falling_back),
        ("a removed edge unblocks when it was the last that held", unlinking),
        ("what relates blocks nothing", relating),
        ("a cycle is refused with the shortest way round", cycles),
        ("an edge is drawn once, between two items", one_edge),
        ("a terminal item is never reported as unblocked", terminal_dependents),
    ]
}

fn unlink(from: &ItemId, to: &ItemId) -> Command {
    Command::Unlink { from: from.to_string(), to: to.to_string(), kind: None }
}

fn each_threshold<S: Apply>(world: &mut World<S>) {
    let walks: [(&[Trigger], Threshold); 6] = [
        (&[Start], Threshold::Work),
        (&[Start, Start], Threshold::Review),
        (&[Start, Start, Start], Threshold::Done),
        (&[Complete], Threshold::Work),
        (&[Block, Cancel], Threshold::Done),
        (&[Start, Block, Cancel], Threshold::Review),
    ];
    for (walk, threshold) in walks {
        let [blocker, waiting] = ["blocker", "waiting"].map(|title| world.create(title));
        world.block(&blocker, &waiting, threshold);
        for (step, trigger) in walk.iter().enumerate() {
            let refusal = world.refused(advance(&waiting, Start));
            assert_eq!(refusal.code, Code::DependencyUnsatisfied, "{walk:?} {threshold:?}");
            let last = step + 1 == walk.len();
            let want = if last { vec![waiting.clone()] } else { vec![] };
            assert_eq!(unblocked(&world.advance(&blocker, *trigger)), want, "{walk:?} {threshold:?}");
        }
        assert_eq!(answer(world.store.unmet_blockers(&waiting, 9)), (vec![], 0));
        world.advance(&waiting, Start);
    }
}

fn several_blockers<S: Apply>(world: &mut World<S>) {
    let [a, b, waiting] = ["a", "b", "waiting"].map(|title| world.create(title));
    world.block(&a, &waiting, Threshold::Work);
    world.block(&b, &waiting, Threshold::Done);
    let refusal = world.refused(advance(&waiting, Complete));
    assert_eq!(refusal.message, "Blocked by unfinished items: a, b");
    let (first, all) = answer(world.store.unmet_blockers(&waiting, 1));
    assert_eq!((first.len(), all), (1, 2));
    let row = |unmet| Waiting { id: waiting.clone(), status: Status::Queue, needs: Threshold::Done, unmet };
    assert_eq!(answer(world.store.waiting_for(&b)), [row(2)]);
    assert_eq!(unblocked(&world.advance(&a, Start)), []);
    assert_eq!(answer(world.store.waiting_for(&b)), [row(1)]);
    match world.refused(advance(&waiting, Start)).details.as_deref() {
        Some(Details::Blockers(blockers, 0)) => {
            let [blocker] = blockers.as_slice() else { panic!("{blockers:?}") };
            assert_eq!((&blocker.id, blocker.title.as_str(), blocker.needs), (&b, "b", Threshold::Done));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(unblocked(&world.advance(&b, Complete)), [waiting]);
}

fn falling_back<S: Apply>(world: &mut World<S>) {
    let [a, b] = ["a", "b"].map(|title| world.create(title));
    world.block(&a, &b, Threshold::Done);
    world.advance(&a, Complete);
    assert_eq!(answer(world.store.unmet_blockers(&b, 9)).1, 0);
    world.advance(&a, Reopen);
    assert_eq!(answer(world.store.unmet_blockers(&b, 9)).1, 1);
    assert_eq!(world.refused(advance(&b, Start)).code, Code::DependencyUnsatisfied);
    assert_eq!(unblocked(&world.advance(&a, Complete)), from_ref(&b));
    assert_eq!(unblocked(&world.advance(&a, Archive)), []);
}

fn unlinking<S: Apply>(world: &mut World<S>) {
    let [a, b, waiting] = ["a", "b", "waiting"].map(|title| world.create(title));
    world.block(&a, &waiting, Threshold::Done);
    world.block(&b, &waiting, Threshold::Done);
    assert_eq!(unblocked(&world.run(unlink(&a, &waiting))), []);
    assert_eq!(unblocked(&world.run(unlink(&b, &waiting))), from_ref(&waiting));
    assert_eq!(world.run(unlink(&b, &waiting)), []);
    assert_eq!(answer(world.store.waiting_for(&b)), []);
    world.advance(&b, Complete);
    world.block(&b, &waiting, Threshold::Done);
    assert_eq!(unblocked(&world.run(unlink(&b, &waiting))), []);
}

fn relating<S: Apply>(world: &mut World<S>) {
    let [a, b] = ["a", "b"].map(|title| world.create(title));
    world.run(link(&a, &b, DepKind::RelatesTo, Threshold::Done));
    world.run(link(&b, &a, DepKind::RelatesTo, Threshold::Done));
    assert_eq!(answer(world.store.unmet_blockers(&b, 9)), (vec![], 0));
    assert_eq!(answer(world.store.waiting_for(&a)), []);
    assert_eq!(answer(world.store.path(&a, &b)), None);
    assert_eq!(answer(world.store.edges_of(&a)).len(), 2);
    world.advance(&b, Start);
    assert_eq!(world.refused(link(&a, &b, DepKind::RelatesTo, Threshold::Work)).code, Code::Validation);
}

fn cycles<S: Apply>(world: &mut World<S>) {
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|title| world.create(title));
    for (from, to) in [(&a, &b), (&b, &c), (&c, &d), (&a, &c)] {
        world.block(from, to, Threshold::Work);
    }
    let refusal = world.refused(link(&d, &a, DepKind::Blocks, Threshold::Done));
    assert_eq!((refusal.code, refusal.message.as_str()), {
        (Code::Conflict, "Dependency would create a cycle")
    });
    let way: Vec<_> =
        [(&a, "a"), (&c, "c"), (&d, "d"), (&a, "a")].map(|(id, t)| (id.clone(), t.to_owned())).into();
    assert_eq!(refusal.details.as_deref(), Some(&Details::Path(way)));
    assert_eq!(answer(world.store.edge(&d, &a)), None);
    assert_eq!(answer(world.store.path(&d, &a)), None);
    world.run(link(&d, &a, DepKind::RelatesTo, Threshold::Done));
}

fn one_edge<S: Apply>(world: &mut World<S>) {
    let [a, b] = ["a", "b"].map(|title| world.create(title));
    assert_eq!(
        world.refused(link(&a, &a, DepKind::Blocks, Threshold::Done)).message,
        "Cannot depend on self"
    );
    world.block(&a, &b, Threshold::Work);
    for kind in DepKind::ALL {
        assert_eq!(world.refused(link(&a, &b, *kind, Threshold::Done)).code, Code::Conflict);
    }
    let edge = answer(world.store.edge(&a, &b));
    assert!(edge.is_some_and(|e| e.unblock_at == Threshold::Work && answer(world.store.id_taken(&e.id))));
}

fn terminal_dependents<S: Apply>(world: &mut World<S>) {
    let [a, b] = ["a", "b"].map(|title| world.create(title));
    world.block(&a, &b, Threshold::Done);
    world.advance(&b, Cancel);
    assert_eq!(unblocked(&world.advance(&a, Complete)), []);
}
