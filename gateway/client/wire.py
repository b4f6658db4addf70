"""The HTTP below FastMCP's client: what fails there is named for the request that it failed, and answers are bounded.

The SDK turns whatever is no JSON-RPC into one and the same error, and ends the session at a connection that fails. So
each failure reaches it as a JSON-RPC error, the one shape that it hands to the request concerned, and `claim` knows it.
"""

import json
import os
import socket
import ssl
from collections.abc import AsyncIterator
from http.client import responses
from typing import Any
from uuid import uuid4

import httpx2

from gateway.errors import (
    INTERNAL_ERROR,
    Forbidden,
    GatewayError,
    Unauthenticated,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamLost,
)

MOST_BYTES = 16 * 1024 * 1024
"""Of one HTTP response, a stream of events included."""
MOST_ERROR_BYTES = 64 * 1024
MOST_UNCLAIMED = 16
CONNECT_SECONDS = 10.0
ENDED = "ended the connection before it answered. It is not known what ran."


def wire_to(url: str, name: str) -> "Wire":
    """Connections to the server at `url`. Loading what TLS is verified with takes 25 ms, so without TLS it is not."""
    tls = ssl.create_default_context() if url.startswith("https") else False
    return Wire(name, httpx2.AsyncHTTPTransport(verify=tls))


class _Passed(httpx2.StreamError):
    """More bytes came than one response may have."""


class _Bounded(httpx2.AsyncByteStream):
    """A response's body, up to the bound."""

    def __init__(self, wire: "Wire", stream: httpx2.AsyncByteStream):
        self._wire = wire
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._stream:
            read += len(part)
            if read > MOST_BYTES:
                self._wire.passed_bound = True
                raise _Passed(f"more than {MOST_BYTES} bytes")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class Wire(httpx2.AsyncBaseTransport):
    """The connections to the server called `name`. Proxies that the environment names are not used."""

    def __init__(self, name: str, inner: httpx2.AsyncBaseTransport):
        self.name = name
        self.passed_bound = False
        """Whether any response was cut off since the server was connected to."""
        self._inner = inner
        self._unclaimed: dict[str, GatewayError] = {}

    def client(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
        **_: Any,
    ) -> httpx2.AsyncClient:
        """An HTTP client, for FastMCP's transports, which ask for one by these names."""
        return httpx2.AsyncClient(
            transport=self,
            headers={**(headers or {}), "accept-encoding": "identity"},
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),  # whoever calls has a deadline for the whole
            auth=auth,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except httpx2.TransportError as error:
            return self._instead(request, 503, self._unreachable(error))
        if (why := _unusable(request, response)) is not None:
            await response.aclose()
            return self._instead(request, 502, UpstreamBroken(self.name, why))
        if response.status_code >= 400:
            return await self._refused(request, response)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(self, response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    def claim(self, token: Any) -> GatewayError | None:
        """The failure that went to the SDK under that token, if one did."""
        return self._unclaimed.pop(token, None) if isinstance(token, str) else None

    async def _refused(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        """An HTTP error: as it is if it holds a JSON-RPC error, and else one that names what it means."""
        body = await _start_of(response)
        if not _is_rpc_error(body):
            return self._instead(request, response.status_code, self._meant(response))
        return httpx2.Response(response.status_code, headers=_JSON, content=body, request=request)

    def _instead(self, request: httpx2.Request, status: int, failure: GatewayError) -> httpx2.Response:
        token = uuid4().hex
        self._unclaimed[token] = failure
        if len(self._unclaimed) > MOST_UNCLAIMED:
            self._unclaimed.pop(next(iter(self._unclaimed)))
        error = {"code": INTERNAL_ERROR, "message": failure.message, "data": token}
        body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error})
        return httpx2.Response(status, headers=_JSON, content=body, request=request, extensions={"token": token})

    def _unreachable(self, error: httpx2.TransportError) -> UpstreamError:
        if not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            return UpstreamLost(self.name, ENDED)
        why = "it took too long" if isinstance(error, httpx2.ConnectTimeout) else _reason(error)
        return UpstreamDown(self.name, f"cannot be reached: {why}. Check the address, and that it runs.")

    def _meant(self, response: httpx2.Response) -> GatewayError:
        status = response.status_code
        if status == 401:
            return Unauthenticated(f"'{self.name}' wants a credential, or does not take this one. Give a bearer token.")
        if status == 403:
            return Forbidden(f"'{self.name}' does not allow this. Use a credential that may do more.")
        if status == 429:
            return UpstreamLimited(self.name, "was asked too often. Try again later.")
        if status in (404, 405):
            return UpstreamBroken(self.name, f"has no MCP there (HTTP {status}). Check the URL's path.")
        return UpstreamError(self.name, f"answered HTTP {status} {responses.get(status, '')}.")


_JSON = {"content-type": "application/json"}


def _unusable(request: httpx2.Request, response: httpx2.Response) -> str | None:
    """What is wrong with an answer before any of its body is read."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return "compressed its answer, which nobody asked for."
    location = response.headers.get("location")
    if 300 <= response.status_code < 400 and location is not None:
        there = request.url.join(location)
        if (there.scheme, there.netloc) != (request.url.scheme, request.url.netloc):
            return "redirects to another server, which is not followed. Give that one's URL if it is meant."
    return None


def _reason(error: httpx2.TransportError) -> str:
    """Why a connection failed, in words that hold nothing of the URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "its certificate or its TLS does not hold"
        if isinstance(cause, OSError) and cause.errno and cause.errno > 0:
            return os.strerror(cause.errno).lower()
        if isinstance(cause, socket.gaierror):
            return "its name is not known"
        cause = cause.__cause__ or cause.__context__
    return "the connection failed"


async def _start_of(response: httpx2.Response) -> bytes:
    """The first bytes of a body, so many as an error may have."""
    body = b""
    try:
        async for part in response.aiter_raw():
            body += part
            if len(body) > MOST_ERROR_BYTES:
                break
    except httpx2.TransportError:
        return b""
    finally:
        await response.aclose()
    return body


def _is_rpc_error(body: bytes) -> bool:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("jsonrpc") == "2.0" and isinstance(message.get("error"), dict)
