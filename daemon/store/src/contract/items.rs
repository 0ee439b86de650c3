//! Making and changing single items.

use orc_core::command::{Command, Guard, NewItem};
use orc_core::id::Ids;
use orc_core::item::{Edit, Item};
use orc_core::refusal::Details;
use orc_core::status::{Priority, Status};
use orc_core::time::Stamp;
use orc_core::{Code, ItemId};

use super::Scenario;
use super::world::{World, answer, kinds};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("a new item waits in the queue at version 1", new_item),
        ("every field is kept as given, set or not", every_field),
        ("an update changes the fields given and no others", update),
        ("an update that changes nothing leaves no trace", empty_update),
        ("a stale version is refused with what changed since", stale_version),
        ("what changed since a version is told in at most 20 lines", many_changes),
        ("a drawn id whose first 8 characters are taken is not used", fresh_ids),
    ]
}

fn new_item<S: Apply>(world: &mut World<S>) {
    let id = world.create("  first  ");
    let item = world.item(&id);
    assert_eq!((item.title.as_str(), item.status, item.version), ("first", Status::Queue, 1));
    assert_eq!((item.project.as_deref(), item.created_by.as_deref()), (Some("p"), Some("alice")));
    assert_eq!((&item.created_at, &item.updated_at), (&world.now(), &world.now()));
    assert_eq!((item.parent, item.priority), (None, Priority::Medium));
}

fn every_field<S: Apply>(world: &mut World<S>) {
    let parent = world.create("parent");
    let id = world.create_under(&parent, "plain");
    let plain = world.item(&id);
    let odd = Stamp::parse("2026-11-24 08:30");
    let full = Item {
        id: ItemId::new("An id, as it came! 'quoted' %_*"),
        parent: Some(parent),
        title: "Title — ünïcode 🙂".into(),
        description: "line\nline\u{0}end".into(),
        summary: "summary".into(),
        status: Status::Blocked,
        label: Some("from elsewhere".into()),
        previous: Some(Status::Review),
        priority: Priority::Critical,
        complexity: Some(10),
        item_type: "task".into(),
        tags: "a, b ,a".into(),
        metadata: Some("{ \"b\": 1,\"a\": 1.0 }".into()),
        properties: Some(String::new()),
        due_at: odd.clone(),
        schedule: Some("0 9 * * *".into()),
        next_run_at: Stamp::parse("2026-11-24T09:00:00+02:00"),
        not_before: odd.clone(),
        reason: Some("why".into()),
        project: Some("other".into()),
        version: 41,
        created_by: Some("bob/tests".into()),
        updated_by: None,
        created_at: answer(Stamp::parse("1969-07-20").ok_or("no time")),
        updated_at: answer(Stamp::parse("2026-11-23T00:00:00").ok_or("no time")),
        role_changed_at: odd,
    };
    let bare = Item {
        id: ItemId::new("bare-id"),
        created_by: None,
        updated_by: None,
        role_changed_at: None,
        project: None,
        parent: None,
        ..plain
    };
    for item in [full, bare] {
        world.run(Command::ImportItem(Box::new(item.clone())));
        assert_eq!(world.item(&item.id), item);
    }
}

fn update<S: Apply>(world: &mut World<S>) {
    let id = world.create("before");
    let before = world.item(&id);
    world.wait(1_000);
    world.speaker("s2", "bob", Some("tests"));
    let edits = vec![Edit::Title("after".into()), Edit::DueAt(Stamp::parse("2026-12-01"))];
    let command = Command::UpdateItem { item: id.to_string(), edits, guard: Guard::default() };
    assert_eq!(kinds(&world.run(command)), ["item_updated"]);
    let want = Item {
        title: "after".into(),
        due_at: Stamp::parse("2026-12-01"),
        version: 2,
        updated_by: Some("bob/tests".into()),
        updated_at: world.now(),
        ..before
    };
    assert_eq!(world.item(&id), want);
    world.update(&id, Edit::DueAt(None));
    assert_eq!(world.item(&id).due_at, None);
}

fn empty_update<S: Apply>(world: &mut World<S>) {
    let id = world.create("same");
    let before = world.item(&id);
    assert_eq!(world.update(&id, Edit::Title("same".into())), []);
    assert_eq!(world.item(&id), before);
    let command = Command::UpdateItem { item: id.to_string(), edits: vec![], guard: Guard::default() };
    assert_eq!(world.refused(command).code, Code::Validation);
}

fn stale_version<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    world.update(&id, Edit::Complexity(Some(2)));
    world.update(&id, Edit::Priority(Priority::High));
    world.write(&id, "note", "a note is no change of the item");
    let guard = |version| Guard { expected_version: Some(version), force: false };
    let with =
        |guard| Command::UpdateItem { item: id.to_string(), edits: vec![Edit::Summary("s".into())], guard };
    let refusal = world.refused(with(guard(2)));
    assert_eq!((refusal.code, refusal.field.as_deref()), (Code::Conflict, Some("expected_version")));
    let changed = vec!["v3 priority: medium → high (by alice)".to_owned()];
    assert_eq!(refusal.details.as_deref(), Some(&Details::Version { present: 3, changed }));
    assert_eq!(answer(world.store.changed_since(&id, 1)).len(), 2);
    assert_eq!(answer(world.store.changed_since(&id, 3)), Vec::<String>::new());
    world.run(with(guard(3)));
}

fn many_changes<S: Apply>(world: &mut World<S>) {
    let id = world.create("item");
    for n in 0..25 {
        world.update(&id, Edit::Title(format!("title {n}")));
    }
    let lines = answer(world.store.changed_since(&id, 2));
    assert_eq!(lines.len(), 20);
    assert_eq!(lines[0], "v3 title: title 0 → title 1 (by alice)");
}

fn fresh_ids<S: Apply>(world: &mut World<S>) {
    let new = Command::CreateItem(NewItem { title: "twin".into(), ..NewItem::default() });
    let first = answer(world.attempt_with(&new, Ids::new(7)));
    let second = answer(world.attempt_with(&new, Ids::new(7)));
    let short = |changes: &[orc_core::Change]| changes[0].item().map(|id| id.short().to_owned());
    assert_ne!(short(&first), short(&second));
    let taken = short(&first).unwrap_or_default();
    assert!(answer(world.store.short_taken(&taken)));
    assert!(!answer(world.store.short_taken("00000000")));
}
