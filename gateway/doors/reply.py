"""The answer to one request over HTTP: JSON, or a stream of events once something has to be said before it.

As in the SDK's own transport: status 200 but for the errors that the protocol gives a status of their own. One of them
the SDK does not know: 403 for a scope that is missing.
"""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS
from starlette.types import Send

from gateway.errors import Forbidden, http_status
from gateway.model.route import Route
from gateway.policy.authorize import least_scope
from gateway.upstream.messages import Id

EVENTS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
]
# Silence that most proxies bear.
PING_SECONDS = 15.0
PING = b": ping\r\n\r\n"


class Reply:
    """Says what there is to say to request `id`, and ends with its one answer."""

    def __init__(self, send: Send, id: Id):
        self._send = send
        self._id = id
        self._streams = False

    async def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """A notification before the answer."""
        await self._say(_event(encoded({"jsonrpc": "2.0", "method": method, "params": params})))

    async def ping(self) -> None:
        """A comment, which keeps proxies from closing a stream on which nothing has been said for long."""
        await self._say(PING)

    async def result(self, result: Mapping[str, Any]) -> None:
        """The answer."""
        await self._end(200, encoded({"jsonrpc": "2.0", "id": self._id, "result": result}))

    async def encoded(self, result: bytes) -> None:
        """The answer, which is JSON already."""
        await self._end(200, b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (orjson.dumps(self._id), result))

    async def error(self, code: int, message: str, data: Any) -> None:
        """The answer that there is none. `data` of None is left out."""
        error = {"code": code, "message": message} | ({} if data is None else {"data": data})
        await self._end(ERROR_CODE_HTTP_STATUS.get(code, 200), self._error(error))

    async def refused(self, refusal: Forbidden, route: Route, metadata: str | None) -> None:
        """The answer that the caller lacks a scope for `route`, and where it could get one (RFC 6750, section 3.1).

        `metadata` is the address of the protected-resource document, if there is one.
        """
        challenge = f'Bearer error="insufficient_scope", scope="{least_scope(route)}"'
        if metadata is not None:
            challenge += f', resource_metadata="{metadata}"'
        error = {"code": refusal.code, "message": refusal.message, "data": refusal.data}
        await self._end(http_status(refusal.code), self._error(error), (b"www-authenticate", challenge.encode()))

    def _error(self, error: Mapping[str, Any]) -> bytes:
        return encoded({"jsonrpc": "2.0", "id": self._id, "error": error})

    async def _say(self, text: bytes) -> None:
        if not self._streams:
            self._streams = True
            await self._send({"type": "http.response.start", "status": 200, "headers": EVENTS})
        await self._send({"type": "http.response.body", "body": text, "more_body": True})

    async def _end(self, status: int, body: bytes, *more: tuple[bytes, bytes]) -> None:
        if self._streams:
            await self._send({"type": "http.response.body", "body": _event(body)})
            return
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json"), *more]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def encoded(message: Mapping[str, Any]) -> bytes:
    """As JSON. What orjson cannot say, such as a whole number beyond 64 bits, is left to the slower encoder."""
    try:
        return orjson.dumps(message)
    except orjson.JSONEncodeError:
        return json.dumps(message, separators=(",", ":")).encode()


def is_tool_error(result: Mapping[str, Any]) -> bool:
    """Whether the tool says that it failed, which is a result all the same."""
    return result.get("isError") is True


def _event(data: bytes) -> bytes:
    return b"event: message\r\ndata: %s\r\n\r\n" % data
