//! What a person may say about an item, where one is made and where one is changed.

use orc_core::{status::Priority, time::Stamp};
use serde_json::Value;

use super::{
    Trouble,
    input::text_or_stdin,
    person::Given,
    schemas::role_by,
    times::{self, When},
};

#[derive(clap::Args)]
pub(crate) struct Fields {
    /// More about it; - reads stdin
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    description: Option<String>,
    /// A tag; may be given again
    #[arg(long, short, value_name = "TAG", value_delimiter = ',')]
    tag: Vec<String>,
    /// Its type, which selects the notes it needs
    #[arg(long = "type", value_name = "TYPE")]
    item_type: Option<String>,
    /// How urgent it is
    #[arg(long, short, value_parser = clap::builder::PossibleValuesParser::new(Priority::WORDS))]
    priority: Option<String>,
    /// When it must be done: 2026-12-01, 2026-12-01T18:00 (UTC), or in so long: 3d
    #[arg(long, value_name = "TIME", value_parser = times::ahead)]
    due: Option<When>,
    /// Not offered before this time, or for so long
    #[arg(long, value_name = "TIME", value_parser = times::ahead)]
    not_before: Option<When>,
    /// Again and again: five cron fields, in UTC, such as '0 9 * * 1' for Mondays at 9
    #[arg(long, value_name = "CRON", value_parser = times::cron)]
    schedule: Option<String>,
}

impl Fields {
    /// Adds those that were given, under the tools' names for them.
    pub(crate) fn add_to(&self, given: Given, prefix: &str, now: &Stamp) -> Result<Given, Trouble> {
        let name = |field: &str| format!("{prefix}{field}");
        let time = |when: &Option<When>| when.as_ref().map(|when| when.ahead(now));
        let description = self.description.as_deref().map(text_or_stdin).transpose()?;
        Ok(given
            .maybe(&name("description"), description)
            .words(&name("tags"), &self.tag)
            .maybe(&name("item_type"), self.item_type.as_deref())
            .maybe(&name("priority"), self.priority.as_deref())
            .maybe(&name("due_at"), time(&self.due))
            .maybe(&name("not_before"), time(&self.not_before))
            .maybe(&name("schedule"), self.schedule.as_deref()))
    }

    /// The phase that the schema of a new item with these fields gives a note.
    pub(crate) fn role_of_note(&self, schemas: &Value, key: &str) -> Option<String> {
        role_by(schemas, self.item_type.as_deref(), &self.tag, key)
    }

    /// Whether the description is on stdin.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.description.as_deref() == Some("-")
    }
}
