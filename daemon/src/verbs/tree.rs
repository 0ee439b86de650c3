//! `tree [ID]`: items under their parents.

use std::collections::{BTreeMap, HashMap, VecDeque};

use clap_complete::ArgValueCompleter;
use orc_core::time::Stamp;
use serde_json::{Value, json};

use super::{
    Trouble,
    completions::ids,
    exit::Exit,
    input::Within,
    items::{head, pages, rows, tags, text},
    list::OPEN,
    paint::{Paint, cut, plain, width},
    person::{Given, Person},
    remark, say, tell,
    times::{ago, is_past},
};

const FIELDS: &str = "id,title,status,priority,parent_id,tags,due_at,claimed_by";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only what is below this item
    #[arg(add = ArgValueCompleter::new(ids))]
    id: Option<String>,
    /// Closed items too
    #[arg(long, short)]
    all: bool,
    #[command(flatten)]
    within: Within,
}

/// Items by their ids, in the order they were found, and who is under whom.
#[derive(Default)]
struct Forest {
    items: HashMap<String, Value>,
    below: BTreeMap<String, Vec<String>>,
}

pub(crate) fn run(arguments: &Arguments, person: &Person, now: &Stamp) -> Result<Exit, Trouble> {
    let (forest, roots) = match &arguments.id {
        Some(id) => subtree(person, id, arguments.all)?,
        None => whole(person, arguments)?,
    };
    if person.json {
        let trees: Vec<Value> = roots.iter().map(|id| forest.nested(id)).collect();
        say(&json!({"items": trees, "total": forest.items.len()}).to_string());
        return Ok(Exit::Fine);
    }
    if roots.is_empty() {
        remark("No open items; --all shows closed ones too.");
    }
    let mut out = String::new();
    for id in &roots {
        forest.draw(id, "", "", &mut out, person.paint, now);
    }
    tell(&out);
    Ok(Exit::Fine)
}

/// Everything, oldest first. A closed parent of something open is there too, so that nothing hangs in the air.
fn whole(person: &Person, arguments: &Arguments) -> Result<(Forest, Vec<String>), Trouble> {
    let given = Given::operation("list")
        .maybe("status", (!arguments.all).then_some(OPEN))
        .with("sort", "-created")
        .with("fields", FIELDS);
    let found = pages(person, &arguments.within.add_to(given).done(), u64::MAX)?;
    let mut items: VecDeque<Value> = rows(&found, "items").iter().cloned().collect();
    let mut forest = Forest::default();
    let mut order = Vec::new();
    while let Some(item) = items.pop_front() {
        let id = text(&item, "id").to_owned();
        order.push((id.clone(), text(&item, "parent_id").to_owned()));
        forest.items.insert(id, item);
        if items.is_empty() {
            let missing = order.iter().map(|(_, parent)| parent);
            let missing: Vec<String> =
                missing.filter(|p| !p.is_empty() && !forest.items.contains_key(*p)).cloned().collect();
            for parent in missing {
                if !items.iter().any(|item| text(item, "id") == parent) {
                    items.extend(head(person, &parent)?);
                }
            }
        }
    }
    let mut roots = Vec::new();
    for (id, parent) in order {
        match forest.items.contains_key(&parent) {
            true => forest.below.entry(parent).or_default().push(id),
            false => roots.push(id),
        }
    }
    Ok((forest, roots))
}

/// An item and all below it, asked for level by level.
fn subtree(person: &Person, id: &str, all: bool) -> Result<(Forest, Vec<String>), Trouble> {
    let wanted = Given::operation("get").with("item_id", id).with("fields", FIELDS).done();
    let root = person.call("query_items", wanted)?.value;
    let root_id = text(&root, "id").to_owned();
    let mut forest = Forest::default();
    forest.items.insert(root_id.clone(), root);
    let mut asked = VecDeque::from([root_id.clone()]);
    while let Some(parent) = asked.pop_front() {
        let wanted = Given::operation("children").with("parent_id", parent.as_str()).with("fields", FIELDS);
        for child in rows(&pages(person, &wanted.done(), u64::MAX)?, "items") {
            let id = text(child, "id").to_owned();
            // An item that moves while it is read is shown once.
            if forest.items.insert(id.clone(), child.clone()).is_none() {
                forest.below.entry(parent.clone()).or_default().push(id.clone());
                asked.push_back(id);
            }
        }
    }
    if !all {
        forest.prune(&root_id);
    }
    Ok((forest, vec![root_id]))
}

impl Forest {
    fn under(&self, id: &str) -> &[String] {
        self.below.get(id).map_or(&[], Vec::as_slice)
    }

    /// Takes away what is closed with all below it closed; whether anything is left of the item.
    fn prune(&mut self, id: &str) -> bool {
        let children = self.below.remove(id).unwrap_or_default();
        let kept: Vec<String> = children.into_iter().filter(|child| self.prune(child)).collect();
        let open = !is_closed(&self.items[id]) || !kept.is_empty();
        if !kept.is_empty() {
            self.below.insert(id.to_owned(), kept);
        }
        if !open {
            self.items.remove(id);
        }
        open
    }

    fn nested(&self, id: &str) -> Value {
        let mut item = self.items.get(id).cloned().unwrap_or_default();
        let children: Vec<Value> = self.under(id).iter().map(|child| self.nested(child)).collect();
        if !children.is_empty() {
            item["children"] = Value::Array(children);
        }
        item
    }

    /// An item's line and, indented, those below it.
    fn draw(&self, id: &str, first: &str, rest: &str, out: &mut String, paint: Paint, now: &Stamp) {
        let Some(item) = self.items.get(id) else { return };
        out.push_str(&paint.dim(first));
        out.push_str(&branch(item, width(first), paint, now));
        out.push('\n');
        let children = self.under(id);
        for (n, child) in children.iter().enumerate() {
            let (turn, bar) = if n + 1 == children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.draw(child, &format!("{rest}{turn}"), &format!("{rest}{bar}"), out, paint, now);
        }
    }
}

fn is_closed(item: &Value) -> bool {
    matches!(text(item, "status"), "done" | "cancelled" | "archived")
}

fn branch(item: &Value, used: usize, paint: Paint, now: &Stamp) -> String {
    let (id, status) = (text(item, "id"), text(item, "status"));
    let mut facts = Vec::new();
    if matches!(text(item, "priority"), "critical" | "high") {
        facts.push(paint.priority(text(item, "priority")));
    }
    if !text(item, "due_at").is_empty() && !is_closed(item) {
        let due = format!("due {}", ago(text(item, "due_at"), now));
        facts.push(if is_past(text(item, "due_at"), now) { paint.alarm(&due) } else { due });
    }
    if !text(item, "claimed_by").is_empty() {
        facts.push(format!("held by {}", paint.name(&plain(text(item, "claimed_by")))));
    }
    if !tags(item).is_empty() {
        facts.push(paint.dim(&tags(item)));
    }
    let title = plain(text(item, "title"));
    let title = match paint.width {
        Some(all) => cut(&title, all.saturating_sub(used + width(id) + width(status) + 4).max(10)),
        None => title,
    };
    let facts = if facts.is_empty() || paint.width.is_some_and(|all| used + width(&title) + 40 > all) {
        String::new()
    } else {
        format!("  {}", facts.join("  "))
    };
    format!("{}  {}  {title}{facts}", paint.id(id), paint.status(status))
}
