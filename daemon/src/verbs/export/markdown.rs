//! The graph as Markdown: a list of lists, with descriptions, notes and what each item waits for.

use std::{
    collections::{HashMap, HashSet},
    io::{Result, Write},
};

use crate::verbs::{
    count::counted,
    document::{Graph, Item, Note},
    paint::{plain, plain_lines},
    times::minute,
};

/// Levels that are drawn; deeper ones would only come of a document that is broken.
const DEEPEST: usize = 64;

/// The graph with its ways through.
struct Index<'g> {
    items: HashMap<&'g str, &'g Item>,
    below: HashMap<&'g str, Vec<&'g Item>>,
    notes: HashMap<&'g str, Vec<&'g Note>>,
    waits: HashMap<&'g str, Vec<String>>,
}

pub(super) fn write(graph: &Graph, out: &mut dyn Write) -> Result<()> {
    let index = Index::of(graph);
    writeln!(out, "# Work items\n")?;
    writeln!(
        out,
        "{}, {}, {}; exported {}.\n",
        counted(graph.items.len() as u64, "item"),
        counted(graph.notes.len() as u64, "note"),
        counted(graph.dependencies.len() as u64, "dependency"),
        minute(&graph.exported_at)
    )?;
    let root =
        |item: &&Item| item.parent_id.as_deref().is_none_or(|parent| !index.items.contains_key(parent));
    let mut written = HashSet::new();
    for item in graph.items.iter().filter(root) {
        index.write(item, 0, &mut written, out)?;
    }
    Ok(())
}

impl<'g> Index<'g> {
    fn of(graph: &'g Graph) -> Self {
        let items: HashMap<&str, &Item> = graph.items.iter().map(|item| (item.id.as_str(), item)).collect();
        let (mut below, mut notes, mut waits) = (HashMap::new(), HashMap::new(), HashMap::new());
        for item in &graph.items {
            if let Some(parent) = &item.parent_id {
                below.entry(parent.as_str()).or_insert_with(Vec::new).push(item);
            }
        }
        for note in &graph.notes {
            notes.entry(note.item_id.as_str()).or_insert_with(Vec::new).push(note);
        }
        for edge in &graph.dependencies {
            let Some(from) = items.get(edge.from_id.as_str()) else { continue };
            let until = match (edge.dep_type.as_str(), edge.unblock_at.as_deref()) {
                ("relates_to", _) => "related to".to_owned(),
                (_, None | Some("done")) => "waits for".to_owned(),
                (_, Some(until)) => format!("waits until {until} of"),
            };
            let words = format!("{until} {} `{}`", escaped(&from.title), short(&from.id));
            waits.entry(edge.to_id.as_str()).or_insert_with(Vec::new).push(words);
        }
        Self { items, below, notes, waits }
    }

    fn write(
        &self,
        item: &'g Item,
        depth: usize,
        written: &mut HashSet<&'g str>,
        out: &mut dyn Write,
    ) -> Result<()> {
        if depth > DEEPEST || !written.insert(&item.id) {
            return Ok(());
        }
        let indent = "  ".repeat(depth);
        let mark = if item.is_closed() { "x" } else { " " };
        let mut facts = vec![item.status.clone(), item.priority.clone()];
        facts.extend(item.due_at.as_deref().filter(|due| !due.is_empty()).map(|due| format!("due {due}")));
        let tags = item.tags.as_deref().unwrap_or_default().split(',').filter(|tag| !tag.is_empty());
        facts.extend(tags.map(|tag| format!("#{}", escaped(tag.trim()))));
        writeln!(
            out,
            "{indent}- [{mark}] **{}** `{}` {}",
            escaped(&item.title),
            short(&item.id),
            facts.join(", ")
        )?;
        let inner = format!("{indent}  ");
        if let Some(description) = item.description.as_deref().filter(|text| !text.trim().is_empty()) {
            quote(description, &inner, out)?;
        }
        for words in self.waits.get(item.id.as_str()).into_iter().flatten() {
            writeln!(out, "{inner}- {words}")?;
        }
        for note in self.notes.get(item.id.as_str()).into_iter().flatten() {
            writeln!(out, "{inner}- note {} ({})", escaped(&note.key), plain(&note.role))?;
            quote(&note.body, &format!("{inner}  "), out)?;
        }
        for child in self.below.get(item.id.as_str()).into_iter().flatten() {
            self.write(child, depth + 1, written, out)?;
        }
        Ok(())
    }
}

/// Somebody's text as it is, in a quotation, so that its own headings and lists stay in it.
fn quote(text: &str, indent: &str, out: &mut dyn Write) -> Result<()> {
    writeln!(out)?;
    for line in plain_lines(text).trim_end().lines() {
        writeln!(out, "{}", format!("{indent}> {line}").trim_end())?;
    }
    writeln!(out)
}

/// A title is text, whatever it looks like.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in plain(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn short(id: &str) -> String {
    id.chars().take(8).collect()
}
