"""`gateway up`: serve, and say where and what."""

import asyncio
import signal
import socket
from collections.abc import Coroutine
from contextlib import nullcontext, suppress
from functools import partial
from typing import Annotated, Any

import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from gateway.app import gateway_of
from gateway.cli.options import ConfigFile
from gateway.cli.output import Exit, say
from gateway.cli.serving import gateway_from, read, state_of, tools, upstream_rows
from gateway.cli.workers import in_workers, reading
from gateway.config.load import Loaded
from gateway.errors import CannotListen
from gateway.process.listen import bind, origin, reserve, share
from gateway.process.workers import Ended, Worker
from gateway.server import VERSION, Gateway

Port = Annotated[
    int | None,
    Parameter(help="Port to bind, instead of server.port; 0 takes a free one.", validator=Number(gte=0, lte=65535)),
]
WorkerCount = Annotated[
    int | None,
    Parameter(help="Processes to serve with, instead of server.workers.", validator=Number(gte=1, lte=100)),
]


def up(
    service: Annotated[str, Parameter(help="Serve this one service alone.")] = "",
    *,
    config: ConfigFile = None,
    host: Annotated[str | None, Parameter(help="Address to bind, instead of server.host.")] = None,
    port: Port = None,
    workers: WorkerCount = None,
    stdio: Annotated[bool, Parameter(negative="", help="Speak MCP over stdin and stdout instead of HTTP.")] = False,
) -> Exit:
    """Serve the configured services and upstreams at one MCP URL, until interrupted."""
    gateway, loaded = gateway_from(config, service)
    server = loaded.config.server
    if stdio:
        if workers is not None:
            raise CannotListen("One process speaks over stdin and stdout. Leave --workers out, or --stdio.")
        _run(gateway.run_stdio_async(show_banner=False))
        return Exit.WELL
    count = workers or server.workers
    where = host or server.host, server.port if port is None else port
    if count == 1:
        serve(gateway, loaded, bind(*where))
        return Exit.WELL
    with reserve(*where) as reserved:
        gateway.check_reach([reserved])
        became = in_workers(loaded, count, reserved)
        if isinstance(became, Ended):
            return Exit.WELL if became.well else Exit.FAILED
        gateway = gateway_of(reading(loaded, partial(read, config, service), became), became)
        serve(gateway, gateway.reloader.loaded, share(reserved), became)
    return Exit.WELL


def serve(gateway: Gateway, loaded: Loaded, listener: socket.socket, worker: Worker | None = None) -> None:
    """Serve over HTTP at `listener` until interrupted, and say where and what."""
    server = loaded.config.server
    url = (server.public_url or origin(listener)) + server.path

    def on_ready() -> None:
        if worker is not None:
            worker.ready()
        if worker is None or worker.is_first:
            _announce(gateway, loaded, url)

    async def serving() -> None:
        with nullcontext() if worker is None else worker.while_parent_lives():
            await gateway.run_http_async(show_banner=False, sockets=[listener])

    gateway.on_ready = on_ready
    _run(serving())


def _run(serving: Coroutine[Any, Any, None]) -> None:
    """Until it ends, or SIGINT or SIGTERM comes: to be stopped is what it is for, and no failure."""
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        # A shell has its background jobs ignore SIGINT; asyncio would leave it so, and both signals would be lost.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        runner.run(serving)


def _announce(gateway: Gateway, loaded: Loaded, url: str) -> None:
    """What a person wants to know once it serves; on stderr, so that stdout stays the protocol's."""
    runtime = gateway.runtime
    routes = runtime.catalog.routes["tool"].values()
    say(f"\ngateway {VERSION} is serving {tools(len(routes))} at\n\n    {url}\n")
    for name in runtime.services:
        say(f"  service   {name:<14} {tools(sum(route.namespace == name for route in routes))}")
    for row in upstream_rows(runtime.upstreams):
        say(f"  upstream  {row['namespace']:<14} {state_of(row)}")
    say(f"  open to   {_open_to(gateway)}")
    for note in loaded.notes:
        say(f"  note      {note}")
    say(f"\nConnect Claude Code:  claude mcp add --transport http gateway {url}")
    say(f'Cursor, and others:   {{"mcpServers": {{"gateway": {{"url": "{url}"}}}}}}')
    say("Stop with Ctrl-C.\n")


def _open_to(gateway: Gateway) -> str:
    if gateway.auth is not None:
        return "callers with a key or token"
    if gateway.runtime.config.server.insecure_allow_unauthenticated:
        return "everybody who reaches it, no key needed"
    return "this machine only, no key needed"
