//! What a parameter is: its name, what it holds, and what the catalogue says of it.

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// Text of the caller's own that is never looked into; an object is kept as its JSON.
    Opaque,
    /// An item's id or its first characters.
    Id,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// An ISO 8601 time.
    Time,
    /// One of a few words; checked where it is used, so that the refusal can name them all.
    Word(&'static [&'static str]),
    /// Words separated by commas, or an array of them.
    Words,
    /// An array of ids; words separated by commas are taken too.
    Ids,
    /// An array of objects.
    Objects,
    /// An object.
    Object,
}

/// One parameter of a tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    /// The name that clients use.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it is for, as short as it can be said: every agent pays for it.
    pub doc: &'static str,
    /// Whether the catalogue shows it.
    pub shown: bool,
    /// Other names for the same, accepted for ever.
    pub also: &'static [&'static str],
}

impl Param {
    /// A parameter that the catalogue shows.
    pub(crate) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, doc, shown: true, also: &[] }
    }

    /// Accepted under other names too.
    pub(crate) const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    /// Accepted, but not shown.
    pub(crate) const fn hidden(mut self) -> Self {
        self.shown = false;
        self
    }
}

/// Accepted by every tool, shown by none (contract.md §2).
pub(crate) const EVERYWHERE: [Param; 2] = [
    Param::new("agent", Kind::Text, "A subagent of this session"),
    Param::new("request_id", Kind::Text, "Makes a repeated call safe"),
];
