//! The guide: a page for each topic, short enough to be read in passing.

/// Longest page.
#[cfg(test)]
pub(super) const PAGE_CHARS: usize = 1_500;

/// One page.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Guide {
    /// Its name in the address.
    pub topic: &'static str,
    /// For lists.
    pub title: &'static str,
    /// For lists.
    pub description: &'static str,
    /// Markdown.
    pub text: &'static str,
}

/// Every page.
pub(crate) static TOPICS: [Guide; 6] = [
    Guide {
        topic: "workflow",
        title: "Workflow",
        description: "Statuses, triggers, and the order of a day's work",
        text: include_str!("../guide/workflow.md"),
    },
    Guide {
        topic: "dependencies",
        title: "Dependencies",
        description: "What has to be done before what",
        text: include_str!("../guide/dependencies.md"),
    },
    Guide {
        topic: "gates",
        title: "Note gates",
        description: "Notes that an item needs before it moves on",
        text: include_str!("../guide/gates.md"),
    },
    Guide {
        topic: "claims",
        title: "Claims",
        description: "How several agents keep out of each other's way",
        text: include_str!("../guide/claims.md"),
    },
    Guide {
        topic: "config",
        title: "config.yaml",
        description: "Where it is, what it decides, what happens to a mistake in it",
        text: include_str!("../guide/config.md"),
    },
    Guide {
        topic: "clients",
        title: "Clients",
        description: "Settings of a session, resources, subscriptions",
        text: include_str!("../guide/clients.md"),
    },
];

/// The page of that topic.
pub(crate) fn find(topic: &str) -> Option<&'static Guide> {
    TOPICS.iter().find(|guide| guide.topic.eq_ignore_ascii_case(topic))
}
