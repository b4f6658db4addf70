// The client of the TypeScript SDK v2: `node client_v2.mjs URL MODE CALLS`, where MODE is `legacy` or `auto`.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url, mode, calls] = process.argv.slice(2);
const client = new Client({ name: "client-v2", version: "1.0.0" }, { versionNegotiation: { mode } });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const listed = (await client.listTools()).tools.map((tool) => tool.name);
const said = {};
for (const [name, given] of Object.entries(JSON.parse(calls))) {
  said[name] = (await client.callTool({ name, arguments: given })).content[0].text;
}
await client.close();
console.log(JSON.stringify({ listed, said }));
