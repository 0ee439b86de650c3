//! What a call must have where one of several forms will do, which a schema's `required` cannot say: for people who ask, and the page
//! of tools. Catalogues of sessions do not pay for it.

/// The forms of a tool's calls, each with all that it needs; none where `required` says it all. A word is a name, `name=word`, or
/// several of which one is wanted: `a|b`.
pub(crate) fn forms(tool: &str) -> &'static [&'static str] {
    FORMS.iter().find(|(name, _)| *name == tool).map_or(&[], |(_, forms)| forms)
}

const FORMS: &[(&str, &[&str])] = &[
    ("advance_item", &["item_id trigger", "transitions"]),
    (
        "claim_item",
        &[
            "operation=claim item_id|resource",
            "operation=release item_id|resource",
            "operation=renew item_id|resource",
            "operation=handoff item_id|resource to",
            "operation=list",
        ],
    ),
    ("create_work_tree", &["root_title|parent_id"]),
    (
        "manage_checkpoints",
        &["operation=create", "operation=list", "operation=restore path", "operation=verify"],
    ),
    (
        "manage_dependencies",
        &[
            "operation=add from_id to_id",
            "operation=add edges",
            "operation=remove from_id to_id",
            "operation=query item_id",
            "operation=pattern item_ids pattern",
        ],
    ),
    (
        "manage_items",
        &[
            "operation=create title",
            "operation=create items",
            "operation=update item_id",
            "operation=delete item_id|ids",
            "operation=restore item_id",
        ],
    ),
    (
        "manage_notes",
        &[
            "operation=upsert item_id key body",
            "operation=upsert notes",
            "operation=delete item_id key",
            "operation=list item_id",
        ],
    ),
    (
        "manage_schemas",
        &["operation=list", "operation=get schema_name", "operation=check item_id", "operation=reload"],
    ),
    (
        "manage_workspaces",
        &["operation=create name", "operation=update name", "operation=delete name", "operation=list"],
    ),
    (
        "query_items",
        &["operation=get item_id", "operation=list", "operation=children parent_id", "operation=overview"],
    ),
    ("query_notes", &["item_id", "search"]),
    ("wait_for", &["item_id", "cursor"]),
];

#[cfg(test)]
mod tests {
    use super::FORMS;
    use crate::{args::Kind, catalog::find};

    #[test]
    fn forms_are_of_arguments_and_operations_that_the_tools_have() {
        for (name, forms) in FORMS {
            let tool = find(name).unwrap();
            let param = |name: &str| tool.params.iter().find(|param| param.name == name).unwrap();
            let mut operations = Vec::new();
            for word in forms.iter().flat_map(|form| form.split(' ')) {
                match word.split_once('=') {
                    Some((name, word)) => {
                        let Kind::Word(words) = param(name).kind else { panic!("{name} takes no word") };
                        assert!(words.contains(&word), "{word}");
                        operations.push(word);
                    }
                    None => word.split('|').for_each(|name| assert!(param(name).shown, "{name}")),
                }
            }
            if let Some(Kind::Word(words)) =
                tool.params.iter().find(|param| param.name == "operation").map(|param| param.kind)
            {
                assert!(words.iter().all(|word| operations.contains(word)), "{name}: {words:?}");
            }
        }
    }
}
