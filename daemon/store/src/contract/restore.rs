//! Bringing deleted items back.

use std::slice::from_ref;

use orc_core::edge::Edge;
use orc_core::item::Edit;
use orc_core::note::Note;
use orc_core::status::{DepKind, Threshold};
use orc_core::workflow::Trigger;
use orc_core::{Code, Command};

use super::Scenario;
use super::world::{World, answer, link, reparent};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("an item comes back with its subtree, notes and edges, one version on", comes_back_whole),
        ("one item of a deletion comes back alone, the rest later", in_parts),
        ("an item whose parent is gone comes back at the top", without_its_parent),
        ("an edge whose other end is gone stays away", without_the_other_end),
        ("what is not deleted is not restored", not_deleted),
        ("an edge that would now close a cycle stays away", closed_since),
        ("a subtree that no longer fits under its parent comes back at the top", too_deep_by_now),
        ("what a later deletion took is left to that one", taken_again),
        ("a note or edge whose id is taken by now comes back under a new one", ids_taken_since),
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

fn closed_since<S: Apply>(world: &mut World<S>) {
    let [before, gone, after] = ["before", "gone", "after"].map(|title| world.create(title));
    world.block(&before, &gone, Threshold::Done);
    world.block(&gone, &after, Threshold::Done);
    world.delete(&gone);
    world.block(&after, &before, Threshold::Done);
    world.restore(&gone);
    let ends = [(&before, &gone), (&gone, &after)].map(|(from, to)| answer(world.store.edge(from, to)));
    assert_eq!(ends.iter().flatten().count(), 1);
    assert_eq!(answer(world.store.path(&after, &gone)).is_some(), ends[0].is_some());
}

fn too_deep_by_now<S: Apply>(world: &mut World<S>) {
    let [top, above] = ["top", "above"].map(|title| world.create(title));
    let parent = world.create_under(&top, "parent");
    let gone = world.create_under(&parent, "gone");
    let low = world.create_under(&gone, "low");
    world.delete(&gone);
    world.run(reparent(&top, &above));
    world.restore(&gone);
    assert_eq!((world.item(&gone).parent, world.item(&low).parent), (None, Some(gone.clone())));
    world.delete(&low);
    world.run(reparent(&gone, &parent));
    world.restore(&low);
    assert_eq!(answer(world.store.depth(&low)), 0);
}

fn taken_again<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let low = world.create_under(&top, "low");
    world.delete(&top);
    world.restore(&low);
    world.update(&low, Edit::Title("newer".into()));
    world.delete(&low);
    world.restore(&top);
    assert_eq!(answer(world.store.item(&low)), None);
    world.restore(&low);
    let item = world.item(&low);
    assert_eq!((item.title.as_str(), item.version, item.parent), ("newer", 4, None));
}

fn ids_taken_since<S: Apply>(world: &mut World<S>) {
    let [gone, a, b] = ["gone", "a", "b"].map(|title| world.create(title));
    world.write(&gone, "key", "body");
    world.block(&gone, &a, Threshold::Done);
    let note = answer(world.store.note(&gone, "key"));
    let edge = answer(world.store.edge(&gone, &a));
    world.delete(&gone);
    if let Some(note) = &note {
        world.run(Command::ImportNote(Box::new(Note { item: a.clone(), ..note.clone() })));
    }
    if let Some(edge) = &edge {
        world.run(Command::ImportEdge(Edge { from: a.clone(), to: b.clone(), ..edge.clone() }));
    }
    world.restore(&gone);
    let back = answer(world.store.note(&gone, "key"));
    assert_eq!(back.as_ref().map(|n| n.body.as_str()), Some("body"));
    assert_ne!(back.map(|n| n.id), note.map(|n| n.id));
    assert_ne!(answer(world.store.edge(&gone, &a)).map(|e| e.id), edge.map(|e| e.id));
    assert_eq!(answer(world.store.unmet_blockers(&a, 9)).1, 1);
}
