//! docs/prompts-and-resources.md: what the server lists, and one prompt as it comes.

use std::fmt::Write;

use e2e::{TestEnv, Value, json};

use crate::is_up_to_date;

const HEAD: &str = "# Prompts and resources

Made from what the server lists. Clients show prompts as commands of a conversation (`/mcp__task-orchestrator__session_start`, say) and
resources as what may be attached to one. Neither changes anything.

## Prompts

Each is written when it is asked for: it names the item, what holds it back and the calls that come next, as they are then.

| prompt | what for | arguments |
|---|---|---|
";

const RESOURCES: &str = "
## Resources

| resource | what it is | type |
|---|---|---|
";

const UPDATES: &str = "
An id may be shortened to 4 characters. Each resource can be subscribed to: with `resources/subscribe` where a session began with
`initialize`, with `subscriptions/listen` where it did not. A change in any session sends `notifications/resources/updated` for what
it touches, many changes in a moment only one; the client reads it again then. When config.yaml changes what tools or prompts say,
`notifications/tools/list_changed` and `notifications/prompts/list_changed` are sent. A client may ask for completions of ids
(`completion/complete`): for `item_id` and `parent_id` of the prompts, and for the two templates above.

## A prompt as it comes

";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn the_page_of_prompts_and_resources_is_up_to_date() {
    let env = TestEnv::new();
    let agent = env.agent("ann");
    let mut page = HEAD.to_owned();
    let list = |method: &str, key: &str| {
        agent.rpc(method, json!({}))[key].as_array().cloned().expect("the server lists them")
    };
    for prompt in list("prompts/list", "prompts") {
        let arguments = prompt["arguments"].as_array().cloned().unwrap_or_default();
        let arguments = arguments.iter().map(|argument| {
            let need = if argument["required"] == true { "" } else { " (may be left out)" };
            format!("`{}`{need}: {}", text(&argument["name"]), text(&argument["description"]))
        });
        let (name, title) = (text(&prompt["name"]), text(&prompt["title"]));
        let arguments = arguments.collect::<Vec<_>>().join("; ");
        let _ = writeln!(page, "| `{name}` | {title}: {} | {arguments} |", text(&prompt["description"]));
    }
    page.push_str(RESOURCES);
    let resources = list("resources/list", "resources");
    let templates = list("resources/templates/list", "resourceTemplates");
    for resource in resources.iter().chain(&templates) {
        let uri = if resource["uri"].is_null() { &resource["uriTemplate"] } else { &resource["uri"] };
        let (title, kind) = (text(&resource["title"]), text(&resource["mimeType"]));
        let _ = writeln!(page, "| `{}` | {title}: {} | {kind} |", text(uri), text(&resource["description"]));
    }
    page.push_str(UPDATES);
    let prompt = agent.rpc("prompts/get", json!({"name": "session_start", "arguments": {}}));
    let said = text(&prompt["messages"][0]["content"]["text"]);
    let quoted = said.lines().map(|line| format!("> {line}").trim_end().to_owned());
    let _ =
        writeln!(page, "`session_start`, in an empty store:\n\n{}", quoted.collect::<Vec<_>>().join("\n"));
    is_up_to_date("docs/prompts-and-resources.md", &page);
}
