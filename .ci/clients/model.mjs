// A model that knows one answer, for clients that ask one before they do anything: writes what it was asked into FILE, and its address into FILE.url.
// Usage: node model.mjs FILE
import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const [file] = process.argv.slice(2);
const chunk = (delta, finish_reason) => ({ id: "1", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] });
const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
        appendFileSync(file, `${request.method} ${request.url} ${body}\n`);
        response.writeHead(200, { "content-type": "text/event-stream" });
        for (const part of [chunk({ role: "assistant", content: "Well." }, null), chunk({}, "stop")]) response.write(`data: ${JSON.stringify(part)}\n\n`);
        response.end("data: [DONE]\n\n");
    });
});
server.listen(0, "127.0.0.1", () => writeFileSync(`${file}.url`, `http://127.0.0.1:${server.address().port}/v1`));
