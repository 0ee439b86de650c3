//! Which calls a history is made of: every tool whose answer the model knows, the usual ones more often.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::fields::{
    Field, any, everywhere, flag, item, item_fields, items, limit, list, object, project, title, with, words,
};
use super::player::{SESSIONS, Step};

/// How often the kinds of calls come, in the order in which [`step`] has them. What belongs together meets more often in a history
/// that has little else.
const MIXES: [[u32; 13]; 4] = [
    [20, 7, 5, 20, 6, 9, 9, 9, 8, 16, 5, 2, 1],
    // Graphs.
    [15, 2, 3, 25, 3, 1, 30, 1, 4, 4, 1, 2, 1],
    // Holders.
    [10, 4, 3, 20, 2, 2, 1, 25, 14, 4, 1, 1, 4],
    // Trees.
    [14, 14, 20, 14, 10, 3, 6, 2, 2, 6, 1, 4, 1],
];

/// The calls of one history, fewer than `most`.
pub(super) fn history(most: usize) -> BoxedStrategy<Vec<Step>> {
    let of_mix = |mix: &[u32; 13]| prop::collection::vec(step(mix), 1..most).boxed();
    prop::strategy::Union::new(MIXES.iter().map(of_mix)).boxed()
}

/// One call of any kind, by anyone.
fn step(often: &[u32; 13]) -> BoxedStrategy<Step> {
    let kinds = [
        creating(),
        updating(),
        deleting(),
        advancing(),
        trees(),
        notes(),
        dependencies(),
        claims(),
        next(),
        reading(),
        upkeep(),
        importing(),
        Just(("reconnect", json!({}))).boxed(),
    ];
    let calls = prop::strategy::Union::new_weighted(often.iter().copied().zip(kinds).collect());
    (0..SESSIONS * 3, calls, object(everywhere()))
        .prop_map(|(who, (tool, mut arguments), more)| {
            for (key, value) in more.as_object().into_iter().flatten() {
                arguments[key] = value.clone();
            }
            // Who may only read comes by more seldom.
            let session = if who == SESSIONS * 3 - 1 { SESSIONS - 1 } else { who % (SESSIONS - 1) };
            Step { session, tool: tool.to_owned(), arguments }
        })
        .boxed()
}

type Calls = BoxedStrategy<(&'static str, Value)>;

fn calls(tool: &'static str, arguments: BoxedStrategy<Value>) -> Calls {
    arguments.prop_map(move |arguments| (tool, arguments)).boxed()
}

/// A new item's fields.
fn new_item() -> Vec<Field> {
    let mut fields = item_fields();
    fields.push(("title", 0.97, title()));
    fields.push(("parent_id", 0.3, item()));
    fields.push(("project", 0.1, words(&["alpha", "beta", "beta", "*"])));
    fields
}

fn creating() -> Calls {
    let batch = object(vec![("items", 1.0, list(object(new_item()), 4)), ("parent_id", 0.2, item())]);
    prop_oneof![
        5 => calls("manage_items", with(json!({"operation": "create"}), new_item())),
        1 => calls("manage_items", batch.prop_map(|mut batch| {
            batch["operation"] = json!("create");
            batch
        }).boxed()),
    ]
    .boxed()
}

/// What guards a change.
fn guards() -> Vec<Field> {
    vec![("expected_version", 0.1, any(&[json!(1), json!(2), json!("3")])), ("force", 0.1, flag())]
}

fn updating() -> Calls {
    let mut fields = item_fields();
    fields.push(("title", 0.2, title()));
    fields.push(("parent_id", 0.25, prop_oneof![4 => item(), 1 => Just(Value::Null)].boxed()));
    fields.push(("item_id", 0.98, item()));
    fields.push(("project", 0.02, words(&["beta"])));
    let clear = [
        json!(["due_at", "parent_id"]),
        json!("tags,summary"),
        json!(["priority"]),
        json!("title"),
        json!("colour"),
    ];
    fields.push(("clear", 0.12, any(&clear)));
    fields.extend(guards());
    calls("manage_items", with(json!({"operation": "update"}), fields))
}

fn deleting() -> Calls {
    let mut one = vec![("item_id", 0.98, item()), ("recursive", 0.6, flag())];
    one.extend(guards());
    let several = vec![("ids", 1.0, items(3)), ("recursive", 0.7, flag()), ("force", 0.2, flag())];
    prop_oneof![
        3 => calls("manage_items", with(json!({"operation": "delete"}), one)),
        1 => calls("manage_items", with(json!({"operation": "delete"}), several)),
        4 => calls("manage_items", with(json!({"operation": "restore"}), vec![("item_id", 0.99, item())])),
    ]
    .boxed()
}

fn triggers() -> BoxedStrategy<Value> {
    prop_oneof![
        6 => words(&["start"]),
        6 => words(&["complete"]),
        4 => words(&["block", "hold", "resume", "cancel", "reopen", "Reopen", "archive"]),
        1 => words(&["begin", "START"]),
    ]
    .boxed()
}

fn transition() -> Vec<Field> {
    let mut fields = vec![
        ("item_id", 0.99, item()),
        ("trigger", 0.99, triggers()),
        ("reason", 0.15, words(&["No stone left", "Rain"])),
    ];
    fields.extend(guards());
    fields
}

fn advancing() -> Calls {
    let batch = vec![
        ("transitions", 1.0, list(object(transition()), 4)),
        ("atomic", 0.4, flag()),
        ("force", 0.1, flag()),
    ];
    prop_oneof![
        8 => calls("advance_item", object(transition())),
        2 => calls("advance_item", object(batch)),
        2 => calls("get_next_status", object(vec![("item_id", 1.0, item()), ("trigger", 1.0, triggers())])),
        1 => calls("complete_tree", object(vec![("parent_id", 0.98, item()), ("force", 0.1, flag())])),
    ]
    .boxed()
}

fn references() -> BoxedStrategy<Value> {
    prop_oneof![5 => words(&["a", "b", "c", "root"]), 2 => item()].boxed()
}

fn dep_type() -> BoxedStrategy<Value> {
    words(&["blocks", "is_blocked_by", "relates_to", "is-blocked-by", "holds"])
}

fn thresholds() -> BoxedStrategy<Value> {
    words(&["work", "review", "done", "later"])
}

fn trees() -> Calls {
    let mut child = new_item();
    child.push(("ref", 0.9, words(&["a", "b", "c", "d", "e", "root"])));
    child.push(("parent_ref", 0.3, words(&["a", "b", "root", "z"])));
    child.retain(|(name, ..)| *name != "parent_id");
    // Few faults, or no tree would ever come to be.
    for field in &mut child {
        field.1 =
            if field.0 == "title" { 1.0 } else { field.1 / if field.0.contains("ref") { 1.0 } else { 3.0 } };
    }
    let dep = vec![
        ("from", 0.99, references()),
        ("to", 0.99, references()),
        ("type", 0.2, dep_type()),
        ("unblock_at", 0.2, thresholds()),
    ];
    let note = vec![
        ("ref", 0.99, references()),
        ("key", 0.99, words(&["spec", "plan", "decision"])),
        ("body", 0.9, words(&["As drawn", ""])),
        ("role", 0.2, words(&["queue", "work"])),
    ];
    let tree = vec![
        ("root_title", 0.8, title()),
        ("root_item_type", 0.2, words(&["task", "again"])),
        ("root_tags", 0.2, words(&["stone"])),
        ("parent_id", 0.25, item()),
        ("children", 0.95, list(object(child), 3)),
        ("deps", 0.4, list(object(dep), 2)),
        ("notes", 0.3, list(object(note), 2)),
        ("create_notes", 0.3, flag()),
    ];
    calls("create_work_tree", object(tree))
}

fn note() -> Vec<Field> {
    vec![
        ("item_id", 0.97, item()),
        ("key", 0.98, words(&["spec", "plan", "verdict", "decision-1", " spec ", " "])),
        ("body", 0.97, words(&["As drawn, in stone", "Oak", "", "  ", "roofing"])),
        ("role", 0.3, words(&["queue", "work", "review", "later"])),
    ]
}

fn notes() -> Calls {
    let batch = vec![("notes", 1.0, list(object(note()), 3)), ("item_id", 0.3, item())];
    let query = vec![
        ("item_id", 0.8, item()),
        ("key", 0.3, words(&["spec", "plan"])),
        ("role", 0.2, words(&["queue", "work"])),
        ("search", 0.3, words(&["ston", "oak", "drawn stone", "!?"])),
        ("include_body", 0.3, flag()),
        ("limit", 0.2, limit()),
    ];
    prop_oneof![
        6 => calls("manage_notes", with(json!({"operation": "upsert"}), note())),
        1 => calls("manage_notes", with(json!({"operation": "upsert"}), batch)),
        1 => calls("manage_notes", with(json!({"operation": "delete"}), vec![
            ("item_id", 0.98, item()), ("key", 0.98, words(&["spec", "plan", "verdict"])),
        ])),
        1 => calls("manage_notes", with(json!({"operation": "list"}), vec![("item_id", 0.98, item())])),
        3 => calls("query_notes", object(query)),
    ]
    .boxed()
}

fn dependencies() -> Calls {
    let edge = || {
        vec![
            ("from_id", 0.99, item()),
            ("to_id", 0.99, item()),
            ("dep_type", 0.3, dep_type()),
            ("unblock_at", 0.3, thresholds()),
        ]
    };
    let pattern = vec![
        ("item_ids", 0.98, items(4)),
        ("pattern", 0.8, words(&["linear", "fan-out", "fan-in", "ring"])),
        ("unblock_at", 0.2, thresholds()),
    ];
    let direction = || words(&["inbound", "outbound", "both", "up"]);
    let query = vec![("item_id", 0.98, item()), ("direction", 0.5, direction())];
    let far = vec![
        ("item_id", 0.98, item()),
        ("direction", 0.5, direction()),
        ("neighbors_only", 0.7, any(&[json!(false), json!(false), json!(true)])),
        ("max_depth", 0.3, any(&[json!(1), json!(2), json!(0)])),
    ];
    prop_oneof![
        6 => calls("manage_dependencies", with(json!({"operation": "add"}), edge())),
        1 => calls("manage_dependencies", with(json!({"operation": "add"}), vec![("edges", 1.0, list(object(edge()), 3))])),
        2 => calls("manage_dependencies", with(json!({"operation": "remove"}), edge())),
        2 => calls("manage_dependencies", with(json!({"operation": "pattern"}), pattern)),
        1 => calls("manage_dependencies", with(json!({"operation": "query"}), query)),
        2 => calls("query_dependencies", object(far)),
    ]
    .boxed()
}

fn claims() -> Calls {
    let subject = || {
        vec![("item_id", 0.8, item()), ("resource", 0.22, words(&["file:roof", "file:door", " file:roof "]))]
    };
    let more = |more: Vec<Field>| subject().into_iter().chain(more).collect::<Vec<Field>>();
    let ttl = || any(&[json!(86_400), json!("7200"), json!(0)]);
    let to = words(&["ann", "bob", "cid/x", "x", "zed"]);
    prop_oneof![
        4 => calls("claim_item", with(json!({"operation": "claim"}), more(vec![("ttl_seconds", 0.3, ttl()), ("force", 0.15, flag())]))),
        2 => calls("claim_item", with(json!({"operation": "release"}), more(vec![("force", 0.15, flag())]))),
        1 => calls("claim_item", with(json!({"operation": "renew"}), more(vec![("ttl_seconds", 0.5, ttl())]))),
        2 => calls("claim_item", with(json!({"operation": "handoff"}), more(vec![("to", 0.98, to), ("force", 0.15, flag())]))),
        1 => calls("claim_item", with(json!({"operation": "list"}), vec![
            ("item_id", 0.2, item()), ("mine", 0.4, flag()), ("limit", 0.3, limit()),
        ])),
    ]
    .boxed()
}

/// What reports are narrowed by.
fn narrowed(mut more: Vec<Field>) -> BoxedStrategy<Value> {
    more.push(("project", 0.15, project()));
    more.push(("workspace", 0.1, words(&["house", "yard"])));
    object(more)
}

fn next() -> Calls {
    let next = vec![
        ("limit", 0.4, limit()),
        ("tags", 0.15, words(&["stone", "wood,oak"])),
        ("item_type", 0.1, words(&["task", "quick"])),
        ("claim", 0.35, flag()),
        ("explain", 0.2, flag()),
    ];
    prop_oneof![
        3 => calls("get_next_item", narrowed(next)),
        1 => calls("get_blocked_items", narrowed(vec![("limit", 0.3, limit())])),
    ]
    .boxed()
}

fn filters() -> Vec<Field> {
    vec![
        ("status", 0.25, words(&["queue", "work,review", "done", "blocked,cancelled", "open"])),
        ("priority", 0.15, words(&["high", "critical,low"])),
        ("parent_id", 0.12, prop_oneof![3 => item(), 1 => words(&["root"]), 1 => Just(Value::Null)].boxed()),
        ("tags", 0.15, words(&["stone", "wood,task"])),
        ("item_type", 0.08, words(&["task", "again"])),
        ("search", 0.2, words(&["roof", "STONE", "oak door", "sto", "...", "plan first"])),
        ("claimed", 0.15, flag()),
        ("updated_since", 0.08, words(&["2005-01-01", "2019-01-01T00:00:00"])),
    ]
}

fn sorts() -> BoxedStrategy<Value> {
    words(&["created", "-created", "updated", "-updated", "priority", "-priority", "due", "-due", "size"])
}

/// What a list that is read page by page may be asked for.
fn paged() -> BoxedStrategy<Value> {
    let mut fields = filters();
    fields.push(("sort", 0.7, sorts()));
    // Mostly of everything, or there would be one page.
    for field in &mut fields {
        field.1 /= 2.0;
    }
    narrowed(fields)
}

fn reading() -> Calls {
    let mut lists = filters();
    lists.push(("operation", 0.3, words(&["list"])));
    lists.push(("sort", 0.5, sorts()));
    lists.push(("limit", 0.3, limit()));
    lists.push(("offset", 0.15, any(&[json!(1), json!("3"), json!(0)])));
    lists.push(("fields", 0.1, words(&["id,title", "id,version,reason,claimed_by", "id,titel"])));
    let get = vec![
        ("item_id", 0.99, item()),
        ("include_ancestors", 0.3, flag()),
        ("fields", 0.1, words(&["title,description", "id,previous_status"])),
    ];
    let children = vec![("parent_id", 0.7, item()), ("item_id", 0.4, item()), ("limit", 0.2, limit())];
    let one = vec![("item_id", 1.0, item()), ("include_ancestors", 0.3, flag())];
    let history = vec![
        ("item_id", 0.3, item()),
        ("kind", 0.3, words(&["status_changed", "claim_taken,claim_ended", "item_updated"])),
        ("limit", 0.5, limit()),
        ("cursor", 0.3, any(&[json!(0), json!(3), json!(1000), json!(-1)])),
        ("project", 0.2, project()),
    ];
    prop_oneof![
        5 => calls("query_items", narrowed(lists)),
        3 => calls("query_items", with(json!({"operation": "get"}), get)),
        2 => calls("query_items", with(json!({"operation": "children"}), children)),
        2 => calls("pages", paged()),
        1 => calls("query_items", narrowed(filters()).prop_map(|mut arguments| {
            arguments["operation"] = json!("overview");
            arguments
        }).boxed()),
        3 => calls("get_context", object(one)),
        3 => calls("get_context", narrowed(vec![("limit", 1.0, any(&[json!(1), json!(3), json!(10)])), ("include_archived", 0.3, flag())])),
        1 => calls("manage_schemas", with(json!({"operation": "check"}), vec![("item_id", 0.99, item())])),
        1 => calls("query_history", object(history)),
        1 => calls("get_metrics", narrowed(vec![("days", 0.3, any(&[json!(7), json!(0)]))])),
        1 => calls("export_graph", narrowed(vec![("tags", 0.3, words(&["stone"]))])),
    ]
    .boxed()
}

fn upkeep() -> Calls {
    let archive = vec![
        ("operation", 0.98, words(&["run", "stats", "list"])),
        ("archive_after_days", 0.7, any(&[json!(0), json!(0), json!(30), json!(-1)])),
    ];
    let workspace = vec![
        ("operation", 0.99, words(&["create", "create", "update", "delete", "list", "drop"])),
        ("name", 0.97, words(&["house", "yard", " house ", " "])),
        ("tags", 0.7, any(&[json!("stone, wood"), json!(["oak"]), json!(null)])),
        ("description", 0.3, any(&[json!("The house"), json!(null)])),
        ("memory_tags", 0.2, words(&["m1,m2"])),
        ("clear", 0.1, words(&["tags", "repos"])),
    ];
    let context = vec![
        ("workspace_name", 0.98, words(&["house", "house", "yard"])),
        ("verbosity", 0.7, words(&["minimal", "standard", "full", "loud"])),
        ("project", 0.1, project()),
    ];
    prop_oneof![
        2 => calls("manage_archive", narrowed(archive)),
        3 => calls("manage_workspaces", object(workspace)),
        2 => calls("get_workspace_context", object(context)),
    ]
    .boxed()
}

/// Ids of another store.
fn foreign() -> BoxedStrategy<Value> {
    words(&[
        "f00d0001-aaaa-4bbb-8ccc-000000000001",
        "f00d0002-aaaa-4bbb-8ccc-000000000002",
        "old-7",
        "f00d0004-x",
    ])
}

fn importing() -> Calls {
    let when = || words(&["2001-01-01", "2010-06-01T12:00:00", "2015-01-01T00:00:00Z", "someday"]);
    let item_row = vec![
        ("id", 0.95, foreign()),
        (
            "parent_id",
            0.3,
            prop_oneof![3 => foreign(), 1 => (0..5_usize).prop_map(|n| json!(format!("@{n}!")))].boxed(),
        ),
        ("title", 0.97, title()),
        ("status", 0.5, words(&["queue", "work", "done", "blocked", "cancelled", "finished"])),
        ("priority", 0.3, words(&["high", "low"])),
        ("tags", 0.3, words(&["stone", "wood,oak"])),
        ("project", 0.15, words(&["alpha", "gamma"])),
        ("due_at", 0.2, words(&["2002-02-02", "9999-12-31"])),
        ("version", 0.2, any(&[json!(3)])),
        ("created_at", 0.9, when()),
        ("updated_at", 0.5, when()),
        ("colour", 0.1, words(&["red"])),
    ];
    let note_row = vec![
        ("id", 0.7, words(&["note-1", "note-2"])),
        ("item_id", 0.98, foreign()),
        ("key", 0.98, words(&["spec", "decision"])),
        ("body", 0.9, words(&["Stone"])),
        ("created_at", 0.8, when()),
    ];
    let edge_row = vec![
        ("id", 0.7, words(&["edge-1", "edge-2", "note-1"])),
        ("from_id", 0.98, foreign()),
        ("to_id", 0.98, foreign()),
        ("dep_type", 0.3, words(&["blocks", "relates_to", "holds"])),
        ("unblock_at", 0.2, thresholds()),
    ];
    let document = object(vec![
        ("items", 0.98, prop::collection::vec(object(item_row), 0..4).prop_map(Value::Array).boxed()),
        ("notes", 0.5, prop::collection::vec(object(note_row), 0..3).prop_map(Value::Array).boxed()),
        ("dependencies", 0.5, prop::collection::vec(object(edge_row), 0..3).prop_map(Value::Array).boxed()),
    ]);
    calls(
        "import_graph",
        object(vec![
            ("data", 0.99, document),
            ("mode", 0.4, words(&["merge", "merge", "replace", "both"])),
            ("force", 0.3, flag()),
        ]),
    )
}
