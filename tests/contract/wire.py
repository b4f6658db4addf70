"""A client without an SDK: what it sends and what comes back are plain JSON, as they stand on the wire."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, NamedTuple

import httpx

from tests.contract.pairs import Era
from tests.gateways.kit import plain_http
from tests.upstreams.messages import (
    ACCEPT,
    initialize,
    legacy_request,
    messages_in,
    messages_of,
    modern_meta,
    modern_request,
)

Message = dict[str, Any]


class Answer(NamedTuple):
    """The HTTP status of an answer, its headers, and every message in it."""

    status: int
    headers: httpx.Headers
    messages: list[Message]

    @property
    def final(self) -> Message:
        """The response, which is the last message."""
        return self.messages[-1]

    @property
    def result(self) -> Message:
        return self.final["result"]

    @property
    def error(self) -> Message:
        return self.final["error"]

    def told(self, method: str) -> list[Message]:
        """The params of the notifications of this method, in order."""
        return [message["params"] for message in self.messages if message.get("method") == method]


class Wire:
    """Speaks one era to one endpoint."""

    def __init__(self, url: str, era: Era, http: httpx.AsyncClient):
        self.era = era
        self._url = url
        self._http = http
        self._ids = count(1)
        self._session: dict[str, str] = {}

    async def open(self, **capabilities: Any) -> Message:
        """Shake hands (legacy only), and give what the gateway says of itself."""
        if self.era == "modern":
            return (await self.ask("server/discover")).result
        answer = await self.post(initialize(0, **capabilities), ACCEPT)
        if "mcp-session-id" in answer.headers:
            self._session["mcp-session-id"] = answer.headers["mcp-session-id"]
        await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, {**ACCEPT, **self._session})
        return answer.result

    async def ask(self, method: str, meta: Mapping[str, Any] | None = None, **params: Any) -> Answer:
        """The answer to one request; `meta` are further keys for its `_meta`."""
        if self.era == "modern":
            body, headers = modern_request(method, next(self._ids), **params, _meta=modern_meta(**(meta or {})))
        else:
            extra = {"_meta": dict(meta)} if meta else {}
            body, headers = legacy_request(method, next(self._ids), **params, **extra), {**ACCEPT, **self._session}
        return await self.post(body, headers)

    async def call(self, tool: str, meta: Mapping[str, Any] | None = None, **arguments: Any) -> Answer:
        return await self.ask("tools/call", meta, name=tool, arguments=arguments)

    async def tell(self, method: str, **params: Any) -> None:
        """Send a notification (legacy)."""
        await self.post({"jsonrpc": "2.0", "method": method, "params": params}, {**ACCEPT, **self._session})

    @asynccontextmanager
    async def streamed(self, method: str, **params: Any) -> AsyncGenerator[AsyncGenerator[Message]]:
        """The messages of an answer as they come, so that a question among them can be answered (legacy)."""
        body, headers = legacy_request(method, next(self._ids), **params), {**ACCEPT, **self._session}
        async with self._http.stream("POST", self._url, json=body, headers=headers) as answer:
            yield messages_of(answer)

    async def answer(self, id: Any, result: Any) -> None:
        """Answer a question (legacy)."""
        await self.post({"jsonrpc": "2.0", "id": id, "result": result}, {**ACCEPT, **self._session})

    async def post(self, body: Any, headers: Mapping[str, str]) -> Answer:
        """Send one message with exactly these headers, beside those that the client was made with."""
        answer = await self._http.post(self._url, json=body, headers=headers)
        kind = answer.headers.get("content-type", "")
        is_json_rpc = kind.startswith(("application/json", "text/event-stream")) and answer.text
        return Answer(answer.status_code, answer.headers, messages_in(kind, answer.text) if is_json_rpc else [])


@asynccontextmanager
async def wire(
    url: str, era: Era, headers: Mapping[str, str] | None = None, *, open: bool = True
) -> AsyncGenerator[Wire]:
    """A client that sends `headers` with each request. It has shaken hands unless `open` is false."""
    async with plain_http(headers=headers) as http:
        client = Wire(url, era, http)
        if open and era == "legacy":
            await client.open()
        yield client
