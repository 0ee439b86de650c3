//! An item of work, and what one edit of it is.

use std::borrow::Cow;

use crate::id::ItemId;
use crate::limits;
use crate::refusal::Refusal;
use crate::status::{Priority, Status};
use crate::text;
use crate::time::Stamp;

/// One item, with every field of contract.md §3.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its public id.
    pub id: ItemId,
    /// The item it belongs to.
    pub parent: Option<ItemId>,
    /// 1–500 characters.
    pub title: String,
    /// Up to 1 MiB.
    pub description: String,
    /// Up to 64 KiB.
    pub summary: String,
    /// Where it stands.
    pub status: Status,
    /// A word beside the status: `cancelled`, or what an import brought.
    pub label: Option<String>,
    /// Where a blocked item came from.
    pub previous: Option<Status>,
    /// How much it matters.
    pub priority: Priority,
    /// 1–10.
    pub complexity: Option<u8>,
    /// Names its note schema.
    pub item_type: String,
    /// Comma-separated; matched whole.
    pub tags: String,
    /// Opaque text of the caller's.
    pub metadata: Option<String>,
    /// Opaque text of the caller's.
    pub properties: Option<String>,
    /// When it should be done.
    pub due_at: Option<Stamp>,
    /// A cron expression in UTC.
    pub schedule: Option<String>,
    /// When a scheduled item is offered again.
    pub next_run_at: Option<Stamp>,
    /// Not offered before.
    pub not_before: Option<Stamp>,
    /// The reason given for the transition that brought it where it stands.
    pub reason: Option<String>,
    /// The project it was created in.
    pub project: Option<String>,
    /// Counts changes of its own fields and status.
    pub version: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub updated_by: Option<String>,
    /// When it was made.
    pub created_at: Stamp,
    /// When it was changed last.
    pub updated_at: Stamp,
    /// When its status changed last.
    pub role_changed_at: Option<Stamp>,
}

/// One field's new value. Clearing is a value too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    /// A new title.
    Title(String),
    /// A new description; empty clears it.
    Description(String),
    /// A new summary; empty clears it.
    Summary(String),
    /// A new parent, named by id or prefix; `None` moves it to the root.
    Parent(Option<String>),
    /// A new priority.
    Priority(Priority),
    /// A new complexity.
    Complexity(Option<u8>),
    /// A new type; empty clears it.
    ItemType(String),
    /// New tags, already split and checked.
    Tags(Vec<String>),
    /// New metadata.
    Metadata(Option<String>),
    /// New properties.
    Properties(Option<String>),
    /// A new due time.
    DueAt(Option<Stamp>),
    /// A new schedule; the next run follows from it.
    Schedule(Option<String>),
    /// A new earliest time.
    NotBefore(Option<Stamp>),
}

impl Item {
    /// Whether the item carries this tag, matched whole.
    pub fn has_tag(&self, tag: &str) -> bool {
        text::split_tags(&self.tags).any(|t| t == tag)
    }
}

/// Checks a title: not blank, not too long. Answers it trimmed.
pub fn check_title(title: &str) -> Result<String, Refusal> {
    let title = title.trim();
    if title.is_empty() {
        return Err(Refusal::validation("title is required and must not be blank").field("title"));
    }
    limits::chars("title", title, limits::TITLE_CHARS)?;
    Ok(title.to_owned())
}

/// Checks a complexity of 1 to 10.
pub fn check_complexity(value: i64) -> Result<u8, Refusal> {
    match u8::try_from(value) {
        Ok(n) if (1..=10).contains(&n) => Ok(n),
        _ => Err(Refusal::validation(format!("Complexity must be 1-10, got {value}")).field("complexity")),
    }
}

/// Checks the length of an edit's text. What needs the store is checked when it is decided.
pub fn check_edit(edit: &Edit) -> Result<(), Refusal> {
    match edit {
        Edit::Title(t) => check_title(t).map(drop),
        Edit::Description(t) => limits::bytes("description", t, limits::BODY_BYTES),
        Edit::Summary(t) => limits::bytes("summary", t, limits::SMALL_TEXT_BYTES),
        Edit::ItemType(t) => limits::chars("item_type", t, limits::KEY_CHARS),
        Edit::Metadata(Some(t)) => limits::bytes("metadata", t, limits::SMALL_TEXT_BYTES),
        Edit::Properties(Some(t)) => limits::bytes("properties", t, limits::SMALL_TEXT_BYTES),
        Edit::Schedule(Some(t)) => limits::chars("schedule", t, limits::KEY_CHARS),
        _ => Ok(()),
    }
}

/// How the text of a field is read off an item; nothing is the empty text.
type Reading = for<'a> fn(&'a Item) -> Cow<'a, str>;

/// The fields that a change can be about, by the names and in the order of contract.md §3. Who changed it and when, and the
/// version itself, are about the change rather than the item.
const FIELDS: [(&str, Reading); 18] = [
    ("parent_id", |i| i.parent.as_ref().map_or(Cow::Borrowed(""), |id| id.as_str().into())),
    ("title", |i| i.title.as_str().into()),
    ("description", |i| i.description.as_str().into()),
    ("summary", |i| i.summary.as_str().into()),
    ("status", |i| i.status.as_str().into()),
    ("status_label", |i| optional(&i.label)),
    ("previous_status", |i| i.previous.map_or("", Status::as_str).into()),
    ("priority", |i| i.priority.as_str().into()),
    ("complexity", |i| i.complexity.map_or(Cow::Borrowed(""), |n| n.to_string().into())),
    ("item_type", |i| i.item_type.as_str().into()),
    ("tags", |i| i.tags.as_str().into()),
    ("metadata", |i| optional(&i.metadata)),
    ("properties", |i| optional(&i.properties)),
    ("due_at", |i| moment(&i.due_at)),
    ("schedule", |i| optional(&i.schedule)),
    ("next_run_at", |i| moment(&i.next_run_at)),
    ("not_before", |i| moment(&i.not_before)),
    ("project", |i| optional(&i.project)),
];

fn optional(text: &Option<String>) -> Cow<'_, str> {
    text.as_deref().unwrap_or_default().into()
}

fn moment(stamp: &Option<Stamp>) -> Cow<'_, str> {
    stamp.as_ref().map_or("", Stamp::text).into()
}

/// The fields that differ: name, old text, new text; nothing is the empty text.
pub fn diff(before: &Item, after: &Item) -> Vec<(&'static str, String, String)> {
    let differing = FIELDS.iter().filter_map(|(field, read)| {
        let (old, new) = (read(before), read(after));
        (old != new).then(|| (*field, old.into_owned(), new.into_owned()))
    });
    differing.collect()
}

/// The same as lines that a refusal or a report shows: `v3 priority: medium → high (by alice)`. Long text is cut.
pub fn diff_lines(before: &Item, after: &Item) -> Vec<String> {
    const SHOWN: usize = 80;
    let shown = |text: &str| match text {
        "" => "none".to_owned(),
        text => text::cut(text, SHOWN).replace(['\n', '\r'], " "),
    };
    let by = after.updated_by.as_deref().map(|name| format!(" (by {name})")).unwrap_or_default();
    let line = |(field, old, new): (&str, String, String)| {
        format!("v{} {field}: {} → {}{by}", after.version, shown(&old), shown(&new))
    };
    diff(before, after).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Item {
        let now = Stamp::from_micros(0);
        Item {
            id: ItemId::new("a"),
            parent: None,
            title: "title".into(),
            description: String::new(),
            summary: String::new(),
            status: Status::Queue,
            label: None,
            previous: None,
            priority: Priority::Medium,
            complexity: None,
            item_type: String::new(),
            tags: String::new(),
            metadata: None,
            properties: None,
            due_at: None,
            schedule: None,
            next_run_at: None,
            not_before: None,
            reason: None,
            project: None,
            version: 1,
            created_by: None,
            updated_by: None,
            created_at: now.clone(),
            updated_at: now,
            role_changed_at: None,
        }
    }

    #[test]
    fn a_difference_is_named_as_clients_name_the_field() {
        let stamp = || Stamp::parse("2026-11-23");
        type Change = fn(&mut Item);
        let cases: [(Change, &str, &str, &str); 7] = [
            (|i| i.parent = Some(ItemId::new("p")), "parent_id", "", "p"),
            (|i| i.title = "other".into(), "title", "title", "other"),
            (|i| i.status = Status::Work, "status", "queue", "work"),
            (|i| i.previous = Some(Status::Review), "previous_status", "", "review"),
            (|i| i.priority = Priority::High, "priority", "medium", "high"),
            (|i| i.complexity = Some(3), "complexity", "", "3"),
            (|i| i.label = Some("cancelled".into()), "status_label", "", "cancelled"),
        ];
        for (change, field, old, new) in cases {
            let mut after = plain();
            change(&mut after);
            assert_eq!(diff(&plain(), &after), [(field, old.to_owned(), new.to_owned())]);
        }
        let after = Item { due_at: stamp(), not_before: stamp(), ..plain() };
        let fields: Vec<&str> = diff(&plain(), &after).into_iter().map(|(field, ..)| field).collect();
        assert_eq!(fields, ["due_at", "not_before"]);
    }

    #[test]
    fn who_and_when_is_no_difference() {
        let later = Stamp::from_micros(9);
        let after = Item { version: 2, updated_by: Some("bob".into()), updated_at: later, ..plain() };
        assert_eq!(diff(&plain(), &after), []);
    }

    #[test]
    fn lines_name_version_and_actor_and_stay_short() {
        let after = Item {
            priority: Priority::High,
            description: format!("two\nlines {}", "x".repeat(200)),
            version: 3,
            updated_by: Some("alice".into()),
            ..plain()
        };
        let lines = diff_lines(&plain(), &after);
        assert!(
            lines[0].starts_with("v3 description: none → two lines xxx") && lines[0].len() < 130,
            "{lines:?}"
        );
        assert_eq!(lines[1], "v3 priority: medium → high (by alice)");
    }
}
