//! How an item is named: whole ids, prefixes, and neither.

use orc_core::refusal::Details;
use orc_core::{Code, Command, ItemId, resolve};

use super::Scenario;
use super::world::{World, answer};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("a prefix names the item it fits, an exact id wins", prefixes),
        ("signs that mean something to a database are plain text", plain_text),
        ("an ambiguous prefix lists what it matches, up to a bound", ambiguous),
    ]
}

/// Places an item under an id of the scenario's choice.
fn place<S: Apply>(world: &mut World<S>, id: &str) -> ItemId {
    let like = world.create("like");
    let item = orc_core::item::Item { id: ItemId::new(id), title: id.into(), ..world.item(&like) };
    world.run(Command::ImportItem(Box::new(item)));
    world.delete(&like);
    ItemId::new(id)
}

fn prefixes<S: Apply>(world: &mut World<S>) {
    for id in ["abcd", "abcdef-1", "abcdef-2", "ÄÖÜß-1", "xy", " z "] {
        place(world, id);
    }
    let table = [
        ("abcd", Ok("abcd")),
        (" abcdef-1 ", Ok("abcdef-1")),
        ("abcdef-2", Ok("abcdef-2")),
        ("ÄÖÜß", Ok("ÄÖÜß-1")),
        ("abcde", Err(Code::Conflict)),
        ("abc", Err(Code::Validation)),
        ("ÄÖÜ", Err(Code::Validation)),
        ("", Err(Code::Validation)),
        ("xy", Ok("xy")), // a whole id, however short
        (" z ", Ok(" z ")),
        ("x", Err(Code::Validation)),
        ("abcdX", Err(Code::NotFound)),
        ("abcdef-11", Err(Code::NotFound)),
    ];
    for (reference, want) in table {
        let got = match resolve(&world.store, reference, "item_id") {
            Ok(id) => Ok(id),
            Err(orc_core::Stop::Refused(refusal)) => Err(refusal.code),
            Err(orc_core::Stop::Failed(error)) => panic!("the store failed: {error:?}"),
        };
        assert_eq!(got, want.map(ItemId::new), "{reference}");
    }
}

fn plain_text<S: Apply>(world: &mut World<S>) {
    for id in ["wild-%-card", "wildcard", "st*r[a]?'\"\\"] {
        place(world, id);
    }
    let table: [(&str, &[&str]); 8] = [
        ("wild", &["wild-%-card", "wildcard"]),
        ("wild%", &[]),
        ("wild_", &[]),
        ("wild*", &[]),
        ("WILD", &[]),
        ("wild-%", &["wild-%-card"]),
        ("st*r[a]?'\"", &["st*r[a]?'\"\\"]),
        ("st*r[a]?'\"\\", &["st*r[a]?'\"\\"]),
    ];
    for (reference, want) in table {
        let mut got: Vec<String> =
            answer(world.store.find(reference, 9)).iter().map(ToString::to_string).collect();
        got.sort();
        assert_eq!(got, want, "{reference}");
    }
}

fn ambiguous<S: Apply>(world: &mut World<S>) {
    for n in 0..25 {
        place(world, &format!("same-{n:02}"));
    }
    assert_eq!(answer(world.store.find("same", 9)).len(), 9);
    let refusal = world.refused(Command::DeleteItem {
        item: "same-0".into(),
        recursive: false,
        guard: orc_core::command::Guard::default(),
    });
    match refusal.details.as_deref() {
        Some(Details::Candidates(candidates, false)) => assert_eq!(candidates.len(), 10),
        other => panic!("{other:?}"),
    }
    let refusal = world.refused(Command::RestoreItem { item: "same".into() });
    assert_eq!(refusal.code, Code::Conflict);
    let refusal =
        world.refused(super::world::advance(&ItemId::new("same"), orc_core::workflow::Trigger::Start));
    assert!(matches!(refusal.details.as_deref(), Some(Details::Candidates(c, true)) if c.len() == 20));
}
