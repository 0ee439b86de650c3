//! Who holds what, and until when.

use orc_core::claim::{Claim, Ending, Subject};
use orc_core::item::Edit;
use orc_core::policy::ClaimPolicy;
use orc_core::refusal::Details;
use orc_core::status::Status;
use orc_core::time::{HOUR, MINUTE};
use orc_core::workflow::Trigger::*;
use orc_core::{Change, Code, Command};

use super::Scenario;
use super::world::{World, actor, advance, answer, delete, forced, kinds, note, reparent};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("start claims, and a second agent's start is refused with the holder", start_claims),
        ("review, block and every end let the claim go", what_releases),
        ("subagents do not act for each other, their session acts for all", subagents),
        ("force goes over a claim and says so", force),
        ("a session's claims stay for the grace, then end", grace),
        ("the same agent's next session takes its claims over", adoption),
        ("a claim with a deadline ends at it", deadline),
        ("a claim whose time has passed ends before the next, and with its item", lapsed),
        ("resources are claimed beside items", resources),
        ("another's claim guards edits and deletion, notes only when protected", what_is_guarded),
    ]
}

/// Claims any subject for `holder`, as a tool does that takes claims.
fn take<S: Apply>(world: &mut World<S>, subject: Subject, session: &str, deadline: Option<i64>) -> Claim {
    let claim = Claim {
        subject,
        holder: actor(session, session, None),
        since: world.now(),
        deadline: deadline.map(|micros| world.now().plus(micros)),
        grace_until: None,
    };
    world.apply(&[Change::ClaimTaken { claim: claim.clone() }]);
    claim
}

fn endings(changes: &[Change]) -> Vec<Ending> {
    let ended = changes.iter().filter_map(|change| match change {
        Change::ClaimEnded { why, .. } => Some(*why),
        _ => None,
    });
    ended.collect()
}

fn start_claims<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    world.advance(&id, Start);
    let claim = world.claim(&id);
    assert_eq!(claim.as_ref().map(|c| (&c.since, c.ends())), Some((&world.now(), None)));
    assert_eq!(answer(world.store.claims_of("s1")), claim.clone().into_iter().collect::<Vec<_>>());
    world.speaker("s2", "bob", None);
    let refusal = world.refused(advance(&id, Start));
    assert_eq!(refusal.code, Code::Conflict);
    assert_eq!(refusal.details.as_deref(), claim.map(Details::Holder).as_ref());
    assert!(refusal.message.starts_with("Item 'item' is claimed by alice since "), "{}", refusal.message);
    assert_eq!((world.status(&id), world.holder(&id).as_deref()), (Status::Work, Some("alice")));
}

fn what_releases<S: Apply>(world: &mut World<S>) {
    let table = [
        (Start, Ending::HandedOn),
        (Block, Ending::HandedOn),
        (Complete, Ending::Finished),
        (Cancel, Ending::Finished),
    ];
    for (trigger, why) in table {
        let id = world.create("item");
        world.advance(&id, Start);
        assert_eq!(endings(&world.advance(&id, trigger)), [why], "{trigger:?}");
        assert_eq!(world.claim(&id), None);
    }
    let reviewed = world.create("reviewed");
    world.advance(&reviewed, Start);
    world.advance(&reviewed, Start);
    world.speaker("s2", "bob", None);
    assert_eq!(kinds(&world.advance(&reviewed, Start)), ["status_changed"]);
    let resumed = world.create("resumed");
    world.advance(&resumed, Block);
    assert_eq!(kinds(&world.advance(&resumed, Resume)), ["status_changed", "claim_taken"]);
    assert_eq!(world.holder(&resumed).as_deref(), Some("bob"));
}

fn subagents<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    world.speaker("s1", "alice", Some("tests"));
    world.advance(&id, Start);
    assert_eq!(world.holder(&id).as_deref(), Some("alice/tests"));
    world.speaker("s1", "alice", Some("docs"));
    assert_eq!(world.refused(advance(&id, Start)).code, Code::Conflict);
    world.speaker("s1", "alice", None);
    world.update(&id, Edit::Summary("the session may".into()));
    assert_eq!(world.holder(&id).as_deref(), Some("alice/tests"));
    let own = world.create("of the session");
    world.advance(&own, Start);
    world.speaker("s1", "alice", Some("tests"));
    assert_eq!(world.refused(advance(&own, Start)).code, Code::Conflict);
    world.advance(&id, Complete);
}

fn force<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    let reclaimed = world.create("reclaimed");
    world.advance(&id, Start);
    take(world, Subject::Item(reclaimed.clone()), "s1", None);
    world.speaker("s2", "bob", None);
    let changes = world.run(forced(&id, Complete));
    assert_eq!(kinds(&changes), ["status_changed", "claim_ended"]);
    assert!(matches!(
        &changes[0],
        Change::ItemChanged { cause: orc_core::change::Cause::Moved { forced: true, .. }, .. }
    ));
    let changes = world.run(forced(&reclaimed, Start));
    assert_eq!(endings(&changes), [Ending::Forced]);
    assert_eq!(world.holder(&reclaimed).as_deref(), Some("bob"));
}

fn grace<S: Apply>(world: &mut World<S>) {
    let [a, b] = ["a", "b"].map(|title| world.create(title));
    world.advance(&a, Start);
    world.advance(&b, Start);
    assert_eq!(kinds(&world.run(Command::EndSession)), ["claim_changed"; 2]);
    assert_eq!(world.run(Command::EndSession), []);
    assert_eq!(answer(world.store.orphans_of("alice")).len(), 2);
    world.speaker("s2", "bob", None);
    world.wait(MINUTE);
    assert_eq!(world.run(Command::ExpireClaims), []);
    let refusal = world.refused(advance(&a, Start));
    assert!(refusal.message.contains("ends in 1m"), "{}", refusal.message);
    world.wait(MINUTE);
    assert_eq!(answer(world.store.claims_ended_by(&world.now(), 1)).len(), 1);
    let changes = world.run(Command::ExpireClaims);
    assert_eq!(endings(&changes), [Ending::SessionEnded; 2]);
    assert_eq!(answer(world.store.orphans_of("alice")), []);
    assert_eq!(world.status(&a), Status::Work);
    world.advance(&a, Block);
}

fn adoption<S: Apply>(world: &mut World<S>) {
    let [a, late] = ["a", "late"].map(|title| world.create(title));
    world.speaker("s1", "alice", Some("tests"));
    world.advance(&a, Start);
    world.run(Command::EndSession);
    world.speaker("s2", "bob", None);
    assert_eq!(world.run(Command::AdoptClaims { resumed: false }), []);
    world.speaker("s3", "alice", None);
    assert_eq!(kinds(&world.run(Command::AdoptClaims { resumed: false })), ["claim_changed"]);
    let claim = world.claim(&a);
    assert_eq!(claim.map(|c| (c.holder, c.grace_until)), Some((actor("s3", "alice", Some("tests")), None)));
    assert_eq!((answer(world.store.claims_of("s1")), answer(world.store.claims_of("s3")).len()), (vec![], 1));
    assert_eq!(world.run(Command::ExpireClaims), []);
    // Of two sessions of one name that come back, each has its own.
    world.run(Command::EndSession);
    world.speaker("s5", "alice", None);
    assert_eq!(world.run(Command::AdoptClaims { resumed: true }), []);
    world.speaker("s3", "alice#2", None);
    assert_eq!(kinds(&world.run(Command::AdoptClaims { resumed: true })), ["claim_changed"]);
    let claim = world.claim(&a);
    assert_eq!(claim.map(|c| (c.holder, c.grace_until)), Some((actor("s3", "alice#2", Some("tests")), None)));
    world.speaker("s3", "alice", None);
    world.advance(&late, Start);
    world.run(Command::EndSession);
    world.wait(HOUR);
    world.speaker("s4", "alice", None);
    assert_eq!(world.run(Command::AdoptClaims { resumed: false }), []);
}

fn deadline<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    let claim = take(world, Subject::Item(id.clone()), "s2", Some(MINUTE));
    assert_eq!(world.claim(&id), Some(claim));
    assert_eq!(world.refused(advance(&id, Complete)).code, Code::Conflict);
    world.wait(MINUTE);
    assert_eq!(answer(world.store.claims_ended_by(&world.now(), 9)).len(), 1);
    assert_eq!(endings(&world.run(Command::ExpireClaims)), [Ending::Expired]);
    assert_eq!(world.claim(&id), None);
    world.advance(&id, Complete);
}

fn lapsed<S: Apply>(world: &mut World<S>) {
    let table = [
        (Start, vec!["status_changed", "claim_ended", "claim_taken"]),
        (Complete, vec!["status_changed", "claim_ended"]),
        (Block, vec!["status_changed", "claim_ended"]),
    ];
    for (trigger, want) in table {
        let id = world.create("item");
        take(world, Subject::Item(id.clone()), "s2", Some(MINUTE));
        world.wait(HOUR);
        let changes = world.advance(&id, trigger);
        assert_eq!((kinds(&changes), endings(&changes)), (want, vec![Ending::Expired]), "{trigger:?}");
        assert_eq!(world.holder(&id).as_deref(), (trigger == Start).then_some("alice"));
    }
}

fn resources<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    let resource = Subject::Resource(id.to_string());
    let claim = take(world, resource.clone(), "s2", None);
    assert_eq!(answer(world.store.claim(&resource)), Some(claim.clone()));
    assert_eq!(world.claim(&id), None);
    world.advance(&id, Start);
    assert_eq!(answer(world.store.claims_of("s2")), [claim]);
    assert_eq!(answer(world.store.claims_of("s1")).len(), 1);
}

fn what_is_guarded<S: Apply>(world: &mut World<S>) {
    let [id, parent] = ["item", "parent"].map(|title| world.create(title));
    world.advance(&id, Start);
    world.speaker("s2", "bob", None);
    for command in [advance(&id, Complete), delete(&id), reparent(&id, &parent)] {
        assert_eq!(world.refused(command).code, Code::Conflict);
    }
    world.write(&id, "key", "open to all");
    world.policies.claims = ClaimPolicy { protect_notes: true, ..ClaimPolicy::default() };
    assert_eq!(world.refused(note(&id, "key", None, "mine now")).code, Code::Conflict);
    let remove = Command::DeleteNote { item: id.to_string(), key: "key".into() };
    assert_eq!(world.refused(remove).code, Code::Conflict);
    world.speaker("s1", "alice", None);
    world.write(&id, "key", "the holder's");
}
