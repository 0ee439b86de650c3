//! The note schemas of a file, in every form that the original reads.
//!
//! A schema is a mapping with `lifecycle` and `notes`. In the older form its notes stand directly in it, each a mapping
//! with a `key` under a name of its own choice; and a schema may be nothing but the list of its notes.

use orc_core::limits;
use orc_core::policy::{Lifecycle, NoteSpec, Schema};
use orc_core::status::Role;

use super::ConfigError;
use super::fields::{self, Field, Fields};
use super::yaml::{At, Key, Node, Value};
use crate::near::nearest;

/// The keys of a schema.
pub(super) const SCHEMA_KEYS: &[&str] = &["lifecycle", "notes"];
/// The keys of a note.
pub(super) const NOTE_KEYS: &[&str] = &["key", "role", "required", "description", "guidance"];

/// All schemas under `section`, in the order of the file.
pub(super) fn read(section: &Field<'_>) -> Result<Vec<Schema>, ConfigError> {
    let entries = fields::entries(section.node, &section.path, &[])?;
    entries.iter().map(|(name, node)| schema(name, node)).collect()
}

fn schema(name: &Key, node: &Node) -> Result<Schema, ConfigError> {
    let title = checked_name(name)?;
    let place = format!("schema {title}");
    let (lifecycle, notes) = match &node.value {
        Value::List(nodes) => (Lifecycle::default(), notes(nodes, &place)?),
        _ => body(node, &place)?,
    };
    Ok(Schema { name: title, lifecycle, notes })
}

fn checked_name(name: &Key) -> Result<String, ConfigError> {
    let title = name.name.trim();
    let wrong = |message: String| Err(ConfigError::new(name.at, message));
    match title.chars().count() {
        0 => wrong("a schema's name may not be blank".to_owned()),
        n if n > limits::KEY_CHARS => {
            wrong(format!("a schema's name has {n} characters; at most {} are allowed", limits::KEY_CHARS))
        }
        _ => Ok(title.to_owned()),
    }
}

/// A schema given as a mapping: with `notes`, or with the notes directly in it.
fn body(node: &Node, place: &str) -> Result<(Lifecycle, Vec<NoteSpec>), ConfigError> {
    let entries = fields::entries(node, place, SCHEMA_KEYS)?;
    let mut lifecycle = Lifecycle::default();
    let mut listed = Vec::new();
    let mut direct = Vec::new();
    for (key, value) in entries {
        let field = Field { path: format!("{place}.{}", orc_core::text::cut(&key.name, 60)), node: value };
        match (key.name.as_str(), &value.value) {
            // The original takes nothing at all for the default.
            ("lifecycle" | "notes", Value::Null) => {}
            ("lifecycle", _) => lifecycle = field.word(Lifecycle::WORDS)?,
            ("notes", Value::List(nodes)) => listed = notes(nodes, place)?,
            ("notes", _) => return Err(field.takes("a list of notes: - {key: …, role: …, required: …}")),
            (_, Value::Map(_)) if has_key(value) => direct.push((key, note(&field)?)),
            (_, Value::Map(_)) if nearest(&key.name, SCHEMA_KEYS.iter().copied()).is_none() => {
                let message = format!("{} is a note without a key; add key: to it", field.path);
                return Err(ConfigError::new(key.at, message));
            }
            _ => return Err(fields::unknown_key(key, place, SCHEMA_KEYS)),
        }
    }
    match direct.first() {
        Some((key, _)) if !listed.is_empty() => {
            let name = orc_core::text::cut(&key.name, 60);
            let message =
                format!("{place} has the note {name} beside its list of notes; put it into the list");
            Err(ConfigError::new(key.at, message))
        }
        Some(_) => {
            let specs = direct.iter().map(|(_, (at, spec))| (*at, spec.clone())).collect();
            Ok((lifecycle, unique(specs, place)?))
        }
        None => Ok((lifecycle, listed)),
    }
}

fn has_key(node: &Node) -> bool {
    matches!(&node.value, Value::Map(entries) if entries.iter().any(|(key, _)| key.name == "key"))
}

fn notes(nodes: &[Node], place: &str) -> Result<Vec<NoteSpec>, ConfigError> {
    let specs = nodes
        .iter()
        .enumerate()
        .map(|(i, node)| note(&Field { path: format!("{place}.notes[{i}]"), node }))
        .collect::<Result<_, _>>()?;
    unique(specs, place)
}

type Placed = (At, NoteSpec);

fn note(field: &Field<'_>) -> Result<Placed, ConfigError> {
    let fields = Fields::of(field.node, &field.path, NOTE_KEYS)?;
    let Some(key) = fields.get("key") else {
        return Err(field.fault(&format!("{} has no key; every note needs one", field.path)));
    };
    let roles: Vec<(&str, Role)> = Role::ALL.iter().map(|role| (role.as_str(), *role)).collect();
    let spec = NoteSpec {
        key: key.short_text(limits::KEY_CHARS)?.to_owned(),
        role: fields.read("role", |f| f.word(&roles))?.unwrap_or(Role::Queue),
        required: fields.read("required", Field::flag)?.unwrap_or(false),
        description: fields.read("description", Field::optional_text)?.unwrap_or_default(),
        guidance: fields.read("guidance", Field::optional_text)?.unwrap_or_default(),
    };
    Ok((key.node.at, spec))
}

/// Refuses a second note of the same key: one body cannot tell which of the two it answers.
fn unique(specs: Vec<Placed>, place: &str) -> Result<Vec<NoteSpec>, ConfigError> {
    let mut lines = std::collections::HashMap::with_capacity(specs.len());
    for (at, spec) in &specs {
        if let Some(first) = lines.insert(spec.key.as_str(), at.line) {
            let key = orc_core::text::cut(&spec.key, 60);
            let message =
                format!("{place} has two notes with the key {key}; the first one is in line {first}");
            return Err(ConfigError::new(*at, message));
        }
    }
    Ok(specs.into_iter().map(|(_, spec)| spec).collect())
}
