"""The official Python SDK (`mcp`, 2.x: both lifecycles; 1.x: `initialize`) against the real programs.

Usage: python sdk_python.py SHIM EMPTY_HOME
"""

import asyncio
import json
import sys
from importlib.metadata import version

from mcp import StdioServerParameters

shim, home = sys.argv[1:3]
server = StdioServerParameters(command=shim, env={"HOME": home})


def check(what, met, seen):
    if not met:
        raise SystemExit(f"sdk_python: {what}; got: {seen}")


def attribute(model, *names):
    """The first of several names: 2.x renamed the fields of 1.x."""
    return next(getattr(model, name) for name in names if hasattr(model, name))


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
        async with Client(server, mode=mode) as client:
            await play(client, f"{mode} speaking {client.protocol_version}")
            check("the server says who it is", client.server_info.name == "task-orchestrator", client.server_info)
            print(f"sdk_python {version('mcp')}: {mode} ({client.protocol_version}) is well")


async def older():
    from mcp import ClientSession, stdio_client

    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        opened = await session.initialize()
        check("the server says who it is", opened.serverInfo.name == "task-orchestrator", opened)
        await play(session, opened.protocolVersion)
        print(f"sdk_python {version('mcp')}: {opened.protocolVersion} is well")


asyncio.run(older() if version("mcp").startswith("1.") else newer())
