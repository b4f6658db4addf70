"""`gateway up`: serve, and say where and what."""

import asyncio
import errno
import socket
from contextlib import suppress
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.options import ConfigFile
from gateway.cli.output import Exit, print_error, say
from gateway.cli.serving import gateway_from, state_of, upstream_rows
from gateway.config.load import Loaded
from gateway.server import VERSION, Gateway

BACKLOG = 2048


def up(
    service: Annotated[str, Parameter(help="Serve this one service alone.")] = "",
    *,
    config: ConfigFile = None,
    host: Annotated[str | None, Parameter(help="Address to bind, instead of server.host.")] = None,
    port: Annotated[int | None, Parameter(help="Port to bind, instead of server.port; 0 takes a free one.")] = None,
    stdio: Annotated[bool, Parameter(negative="", help="Speak MCP over stdin and stdout instead of HTTP.")] = False,
) -> Exit:
    """Serve the configured services and upstreams at one MCP URL, until interrupted."""
    gateway, loaded = gateway_from(config, service)
    with suppress(KeyboardInterrupt):
        if stdio:
            asyncio.run(gateway.run_stdio_async(show_banner=False))
            return Exit.WELL
        return _http(gateway, loaded, host or loaded.config.server.host, port)
    return Exit.WELL


def _http(gateway: Gateway, loaded: Loaded, host: str, port: int | None) -> Exit:
    wanted = loaded.config.server.port if port is None else port
    gateway.check_bind(host)
    try:
        listener = _listen(host, wanted)
    except OSError as error:
        print_error(*_why_not(error, host, wanted))
        return Exit.FAILED
    bound = listener.getsockname()[1]
    url = f"http://{_in_url(host)}:{bound}{loaded.config.server.path}"
    gateway.on_ready = lambda: _announce(gateway, loaded, url)
    asyncio.run(gateway.run_http_async(show_banner=False, host=host, port=bound, sockets=[listener]))
    return Exit.WELL


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _why_not(error: OSError, host: str, port: int) -> tuple[str, str]:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program", "Choose another with --port, or --port 0."
    if error.errno == errno.EACCES:
        return f"port {port} needs rights that this user does not have", "Choose one above 1023 with --port."
    return f"cannot listen on {host}: {error.strerror or 'no such address'}", "Check --host or server.host."


def _in_url(host: str) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{shown}]" if ":" in shown else shown


def _announce(gateway: Gateway, loaded: Loaded, url: str) -> None:
    """What a person wants to know once it serves; on stderr, so that stdout stays the protocol's."""
    runtime = gateway.runtime
    tools = list(runtime.catalog.routes["tool"].values())
    say(f"\ngateway {VERSION} is serving {len(tools)} tools at\n\n    {url}\n")
    for name in runtime.services:
        count = sum(route.namespace == name for route in tools)
        say(f"  service   {name:<14} {count} tools")
    for row in upstream_rows(runtime.upstreams):
        say(f"  upstream  {row['namespace']:<14} {state_of(row)}")
    who = "callers with a key or token" if gateway.auth is not None else "this machine only, no key needed"
    say(f"  open to   {who}")
    for note in loaded.notes:
        say(f"  note      {note}")
    say(f"\nConnect Claude Code:  claude mcp add --transport http gateway {url}")
    say(f'Cursor, and others:   {{"mcpServers": {{"gateway": {{"url": "{url}"}}}}}}')
    say("Stop with Ctrl-C.\n")
