//! The MCP resources (contract.md §9): what tools answer, under addresses that a client can read, watch and attach.
//!
//! A resource is read exactly as the tool that it stands for, so that there is one truth about each; only the configuration in
//! force and the guide have no tool of their own. Reading never writes.

mod config;
pub(crate) mod guide;
mod uri;

use std::sync::Arc;

use orc_core::refusal::Refusal;
use orc_core::{ItemId, View};
use orc_store::Tx;
use serde_json::{Value, json};

use crate::answer::written;
use crate::args::Args;
use crate::call::{Answer, Call};
use crate::catalog::Tool;
use crate::engine::{Session, Shared};
use crate::tools;
use crate::watch::Topic;
use crate::{clock, halt::Halt};
use guide::Guide;
pub(crate) use uri::percent_decoded;

/// One resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Resource {
    /// The dashboard of the session's scope.
    Context,
    /// What get_next_item offers, and why.
    Next,
    /// Who is connected.
    Agents,
    /// What is in force.
    Config,
    /// One item with what belongs to it, by its id or the beginning of it.
    Item(String),
    /// A page of the guide.
    Guide(&'static Guide),
}

/// The resources with one address each: address, name, title, description.
const FIXED: [(&str, &str, &str, &str); 4] = [
    (
        "task://context",
        "context",
        "Where the work stands",
        "The dashboard of get_context: counts, active, blocked, next, due",
    ),
    ("task://next", "next", "What to do next", "The item get_next_item offers, and why"),
    ("task://agents", "agents", "Who is connected", "Agents with their projects and claims"),
    ("task://config", "config", "What is in force", "Configuration files, note schemas, numbers, faults"),
];
const ITEM: &str = "task://item/";
const GUIDE: &str = "task://guide/";
/// The templates: address, name, title, description, media type.
pub(crate) const TEMPLATES: [(&str, &str, &str, &str, &str); 2] = [
    (
        "task://item/{id}",
        "item",
        "One item",
        "An item with children, notes, blockers, claim; id or 4 or more leading characters",
        JSON,
    ),
    ("task://guide/{topic}", "guide", "The guide", "How to work with the graph, by topic", MARKDOWN),
];
const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";

impl Resource {
    /// The resource of an address.
    pub(crate) fn parse(uri: &str) -> Result<Self, Refusal> {
        let found = match uri {
            "task://context" => Some(Self::Context),
            "task://next" => Some(Self::Next),
            "task://agents" => Some(Self::Agents),
            "task://config" => Some(Self::Config),
            _ => match (uri.strip_prefix(ITEM), uri.strip_prefix(GUIDE)) {
                (Some(id), _) => percent_decoded(id).filter(|id| !id.is_empty()).map(Self::Item),
                (_, Some(topic)) => guide::find(topic).map(Self::Guide),
                _ => None,
            },
        };
        found.ok_or_else(|| {
            let known: Vec<&str> = FIXED.iter().map(|r| r.0).chain(TEMPLATES.iter().map(|t| t.0)).collect();
            let topics: Vec<&str> = guide::TOPICS.iter().map(|guide| guide.topic).collect();
            let message = format!(
                "No resource {}. There are {}; guide topics: {}",
                orc_core::text::cut(uri, 200),
                known.join(", "),
                topics.join(", ")
            );
            Refusal::not_found(message).field("uri")
        })
    }

    /// What has to happen for it to read differently. An item has to be there to be watched.
    pub(crate) fn topics(&self, shared: &Shared, tx: &Tx<'_>) -> Answer<Vec<Topic>> {
        Ok(match self {
            // Both follow the rules in force too: the dashboard shows their faults, and they weigh priorities.
            Self::Context | Self::Next => vec![Topic::Items, Topic::Config],
            Self::Agents => {
                let claimed = tools::list_agents::claimed_items(shared, tx, clock::now().micros())?;
                std::iter::once(Topic::Agents).chain(claimed.iter().map(head)).collect()
            }
            Self::Config => vec![Topic::Config],
            Self::Item(reference) => item_topics(tx, &orc_core::resolve(tx, reference, "uri")?)?,
            Self::Guide(_) => Vec::new(),
        })
    }
}

/// What touches an item: its own changes, the rules in force, which say what notes it misses, and the heads of those that it
/// names, ancestors and blockers. An item that is gone is touched when it comes back.
pub(crate) fn item_topics(tx: &Tx<'_>, id: &ItemId) -> Answer<Vec<Topic>> {
    let mut topics = vec![Topic::Item(id.as_str().into()), Topic::Config];
    if let Some(item) = tx.item(id)? {
        topics.extend(tx.ancestors(&item)?.iter().map(|ancestor| head(&ancestor.id)));
    }
    // Blockers that are met too: one may be reopened.
    let edges = tx.edges_of(id)?;
    topics.extend(edges.iter().filter(|edge| edge.blocks() && edge.to == *id).map(|edge| head(&edge.from)));
    Ok(topics)
}

fn head(id: &ItemId) -> Topic {
    Topic::Head(id.as_str().into())
}

/// The result of `resources/list`: what has one address, and the pages of the guide.
pub(crate) fn list() -> Value {
    let fixed = FIXED.iter().map(|(uri, name, title, description)| {
        json!({"uri": uri, "name": name, "title": title, "description": description, "mimeType": JSON})
    });
    let pages = guide::TOPICS.iter().map(|guide| {
        json!({
            "uri": format!("{GUIDE}{}", guide.topic),
            "name": format!("guide/{}", guide.topic),
            "title": guide.title,
            "description": guide.description,
            "mimeType": MARKDOWN,
            "size": guide.text.len(),
        })
    });
    json!({ "resources": fixed.chain(pages).collect::<Vec<_>>() })
}

/// The result of `resources/templates/list`.
pub(crate) fn templates() -> Value {
    let templates = TEMPLATES.iter().map(|(uri, name, title, description, media_type)| {
        json!({
            "uriTemplate": uri, "name": name, "title": title, "description": description, "mimeType": media_type,
        })
    });
    json!({ "resourceTemplates": templates.collect::<Vec<_>>() })
}

/// The result of `resources/read`. Blocks on the disk.
pub(crate) fn read(shared: &Shared, session: &Arc<Session>, uri: &str) -> Result<Value, Refusal> {
    let resource = Resource::parse(uri)?;
    let (text, media_type) = match &resource {
        Resource::Guide(guide) => (guide.text.to_owned(), MARKDOWN),
        _ => (document(shared, session, &resource)?, JSON),
    };
    Ok(json!({"contents": [{"uri": uri, "mimeType": media_type, "text": text}]}))
}

fn document(shared: &Shared, session: &Arc<Session>, resource: &Resource) -> Result<String, Refusal> {
    let (tool, arguments): (Option<&Tool>, Value) = match resource {
        Resource::Context => (Some(&tools::get_context::TOOL), json!({})),
        Resource::Item(id) => (Some(&tools::get_context::TOOL), json!({ "item_id": id })),
        Resource::Next => (Some(&tools::get_next_item::TOOL), json!({"explain": true})),
        Resource::Agents => (Some(&tools::list_agents::TOOL), json!({})),
        Resource::Config | Resource::Guide(_) => (None, json!({})),
    };
    let args = Args::read(tool.map_or(&[], |tool| tool.params), arguments)?;
    let call = Call::begin(shared, session, &args, shared.book.refresh_if_changed(), 0, clock::now())?;
    let read = shared.read(|tx| match tool {
        Some(tool) => tool.answer(&call, &args, tx),
        None => written(&config::document(&call)),
    });
    // The caller gave an address and no arguments.
    read.map_err(|halt: Halt| Refusal { field: Some("uri".to_owned()), ..halt.into() })
}

#[cfg(test)]
mod tests;
