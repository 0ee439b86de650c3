//! Topological order of a set of items under the edges among them.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// Orders `0..nodes` so that every edge `(before, after)` holds; ties keep their given order. What lies on or behind a
/// cycle (which only damaged data can have) comes last, in the given order, so that nothing is left out.
pub fn order(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut waiting = vec![0usize; nodes];
    let mut after: HashMap<usize, Vec<usize>> = HashMap::new();
    for &(a, b) in edges {
        if a < nodes && b < nodes && a != b {
            waiting[b] += 1;
            after.entry(a).or_default().push(b);
        }
    }
    // A map, not a queue, so that the smallest ready index always goes first.
    let mut ready: BTreeMap<usize, ()> = (0..nodes).filter(|n| waiting[*n] == 0).map(|n| (n, ())).collect();
    let mut done = Vec::with_capacity(nodes);
    let mut placed = vec![false; nodes];
    while let Some((node, ())) = ready.pop_first() {
        placed[node] = true;
        done.push(node);
        for next in after.get(&node).into_iter().flatten() {
            waiting[*next] -= 1;
            if waiting[*next] == 0 {
                ready.insert(*next, ());
            }
        }
    }
    done.extend((0..nodes).filter(|n| !placed[*n]));
    done
}

/// The shortest path from `from` to `to` over `next`, both ends included, looking at no more than `most` nodes. The error
/// of `next` ends the search.
pub fn path<N, E, F>(from: &N, to: &N, most: usize, mut next: F) -> Result<Option<Vec<N>>, E>
where
    N: Clone + Eq + std::hash::Hash,
    F: FnMut(&N) -> Result<Vec<N>, E>,
{
    let mut came_from: HashMap<N, Option<N>> = HashMap::from([(from.clone(), None)]);
    let mut queue = VecDeque::from([from.clone()]);
    while let Some(node) = queue.pop_front() {
        if node == *to {
            let mut path = vec![node.clone()];
            let mut at = node;
            while let Some(Some(before)) = came_from.get(&at).cloned() {
                path.push(before.clone());
                at = before;
            }
            path.reverse();
            return Ok(Some(path));
        }
        if came_from.len() > most {
            break;
        }
        for neighbour in next(&node)? {
            if !came_from.contains_key(&neighbour) {
                came_from.insert(neighbour.clone(), Some(node.clone()));
                queue.push_back(neighbour);
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_keep_their_order_and_cycles_lose_nothing() {
        assert_eq!(order(3, &[]), [0, 1, 2]);
        assert_eq!(order(3, &[(2, 0), (0, 1)]), [2, 0, 1]);
        assert_eq!(order(4, &[(1, 2), (2, 1)]), [0, 3, 1, 2]);
        assert_eq!(order(2, &[(0, 0), (9, 1)]), [0, 1]);
    }

    proptest! {
        /// Whatever acyclic edges there are, each one's first end comes before its second, and every node comes once.
        #[test]
        fn every_edge_holds(nodes in 1usize..20, raw in prop::collection::vec((0usize..20, 0usize..20), 0..60)) {
            // Edges from smaller to larger labels cannot form a cycle.
            let edges: Vec<_> = raw.into_iter().filter(|(a, b)| a < b && *b < nodes)
                .map(|(a, b)| (nodes - 1 - a, nodes - 1 - b)).collect();
            let got = order(nodes, &edges);
            let mut sorted = got.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..nodes).collect::<Vec<_>>());
            let place = |n: usize| got.iter().position(|x| *x == n);
            for (a, b) in edges {
                prop_assert!(place(a) < place(b));
            }
        }

        /// A path is found exactly when a naive closure says that there is one, and each of its steps is an edge.
        #[test]
        fn path_agrees_with_a_naive_closure(raw in prop::collection::vec((0u8..8, 0u8..8), 0..24), from in 0u8..8, to in 0u8..8) {
            let mut reach = [[false; 8]; 8];
            for (n, row) in reach.iter_mut().enumerate() { row[n] = true; }
            for _ in 0..8 {
                for (a, b) in &raw {
                    for row in &mut reach {
                        if row[*a as usize] { row[*b as usize] = true; }
                    }
                }
            }
            let got = path(&from, &to, 1000, |n| {
                Ok::<_, ()>(raw.iter().filter(|(a, _)| a == n).map(|(_, b)| *b).collect())
            }).unwrap();
            prop_assert_eq!(got.is_some(), reach[from as usize][to as usize]);
            if let Some(steps) = got {
                for pair in steps.windows(2) {
                    prop_assert!(raw.contains(&(pair[0], pair[1])));
                }
            }
        }
    }
}
