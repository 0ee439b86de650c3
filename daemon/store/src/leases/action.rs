//! What can happen to claims, as one value each.

use orc_core::claim::Subject;
use orc_core::command::Guard;
use orc_core::time::{MINUTE, Stamp};
use orc_core::workflow::Trigger;
use orc_core::{Command, ItemId};

use super::world::{Size, Speaker, World, speaker};

/// One action. A session speaks only while it lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Action {
    /// A session begins, or is resumed.
    Begin(usize),
    /// A session's connection is gone.
    End(usize),
    /// A minute passes.
    Minute,
    /// Whoever keeps time comes by.
    Expire,
    /// Someone does something to a subject.
    Do(Speaker, usize, Deed),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Deed {
    /// With a deadline in so many minutes, or with none.
    Claim {
        minutes: Option<i64>,
        force: bool,
    },
    Release {
        force: bool,
    },
    Renew {
        minutes: Option<i64>,
    },
    Handoff {
        to: Speaker,
        force: bool,
    },
    Advance {
        trigger: Trigger,
        force: bool,
    },
    /// An edit of the item's fields.
    Edit,
}

/// A deadline that passes before the grace, and one that passes after it.
const DEADLINES: [Option<i64>; 3] = [None, Some(1), Some(3)];

impl Action {
    /// Whether it changes more than the graph.
    pub(super) fn moves_the_world(self) -> bool {
        matches!(self, Action::Begin(_) | Action::End(_) | Action::Minute)
    }

    /// Whether the caller goes over claims knowingly.
    pub(super) fn is_forced(self) -> bool {
        matches!(
            self,
            Action::Do(
                _,
                _,
                Deed::Claim { force: true, .. }
                    | Deed::Release { force: true }
                    | Deed::Handoff { force: true, .. }
                    | Deed::Advance { force: true, .. }
            )
        )
    }

    /// The command it comes to; `None` for the clock.
    pub(super) fn command(self, world: &World) -> Option<Command> {
        match self {
            Action::Minute => None,
            Action::Begin(_) => Some(Command::AdoptClaims { resumed: false }),
            Action::End(_) => Some(Command::EndSession),
            Action::Expire => Some(Command::ExpireClaims),
            Action::Do(_, subject, deed) => Some(deed.command(&world.subjects[subject], &world.now())),
        }
    }
}

impl Deed {
    fn command(self, subject: &Subject, now: &Stamp) -> Command {
        let subject = subject.clone();
        let at = |minutes: Option<i64>| minutes.map(|minutes| now.plus(minutes * MINUTE));
        match self {
            Deed::Claim { minutes, force } => Command::Claim { subject, deadline: at(minutes), force },
            Deed::Release { force } => Command::Release { subject, force },
            Deed::Renew { minutes } => Command::Renew { subject, deadline: at(minutes) },
            Deed::Handoff { to, force } => Command::Handoff { subject, to: speaker(to), force },
            Deed::Advance { trigger, force } => Command::Advance {
                item: item(&subject).to_string(),
                trigger,
                reason: None,
                guard: Guard { force, expected_version: None },
            },
            Deed::Edit => Command::UpdateItem {
                item: item(&subject).to_string(),
                edits: vec![orc_core::item::Edit::Summary("edited".into())],
                guard: Guard::default(),
            },
        }
    }
}

fn item(subject: &Subject) -> &ItemId {
    match subject {
        Subject::Item(id) => id,
        Subject::Resource(name) => panic!("{name} has no workflow"),
    }
}

impl World {
    /// Everything that can happen next.
    pub(super) fn actions(&self, size: &Size) -> Vec<Action> {
        let mut actions = vec![Action::Minute, Action::Expire];
        for (session, lives) in self.live.iter().enumerate() {
            actions.push(if *lives { Action::End(session) } else { Action::Begin(session) });
        }
        let speakers: Vec<Speaker> =
            size.speakers().into_iter().filter(|(session, _)| self.live[*session]).collect();
        for speaker in &speakers {
            for (place, subject) in self.subjects.iter().enumerate() {
                let is_item = matches!(subject, Subject::Item(_));
                let deeds = deeds(is_item, &speakers, *speaker);
                actions.extend(deeds.into_iter().map(|deed| Action::Do(*speaker, place, deed)));
            }
        }
        actions
    }
}

fn deeds(is_item: bool, speakers: &[Speaker], own: Speaker) -> Vec<Deed> {
    let mut deeds = vec![Deed::Release { force: false }, Deed::Release { force: true }];
    deeds.extend(DEADLINES.map(|minutes| Deed::Claim { minutes, force: false }));
    deeds.push(Deed::Claim { minutes: None, force: true });
    deeds.extend(DEADLINES.map(|minutes| Deed::Renew { minutes }));
    for to in speakers.iter().copied().filter(|to| *to != own) {
        deeds.extend([false, true].map(|force| Deed::Handoff { to, force }));
    }
    if is_item {
        use Trigger::*;
        deeds.extend(
            [Start, Complete, Block, Resume, Cancel, Reopen]
                .map(|trigger| Deed::Advance { trigger, force: false }),
        );
        deeds.extend([Start, Complete].map(|trigger| Deed::Advance { trigger, force: true }));
        deeds.push(Deed::Edit);
    }
    deeds
}
