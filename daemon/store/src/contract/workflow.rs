//! Moving items through the workflow.

use orc_core::command::{Command, Guard, NewItem};
use orc_core::item::Edit;
use orc_core::policy::Lifecycle;
use orc_core::refusal::Details;
use orc_core::status::{Role, Status};
use orc_core::time::HOUR;
use orc_core::workflow::Trigger::{self, *};
use orc_core::{Change, Code};

use super::Scenario;
use super::world::{World, advance, kinds};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("an item walks the whole table, and each step counts", the_table),
        ("a blocked item goes back to where it came from", blocked_remembers),
        ("a wrong trigger is refused with the reason the item stands where it stands", reasons),
        ("reopening puts a terminal parent back to work, and nothing above it", reopen_lifts_the_parent),
        ("required notes gate each phase", gates),
        ("a scheduled item returns to the queue with its next run", scheduled),
        ("an automatic item skips review, a permanent one is never cancelled", lifecycles),
    ]
}

fn the_table<S: Apply>(world: &mut World<S>) {
    let walks: [(&[Trigger], Status, Option<&str>); 6] = [
        (&[Start, Start, Start, Archive], Status::Archived, None),
        (&[Complete], Status::Done, None),
        (&[Start, Complete, Reopen], Status::Queue, None),
        (&[Cancel], Status::Cancelled, Some("cancelled")),
        (&[Start, Block, Cancel, Reopen, Start], Status::Work, None),
        (&[Start, Start], Status::Review, None),
    ];
    for (walk, status, label) in walks {
        let id = world.create("walker");
        for trigger in walk {
            world.wait(1_000);
            world.advance(&id, *trigger);
        }
        let item = world.item(&id);
        assert_eq!((item.status, item.label.as_deref()), (status, label), "{walk:?}");
        assert_eq!(item.version, 1 + walk.len() as i64);
        assert_eq!((item.previous, item.role_changed_at), (None, Some(world.now())));
    }
}

fn blocked_remembers<S: Apply>(world: &mut World<S>) {
    let walks: [(&[Trigger], Status); 3] =
        [(&[], Status::Queue), (&[Start], Status::Work), (&[Start, Start], Status::Review)];
    for (walk, from) in walks {
        let id = world.create("item");
        for trigger in walk.iter().chain(&[Block]) {
            world.advance(&id, *trigger);
        }
        assert_eq!((world.status(&id), world.item(&id).previous), (Status::Blocked, Some(from)));
        assert_eq!(world.claim(&id), None);
        world.advance(&id, Resume);
        assert_eq!((world.status(&id), world.item(&id).previous), (from, None));
    }
}

fn reasons<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    let reason = Some("waiting for the key".to_owned());
    let block = Command::Advance {
        item: id.to_string(),
        trigger: Block,
        reason: reason.clone(),
        guard: Guard::default(),
    };
    world.run(block);
    assert_eq!(world.item(&id).reason, reason);
    let refusal = world.refused(advance(&id, Start));
    assert_eq!((refusal.code, refusal.message.as_str()), (Code::Conflict, "Cannot start from blocked"));
    assert_eq!(refusal.details.as_deref(), Some(&Details::Reason("waiting for the key".into())));
    world.advance(&id, Resume);
    assert_eq!(world.item(&id).reason, None);
}

fn reopen_lifts_the_parent<S: Apply>(world: &mut World<S>) {
    let top = world.create("top");
    let middle = world.create_under(&top, "middle");
    let low = world.create_under(&middle, "low");
    for id in [&low, &middle, &top] {
        world.advance(id, Complete);
    }
    world.advance(&top, Archive);
    let changes = world.advance(&low, Reopen);
    assert_eq!(kinds(&changes), ["status_changed"; 2]);
    let table = [(&low, Status::Queue, 3), (&middle, Status::Work, 3), (&top, Status::Archived, 3)];
    for (id, want, version) in table {
        assert_eq!((world.status(id), world.item(id).version), (want, version));
    }
    for id in [&low, &middle] {
        world.advance(id, Complete);
    }
    world.advance(&middle, Reopen);
    assert_eq!(world.status(&top), Status::Work, "an archived parent goes to work too");
}

fn gates<S: Apply>(world: &mut World<S>) {
    world.schema("task", Lifecycle::Manual, &[("plan", Role::Queue), ("log", Role::Work)]);
    let id = world.create_typed("task");
    let refusal = world.refused(advance(&id, Complete));
    assert_eq!((refusal.code, refusal.message.as_str()), {
        (Code::GateBlocked, "Missing required notes: plan, log. Hint: write plan")
    });
    world.write(&id, "plan", " \n\t ");
    assert_eq!(world.refused(advance(&id, Start)).code, Code::GateBlocked);
    world.write(&id, "plan", "first this, then that");
    world.advance(&id, Start);
    assert_eq!(world.refused(advance(&id, Start)).message, "Missing required notes: log. Hint: write log");
    world.write(&id, "log", "did it");
    world.advance(&id, Start);
    world.run(Command::DeleteNote { item: id.to_string(), key: "log".into() });
    assert_eq!(world.refused(advance(&id, Start)).code, Code::GateBlocked);
    world.advance(&id, Cancel);
}

fn scheduled<S: Apply>(world: &mut World<S>) {
    let edits = vec![Edit::Schedule(Some("0 9 * * *".into()))];
    let id = world.create_with(NewItem { title: "daily".into(), edits, ..NewItem::default() });
    let first = world.item(&id).next_run_at.map(|run| run.text().to_owned());
    assert_eq!(first.as_deref(), Some("2026-11-23T09:00:00.000000+00:00"));
    for _ in 0..2 {
        world.advance(&id, Start);
        world.wait(9 * HOUR);
        let changes = world.advance(&id, Complete);
        assert!(changes.iter().any(|c| matches!(c, Change::ClaimEnded { .. })));
        assert_eq!(
            (world.status(&id), world.item(&id).previous, world.claim(&id)),
            (Status::Queue, None, None)
        );
    }
    let next = world.item(&id).next_run_at.map(|run| run.text().to_owned());
    assert_eq!(next.as_deref(), Some("2026-11-24T09:00:00.000000+00:00"));
    world.advance(&id, Cancel);
    assert_eq!(world.status(&id), Status::Cancelled);
}

fn lifecycles<S: Apply>(world: &mut World<S>) {
    world.schema("auto", Lifecycle::Auto, &[]);
    world.schema("permanent", Lifecycle::Permanent, &[]);
    let auto = world.create_typed("auto");
    world.advance(&auto, Start);
    world.advance(&auto, Start);
    assert_eq!(world.status(&auto), Status::Done);
    let permanent = world.create_typed("permanent");
    assert_eq!(world.refused(advance(&permanent, Cancel)).code, Code::Conflict);
    assert_eq!(world.item(&permanent).version, 1);
}
