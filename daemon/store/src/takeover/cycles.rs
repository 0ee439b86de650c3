//! Which edges close a cycle.

/// Marks edges so that without them there is no cycle among the nodes `0..nodes`; none when there is none. One walk over the
/// graph, whatever its size. Of the edges of a small circle the one drawn last is marked.
pub fn closing(nodes: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    let mut first = vec![0usize; nodes + 1];
    for (from, _) in edges {
        first[from + 1] += 1;
    }
    for node in 0..nodes {
        first[node + 1] += first[node];
    }
    // The edges out of node n are out[first[n]..first[n + 1]], in their given order.
    let mut out = vec![0usize; edges.len()];
    let mut free = first.clone();
    for (at, (from, _)) in edges.iter().enumerate() {
        out[free[*from]] = at;
        free[*from] += 1;
    }
    let mut marked = vec![false; edges.len()];
    let (mut on_the_way, mut begun) = (vec![false; nodes], vec![false; nodes]);
    let mut next = first.clone();
    // From where the first edges begin, so that they are walked before those that came later.
    for (start, _) in edges {
        if begun[*start] {
            continue;
        }
        let mut way = vec![*start];
        (begun[*start], on_the_way[*start]) = (true, true);
        while let Some(&node) = way.last() {
            if next[node] == first[node + 1] {
                on_the_way[node] = false;
                way.pop();
                continue;
            }
            let edge = out[next[node]];
            next[node] += 1;
            let to = edges[edge].1;
            if on_the_way[to] {
                marked[edge] = true;
            } else if !begun[to] {
                (begun[to], on_the_way[to]) = (true, true);
                way.push(to);
            }
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::closing;

    #[test]
    fn what_closes_a_cycle_is_marked() {
        type Case = (&'static [(usize, usize)], &'static [usize]);
        let cases: [Case; 6] = [
            (&[], &[]),
            (&[(0, 1), (1, 2), (0, 2)], &[]),
            (&[(0, 1), (1, 0)], &[1]),
            (&[(1, 0), (0, 1)], &[1]),
            (&[(0, 1), (1, 2), (2, 0), (2, 3)], &[2]),
            (&[(3, 3), (0, 1)], &[0]),
        ];
        for (edges, want) in cases {
            let marked = closing(4, edges);
            let got: Vec<usize> = (0..edges.len()).filter(|at| marked[*at]).collect();
            assert_eq!(got, want, "{edges:?}");
        }
    }

    #[test]
    fn a_long_chain_and_a_dense_knot_take_one_walk() {
        let nodes = 200_000;
        let mut edges: Vec<(usize, usize)> = (1..nodes).map(|n| (n - 1, n)).collect();
        assert!(!closing(nodes, &edges).contains(&true));
        edges.push((nodes - 1, 0));
        assert_eq!(closing(nodes, &edges).iter().filter(|marked| **marked).count(), 1);
        let knot: Vec<(usize, usize)> =
            (0..400).flat_map(|a| (0..400).map(move |b| (a, b))).filter(|(a, b)| a != b).collect();
        let marked = closing(400, &knot);
        let left: Vec<_> = knot.iter().zip(&marked).filter(|(_, m)| !**m).map(|(e, _)| *e).collect();
        assert!(!closing(400, &left).contains(&true), "without the marked ones there is no cycle");
    }
}
