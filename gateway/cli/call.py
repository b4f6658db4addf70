"""`gateway call`: one tool call, from the command line."""

import asyncio
import json
from typing import Annotated, Any

from cyclopts import Parameter
from fastmcp.exceptions import ToolError
from fastmcp.tools.base import ToolResult
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from gateway.cli.options import AsJson, ConfigFile
from gateway.cli.output import Exit, print_error, print_json, print_text
from gateway.cli.serving import gateway_from
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
    gateway, _ = gateway_from(config, quiet=True)
    try:
        result = asyncio.run(_call(gateway, tool, given))
    except MCPError as error:
        print_error(error.error.message)
        return _exit_of(error.error.code)
    except ToolError as error:
        print_error(str(error))
        return Exit.FAILED
    _print(result, as_json)
    return Exit.FAILED if result.is_error else Exit.WELL


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


def _print(result: ToolResult, as_json: bool) -> None:
    if as_json:
        wire = {"content": [each.model_dump(by_alias=True, mode="json", exclude_none=True) for each in result.content]}
        print_json(wire | {"structuredContent": result.structured_content, "isError": result.is_error})
        return
    for each in result.content:
        print_text(each.text if isinstance(each, TextContent) else f"[{each.type}]")
