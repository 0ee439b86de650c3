//! What holds after every step of every history, checked on the model.

use std::collections::BTreeSet;

use proptest::prelude::*;

use orc_core::change::{Cause, Origin};
use orc_core::claim::Subject;
use orc_core::command::{Cx, Guard};
use orc_core::id::Ids;
use orc_core::item::Item;
use orc_core::status::Status;
use orc_core::workflow::Trigger;
use orc_core::{Change, Command, ItemId, Stop, View, decide};

use super::player::{Player, Turn};
use super::{random_history, run_against};
use crate::Apply;
use crate::memory::Memory;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_step_keeps_what_must_hold(history in random_history()) {
        let mut model = Memory::default();
        let mut player = Player::new(&history);
        let mut deepest_import = 0;
        for step in &history.steps {
            let (turn, cx) = player.turn(step, &model);
            let before = model.clone();
            let changes = match &turn {
                Turn::Apply(change) => vec![(**change).clone()],
                Turn::Decide(command) => {
                    let first = decide(&model, &player.policies, command, &cx);
                    let second = decide(&model, &player.policies, command, &cx);
                    match (first, second) {
                        (Ok(first), Ok(second)) => {
                            prop_assert_eq!(&first, &second, "the same question was decided in two ways");
                            first
                        }
                        (Err(Stop::Refused(first)), Err(Stop::Refused(second))) => {
                            prop_assert_eq!(first, second);
                            prop_assert_eq!(&model, &before, "a refused command changed something");
                            continue;
                        }
                        other => panic!("{other:?}"),
                    }
                }
            };
            model.apply(&changes, &cx.actor, &cx.now).unwrap();
            player.saw(&changes);
            if let Turn::Decide(command) = &turn && let Command::ImportItem(item) = &**command {
                deepest_import = deepest_import.max(model.depth(&item.id).unwrap());
            }
            each_change_is_allowed(&before, &changes, &cx);
            unblocked_is_what_got_free(&before, &model, &changes);
            no_cycle(&model);
            claims_are_on_open_items(&model);
            statuses_are_whole(&model);
            versions_count_changes(&model);
            drawn_ids_differ_at_the_front(&model);
            for item in model.items() {
                let depth = model.depth(&item.id).unwrap();
                prop_assert!(depth < player.policies.user.max_depth.max(deepest_import + 1), "{} is too deep", item.id);
            }
        }
        what_is_deleted_comes_back(&model, &player);
    }

    #[test]
    fn the_model_agrees_with_itself(history in random_history()) {
        run_against(&history, Memory::default());
    }
}

fn unmet(model: &Memory, id: &ItemId) -> usize {
    model.unmet_blockers(id, 0).unwrap().1
}

fn each_change_is_allowed(before: &Memory, changes: &[Change], cx: &Cx) {
    for change in changes {
        let Change::ItemChanged { before: old, after: new, cause } = change else { continue };
        let claim = before.claim(&Subject::Item(old.id.clone())).unwrap();
        let strange = claim.is_some_and(|claim| {
            let ends = [&claim.deadline, &claim.grace_until].into_iter().flatten();
            let holds = ends.into_iter().all(|end| end.micros() > cx.now.micros());
            let (holder, caller) = (&claim.holder, &cx.actor);
            let sibling = caller.subagent.is_some() && caller.subagent != holder.subagent;
            holds && (caller.session != holder.session || sibling)
        });
        match cause {
            Cause::Edited { forced } => {
                assert_eq!((old.status, *forced), (new.status, strange), "{change:?}");
            }
            Cause::Moved { trigger, forced, .. } => {
                assert!(in_the_table(*trigger, old, new), "no such transition: {change:?}");
                assert_eq!(*forced, strange, "{change:?}");
                let left_queue = old.status == Status::Queue && trigger.advances();
                assert!(!left_queue || unmet(before, &old.id) == 0, "went past its blockers: {change:?}");
            }
            Cause::ChildReopened => {
                assert!(old.status.is_terminal() && new.status == Status::Work, "{change:?}");
            }
            Cause::NoteWritten => {
                let reopened = matches!(old.status, Status::Done | Status::Cancelled);
                assert!(
                    reopened && new.status == Status::Queue && ruled_by(new) == Some("log"),
                    "{change:?}"
                );
            }
        }
    }
}

/// Which of the schemas that there are rules an item: by its type, else by the first of its tags that names one.
fn ruled_by(item: &Item) -> Option<&str> {
    let names = std::iter::once(item.item_type.as_str()).chain(item.tags.split(','));
    names.map(str::trim).find(|name| ["task", "log", "stone"].contains(name))
}

/// The table of contract.md §4, written once more.
fn in_the_table(trigger: Trigger, old: &Item, new: &Item) -> bool {
    use Status::*;
    let requeued = new.status == Queue && new.next_run_at.is_some() && new.schedule.is_some();
    let ends = new.status == if requeued { Queue } else { Done };
    let open = matches!(old.status, Queue | Work | Review);
    match trigger {
        Trigger::Start => match old.status {
            Queue => new.status == Work,
            Work if ruled_by(old) == Some("task") => ends,
            Work => new.status == Review,
            Review => ends,
            _ => false,
        },
        Trigger::Complete => open && ends,
        Trigger::Block => open && new.status == Blocked && new.previous == Some(old.status),
        Trigger::Resume => old.status == Blocked && old.previous == Some(new.status),
        Trigger::Cancel => {
            (open || old.status == Blocked)
                && new.status == Cancelled
                && new.label.as_deref() == Some("cancelled")
                && ruled_by(new) != Some("stone")
        }
        Trigger::Reopen => matches!(old.status, Done | Cancelled) && new.status == Queue,
        Trigger::Archive => old.status == Done && new.status == Archived,
    }
}

/// Reported are exactly the open items that waited before and wait for nothing now, each once, by a blocker that held it.
fn unblocked_is_what_got_free(before: &Memory, after: &Memory, changes: &[Change]) {
    let mut reported = BTreeSet::new();
    for change in changes {
        let Change::Unblocked { item, by } = change else { continue };
        assert!(reported.insert(item.clone()), "{item} is reported twice");
        let (blockers, _) = before.unmet_blockers(item, 100).unwrap();
        assert!(blockers.iter().any(|blocker| blocker.id == *by), "{by} did not hold {item}");
    }
    let free = after
        .items()
        .filter(|item| !item.status.is_terminal())
        .filter(|item| unmet(before, &item.id) > 0 && unmet(after, &item.id) == 0);
    assert_eq!(reported, free.map(|item| item.id.clone()).collect(), "{changes:?}");
}

fn no_cycle(model: &Memory) {
    for edge in model.edges().iter().filter(|edge| edge.blocks()) {
        assert_eq!(model.path(&edge.to, &edge.from).unwrap(), None, "a cycle goes through {edge:?}");
    }
}

fn claims_are_on_open_items(model: &Memory) {
    for claim in model.claims() {
        let Subject::Item(id) = &claim.subject else { continue };
        let open = model.items().any(|item| item.id == *id && !item.status.is_terminal());
        assert!(open, "a claim on what is not open: {claim:?}");
    }
}

fn statuses_are_whole(model: &Memory) {
    for item in model.items() {
        let from_open = matches!(item.previous, Some(Status::Queue | Status::Work | Status::Review));
        assert_eq!(from_open, item.status == Status::Blocked, "{item:?}");
        assert_eq!(item.schedule.is_some(), item.next_run_at.is_some(), "{item:?}");
    }
}

/// A version begins where the item was made or imported, and grows by one with each change and each restoration.
fn versions_count_changes(model: &Memory) {
    for item in model.items() {
        let counted = model.history().iter().fold(0, |version, entry| match &entry.change {
            Change::ItemCreated { item: made, origin } if made.id == item.id => match origin {
                Origin::Made => 1,
                Origin::Imported => made.version,
                Origin::Restored => version + 1,
            },
            Change::ItemChanged { after, .. } if after.id == item.id => version + 1,
            _ => version,
        });
        assert_eq!(item.version, counted, "{item:?}");
    }
}

fn drawn_ids_differ_at_the_front(model: &Memory) {
    let mut seen = BTreeSet::new();
    for item in model.items().filter(|item| !item.id.as_str().starts_with("import-")) {
        assert!(seen.insert(item.id.short()), "{} shares its first 8 characters", item.id);
    }
}

/// Deleting any item with its subtree and restoring it leaves items, notes and edges as they were, but for versions.
fn what_is_deleted_comes_back(model: &Memory, player: &Player) {
    let plain = |model: &Memory| {
        let items: Vec<Item> =
            model.items().map(|item| Item { version: 0, updated_by: None, ..item.clone() }).collect();
        let mut notes = model.all_notes().to_vec();
        let mut edges = model.edges().to_vec();
        notes.sort_by(|a, b| a.id.cmp(&b.id));
        edges.sort_by(|a, b| a.id.cmp(&b.id));
        (items, notes, edges)
    };
    let actor = orc_core::claim::Actor { session: "s9".into(), agent: "eve".into(), subagent: None };
    let now = orc_core::time::Stamp::from_micros(player.now);
    let cx = Cx { now, actor, ids: Ids::new(1), project: None };
    // Roots only: a subtree that an import brought deeper than the limit allows comes back at the top.
    for id in model.items().filter(|item| item.parent.is_none()).map(|item| item.id.to_string()) {
        let mut copy = model.clone();
        let guard = Guard { force: true, expected_version: None };
        for command in [
            Command::DeleteItem { item: id.clone(), recursive: true, guard },
            Command::RestoreItem { item: id.clone() },
        ] {
            let changes = decide(&copy, &player.policies, &command, &cx).unwrap();
            copy.apply(&changes, &cx.actor, &cx.now).unwrap();
        }
        assert_eq!(plain(&copy), plain(model), "{id} did not come back whole");
    }
}
