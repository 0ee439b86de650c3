//! Notes: written, overwritten, deleted.

use orc_core::note::NoteHead;
use orc_core::policy::Lifecycle;
use orc_core::status::{Role, Status};
use orc_core::workflow::Trigger::{Archive, Cancel, Complete};
use orc_core::{Code, Command};

use super::Scenario;
use super::world::{World, answer, kinds, note};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("a note is written once and then over, its role kept unless given", written_over),
        ("notes come oldest first, and heads tell which are blank", in_order),
        ("a note is deleted once", deleted),
        ("a note reopens what its lifecycle says, and nothing else", reopening),
    ]
}

fn written_over<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    world.run(note(&id, " key ", Some(Role::Work), "one"));
    let first = answer(world.store.note(&id, "key"));
    let made = world.now();
    world.wait(1_000);
    world.speaker("s2", "bob", None);
    world.write(&id, "key", "two");
    let Some(second) = answer(world.store.note(&id, "key")) else { panic!("no note") };
    assert_eq!(first.map(|n| (n.id, n.body)), Some((second.id.clone(), "one".to_owned())));
    assert_eq!((second.body.as_str(), second.role, second.item), ("two", Role::Work, id.clone()));
    assert_eq!((second.created_by.as_deref(), second.created_at, second.updated_at), {
        (Some("alice"), made, world.now())
    });
    assert!(answer(world.store.id_taken(&second.id)));
    assert_eq!(world.item(&id).version, 1);
    assert_eq!(world.refused(note(&id, "  ", None, "x")).code, Code::Validation);
}

fn in_order<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    let other = world.create("other");
    for (key, body) in [("z", "1"), ("a", " \n"), ("m", "")] {
        world.write(&id, key, body);
        world.write(&other, key, "elsewhere");
    }
    world.write(&id, "z", "again");
    let keys: Vec<String> = answer(world.store.notes(&id)).into_iter().map(|n| n.key).collect();
    assert_eq!(keys, ["z", "a", "m"]);
    let mut heads = answer(world.store.note_heads(&id));
    heads.sort_by(|a, b| a.key.cmp(&b.key));
    let head = |key: &str, blank| NoteHead { key: key.into(), role: Role::Queue, blank };
    assert_eq!(heads, [head("a", true), head("m", true), head("z", false)]);
}

fn deleted<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    world.write(&id, "key", "body");
    let delete = || Command::DeleteNote { item: id.to_string(), key: "key".into() };
    assert_eq!(kinds(&world.run(delete())), ["note_deleted"]);
    assert_eq!(world.run(delete()), []);
    assert_eq!((answer(world.store.note(&id, "key")), answer(world.store.notes(&id))), (None, vec![]));
    world.write(&id, "key", "again");
}

fn reopening<S: Apply>(world: &mut World<S>) {
    world.schema("log", Lifecycle::AutoReopen, &[]);
    let parent = world.create("parent");
    let table = [(&[Complete][..], true), (&[Cancel], true), (&[Complete, Archive], false), (&[], false)];
    for (walk, reopens) in table {
        let id = world.create_typed("log");
        world.run(super::world::reparent(&id, &parent));
        for trigger in walk {
            world.advance(&id, *trigger);
        }
        world.advance(&parent, Complete);
        let (before, version) = (world.status(&id), world.item(&id).version);
        let changes = world.write(&id, "seen", "once more");
        let want = if reopens { Status::Queue } else { before };
        assert_eq!((world.status(&id), world.status(&parent)), (want, Status::Done), "{walk:?}");
        assert_eq!(changes.len(), if reopens { 2 } else { 1 });
        assert_eq!(world.item(&id).version - version, i64::from(reopens));
        assert_eq!(world.item(&id).label, None);
        world.advance(&parent, orc_core::workflow::Trigger::Reopen);
    }
}
