//! The calls whose times are taken at every size: the tools that agents use most, and the echo that is their floor.

use serde_json::{Value, json};

use crate::{Outcome, bare, client::Client, recipe};

/// Items of a store that calls are about.
#[derive(Debug)]
pub(crate) struct Picks {
    any: Vec<String>,
    /// Each can be started once.
    startable: Vec<String>,
    /// The original's session, without which it takes no claim.
    registered: Option<String>,
}

/// One kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Echo,
    Get,
    Next,
    Context,
    List,
    Tag,
    Search,
    Blocked,
    Start,
    Note,
    Claim,
    Create,
}

impl Kind {
    pub(crate) const ALL: [Self; 12] = [
        Self::Echo,
        Self::Get,
        Self::Next,
        Self::Context,
        Self::List,
        Self::Tag,
        Self::Search,
        Self::Blocked,
        Self::Start,
        Self::Note,
        Self::Claim,
        Self::Create,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Get => "get",
            Self::Next => "next",
            Self::Context => "context",
            Self::List => "list",
            Self::Tag => "tag",
            Self::Search => "search",
            Self::Blocked => "blocked",
            Self::Start => "start",
            Self::Note => "note",
            Self::Claim => "claim",
            Self::Create => "create",
        }
    }

    /// The call itself, as it is written.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Echo => "the floor: a call that does nothing",
            Self::Get => "`query_items` get",
            Self::Next => "`get_next_item`",
            Self::Context => "`get_context` of the whole store",
            Self::List => "`query_items` list, 50 rows",
            Self::Tag => "`query_items` list of a tag that every 24th item has",
            Self::Search => "`query_items` list, search for a word that every fourth item has",
            Self::Blocked => "`get_blocked_items`, 20 rows",
            Self::Start => "`advance_item` start",
            Self::Note => "`manage_notes` upsert",
            Self::Claim => "`claim_item`",
            Self::Create => "`manage_items` create",
        }
    }

    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Start | Self::Note | Self::Claim | Self::Create)
    }

    /// The nth call's tool and arguments. None: the original has no such tool.
    fn words(self, picks: &Picks, n: usize) -> Option<(&'static str, Value)> {
        let item = &picks.any[n % picks.any.len()];
        Some(match self {
            Self::Echo if picks.registered.is_some() => return None,
            Self::Echo => ("echo", json!({"value": {"item": item}})),
            Self::Get => ("query_items", json!({"operation": "get", "item_id": item})),
            Self::Next => ("get_next_item", json!({})),
            Self::Context => ("get_context", json!({})),
            Self::List => ("query_items", json!({"operation": "list", "limit": 50})),
            Self::Tag => ("query_items", json!({"operation": "list", "tags": "billing", "limit": 50})),
            Self::Search => ("query_items", json!({"operation": "list", "search": "warehouse", "limit": 50})),
            // The original has no limit for them. As many as the smallest store has, so that the answers are alike.
            Self::Blocked if picks.registered.is_some() => ("get_blocked_items", json!({})),
            Self::Blocked => ("get_blocked_items", json!({"limit": 20})),
            Self::Start => ("advance_item", json!({"item_id": picks.startable(n, 0), "trigger": "start"})),
            Self::Note => (
                "manage_notes",
                json!({"operation": "upsert", "item_id": item, "key": "found", "role": "work", "body": "It leaks."}),
            ),
            Self::Claim => match &picks.registered {
                None => ("claim_item", json!({"operation": "claim", "item_id": picks.startable(n, 1)})),
                Some(session) => {
                    let item = picks.startable(n, 1);
                    (
                        "claim",
                        json!({"subject_type": "work_item", "subject_ref": item, "session_id": session}),
                    )
                }
            },
            Self::Create => ("manage_items", bare::create(n + 1)),
        })
    }

    /// Makes the nth call; answers its time and how long its answer is. None: there is no such tool.
    pub(crate) fn call(self, client: &mut Client, picks: &Picks, n: usize) -> Outcome<Option<Called>> {
        let Some((tool, arguments)) = self.words(picks, n) else { return Ok(None) };
        let timed = client.call(tool, arguments)?;
        let bytes = timed.result.as_str().unwrap_or_default().len();
        Ok(Some(Called { time: timed.time, bytes }))
    }
}

/// How a call went.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) time: std::time::Duration,
    pub(crate) bytes: usize,
}

impl Picks {
    /// From a store of the recipe, spread over it.
    pub(crate) fn of(size: usize) -> Self {
        let items = recipe::Recipe::of(size);
        let spread = |count: usize| (0..count).map(move |n| n * (size / count));
        let startable: Vec<usize> = (0..size).filter(|n| items.can_start(*n)).collect();
        let step = (startable.len() / 400).max(1);
        Self {
            any: spread(size.min(997)).map(recipe::id).collect(),
            startable: startable.into_iter().step_by(step).map(recipe::id).collect(),
            registered: None,
        }
    }

    /// The same for a server of the original, which is told who calls.
    pub(crate) fn of_original(size: usize, client: &mut Client) -> Outcome<Self> {
        let answer = client.call("agent_register", json!({"hostname": "bench", "pid": 1, "cli": "bench"}))?;
        let answer: Value = serde_json::from_str(answer.result.as_str().unwrap_or_default())?;
        let session = answer["session_id"].as_str().ok_or_else(|| format!("no session in {answer}"))?;
        Ok(Self { registered: Some(session.to_owned()), ..Self::of(size) })
    }

    /// How many rounds have items of their own to start and to claim.
    pub(crate) fn rounds(&self) -> usize {
        self.startable.len() / 2
    }

    /// Even ones are started, odd ones claimed.
    fn startable(&self, n: usize, odd: usize) -> &str {
        &self.startable[(n * 2 + odd) % self.startable.len()]
    }
}
