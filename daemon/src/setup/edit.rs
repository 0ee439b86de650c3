//! What is done to a client's JSON document, and how it is undone.

use serde_json::Value;

use super::{
    entry::{SHIM, Server, Shape},
    json::{Document, Fault, Kind, Node},
    plan::{Lack, Presence},
};

/// The program that hooks run; a hook that runs one of this name is ours.
const PROGRAM: &str = "task-orchestrator";

/// One thing in a document.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// The shim's entry, in the first of these objects that is there, else in the last.
    Server {
        /// Paths of keys.
        at: &'static [&'static [&'static str]],
        /// The entry's form.
        shape: Shape,
    },
    /// A member that the document must have for the rest to count.
    Frame {
        /// Its name.
        key: &'static str,
        /// What it is.
        value: Value,
    },
    /// A hook, at the end of an array.
    Hook {
        /// Path of the array.
        at: Vec<&'static str>,
        /// The whole element.
        element: Value,
        /// The command in it.
        command: String,
        /// The moment's word in the command, by which it is known again.
        word: &'static str,
    },
    /// The daemon's socket, for a sandbox that is on.
    Socket(String),
}

/// Where Claude Code's sandbox keeps the sockets that may be used.
const SOCKETS: [&str; 3] = ["sandbox", "network", "allowUnixSockets"];

/// The text with all of `edits` in it; the same text when they are in it already.
pub(super) fn put(text: &str, edits: &[Edit], server: &Server) -> Result<String, Fault> {
    edits.iter().try_fold(text.to_owned(), |text, edit| edit.put(&text, server))
}

/// The text without `edits`, as it was `before`. `None`: nothing is left of a file that was not there before.
pub(super) fn take(
    text: &str,
    edits: &[Edit],
    server: &Server,
    before: Option<&str>,
) -> Result<Option<String>, Fault> {
    let before = before.and_then(|before| Document::read(before).ok());
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        match edit.take(&text, server, before.as_ref())? {
            Some(fresh) => text = fresh,
            None => return Ok(None),
        }
    }
    Ok(Some(text))
}

/// Who has the server's name in a text.
pub(super) fn presence(text: &str, edits: &[Edit], server: &Server) -> Result<Presence, Fault> {
    let document = Document::read(text)?;
    let servers = edits.iter().filter_map(|edit| match edit {
        Edit::Server { at, shape } => Some((place(&document, at, &server.name), *shape)),
        _ => None,
    });
    for (path, shape) in servers {
        if let Some(entry) = document.at(path).and_then(|servers| servers.member(&server.name)) {
            return Ok(Presence::of(&command(&document, entry, shape), server));
        }
    }
    Ok(Presence::Absent)
}

/// What of `edits` is not in a text, or otherwise.
pub(super) fn lacks(text: &str, edits: &[Edit], server: &Server) -> Result<Vec<Lack>, Fault> {
    let document = Document::read(text)?;
    Ok(edits.iter().flat_map(|edit| edit.lacks(&document, server)).collect())
}

impl Edit {
    fn lacks(&self, document: &Document<'_>, server: &Server) -> Vec<Lack> {
        match self {
            Self::Server { at, shape } => {
                let path = place(document, at, &server.name);
                let entry = document.at(path).and_then(|servers| servers.member(&server.name));
                let value = entry.map(|entry| document.value(entry));
                let variable = |name: &str| {
                    let text = value.as_ref()?[shape.environment()][name].as_str()?;
                    Some(text.to_owned())
                };
                let command = value.as_ref().map(|value| shape.command(value).unwrap_or_default());
                Lack::of_server(server, command, variable)
            }
            Self::Hook { at, command, word, .. } => {
                let there = document.at(at).and_then(|hooks| hook(hooks, word));
                match there.map(|(_, found)| &found.kind) {
                    None => vec![Lack::Missing(format!("no hook {word}"))],
                    Some(Kind::String(there)) if there != command => {
                        vec![Lack::Different(format!("hook {word} runs `{there}`, not `{command}`"))]
                    }
                    Some(_) => Vec::new(),
                }
            }
            Self::Frame { .. } | Self::Socket(_) => Vec::new(),
        }
    }

    fn put(&self, text: &str, server: &Server) -> Result<String, Fault> {
        let document = Document::read(text)?;
        match self {
            Self::Server { at, shape } => {
                put_server(text, &document, place(&document, at, &server.name), *shape, server)
            }
            Self::Frame { key, value } => match document.at(&[key]) {
                Some(_) => Ok(text.to_owned()),
                None => document.put(&[], Some(key), value),
            },
            Self::Hook { at, element, command, word } => {
                match document.at(at).and_then(|hooks| hook(hooks, word)) {
                    Some((_, found)) if matches!(&found.kind, Kind::String(there) if there == command) => {
                        Ok(text.to_owned())
                    }
                    Some((_, found)) => Ok(document.replace(found, &Value::from(command.as_str()))),
                    None => document.put(at, None, element),
                }
            }
            Self::Socket(path) => {
                let on =
                    document.at(&["sandbox", "enabled"]).is_some_and(|node| document.value(node) == true);
                match document.at(&SOCKETS).and_then(|sockets| element(sockets, path)) {
                    None if on => document.put(&SOCKETS, None, &Value::from(path.as_str())),
                    _ => Ok(text.to_owned()),
                }
            }
        }
    }

    fn take(
        &self,
        text: &str,
        server: &Server,
        before: Option<&Document<'_>>,
    ) -> Result<Option<String>, Fault> {
        let document = Document::read(text)?;
        let kept = || Ok(Some(text.to_owned()));
        match self {
            Self::Server { at, shape } => {
                let path = place(&document, at, &server.name);
                let found = document.at(path).and_then(|servers| servers.position(&server.name));
                let entry = [path, &[server.name.as_str()]].concat();
                let was = before.and_then(|before| Some((before, before.at(&entry)?)));
                match (found, document.at(&entry), was) {
                    (Some(at), Some(entry), was) if is_ours(&document, entry, *shape, server) => match was {
                        // Whose it was before us gets it back.
                        Some((before, was)) => Ok(Some(document.give_back(entry, before, was))),
                        None => Ok(document.take(path, at, before)),
                    },
                    _ => kept(),
                }
            }
            Self::Frame { key, .. } => {
                let root = document.at(&[]);
                let made = before.is_none_or(|before| before.at(&[key]).is_none());
                match root.and_then(|root| root.position(key)) {
                    Some(at) if made && root.is_some_and(|root| root.entries().len() == 1) => {
                        Ok(document.take(&[], at, before))
                    }
                    _ => kept(),
                }
            }
            Self::Hook { at, word, .. } => match document.at(at).and_then(|hooks| hook(hooks, word)) {
                Some((index, found)) => {
                    let was = before.and_then(|before| Some((before, hook(before.at(at)?, word)?.1)));
                    match was {
                        Some((before, was)) => Ok(Some(document.give_back(found, before, was))),
                        None => Ok(document.take(at, index, before)),
                    }
                }
                None => kept(),
            },
            Self::Socket(path) => {
                let had = before.and_then(|before| element(before.at(&SOCKETS)?, path)).is_some();
                match document.at(&SOCKETS).and_then(|sockets| element(sockets, path)) {
                    Some(index) if !had => Ok(document.take(&SOCKETS, index, before)),
                    _ => kept(),
                }
            }
        }
    }
}

/// The object that has the entry; else the first that is there and no server itself, else the last.
fn place(
    document: &Document<'_>,
    at: &'static [&'static [&'static str]],
    name: &str,
) -> &'static [&'static str] {
    let holds = |path: &&&[&str]| document.at(path).is_some_and(|node| node.member(name).is_some());
    let there = |path: &&&[&str]| {
        let node = document.at(path);
        node.is_some_and(|node| matches!(node.kind, Kind::Object(_)) && node.member("command").is_none())
    };
    at.iter().find(holds).or_else(|| at.iter().find(there)).or(at.last()).copied().unwrap_or_default()
}

fn put_server(
    text: &str,
    document: &Document<'_>,
    path: &[&str],
    shape: Shape,
    server: &Server,
) -> Result<String, Fault> {
    let name = server.name.as_str();
    let Some(entry) = document.at(path).and_then(|servers| servers.member(name)) else {
        let members = shape.members(server).into_iter().map(|(key, value)| (key.to_owned(), value));
        return document.put(path, Some(name), &Value::Object(members.collect()));
    };
    let start = entry.span.start;
    if !is_ours(document, entry, shape, server) {
        return Err(Fault::at(text, start, server.taken_by(&command(document, entry, shape))));
    }
    let path = [path, &[name]].concat();
    let mut text = text.to_owned();
    for (key, wanted) in shape.members(server) {
        if key == shape.environment() {
            let inner = [path.as_slice(), &[key]].concat();
            for (name, value) in wanted.as_object().into_iter().flatten() {
                text = put_value(&text, &inner, name, value)?;
            }
        } else if key != "args" || Document::read(&text)?.at(&[path.as_slice(), &[key]].concat()).is_none() {
            text = put_value(&text, &path, key, &wanted)?;
        }
    }
    Ok(text)
}

/// The text with a member that has this value.
fn put_value(text: &str, path: &[&str], key: &str, wanted: &Value) -> Result<String, Fault> {
    let document = Document::read(text)?;
    match document.at(&[path, &[key]].concat()) {
        Some(node) if document.value(node) == *wanted => Ok(text.to_owned()),
        Some(node) => Ok(document.replace(node, wanted)),
        None => document.put(path, Some(key), wanted),
    }
}

fn command(document: &Document<'_>, entry: &Node, shape: Shape) -> String {
    shape.command(&document.value(entry)).unwrap_or_default().to_owned()
}

fn is_ours(document: &Document<'_>, entry: &Node, shape: Shape, server: &Server) -> bool {
    server.is_ours(&command(document, entry, shape))
}

/// Our hook for a moment: which element it is, and its command.
fn hook<'n>(hooks: &'n Node, word: &str) -> Option<(usize, &'n Node)> {
    let runs = format!(" hook {word}");
    let fits =
        |command: &str| command.contains(PROGRAM) && !command.contains(SHIM) && command.contains(&runs);
    let elements = hooks.entries().iter().enumerate();
    elements.filter_map(|(at, element)| Some((at, element.value.string(&fits)?))).next()
}

/// Which element is that string.
fn element(array: &Node, text: &str) -> Option<usize> {
    let is = |node: &Node| matches!(&node.kind, Kind::String(string) if string == text);
    array.entries().iter().position(|entry| is(&entry.value))
}
