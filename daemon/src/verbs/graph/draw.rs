//! A graph of dependencies as text, Mermaid and DOT. Blockers come before what waits for them, else titles decide, so that the
//! same graph is drawn the same.

use std::collections::{BTreeMap, BTreeSet};

use super::{Link, Node, Web};
use crate::verbs::paint::{Paint, plain};

/// The nodes in the order they are drawn in.
pub(super) struct Drawing<'w> {
    web: &'w Web,
    order: Vec<(&'w String, &'w Node)>,
    /// From the first to the last, and of each from the nearest to the farthest.
    links: Vec<&'w Link>,
}

impl<'w> Drawing<'w> {
    pub(super) fn of(web: &'w Web) -> Self {
        let mut waits: BTreeMap<&String, usize> = web.nodes.keys().map(|id| (id, 0)).collect();
        for link in web.links.iter().filter(|link| !link.until.is_empty()) {
            *waits.entry(&link.to).or_default() += 1;
        }
        let named =
            |id: &'w String| (web.nodes.get(id).map(|node| node.title.as_str()).unwrap_or_default(), id);
        let mut ready: BTreeSet<(&str, &String)> =
            waits.iter().filter(|(_, n)| **n == 0).map(|(id, _)| named(id)).collect();
        let mut order = Vec::new();
        while let Some((_, id)) = ready.pop_first() {
            order.extend(web.nodes.get_key_value(id));
            for link in web.links.iter().filter(|link| !link.until.is_empty() && link.from == *id) {
                if let Some(left) = waits.get_mut(&link.to) {
                    *left -= 1;
                    if *left == 0 {
                        ready.insert(named(&link.to));
                    }
                }
            }
        }
        let places: BTreeMap<&String, usize> =
            order.iter().enumerate().map(|(n, (id, _))| (*id, n)).collect();
        let mut links: Vec<&Link> = web.links.iter().collect();
        links.sort_by_key(|link| (places.get(&link.from), places.get(&link.to), &link.until));
        Self { web, order, links }
    }

    fn out_of(&self, id: &str) -> impl Iterator<Item = (&'w Link, &'w Node)> {
        let links = self.links.iter().copied().filter(move |link| link.from == id);
        links.filter_map(|link| Some((link, self.web.nodes.get(&link.to)?)))
    }

    /// Each item with those that wait for it; one that waits for several is named under each.
    pub(super) fn text(&self, paint: Paint) -> String {
        let mut out = String::new();
        let line = |id: &str, node: &Node| {
            format!("{}  {}  {}", paint.id(id), paint.status(&node.status), plain(&node.title))
        };
        let into: BTreeSet<&String> = self.web.links.iter().map(|link| &link.to).collect();
        for (id, node) in &self.order {
            let below: Vec<_> = self.out_of(id).collect();
            if below.is_empty() && into.contains(id) {
                continue;
            }
            out.push_str(&(line(id, node) + "\n"));
            for (n, (link, node)) in below.iter().enumerate() {
                let turn = if n + 1 == below.len() { "└" } else { "├" };
                let arrow = if link.until.is_empty() { "┄┄ " } else { "─▶ " };
                let until = match link.until.as_str() {
                    "" => "  (related)".to_owned(),
                    "done" => String::new(),
                    until => format!("  (from {until} on)"),
                };
                out.push_str(&format!(
                    "{}{}{}\n",
                    paint.dim(&format!("{turn}{arrow}")),
                    line(&link.to, node),
                    paint.dim(&until)
                ));
            }
        }
        out
    }

    /// A flowchart with a class for each status.
    pub(super) fn mermaid(&self) -> String {
        let mut out = "flowchart LR\n".to_owned();
        let names = self.names();
        for (id, node) in &self.order {
            let label = mermaid_text(&format!("{id} {}", plain(&node.title)));
            out.push_str(&format!("  {}[\"{label}<br/>{}\"]:::{}\n", names[id], node.status, node.status));
        }
        for link in &self.links {
            if let (Some(from), Some(to)) = (names.get(&link.from), names.get(&link.to)) {
                out.push_str(&match link.until.as_str() {
                    "" => format!("  {from} -.- {to}\n"),
                    "done" => format!("  {from} --> {to}\n"),
                    until => format!("  {from} -->|{until}| {to}\n"),
                });
            }
        }
        for (status, style) in CLASSES {
            if self.order.iter().any(|(_, node)| node.status == status) {
                out.push_str(&format!("  classDef {status} {style}\n"));
            }
        }
        out
    }

    /// A digraph for Graphviz.
    pub(super) fn dot(&self) -> String {
        let mut out = "digraph tasks {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for (id, node) in &self.order {
            let label = format!("{}\\n{}", dot_text(&format!("{id} {}", plain(&node.title))), node.status);
            out.push_str(&format!("  \"{}\" [label=\"{label}\"];\n", dot_text(id)));
        }
        for link in &self.links {
            let style = match link.until.as_str() {
                "" => " [style=dashed, dir=none]".to_owned(),
                "done" => String::new(),
                until => format!(" [label=\"{until}\"]"),
            };
            out.push_str(&format!("  \"{}\" -> \"{}\"{style};\n", dot_text(&link.from), dot_text(&link.to)));
        }
        out + "}\n"
    }

    /// `n1`, `n2`: an id that was imported may hold anything.
    fn names(&self) -> BTreeMap<&'w String, String> {
        self.order.iter().enumerate().map(|(n, (id, _))| (*id, format!("n{}", n + 1))).collect()
    }
}

const CLASSES: [(&str, &str); 7] = [
    ("queue", "stroke:#888888"),
    ("work", "stroke:#0088aa,stroke-width:2px"),
    ("review", "stroke:#aa00aa,stroke-width:2px"),
    ("blocked", "stroke:#cc0000,stroke-width:2px"),
    ("done", "stroke:#008800,stroke-dasharray:4"),
    ("cancelled", "stroke:#bbbbbb,stroke-dasharray:4"),
    ("archived", "stroke:#bbbbbb,stroke-dasharray:4"),
];

/// Mermaid's own escapes; a title must not end its quotes or bring tags.
fn mermaid_text(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' => "#quot;".to_owned(),
        '#' => "#35;".to_owned(),
        '<' => "#lt;".to_owned(),
        '>' => "#gt;".to_owned(),
        '&' => "#amp;".to_owned(),
        '`' => "#96;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escaped).collect()
}

fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> Web {
        let mut web = Web::default();
        for (id, title, status) in [
            ("b", "Build \"it\"", "queue"),
            ("a", "Design <it>", "work"),
            ("c", "Ship", "queue"),
            ("d", "Talk", "queue"),
        ] {
            web.nodes.insert(id.to_owned(), Node { title: title.to_owned(), status: status.to_owned() });
        }
        for (from, to, until) in
            [("a", "b", "review"), ("b", "c", "done"), ("a", "c", "done"), ("d", "a", "")]
        {
            web.links.insert(Link { from: from.to_owned(), to: to.to_owned(), until: until.to_owned() });
        }
        web
    }

    #[test]
    fn text_names_blockers_first() {
        let web = web();
        let want = "\
a  work  Design <it>
├─▶ b  queue  Build \"it\"  (from review on)
└─▶ c  queue  Ship
b  queue  Build \"it\"
└─▶ c  queue  Ship
d  queue  Talk
└┄┄ a  work  Design <it>  (related)
";
        assert_eq!(Drawing::of(&web).text(Paint::plain(None)), want);
    }

    #[test]
    fn mermaid_keeps_titles_inside_their_quotes() {
        let web = web();
        let want = "\
flowchart LR
  n1[\"a Design #lt;it#gt;<br/>work\"]:::work
  n2[\"b Build #quot;it#quot;<br/>queue\"]:::queue
  n3[\"c Ship<br/>queue\"]:::queue
  n4[\"d Talk<br/>queue\"]:::queue
  n1 -->|review| n2
  n1 --> n3
  n2 --> n3
  n4 -.- n1
  classDef queue stroke:#888888
  classDef work stroke:#0088aa,stroke-width:2px
";
        assert_eq!(Drawing::of(&web).mermaid(), want);
    }

    #[test]
    fn dot_escapes_what_ends_a_string() {
        let web = web();
        let dot = Drawing::of(&web).dot();
        assert!(dot.contains(r#""b" [label="b Build \"it\"\nqueue"];"#), "{dot}");
        assert!(dot.contains("\"a\" -> \"b\" [label=\"review\"];\n"), "{dot}");
        assert!(dot.contains("\"d\" -> \"a\" [style=dashed, dir=none];\n"), "{dot}");
    }
}
