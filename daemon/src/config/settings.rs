//! The keys of config.yaml as a table. The parser, docs/config.md and its JSON schema all read this one.

use orc_core::limits;
use orc_core::status::Priority;
use orc_core::time::{DAY, HOUR, SECOND, span_text};

use super::fields::{Field, Fields};
use super::{ConfigError, ConfigFile, Every, Keep, Place};

/// Most backups of one kind that are kept.
const MOST_BACKUPS: u32 = 366;

/// A key at the top of a file.
pub(super) struct Top {
    /// Its name.
    pub(super) name: &'static str,
    /// Which files may have it.
    pub(super) place: Where,
    /// What it is for, in a sentence.
    pub(super) about: &'static str,
    /// What stands under it.
    pub(super) holds: Holds,
}

/// Which files may have a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Where {
    /// The user's and projects'.
    Both,
    /// The user's alone: it concerns the whole store.
    User,
    /// Projects' alone.
    Project,
}

/// What stands under a key at the top.
pub(super) enum Holds {
    /// The file's own number, read by nobody.
    Version,
    /// The project's name.
    Name,
    /// Note schemas by name.
    Schemas,
    /// Settings by name.
    Section(&'static [Setting]),
}

/// A key inside a section.
pub(super) struct Setting {
    /// Its name.
    pub(super) name: &'static str,
    /// What may be its value.
    pub(super) takes: Takes,
    /// What holds when it is not set, as a file would say it; empty: nothing.
    pub(super) default: &'static str,
    /// What it is for, in a sentence.
    pub(super) about: &'static str,
}

/// What may be a setting's value, and where it goes. Lengths of time are in microseconds.
pub(super) enum Takes {
    /// A whole number within bounds.
    Number { least: u32, most: u32, set: fn(&mut ConfigFile, u32) },
    /// true or false.
    Flag(fn(&mut ConfigFile, bool)),
    /// One of the four priorities.
    Priority(fn(&mut ConfigFile, Priority)),
    /// A length of time.
    Span { least: i64, set: fn(&mut ConfigFile, i64) },
    /// A length of time, or a word that stands for none.
    SpanOr { word: &'static str, such_as: &'static str, least: i64, set: fn(&mut ConfigFile, Option<i64>) },
}

/// Every key, in the order in which pages and complaints list them.
pub(super) static TOP: &[Top] = &[
    Top {
        name: "version",
        place: Where::Both,
        about: "A number of your own; nothing reads it",
        holds: Holds::Version,
    },
    Top {
        name: "work_item_schemas",
        place: Where::Both,
        about: "Which notes an item needs before it may move on. The schema of an item is the one named by its type, else by the first of its tags that names one, else `default`",
        holds: Holds::Schemas,
    },
    Top {
        name: "note_schemas",
        place: Where::Both,
        about: "The older name of work_item_schemas; a file has one of the two",
        holds: Holds::Schemas,
    },
    Top {
        name: "hierarchy",
        place: Where::Both,
        about: "How items nest",
        holds: Holds::Section(&[Setting {
            name: "max_depth",
            takes: Takes::Number { least: 1, most: limits::DEPTH, set: |file, n| file.max_depth = Some(n) },
            default: "4",
            about: "Most levels, the root's counted",
        }]),
    },
    Top {
        name: "stale",
        place: Where::Both,
        about: "When an item that nobody touches is shown as stale",
        holds: Holds::Section(&[
            Setting {
                name: "queue",
                takes: Takes::Span { least: 0, set: |file, span| file.stale_queue = Some(span) },
                default: "7d",
                about: "In queue, unchanged for longer than this",
            },
            Setting {
                name: "work",
                takes: Takes::Span { least: 0, set: |file, span| file.stale_work = Some(span) },
                default: "3d",
                about: "In work, unchanged for longer than this",
            },
        ]),
    },
    Top {
        name: "priority",
        place: Where::Both,
        about: "How due dates count in what is next",
        holds: Holds::Section(&[
            Setting {
                name: "due_within",
                takes: Takes::Span { least: 0, set: |file, span| file.due_within = Some(span) },
                default: "24h",
                about: "An item that is due within this counts one priority higher",
            },
            Setting {
                name: "overdue",
                takes: Takes::Priority(|file, priority| file.overdue = Some(priority)),
                default: "",
                about: "An overdue item counts as at least this",
            },
        ]),
    },
    Top {
        name: "claims",
        place: Where::User,
        about: "How long a holder keeps what it holds",
        holds: Holds::Section(&[
            Setting {
                name: "grace",
                takes: Takes::Span { least: 0, set: |file, span| file.claim_grace = Some(span) },
                default: "2m",
                about: "Claims outlive their session by this, so that a restarted agent finds its work",
            },
            Setting {
                name: "protect_notes",
                takes: Takes::Flag(|file, is| file.protect_notes = Some(is)),
                default: "false",
                about: "Whether only the holder of an item may write its notes",
            },
        ]),
    },
    Top {
        name: "daemon",
        place: Where::User,
        about: "The daemon itself",
        holds: Holds::Section(&[Setting {
            name: "idle_exit",
            takes: Takes::Span { least: SECOND, set: |file, span| file.idle_exit = Some(span) },
            default: "30m",
            about: "A daemon that a session started ends after this long without any",
        }]),
    },
    Top {
        name: "history",
        place: Where::User,
        about: "The record of changes",
        holds: Holds::Section(&[Setting {
            name: "keep",
            takes: Takes::SpanOr {
                word: "forever",
                such_as: "90d",
                least: DAY,
                set: |file, span| file.history = Some(span.map_or(Keep::Forever, Keep::For)),
            },
            default: "forever",
            about: "How long changes are kept",
        }]),
    },
    Top {
        name: "backup",
        place: Where::User,
        about: "The backups that the daemon makes by itself (docs/operations.md)",
        holds: Holds::Section(&[
            Setting {
                name: "every",
                takes: Takes::SpanOr {
                    word: "never",
                    such_as: "24h",
                    least: HOUR,
                    set: |file, span| file.backup_every = Some(span.map_or(Every::Never, Every::Span)),
                },
                default: "24h",
                about: "How long lies between two",
            },
            Setting {
                name: "keep_daily",
                takes: Takes::Number {
                    least: 1,
                    most: MOST_BACKUPS,
                    set: |file, n| file.backup_daily = Some(n),
                },
                default: "7",
                about: "Of how many days the last one is kept",
            },
            Setting {
                name: "keep_weekly",
                takes: Takes::Number {
                    least: 0,
                    most: MOST_BACKUPS,
                    set: |file, n| file.backup_weekly = Some(n),
                },
                default: "4",
                about: "Of how many weeks the last one is kept",
            },
        ]),
    },
    Top {
        name: "name",
        place: Where::Project,
        about: "What the project is called; else by its folder",
        holds: Holds::Name,
    },
];

impl Where {
    /// Whether a file of that place may have the key.
    pub(super) fn allows(self, place: Place) -> bool {
        match self {
            Where::Both => true,
            Where::User => place == Place::User,
            Where::Project => place == Place::Project,
        }
    }
}

/// Reads the settings of a section into `file`.
pub(super) fn read(
    field: &Field<'_>,
    settings: &[Setting],
    file: &mut ConfigFile,
) -> Result<(), ConfigError> {
    let known: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
    let section = Fields::of(field.node, &field.path, &known)?;
    for setting in settings {
        if let Some(field) = section.get(setting.name) {
            setting.takes.read(&field, file)?;
        }
    }
    Ok(())
}

impl Takes {
    fn read(&self, field: &Field<'_>, file: &mut ConfigFile) -> Result<(), ConfigError> {
        match *self {
            Takes::Number { least, most, set } => set(file, field.number(least, most)?),
            Takes::Flag(set) => set(file, field.flag()?),
            Takes::Priority(set) => {
                let words: Vec<(&str, Priority)> = Priority::ALL.iter().map(|p| (p.as_str(), *p)).collect();
                set(file, field.word(&words)?);
            }
            Takes::Span { least, set } => set(file, at_least(field, field.span()?, least)?),
            Takes::SpanOr { word, such_as, least, set } => {
                let wants = format!("{word}, or a length of time such as {such_as}");
                if field.text(&wants)?.trim().eq_ignore_ascii_case(word) {
                    set(file, None);
                } else {
                    let span = field.span().map_err(|_| field.takes(&wants))?;
                    set(file, Some(at_least(field, span, least)?));
                }
            }
        }
        Ok(())
    }
}

fn at_least(field: &Field<'_>, span: i64, least: i64) -> Result<i64, ConfigError> {
    if span < least {
        return Err(field.takes(&format!("at least {}", span_text(least))));
    }
    Ok(span)
}
