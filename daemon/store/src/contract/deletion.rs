//! Deleting items and what goes with them.

use std::slice::from_ref;

use orc_core::claim::Ending;
use orc_core::command::{Command, Guard};
use orc_core::item::Item;
use orc_core::status::{DepKind, Threshold};
use orc_core::workflow::Trigger;
use orc_core::{Change, Code, ItemId};

use super::Scenario;
use super::world::{World, answer, delete, link, unblocked};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("an item with children is deleted only with them", children_are_guarded),
        ("deletion takes the subtree, its notes, edges and claims", takes_all),
        ("a deleted item is found among the deleted by id and prefix", found_among_the_deleted),
        ("a deletion is told child before parent, each edge once", told_in_order),
        ("a claimed item anywhere below stops the deletion, and nothing is gone", claimed_below),
        ("a deletion unblocks what only waited for what it took", unblocks),
        ("a deletion over another's claim is recorded as forced", forced_deletion),
        ("an exact id wins among the deleted too", exact_among_the_deleted),
    ]
}

fn children_are_guarded<S: Apply>(world: &mut World<S>) {
    let parent = world.create("parent");
    world.create_under(&parent, "one");
    world.create_under(&parent, "two");
    let plain = Command::DeleteItem { item: parent.to_string(), recursive: false, guard: Guard::default() };
    let refusal = world.refused(plain);
    assert_eq!(refusal.message, "Item has 2 children. Use recursive=true to delete them.");
    assert_eq!(answer(world.store.child_count(&parent)), 2);
}

fn takes_all<S: Apply>(world: &mut World<S>) {
    let parent = world.create("parent");
    let child = world.create_under(&parent, "child");
    let outside = world.create("outside");
    world.write(&child, "key", "body");
    world.block(&child, &outside, Threshold::Done);
    world.run(link(&outside, &parent, DepKind::RelatesTo, Threshold::Done));
    world.advance(&child, Trigger::Start);
    let note = answer(world.store.note(&child, "key"));
    let changes = world.delete(&parent);
    assert!(changes.iter().any(|c| matches!(c, Change::ClaimEnded { why: Ending::Deleted, .. })));
    for id in [&parent, &child] {
        assert_eq!(answer(world.store.item(id)), None);
        assert_eq!(answer(world.store.notes(id)), []);
        assert_eq!(answer(world.store.note_heads(id)), []);
        assert_eq!(world.claim(id), None);
    }
    assert_eq!(answer(world.store.edges_of(&outside)), []);
    assert_eq!(answer(world.store.unmet_blockers(&outside, 9)), (vec![], 0));
    assert!(note.is_some_and(|note| !answer(world.store.id_taken(&note.id))));
    assert_eq!(answer(world.store.claims_of("s1")), []);
}

fn found_among_the_deleted<S: Apply>(world: &mut World<S>) {
    let id = world.create("gone");
    assert_eq!(answer(world.store.find_deleted(id.as_str(), 9)), []);
    world.delete(&id);
    for reference in [id.as_str(), &id.as_str()[..4]] {
        assert_eq!(answer(world.store.find_deleted(reference, 9)), from_ref(&id), "{reference}");
        assert_eq!(answer(world.store.find(reference, 9)), [], "{reference}");
    }
    assert!(!answer(world.store.short_taken(id.short())));
    world.restore(&id);
    assert_eq!(answer(world.store.find_deleted(id.as_str(), 9)), []);
    assert_eq!(answer(world.store.find(id.as_str(), 9)), [id]);
}

fn told_in_order<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let middle = world.create_under(&top, "middle");
    let low = world.create_under(&middle, "low");
    world.block(&low, &top, Threshold::Work);
    world.write(&middle, "key", "body");
    let notes = answer(world.store.notes(&middle));
    let edges = answer(world.store.edges_of(&top));
    world.delete(&top);
    for asked in [&top, &middle, &low] {
        let rows = answer(world.store.deletion(asked));
        let ids: Vec<_> = rows.iter().map(|row| row.item.id.clone()).collect();
        assert_eq!(ids, [low.clone(), middle.clone(), top.clone()]);
        assert_eq!(rows[1].notes, notes);
        let told: Vec<_> = rows.iter().flat_map(|row| row.edges.clone()).collect();
        assert_eq!(told, edges);
    }
    assert_eq!(answer(world.store.deletion(&orc_core::ItemId::new("never-was"))), []);
}

fn claimed_below<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let low = world.create_under(&top, "low");
    let other = world.create_under(&top, "other");
    world.advance(&low, Trigger::Start);
    world.speaker("s2", "bob", None);
    assert_eq!(world.refused(delete(&top)).code, Code::Conflict);
    for id in [&top, &low, &other] {
        assert!(answer(world.store.item(id)).is_some());
    }
}

fn unblocks<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let [low, lower] = ["low", "lower"].map(|title| world.create_under(&top, title));
    let [free, held, stays, terminal] =
        ["free", "held", "stays", "terminal"].map(|title| world.create(title));
    for waiting in [&free, &held, &terminal, &top] {
        world.block(&low, waiting, Threshold::Done);
        world.block(&lower, waiting, Threshold::Work);
    }
    world.block(&stays, &held, Threshold::Done);
    world.advance(&terminal, Trigger::Cancel);
    assert_eq!(unblocked(&world.delete(&top)), from_ref(&free));
    let met = world.create("met");
    world.advance(&met, Trigger::Complete);
    world.block(&met, &free, Threshold::Done);
    assert_eq!(unblocked(&world.delete(&met)), []);
    assert_eq!(unblocked(&world.delete(&stays)), [held]);
}

fn forced_deletion<S: Apply>(world: &mut World<S>) {
    let [id, own] = ["another's", "own"].map(|title| world.create(title));
    world.advance(&id, Trigger::Start);
    world.speaker("s2", "bob", None);
    world.advance(&own, Trigger::Start);
    for (id, want) in [(&id, Ending::Forced), (&own, Ending::Deleted)] {
        let guard = Guard { force: true, expected_version: None };
        let changes = world.run(Command::DeleteItem { item: id.to_string(), recursive: true, guard });
        assert!(matches!(&changes[0], Change::ClaimEnded { why, .. } if *why == want), "{changes:?}");
    }
    assert_eq!(answer(world.store.claims_of("s1")), []);
}

fn exact_among_the_deleted<S: Apply>(world: &mut World<S>) {
    let like = world.create("like");
    for id in ["same", "same-and-more"] {
        let item = Item { id: ItemId::new(id), ..world.item(&like) };
        world.run(Command::ImportItem(Box::new(item)));
        world.delete(&ItemId::new(id));
    }
    assert_eq!(answer(world.store.find_deleted("same", 9)), [ItemId::new("same")]);
    assert_eq!(answer(world.store.find_deleted("same-", 9)), [ItemId::new("same-and-more")]);
    world.restore(&ItemId::new("same"));
}
