"""`gateway monitor`: how an MCP server does, once or every few seconds, for a person or a script."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from gateway.cli.monitor_view import line, live
from gateway.cli.options import AsJson, BearerEnv, ConfigFile
from gateway.cli.output import EXIT_OF_STATE, Exit, print_json_line, print_text
from gateway.cli.serving import keep_quiet
from gateway.cli.target import bearer_from
from gateway.client import Health, Server, check, watch
from gateway.client.flags import arguments_from
from gateway.client.health import DEADLINE
from gateway.config.load import load
from gateway.errors import InvalidRequest

POSITIVE = validators.Number(gt=0)


def monitor(
    url: Annotated[
        str, Parameter(show_default=False, help="URL of any MCP server; else the gateway that is configured here.")
    ] = "",
    /,
    *arguments: Annotated[str, Parameter(show_default=False, help="key=value pairs for --call.")],
    call: Annotated[str, Parameter(help="Tool to call each time. Choose one that changes nothing.")] = "",
    every: Annotated[
        float | None, Parameter(validator=POSITIVE, help="Seconds from one look to the next; else it looks once.")
    ] = None,
    count: Annotated[int | None, Parameter(validator=POSITIVE, help="Looks after which it ends, with --every.")] = None,
    deadline: Annotated[float, Parameter(validator=POSITIVE, help="Seconds that one look may take.")] = DEADLINE,
    bearer_env: BearerEnv = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> Exit:
    """Connect, list everything, call a tool if one is named, and print how that went, as the status tells too."""
    keep_quiet()
    server = Server(url or _configured(config), bearer=bearer_from(bearer_env))
    given = arguments_from(arguments, {})
    if given and not call:
        raise InvalidRequest("Arguments are given, and no tool to call. Name it with --call.")
    if every is None:
        looks = _once(server, call, given, deadline)
    else:
        looks = watch(server, every, call, given, deadline=deadline)
    with _shown(as_json, is_live=every is not None) as show:
        return EXIT_OF_STATE[asyncio.run(_last(looks, show, count)).state]


async def _once(server: Server, tool: str, arguments: dict[str, object], deadline: float) -> AsyncGenerator[Health]:
    yield await check(server, tool, arguments, deadline=deadline)


async def _last(looks: AsyncGenerator[Health], show: Callable[[Health], None], count: int | None) -> Health:
    seen = 0
    async with contextlib.aclosing(looks):
        async for health in looks:
            show(health)
            seen += 1
            if seen == count:
                break
    return health


@contextlib.contextmanager
def _shown(as_json: bool, *, is_live: bool) -> Generator[Callable[[Health], None]]:
    """What to do with each look: a line of JSON or of text, or a table that lives where somebody watches."""
    if as_json:
        yield lambda health: print_json_line(asdict(health))
    elif is_live and sys.stdout.isatty():
        with live() as show:
            yield show
    else:
        yield lambda health: print_text(line(health))


def _configured(config: Path | None) -> str:
    """Where the configured gateway serves, as seen from this machine."""
    server = load(config).config.server
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.host, server.host)
    return f"http://{host}:{server.port}{server.path}"
