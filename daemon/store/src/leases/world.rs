//! A small world: who lives, what there is to hold, and what time it is.

use std::sync::Arc;

use orc_core::change::Change;
use orc_core::claim::{Actor, Claim, Subject};
use orc_core::command::{Cx, NewItem};
use orc_core::id::Ids;
use orc_core::policy::Policies;
use orc_core::status::Status;
use orc_core::time::{MINUTE, Stamp};
use orc_core::{Command, Refusal, Stop, View, decide};

use super::action::Action;
use crate::Apply;
use crate::memory::Memory;
use crate::queries;
use crate::tx::Tx;

const BEGINNING: i64 = 1_795_392_000_000_000;
const RESOURCE: &str = "file:src/main.rs";

/// Session and agent. The first and the last are one agent's, at one time or after each other.
const SESSIONS: [(&str, &str); 3] = [("s1", "alice"), ("s2", "bob"), ("s3", "alice")];

/// A session by its place, and whether its subagent speaks.
pub(super) type Speaker = (usize, bool);

/// How much there is in a world.
pub(super) struct Size {
    pub(super) items: usize,
    pub(super) resource: bool,
    pub(super) subagent_of_the_second: bool,
}

impl Size {
    pub(super) fn speakers(&self) -> Vec<Speaker> {
        let mut speakers = vec![(0, false), (0, true), (1, false), (2, false)];
        speakers.extend(self.subagent_of_the_second.then_some((1, true)));
        speakers
    }
}

pub(super) fn speaker((session, subagent): Speaker) -> Actor {
    let (session, agent) = SESSIONS[session];
    Actor { session: session.into(), agent: agent.into(), subagent: subagent.then(|| "tests".to_owned()) }
}

/// One moment.
#[derive(Clone)]
pub(super) struct World {
    pub(super) graph: Memory,
    pub(super) subjects: Vec<Subject>,
    pub(super) live: [bool; 3],
    minutes: i64,
    policies: Arc<Policies>,
    /// What made the items, for a store that is to begin the same way.
    beginning: Vec<Change>,
}

/// What tells two worlds apart: nothing else is looked at by a decision. Which item is which makes no difference.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Shape {
    live: [bool; 3],
    subjects: Vec<(Option<Stands>, Option<Held>)>,
}

/// An item's status, and where it came from when it is blocked; a resource has none.
type Stands = (Status, Option<Status>);

/// A claim: session, subagent, and the minutes left of its deadline and its grace.
type Held = (String, Option<String>, Option<i64>, Option<i64>);

impl World {
    pub(super) fn new(size: &Size) -> Self {
        let mut world = Self {
            graph: Memory::default(),
            subjects: Vec::new(),
            live: [true, true, false],
            minutes: 0,
            policies: Arc::new(Policies::default()),
            beginning: Vec::new(),
        };
        for place in 0..size.items {
            let new = NewItem { title: format!("item {place}"), ..NewItem::default() };
            let cx = Cx { ids: Ids::new(7 + place as u128), ..world.cx(speaker((0, false))) };
            let made = decided(decide(&world.graph, &world.policies, &Command::CreateItem(new), &cx));
            let made = made.unwrap_or_else(|refusal| panic!("{refusal:?}"));
            apply(&mut world.graph, &made, &cx);
            world.subjects.extend(made.iter().filter_map(|change| change.item().cloned().map(Subject::Item)));
            world.beginning.extend(made);
        }
        world.subjects.extend(size.resource.then(|| Subject::Resource(RESOURCE.into())));
        world.graph.forget_history();
        world
    }

    pub(super) fn now(&self) -> Stamp {
        Stamp::from_micros(BEGINNING + self.minutes * MINUTE)
    }

    pub(super) fn is_live(&self, session: &str) -> bool {
        SESSIONS.iter().zip(self.live).any(|((id, _), lives)| *id == session && lives)
    }

    pub(super) fn claim(&self, subject: &Subject) -> Option<&Claim> {
        self.graph.claims().iter().find(|claim| claim.subject == *subject)
    }

    pub(super) fn status(&self, subject: &Subject) -> Option<Status> {
        self.graph.items().find(|item| *subject == Subject::Item(item.id.clone())).map(|item| item.status)
    }

    /// Who acts: whoever speaks, the session that comes or goes, or the daemon.
    pub(super) fn actor(&self, action: Action) -> Actor {
        match action {
            Action::Do(who, ..) => speaker(who),
            Action::Begin(session) | Action::End(session) => speaker((session, false)),
            Action::Minute | Action::Expire => {
                Actor { session: "daemon".into(), agent: "daemon".into(), subagent: None }
            }
        }
    }

    fn cx(&self, actor: Actor) -> Cx {
        Cx { now: self.now(), actor, ids: Ids::new(1), project: None }
    }

    /// What the action comes to on a store that holds this world.
    pub(super) fn decide<V: View<Error: std::fmt::Debug>>(
        &self,
        store: &V,
        action: Action,
    ) -> Result<Vec<Change>, Refusal> {
        match action.command(self) {
            Some(command) => decided(decide(store, &self.policies, &command, &self.cx(self.actor(action)))),
            None => Ok(Vec::new()),
        }
    }

    /// The world after an action that came to these changes.
    pub(super) fn after(&self, action: Action, changes: &[Change]) -> Self {
        let mut next = self.clone();
        self.apply_to(&mut next.graph, action, changes);
        next.graph.forget_history();
        match action {
            Action::Begin(session) => next.live[session] = true,
            Action::End(session) => next.live[session] = false,
            Action::Minute => next.minutes += 1,
            Action::Expire | Action::Do(..) => {}
        }
        next
    }

    pub(super) fn apply_to<S: Apply>(&self, store: &mut S, action: Action, changes: &[Change]) {
        apply(store, changes, &self.cx(self.actor(action)));
    }

    /// Makes the items in a store that is to go along.
    pub(super) fn copy_into<S: Apply>(&self, store: &mut S) {
        apply(store, &self.beginning, &self.cx(speaker((0, false))));
    }

    pub(super) fn holds_the_same_as(&self, store: &Tx<'_>) {
        for subject in &self.subjects {
            let claim = store.claim(subject).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(claim.as_ref(), self.claim(subject));
        }
        let (claims, _) =
            store.claims(queries::Held::ByAnyone, 100, self.now().micros()).unwrap_or_else(|e| panic!("{e}"));
        let held = self.graph.claims().iter().filter(|claim| claim.holds_at(&self.now())).count();
        assert_eq!(claims.len(), held, "as many claims hold");
        let next = store.next_claim_end().unwrap_or_else(|error| panic!("{error}"));
        let ends = self.graph.claims().iter().filter_map(|claim| claim.ends().map(Stamp::micros));
        assert_eq!(next, ends.min(), "whoever keeps time knows the next end");
    }

    pub(super) fn shape(&self) -> Shape {
        let now = self.now().micros();
        // Once it has passed, how long ago makes no difference.
        let left = |at: &Stamp| (at.micros() - now).max(0) / MINUTE;
        let held = |claim: &Claim| {
            let holder = &claim.holder;
            let (deadline, grace) = (claim.deadline.as_ref(), claim.grace_until.as_ref());
            (holder.session.clone(), holder.subagent.clone(), deadline.map(left), grace.map(left))
        };
        let mut subjects: Vec<_> = self
            .subjects
            .iter()
            .map(|subject| {
                let item = self.graph.items().find(|item| *subject == Subject::Item(item.id.clone()));
                (item.map(|item| (item.status, item.previous)), self.claim(subject).map(held))
            })
            .collect();
        subjects.sort_by_cached_key(|subject| format!("{subject:?}"));
        Shape { live: self.live, subjects }
    }
}

fn decided<E: std::fmt::Debug>(decision: Result<Vec<Change>, Stop<E>>) -> Result<Vec<Change>, Refusal> {
    match decision {
        Ok(changes) => Ok(changes),
        Err(Stop::Refused(refusal)) => Err(refusal),
        Err(Stop::Failed(error)) => panic!("the store failed: {error:?}"),
    }
}

fn apply<S: Apply>(store: &mut S, changes: &[Change], cx: &Cx) {
    if let Err(error) = store.apply(changes, &cx.actor, &cx.now) {
        panic!("{changes:?} do not fit: {error:?}");
    }
}
