"""`gateway call`: one tool call, from the command line."""

import asyncio
import json
from typing import Annotated, Any

from cyclopts import Parameter
from fastmcp.exceptions import ToolError
from fastmcp.tools.base import InputRequiredToolResult, ToolResult
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_error, print_json, print_text
from gateway.cli.serving import gateway_from, keep_quiet
from gateway.errors import UPSTREAM_CODES, Forbidden
from gateway.server import Gateway


def call(
    tool: Annotated[str, Parameter(help="Public name, as `gateway list` shows it.")],
    *arguments: Annotated[str, Parameter(help="key=value pairs; a value that is JSON counts as JSON.")],
    config: ConfigFile = None,
    arguments_json: Annotated[str, Parameter(name="--arguments", help="All arguments as one JSON object.")] = "{}",
    as_json: AsJson = False,
) -> Exit:
    """Call one tool and print its result: `gateway call data_process text=hello operation=uppercase`."""
    try:
        given = _parsed(arguments, arguments_json)
    except ValueError as error:
        print_error(str(error), "Write key=value, or one JSON object after --arguments.")
        return Exit.USAGE
    keep_quiet()
    gateway, _ = gateway_from(config)
    try:
        result = asyncio.run(_call(gateway, tool, given))
    except MCPError as error:
        print_error(error.error.message)
        return _exit_of(error.error.code)
    except ToolError as error:
        print_error(str(error))
        return Exit.FAILED
    return _told(result, as_json)


async def _call(gateway: Gateway, tool: str, arguments: dict[str, Any]) -> ToolResult:
    async with gateway.opened():
        upstream = gateway.runtime.upstreams.get(tool.partition("_")[0])
        if upstream is not None:
            await upstream.first_round()  # a program may take longer to start than the gateway waits for it
        return await gateway.call_tool(tool, arguments)


def _parsed(pairs: tuple[str, ...], whole: str) -> dict[str, Any]:
    try:
        given = json.loads(whole)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ValueError("--arguments is not a JSON object")
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ValueError("an argument is not key=value")
        given[key] = _value(value)
    return given


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _exit_of(code: int) -> Exit:
    if code in UPSTREAM_CODES:
        return Exit.UPSTREAM_DOWN
    return Exit.NOT_ALLOWED if code == Forbidden.code else Exit.FAILED


def _told(result: ToolResult, as_json: bool) -> Exit:
    if isinstance(result, InputRequiredToolResult):
        print_error("the tool asks its caller for something, which this command cannot give", "Use an MCP client.")
        return Exit.FAILED
    wire = _on_the_wire(result)
    if as_json:
        print_json(wire.model_dump(by_alias=True, mode="json", exclude_none=True))
    else:
        for each in wire.content:
            print_text(each.text if isinstance(each, TextContent) else f"[{each.type}]")
    return Exit.FAILED if wire.is_error else Exit.WELL


def _on_the_wire(result: ToolResult) -> CallToolResult:
    """The result as a client gets it. FastMCP has shorter forms for what is plain."""
    found = result.to_mcp_result()
    if isinstance(found, CallToolResult):
        return found
    content, structured = found if isinstance(found, tuple) else (found, None)
    return CallToolResult(content=content, structured_content=structured)
