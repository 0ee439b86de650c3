// The official TypeScript SDKs against the real programs: `@modelcontextprotocol/sdk` (with `initialize`) and its
// successor `@modelcontextprotocol/client` (both lifecycles). Usage: node sdk_typescript.mjs SHIM EMPTY_HOME

const [shim, home] = process.argv.slice(2);

function check(what, met, seen) {
  if (!met) {
    console.error(`sdk_typescript: ${what}; got: ${JSON.stringify(seen)}`);
    process.exit(1);
  }
}

async function play(client, how) {
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  for (const name of ["manage_items", "advance_item", "get_context"]) {
    check(`${name} is listed`, names.includes(name), names);
  }
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args });
    return [result.isError === true, JSON.parse(result.content[0].text)];
  };
  let [refused, made] = await call("create_work_tree", {
    root_title: `From TypeScript, ${how}`,
    children: [{ ref: "a", title: "A" }, { ref: "b", title: "B" }],
    deps: [{ from: "a", to: "b" }],
  });
  check("a tree is made", !refused && made.children.length === 2, made);
  let answer;
  [refused, answer] = await call("advance_item", { item_id: made.ref_map.b, trigger: "start" });
  check("what waits is refused", refused && answer.error.code === "DEPENDENCY_UNSATISFIED", answer);
  [refused, answer] = await call("advance_item", { item_id: made.ref_map.a, trigger: "complete" });
  check("a completion unblocks", !refused && answer.unblocked_items[0].title === "B", answer);
  [refused, answer] = await call("get_context", {});
  check("the dashboard counts", !refused && answer.counts.queue >= 2, answer);
  [refused, answer] = await call("query_items", { operation: "get", item_id: "00000000" });
  check("an unknown id is refused", refused && answer.error.code === "NOT_FOUND", answer);

  const { prompts } = await client.listPrompts();
  check("seven prompts are listed", prompts.length === 7, prompts);
  const prompt = await client.getPrompt({ name: "session_start" });
  check("a prompt has text", prompt.messages[0].content.text.length > 20, prompt);
  try {
    const result = await client.callTool({ name: "explode", arguments: {} });
    check("an unknown tool is an error", result.isError === true, result);
  } catch (error) {
    check("an unknown tool is named", String(error).includes("explode"), String(error));
  }
}

// Lists, reads, completes; then one client watches what the other one writes.
async function watch(client, writer, updates, listens) {
  const { resources } = await client.listResources();
  const uris = resources.map((resource) => resource.uri);
  check("the fixed resources are listed", uris.includes("task://context") && uris.includes("task://guide/claims"), uris);
  const { resourceTemplates } = await client.listResourceTemplates();
  check("the templates are listed", resourceTemplates.length === 2, resourceTemplates);
  const read = async (uri) => (await client.readResource({ uri })).contents[0];
  for (const uri of uris) check(`${uri} can be read`, (await read(uri)).text.length > 0, uri);

  const write = async (args) => JSON.parse((await writer.callTool({ name: "manage_items", arguments: args })).content[0].text);
  const { id } = await write({ operation: "create", title: "Watched by TypeScript" });
  const ref = { type: "ref/resource", uri: "task://item/{id}" };
  const { completion } = await client.complete({ ref, argument: { name: "id", value: id.slice(0, 5) } });
  check("an id completes", completion.values.includes(id), completion);
  try {
    check("an unknown item is an error", false, await read("task://item/ffffffff"));
  } catch (error) {
    check("an unknown item is named", String(error).includes("ffffffff"), String(error));
  }

  const uri = `task://item/${id}`;
  const stream = listens ? await client.listen({ resourceSubscriptions: [uri] }) : undefined;
  if (!listens) await client.subscribeResource({ uri });
  await write({ operation: "update", item_id: id, title: "Changed" });
  const patience = new Promise((_, reject) => setTimeout(reject, 10_000, new Error("no update came")).unref());
  const updated = await Promise.race([updates.first, patience]);
  check("the update names what is watched", updated === uri, updated);
  check("what was written is read", JSON.parse((await read(uri)).text).item.title === "Changed", uri);
  await stream?.close();
}

async function run(what, Client, Transport, options, kind) {
  const connect = async () => {
    const client = new Client({ name: "ci", version: "1" }, options);
    await client.connect(new Transport({ command: shim, env: { HOME: home } }));
    return client;
  };
  const [client, writer] = [await connect(), await connect()];
  check("the server says who it is", client.getServerVersion()?.name === "task-orchestrator", client.getServerVersion());
  await play(client, what);
  const updates = {};
  updates.first = new Promise((resolve) => {
    client.setNotificationHandler(kind, (notification) => resolve(notification.params.uri));
  });
  await watch(client, writer, updates, options.versionNegotiation?.mode === "auto");
  await client.close();
  await writer.close();
  console.log(`sdk_typescript: ${what} is well`);
}

const first = await import("@modelcontextprotocol/sdk/client/index.js");
const firstStdio = await import("@modelcontextprotocol/sdk/client/stdio.js");
const firstTypes = await import("@modelcontextprotocol/sdk/types.js");
const kind = firstTypes.ResourceUpdatedNotificationSchema;
await run("sdk with initialize", first.Client, firstStdio.StdioClientTransport, {}, kind);

const second = await import("@modelcontextprotocol/client");
const secondStdio = await import("@modelcontextprotocol/client/stdio");
for (const mode of ["legacy", "auto"]) {
  const options = { versionNegotiation: { mode } };
  const kind = "notifications/resources/updated";
  await run(`client, mode ${mode}`, second.Client, secondStdio.StdioClientTransport, options, kind);
}
