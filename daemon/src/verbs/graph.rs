//! `graph [ID]`: what waits for what, as text, Mermaid or DOT. The same graph gives the same text.

mod draw;

use std::collections::{BTreeMap, BTreeSet};

use clap_complete::ArgValueCompleter;
use serde_json::{Value, json};

use super::{
    Trouble,
    completions::ids,
    document::{self, Part},
    exit::Exit,
    items::{rows, text},
    person::{Given, Person},
    remark, say, tell,
};
use draw::Drawing;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only what is connected with this item
    #[arg(conflicts_with_all = ["tag", "project", "workspace"], add = ArgValueCompleter::new(ids))]
    id: Option<String>,
    /// How it is written
    #[arg(long, short, value_enum, default_value = "text")]
    format: Format,
    /// Closed items too
    #[arg(long, short)]
    all: bool,
    #[command(flatten)]
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Each item, and below it those that wait for it
    Text,
    /// A Mermaid flowchart
    Mermaid,
    /// Graphviz
    Dot,
}

/// An item of the graph.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) title: String,
    pub(super) status: String,
}

/// A dependency: the first blocks the second.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    pub(super) from: String,
    pub(super) to: String,
    /// How far the first must come; empty when the two are only related.
    pub(super) until: String,
}

/// Items by their ids, and the links among them.
#[derive(Default)]
pub(super) struct Web {
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) links: BTreeSet<Link>,
}

pub(crate) fn run(arguments: &Arguments, person: &Person) -> Result<Exit, Trouble> {
    let mut web = match &arguments.id {
        Some(id) => around(person, id)?,
        None => whole(person, &arguments.part)?,
    };
    if !arguments.all {
        web.drop_closed();
    }
    web.drop_loose(arguments.id.is_some());
    if person.json {
        say(&web.json().to_string());
        return Ok(Exit::Fine);
    }
    if web.links.is_empty() {
        remark(match arguments.all {
            true => "No dependencies.",
            false => "No dependencies among open items; --all shows closed ones too.",
        });
    }
    let drawing = Drawing::of(&web);
    tell(&match arguments.format {
        Format::Text => drawing.text(person.paint),
        Format::Mermaid => drawing.mermaid(),
        Format::Dot => drawing.dot(),
    });
    Ok(Exit::Fine)
}

/// All that is connected with an item, as far as one answer goes.
fn around(person: &Person, id: &str) -> Result<Web, Trouble> {
    let wanted = Given::operation("get").with("item_id", id).with("fields", "id,title,status");
    let root = person.call("query_items", wanted.done())?.value;
    let mut web = Web::default();
    web.add(&root);
    let given = Given::default().with("item_id", text(&root, "id")).with("direction", "both");
    let found = person
        .call("query_dependencies", given.with("neighbors_only", false).with("max_depth", 1_000).done())?;
    let edges = rows(&found.value, "items");
    for edge in edges {
        let ends = [text(edge, "from_id"), text(edge, "to_id")];
        for end in ends {
            // One end is known by then: the graph is walked outwards. The other's title stands in the row.
            if !web.nodes.contains_key(end) {
                let far = json!({"id": end, "title": edge["title"], "status": edge["status"]});
                web.add(&far);
            }
        }
        web.link(ends, text(edge, "dep_type"), text(edge, "unblock_at"));
    }
    if found.value["has_more"] == true {
        remark(&format!("The nearest {} dependencies; there are more.", edges.len()));
    }
    Ok(web)
}

/// The store's, or a part of it.
fn whole(person: &Person, part: &Part) -> Result<Web, Trouble> {
    let graph = document::read(document::fetch(person, part)?)?;
    let mut web = Web::default();
    for item in graph.items {
        web.nodes.insert(item.id, Node { title: item.title, status: item.status });
    }
    for edge in &graph.dependencies {
        web.link([&edge.from_id, &edge.to_id], &edge.dep_type, edge.unblock_at.as_deref().unwrap_or("done"));
    }
    web.shorten();
    Ok(web)
}

impl Web {
    fn add(&mut self, row: &Value) {
        let node = Node { title: text(row, "title").to_owned(), status: text(row, "status").to_owned() };
        self.nodes.insert(text(row, "id").to_owned(), node);
    }

    fn link(&mut self, [from, to]: [&str; 2], kind: &str, until: &str) {
        let until = if kind == "relates_to" { "" } else { until };
        self.links.insert(Link { from: from.to_owned(), to: to.to_owned(), until: until.to_owned() });
    }

    /// Ids as people type them: 8 characters, or the whole where these are shared.
    fn shorten(&mut self) {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        let first = |id: &str| id.chars().take(8).collect::<String>();
        for id in self.nodes.keys() {
            *taken.entry(first(id)).or_default() += 1;
        }
        let short = |id: &str| match taken.get(&first(id)) {
            Some(1) => first(id),
            _ => id.to_owned(),
        };
        self.nodes = self.nodes.iter().map(|(id, node)| (short(id), node.clone())).collect();
        let linked =
            |link: &Link| Link { from: short(&link.from), to: short(&link.to), until: link.until.clone() };
        self.links = self.links.iter().map(linked).collect();
    }

    fn drop_closed(&mut self) {
        let closed = |node: &Node| matches!(node.status.as_str(), "done" | "cancelled" | "archived");
        self.nodes.retain(|_, node| !closed(node));
        let nodes = &self.nodes;
        self.links.retain(|link| nodes.contains_key(&link.from) && nodes.contains_key(&link.to));
    }

    /// Takes away what is linked with nothing, unless it is all there is.
    fn drop_loose(&mut self, keep_one: bool) {
        if keep_one && self.nodes.len() == 1 {
            return;
        }
        let linked: BTreeSet<&String> = self.links.iter().flat_map(|link| [&link.from, &link.to]).collect();
        self.nodes.retain(|id, _| linked.contains(id));
    }

    fn json(&self) -> Value {
        let node =
            |(id, node): (&String, &Node)| json!({"id": id, "title": node.title, "status": node.status});
        let link = |link: &Link| match link.until.as_str() {
            "" => json!({"from_id": link.from, "to_id": link.to, "dep_type": "relates_to"}),
            until => {
                json!({"from_id": link.from, "to_id": link.to, "dep_type": "blocks", "unblock_at": until})
            }
        };
        json!({
            "items": self.nodes.iter().map(node).collect::<Vec<_>>(),
            "dependencies": self.links.iter().map(link).collect::<Vec<_>>(),
        })
    }
}
