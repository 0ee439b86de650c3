//! Rows that come from elsewhere, and workspaces.

use orc_core::command::WorkspaceEdits;
use orc_core::edge::Edge;
use orc_core::item::Item;
use orc_core::note::Note;
use orc_core::status::{DepKind, Role, Status, Threshold};
use orc_core::time::Stamp;
use orc_core::workflow::Trigger;
use orc_core::workspace::Workspace;
use orc_core::{Code, Command, ItemId};

use super::Scenario;
use super::world::{World, answer, kinds};
use crate::Apply;

pub(super) fn scenarios<S: Apply>() -> Vec<Scenario<S>> {
    vec![
        ("imported rows keep ids and times, and what is there stays", kept_as_given),
        ("rows without their ends are refused", unplaced),
        ("an imported edge counts like any other and closes no cycle", edges_count),
        ("an id that was deleted counts as absent", deleted_before),
        ("an id that another note or edge has is refused", taken_ids),
        ("a workspace is made, changed in part and removed", workspaces),
    ]
}

fn given(text: &str) -> Stamp {
    answer(Stamp::parse(text).ok_or("no time"))
}

/// An item as an export has it, like one that is there but for its id.
fn row<S: Apply>(world: &mut World<S>, id: &str, status: Status) -> Item {
    let like = world.create("like");
    let item = world.item(&like);
    Item { id: ItemId::new(id), title: id.to_owned(), status, created_at: given("2020-02-02 02:02"), ..item }
}

fn import_item(item: &Item) -> Command {
    Command::ImportItem(Box::new(item.clone()))
}

fn note_row(id: &str, item: &ItemId, key: &str) -> Note {
    Note {
        id: ItemId::new(id),
        item: item.clone(),
        key: key.into(),
        role: Role::Review,
        body: "body".into(),
        created_by: None,
        created_at: given("2020-01-01"),
        updated_at: given("2020-01-02T00:00:00+01:00"),
    }
}

fn edge_row(id: &str, from: &ItemId, to: &ItemId) -> Edge {
    Edge {
        id: ItemId::new(id),
        from: from.clone(),
        to: to.clone(),
        kind: DepKind::Blocks,
        unblock_at: Threshold::Review,
        created_by: None,
        created_at: given("2020-01-01"),
    }
}

fn kept_as_given<S: Apply>(world: &mut World<S>) {
    let a = row(world, "import-a", Status::Review);
    let b = Item { parent: Some(a.id.clone()), ..row(world, "import-b", Status::Archived) };
    let note = note_row("note-1", &a.id, "key");
    let edge = edge_row("edge-1", &a.id, &b.id);
    let commands = || {
        [
            import_item(&a),
            import_item(&b),
            Command::ImportNote(Box::new(note.clone())),
            Command::ImportEdge(edge.clone()),
        ]
    };
    for command in commands() {
        world.run(command);
    }
    for command in commands() {
        assert_eq!(world.run(command), [], "a second import changes nothing");
    }
    assert_eq!((world.item(&a.id), world.item(&b.id)), (a.clone(), b.clone()));
    assert_eq!(answer(world.store.note(&a.id, "key")), Some(note));
    assert_eq!(answer(world.store.edge(&a.id, &b.id)), Some(edge));
    assert_eq!(answer(world.store.depth(&b.id)), 1);
}

fn unplaced<S: Apply>(world: &mut World<S>) {
    let there = world.create("there");
    let nowhere = ItemId::new("nowhere");
    let orphan = Item { parent: Some(nowhere.clone()), ..row(world, "orphan", Status::Queue) };
    for command in [
        import_item(&orphan),
        Command::ImportNote(Box::new(note_row("note-1", &nowhere, "key"))),
        Command::ImportEdge(edge_row("edge-1", &there, &nowhere)),
        Command::ImportEdge(edge_row("edge-1", &nowhere, &there)),
    ] {
        assert_eq!(world.refused(command).code, Code::NotFound);
    }
    assert_eq!(answer(world.store.item(&orphan.id)), None);
}

fn edges_count<S: Apply>(world: &mut World<S>) {
    let [a, b] = [Status::Work, Status::Queue].map(|status| {
        let item = row(world, status.as_str(), status);
        world.run(import_item(&item));
        item.id
    });
    world.run(Command::ImportEdge(edge_row("edge-1", &a, &b)));
    assert_eq!(answer(world.store.unmet_blockers(&b, 9)).1, 1);
    assert_eq!(world.refused(Command::ImportEdge(edge_row("edge-2", &b, &a))).code, Code::Conflict);
    assert_eq!(world.refused(Command::ImportEdge(edge_row("edge-3", &a, &a))).code, Code::Validation);
    assert_eq!(kinds(&world.advance(&a, Trigger::Start)), ["status_changed", "item_unblocked"]);
}

fn deleted_before<S: Apply>(world: &mut World<S>) {
    let item = row(world, "comes-again", Status::Queue);
    world.run(import_item(&item));
    world.write(&item.id, "key", "old");
    world.delete(&item.id);
    world.run(import_item(&item));
    assert_eq!(world.item(&item.id), item);
    assert_eq!(answer(world.store.notes(&item.id)), []);
    assert_eq!(answer(world.store.find_deleted(item.id.as_str(), 9)), []);
    assert_eq!(world.refused(Command::RestoreItem { item: item.id.to_string() }).code, Code::Conflict);
}

fn taken_ids<S: Apply>(world: &mut World<S>) {
    let [a, b] = ["a", "b"].map(|title| world.create(title));
    world.run(Command::ImportNote(Box::new(note_row("row-1", &a, "key"))));
    world.run(Command::ImportEdge(edge_row("row-2", &a, &b)));
    for id in ["row-1", "row-2"] {
        assert!(answer(world.store.id_taken(&ItemId::new(id))), "{id}");
        let note = note_row(id, &b, "other");
        assert_eq!(world.refused(Command::ImportNote(Box::new(note))).code, Code::Conflict);
    }
    assert_eq!(answer(world.store.notes(&b)), []);
    assert!(!answer(world.store.id_taken(&a)), "an item's id is another matter");
}

fn workspaces<S: Apply>(world: &mut World<S>) {
    let name = || "docs".to_owned();
    let workspace = Workspace {
        tags: vec!["a, b".into(), "c".into()],
        memory_tags: vec!["m".into()],
        description: "d".into(),
        repos: vec!["r".into()],
        conventions: vec![String::new(), "line\nline".into()],
    };
    let create = || Command::CreateWorkspace { name: name(), workspace: workspace.clone() };
    world.run(create());
    assert_eq!(answer(world.store.workspace("docs")), Some(workspace.clone()));
    assert_eq!(world.refused(create()).message, "Workspace 'docs' already exists");
    let edits = WorkspaceEdits { tags: Some(vec![]), ..WorkspaceEdits::default() };
    let update = || Command::UpdateWorkspace { name: name(), edits: edits.clone() };
    world.run(update());
    assert_eq!(answer(world.store.workspace("docs")), Some(Workspace { tags: vec![], ..workspace }));
    assert_eq!(world.run(update()), []);
    world.run(Command::DeleteWorkspace { name: name() });
    assert_eq!(answer(world.store.workspace("docs")), None);
    assert_eq!(world.refused(update()).message, "Workspace 'docs' not found");
}
