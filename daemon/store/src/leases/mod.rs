//! The claim and lease rules, explored over all interleavings of what sessions, their subagents and time can do.
//!
//! A [`world::World`] is small: a few sessions, two of which are one agent's, a few subjects, a clock of whole minutes. From
//! the first world every action is taken, from every world that comes out every action again, and so on, each world once;
//! after every step the [`rules`] are checked. What [`orc_core::decide`] looks at is all that tells two worlds apart, so with
//! one subject the exploration ends by itself and is complete; with more of them it is cut at a depth.
//!
//! The search is a loop over a queue, and no model checker's: worlds are compared by their [`world::Shape`] and carry the
//! model's rows beside it, which `stateright` would want hashed whole (0.31 brings an HTTP server along, too).

mod action;
mod rules;
mod world;

use std::collections::{HashSet, VecDeque};

use proptest::prelude::*;

use world::{Size, World};

/// What an exploration saw.
#[derive(Default, Debug)]
struct Seen {
    worlds: usize,
    steps: usize,
    refused: usize,
    complete: bool,
}

/// Takes every action in every world that can be reached within `depth` steps.
fn explore(size: &Size, depth: usize) -> Seen {
    let first = World::new(size);
    let mut seen = Seen { complete: true, ..Seen::default() };
    let mut known = HashSet::from([first.shape()]);
    let mut queue = VecDeque::from([(first, 0)]);
    while let Some((world, at)) = queue.pop_front() {
        seen.worlds += 1;
        if at == depth {
            seen.complete = false;
            continue;
        }
        for action in world.actions(size) {
            seen.steps += 1;
            let outcome = world.decide(&world.graph, action);
            rules::decided_rightly(&world, action, &outcome);
            let Ok(changes) = outcome else {
                seen.refused += 1;
                continue;
            };
            if changes.is_empty() && !action.moves_the_world() {
                continue;
            }
            let next = world.after(action, &changes);
            rules::kept(&world, action, &changes, &next);
            if known.insert(next.shape()) {
                queue.push_back((next, at + 1));
            }
        }
    }
    seen
}

#[test]
fn one_item_in_every_way() {
    let seen = explore(&Size { items: 1, resource: false, subagent_of_the_second: false }, usize::MAX);
    assert!(seen.complete && seen.worlds > 1_000, "{seen:?}");
}

#[test]
fn two_items_and_a_resource_as_deep_as_time_allows() {
    let seen = explore(&Size { items: 2, resource: true, subagent_of_the_second: false }, 3);
    assert!(seen.worlds > 1_000, "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// The same actions on SQLite, chosen at random: it decides as the model does, and holds the same claims afterwards.
    #[test]
    fn sqlite_goes_the_same_ways(choices in prop::collection::vec(any::<prop::sample::Index>(), 1..80)) {
        let size = Size { items: 2, resource: true, subagent_of_the_second: true };
        let mut world = World::new(&size);
        let mut store = crate::tests::fresh();
        world.copy_into(&mut store);
        for choice in choices {
            let actions = world.actions(&size);
            let action = actions[choice.index(actions.len())];
            let (by_model, by_store) = (world.decide(&world.graph, action), world.decide(&store, action));
            prop_assert_eq!(&by_model, &by_store, "{:?}", action);
            let Ok(changes) = by_model else { continue };
            let next = world.after(action, &changes);
            world.apply_to(&mut store, action, &changes);
            rules::kept(&world, action, &changes, &next);
            next.holds_the_same_as(&store);
            world = next;
        }
    }
}
