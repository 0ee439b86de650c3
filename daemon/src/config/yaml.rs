//! YAML as a tree in which every value knows its line and column.
//!
//! serde-saphyr reads the text; what a value means is decided by whoever walks the tree, because only there can an
//! error name the place, what stands there and what would be valid. A scalar keeps its text as written, so that a key
//! such as `1.10` or `on` stays what its author typed.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, Options, Spanned, UserMessageFormatter};

use super::ConfigError;

/// Deepest nesting of a file; config.yaml itself needs five levels.
const DEPTH: usize = 32;
/// Most values in a file, those that aliases repeat included.
const VALUES: usize = 100_000;

/// Where a value stands, both counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct At {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) value: Value,
}

/// A value.
#[derive(Debug)]
pub(super) enum Value {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` and `false`, and as YAML 1.1 has it also `yes`, `no`, `on`, `off` without quotes.
    Bool { is: bool, text: String },
    /// A number, as written.
    Number(String),
    /// Any other text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file. No key stands twice.
    Map(Vec<(Key, Node)>),
}

/// A key and its place.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) at: At,
    pub(super) name: String,
}

/// Reads one YAML document. An empty one is [`Value::Null`].
pub(super) fn parse(text: &str) -> Result<Node, ConfigError> {
    let tree: Tree = serde_saphyr::from_str_with_options(text, options()).map_err(|e| syntax_error(&e))?;
    tree.into_node(text)
}

impl Value {
    /// What stands there, for a sentence: `a list`, `"soon"`.
    pub(super) fn describe(&self) -> String {
        match self {
            Value::Null => "empty".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
            Value::Bool { text, .. } | Value::Number(text) => orc_core::text::cut(text, 60),
            Value::Text(text) => format!("\"{}\"", orc_core::text::cut(text, 60).escape_debug()),
        }
    }
}

/// Bounds that a config file never meets, against files made to exhaust the daemon.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH, max_nodes: VALUES, max_documents: 2 },
        // Repeated keys are refused here, in words that say where the first one stands.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: VALUES },
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        with_snippet: false
    }
}

/// The reader's own complaint, as one sentence with its place.
fn syntax_error(error: &serde_saphyr::Error) -> ConfigError {
    let plain = error.without_snippet();
    let at = plain.location().map_or(At { line: 1, column: 1 }, At::from);
    let rendered = plain.render_with_formatter(&UserMessageFormatter);
    // The place is a field of its own; the renderer's way of adding it would say it twice.
    let message = rendered.split(" at line ").next().unwrap_or_default().lines().next().unwrap_or_default();
    let message = match message {
        m if m.contains("too large or too complex") => "too many or too deeply nested values".to_owned(),
        "expected string scalar" => "a key has to be a single word or text".to_owned(),
        "reference to unknown value" => "an alias (*name) for which there is no anchor (&name)".to_owned(),
        m if m.contains("multiple found") => "a second document (---) in the same file".to_owned(),
        m => orc_core::text::cut(m, 300),
    };
    ConfigError::new(at, format!("not valid YAML: {message}"))
}

impl From<Location> for At {
    fn from(place: Location) -> Self {
        // A value that has no place of its own, such as an empty document, counts as the beginning.
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).max(1);
        Self { line: number(place.line()), column: number(place.column()) }
    }
}

/// What serde builds before the scalars' own text is looked up.
struct Tree(Spanned<Shape>);

enum Shape {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(Spanned<String>, Tree)>),
}

impl Tree {
    fn into_node(self, source: &str) -> Result<Node, ConfigError> {
        let Spanned { value, referenced, defined } = self.0;
        let written = || written(source, defined);
        let value = match value {
            Shape::Null => Value::Null,
            Shape::Bool(is) => Value::Bool { is, text: written() },
            Shape::Number => Value::Number(written()),
            Shape::Text(text) => Value::Text(text),
            Shape::List(trees) => {
                Value::List(trees.into_iter().map(|t| t.into_node(source)).collect::<Result<_, _>>()?)
            }
            Shape::Map(entries) => Value::Map(entries_of(entries, source)?),
        };
        Ok(Node { at: referenced.into(), value })
    }
}

fn entries_of(entries: Vec<(Spanned<String>, Tree)>, source: &str) -> Result<Vec<(Key, Node)>, ConfigError> {
    let mut lines = std::collections::HashMap::with_capacity(entries.len());
    let mut out = Vec::with_capacity(entries.len());
    for (key, tree) in entries {
        let at = At::from(key.referenced);
        if let Some(first) = lines.insert(key.value.clone(), at.line) {
            let name = orc_core::text::cut(&key.value, 60);
            let message = format!("the key {name} stands twice here; the first one is in line {first}");
            return Err(ConfigError::new(at, message));
        }
        out.push((Key { at, name: key.value }, tree.into_node(source)?));
    }
    Ok(out)
}

/// The text of a plain scalar, as it stands in the file.
fn written(source: &str, place: Location) -> String {
    let span = place.span();
    let range = span.byte_offset().zip(span.byte_len()).and_then(|(from, len)| {
        let from = usize::try_from(from).ok()?;
        source.get(from..from.checked_add(usize::try_from(len).ok()?)?)
    });
    range.unwrap_or_default().trim().to_owned()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Tree)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        Shape::deserialize(deserializer)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Shape, E> {
        Ok(Shape::Bool(is))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Shape, E> {
        Ok(Shape::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let mut out = Vec::new();
        while let Some(entry) = list.next_element()? {
            out.push(entry);
        }
        Ok(Shape::List(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut out = Vec::new();
        while let Some(entry) = map.next_entry()? {
            out.push(entry);
        }
        Ok(Shape::Map(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a tree on one line, each value with its place.
    fn show(node: &Node) -> String {
        let inner = match &node.value {
            Value::Map(entries) => {
                let shown: Vec<String> = entries
                    .iter()
                    .map(|(k, v)| format!("{}@{}:{} {}", k.name, k.at.line, k.at.column, show(v)))
                    .collect();
                format!("{{{}}}", shown.join(", "))
            }
            Value::List(nodes) => format!("[{}]", nodes.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Number(text) => format!("#{text}"),
            Value::Bool { is, text } => format!("{is}({text})"),
            other => other.describe(),
        };
        format!("{inner}@{}:{}", node.at.line, node.at.column)
    }

    #[test]
    fn values_keep_their_places_and_their_own_text() {
        let cases = [
            ("", "empty@1:1"),
            ("# only words\n", "empty@2:1"),
            ("a: 1.10\nb: on", "{a@1:1 #1.10@1:4, b@2:1 true(on)@2:4}@1:1"),
            ("a: 'on'\nb: [x, ~]", "{a@1:1 \"on\"@1:4, b@2:1 [\"x\"@2:5, empty@2:8]@2:4}@1:1"),
            ("1: 007", "{1@1:1 \"007\"@1:4}@1:1"),
            ("ü: {é: 1e3}", "{ü@1:1 {é@1:5 #1e3@1:8}@1:4}@1:1"),
            ("a: &x 5\nb: *x", "{a@1:1 #5@1:7, b@2:1 #5@2:4}@1:1"),
        ];
        for (text, want) in cases {
            assert_eq!(parse(text).map(|n| show(&n)).unwrap_or_else(|e| format!("{e:?}")), want, "{text:?}");
        }
    }

    #[test]
    fn merge_keys_are_expanded() {
        let node = parse("base: &b {x: 1}\nuse: {<<: *b, y: 2}").unwrap();
        assert!(show(&node).contains("y@2:15 #2@2:18") && show(&node).contains("x@"), "{}", show(&node));
    }

    #[test]
    fn faults_have_a_place_and_plain_words() {
        let bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]";
        let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
        for text in [
            "a: [1",
            "a: b: c",
            "a:\n\t- x",
            "a: 1\na: 2",
            "a: 1\n---\nb: 2",
            "a: *x",
            "? [1]\n: 2",
            bomb,
            &deep,
        ] {
            let error = parse(text).unwrap_err();
            for word in ["struct", "DuplicateKeyPolicy", "Options", "::", "Error", "String"] {
                assert!(!error.message.contains(word), "{}", error.message);
            }
        }
    }
}
