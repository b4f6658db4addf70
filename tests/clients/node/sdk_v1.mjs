// The client of the TypeScript SDK v1: `node sdk_v1.mjs URL MODE CALLS`. In the mode `remote` it speaks to mcp-remote
// over a pipe, as a desktop client does, and that to the URL.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, mode, calls] = process.argv.slice(2);
const args = ["node_modules/mcp-remote/dist/proxy.js", url, "--allow-http", "--transport", "http-only"];
const transport =
  mode === "remote"
    ? new StdioClientTransport({ command: process.execPath, args })
    : new StreamableHTTPClientTransport(new URL(url));

const client = new Client({ name: "sdk-v1", version: "1.0.0" });
await client.connect(transport);
const listed = (await client.listTools()).tools.map((tool) => tool.name);
const said = {};
for (const [name, given] of Object.entries(JSON.parse(calls))) {
  said[name] = (await client.callTool({ name, arguments: given })).content[0].text;
}
await client.close();
console.log(JSON.stringify({ listed, said }));
