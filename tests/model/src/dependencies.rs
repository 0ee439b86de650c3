//! manage_dependencies and query_dependencies (contract.md §5).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::args::{Args, word};
use crate::refusal::{Answer, Refusal};
use crate::rows::report;
use crate::store::Edge;
use crate::symbol::Id;
use crate::{Call, Name};

/// An edge that is asked for: ends as the caller named them.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) from: Name,
    pub(crate) to: Name,
    pub(crate) kind: &'static str,
    pub(crate) unblock_at: &'static str,
}

/// `is_blocked_by` is `blocks` the other way around.
///
/// # Errors
/// Names a word that is none of the valid ones.
pub(crate) fn asked(args: &Args, from: Name, to: Name) -> Answer<Asked> {
    let (kind, from, to) = ends(args, from, to)?;
    Ok(Asked { from, to, kind, unblock_at: threshold(args)? })
}

fn ends(args: &Args, from: Name, to: Name) -> Answer<(&'static str, Name, Name)> {
    let kind = word(
        "dep_type",
        args.text("dep_type")?.unwrap_or("blocks"),
        &["blocks", "is_blocked_by", "relates_to"],
    )?;
    Ok(match kind {
        "is_blocked_by" => ("blocks", to, from),
        kind => (kind, from, to),
    })
}

fn threshold(args: &Args) -> Answer<&'static str> {
    word("unblock_at", args.text("unblock_at")?.unwrap_or("done"), &["work", "review", "done"])
}

fn own_ends(args: &Args) -> Answer<Asked> {
    args.text("dep_type")?;
    asked(args, args.need("from_id")?.into(), args.need("to_id")?.into())
}

impl Call<'_> {
    pub(crate) fn manage_dependencies(&mut self, operation: &str, args: &Args) -> Answer {
        match operation {
            "add" => match args.array("edges")? {
                Some(entries) => {
                    let mut edges = Vec::new();
                    for (index, raw) in entries.iter().enumerate() {
                        edges.push(own_ends(&Args::entry(raw, "edges", index)?)?);
                    }
                    self.link_all(&edges, "edges")
                }
                None => {
                    let edge = self.link(&own_ends(args)?)?;
                    Ok(self.level().edge(&edge).into())
                }
            },
            "remove" => self.unlink(args),
            "query" => {
                let item = match args.text("item_id")?.or(args.text("from_id")?) {
                    Some(item) => self.resolve(item, "item_id")?,
                    None => return Err(Refusal::validation("item_id", "item_id is required")),
                };
                self.direct(item, args.text("direction")?.unwrap_or("both"))
            }
            _ => self.pattern(args),
        }
    }

    /// Draws an edge, unless it closes a cycle, is there already, or leads from an item to itself.
    pub(crate) fn link(&mut self, asked: &Asked) -> Answer<Edge> {
        let (from, to) = (self.find(&asked.from, "from_id")?, self.find(&asked.to, "to_id")?);
        if from == to {
            return Err(Refusal::validation("from_id", "Cannot depend on self"));
        }
        if asked.kind == "relates_to" && asked.unblock_at != "done" {
            let message = "relates_to never blocks, so it takes no unblock_at but done";
            return Err(Refusal::validation("unblock_at", message));
        }
        self.may_stand(from, to, asked.kind)?;
        let edge = Edge {
            id: self.model.known.draw(),
            from,
            to,
            kind: asked.kind,
            unblock_at: asked.unblock_at,
            created_by: Some(self.actor.name()),
            created_at: self.now(),
        };
        self.record("dependency_added", Some(to));
        self.store().edges.push(edge.clone());
        Ok(edge)
    }

    pub(crate) fn may_stand(&self, from: Id, to: Id, kind: &str) -> Answer<()> {
        let store = &self.model.store;
        if store.edges.iter().any(|edge| edge.from == from && edge.to == to) {
            let message = format!("Dependency {} → {} already exists", from.short(), to.short());
            return Err(Refusal::conflict("from_id", message));
        }
        if kind != "blocks" {
            return Ok(());
        }
        match store.path(to, from) {
            None => Ok(()),
            Some(mut path) => {
                path.push(to);
                let path: Vec<Value> = path
                    .iter()
                    .map(|id| json!({"id": self.level().id(*id), "title": self.item(*id).title}))
                    .collect();
                Err(Refusal::conflict("from_id", "Dependency would create a cycle")
                    .details(json!({"path": path})))
            }
        }
    }

    /// All or nothing.
    fn link_all(&mut self, asked: &[Asked], list: &str) -> Answer {
        let mut edges = Vec::new();
        for (index, one) in asked.iter().enumerate() {
            let edge = self.link(one).map_err(|refusal| {
                let refusal = refusal.or_details(json!({"index": index}));
                Refusal { field: Some(format!("{list}[{index}]")), ..refusal }
            })?;
            edges.push(self.level().edge(&edge));
        }
        Ok(json!({"dependencies": edges}))
    }

    fn unlink(&mut self, args: &Args) -> Answer {
        let told = args.text("dep_type")?.is_some();
        let (kind, from, to) = ends(args, args.need("from_id")?.into(), args.need("to_id")?.into())?;
        let (from, to) = (self.find(&from, "from_id")?, self.find(&to, "to_id")?);
        let place = self
            .model
            .store
            .edges
            .iter()
            .position(|edge| edge.from == from && edge.to == to && (!told || edge.kind == kind));
        if let Some(place) = place {
            let waiting: Vec<Id> = self.waiting(from).into_iter().filter(|id| *id == to).collect();
            self.record("dependency_removed", Some(to));
            self.store().edges.remove(place);
            for id in self.freed(waiting) {
                self.record("item_unblocked", Some(id));
            }
        }
        Ok(json!({"removed": place.is_some()}))
    }

    fn pattern(&mut self, args: &Args) -> Answer {
        let ids = args.words("item_ids");
        if ids.len() < 2 {
            return Err(Refusal::validation("item_ids", "Need at least 2 items for a dependency pattern"));
        }
        let last = ids.len() - 1;
        let pattern = args.text("pattern")?.unwrap_or("linear");
        let pairs: Vec<(usize, usize)> = match pattern {
            "linear" => (0..last).map(|n| (n, n + 1)).collect(),
            "fan-out" => (1..=last).map(|n| (0, n)).collect(),
            "fan-in" => (0..last).map(|n| (n, last)).collect(),
            _ => {
                let message = format!("Invalid pattern: {pattern}. Valid: linear, fan-out, fan-in");
                return Err(Refusal::validation("pattern", message));
            }
        };
        args.text("dep_type")?;
        let mut edges = Vec::new();
        for (from, to) in pairs {
            edges.push(asked(args, ids[from].as_str().into(), ids[to].as_str().into())?);
        }
        self.link_all(&edges, "item_ids")
    }

    pub(crate) fn query_dependencies(&mut self, args: &Args) -> Answer {
        let item = self.named(args, "item_id")?;
        let direction = args.text("direction")?.unwrap_or("outbound");
        if args.choice("neighbors_only")?.unwrap_or(true) {
            return self.direct(item, direction);
        }
        let max_depth = args.bounded("max_depth", 10, 1, 1000)?;
        self.walk(item, &ways(direction)?, max_depth)
    }

    fn direct(&self, item: Id, direction: &str) -> Answer {
        let ways = ways(direction)?;
        let mut sections = Vec::new();
        for (key, out, end) in [("blocks", true, "to"), ("blocked_by", false, "from")] {
            let edges = self.edges(item, out).into_iter().filter(|_| ways.contains(&out));
            let rows = edges.map(|(edge, far)| {
                let (mut row, far) = (self.level().edge(edge), self.item(far));
                row.insert(format!("{end}_title"), json!(far.title));
                row.insert(format!("{end}_status"), json!(far.status));
                self.level().in_list(row)
            });
            sections.push((key, rows.collect()));
        }
        Ok(report(sections, 500).into())
    }

    /// The edges out of an item or into it, with their far ends, oldest first.
    fn edges(&self, item: Id, out: bool) -> Vec<(&Edge, Id)> {
        let near = |edge: &&Edge| if out { edge.from == item } else { edge.to == item };
        let edges = self.model.store.edges.iter().filter(near);
        edges.map(|edge| (edge, if out { edge.to } else { edge.from })).collect()
    }

    /// Breadth first, every edge once.
    fn walk(&self, from: Id, ways: &[bool], max_depth: usize) -> Answer {
        let (mut rows, mut edges, mut items) = (Vec::new(), BTreeSet::new(), BTreeSet::from([from]));
        let mut ring = vec![from];
        for depth in 1..=max_depth {
            let mut next = Vec::new();
            for at in ring {
                for out in ways {
                    for (edge, far) in self.edges(at, *out) {
                        if !edges.insert(edge.id) {
                            continue;
                        }
                        let (mut row, item) = (self.level().edge(edge), self.item(far));
                        row.insert("title".into(), json!(item.title));
                        row.insert("status".into(), json!(item.status));
                        row.insert("priority".into(), json!(item.priority));
                        row.insert("depth".into(), json!(depth));
                        rows.push(self.level().in_list(row));
                        if items.insert(far) {
                            next.push(far);
                        }
                    }
                }
            }
            ring = next;
        }
        Ok(json!({"total": rows.len(), "items": rows, "has_more": false}))
    }
}

/// Whether to look out, in, or both ways.
fn ways(direction: &str) -> Answer<Vec<bool>> {
    match direction {
        "outbound" => Ok(vec![true]),
        "inbound" => Ok(vec![false]),
        "both" => Ok(vec![true, false]),
        _ => {
            let message = format!("Invalid direction: {direction}. Valid: inbound, outbound, both");
            Err(Refusal::validation("direction", message))
        }
    }
}
