//! A store with something of everything, and what a naive reader knows of it.

use orc_core::change::Origin;
use orc_core::claim::{Actor, Claim, Subject};
use orc_core::id::{Ids, ItemId};
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::status::{Priority, Role, Status};
use orc_core::time::Stamp;
use orc_core::workspace::Workspace;
use orc_core::{Change, Policies};

use crate::queries::Within;
use crate::tests::fresh;
use crate::tx::Tx;

const ITEMS: u64 = 400;
pub(super) const NOW: i64 = 2_000_000_000_000_000;

/// The same numbers in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn of<T: Clone>(&mut self, among: &[T]) -> T {
        among[usize::try_from(self.below(among.len() as u64)).unwrap_or(0)].clone()
    }
}

/// What a naive reader knows of an item beside its row.
pub(super) struct Known {
    pub(super) item: Item,
    pub(super) note: Option<String>,
    pub(super) claimed: bool,
}

pub(super) fn filled() -> (Tx<'static>, Vec<Known>) {
    let (tx, mut draw, ids) = (fresh(), Draw(7), Ids::new(99));
    let actor = Actor { session: "s".into(), agent: "a".into(), subagent: None };
    let mut all: Vec<Known> = Vec::new();
    // One is there before its items are made, the others come in the middle.
    let workspace = |name: &str| Change::WorkspaceChanged {
        name: name.to_owned(),
        before: None,
        after: Some(Workspace { tags: within(name).tags, ..Workspace::default() }),
    };
    for n in 0..ITEMS {
        let defined: &[&str] = match n {
            0 => &["green"],
            200 => &["rare", "several"],
            _ => &[],
        };
        let defined: Vec<Change> = defined.iter().map(|name| workspace(name)).collect();
        tx.commit(&defined, &actor, &Stamp::from_micros(NOW), &Policies::default()).unwrap();
        // Many are made in the same moment, and few in the order of their times.
        let made = Stamp::from_micros(NOW - i64::try_from(draw.below(90)).unwrap() * 1_000);
        let parent = (draw.below(3) == 0 && !all.is_empty()).then(|| draw.below(9) as usize % all.len());
        let item = Item {
            id: ItemId::new(ids.draw(n).to_string()),
            parent: parent.map(|at| all[at].item.id.clone()),
            title: format!("{} {n}", draw.of(&["Repair the harbour wall", "Harvest hay", "Write down"])),
            description: draw
                .of(&["", "with harp and drum", "quickly", "by internationalists", "of the Internationale"])
                .to_owned(),
            summary: String::new(),
            status: draw.of(&[Status::Queue, Status::Queue, Status::Done, Status::Work, Status::Blocked]),
            label: None,
            previous: None,
            priority: draw.of(Priority::ALL),
            complexity: None,
            item_type: draw.of(&["", "task", "bug"]).to_owned(),
            tags: draw.of(&["", "red", "red,blue", "blue,green", "rare"]).to_owned(),
            metadata: None,
            properties: None,
            due_at: (draw.below(2) == 0)
                .then(|| Stamp::from_micros(NOW + i64::try_from(draw.below(50)).unwrap())),
            schedule: None,
            next_run_at: None,
            not_before: None,
            reason: None,
            project: draw.of(&[None, Some("one"), Some("one"), Some("two")]).map(str::to_owned),
            version: 1,
            created_by: None,
            updated_by: None,
            created_at: made.clone(),
            updated_at: made.plus(i64::try_from(draw.below(60)).unwrap()),
            role_changed_at: None,
        };
        let mut changes =
            vec![Change::ItemCreated { item: Box::new(item.clone()), origin: Origin::Imported }];
        let note = (draw.below(4) == 0)
            .then(|| draw.of(&["the hard part of it", "nothing of note", "international law"]).to_owned());
        if let Some(body) = &note {
            let note = Note {
                id: ItemId::new(format!("note-{n}")),
                item: item.id.clone(),
                key: "k".into(),
                role: Role::Queue,
                body: body.clone(),
                created_by: None,
                created_at: made.clone(),
                updated_at: made.clone(),
            };
            changes.push(Change::NoteWritten { before: None, after: Box::new(note), origin: Origin::Made });
        }
        let claimed = draw.below(10) == 0;
        if claimed {
            let claim = Claim {
                subject: Subject::Item(item.id.clone()),
                holder: actor.clone(),
                since: made.clone(),
                deadline: None,
                grace_until: None,
            };
            changes.push(Change::ClaimTaken { claim });
        }
        tx.commit(&changes, &actor, &made, &Policies::default()).unwrap();
        all.push(Known { item, note, claimed });
    }
    (tx, all)
}

/// A workspace of the store.
pub(super) fn within(name: &str) -> Within {
    let tags: &[&str] = if name == "several" { &["green", "red", "rare"] } else { &[name] };
    Within { name: name.to_owned(), tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
}
