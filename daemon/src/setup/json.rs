//! JSON as people keep it: comments, trailing commas, any indentation, CRLF, a byte order mark. A text is edited where it
//! stands; whatever is not ours keeps its bytes, and [`take`] undoes [`put`] to the byte.

mod render;
mod scan;
mod splice;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(crate) use scan::Fault;
use scan::parse;
pub(super) use scan::{Kind, Node};
use splice::Splice;

/// A text, and what is in it.
pub(super) struct Document<'t> {
    text: &'t str,
    /// Nothing but white space and comments: no root.
    root: Option<Node>,
}

impl<'t> Document<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Fault`]: it is no JSON, also with comments allowed.
    pub(super) fn read(text: &'t str) -> Result<Self, Fault> {
        Ok(Self { text, root: parse(text)? })
    }

    /// What stands at a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        let mut node = self.root.as_ref()?;
        for key in path {
            node = node.member(key)?;
        }
        Some(node)
    }

    /// The value of a node, comments left out.
    pub(super) fn value(&self, node: &Node) -> Value {
        node.value(self.text)
    }

    /// The text with `value` at the end of a container: under `key` in an object, without one in an array. Containers on the
    /// way that are not there are made.
    ///
    /// # Errors
    /// [`Fault`]: what stands on the way is no object, or not the only one of its name.
    pub(super) fn put(&self, path: &[&str], key: Option<&str>, value: &Value) -> Result<String, Fault> {
        let Some(root) = &self.root else {
            return Ok(splice::append_root(self.text, &wrap(path, key, value.clone())));
        };
        let mut container = root;
        for (depth, step) in path.iter().enumerate() {
            self.expect(container, &path[..depth], true)?;
            match container.only_member(step) {
                Ok(Some(next)) => container = next,
                Ok(None) => {
                    let value = wrap(&path[depth + 1..], key, value.clone());
                    return Ok(self.insert(container, Some(step), &value));
                }
                Err(second) => return Err(self.twice(step, second)),
            }
        }
        self.expect(container, path, key.is_some())?;
        Ok(self.insert(container, key, value))
    }

    /// The text with another value in a node's place.
    pub(super) fn replace(&self, node: &Node, value: &Value) -> String {
        let mut text = self.text.to_owned();
        text.replace_range(node.span.clone(), &render::inline(value, true));
        text
    }

    /// The text with what stood in a node's place in another text.
    pub(super) fn give_back(&self, node: &Node, before: &Document<'_>, was: &Node) -> String {
        let mut text = self.text.to_owned();
        text.replace_range(node.span.clone(), &before.text[was.span.clone()]);
        text
    }

    /// The text without one entry of a container, and without the containers that were made for it: those that `before`, the text
    /// before it was put there, does not have. `None`: nothing is left, and there was nothing before.
    pub(super) fn take(&self, path: &[&str], entry: usize, before: Option<&Document<'_>>) -> Option<String> {
        let mut chain = Vec::new();
        let mut node = self.root.as_ref()?;
        chain.push(node);
        for key in path {
            node = node.member(key)?;
            chain.push(node);
        }
        let (mut depth, mut at) = (path.len(), entry);
        while depth > 0 {
            let made = before.is_none_or(|before| before.at(&path[..depth]).is_none());
            let alone =
                chain[depth].entries().len() == 1 && !splice::has_comment(self.text, chain[depth], at);
            if !(made && alone) {
                break;
            }
            depth -= 1;
            at = chain[depth].position(path[depth])?;
        }
        let container = chain[depth];
        let emptied = container.entries().len() == 1;
        if emptied && depth == 0 && !splice::has_comment(self.text, container, at) {
            match before {
                None if self.text[..container.span.start]
                    .trim_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
                    .is_empty()
                    && self.text[container.span.end..].trim().is_empty() =>
                {
                    return None;
                }
                Some(before) if before.root.is_none() => return Some(before.text.to_owned()),
                _ => {}
            }
        }
        let interior = before.and_then(|before| Some(before.interior(before.at(&path[..depth])?)));
        Some(splice::cut(self.text, container, at, interior.flatten()))
    }

    /// What stands between the braces of an empty container.
    fn interior(&self, node: &Node) -> Option<&str> {
        node.entries().is_empty().then(|| &self.text[node.span.start + 1..node.span.end - 1])
    }

    fn insert(&self, container: &Node, key: Option<&str>, value: &Value) -> String {
        Splice { text: self.text, container }.insert(key, value)
    }

    /// That a node is an object, or else an array.
    fn expect(&self, node: &Node, path: &[&str], object: bool) -> Result<(), Fault> {
        let fits =
            if object { matches!(node.kind, Kind::Object(_)) } else { matches!(node.kind, Kind::Array(_)) };
        if fits {
            return Ok(());
        }
        let name =
            if path.is_empty() { "the document".to_owned() } else { format!("\"{}\"", path.join(".")) };
        let wanted = if object { "an object" } else { "an array" };
        Err(Fault::at(self.text, node.span.start, format!("{name} is not {wanted}")))
    }

    fn twice(&self, key: &str, second: usize) -> Fault {
        Fault::at(self.text, second, format!("\"{key}\" is there twice"))
    }
}

/// `value` inside the containers of a path.
fn wrap(path: &[&str], key: Option<&str>, value: Value) -> Value {
    let inner = match key {
        Some(key) => object(key, value),
        None => Value::Array(vec![value]),
    };
    path.iter().rev().fold(inner, |inner, key| object(key, inner))
}

fn object(key: &str, value: Value) -> Value {
    Value::Object([(key.to_owned(), value)].into_iter().collect())
}
