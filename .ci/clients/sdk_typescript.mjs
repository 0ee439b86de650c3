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

async function run(what, Client, Transport, options) {
  const client = new Client({ name: "ci", version: "1" }, options);
  await client.connect(new Transport({ command: shim, env: { HOME: home } }));
  check("the server says who it is", client.getServerVersion()?.name === "task-orchestrator", client.getServerVersion());
  await play(client, what);
  await client.close();
  console.log(`sdk_typescript: ${what} is well`);
}

const first = await import("@modelcontextprotocol/sdk/client/index.js");
const firstStdio = await import("@modelcontextprotocol/sdk/client/stdio.js");
await run("sdk with initialize", first.Client, firstStdio.StdioClientTransport, {});

const second = await import("@modelcontextprotocol/client");
const secondStdio = await import("@modelcontextprotocol/client/stdio");
for (const mode of ["legacy", "auto"]) {
  const options = { versionNegotiation: { mode } };
  await run(`client, mode ${mode}`, second.Client, secondStdio.StdioClientTransport, options);
}
