"""The official Python SDK (`mcp`, 2.x: both lifecycles; 1.x: `initialize`) against the real programs.

Usage: python sdk_python.py SHIM EMPTY_HOME
"""

import asyncio
import json
import sys
from importlib.metadata import version

from mcp import StdioServerParameters, types

shim, home = sys.argv[1:3]
server = StdioServerParameters(command=shim, env={"HOME": home})


def check(what, met, seen):
    if not met:
        raise SystemExit(f"sdk_python: {what}; got: {seen}")


def address(uri):
    """1.x wants a type of its own for addresses."""
    if not version("mcp").startswith("1."):
        return uri
    from pydantic import AnyUrl

    return AnyUrl(uri)


def attribute(model, *names):
    """The first of several names: 2.x renamed the fields of 1.x."""
    return next(getattr(model, name) for name in names if hasattr(model, name))


def document(answer):
    """A resource's JSON, or the text of a page."""
    content = answer.contents[0]
    is_json = attribute(content, "mime_type", "mimeType") == "application/json"
    return json.loads(content.text) if is_json else content.text


async def read(client, how):
    """Lists, reads and completes; the address of an item to watch."""
    resources = {str(resource.uri) for resource in (await client.list_resources()).resources}
    check("the fixed resources are listed", {"task://context", "task://guide/claims"} <= resources, resources)
    answer = await client.list_resource_templates()
    templates = attribute(answer, "resource_templates", "resourceTemplates")
    templates = {attribute(template, "uri_template", "uriTemplate") for template in templates}
    check("the templates are listed", templates == {"task://item/{id}", "task://guide/{topic}"}, templates)
    for uri in resources:
        check(f"{uri} can be read", document(await client.read_resource(address(uri))), uri)

    result = await client.call_tool("manage_items", {"operation": "create", "title": f"Watched {how}"})
    item = json.loads(result.content[0].text)["id"]
    answer = document(await client.read_resource(address(f"task://item/{item[:6]}")))
    check("an item is read by its first characters", answer["item"]["id"] == item, answer)
    try:
        answer = await client.read_resource(address("task://item/ffffffff"))
    except Exception as error:  # noqa: BLE001  an error of any class is what is wanted
        check("an unknown item is named", "ffffffff" in str(error), error)
    else:
        check("an unknown item is an error", False, answer)

    template = types.ResourceTemplateReference(type="ref/resource", uri="task://item/{id}")
    completed = (await client.complete(template, {"name": "id", "value": f"watched {how.split()[0]}"})).completion
    check("an id completes by its title", item in completed.values, completed)
    prompt = types.PromptReference(type="ref/prompt", name="status_progression")
    completed = (await client.complete(prompt, {"name": "item_id", "value": item[:5]})).completion
    check("an id completes by its beginning", completed.values == [item], completed)
    return item


async def change(client, item):
    await client.call_tool("manage_items", {"operation": "update", "item_id": item, "title": "Changed"})


class Updates:
    """Addresses of updated resources, as an older client is told of them."""

    def __init__(self):
        self.queue = asyncio.Queue()

    async def __call__(self, message):
        notification = getattr(message, "root", message)
        if getattr(notification, "method", None) == "notifications/resources/updated":
            await self.queue.put(str(notification.params.uri))

    async def expect(self, uri):
        updated = await asyncio.wait_for(self.queue.get(), 10)
        check("the update names what is watched", updated == uri, updated)


async def play(client, how):
    tools = (await client.list_tools()).tools
    names = {tool.name for tool in tools}
    check("the core tools are listed", {"manage_items", "advance_item", "get_context"} <= names, names)
    for tool in tools:
        schema = attribute(tool, "input_schema", "inputSchema")
        check(f"{tool.name} has an object schema", schema["type"] == "object", schema)

    async def call(name, arguments):
        result = await client.call_tool(name, arguments)
        return attribute(result, "is_error", "isError"), json.loads(result.content[0].text)

    refused, made = await call(
        "create_work_tree",
        {
            "root_title": f"From Python, {how}",
            "children": [{"ref": "a", "title": "A"}, {"ref": "b", "title": "B"}],
            "deps": [{"from": "a", "to": "b"}],
        },
    )
    check("a tree is made", not refused and len(made["children"]) == 2, made)
    first, second = made["ref_map"]["a"], made["ref_map"]["b"]
    refused, answer = await call("advance_item", {"item_id": second, "trigger": "start"})
    check("what waits is refused", refused and answer["error"]["code"] == "DEPENDENCY_UNSATISFIED", answer)
    refused, answer = await call("advance_item", {"item_id": first, "trigger": "complete"})
    check("a completion unblocks", not refused and answer["unblocked_items"][0]["title"] == "B", answer)
    refused, answer = await call("query_items", {"operation": "list", "limit": "500"})
    check("items are listed", not refused and answer["total"] >= 3, answer)
    refused, answer = await call("manage_items", {"operation": "create", "titel": "x"})
    check("an unknown argument is named", refused and answer["error"]["field"] == "titel", answer)

    prompts = (await client.list_prompts()).prompts
    check("seven prompts are listed", len(prompts) == 7, [prompt.name for prompt in prompts])
    prompt = await client.get_prompt("batch_complete", {"parent_id": made["ref_map"]["root"]})
    check("a prompt has text", "complete_tree" in prompt.messages[0].content.text, prompt)
    try:
        answer = await client.call_tool("explode", {})
    except Exception as error:  # noqa: BLE001  an error of any class is what is wanted
        check("an unknown tool is named", "explode" in str(error), error)
    else:
        check("an unknown tool is an error", attribute(answer, "is_error", "isError"), answer)


async def newer():
    from mcp import Client

    for mode in ("legacy", "auto"):
        updates = Updates()
        async with Client(server, mode=mode, message_handler=updates) as client, Client(server) as writer:
            how = f"{mode} speaking {client.protocol_version}"
            await play(client, how)
            item = await read(client, how)
            uri = f"task://item/{item}"
            if mode == "legacy":
                await client.subscribe_resource(uri)
                await change(writer, item)
                await updates.expect(uri)
            else:
                async with client.listen(resource_subscriptions=[uri]) as stream:
                    await change(writer, item)
                    event = await asyncio.wait_for(anext(aiter(stream)), 10)
                    check("the update names what is watched", event.uri == uri, event)
            answer = document(await client.read_resource(uri))
            check("what was written is read", answer["item"]["title"] == "Changed", answer)
            check("the server says who it is", client.server_info.name == "task-orchestrator", client.server_info)
            print(f"sdk_python {version('mcp')}: {mode} ({client.protocol_version}) is well")


async def older():
    from mcp import ClientSession, stdio_client

    updates = Updates()
    async with (
        stdio_client(server) as mine,
        ClientSession(*mine, message_handler=updates) as session,
        stdio_client(server) as theirs,
        ClientSession(*theirs) as writer,
    ):
        opened = await session.initialize()
        await writer.initialize()
        check("the server says who it is", opened.serverInfo.name == "task-orchestrator", opened)
        await play(session, opened.protocolVersion)
        item = await read(session, opened.protocolVersion)
        uri = f"task://item/{item}"
        await session.subscribe_resource(address(uri))
        await change(writer, item)
        await updates.expect(uri)
        answer = document(await session.read_resource(address(uri)))
        check("what was written is read", answer["item"]["title"] == "Changed", answer)
        print(f"sdk_python {version('mcp')}: {opened.protocolVersion} is well")


asyncio.run(older() if version("mcp").startswith("1.") else newer())
