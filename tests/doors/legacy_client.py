"""A legacy client on the raw wire, and a look at what comes through to the main door."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import server
from gateway.doors.legacy.door import before_sessions
from tests.gateways.kit import plain_http
from tests.upstreams.messages import ACCEPT, events_of, initialize, legacy_request, messages_in


class HandedOn:
    """The requests that came through to the main door, in the order in which they came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bodies: list[bytearray] = []

        def before(served: Starlette, app: ASGIApp, **options: Any) -> ASGIApp:
            async def noting(scope: Scope, receive: Receive, send: Send) -> None:
                body = bytearray()
                if scope["type"] == "http":
                    self.bodies.append(body)

                async def reading() -> Message:
                    message = await receive()
                    body.extend(message.get("body", b""))
                    return message

                await app(scope, reading, send)

            return before_sessions(served, noting, **options)

        monkeypatch.setattr(server, "before_sessions", before)

    @property
    def methods(self) -> list[str]:
        """Their methods; "" for an answer, and for a request without a body."""
        return [json.loads(body or b"{}").get("method", "") for body in self.bodies]


class LegacyClient:
    """One session. `headers` are what it sends with every request."""

    def __init__(self, url: str, http: httpx.AsyncClient, headers: Mapping[str, str]):
        self.url, self.http, self.headers = url, http, dict(headers)
        self._last = 0

    async def ask(self, method: str, **params: Any) -> httpx.Response:
        """The whole answer to one request."""
        self._last += 1
        return await self.post(legacy_request(method, self._last, **params))

    async def result(self, method: str, **params: Any) -> dict[str, Any]:
        return read(await self.ask(method, **params))[-1]["result"]

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return await self.result("tools/call", name=tool, arguments=arguments)

    @asynccontextmanager
    async def events(self, id: Any, method: str, **params: Any) -> AsyncGenerator[AsyncGenerator[dict[str, str]]]:
        """The events of an answer as they come; leaving the block cuts the connection."""
        body = legacy_request(method, id, **params)
        async with self.http.stream("POST", self.url, json=body, headers=self.headers) as answer:
            yield events_of(answer)

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post(self.url, json=body, headers={**self.headers, **headers})

    async def tell(self, method: str, **params: Any) -> httpx.Response:
        """Send a notification."""
        return await self.post({"jsonrpc": "2.0", "method": method, "params": params})

    async def answer(self, id: Any, **outcome: Any) -> httpx.Response:
        """Answer what was asked: `result` or `error`."""
        return await self.post({"jsonrpc": "2.0", "id": id, **outcome})


def read(answer: httpx.Response) -> list[dict[str, Any]]:
    """Every message in an answer."""
    return messages_in(answer.headers["content-type"], answer.text)


@asynccontextmanager
async def session(
    url: str, credential: Mapping[str, str] | None = None, *, ready: bool = True, **capabilities: Any
) -> AsyncGenerator[LegacyClient]:
    """A client that has shaken hands, and said so if it is `ready`."""
    async with plain_http() as http:
        headers = {**ACCEPT, **(credential or {})}
        shaken = await http.post(url, json=initialize(**capabilities), headers=headers)
        headers |= {"mcp-session-id": shaken.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        client = LegacyClient(url, http, headers)
        if ready:
            await client.tell("notifications/initialized")
        yield client
