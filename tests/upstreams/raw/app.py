"""The raw upstream over HTTP: which era a request belongs to, and which fault strikes it."""

import json
from dataclasses import replace
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.upstreams.raw.asgi import Request, read_request, reply, reply_json, unless_gone
from tests.upstreams.raw.behaviour import Behaviour
from tests.upstreams.raw.connections import Connections
from tests.upstreams.raw.control import Fault, control_from
from tests.upstreams.raw.faults import INSTEAD, spoiled
from tests.upstreams.raw.legacy_http import LegacyHttp
from tests.upstreams.raw.legacy_sse import ON_STREAM, STREAM_PATH, LegacySse
from tests.upstreams.raw.modern import says_modern
from tests.upstreams.raw.modern_http import ModernHttp
from tests.upstreams.raw.wire import LEGACY
from tests.upstreams.record import Receive, Scope, Send, decoded, described

ENDPOINT = "/mcp"


class RawApp:
    """An ASGI app. `transport` is `http` (the endpoint `/mcp`) or `sse` (of 2024-11-05)."""

    def __init__(self, behaviour: Behaviour, connections: Connections, transport: Literal["http", "sse"]):
        self._behaviour = behaviour
        self._connections = connections
        self._modern = ModernHttp(behaviour, connections)
        self._legacy = (LegacyHttp if transport == "http" else LegacySse)(behaviour, connections)
        self._sse = transport == "sse"

    @property
    def path(self) -> str:
        return STREAM_PATH if self._sse else ENDPOINT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        if request.path == "/__control":
            await self._control(request, send)
        elif not self._sse and request.path != ENDPOINT:
            await reply(send, 404)
        elif not _local(request.headers.get("origin", "http://localhost")):
            await reply(send, 403)
        else:
            await self._strike(request, send)

    async def _control(self, request: Request, send: Send) -> None:
        try:
            control = control_from(json.loads(request.body))
        except ValueError as wrong:
            await reply_json(send, 400, {"error": str(wrong)})
            return
        if control.forget_sessions:
            self._legacy.forget()
        self._behaviour.change(control)
        await reply(send, 204)

    async def _strike(self, request: Request, send: Send) -> None:
        """Serve the request, or what the fault of the moment makes of it."""
        message = decoded(request.body)
        known = described(message)
        switch = self._behaviour.switch
        fault = switch.strike(known["rpc"], request.method)
        close = partial(self._connections.close, request.connection)
        on_stream = self._sse and fault in ON_STREAM and request.method == "POST"
        if fault == "close_before":
            close()
        elif fault in INSTEAD and not on_stream:
            await unless_gone(request, self._misbehave(request, known, fault, send))
        else:
            bytes_fault = None if self._sse else fault
            await self._serve(replace(request, fault=fault), message, spoiled(send, bytes_fault, switch.control, close))

    async def _misbehave(self, request: Request, known: dict[str, str], fault: Fault, send: Send) -> None:
        with self._behaviour.record.running(known["rpc"] or request.method, known["name"]):
            await INSTEAD[fault](request, send, self._behaviour.switch.control)

    async def _serve(self, request: Request, message: Any, send: Send) -> None:
        modern = not self._sse and self._is_modern(request, message)
        await (self._modern if modern else self._legacy)(request, send)

    def _is_modern(self, request: Request, message: Any) -> bool:
        era = self._behaviour.settings.era
        if era != "both":
            return era == "modern"
        return says_modern(message) or request.headers.get("mcp-protocol-version", LEGACY[0]) not in LEGACY


def _local(origin: str) -> bool:
    return urlsplit(origin).hostname in ("localhost", "127.0.0.1", "::1")
