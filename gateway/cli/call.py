"""`gateway call`: one tool call, from the command line."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from mcp_types import CallToolResult, Tool

from gateway.cli import build_app
from gateway.cli.options import AsJson, At, BearerEnv, ConfigFile, Deadline
from gateway.cli.output import Exit, print_error, print_json, print_text
from gateway.cli.serving import keep_quiet
from gateway.cli.target import connected
from gateway.client import Server, text_of
from gateway.client.document import MOST_YAML_BYTES, read, read_file
from gateway.client.flags import CURE, arguments_from
from gateway.client.schema import faults_of, parameters_of
from gateway.errors import InvalidRequest, UnknownName

Given = dict[str, Any]


def call(
    tool: Annotated[str, Parameter(show_default=False, help="Public name, as `gateway list` shows it.")] = "",
    /,
    *arguments: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            show_default=False,
            help="The tool's own arguments: --limit 10, or key=value, where a value that is JSON counts as JSON.",
        ),
    ],
    file: Annotated[
        str | None, Parameter(allow_leading_hyphen=True, help="File with the arguments, JSON or YAML; - is stdin.")
    ] = None,
    arguments_json: Annotated[str, Parameter(name="--arguments", help="All arguments as one JSON object.")] = "{}",
    at: At = None,
    bearer_env: BearerEnv = None,
    deadline: Deadline = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    help: Annotated[
        bool, Parameter(name=("--help", "-h"), negative="", help="The arguments of the tool that is named.")
    ] = False,
) -> Exit:
    """Call one tool and print its result: `gateway call data_process --text hello --operation uppercase`."""
    if not tool or tool.startswith("-"):
        return _without_tool(help)
    given = _whole(file, arguments_json)
    keep_quiet()
    return asyncio.run(_run(tool, arguments, given, (at, bearer_env, config), deadline, help, as_json))


def _without_tool(help: bool) -> Exit:
    if help:
        build_app().help_print(["call"])
        return Exit.WELL
    print_error("no tool is named", "`gateway list` shows them; the name comes first, and its arguments follow.")
    return Exit.USAGE


async def _run(
    tool: str,
    words: tuple[str, ...],
    given: Given,
    where: tuple[str | None, str | None, Path | None],
    deadline: float | None,
    help: bool,
    as_json: bool,
) -> Exit:
    """Make the call; with `help`, nothing is called, and what the tool takes is printed."""
    at, bearer_env, config = where
    async with connected(at, bearer_env, config, [tool]) as server:
        found = await _found(server, tool)
        if help:
            _show(tool, found)
            return Exit.WELL
        schema = found.input_schema if found is not None else {}
        if found is None and any(word.startswith("-") for word in words):
            raise _unknown(tool)  # its flags cannot be understood; without any, the server has its own words for it
        arguments = given | arguments_from(words, parameters_of(schema))
        if faults := faults_of(schema, arguments):
            raise InvalidRequest(f"The arguments of {tool} do not fit: {'; '.join(faults)}. {CURE}")
        return _tell(await server.call(tool, arguments, deadline=deadline), server, as_json)


def _tell(result: CallToolResult, server: Server, as_json: bool) -> Exit:
    if as_json:
        print_json(result.model_dump(by_alias=True, mode="json", exclude_none=True))
    elif result.is_error:
        print_error(server.masked(text_of(result)) or "the tool failed, and does not say why")
    elif result.content:
        print_text(text_of(result))
    return Exit.FAILED if result.is_error else Exit.WELL


async def _found(server: Server, tool: str) -> Tool | None:
    return next((each for each in await server.tools() if each.name == tool), None)


def _unknown(tool: str) -> UnknownName:
    return UnknownName(f"Unknown tool '{tool}'. List the tools to see what there is.")


def _whole(file: str | None, text: str) -> Given:
    """The arguments that come as one object, from a file and from the command line, which goes over it."""
    from_file: Any = {}
    if file == "-":
        from_file = read(sys.stdin.buffer.read(MOST_YAML_BYTES + 1), "stdin", as_yaml=True)
    elif file is not None:
        from_file = read_file(Path(file))
    if not isinstance(from_file, dict):
        raise InvalidRequest(f"{'stdin' if file == '-' else file}: is no object. Write the arguments as key: value.")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidRequest("--arguments is not a JSON object. Write key=value, or one JSON object after --arguments.")
    return from_file | given


def _show(tool: str, found: Tool | None) -> None:
    """What a tool is and takes."""
    if found is None:
        raise _unknown(tool)
    print_text(f"{tool}: {(found.description or 'says nothing of itself').strip()}\n")
    for name, each in parameters_of(found.input_schema).items():
        flag = f"--{name}, --no-{name}" if each.kinds == {"boolean"} else f"--{name}"
        default = f"; {json.dumps(each.default, ensure_ascii=False)} if left out" if each.default is not None else ""
        print_text(f"{flag}  {'required, ' if each.required else ''}{each.takes}{default}")
        if each.description:
            print_text(f"    {each.description.partition(chr(10))[0][:200]}")
