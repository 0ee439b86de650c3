//! Bringing deleted items back.

use std::slice::from_ref;

use orc_core::status::{DepKind, Threshold};
use orc_core::workflow::Trigger;
use orc_core::{Code, Command};

use super::Scenario;
use super::world::{World, answer, link};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("an item comes back with its subtree, notes and edges, one version on", comes_back_whole),
        ("one item of a deletion comes back alone, the rest later", in_parts),
        ("an item whose parent is gone comes back at the top", without_its_parent),
        ("an edge whose other end is gone stays away", without_the_other_end),
        ("what is not deleted is not restored", not_deleted),
    ]
}

fn comes_back_whole<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let low = world.create_under(&top, "low");
    let outside = world.create("outside");
    world.write(&low, "second", "2");
    world.write(&low, "first", "1");
    world.block(&top, &low, Threshold::Work);
    world.block(&low, &outside, Threshold::Review);
    world.run(link(&outside, &top, DepKind::RelatesTo, Threshold::Done));
    let items = [world.item(&top), world.item(&low)];
    let notes = answer(world.store.notes(&low));
    let edges = [answer(world.store.edge(&top, &low)), answer(world.store.edge(&low, &outside))];
    world.delete(&top);
    world.speaker("s2", "bob", None);
    world.restore(&top);
    for mut want in items {
        want.version += 1;
        want.updated_by = Some("bob".into());
        assert_eq!(world.item(&want.id), want);
    }
    assert_eq!(answer(world.store.notes(&low)), notes);
    assert_eq!([answer(world.store.edge(&top, &low)), answer(world.store.edge(&low, &outside))], edges);
    assert_eq!(answer(world.store.edges_of(&top)).len(), 2);
    assert_eq!(answer(world.store.unmet_blockers(&outside, 9)).1, 1);
    assert_eq!(answer(world.store.unmet_blockers(&low, 9)).1, 1);
    assert_eq!(answer(world.store.depth(&low)), 1);
    world.advance(&top, Trigger::Start);
    world.advance(&low, Trigger::Start);
}

fn in_parts<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let middle = world.create_under(&top, "middle");
    let low = world.create_under(&middle, "low");
    world.delete(&top);
    world.restore(&middle);
    assert_eq!(answer(world.store.item(&top)), None);
    assert_eq!(world.item(&low).parent, Some(middle.clone()));
    assert_eq!(answer(world.store.find_deleted(top.as_str(), 9)), from_ref(&top));
    world.restore(&top);
    assert_eq!(world.item(&middle).parent, None);
    assert_eq!(world.item(&middle).version, 2);
    assert_eq!(answer(world.store.child_count(&top)), 0);
}

fn without_its_parent<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let low = world.create_under(&top, "low");
    world.delete(&low);
    world.delete(&top);
    world.restore(&low);
    assert_eq!(world.item(&low).parent, None);
    assert_eq!(answer(world.store.depth(&low)), 0);
}

fn without_the_other_end<S: Apply>(world: &mut World<S>) {
    let [a, b] = ["a", "b"].map(|title| world.create(title));
    world.block(&a, &b, Threshold::Done);
    world.delete(&a);
    world.delete(&b);
    world.restore(&a);
    assert_eq!(answer(world.store.edges_of(&a)), []);
    world.restore(&b);
    assert_eq!(answer(world.store.unmet_blockers(&b, 9)).1, 0);
}

fn not_deleted<S: Apply>(world: &mut World<S>) {
    let id = world.create("live");
    let restore = |reference: &str| Command::RestoreItem { item: reference.to_owned() };
    for (reference, code) in
        [(id.as_str(), Code::Conflict), ("no-such-item", Code::NotFound), ("abc", Code::Validation)]
    {
        assert_eq!(world.refused(restore(reference)).code, code, "{reference}");
    }
}
