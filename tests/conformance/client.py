"""`python -m tests.conformance.client alone|behind FOLDER URL`: what the suite runs as the client under test.

FastMCP's client, on its own or with a gateway between, does all that it can with what the suite's server offers. What
the suite checks is what reaches that server. FOLDER takes the gateway's log.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.exceptions import FastMCPError
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequestFormParams, ElicitRequestParams, Tool

from tests.conformance.servers import gateway
from tests.conformance.uris import NAMESPACE

MODERN = "2026-07-28"
SAMPLES: Mapping[str, Any] = {
    "string": "text",
    "number": 1.5,
    "integer": 1,
    "boolean": True,
    "object": {},
    "array": [],
    "null": None,
}
"""A value of each type of JSON Schema."""


async def drive(client: Client, prefix: str, wanted: list[dict[str, Any]]) -> None:
    """Call, read and get what `wanted` says, or everything that is listed. `prefix` stands before public names."""
    listed = [(tool.name, arguments(tool)) for tool in await tried(client.list_tools()) or []]
    for name, given in [(prefix + call["name"], call["arguments"]) for call in wanted] or listed:
        await tried(client.call_tool(name, given))
    for resource in await tried(client.list_resources()) or []:
        await tried(client.read_resource(resource.uri))
    await tried(client.list_resource_templates())
    for prompt in await tried(client.list_prompts()) or []:
        await tried(client.get_prompt(prompt.name))


def arguments(tool: Tool) -> dict[str, Any]:
    """Something for each argument that the tool must have."""
    properties = tool.input_schema.get("properties", {})
    return {name: sample(properties.get(name, {})) for name in tool.input_schema.get("required", ())}


def sample(schema: Mapping[str, Any]) -> Any:
    """A value that fits a simple schema: its default, or one of its type."""
    return schema.get("default", SAMPLES.get(schema.get("type", "string")))


async def accept(message: str, response_type: Any, params: ElicitRequestParams, context: Any) -> ElicitResult:
    """The user accepts every form as it stands."""
    if not isinstance(params, ElicitRequestFormParams):
        return ElicitResult(action="decline")
    properties = params.requested_schema.get("properties", {})
    return ElicitResult(action="accept", content={name: sample(each) for name, each in properties.items()})


async def tried(step: Awaitable[Any]) -> Any:
    """Its outcome; a refusal is told and no reason to stop, for the suite judges what was sent."""
    try:
        return await step
    except (FastMCPError, MCPError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return None


async def run(url: str, prefix: str) -> None:
    mode = MODERN if os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"] == MODERN else "legacy"
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    async with Client(url, mode=mode, elicitation_handler=accept) as client:
        await drive(client, prefix, context.get("toolCalls", []))


def main() -> None:
    way, folder, url = sys.argv[1:]
    between = gateway(url, Path(folder)) if way == "behind" else nullcontext(url)
    with between as met:
        asyncio.run(run(met, f"{NAMESPACE}_" if way == "behind" else ""))


if __name__ == "__main__":
    main()
