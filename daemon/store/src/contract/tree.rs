//! The tree of items: depth, height, moves.

use orc_core::Code;
use orc_core::item::Edit;

use super::Scenario;
use super::world::{World, answer, reparent};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("depth, height, children and descendants are counted", counts),
        ("all that was counted follows a move", counts_after_moves),
        ("a tree is at most four levels deep, whatever moves", depth_limit),
        ("nothing moves under itself or its own descendant", no_loops),
        ("a child takes its parent's project", project_of_the_parent),
    ]
}

fn counts<S: Apply>(world: &mut World<S>) {
    let root = world.create("root");
    let left = world.create_under(&root, "left");
    let right = world.create_under(&root, "right");
    let leaf = world.create_under(&left, "leaf");
    let alone = world.create("alone");
    // item, depth, height, children
    let table = [(&root, 0, 2, 2), (&left, 1, 1, 1), (&right, 1, 0, 0), (&leaf, 2, 0, 0), (&alone, 0, 0, 0)];
    for (id, depth, height, children) in table {
        assert_eq!(answer(world.store.depth(id)), depth, "depth of {id}");
        assert_eq!(answer(world.store.height(id)), height, "height of {id}");
        assert_eq!(answer(world.store.child_count(id)), children, "children of {id}");
    }
    let below: Vec<_> = answer(world.store.descendants(&root)).into_iter().map(|item| item.id).collect();
    let place = |id| below.iter().position(|b| b == id);
    assert_eq!(below.len(), 3);
    assert!(place(&leaf).is_some() && place(&leaf) < place(&left) && place(&right).is_some());
    // id, ancestor, within
    let table = [
        (&leaf, &root, true),
        (&leaf, &leaf, true),
        (&root, &leaf, false),
        (&leaf, &right, false),
        (&alone, &root, false),
    ];
    for (id, ancestor, want) in table {
        assert_eq!(answer(world.store.is_within(id, ancestor)), want, "{id} within {ancestor}");
    }
}

fn counts_after_moves<S: Apply>(world: &mut World<S>) {
    let from = world.create("from");
    let to = world.create("to");
    let branch = world.create_under(&from, "branch");
    let leaf = world.create_under(&branch, "leaf");
    world.run(reparent(&branch, &to));
    let table = [(&from, 0, 0, 0), (&to, 0, 2, 1), (&branch, 1, 1, 1), (&leaf, 2, 0, 0)];
    for (id, depth, height, children) in table {
        let got = (
            answer(world.store.depth(id)),
            answer(world.store.height(id)),
            answer(world.store.child_count(id)),
        );
        assert_eq!(got, (depth, height, children), "{id}");
    }
    world.update(&branch, Edit::Parent(None));
    assert_eq!(answer(world.store.depth(&leaf)), 1);
    assert_eq!(answer(world.store.child_count(&to)), 0);
    assert!(!answer(world.store.is_within(&leaf, &to)));
}

fn depth_limit<S: Apply>(world: &mut World<S>) {
    let mut chain = vec![world.create("level 0")];
    for level in 1..4 {
        let parent = chain[level - 1].clone();
        chain.push(world.create_under(&parent, &format!("level {level}")));
    }
    let other = world.create("other");
    let below_other = world.create_under(&other, "below");
    let refusal = world.refused(reparent(&other, &chain[2]));
    assert_eq!(refusal.code, Code::Validation);
    assert_eq!(refusal.message, "Max depth 4 reached (parent at depth 2)");
    assert_eq!(answer(world.store.depth(&below_other)), 1);
    world.run(reparent(&other, &chain[1]));
    assert_eq!(answer(world.store.depth(&below_other)), 3);
    assert_eq!(world.refused(reparent(&chain[1], &below_other)).code, Code::Conflict);
}

fn no_loops<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let below = world.create_under(&top, "below");
    assert_eq!(world.refused(reparent(&top, &top)).code, Code::Validation);
    let refusal = world.refused(reparent(&top, &below));
    assert_eq!(refusal.message, "Cannot move an item under its own descendant");
    assert_eq!(world.item(&top).parent, None);
}

fn project_of_the_parent<S: Apply>(world: &mut World<S>) {
    use orc_core::command::NewItem;
    let of_other = |parent: Option<String>, project: Option<&str>| NewItem {
        title: "t".into(),
        parent,
        project: project.map(Into::into),
        edits: vec![],
    };
    let top = world.create_with(of_other(None, Some("other")));
    let child = world.create_with(of_other(Some(top.to_string()), None));
    let odd = world.create_with(of_other(Some(top.to_string()), Some("third")));
    let plain = world.create_with(of_other(None, None));
    for (id, want) in [(top, "other"), (child, "other"), (odd, "third"), (plain, "p")] {
        assert_eq!(world.item(&id).project.as_deref(), Some(want));
    }
}
